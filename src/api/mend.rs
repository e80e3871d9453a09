//! Makes JSON of what programs of the service write for it: half characters, control characters inside texts, backslashes
//! that begin no escape, another encoding, a byte order mark or notices of PHP around it. Nothing is guessed beyond that: an
//! answer that breaks off, or a page, stays unreadable.

use encoding_rs::GB18030;

/// What had to be done to read an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mends {
    /// Characters that could not be read; U+FFFD stands for each.
    pub lost: u64,
    /// Control characters that stood in texts as they are; they are kept.
    pub controls: u64,
    /// Backslashes that begin no escape; they are kept.
    pub backslashes: u64,
    /// Numbers that are none, as NaN; nothing stands for each.
    pub no_numbers: u64,
    /// It was written in GBK.
    pub is_gbk: bool,
    /// It began with a byte order mark.
    pub has_mark: bool,
    /// Notices of the service's program stand around it.
    pub has_notice: bool,
    /// One of them says that something failed.
    pub has_failure: bool,
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// What follows the JSON may begin so: a page's tag, or a notice as plain text.
const NOTICES: [&str; 5] = ["notice: ", "warning: ", "deprecated: ", "strict standards: ", "fatal error: "];
/// The same of what stands before it. After a fatal error nothing whole follows.
const NOTICES_BEFORE: [&str; 4] = ["notice", "warning", "deprecated", "strict standards"];
/// A page has these; the JSON in it is not the answer.
const OF_PAGES: [&str; 5] = ["<!doctype", "<html", "<head", "<body", "<script"];
/// Places where the JSON behind notices may begin that are tried.
const MOST_BEGINNINGS: usize = 64;

/// The JSON in a body as strict JSON, and what had to be done for it. Whether it is JSON at all is not known yet.
pub(super) fn mended(body: &[u8]) -> (String, Mends) {
    let mut mends = Mends::default();
    let text = decoded(body, &mut mends);
    let is_blank = |c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}';
    mends.has_mark |= text.starts_with('\u{feff}');
    let text = text.trim_matches(is_blank);
    let json = without_notices(text, &mut mends);
    let json = escaped(json, &mut mends);
    (json, mends)
}

/// A body as text. Half a character costs that character; only where the body reads as Chinese in GBK is it taken for that.
fn decoded(body: &[u8], mends: &mut Mends) -> String {
    let Err(_) = std::str::from_utf8(body) else {
        return String::from_utf8_lossy(body).into_owned();
    };
    // A byte order mark of UTF-8 stands before an answer in GBK, too, where a file of the program has one.
    let marked = body;
    let body = body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(body);
    mends.has_mark = body.len() < marked.len();
    let mut whole = 0;
    let mut broken = 0;
    for chunk in body.utf8_chunks() {
        whole += chunk.valid().chars().filter(|c| c.len_utf8() > 2).count();
        broken += usize::from(!chunk.invalid().is_empty());
    }
    if whole < broken && is_gbk(body) {
        let (text, _) = GB18030.decode_without_bom_handling(body);
        mends.is_gbk = true;
        mends.lost += text.chars().filter(|c| *c == '\u{fffd}').count() as u64;
        return text.into_owned();
    }
    mends.lost += broken as u64;
    String::from_utf8_lossy(body).into_owned()
}

/// Whether a body is in GBK: most of its characters are everyday ones (rows B0 to D7 of the table), which bytes of UTF-8
/// hardly ever make.
fn is_gbk(body: &[u8]) -> bool {
    let (mut pairs, mut everyday) = (0, 0);
    let mut at = 0;
    while at < body.len() {
        let is_pair = body[at] >= 0x81 && body.get(at + 1).is_some_and(|next| *next >= 0x40);
        if is_pair {
            pairs += 1;
            everyday += usize::from((0xb0..=0xd7).contains(&body[at]) && body[at + 1] >= 0xa1);
        }
        at += if is_pair { 2 } else { 1 };
    }
    pairs > 0 && everyday * 2 >= pairs
}

/// The JSON between notices of PHP; the text itself when it does not look so.
fn without_notices<'a>(text: &'a str, mends: &mut Mends) -> &'a str {
    if text.starts_with(['{', '[']) {
        return before_notices(text, mends);
    }
    let mut beginnings = text.match_indices(['{', '[']).map(|(at, _)| at).take(MOST_BEGINNINGS);
    // The first one behind notices, or half an answer would be read as something in it.
    let Some(at) = beginnings.find(|at| ends_notices(&text[..*at])) else { return text };
    let before = text[..at].to_ascii_lowercase();
    let is_page = OF_PAGES.iter().any(|tag| before.contains(tag));
    if is_page || !NOTICES_BEFORE.iter().any(|word| before.contains(word)) {
        return text;
    }
    mends.has_notice = true;
    mends.has_failure |= before.contains("warning");
    before_notices(&text[at..], mends)
}

/// Whether a text ends as a notice does: by the line of a program, or a tag behind it.
fn ends_notices(before: &str) -> bool {
    let before = before.trim_end_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let Some(at) = before.rfind(" on line ") else { return false };
    let behind = &before[at + " on line ".len()..];
    behind.ends_with('>') || behind.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_notice_or_nothing(rest: &str) -> bool {
    let rest = rest.trim_start().to_ascii_lowercase();
    rest.is_empty() || rest.starts_with('<') || NOTICES.iter().any(|notice| rest.starts_with(notice))
}

/// The JSON at the beginning of a text, without the notices behind it.
fn before_notices<'a>(text: &'a str, mends: &mut Mends) -> &'a str {
    match end_of(text) {
        Some(end) if end < text.len() && is_notice_or_nothing(&text[end..]) => {
            let behind = text[end..].to_ascii_lowercase();
            mends.has_notice = true;
            mends.has_failure |= behind.contains("warning") || behind.contains("fatal error");
            &text[..end]
        }
        _ => text,
    }
}

/// Where the object or list that a text begins with is closed.
fn end_of(text: &str) -> Option<usize> {
    let (mut depth, mut is_text, mut is_escaped) = (0u32, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if std::mem::take(&mut is_escaped) => {}
            b'\\' if is_text => is_escaped = true,
            b'"' => is_text = !is_text,
            _ if is_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// What a text begins with that other languages write for a number, and JSON does not know.
fn no_number(text: &str) -> Option<&'static str> {
    ["NaN", "Infinity", "-Infinity", "-NaN"].into_iter().find(|word| text.starts_with(word))
}

/// JSON whose texts keep to its rules.
fn escaped(text: &str, mends: &mut Mends) -> String {
    let mut json = String::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut is_text = false;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '"' => {
                is_text = !is_text;
                json.push(c);
            }
            '\\' if is_text => length = push_escape(rest, &mut json, mends),
            c if is_text && c < ' ' => {
                mends.controls += 1;
                json.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            // What programs write for a number that there is not.
            'N' | 'I' | '-' if !is_text && let Some(word) = no_number(rest) => {
                mends.no_numbers += 1;
                json.push_str("null");
                length = word.len();
            }
            // Between texts they mean nothing.
            c if !is_text && (c.is_control() || c.is_whitespace() || c == '\u{feff}') => json.push(' '),
            _ => {
                // All that needs no look is taken together.
                let plain = rest.find(|c: char| c < ' ' || c == '"' || c == '\\').filter(|_| is_text);
                length = plain.unwrap_or(length).max(length);
                json.push_str(&rest[..length]);
            }
        }
        rest = &rest[length..];
    }
    json
}

/// Writes the escape that `rest` begins with, and tells how long it is.
fn push_escape(rest: &str, json: &mut String, mends: &mut Mends) -> usize {
    match rest.as_bytes().get(1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
            json.push_str(&rest[..2]);
            2
        }
        Some(b'u') if unit_at(rest).is_some() => {
            // The guard has seen it.
            let unit = unit_at(rest).unwrap_or_default();
            let next = unit_at(&rest[6..]);
            match unit {
                0xd800..=0xdbff if next.is_some_and(|next| (0xdc00..=0xdfff).contains(&next)) => {
                    json.push_str(&rest[..12]);
                    12
                }
                0xd800..=0xdfff => {
                    mends.lost += 1;
                    json.push('\u{fffd}');
                    6
                }
                _ => {
                    json.push_str(&rest[..6]);
                    6
                }
            }
        }
        _ => {
            mends.backslashes += 1;
            json.push_str("\\\\");
            1
        }
    }
}

/// The unit of UTF-16 that a text begins with, as JSON escapes it.
fn unit_at(text: &str) -> Option<u16> {
    let digits = text.as_bytes().strip_prefix(b"\\u")?.get(..4)?;
    let is_hexadecimal = digits.iter().all(u8::is_ascii_hexdigit);
    is_hexadecimal.then(|| u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &[u8]) -> (Option<serde_json::Value>, Mends) {
        let (json, mends) = mended(body);
        (serde_json::from_str(&json).ok(), mends)
    }

    #[track_caller]
    fn assert_read(body: &[u8], expected: serde_json::Value, mends: Mends) {
        assert_eq!(read(body), (Some(expected), mends), "{}", String::from_utf8_lossy(body));
    }

    #[test]
    fn half_characters_cost_themselves() {
        let lost = |lost| Mends { lost, ..Mends::default() };
        assert_read(br#"{"a":"x\ud83d"}"#, serde_json::json!({"a": "x\u{fffd}"}), lost(1));
        assert_read(
            br#"{"a\udc00":{"b":["\ud83d\ud83d\ude00"]}}"#,
            serde_json::json!({"a\u{fffd}": {"b": ["\u{fffd}😀"]}}),
            lost(2),
        );
        assert_read(br#"{"a":"\\ud83d"}"#, serde_json::json!({"a": "\\ud83d"}), lost(0));
        assert_read(b"{\"a\":\"\xe5\xae\xa2\xe6\x88\"}", serde_json::json!({"a": "客\u{fffd}"}), lost(1));
        assert_read(
            b"{\"a\":\"\xe6\x88\",\"b\":\"\xf0\x9f\x98\"}",
            serde_json::json!({"a": "\u{fffd}", "b": "\u{fffd}"}),
            lost(2),
        );
    }

    #[test]
    fn control_characters_and_backslashes_stay() {
        let body = b"{\"a\":\"x\ny\tz\x01\",\n\t\"b\":\"C:\\dir\\new\"}";
        let mends = Mends { controls: 3, backslashes: 1, ..Mends::default() };
        assert_read(body, serde_json::json!({"a": "x\ny\tz\u{1}", "b": "C:\\dir\new"}), mends);
        assert_read(b"{\"a\":1}\0\0", serde_json::json!({"a": 1}), Mends::default());
    }

    #[test]
    fn numbers_that_are_none_are_nothing() {
        let mends = Mends { no_numbers: 3, ..Mends::default() };
        let body = br#"{"a":NaN,"b":[-Infinity,Infinity,-1],"c":"NaN"}"#;
        assert_read(body, serde_json::json!({"a": null, "b": [null, null, -1], "c": "NaN"}), mends);
    }

    #[test]
    fn marks_and_notices_around_it_are_passed_over() {
        let notice = "<br />\n<b>Notice</b>:  Undefined index: x[1] in <b>/var/www/a.php</b> on line <b>12</b><br />\n";
        let plain = "\nWarning: Undefined array key \"{x}\" in /var/www/a.php on line 3\n";
        let json = r#"{"users":[{"a":"[{"}],"count":1}"#;
        let expected: serde_json::Value = serde_json::from_str(json).unwrap();
        let seen = |before: &str, after: &str| {
            let (document, mends) = read(format!("{before}{json}{after}").as_bytes());
            assert_eq!(document.as_ref(), Some(&expected), "{before} {after}");
            (mends.has_mark, mends.has_notice, mends.has_failure)
        };
        assert_eq!(seen("\u{feff}", ""), (true, false, false));
        assert_eq!(seen("\u{feff}\u{feff} \r\n", "\n"), (true, false, false));
        assert_eq!(seen(notice, ""), (false, true, false));
        assert_eq!(seen(&format!("\u{feff}{notice}{notice}"), ""), (true, true, false));
        assert_eq!(seen(&format!("{notice}\u{feff}"), ""), (false, true, false));
        assert_eq!(seen(plain, ""), (false, true, true));
        assert_eq!(seen("", notice), (false, true, false));
        assert_eq!(seen(notice, "\n<div id=\"think_page_trace\">[0.03s]</div>"), (false, true, false));
    }

    #[test]
    fn pages_and_halves_stay_unreadable() {
        let notice = "<b>Notice</b>: x in <b>a</b> on line <b>1</b><br />";
        for body in [
            "",
            "<html><script>var data = {\"users\":[]}</script></html>",
            "<p>Notice on line 1 <script>x={\"users\":[]}",
            "系统繁忙 {\"users\":[]}",
            "{\"users\":[{\"a\":1},",
            "{\"users\":[{\"a\":1}]",
            "{\"users\":[{\"a\":1}]}{\"users\":[]}",
            "{\"users\":[{\"a\":\"x",
            "{\"users\":[]} and more",
            &format!("{notice}{{\"users\":[{{\"a\":1}}"),
            &format!("{{\"users\":[{{\"a\":1}}, {notice}"),
        ] {
            assert_eq!(read(body.as_bytes()).0, None, "{body}");
        }
    }

    #[test]
    fn gbk_is_known_by_everyday_characters() {
        let mends = Mends { is_gbk: true, ..Mends::default() };
        for text in ["示例客户", "男", "女", "张三", "深圳市示例贸易有限公司", "系统繁忙，请稍后再试"]
        {
            let json = format!("{{\"a\":\"{text}\",\"b\":\"示例\"}}");
            let (body, _, _) = encoding_rs::GBK.encode(&json);
            assert_read(&body, serde_json::json!({"a": text, "b": "示例"}), mends);
        }
        let half = b"{\"a\":\"\xbf\xcd\xbb\",\"b\":\"\xbf\xcd\xbb\xa7\"}";
        assert_read(half, serde_json::json!({"a": "客\u{fffd}", "b": "客户"}), Mends { lost: 1, ..mends });
    }
}
