//! A small text file as a whole: mapping and configuration files, as Notepad saves them.

use std::path::Path;

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use super::encoding::{self, NotFound};
use super::text_source::{Filled, TextSource};
use crate::error::{Error, Result};
use crate::files;
use crate::message;
use crate::message::Message;
use crate::pipes;

/// The text of a file in whatever encoding it is, without a byte order mark. Errors quote nothing of it: it may hold a secret.
///
/// # Errors
/// A file that cannot be read, is no text, whose encoding is not certain, or which a byte by line contradicts; a device.
pub fn read_text(path: &Path, shown: &str) -> Result<String> {
    pipes::refuse_device(path)?;
    let bytes = std::fs::read(path).map_err(|why| {
        let why = files::explained(path, why);
        let hint = Message::hint_of_system(&why).unwrap_or_else(|| message!("format.unreadable_hint"));
        Error::usage(message!("format.unreadable", file = shown, why = why)).hint(hint)
    })?;
    let (encoding, marks) = encoding_of(&bytes, shown)?;
    decoded(&bytes[marks..], encoding).map(with_line_feeds).map_err(|line| {
        let encoding = encoding::shown(encoding);
        Error::usage(message!("csv.not_text", file = shown, line = line, encoding = encoding))
            .hint(message!("format.save_as_utf8"))
    })
}

/// The text with each line ended by a line feed: some editors end them as old Macs did, by a carriage return alone.
fn with_line_feeds(text: String) -> String {
    let is_alone = |(at, _): (usize, &str)| !text[at + 1..].starts_with('\n');
    match text.match_indices('\r').any(is_alone) {
        true => text.replace("\r\n", "\n").replace('\r', "\n"),
        false => text,
    }
}

/// The encoding, and how many bytes of marks stand before the text.
fn encoding_of(bytes: &[u8], shown: &str) -> Result<(&'static Encoding, usize)> {
    if let Some(found) = encoding::of_marks(bytes) {
        return Ok(found);
    }
    let unsure = |not_found: NotFound| match not_found {
        // The format of such files is UTF-8 by its own rules.
        NotFound::Unsure(_) if std::str::from_utf8(bytes).is_ok() => Ok((UTF_8, 0)),
        // One word is too little to be certain of in a table; but these files are ASCII besides, and theirs is the commonest.
        NotFound::Unsure(_) if is_gb18030(bytes) => Ok((GB18030, 0)),
        NotFound::Unsure(_) => {
            // The first line that is no ASCII is the one to look at.
            let first = bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or_default();
            let line = 1 + with_line_feeds(String::from_utf8_lossy(&bytes[..first]).into_owned()).matches('\n').count();
            Err(Error::usage(message!("format.text_unsure", file = shown, line = line))
                .hint(message!("format.save_as_utf8")))
        }
        NotFound::NoText => {
            Err(Error::usage(message!("csv.no_text", file = shown)).hint(message!("format.save_as_utf8")))
        }
    };
    match encoding::detect(bytes, |_| 0) {
        // Half of these files is ASCII, which has a zero in each of its characters there.
        Ok(found) if is_of_units(found.encoding) && !bytes.contains(&0) && is_gb18030(bytes) => Ok((GB18030, 0)),
        Ok(found) => Ok((found.encoding, found.marks)),
        Err(not_found) => unsure(not_found),
    }
}

fn is_of_units(encoding: &'static Encoding) -> bool {
    encoding == UTF_16LE || encoding == UTF_16BE
}

fn is_gb18030(bytes: &[u8]) -> bool {
    encoding::reads_as_gb18030(bytes) && decoded(bytes, GB18030).is_ok()
}

/// The text, or the line with the first byte that is no text.
fn decoded(bytes: &[u8], encoding: &'static Encoding) -> std::result::Result<String, usize> {
    let mut text = Vec::new();
    let mut source = TextSource::new(Box::new(std::io::Cursor::new(bytes.to_vec())), encoding);
    let end = loop {
        match source.fill(&mut text) {
            Ok(Filled::More) => {}
            Ok(end) => break end,
            Err(_) => break Filled::Broken,
        }
    };
    let last_line = |text: &[u8]| {
        let text = String::from_utf8_lossy(text).into_owned();
        1 + with_line_feeds(text).matches('\n').count()
    };
    match String::from_utf8(text) {
        Ok(text) if end == Filled::Broken => Err(last_line(text.as_bytes())),
        Ok(text) => Ok(text),
        Err(error) => Err(last_line(&error.as_bytes()[..error.utf8_error().valid_up_to()])),
    }
}

#[cfg(test)]
mod tests {
    use encoding_rs::BIG5;

    use super::*;

    fn read(bytes: &[u8]) -> Result<String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        read_text(file.path(), "m.toml")
    }

    #[test]
    fn a_text_is_read_in_every_encoding_that_notepad_saves() {
        let text = "[columns]\r\n\"客户电话\" = \"mobile\" # 手机\r\n";
        let units: Vec<u16> = text.encode_utf16().collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
            GB18030.encode(text).0.into_owned(),
            [b"\xFF\xFE", little.as_slice()].concat(),
            [b"\xFE\xFF", big.as_slice()].concat(),
            little.clone(),
        ] {
            assert_eq!(read(&bytes).unwrap(), text);
        }
        let traditional = "[columns]\n\"客戶電話\" = \"mobile\"\n\"公司編號\" = \"companyId\"\n";
        assert_eq!(read(&BIG5.encode(traditional).0).unwrap(), traditional);
        // One short word in a file that is ASCII besides.
        for word in ["测试", "北京", "练习", "总部", "正式", "华东区"] {
            for text in [
                format!("[account.\"{word}\"]\nbase_url = \"https://a.example.com\"\n"),
                format!("[constants]\nserveNote = \"{word}\"\n"),
                format!("[constants]\nserveNote = \"{word}\""),
            ] {
                assert_eq!(read(&GB18030.encode(&text).0).unwrap(), text);
            }
        }
        for plain in ["", "a = 1\n", "password = \"é\"\n"] {
            assert_eq!(read(plain.as_bytes()).unwrap(), plain);
        }
    }

    #[test]
    fn what_is_no_text_is_told_by_its_line() {
        let text = "# 客户电话、公司编号、手机号码\n[columns]\n\"客户电话\" = \"mobile\"\n";
        let mut broken = text.as_bytes().to_vec();
        broken.extend(b"# \xFF\xFE\n");
        assert!(read(&broken).unwrap_err().message().starts_with("m.toml, line 4: "));
        let mut broken = GB18030.encode(text).0.into_owned();
        broken.extend(b"# \xFF\xFE\n");
        assert!(read(&broken).unwrap_err().message().starts_with("m.toml, line 4: "));
        let error = read(b"[account.default]\npassword = \"\xE9t\xE9\"\n").unwrap_err().message();
        assert!(error.starts_with("m.toml, line 2: "), "{error}");
    }
}
