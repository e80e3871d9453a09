//! Full-width signs, as Chinese input methods write them, in their plain form.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// The same text with full-width letters, digits and signs in their plain form.
pub(super) fn half_width(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let plain = |c| if is_dash(c) { '-' } else { c };
    Cow::Owned(text.nfkc().filter(|c| !is_invisible(*c)).map(plain).collect())
}

/// Whether a text is of ASCII and Chinese characters alone, which are as they are. No early end: so the loop runs on many bytes
/// at a time.
fn is_plain(text: &str) -> bool {
    text.bytes().fold(true, |all, byte| all & (byte < 0xc0 || matches!(byte, 0xe4..=0xe9)))
}

/// What a word processor makes of a hyphen.
fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Marks of direction and width that come along when a number is copied from an address book.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_plain_has_no_other_form() {
        for c in (char::MIN..=char::MAX).filter(|c| is_plain(c.encode_utf8(&mut [0; 4]))) {
            assert!(std::iter::once(c).nfkc().eq([c]) && !is_dash(c) && !is_invisible(c), "{c}");
        }
        assert!(is_plain("示例甲 A-1") && !is_plain("示例，甲") && !is_plain("１"));
    }
}
