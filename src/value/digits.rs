//! Digits that a spreadsheet program has kept, or lost.

use crate::format::{Cell, CellKind};
use crate::problem::Problem;

/// A spreadsheet keeps 15 significant digits of a number; further ones are lost before we see the file.
pub(super) const SAFE_DIGITS: usize = 15;

/// A number that a spreadsheet program has rounded or rewritten is not the text that was meant.
pub(super) fn refuse_lost_digits(cell: Cell<'_>) -> Result<(), Problem> {
    let text = cell.text;
    let too_long = cell.kind == CellKind::Number && text.bytes().filter(u8::is_ascii_digit).count() > SAFE_DIGITS;
    // `+` and `.` mark the two damaged forms; most texts have neither and need no closer look.
    let damaged = text.bytes().any(|byte| matches!(byte, b'+' | b'.' | b'e' | b'E'))
        && (is_scientific(text) || is_whole_with_zeros(text));
    if too_long || damaged { Err(Problem::new("digits_lost")) } else { Ok(()) }
}

/// `1.38E+10` and its like.
fn is_scientific(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['e', 'E']) else { return false };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    // `12E5` could be a code of its own; a fraction or a sign gives the damage away.
    let telling = mantissa.contains('.') || text.contains(['+', '-']);
    telling && is_number(exponent) && is_number(&mantissa.replacen('.', "", 1))
}

/// `13000000001.0`: a number that was read as a fraction.
fn is_whole_with_zeros(text: &str) -> bool {
    let Some((whole, zeros)) = text.split_once('.') else { return false };
    let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    is_number(whole) && !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0')
}

/// Whether a text is digits and nothing else.
pub(super) fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
