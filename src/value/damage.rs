//! What a spreadsheet program has done to a value before it came here, as far as it shows.

use super::digits::{Digits, SAFE_DIGITS, all_digits, digits, ends_in_lost_digits, holds_scientific};
use super::form_fit::unlike;
use super::html_entities;
use super::options::ValueOptions;
use super::{date, list};
use crate::entity::{Field, Form, Kind};
use crate::format::{Cell, CellKind};
use crate::problem::Problem;

/// What people write below a text that stands above.
const DITTO: &[&str] = &["同上", "同左", "同前", "同上行", "〃", "〞", "″", "ditto", "Ditto"];
/// The longest text in which a whole-cell date is hardly meant: a name, a position. Longer ones are notes.
const SHORT_TEXT: usize = 100;

/// What a spreadsheet program has done to a value before it came here, as far as it shows.
pub(super) fn look_for_damage(
    field: &Field,
    cell: Cell<'_>,
    options: &ValueOptions,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    let is_text = matches!(field.kind, Kind::Text | Kind::Html | Kind::Tags);
    if matches!(cell.kind, CellKind::Date | CellKind::DateTime) {
        return date_cell(field, cell.text, noticed);
    }
    let restored;
    let cell = match is_text && (field.text_only || is_long_number(cell)) {
        false => cell,
        true => match digits(cell) {
            Digits::Kept => cell,
            Digits::Restored(number) if field.text_only => {
                restored = number;
                Cell { text: &restored, ..cell }
            }
            Digits::Restored(_) | Digits::Lost => return Err(Problem::new("digits_lost")),
        },
    };
    let takes_words = matches!(field.kind, Kind::Text | Kind::Tags | Kind::Choice) || field.takes_words;
    if takes_words && let Some(text) = html_entities::unescaped(cell.text) {
        noticed.push(Problem::held("html_entities").with("text", text));
    }
    if let Some(form @ (Form::Name | Form::Organization | Form::Account)) = field.form
        && cell.kind != CellKind::Text
        && let Some(code) = unlike(form, cell.text)
    {
        noticed.push(Problem::held(code));
    }
    if !is_text || cell.kind != CellKind::Text {
        if field.kind == Kind::Tags && cell.kind == CellKind::Number && cell.text.len() >= 5 && all_digits(cell.text) {
            noticed.push(Problem::held("number_in_list"));
        }
        return Ok(());
    }
    if holds_scientific(cell.text) {
        noticed.push(Problem::held("scientific_in_text"));
    } else if ends_in_lost_digits(cell.text) {
        noticed.push(Problem::held("rounded_in_text"));
    } else if cell.text.len() <= 24 && became_date(field, cell.text) && !options.keep_raw {
        noticed.push(Problem::held("became_date"));
    } else if cell.text.len() <= 9 && DITTO.contains(&cell.text) {
        noticed.push(Problem::held("ditto"));
    } else if field.text_only && is_grouped(cell.text) {
        noticed.push(Problem::held("grouped_digits"));
    } else if let Some(count) = field.text_only.then(|| codes_in(cell.text)).filter(|count| *count > 1) {
        noticed.push(Problem::held("several_codes").with("count", count));
    } else if let Some(code) = field.form.and_then(|form| unlike(form, cell.text)) {
        noticed.push(Problem::held(code));
    }
    Ok(())
}

/// How many codes a cell holds; none where it is not certain.
fn codes_in(text: &str) -> usize {
    // Nearly every code.
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return 1;
    }
    let count = list::ids_in(text);
    if count > 1 && list::divided(text).all(|part| part.len() >= 5) {
        return count;
    }
    let is_code = |part: &str| {
        let is_sign = |byte: u8| matches!(byte, b'-' | b'_' | b'.');
        part.len() >= 3
            && part.bytes().any(|byte| byte.is_ascii_digit())
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || is_sign(byte))
    };
    let parts = || list::divided(text).flat_map(str::split_whitespace);
    if parts().all(is_code) { parts().count() } else { 0 }
}

/// Whether a text is a number with commas between its thousands: `12,345,678`.
pub(super) fn is_grouped(text: &str) -> bool {
    let mut parts = text.split(',');
    let first = parts.next().unwrap_or_default();
    text.contains(',')
        && (1..=3).contains(&first.len())
        && all_digits(first)
        && parts.all(|part| part.len() == 3 && all_digits(part))
}

/// A cell with the format of a date, where none is meant.
fn date_cell(field: &Field, text: &str, noticed: &mut Vec<Problem>) -> Result<(), Problem> {
    let is_short = field.max.is_some_and(|max| max <= SHORT_TEXT);
    match field.kind {
        Kind::Date | Kind::DateTime => {}
        Kind::Text | Kind::Html if !field.text_only && !is_short && field.form.is_none() => {
            noticed.push(Problem::word("date_cell_in_text").with("text", text));
        }
        Kind::Text | Kind::Html | Kind::Tags if !field.text_only => {
            noticed.push(Problem::held("date_cell_in_text").with("text", text));
        }
        _ => {
            let number = date::number_of(text).map_or_else(|| text.to_owned(), |number| number.to_string());
            return Err(Problem::new("date_cell").with("number", number));
        }
    }
    Ok(())
}

/// Whether a text is what a spreadsheet program makes of a code that looks like a date. `3月5日` may be meant in a text.
fn became_date(field: &Field, text: &str) -> bool {
    let is_code = field.text_only || field.kind == Kind::Tags;
    (date::looks_like_short_date(text) && (field.text_only || text.is_ascii()))
        || (is_code && (date::looks_like_whole_date(text) || date::looks_like_month_or_time(text)))
}

/// Whether a cell is a number of the size that card numbers and codes have, and amounts and counts do not.
fn is_long_number(cell: Cell<'_>) -> bool {
    cell.kind == CellKind::Number
        && (cell.text.contains('e') || (cell.text.len() > SAFE_DIGITS && !cell.text.contains('.')))
}
