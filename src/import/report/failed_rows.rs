//! The files of failed rows, to be fixed and handed back: a workbook for people, and for input that is text a file in its own
//! format, columns and order, for programs.

use std::path::PathBuf;

use super::advice::advice;
use super::content::RunContent;
use super::failed_files::{FailedFiles, free_name};
use super::row_findings::RowFindings;
use super::words;
use super::written_rows::WrittenRows;
use crate::check::confirmed::{with_codes, with_record};
use crate::check::consent::is_about_record;
use crate::check::findings::RowFinding;
use crate::error::Result;
use crate::format::xlsx::limits::MAX_COLUMNS;
use crate::format::{
    CSV, Cell, CellKind, Column, Dialect, FileFormat, Mark, Marking, Row, Value, WriteOptions, Writer, XLSX,
};
use crate::import::cells::CellReader;
use crate::journal::{Journal, Operation, OperationCursor, Reason, Status};
use crate::language::Language;
use crate::mapping::{
    Mapping, OwnColumns, RESULT_COLUMNS, is_titled_as_confirmation, is_titled_as_reason, reason_columns,
};
use crate::message::Message;
use crate::problem::Severity;
use crate::t;

/// Widths of the columns that stay in sight: why, what to do.
const WIDTHS: [f64; 2] = [30.0, 30.0];
/// Most columns that are added to those of the input.
const ADDED_COLUMNS: usize = 10;
/// Code of a number that a spreadsheet program has rounded.
const DIGITS_LOST: &str = "digits_lost";

/// Writes the files of failed rows and says where they stand: in the input's format, and the workbook where that is another
/// one. None when no row failed.
///
/// # Errors
/// Cells that were not kept, a full disk, a journal that cannot be read.
pub(super) fn write(content: &RunContent<'_>) -> Result<FailedFiles> {
    if content.counts.retriable() == 0 {
        return FailedFiles::clear(content.journal);
    }
    let cells = CellReader::open(content.journal.folder(), content.identity())?;
    // Beside so many columns a sheet has no room for what is said of the rows.
    let is_too_wide = cells.header().len() + ADDED_COLUMNS > MAX_COLUMNS as usize;
    let format = if is_too_wide && cells.format()? == &XLSX { &CSV } else { cells.format()? };
    let (own, note) = (format == &XLSX, "failed");
    let all = &|_: &Operation| Ok(true);
    let book = if own || is_too_wide { None } else { Some(write_one(content, &XLSX, "failed_book", all)?) };
    Ok(FailedFiles { own: Some(write_one(content, format, note, all)?), book })
}

/// Writes some of the rows that were not done into a workbook of their own, or into a file for programs where a sheet has no room
/// for them, and says where it stands.
///
/// # Errors
/// Cells that were not kept, a full disk, a journal that cannot be read.
pub(in crate::import) fn write_left(
    content: &RunContent<'_>,
    is_left: &dyn Fn(&Operation) -> Result<bool>,
) -> Result<PathBuf> {
    let cells = CellReader::open(content.journal.folder(), content.identity())?;
    let is_too_wide = cells.header().len() + ADDED_COLUMNS > MAX_COLUMNS as usize;
    match cells.format()? == &XLSX {
        _ if is_too_wide => write_one(content, &CSV, "failed", is_left),
        true => write_one(content, &XLSX, "failed", is_left),
        false => write_one(content, &XLSX, "failed_book", is_left),
    }
}

fn write_one(
    content: &RunContent<'_>,
    format: &'static FileFormat,
    note: &str,
    is_wanted: &dyn Fn(&Operation) -> Result<bool>,
) -> Result<PathBuf> {
    let mut cells = CellReader::open(content.journal.folder(), content.identity())?;
    let mut failed = FailedRows::create(content, &cells, format, note)?;
    let mut operations = OperationCursor::open(content.journal.folder())?;
    let mut findings = RowFindings::new(content.past);
    let run = content.identity().run.to_string();
    let (mut row, mut row_index) = (Row::default(), 0);
    while cells.read(&mut row)? {
        if let Some(operation) = operations.at(row_index)?
            && matches!(operation.status, Status::Refused | Status::Held | Status::Failed)
            && is_wanted(operation)?
        {
            let findings = findings.at(row_index)?;
            failed.write(&row, operation, &findings, &run)?;
        }
        row_index += 1;
    }
    failed.finish(content.journal, note)
}

/// A file in the making.
struct FailedRows<'a> {
    writer: Box<dyn Writer>,
    path: PathBuf,
    mapping: &'a Mapping,
    /// Whether it is laid out for people.
    is_book: bool,
    /// Columns of the input that are written; its own extra columns are not.
    kept: Vec<usize>,
    width: usize,
    /// Columns of ours before those of the input.
    leading: usize,
    /// Whether there is a column in which a person consents to rows.
    has_confirmation: bool,
    /// The rows that stand in it.
    written: WrittenRows,
}

impl<'a> FailedRows<'a> {
    /// Begins the file, under a name that overwrites nothing a person changed.
    ///
    /// # Errors
    /// A folder that cannot be written.
    fn create(
        content: &RunContent<'a>,
        cells: &CellReader,
        format: &'static FileFormat,
        note: &str,
    ) -> Result<FailedRows<'a>> {
        let (header, mapping, is_book) = (cells.header(), content.mapping, format == &XLSX);
        let own = OwnColumns::of(header);
        let kept: Vec<usize> = (0..header.len()).filter(|column| !own.has(*column)).collect();
        // Beside columns of the input that are called so, ours are told apart by standing where they always stand.
        let has = |is_titled: fn(&str) -> bool| kept.iter().any(|column| is_titled(&header[*column]));
        let has_reasons = is_book || has(is_titled_as_reason);
        let has_confirmation = content.counts.held > 0 || has(is_titled_as_confirmation);
        let plain = |title: String, is_text: bool| Column { title, is_text, ..Column::default() };
        let mut columns: Vec<Column> = Vec::new();
        let confirmation = has_confirmation.then(|| plain(t!("import.confirm_column").into_owned(), true));
        if has_reasons {
            columns.extend(reason_columns(Language::current()).map(|title| plain(title.to_owned(), false)));
            columns.extend(confirmation.clone());
        }
        let leading = columns.len();
        columns.extend(kept.iter().map(|column| plain(header[*column].clone(), mapping.is_text_column(*column))));
        if !has_reasons {
            columns.extend(confirmation);
        }
        let technical = u16::try_from(columns.len()).ok();
        columns.extend(RESULT_COLUMNS.map(|title| plain(title.into(), title == "bw8_run")));
        let marking = Marking {
            frozen: u16::try_from(leading).unwrap_or(0),
            wrapped: (0u16..).zip(WIDTHS).collect(),
            wraps_long: true,
            choices: choices(mapping, &kept, leading, has_confirmation),
            technical,
        };
        let path = free_name(content.journal, format, note)?;
        let mut dialect = Dialect::default();
        dialect.delimiter = cells.delimiter().unwrap_or(dialect.delimiter);
        let sheet = cells.sheet().or(Some("Sheet1"));
        let marking = is_book.then_some(&marking);
        let writer = format.create(&path, &WriteOptions { dialect, sheet, marking, ..WriteOptions::new(&columns) })?;
        let (width, written) = (header.len(), WrittenRows::new()?);
        Ok(FailedRows { writer, path, mapping, is_book, kept, width, leading, has_confirmation, written })
    }

    /// Writes a row and why it failed.
    ///
    /// # Errors
    /// A full disk.
    fn write(&mut self, row: &Row, operation: &Operation, findings: &[RowFinding], run: &str) -> Result<()> {
        let here = operation.reason.as_deref().map(|reason| self.as_here(reason)).transpose()?;
        let reason = here.as_ref();
        let findings = &self.findings_here(findings)?[..];
        let message = reason.map(|reason| match operation.status {
            Status::Held => with_codes(&codes_held_for(reason, findings), &words_held_for(reason)),
            Status::Failed if !reason.code.is_empty() => format!("{} {}", reason.code, reason.message),
            _ => reason.message.to_string(),
        });
        let why =
            reason.filter(|_| self.is_book).map(|reason| words::why(operation.status, &reason.code, &reason.message));
        let why = why.unwrap_or_default();
        let todo = advice(Some(operation), findings, self.mapping);
        let damaged: Vec<Option<String>> = self.kept.iter().map(|column| damaged(row, *column, findings)).collect();
        let mut values: Vec<Value<'_>> = Vec::with_capacity(self.leading + self.kept.len() + RESULT_COLUMNS.len() + 1);
        if self.leading > 0 {
            values.extend([Value::Text(&why), Value::Text(&todo)]);
            values.resize(self.leading, Value::Empty);
        }
        values.extend(self.kept.iter().zip(&damaged).map(|(column, damaged)| match damaged {
            Some(text) => Value::Text(text),
            None => Value::of_cell(row.cell(*column)),
        }));
        if self.has_confirmation && self.leading == 0 {
            values.push(Value::Empty);
        }
        let number = operation.row.number as f64;
        values.extend([
            Value::Number(number),
            Value::Text(run),
            Value::Text(operation.status.as_str()),
            message.as_deref().map_or(Value::Empty, Value::Text),
        ]);
        // Cells beyond the header are kept too, so that nothing of a row that slipped is lost.
        let is_filled = |column: &usize| !row.cell(*column).text.trim().is_empty();
        let beyond = self.width..row.cells.len();
        let room = (MAX_COLUMNS as usize).saturating_sub(values.len());
        match self.is_book && beyond.len() > room {
            // A row may be as wide as a sheet: what is filled stays, so that it is refused again.
            true => values.extend(beyond.filter(is_filled).take(room).map(|column| Value::of_cell(row.cell(column)))),
            false => values.extend(beyond.map(|column| Value::of_cell(row.cell(column)))),
        }
        if !self.is_book {
            return self.writer.write(&values);
        }
        self.written.add(operation.row.number)?;
        self.writer.write_marked(&values, &self.marks(operation, findings, &why, &todo))
    }

    /// Why a row failed, as it is said in this file.
    fn as_here(&mut self, reason: &Reason) -> Result<Reason> {
        Ok(Reason { message: self.rows_here(&reason.message)?, ..reason.clone() })
    }

    /// What was found in a row, as it is said in this file.
    fn findings_here(&mut self, findings: &[RowFinding]) -> Result<Vec<RowFinding>> {
        let here = |finding: &RowFinding| Ok(RowFinding { rule: self.rows_here(&finding.rule)?, ..finding.clone() });
        findings.iter().map(here).collect()
    }

    /// A message in which another row is that of this file, where it stands here; a file for programs has the numbers of the
    /// first file, which stand in its columns.
    fn rows_here(&mut self, message: &Message) -> Result<Message> {
        if !self.is_book {
            return Ok(message.clone());
        }
        let mut failure = None;
        let message = message.mapped(&mut |message| {
            let is_compared = message.code() == "import.duplicate";
            let first = message.part("row").and_then(|row| row.to_string().parse().ok()).filter(|_| is_compared)?;
            match self.written.find(first) {
                // The header is the first row of the sheet.
                Ok(Some(index)) => Some(renamed(message, "import.duplicate_here", index + 2)),
                Ok(None) => Some(renamed(message, "import.duplicate_elsewhere", first)),
                Err(error) => {
                    failure = Some(error);
                    None
                }
            }
        });
        match failure {
            Some(error) => Err(error),
            None => Ok(message),
        }
    }

    /// The cells that are wrong, with what is wrong with them.
    fn marks(&self, operation: &Operation, findings: &[RowFinding], why: &str, todo: &str) -> Vec<Mark> {
        let position =
            |column: usize| self.kept.iter().position(|kept| *kept == column).map(|position| position + self.leading);
        let of_finding = |finding: &RowFinding| {
            let is_why = finding.severity.as_str() == operation.status.as_str();
            let column = position(usize::try_from(finding.column?).ok()?).filter(|_| is_why)?;
            let hint = finding.hint.to_string();
            let note = [finding.rule.to_string(), hint].into_iter().filter(|text| !text.is_empty());
            Some(Mark { column, note: note.collect::<Vec<_>>().join("\n") })
        };
        let mut marks: Vec<Mark> = Vec::new();
        for mark in findings.iter().filter_map(of_finding) {
            match marks.iter_mut().find(|known| known.column == mark.column) {
                Some(known) => known.note = format!("{}\n{}", known.note, mark.note),
                None => marks.push(mark),
            }
        }
        let field = operation.reason.as_deref().map(|reason| reason.field.as_str()).filter(|field| !field.is_empty());
        if marks.is_empty()
            && let Some(column) = field.and_then(|field| self.mapping.column(field)).and_then(position)
        {
            marks.push(Mark { column, note: format!("{why}\n{todo}") });
        }
        marks
    }

    /// Completes the file, and remembers what was written.
    ///
    /// # Errors
    /// A full disk.
    fn finish(self, journal: &Journal, note: &str) -> Result<PathBuf> {
        self.writer.finish()?;
        FailedFiles::remember(journal, note, &self.path)?;
        Ok(self.path)
    }
}

/// What a row was held back for, and what was said of it beside that: consent to the row is consent to these.
fn codes_held_for(reason: &Reason, findings: &[RowFinding]) -> Vec<String> {
    let mut codes = vec![with_record(&reason.code, record_shown(reason).as_deref())];
    let is_said = |finding: &&RowFinding| matches!(finding.severity, Severity::Held | Severity::Word);
    for finding in findings.iter().filter(is_said).filter(|finding| finding.code != reason.code) {
        if !codes.contains(&finding.code) {
            codes.push(finding.code.clone());
        }
    }
    codes
}

/// The record that would be there twice, where a row waits for that.
fn record_shown(reason: &Reason) -> Option<String> {
    if !is_about_record(&reason.code) {
        return None;
    }
    let mut shown = None;
    reason.message.mapped(&mut |message| {
        shown = shown.take().or_else(|| message.part("id").map(|id| id.to_string()));
        None
    });
    shown.filter(|id| id != "?")
}

/// Why a row was held back, in words; of one that was held back before, why that was.
fn words_held_for(reason: &Reason) -> String {
    let was_held = |message: &Message| message.part("reason").filter(|_| message.code() == "check.held_before");
    reason.message.mapped(&mut |message| was_held(message)).to_string()
}

/// A message of another text, about another row.
fn renamed(message: &Message, code: &'static str, row: u64) -> Message {
    let labels = message.part("labels").unwrap_or_default();
    Message::new(code, vec![("labels", labels.into()), ("row", row.to_string().into())])
}

/// What can be chosen in the columns of choices, and where a person consents.
fn choices(mapping: &Mapping, kept: &[usize], leading: usize, has_confirmation: bool) -> Vec<(u16, Vec<String>)> {
    let entity = mapping.entity();
    let of_field = |(position, column): (usize, &usize)| {
        let field = entity.fields.iter().find(|field| mapping.column(&field.name) == Some(*column))?;
        let labels: Vec<String> =
            field.offered_choices().map(|choice| choice.label(Language::current()).to_owned()).collect();
        Some((u16::try_from(position + leading).ok()?, labels)).filter(|(_, labels)| !labels.is_empty())
    };
    let mut choices: Vec<(u16, Vec<String>)> = kept.iter().enumerate().filter_map(of_field).collect();
    if let Some(column) = leading.checked_sub(1).and_then(|last| u16::try_from(last).ok()).filter(|_| has_confirmation)
    {
        choices.push((column, vec![t!("report.yes").into_owned()]));
    }
    choices
}

/// A number whose digits a spreadsheet program has rounded, as a text that nobody takes for whole; none of a cell that is sound.
fn damaged(row: &Row, column: usize, findings: &[RowFinding]) -> Option<String> {
    let cell: Cell<'_> = row.cell(column);
    let is_damaged = |finding: &RowFinding| finding.code == DIGITS_LOST && finding.column == Some(column as u64);
    let number: f64 = match cell.kind {
        CellKind::Number if findings.iter().any(is_damaged) => cell.text.parse().ok()?,
        _ => return None,
    };
    Some(format!("{number:E}").replace('E', "E+").replace("+-", "-"))
}
