//! Full-width signs, as Chinese input methods write them, in their plain form.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

/// The same text with full-width letters, digits and signs in their plain form.
pub(super) fn half_width(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let plain = |c| if is_dash(c) { '-' } else { c };
    Cow::Owned(text.nfkc().filter(|c| !is_invisible(*c)).map(plain).collect())
}

/// What a word processor makes of a hyphen.
fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// Marks of direction and width that come along when a number is copied from an address book.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}
