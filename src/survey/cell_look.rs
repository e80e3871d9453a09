//! What a single cell looks like, whatever stands above it.

use crate::format::{Cell, CellKind};
use crate::value::{NumberLook, looks_like_address, number_look};

/// What a cell that is not empty looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A mobile number.
    Mobile,
    /// Any other telephone number that can be told from a plain number.
    Landline,
    /// A mail address.
    Mail,
    /// A day or a moment.
    Date,
    /// A whole number without a zero before it.
    Integer,
    /// A number with a fraction, a sign, a currency or a percentage.
    Decimal,
    /// Letters and digits without spaces, such as `A-0001` or `00123`.
    Code,
    /// Anything else.
    Text,
}

impl Look {
    /// What a cell looks like.
    pub fn of(cell: Cell<'_>) -> Look {
        let text = cell.text.trim();
        match cell.kind {
            CellKind::Date | CellKind::DateTime => return Look::Date,
            CellKind::Bool | CellKind::Error => return Look::Text,
            CellKind::Number | CellKind::Text => {}
        }
        match number_look(text) {
            Some(NumberLook::Mobile) => return Look::Mobile,
            Some(NumberLook::Landline) => return Look::Landline,
            None => {}
        }
        if text.contains(['@', '＠']) && looks_like_address(text) {
            return Look::Mail;
        }
        if is_date(text) {
            return Look::Date;
        }
        let is_integer = text.bytes().all(|byte| byte.is_ascii_digit());
        if is_integer && (cell.kind == CellKind::Number || text == "0" || !text.starts_with('0')) {
            return Look::Integer;
        }
        if !is_integer && is_decimal(text) {
            return Look::Decimal;
        }
        if is_code(text) { Look::Code } else { Look::Text }
    }
}

/// Year, month and day in any order, with signs or 年月日 between them; a time may follow.
fn is_date(text: &str) -> bool {
    let day = text.split([' ', 'T', '\u{3000}']).next().unwrap_or_default();
    let is_sign = |c: char| matches!(c, '-' | '/' | '.' | '年' | '月' | '日');
    if !day.chars().all(|c| c.is_ascii_digit() || is_sign(c)) {
        return false;
    }
    let parts: Vec<&str> = day.split(is_sign).filter(|part| !part.is_empty()).collect();
    let is_year = |part: &str| part.len() == 4 && (part.starts_with("19") || part.starts_with("20"));
    let is_small = |part: &str| matches!(part.len(), 1 | 2) && part.parse::<u8>().is_ok_and(|n| (1..=31).contains(&n));
    match parts.as_slice() {
        [year, month, day] if is_year(year) => is_small(month) && is_small(day),
        [first, second, year] => is_year(year) && is_small(first) && is_small(second),
        _ => false,
    }
}

/// A number as people write it, with a currency, a percentage and commas between thousands.
fn is_decimal(text: &str) -> bool {
    let text = text.trim_start_matches(['¥', '￥', '$']).trim_end_matches(['元', '%']).trim();
    let plain = text.replace(',', "");
    plain.bytes().any(|byte| byte.is_ascii_digit())
        && plain.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'))
        && plain.parse::<f64>().is_ok_and(f64::is_finite)
}

/// Digits with or without letters and signs between them, in one piece.
fn is_code(text: &str) -> bool {
    text.len() <= 64
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_told_apart_by_their_texts() {
        for (text, look) in [
            ("13000000001", Look::Mobile),
            ("+86 130-0000-0001", Look::Mobile),
            ("010-00000001", Look::Landline),
            ("4000000001", Look::Landline),
            ("a@example.com", Look::Mail),
            ("2026-01-05", Look::Date),
            ("03/04/2026 08:00", Look::Date),
            ("2026年1月5日", Look::Date),
            ("20001", Look::Integer),
            ("00123", Look::Code),
            ("A-0001", Look::Code),
            ("1,234.50", Look::Decimal),
            ("¥12", Look::Decimal),
            ("85%", Look::Decimal),
            ("示例 1 号", Look::Text),
            ("1.2.3.4", Look::Code),
        ] {
            assert_eq!(Look::of(Cell { text, kind: CellKind::Text }), look, "{text}");
        }
    }
}
