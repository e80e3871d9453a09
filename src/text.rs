//! Text that came from a file or a server, made safe to show. Control characters, escape sequences and direction
//! overrides become visible, so that nothing in a record can move the cursor, change a title or hide a line.

use std::borrow::Cow;

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

/// Characters a terminal or a text layout acts on instead of showing: C0, DEL, C1, and the bidirectional controls.
fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Cuts `text` to at most `limit` characters and says so with an ellipsis.
pub fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        None => Cow::Borrowed(text),
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
    }
}

/// A text without a secret, as it is or as part of an address. One of a letter or two is no secret, and would make every
/// text unreadable.
pub fn mask(text: &str, secret: &str) -> String {
    if secret.chars().count() <= 3 {
        return text.to_owned();
    }
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    let path = form.replace('+', "%20");
    text.replace(secret, HIDDEN).replace(&form, HIDDEN).replace(&path, HIDDEN)
}

/// What stands for a secret.
const HIDDEN: &str = "•••";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_become_visible() {
        assert_eq!(clean("a\u{1b}[2Jb\u{202e}c"), "a\\u{1b}[2Jb\\u{202e}c");
        assert_eq!(clean("two\nlines"), "two\\nlines");
        assert_eq!(clean_lines("two\nlines\u{7}"), "two\nlines\\u{7}");
        assert!(matches!(clean("姓名 Name"), Cow::Borrowed(_)));
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        assert_eq!(shorten("打印机坏了", 3), "打印机…");
        assert_eq!(shorten("abc", 3), "abc");
    }
}
