//! What was said to the service and what it said, a line for each exchange, in a file of its user's alone. Nobody's data stands
//! in it: of values only their kind and length are told, of a login nothing.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use url::Url;

use crate::error::{Context, Error, Result};
use crate::files;
use crate::message;
use crate::terminal::warn;
use crate::text::{clean, shorten};

/// The longest body that is told, in characters.
const LONGEST_BODY: usize = 4000;
/// How long whoever reads a pipe may take for a part of it, and how often is looked.
const READER_PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);
/// Parameters of addresses whose values are no data of anybody.
const PLAIN_PARAMETERS: [&str; 6] = ["page", "per_page", "order_by", "order", "sort", "sort_by"];
/// Members of an answer that say by a code what came of it. The service's words may repeat what was sent to it.
const CODES: [&str; 5] = ["errcode", "code", "state", "status", "count"];

/// Whether it was said that a log is lost.
static IS_LOSS_TOLD: AtomicBool = AtomicBool::new(false);

/// A file that exchanges are written into.
#[derive(Debug)]
pub(super) struct ExchangeLog {
    /// None once it cannot be written any more.
    file: Mutex<Option<File>>,
    path: PathBuf,
    has_bodies: bool,
}

/// One exchange.
#[derive(Debug)]
pub(super) struct Exchange<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its address.
    pub address: &'a Url,
    /// The request's id, when it has one.
    pub request_id: Option<&'a str>,
    /// The row it is about.
    pub row: Option<u64>,
    /// The status of the answer, or why there is none.
    pub came: std::result::Result<u16, String>,
    /// How long it took.
    pub lasted: Duration,
    /// What was sent and what came back; none where a login is in it.
    pub bodies: Option<(&'a [u8], &'a [u8])>,
}

impl ExchangeLog {
    /// Opens a file; what stands in it stays.
    ///
    /// # Errors
    /// A file that cannot be written, or not be closed to others.
    pub(super) fn open(path: &Path, has_bodies: bool) -> Result<ExchangeLog> {
        refuse_other(path)?;
        let file = match opened(path) {
            Err(why) if files::is_unread(&why) && !is_device(path) => {
                return Err(Error::usage(message!("api.log_unread", file = path.display()))
                    .hint(message!("api.log_unread_hint")));
            }
            file => file.context(|| message!("csv.cannot_write", file = path.display()))?,
        };
        // One that was there may be open to others; a device stays what it is.
        if file.metadata().is_ok_and(|file| file.is_file()) {
            files::keep_private(path)?;
        }
        Ok(ExchangeLog { file: Mutex::new(Some(file)), path: path.to_owned(), has_bodies })
    }

    /// Writes an exchange down. A log that cannot be written holds nothing up, and that is said once.
    pub(super) fn write(&self, exchange: &Exchange<'_>) {
        let mut line = line(exchange, self.has_bodies);
        line.push('\n');
        let mut file = self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let written = file.as_mut().map_or(Ok(()), |file| write_soon(file, line.as_bytes()));
        if let Err(why) = written {
            *file = None;
            // Each part of a command opens it anew.
            if !IS_LOSS_TOLD.swap(true, Ordering::Relaxed) {
                warn(&message!("api.log_lost", file = self.path.display(), why = why).to_string());
            }
        }
    }
}

/// What is called after a device is none of the user's files, though it may lead to one.
fn is_device(path: &Path) -> bool {
    cfg!(unix) && (path.starts_with("/dev") || path.starts_with("/proc"))
}

/// A file that holds something else is not written into: a table that is named by mistake would have lines of a log as rows.
///
/// # Errors
/// It does.
fn refuse_other(path: &Path) -> Result<()> {
    // A table may be called .txt, too.
    let is_log = path.extension().is_some_and(|name| name.eq_ignore_ascii_case("log"));
    if is_log || is_device(path) || !path.metadata().is_ok_and(|file| file.is_file()) {
        return Ok(());
    }
    let mut head = [0; 11];
    let read = File::open(path).and_then(|mut file| file.read(&mut head)).unwrap_or_default();
    // A line of ours begins with its time.
    let is_ours = head[4] == b'-' && head[7] == b'-' && head[10] == b'T' && head[..4].iter().all(u8::is_ascii_digit);
    match read == 0 || is_ours {
        true => Ok(()),
        false => {
            Err(Error::usage(message!("api.log_other", file = path.display())).hint(message!("api.log_other_hint")))
        }
    }
}

/// Opens a file. Each part of a command does that anew: a pipe stays open meanwhile, or whoever reads it takes that for the end.
fn opened(path: &Path) -> io::Result<File> {
    static PIPE: Mutex<Option<(PathBuf, File)>> = Mutex::new(None);
    let mut pipe = PIPE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some((_, file)) = pipe.as_ref().filter(|(of, _)| of == path) {
        return file.try_clone();
    }
    let file = files::open_private_to_append(path)?;
    if !file.metadata()?.is_file() {
        *pipe = Some((path.to_owned(), file.try_clone()?));
    }
    Ok(file)
}

/// Writes into a file, and into a pipe as soon as its reader takes it; one that takes nothing for long is given up.
fn write_soon(file: &mut File, mut bytes: &[u8]) -> io::Result<()> {
    let until = Instant::now() + READER_PATIENCE;
    while !bytes.is_empty() {
        match file.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(written) => bytes = &bytes[written..],
            Err(why) if why.kind() == ErrorKind::Interrupted => {}
            Err(why) if why.kind() == ErrorKind::WouldBlock && Instant::now() < until => std::thread::sleep(PAUSE),
            Err(why) => return Err(why),
        }
    }
    Ok(())
}

/// An exchange as lines: the second and third are what was sent and what came back.
fn line(exchange: &Exchange<'_>, has_bodies: bool) -> String {
    let time = jiff::Timestamp::now().to_zoned_datetime(jiff::tz::TimeZone::system());
    let came = match &exchange.came {
        Ok(status) => status.to_string(),
        Err(why) => format!("- ({})", clean(why)),
    };
    let mut line = format!(
        "{} {} {} {came} {} ms",
        time.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z"),
        exchange.method,
        shown_address(exchange.address),
        exchange.lasted.as_millis(),
    );
    if let Some(id) = exchange.request_id {
        line.push_str(&format!(" id={id}"));
    }
    if let Some(row) = exchange.row {
        line.push_str(&format!(" row={row}"));
    }
    if let Some((sent, back)) = exchange.bodies.filter(|_| has_bodies) {
        for (sign, body) in [('>', sent), ('<', back)] {
            if !body.is_empty() {
                line.push_str(&format!("\n  {sign} {}", shown_body(body, sign == '<')));
            }
        }
    }
    line
}

/// Path and query; of the query's values only those that are nobody's data.
fn shown_address(address: &Url) -> String {
    let pairs = address.query_pairs().map(|(name, value)| match PLAIN_PARAMETERS.contains(&&*name) {
        true => format!("{name}={value}"),
        false => format!("{name}={}", masked(&value)),
    });
    let query: Vec<String> = pairs.collect();
    let path = clean(address.path()).into_owned();
    if query.is_empty() { path } else { format!("{path}?{}", clean(&query.join("&"))) }
}

/// A body with its values masked; a page with its words masked, too. Only what came back says by codes what came of it.
fn shown_body(body: &[u8], has_codes: bool) -> String {
    let text = String::from_utf8_lossy(body);
    let shown = match serde_json::from_str::<Value>(&text) {
        Ok(document) => masked_json(document, has_codes).to_string(),
        Err(_) => masked(&text),
    };
    clean(&shorten(&shown, LONGEST_BODY)).into_owned()
}

/// A document with its shape as it is and its values masked; at the top the service's codes stay. Names stay that are nobody's
/// telephone or address.
fn masked_json(value: Value, is_top: bool) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| {
                let lower = name.to_lowercase();
                let is_secret = ["password", "secret", "token"].iter().any(|word| lower.contains(word));
                let is_plain = is_top && CODES.contains(&name.as_str()) && !value.is_object() && !value.is_array();
                let value = match value {
                    _ if is_secret => "•••".into(),
                    value if is_plain => value.as_str().map_or(value.clone(), |text| masked_unless_code(text).into()),
                    value => masked_json(value, false),
                };
                let is_data = name.contains('@') || name.chars().filter(|c| c.is_numeric()).count() > 6;
                (if is_data { masked(&name) } else { name }, value)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(|item| masked_json(item, false)).collect(),
        Value::String(text) => masked(&text).into(),
        // A number of many digits may be a telephone's.
        Value::Number(number) if number.to_string().len() > 6 => masked(&number.to_string()).into(),
        other => other,
    }
}

/// A text of which only the kinds of its characters can be seen.
fn masked(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            c if c.is_numeric() => '0',
            c if c.is_ascii_alphabetic() => 'x',
            c if c.is_alphabetic() => '字',
            c => c,
        })
        .collect()
}

/// A code as it is: a short number, or a word of a program. All else may be somebody's: words about a row, a telephone, what a
/// service repeats of a login.
fn masked_unless_code(text: &str) -> String {
    let is_number = text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_word = text.len() <= 32 && text.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    if is_number || is_word { text.to_owned() } else { masked(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exchange<'a>(address: &'a Url, came: std::result::Result<u16, String>) -> Exchange<'a> {
        Exchange {
            method: "POST",
            address,
            request_id: Some("0190-id"),
            row: Some(7),
            came,
            lasted: Duration::from_millis(35),
            bodies: Some((
                br#"{"user":{"name":"\u5f20\u4e09","mobile":13000000000,"password":"Geheim","state":"1"}}"#,
                br#"{"errcode":"100103","errmsg":"mobile 13000000000 exists","user":null}"#,
            )),
        }
    }

    #[test]
    fn a_line_tells_all_of_an_exchange_and_nobodys_data() {
        let address = Url::parse("https://www.example.com/api/v1/users.json?page=2&mobile=13000000000").unwrap();
        let line = line(&exchange(&address, Ok(422)), true);
        let lines: Vec<&str> = line.lines().collect();
        assert!(
            lines[0].ends_with(" POST /api/v1/users.json?page=2&mobile=00000000000 422 35 ms id=0190-id row=7"),
            "{line}"
        );
        assert_eq!(lines[1], r#"  > {"user":{"mobile":"00000000000","name":"字字","password":"•••","state":"0"}}"#);
        assert_eq!(lines[2], r#"  < {"errcode":"100103","errmsg":"xxxxxx 00000000000 xxxxxx","user":null}"#);
    }

    #[test]
    fn without_bodies_and_without_an_answer_it_is_one_line_whatever_the_reason_says() {
        let address = Url::parse("https://www.example.com/api/v1/users.json").unwrap();
        let line = line(&exchange(&address, Err("closed\nforged \u{1b}[2J".into())), false);
        assert!(line.contains(r" - (closed\nforged \u{1b}[2J) 35 ms") && line.lines().count() == 1, "{line}");
    }

    #[test]
    fn neither_a_page_nor_a_code_tells_anything_of_anybody() {
        for body in [
            r#"<html><body data-x="{&quot;name&quot;:&quot;\u5f20\u4e09&quot;,&quot;mobile&quot;:&quot;13000000000&quot;}">张三</body></html>"#,
            r#""<p>{\&quot;name\&quot;:\&quot;张三\&quot;,\&quot;mobile\&quot;:13000000000}</p>""#,
            r#"{"html":"&lt;p&gt;{\&quot;name\&quot;:\&quot;\u5f20\u4e09 Geheim\&quot;,\&quot;mobile\&quot;:13000000000}"}"#,
            r#"{"code":"Geheim-7391","state":"张三 is there","status":"13000000000"}"#,
        ] {
            let shown = shown_body(body.as_bytes(), true);
            for personal in ["张三", "5f20", "4e09", "1300", "Geheim", "7391", "there"] {
                assert!(!shown.contains(personal), "{personal}: {shown}");
            }
        }
        let codes = r#"{"code":"SYSTEM_ERROR","errcode":"100103","state":500}"#;
        assert_eq!(shown_body(codes.as_bytes(), true), codes);
        // In what is sent they are members of a record like all others.
        assert_eq!(shown_body(br#"{"code":"KH"}"#, false), r#"{"code":"xx"}"#);
    }
}
