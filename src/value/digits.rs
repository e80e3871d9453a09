//! Digits that a spreadsheet program has kept, or lost.

use memchr::{memchr, memchr2};

use crate::format::{Cell, CellKind};
use crate::problem::Problem;

/// A spreadsheet keeps 15 significant digits of a number; further ones are lost before we see the file.
pub(super) const SAFE_DIGITS: usize = 15;

/// What became of digits that a program took for a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Digits {
    /// They are as they were, or were never a number.
    Kept,
    /// All of them are there, in the form of a number: `50001.0`, `1.3000000001E10`.
    Restored(String),
    /// Some are gone: `1.38E+10`.
    Lost,
}

/// What became of the digits of a cell.
pub(super) fn digits(cell: Cell<'_>) -> Digits {
    let text = cell.text;
    if cell.kind == CellKind::Number && text.bytes().filter(u8::is_ascii_digit).count() > SAFE_DIGITS {
        return Digits::Lost;
    }
    // `+`, `.`, `,` and `E` mark the damaged forms; most texts have none of them and need no closer look.
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'.' | b'e' | b'E')) {
        return Digits::Kept;
    }
    if let Some(whole) = whole_with_zeros(text) {
        return if whole.len() > SAFE_DIGITS { Digits::Lost } else { Digits::Restored(whole.to_owned()) };
    }
    match scientific(text) {
        None => Digits::Kept,
        Some(Some(digits)) => Digits::Restored(digits),
        Some(None) => Digits::Lost,
    }
}

/// A number that a spreadsheet program has rounded or rewritten is not the text that was meant.
pub(super) fn refuse_lost_digits(cell: Cell<'_>) -> Result<(), Problem> {
    match digits(cell) {
        Digits::Kept => Ok(()),
        Digits::Restored(_) | Digits::Lost => Err(Problem::new("digits_lost")),
    }
}

/// Whether a text of many words holds what a spreadsheet program makes of a long number: `1.10101E+17`.
pub(super) fn holds_scientific(text: &str) -> bool {
    // The sign of the exponent is what tells it from a code, and what few texts hold.
    if memchr2(b'e', b'E', text.as_bytes()).is_none() {
        return false;
    }
    if memchr(b'+', text.as_bytes()).is_none() && !text.bytes().all(|byte| is_scientific_sign(char::from(byte))) {
        return false;
    }
    text.split(|c: char| !is_scientific_sign(c)).any(|part| {
        let part = part.trim_matches([',', '.']);
        part.contains(['e', 'E']) && !part.contains('-') && scientific(part).is_some()
    })
}

fn is_scientific_sign(c: char) -> bool {
    c.is_ascii_digit() || matches!(c, '.' | ',' | '+' | '-' | 'e' | 'E')
}

/// Whether all digits behind the fifteenth are zeros, in a text so long that this is hardly chance.
pub(super) fn ends_in_lost_digits(text: &str) -> bool {
    text.len() >= SAFE_DIGITS + 3 && all_digits(text) && text[SAFE_DIGITS..].bytes().all(|byte| byte == b'0')
}

/// `1.38E+10` and its like, also with the comma of other countries; its digits when all of them are there.
fn scientific(text: &str) -> Option<Option<String>> {
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    // `12E5` could be a code of its own; a fraction or a sign gives the damage away.
    let telling = mantissa.contains(['.', ',']) || exponent.starts_with(['+', '-']);
    let unsigned = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    if !telling || !all_digits(unsigned) || !all_digits(whole) || !(fraction.is_empty() || all_digits(fraction)) {
        return None;
    }
    let all = !exponent.starts_with('-') && whole.len() == 1 && unsigned.parse() == Ok(fraction.len());
    Some((all && fraction.len() < SAFE_DIGITS).then(|| format!("{whole}{fraction}")))
}

/// The digits of `13000000001.0`: a number that was read as a fraction.
fn whole_with_zeros(text: &str) -> Option<&str> {
    let (whole, zeros) = text.split_once('.')?;
    (all_digits(whole) && !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0')).then_some(whole)
}

/// Whether a text is digits and nothing else.
pub(super) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_restored_only_when_all_of_them_are_there() {
        let of = |text: &str, kind| digits(Cell { text, kind });
        for text in ["50001", "12E5", "ext-1.0", "1.2.0", "A1.0", "", "+86 1"] {
            assert_eq!(of(text, CellKind::Text), Digits::Kept, "{text}");
        }
        for (text, whole) in
            [("50001.0", "50001"), ("13000000001.00", "13000000001"), ("1.3000000001E10", "13000000001")]
        {
            assert_eq!(of(text, CellKind::Text), Digits::Restored(whole.into()), "{text}");
        }
        for text in ["1.38E+10", "1.38e10", "1,38E+10", "1E+11", "1.5E-3", "1.300000000E10", "1234567890123456.0"] {
            assert_eq!(of(text, CellKind::Text), Digits::Lost, "{text}");
        }
        assert_eq!(of("1234567890123456", CellKind::Number), Digits::Lost);
        assert_eq!(of("1234567890123456", CellKind::Text), Digits::Kept);
    }

    #[test]
    fn a_long_number_is_seen_inside_a_text() {
        for text in ["1.10101E+17", "证件 1.10101E+17", "6.21226e18", "1,1E+17", "1E+17，2"] {
            assert!(holds_scientific(text), "{text}");
        }
        for text in ["A+B", "C++", "a@example.com", "12E5", "E+", "1.5E-3", "2026.1.5", "GTE+2", "＋"] {
            assert!(!holds_scientific(text), "{text}");
        }
        assert!(ends_in_lost_digits("110101199001010000"));
        assert!(!ends_in_lost_digits("110101199001011001") && !ends_in_lost_digits("1101011990010100"));
    }
}
