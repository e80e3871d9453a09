//! Codes and ids: digits that stand for something, whole and in plain width.

use super::digits::{Digits, SAFE_DIGITS, all_digits, digits, refuse_lost_digits};
use super::half_width::half_width;
use super::options::ValueOptions;
use super::{list, restoring};
use crate::format::{Cell, CellKind};
use crate::problem::Problem;

/// A code of letters and digits, in plain width.
pub(super) fn code(
    cell: Cell<'_>,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    if let Digits::Restored(number) = digits(cell) {
        restoring::say(options, Problem::word("number_restored").with("value", &number), noticed)?;
        out.push_str(&number);
        return Ok(());
    }
    let text = cell.text;
    let is_wide = |c: char| matches!(c, '\u{ff10}'..='\u{ff19}' | '\u{ff21}'..='\u{ff3a}' | '\u{ff41}'..='\u{ff5a}');
    if text.is_ascii() || options.keep_raw || !text.chars().any(is_wide) {
        out.push_str(text);
        return Ok(());
    }
    out.push_str(&half_width(text));
    noticed.push(Problem::word("half_width").with("value", &*out));
    Ok(())
}

/// The digits of a number, those in the width of Chinese made plain and those that became a fraction restored.
fn whole_number(
    cell: Cell<'_>,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    match digits(cell) {
        Digits::Lost => Err(Problem::new("digits_lost")),
        Digits::Restored(number) => {
            restoring::say(options, Problem::word("number_restored").with("value", &number), noticed)?;
            out.push_str(&number);
            Ok(())
        }
        Digits::Kept => {
            out.push_str(half_width(cell.text).trim());
            if !cell.text.is_ascii() {
                restoring::say(options, Problem::word("half_width").with("value", &*out), noticed)?;
            }
            Ok(())
        }
    }
}

/// The id of a record.
pub(super) fn id(
    cell: Cell<'_>,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    if all_digits(cell.text) && (cell.kind != CellKind::Number || cell.text.len() <= SAFE_DIGITS) {
        out.push_str(cell.text);
        return Ok(());
    }
    let count = list::ids_in(cell.text);
    if count > 1 {
        return Err(Problem::new("several_ids").with("count", count));
    }
    let before = noticed.len();
    whole_number(cell, options, out, noticed)?;
    if !all_digits(out) {
        noticed.truncate(before);
        return Err(Problem::new("not_an_id"));
    }
    Ok(())
}

/// Whether a text is what something is known by and no number gone wrong: a name, a mail address, a telephone number.
pub(super) fn is_word(text: &str) -> bool {
    let is_letter = |c: char| c.is_alphabetic() && !matches!(c, 'e' | 'E');
    let signs = text.chars().filter(|c| matches!(c, '-' | '(' | ')' | '（' | '）')).count();
    let is_number = || signs > 0 || text.starts_with('+');
    text.chars().any(is_letter) || text.contains('@') || (!text.contains(['.', ',', '，']) && is_number())
}

/// The parts of a text, each an id or, where they are looked up, what something is known by.
pub(super) fn ids(cell: Cell<'_>, takes_words: bool, out: &mut String) -> Result<(), Problem> {
    refuse_lost_digits(cell)?;
    for part in list::parts(cell.text) {
        refuse_lost_digits(Cell { text: part, kind: cell.kind })?;
        if takes_words && is_word(part) {
            list::push(out, part.trim());
            continue;
        }
        let part = half_width(part);
        if !all_digits(part.trim()) {
            return Err(Problem::new("not_ids"));
        }
        list::push(out, part.trim());
    }
    Ok(())
}
