//! A number in a cell: as a day where its format says so, and with what its format shows of it.

use super::cell_text::{of_15_digits, push_moment};
use super::number_format::{Meaning, NumberFormat};
use crate::format::cell::CellKind;
use crate::format::row::{Row, Shown};

/// Most digits of a number whose text is taken as it stands.
const SAFE_DIGITS: usize = 15;

/// Puts a text into the next column, and hands its kind on.
pub(in crate::format) fn push(row: &mut Row, text: &str, kind: CellKind) -> CellKind {
    row.cells.push_field(text);
    kind
}

/// Puts a text into its column, with what its format shows of it where that is something else.
pub(in crate::format) fn push_text(format: &NumberFormat, text: &str, row: &mut Row, column: usize) -> CellKind {
    if !format.shows_texts() {
        row.shown.push(Shown { column, text: format.show_text(text) });
    }
    push(row, text, CellKind::Text)
}

/// Puts a number into its column: as a day where its format says so, and with what its format shows of it.
pub(in crate::format) fn push_number(
    format: &NumberFormat,
    is_1904: bool,
    text: &str,
    row: &mut Row,
    column: usize,
) -> CellKind {
    let is_safe = text.len() <= SAFE_DIGITS && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_safe && format.shows_integers {
        return push(row, text, CellKind::Number);
    }
    // A word for what is no number, as some programs write it, is a text.
    let is_number = text.bytes().any(|byte| byte.is_ascii_digit());
    let Some(number) = text.trim().parse::<f64>().ok().filter(|number| is_number && number.is_finite()) else {
        return push(row, text, CellKind::Text);
    };
    let mut plain = String::new();
    let mut shown = None;
    let kind = match format.meaning {
        Meaning::Plain | Meaning::Number | Meaning::Duration => {
            plain = of_15_digits(number);
            CellKind::Number
        }
        Meaning::Day | Meaning::Time => push_moment(number, is_1904, &mut plain),
    };
    match format.meaning {
        Meaning::Number if plain.len() <= SAFE_DIGITS + 2 => {
            let text = format.show(&plain);
            if text.as_deref() != Some(&plain) {
                shown = Some(Shown { column, text });
            }
        }
        Meaning::Day if matches!(kind, CellKind::Date | CellKind::DateTime) => {
            shown = format.show_part_of_day(&plain).map(|text| Shown { column, text: Some(text) });
        }
        Meaning::Time if kind != CellKind::DateTime => shown = Some(Shown { column, text: format.show_time(number) }),
        Meaning::Duration => shown = Some(Shown { column, text: format.show_time(number) }),
        _ => {}
    }
    row.shown.extend(shown);
    push(row, &plain, kind)
}

/// Whether a text is what is kept for a picture in the cell.
pub(in crate::format) fn is_picture_text(text: &str) -> bool {
    text.starts_with('=') && (text.starts_with("=DISPIMG(\"") || text.starts_with("=_xlfn.DISPIMG(\""))
}
