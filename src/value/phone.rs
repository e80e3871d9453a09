//! Telephone numbers. A mainland mobile number is brought to its eleven digits; any other number is left as it was
//! written, in plain digits, when it can be one. Nothing is guessed: a number that a spreadsheet has kept as a number is
//! taken only when no zero can have been lost.

use super::digits::refuse_lost_digits;
use super::half_width::half_width;
use crate::entity::Kind;
use crate::format::{Cell, CellKind};
use crate::problem::Problem;

/// What people write before an extension.
const EXTENSION_WORDS: &[&str] = &["转", "分机", "ext.", "ext", "x", "#"];

pub(super) fn clean(kind: Kind, cell: Cell<'_>, out: &mut String) -> Result<(), Problem> {
    if is_mainland_mobile(cell.text) {
        out.push_str(cell.text);
        return Ok(());
    }
    if cell.kind == CellKind::Number {
        return Err(Problem::new("number_cell"));
    }
    refuse_lost_digits(cell)?;
    let text = half_width(cell.text);
    let text = text.trim();
    out.extend(text.chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')')));
    let prefix =
        ["+86", "0086", "86", ""].into_iter().find(|prefix| out.strip_prefix(prefix).is_some_and(is_mainland_mobile));
    if let Some(prefix) = prefix {
        out.drain(..prefix.len());
        return Ok(());
    }
    // Ten or twelve digits that begin like a mobile number are one with a digit lost or doubled.
    let begins_mobile = out.starts_with('1') && (9..=13).contains(&out.len());
    if kind == Kind::Mobile && begins_mobile && out.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Problem::new("not_a_mobile").with("digits", out.len()));
    }
    out.clear();
    out.push_str(text);
    if may_be_a_number(text) { Ok(()) } else { Err(Problem::new("not_a_phone")) }
}

/// Eleven digits, the first two as the numbering plan gives them to mobile phones.
pub(super) fn is_mainland_mobile(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11
        && bytes[0] == b'1'
        && (b'3'..=b'9').contains(&bytes[1])
        && bytes.iter().all(|byte| byte.is_ascii_digit())
}

/// Digits with the signs people put between them, and one extension.
fn may_be_a_number(text: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'(' | b')');
    let digits = |text: &str| text.bytes().filter(u8::is_ascii_digit).count();
    let unsigned = text.strip_prefix('+').unwrap_or(text);
    let end = unsigned.bytes().position(|byte| !is_sign(byte)).unwrap_or(unsigned.len());
    let (number, extension) = unsigned.split_at(end);
    let is_extension = |text: &str| {
        let lower = text.to_ascii_lowercase();
        EXTENSION_WORDS.iter().any(|word| {
            lower.strip_prefix(word).is_some_and(|rest| (1..=8).contains(&digits(rest)) && rest.bytes().all(is_sign))
        })
    };
    (3..=15).contains(&digits(number)) && (extension.is_empty() || is_extension(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cleaned(kind: Kind, text: &str, cell: CellKind) -> Result<String, &'static str> {
        let mut out = String::new();
        clean(kind, Cell { text, kind: cell }, &mut out).map(|()| out).map_err(|problem| problem.code)
    }

    #[test]
    fn a_mainland_mobile_is_brought_to_eleven_digits() {
        let spellings = [
            "13000000001",
            "130 0000 0001",
            "130-0000-0001",
            "130—0000—0001",
            "+86 13000000001",
            "0086-130-0000-0001",
            "8613000000001",
            "(+86)13000000001",
            "１３００００００００１",
            "\u{202d}13000000001\u{202c}",
        ];
        for text in spellings {
            assert_eq!(cleaned(Kind::Mobile, text, CellKind::Text), Ok("13000000001".into()), "{text}");
        }
    }

    #[test]
    fn other_numbers_stay_as_they_are_written() {
        for text in [
            "010-00000000",
            "(010) 0000 0000",
            "+852 0000 0000",
            "400-000-0000",
            "95000",
            "010-00000000转801",
            "010-00000000 ext. 12",
        ] {
            assert_eq!(cleaned(Kind::Phone, text, CellKind::Text), Ok(text.into()));
        }
        for text in ["无", "12", "13000000001/13000000002", "13000000001 13000000002", "a13000000001", "010-00000000转"]
        {
            assert_eq!(cleaned(Kind::Phone, text, CellKind::Text), Err("not_a_phone"), "{text}");
        }
    }

    #[test]
    fn a_damaged_number_is_never_guessed() {
        assert_eq!(cleaned(Kind::Mobile, "13000000001", CellKind::Number), Ok("13000000001".into()));
        assert_eq!(cleaned(Kind::Phone, "1000000000", CellKind::Number), Err("number_cell"));
        assert_eq!(cleaned(Kind::Mobile, "1.3e+10", CellKind::Text), Err("digits_lost"));
        assert_eq!(cleaned(Kind::Mobile, "13000000001.0", CellKind::Text), Err("digits_lost"));
        assert_eq!(cleaned(Kind::Mobile, "1300000000", CellKind::Text), Err("not_a_mobile"));
        assert_eq!(cleaned(Kind::Mobile, "12000000001", CellKind::Text), Err("not_a_mobile"));
    }
}
