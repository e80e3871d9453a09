//! A row as a person sees it in the sheet: a code with the zeros that its format adds, a text as the cell shows it. What a
//! cell shows and what it holds are two things in a workbook; which of them is meant depends on the field that the column
//! feeds.

use super::confirmed::{HELD_BEFORE, code_of, told_codes, words_of_error};
use super::row_shape::{OTHER_HEADINGS, is_ruler};
use crate::entity::{Field, Kind, fold};
use crate::format::{CellKind, Remark, Row, Sheet, Shown};
use crate::mapping::{FieldSource, Mapping, ValueSource};
use crate::problem::Problem;
use crate::text::trimmed;

/// Codes of what only the sheet shows that a row comes from: a file of failed rows, written anew, does not.
const SEEN_IN_SHEET: &[&str] = &[
    "hidden_row",
    "hidden_column",
    "formula_not_calculated",
    "formula_text",
    "text_mark",
    "number_format",
    "nothing_shown",
    "day_shown_in_part",
    "totals_row",
    "totals_row_by_words",
    "instruction_row",
    "headings_row",
    OTHER_HEADINGS,
    "below_headings",
    "remark_row",
    "lone_cell",
    HELD_BEFORE,
];
/// Codes of cells whose value is missing or not known.
const WITHOUT_VALUE: &[&str] =
    &["merged_cells", "formula_without_result", "picture_in_cell", "number_or_list", "nested_value"];
/// Bytes of the longest text that is compared with a heading in another case or width.
const LONGEST_TITLE: usize = 100;
/// What stands for a value that is missing, in spreadsheet programs, too; it is never sent.
const MISSING: &str = "#N/A";

/// Whether what was found is seen only in the sheet that a row comes from. In a file of failed rows its code stands before
/// the reason, so that it is not forgotten there.
pub fn is_seen_in_sheet(code: &str) -> bool {
    SEEN_IN_SHEET.contains(&code)
}

/// Whether a text is a heading in another case, width or spacing. Nearly every text begins with another sign.
fn is_same_heading(text: &str, title: &str) -> bool {
    let first = |text: &str| text.chars().find(|c| c.is_alphanumeric()).map(|c| c.to_ascii_lowercase());
    text.len() <= LONGEST_TITLE && first(text) == first(title) && fold(text) == fold(title)
}

/// Puts a mark into cells whose value is missing, so that they are not taken for empty ones where the row is kept.
pub fn mark_missing(row: &mut Row) {
    let is_missing = |remark: &Remark| WITHOUT_VALUE.contains(&remark.problem.code);
    let columns: Vec<usize> =
        row.remarks.iter().filter(|remark| is_missing(remark)).filter_map(|remark| remark.column).collect();
    let Some(last) = columns.iter().max() else { return };
    while row.cells.len() <= *last {
        row.cells.push_field("");
    }
    row.kinds.resize(row.cells.len(), CellKind::Text);
    let texts: Vec<NewText> = columns.into_iter().map(|column| (column, MISSING.to_owned(), CellKind::Error)).collect();
    replace(row, &texts);
}

impl Mapping {
    /// Puts what the sheet shows into the row, where that is what is meant, and notes what has to be looked at.
    pub fn take_as_shown(&self, row: &mut Row, sheet: &Sheet) {
        if self.repeats_header(row) {
            row.remark(None, Problem::skipped("header_repeated"));
            return;
        }
        if is_ruler(row) {
            row.remark(None, Problem::skipped("ruler_row"));
            return;
        }
        self.recall_doubt(row);
        let mut texts: Vec<NewText> = Vec::new();
        // What we said of the row, and what a person said to it, is none of its data, and must not be taken for that by whoever
        // looks at all of it.
        let said = self.own.reasons.iter().chain(&self.own.confirmation);
        texts.extend(said.map(|column| (*column, String::new(), CellKind::Text)));
        for Shown { column, text } in std::mem::take(&mut row.shown) {
            let Some(source) = self.source_of(column) else { continue };
            let held = row.cell(column).text.to_owned();
            let is_day = matches!(row.cell(column).kind, CellKind::Date | CellKind::DateTime);
            match meant(source, &held, text.as_deref(), is_day) {
                Meant::Held => {}
                Meant::Shown(text, problem) => {
                    row.remark(Some(column), problem.with("shown", &text).with("held", &held));
                    texts.push((column, text, CellKind::Text));
                }
                Meant::Unclear(problem) => {
                    let shown = text.unwrap_or_else(|| "?".to_owned());
                    row.remark(Some(column), problem.with("shown", shown).with("held", &held));
                }
            }
        }
        if sheet.days_later != 0 {
            texts.extend(self.days_as_usual(row, sheet.days_later as f64));
        }
        replace(row, &texts);
    }

    /// Recalls why a row of a file of failed rows was held back, where that cannot be seen there.
    fn recall_doubt(&self, row: &mut Row) {
        let Some(error) = self.own.error().map(|column| row.cell(column).text) else { return };
        if told_codes(error).any(|told| is_seen_in_sheet(code_of(told))) {
            let problem = Problem::held(HELD_BEFORE).with("reason", words_of_error(error));
            row.remark(None, problem);
        }
    }

    /// Whether a row is the header once more, as it stands on every page of a print: in its own words, or in the other
    /// language's or the interface's.
    fn repeats_header(&self, row: &Row) -> bool {
        let is_cell_of = |column: usize| {
            let (text, title) = (trimmed(row.cell(column).text), self.header(column));
            text == title || is_same_heading(text, title)
        };
        if !self.header.is_empty() && (0..self.width().max(row.cells.len())).all(is_cell_of) {
            return true;
        }
        let mut named = 0;
        for source in &self.sources {
            let ValueSource::Column(column) = source.source else { continue };
            let text = trimmed(row.cell(column).text);
            let is_name = [&source.field.name, &source.field.zh, &source.field.en].iter().any(|name| *name == text);
            if !is_name && !text.is_empty() {
                return false;
            }
            named += usize::from(is_name);
        }
        named > 1
    }

    /// What a column feeds: a field of its own before a template that reads it.
    fn source_of(&self, column: usize) -> Option<&FieldSource> {
        let feeds = |source: &&FieldSource| matches!(source.source, ValueSource::Column(own) if own == column);
        let is_read = |source: &&FieldSource| matches!(&source.source, ValueSource::Template(template) if template.columns().any(|own| own == column));
        self.sources.iter().find(feeds).or_else(|| self.sources.iter().find(is_read))
    }

    /// Numbers in columns of days, as the usual calendar counts them.
    fn days_as_usual(&self, row: &Row, days_later: f64) -> Vec<NewText> {
        let of_source = |source: &FieldSource| {
            let ValueSource::Column(column) = source.source else { return None };
            let cell = row.cell(column);
            let is_day = cell.kind == CellKind::Number && matches!(source.field.kind, Kind::Date | Kind::DateTime);
            let days: f64 = if is_day { cell.text.parse().ok()? } else { return None };
            Some((column, (days + days_later).to_string(), CellKind::Number))
        };
        self.sources.iter().filter_map(of_source).collect()
    }
}

/// Units that make another number of one.
const UNITS: [char; 6] = ['百', '千', '万', '亿', '萬', '億'];

/// What is meant by a cell that shows something else than it holds.
enum Meant {
    /// What it holds.
    Held,
    /// What it shows, which is said.
    Shown(String, Problem),
    /// It is not known.
    Unclear(Problem),
}

fn meant(source: &FieldSource, held: &str, shown: Option<&str>, is_day: bool) -> Meant {
    let field = &source.field;
    if is_day {
        // Where no text is meant, a day is understood or refused whatever it shows.
        return match is_free_text(field) {
            true => Meant::Unclear(Problem::held("day_shown_in_part")),
            false => Meant::Held,
        };
    }
    let is_template = matches!(source.source, ValueSource::Template(_));
    match field.kind {
        // A unit that stands in the format alone: 3 that is shown as 3万.
        Kind::Integer | Kind::Decimal if shown.is_some_and(|shown| shown.contains(UNITS)) => {
            return Meant::Unclear(Problem::held("number_format"));
        }
        Kind::Integer | Kind::Decimal | Kind::Date | Kind::DateTime | Kind::Choice => return Meant::Held,
        // The service's own ids have no zeros in front.
        Kind::Id if shown.is_some_and(|shown| adds_zeros(held, shown) || without_marks(shown) == held) => {
            return Meant::Held;
        }
        _ => {}
    }
    if shown == Some("") {
        return Meant::Unclear(Problem::held("nothing_shown"));
    }
    let Some(shown) = shown.filter(|_| !is_template) else { return Meant::Unclear(Problem::held("number_format")) };
    match field.kind {
        // Two numbers and a comma, typed into a spreadsheet program, are one number to it.
        Kind::Tags | Kind::Ids if shown.contains(',') => Meant::Unclear(Problem::new("number_or_list")),
        _ if adds_zeros(held, shown) => Meant::Shown(shown.to_owned(), Problem::word("zeros_restored")),
        _ if is_free_text(field) => Meant::Shown(shown.to_owned(), Problem::word("shown_text")),
        // What stands between the digits of a code is there for the eye.
        _ if without_marks(shown) == held => Meant::Held,
        _ => Meant::Unclear(Problem::held("number_format")),
    }
}

/// Whether any text may stand in a field.
fn is_free_text(field: &Field) -> bool {
    matches!(field.kind, Kind::Text | Kind::Html | Kind::Tags) && !field.text_only
}

/// A number without what a format puts between its digits.
fn without_marks(shown: &str) -> String {
    shown.chars().filter(|c| !matches!(c, ',' | '-' | ' ')).collect()
}

/// Whether zeros in front of a whole number, and marks between its digits, are all that a format adds.
fn adds_zeros(held: &str, shown: &str) -> bool {
    let digits = without_marks(shown);
    !shown.contains(',')
        && digits.starts_with('0')
        && digits.len() > held.len()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits.trim_start_matches('0') == held || held == "0")
}

/// A column, the text that takes the place of its cell, and what it is.
type NewText = (usize, String, CellKind);

/// Puts texts in the place of cells.
fn replace(row: &mut Row, texts: &[NewText]) {
    if texts.is_empty() {
        return;
    }
    let replaced = |column: usize| texts.iter().find(|(own, ..)| *own == column).map(|(_, text, _)| text.as_str());
    row.cells = row.cells.iter().enumerate().map(|(column, cell)| replaced(column).unwrap_or(cell)).collect();
    for (column, _, kind) in texts {
        if let Some(old) = row.kinds.get_mut(*column) {
            *old = *kind;
        }
    }
}
