//! A mapping as a workbook that a person fills in with a spreadsheet program: what its sheets and columns are called, and how
//! it is read. It becomes the text of a mapping file, so that both mean the same; where a line of that text stands in the
//! workbook is kept for the errors about it. Its words are Chinese whatever language is spoken, as those of a template are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::toml_quoted::toml_quoted;
use crate::entity::fold;
use crate::error::{Error, Result};
use crate::format::xlsx::template::HIDDEN;
use crate::format::{self, Input, Row, column_number};
use crate::message;
use crate::problem::Severity;

/// The sheet with a row for each column of the file.
pub const COLUMNS_SHEET: &str = "列对应";
/// Titles in it: the column's letters, its heading, the field it means.
pub const LETTERS: &str = "列";
/// The heading of the column.
pub const HEADING: &str = "表头";
/// The field that the column means.
pub const FIELD: &str = "对应字段";
/// What stands there when a column is left out on purpose.
pub const LEAVE_OUT: &str = "不导入";

/// The sheet with words of the file that have to be said in other words.
pub const WORDS_SHEET: &str = "取值对应";
/// Titles in it and in the next sheet: the field.
pub const OF_FIELD: &str = "字段";
/// The word of the file.
pub const WORD: &str = "表格中的文字";
/// The word to take instead.
pub const INSTEAD: &str = "改为";

/// The sheet with values that every row gets.
pub const CONSTANTS_SHEET: &str = "固定值";
/// Title in it: the value.
pub const VALUE: &str = "每一行都取";

/// Title in the hidden sheet: the headings that the mapping was made for, below it. A row of the first sheet may be deleted by
/// whoever does not want its column; so these are kept apart. A program may drop the sheet.
pub const MADE_FOR: &str = "bw8.mapping";

/// Where a line of the text stands in the workbook.
pub(super) type Place = Option<(&'static str, u64)>;

/// The text of a mapping file in the making, and where each of its lines comes from.
#[derive(Debug, Default)]
struct Lines {
    text: String,
    places: Vec<Place>,
}

impl Lines {
    fn push(&mut self, line: &str, place: Place) {
        self.text.push_str(line);
        self.text.push('\n');
        self.places.push(place);
    }
}

/// The workbook as the text of a mapping file, and the places of its lines.
///
/// # Errors
/// A workbook that cannot be read, without the sheet or a column that are needed; a cell whose text is not certain.
pub(super) fn read(path: &Path, shown: &str) -> Result<(String, Vec<Place>)> {
    let columns = SheetRows::read(path, shown, COLUMNS_SHEET, &[LETTERS, HEADING, FIELD])?;
    let holds = |sheet: &str| columns.sheets.iter().any(|name| name == sheet);
    let mut lines = Lines::default();
    // Nobody sees it, and a program may have dropped it.
    if let Ok(header) = SheetRows::read(path, shown, HIDDEN, &[MADE_FOR]) {
        push_header(&header, &mut lines);
    }
    push_columns(&columns, &mut lines);
    if holds(CONSTANTS_SHEET) {
        let constants = SheetRows::read(path, shown, CONSTANTS_SHEET, &[OF_FIELD, VALUE])?;
        lines.push("[constants]", None);
        for row in constants.rows.iter().filter(|row| row.is_filled(&[0, 1])) {
            let line = format!("{} = {}", toml_quoted(&row.cells[0]), toml_quoted(&row.cells[1]));
            lines.push(&line, Some((CONSTANTS_SHEET, row.number)));
        }
        constants.refuse_repeated(shown, &[0], &[0, 1])?;
    }
    if holds(WORDS_SHEET) {
        let words = SheetRows::read(path, shown, WORDS_SHEET, &[OF_FIELD, WORD, INSTEAD])?;
        words.refuse_repeated(shown, &[0, 1], &[0, 1, 2])?;
        push_words(&words, &mut lines);
    }
    Ok((lines.text, lines.places))
}

/// The header that the mapping was made for. Workbooks of earlier versions do not say it.
fn push_header(header: &SheetRows, lines: &mut Lines) {
    let titles: Vec<String> = header
        .rows
        .iter()
        .map(|row| &row.cells[0])
        .filter(|title| !title.is_empty())
        .map(|title| toml_quoted(title))
        .collect();
    if !titles.is_empty() {
        lines.push(&format!("header = [{}]", titles.join(", ")), None);
    }
}

/// The columns: those that are left out first, as TOML wants it.
fn push_columns(columns: &SheetRows, lines: &mut Lines) {
    let rows: Vec<&FilledRow> =
        columns.rows.iter().filter(|row| !row.cells[0].is_empty() || !row.cells[1].is_empty()).collect();
    let name = |row: &FilledRow| {
        let heading = &row.cells[1];
        let same = rows.iter().filter(|other| fold(&other.cells[1]) == fold(heading)).count();
        let is_telling = !heading.is_empty() && same == 1 && !heading.starts_with('#');
        match column_number(&row.cells[0]) {
            Some(number) if !is_telling => format!("#{}", number + 1),
            _ => heading.clone(),
        }
    };
    lines.push("drop = [", None);
    for row in rows.iter().filter(|row| row.cells[2] == LEAVE_OUT) {
        lines.push(&format!("{},", toml_quoted(&name(row))), Some((COLUMNS_SHEET, row.number)));
    }
    lines.push("]", None);
    lines.push("[columns]", None);
    for row in rows.iter().filter(|row| row.cells[2] != LEAVE_OUT) {
        let line = format!("{} = {}", toml_quoted(&name(row)), toml_quoted(&row.cells[2]));
        lines.push(&line, Some((COLUMNS_SHEET, row.number)));
    }
}

/// The words that are said in other words, by field.
fn push_words(words: &SheetRows, lines: &mut Lines) {
    let mut by_field: BTreeMap<&str, Vec<&FilledRow>> = BTreeMap::new();
    for row in words.rows.iter().filter(|row| row.is_filled(&[0, 1, 2])) {
        by_field.entry(&row.cells[0]).or_default().push(row);
    }
    for (field, rows) in by_field {
        lines.push(&format!("[values.{}]", toml_quoted(field)), Some((WORDS_SHEET, rows[0].number)));
        for row in rows {
            let line = format!("{} = {}", toml_quoted(&row.cells[1]), toml_quoted(&row.cells[2]));
            lines.push(&line, Some((WORDS_SHEET, row.number)));
        }
    }
}

/// A row of the workbook: the cells that are needed, in the order they were asked for.
#[derive(Debug)]
struct FilledRow {
    number: u64,
    cells: Vec<String>,
}

impl FilledRow {
    fn is_filled(&self, cells: &[usize]) -> bool {
        cells.iter().all(|cell| !self.cells[*cell].is_empty())
    }
}

/// The rows of one sheet.
#[derive(Debug)]
struct SheetRows {
    sheet: &'static str,
    rows: Vec<FilledRow>,
    /// Names of the other sheets that hold rows.
    sheets: Vec<String>,
}

impl SheetRows {
    fn read(path: &Path, shown: &str, sheet: &'static str, titles: &[&str]) -> Result<SheetRows> {
        let input =
            Input { path: path.to_owned(), shown: shown.to_owned(), sheet: Some(sheet.to_owned()), ..Input::default() };
        let mut reader = format::open(&input)?;
        let found = reader.sheet().clone();
        let position = |title: &&str| {
            found.header.iter().position(|had| fold(had) == fold(title)).ok_or_else(|| {
                Error::usage(message!("mapping.no_title", file = shown, sheet = sheet, title = title))
                    .hint(message!("mapping.workbook_hint"))
            })
        };
        let columns: Vec<usize> = titles.iter().map(position).collect::<Result<_>>()?;
        let sheets = found.others.into_iter().chain(found.hidden).collect();
        let mut rows = SheetRows { sheet, rows: Vec::new(), sheets };
        let mut row = Row::default();
        while reader.read(&mut row)? {
            // A column that is hidden was hidden by a person and counts all the same.
            let wrong = row.remarks.iter().find(|remark| {
                remark.column.is_some_and(|column| columns.contains(&column))
                    && remark.problem.severity >= Severity::Held
                    && remark.problem.code != "hidden_column"
            });
            if let Some(remark) = wrong {
                let what = remark.problem.rule();
                return Err(Error::usage(message!(
                    "mapping.cell_location",
                    file = shown,
                    sheet = sheet,
                    row = row.number,
                    what = what
                ))
                .hint(remark.problem.hint()));
            }
            let cells = columns.iter().map(|column| row.cell(*column).text.trim().to_owned()).collect();
            rows.rows.push(FilledRow { number: row.number, cells });
        }
        Ok(rows)
    }

    /// Refuses two filled rows that say something of the same thing.
    fn refuse_repeated(&self, shown: &str, key: &[usize], filled: &[usize]) -> Result<()> {
        let mut seen = BTreeSet::new();
        for row in self.rows.iter().filter(|row| row.is_filled(filled)) {
            let cells: Vec<&str> = key.iter().map(|cell| row.cells[*cell].as_str()).collect();
            let name = cells.join(" / ");
            if !seen.insert(cells) {
                let what = message!("mapping.row_twice", name = name);
                return Err(Error::usage(message!(
                    "mapping.cell_location",
                    file = shown,
                    sheet = self.sheet,
                    row = row.number,
                    what = what
                ))
                .hint(message!("mapping.row_twice_hint")));
            }
        }
        Ok(())
    }
}
