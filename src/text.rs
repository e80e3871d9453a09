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

/// [`str::trim`], faster for what most cells are: a text that begins and ends with a sign of ASCII or of Chinese.
pub fn trimmed(text: &str) -> &str {
    // No space begins with one of these bytes; the last sign of a text takes one byte, or three that begin with one of them.
    let is_seen = |first: u8| first.is_ascii_graphic() || (0xe4..=0xef).contains(&first);
    let is_last_seen = |bytes: &[u8]| match bytes {
        [.., last] if last.is_ascii() => last.is_ascii_graphic(),
        [.., first, _, _] => (0xe4..=0xef).contains(first),
        _ => false,
    };
    match text.as_bytes() {
        [] => text,
        bytes @ [first, ..] if is_seen(*first) && is_last_seen(bytes) => text,
        _ => text.trim(),
    }
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

/// A text without a secret, in whatever form pages repeat it: as it is, with any of its characters escaped as an address, JSON
/// or HTML escapes them, or in base64. One of a letter or two is no secret, and would make every text unreadable.
pub fn mask(text: &str, secret: &str) -> String {
    if secret.chars().count() <= 3 {
        return text.to_owned();
    }
    let bare = [base64::prelude::BASE64_STANDARD_NO_PAD, base64::prelude::BASE64_URL_SAFE_NO_PAD]
        .map(|engine| base64::Engine::encode(&engine, secret));
    let forms = std::iter::once(secret).chain(bare.iter().map(String::as_str));
    let masked = forms.fold(Cow::Borrowed(text), |text, form| match without(&text, form) {
        Some(masked) => Cow::Owned(masked),
        None => text,
    });
    // What padding stood behind it tells nothing and looks like a rest.
    masked.replace("•••==", HIDDEN).replace("•••=", HIDDEN)
}

/// A text with every occurrence of a secret hidden; none when there is none.
fn without(text: &str, secret: &str) -> Option<String> {
    let first = secret.chars().next()?;
    let mut masked: Option<String> = None;
    let (mut at, mut copied) = (0, 0);
    while let Some(c) = text[at..].chars().next() {
        let may_begin = c == first || matches!(c, '\\' | '&' | '%' | '+');
        match may_begin.then(|| written_length(&text[at..], secret)).flatten() {
            Some(length) => {
                let masked = masked.get_or_insert_default();
                masked.push_str(&text[copied..at]);
                masked.push_str(HIDDEN);
                at += length;
                copied = at;
            }
            None => at += c.len_utf8(),
        }
    }
    masked.map(|masked| masked + &text[copied..])
}

/// How many bytes at the beginning of a text are a secret, however each of its characters is written; none when it begins
/// otherwise. Where there are several ways to read it, the longest one counts.
fn written_length(text: &str, secret: &str) -> Option<usize> {
    let (mut ends, mut next) = (vec![0], Vec::new());
    for c in secret.chars() {
        for end in &ends {
            each_form(&text[*end..], c, |length| next.push(end + length));
        }
        next.sort_unstable();
        next.dedup();
        std::mem::swap(&mut ends, &mut next);
        next.clear();
        if ends.is_empty() {
            return None;
        }
    }
    ends.pop()
}

/// Tells the length of each form of a character that a text begins with.
fn each_form(text: &str, c: char, mut found: impl FnMut(usize)) {
    // In the case it has: a password that is a word would hide that word in whatever the service says.
    if text.starts_with(c) {
        found(c.len_utf8());
    }
    match text.as_bytes().first() {
        Some(b'+') if c == ' ' => found(1),
        Some(b'\\') => json_forms(text, c, found),
        Some(b'&') => html_form(text, c).into_iter().for_each(found),
        Some(b'%') => address_form(text, c).into_iter().for_each(found),
        _ => {}
    }
}

/// A character behind backslashes: one in JSON, more where JSON stands in JSON.
fn json_forms(text: &str, c: char, mut found: impl FnMut(usize)) {
    let run = text.len() - text.trim_start_matches('\\').len();
    if c == '\\' {
        [2, 4, 8].into_iter().filter(|length| *length <= run).for_each(&mut found);
    }
    let (slashes, rest) = text.split_at(run);
    let Some(letter) = rest.chars().next() else { return };
    let plain = match letter {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'b' => '\u{8}',
        'f' => '\u{c}',
        other => other,
    };
    if plain == c && (plain != letter || matches!(letter, '"' | '/' | '\'')) {
        found(run + 1);
    }
    // JSON in a page: what is escaped stands there as HTML has it.
    if matches!(c, '"' | '/' | '\'' | '\\') {
        html_form(rest, c).into_iter().for_each(|length| found(run + length));
    }
    let digits =
        |rest: &str, letter: char, count: usize| u32::from_str_radix(rest.strip_prefix(letter)?.get(..count)?, 16).ok();
    if digits(rest, 'x', 2) == Some(u32::from(c)) {
        found(run + 3);
    }
    // A page in JSON that writes each ampersand as a number.
    if digits(rest, 'u', 4) == Some(u32::from('&')) {
        html_behind(&rest[5..], c).into_iter().for_each(|length| found(run + 5 + length));
    }
    let mut units = [0; 2];
    let mut end = run;
    for unit in c.encode_utf16(&mut units) {
        // The second half has as many backslashes as the first.
        let rest = if end == run { Some(rest) } else { text[end..].strip_prefix(slashes) };
        match rest.and_then(|rest| digits(rest, 'u', 4)) {
            Some(code) if code == u32::from(*unit) => end = text.len() - rest.map_or(0, str::len) + 5,
            _ => return,
        }
    }
    found(end);
}

/// The length of a character as HTML writes it: by name or number.
fn html_form(text: &str, c: char) -> Option<usize> {
    html_behind(text.strip_prefix('&')?, c).map(|length| length + 1)
}

/// The length of what stands behind the ampersand of a character in HTML. What was escaped twice has more than one `amp;`.
fn html_behind(text: &str, c: char) -> Option<usize> {
    let (mut rest, mut is_ampersand) = (text, false);
    while let Some(behind) = rest.strip_prefix("amp;") {
        (rest, is_ampersand) = (behind, true);
    }
    if c == '&' && is_ampersand {
        return Some(text.len() - rest.len());
    }
    let names = [("lt;", '<'), ("gt;", '>'), ("quot;", '"'), ("apos;", '\''), ("nbsp;", '\u{a0}')];
    if let Some((name, _)) = names.iter().find(|(name, named)| *named == c && rest.starts_with(name)) {
        return Some(text.len() - rest.len() + name.len());
    }
    let number = rest.strip_prefix('#')?;
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    let count = digits.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
    if u32::from_str_radix(&digits[..count], radix).ok()? != u32::from(c) {
        return None;
    }
    let behind = digits[count..].strip_prefix(';').unwrap_or(&digits[count..]);
    Some(text.len() - behind.len())
}

/// The length of a character as an address writes it: its bytes as digits, of either case.
fn address_form(text: &str, c: char) -> Option<usize> {
    let mut bytes = [0; 4];
    let mut rest = text;
    for byte in c.encode_utf8(&mut bytes).bytes() {
        rest = rest.strip_prefix('%')?;
        // What was escaped twice.
        while let Some(behind) = rest.strip_prefix("25").filter(|_| byte != b'%') {
            rest = behind;
        }
        if u8::from_str_radix(rest.get(..2)?, 16).ok()? != byte {
            return None;
        }
        rest = &rest[2..];
    }
    Some(text.len() - rest.len())
}

/// What stands for a secret.
const HIDDEN: &str = "•••";

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    #[test]
    fn the_quick_trim_knows_every_sign() {
        for c in char::MIN..=char::MAX {
            for text in [format!("{c}"), format!("甲{c}"), format!("{c}a"), format!(" {c}甲")] {
                assert_eq!(trimmed(&text), text.trim(), "{text:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn the_quick_trim_is_the_usual_one(text in any::<String>()) {
            prop_assert_eq!(trimmed(&text), text.trim());
        }
    }

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
            "Z8OpLyI8w58meD4g5a%2BG56CB",
            "g&#233;&#47;&#34;&#60;&#xdf;&#x26;x&#X003E;&#32;&#23494;&#x7801;",
            "\\u0067\\u00e9\\u002f\\u0022\\u003c\\u00df\\u0026\\u0078\\u003E\\u0020\\u5bc6\\u7801",
            "gé\\\\/\\\\\\\"<ß&x> 密码",
            "gé/&amp;quot;&amp;lt;ß&amp;amp;x&amp;gt; 密码",
            "g%25C3%25A9%252f%2522%253C%25C3%259F%2526x%253E%20%25E5%25AF%2586%25E7%25A0%2581",
            "\\x67é/\"<ß&x> 密码",
            "gé/\"<ß&#38x> 密码",
            // JSON in a page, and in JSON in a page; a page in JSON.
            "gé\\/\\&quot;&lt;ß&amp;x&gt; \\u5bc6\\u7801",
            "gé\\/\\&#34;\\u003c\\u00df\\u0026x\\u003e 密码",
            "gé\\&#47;\\\\\\&amp;quot;&lt;ß&amp;x&gt; 密码",
            "gé/\\u0026quot;\\u0026lt;ß\\u0026amp;x\\u0026gt; 密码",
            "gé/\\\\u0026#34;\\\\u0026#x3c;ß\\\\u0026x> 密码",
        ] {
            assert_eq!(mask(&format!("bad {text}!"), secret), "bad •••!", "{text}");
        }
        assert_eq!(mask("abc", "abc"), "abc");
        // Of a mark, too, that needs two halves in JSON, and of backslashes.
        assert_eq!(mask(r"bad a\ud83d\ude00b\\c there", r"a😀b\c"), "bad ••• there");
        for other in ["gé/\"<ß&x>密码", "g&#233/", "%zz%", "\\u00", "&#x;", "&amp;", "\\"] {
            assert_eq!(mask(other, secret), other);
        }
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
