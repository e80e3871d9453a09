//! Text that came from a file or a server, made safe to show. Control characters, escape sequences and direction
//! overrides become visible, so that nothing in a record can move the cursor, change a title or hide a line.

use std::borrow::Cow;

/// A number with commas between its thousands, as people read it.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Replaces every character that a terminal would act on by a visible form: `\u{1b}` becomes `\\u{1b}`. Line feeds and
/// tabs inside a value are shown as `\n` and `\t`.
pub fn clean(text: &str) -> Cow<'_, str> {
    clean_with(text, |_| false)
}

/// Like [`clean`] for whole messages of ours, which may have several lines.
pub fn clean_lines(text: &str) -> Cow<'_, str> {
    clean_with(text, |c| c == '\n')
}

fn clean_with(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(|c| is_active(c) && !keep(c)) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            c if !is_active(c) || keep(c) => safe.push(c),
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            c => safe.extend(c.escape_unicode()),
        }
    }
    Cow::Owned(safe)
}

/// A text of `locales/` as it stands there, filled in with what may come from anywhere: each part is made safe as [`clean`] does,
/// so that no name, path or value begins a line of its own. A part of several lines that are ours is put in with
/// `rust_i18n::t!` and says why.
#[macro_export]
macro_rules! t {
    ($key:expr, locale = $locale:expr $(, $name:ident = $value:expr)* $(,)?) => {
        ::rust_i18n::t!($key, locale = $locale $(, $name = $crate::text::part(&($value)))*)
    };
    ($key:expr $(, $name:ident = $value:expr)* $(,)?) => {
        ::rust_i18n::t!($key $(, $name = $crate::text::part(&($value)))*)
    };
}

/// A part of a text: what [`t!`](crate::t!) puts in the place of a name.
pub fn part(value: &(impl std::fmt::Display + ?Sized)) -> String {
    match clean(&value.to_string()) {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(text) => text,
    }
}

/// Characters a terminal or a text layout acts on instead of showing: C0, DEL, C1, separators of lines, and the bidirectional controls.
pub fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Characters that show nothing and take no room: what copying from pages and chats leaves behind.
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// A document whose texts hold nothing that a terminal or a text layout acts on but line feeds and tabs.
pub fn clean_document(document: &serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    let clean = |text: &str| clean_with(text, |c| matches!(c, '\n' | '\r' | '\t')).into_owned();
    match document {
        Value::String(text) => Value::String(clean(text)),
        Value::Array(items) => items.iter().map(clean_document).collect(),
        Value::Object(members) => members.iter().map(|(name, value)| (clean(name), clean_document(value))).collect(),
        other => other.clone(),
    }
}

/// Cuts `text` to at most `limit` characters and says so with an ellipsis.
pub fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// Appends a text as JSON has it.
pub fn push_json(text: &str, out: &mut Vec<u8>) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    // Nearly no text holds what has to be escaped. All bytes are looked at, as many are looked at at a time.
    if text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
        return;
    }
    // Neither a text nor writing to memory can fail.
    let _ = serde_json::to_writer(out, text);
}

/// A text without a secret, in whatever form pages repeat it: as it is, as part of an address, of JSON or of HTML. One of a
/// letter or two is no secret, and would make every text unreadable.
pub fn mask(text: &str, secret: &str) -> String {
    if secret.chars().count() <= 3 {
        return text.to_owned();
    }
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let path = form.replace('+', "%20");
    let json = serde_json::Value::from(secret).to_string();
    let json = json.trim_matches('"').to_owned();
    let json_of_php = json.replace('/', "\\/");
    let ascii = ascii_only(&json_of_php);
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let html_of_php = html.replace('\'', "&#039;");
    let html_of_numbers = html.replace('\'', "&#39;").replace("&quot;", "&#34;");
    let forms = [secret, &form, &path, &json, &json_of_php, &ascii, &html, &html_of_php, &html_of_numbers];
    // The digits of an escape may be written either way.
    let lower = [&form, &path].map(|form| lower_escapes(form));
    let upper = upper_escapes(&ascii);
    let bare = [base64::prelude::BASE64_STANDARD_NO_PAD, base64::prelude::BASE64_URL_SAFE_NO_PAD]
        .map(|engine| base64::Engine::encode(&engine, secret));
    let forms = forms.into_iter().map(|form| -> &str { form }).chain(lower.iter().map(String::as_str));
    let forms = forms.chain([upper.as_str()]).chain(bare.iter().map(String::as_str));
    let masked = forms.fold(text.to_owned(), |text, form| text.replace(form, HIDDEN));
    // What padding stood behind it tells nothing and looks like a rest.
    masked.replace("•••==", HIDDEN).replace("•••=", HIDDEN)
}

/// Escapes of an address with small digits.
fn lower_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut digits = 0;
    for c in text.chars() {
        match digits {
            0 => out.push(c),
            _ => {
                out.push(c.to_ascii_lowercase());
                digits -= 1;
            }
        }
        if c == '%' {
            digits = 2;
        }
    }
    out
}

/// Escapes of JSON with large digits.
fn upper_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("\\u") {
        let end = (at + 6).min(rest.len());
        out.push_str(&rest[..at + 2]);
        out.push_str(&rest[at + 2..end].to_ascii_uppercase());
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}

/// JSON as programs write it that keep to ASCII.
fn ascii_only(json: &str) -> String {
    let mut units = [0; 2];
    let escaped = |c: char| match c.is_ascii() {
        true => c.to_string(),
        false => c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
    };
    json.chars().map(escaped).collect()
}

/// What stands for a secret.
const HIDDEN: &str = "•••";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_hidden_in_every_form_it_is_repeated_in() {
        let secret = "gé/\"<ß&x> 密码";
        for text in [
            secret,
            "g%C3%A9%2F%22%3C%C3%9F%26x%3E+%E5%AF%86%E7%A0%81",
            "g%C3%A9%2F%22%3C%C3%9F%26x%3E%20%E5%AF%86%E7%A0%81",
            "gé/\\\"<ß&x> 密码",
            "gé\\/\\\"<ß&x> 密码",
            "g\\u00e9\\/\\\"<\\u00df&x> \\u5bc6\\u7801",
            "gé/&quot;&lt;ß&amp;x&gt; 密码",
            "gé/&#34;&lt;ß&amp;x&gt; 密码",
            "g%c3%a9%2f%22%3c%c3%9f%26x%3e+%e5%af%86%e7%a0%81",
            "g\\u00E9\\/\\\"<\\u00DF&x> \\u5BC6\\u7801",
            "Z8OpLyI8w58meD4g5a+G56CB",
            "Z8OpLyI8w58meD4g5a-G56CB",
        ] {
            assert_eq!(mask(&format!("bad {text}!"), secret), "bad •••!", "{text}");
        }
        assert_eq!(mask("abc", "abc"), "abc");
    }

    #[test]
    fn escape_sequences_become_visible() {
        assert_eq!(clean("a\u{1b}[2Jb\u{202e}c"), "a\\u{1b}[2Jb\\u{202e}c");
        assert_eq!(clean("two\nlines"), "two\\nlines");
        assert_eq!(clean_lines("two\nlines\u{7}"), "two\nlines\\u{7}");
        assert!(matches!(clean("姓名 Name"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_document_carries_nothing_that_a_terminal_acts_on() {
        let document = serde_json::json!({"a\u{9b}": ["two\nlines", "\u{202e}c\u{1b}[2J", 7, null]});
        let clean = serde_json::json!({"a\\u{9b}": ["two\nlines", "\\u{202e}c\\u{1b}[2J", 7, null]});
        assert_eq!(clean_document(&document), clean);
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        assert_eq!(shorten("打印机坏了", 3), "打印机…");
        assert_eq!(shorten("abc", 3), "abc");
    }

    #[test]
    fn a_text_becomes_json() {
        for text in ["", "a", "示例，一", "a\"b", "a\\b", "a\nb", "\u{0}", "\u{1f}", " ", "\u{7f}", "\u{2028}", "/"]
        {
            let mut json = Vec::new();
            push_json(text, &mut json);
            assert_eq!(json, serde_json::to_vec(text).unwrap(), "{text:?}");
        }
    }

    #[test]
    fn numbers_have_commas_between_their_thousands() {
        let texts = [0, 12, 999, 1000, 4001, 123_456, 1_234_567].map(grouped);
        assert_eq!(texts, ["0", "12", "999", "1,000", "4,001", "123,456", "1,234,567"]);
    }
}
