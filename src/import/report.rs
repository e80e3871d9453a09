//! What became of every row, for people and for scripts: `results.csv`, `issues.csv`, the file of failed rows in the
//! input's own format, `summary.json`. All of it is read from the journal; the input is read once more only where its own
//! cells are needed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use rust_i18n::t;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::mapping::Plan;
use super::request::Mode;
use super::words;
use crate::error::{Context, Error, Exit, Result};
use crate::format::csv::{CsvWriter, Dialect};
use crate::format::xlsx::{Options, XlsxWriter};
use crate::format::{self, Column, Format, Input, Reader, Row, Value, Writer, column_letters};
use crate::journal::{Counts, Identity, InOrder, Journal, Operation, Past, Status};

/// Columns that a file of failed rows has beside the input's own.
pub const EXTRA_COLUMNS: [&str; 4] = ["bw8_row", "bw8_run", "bw8_status", "bw8_error"];

const RESULT_HEAD: [&str; 11] =
    ["row", "sheet", "status", "action", "id", "code", "field", "message", "attempts", "request_id", "time"];
const ISSUE_HEAD: [&str; 7] = ["row", "sheet", "column", "header", "code", "rule", "hint"];
/// Rows whose findings are read from the journal at a time.
const AT_A_TIME: usize = 4096;
/// Kinds of errors that `summary.json` names.
const ERROR_KINDS: usize = 50;

/// Kinds of errors that a person is told at the end.
const SHOWN_REASONS: usize = 5;

/// What is reported and where.
pub struct Report<'a> {
    /// The run's journal.
    pub journal: &'a Journal,
    /// What it says.
    pub past: &'a Past,
    /// The input.
    pub input: &'a Input,
    /// Which column feeds which field.
    pub plan: &'a Plan,
    /// How many rows ended how.
    pub counts: Counts,
    /// Rows that were created without an id in the answer.
    ids_pending: u64,
    /// Why rows were not done: status, code, one message, how many; most first.
    reasons: Vec<(Status, String, String, u64)>,
}

/// Files that were written.
#[derive(Debug, Default)]
pub struct Files {
    /// The failed rows, when there are any.
    pub failed: Option<PathBuf>,
    /// What could not be written, in words.
    pub warnings: Vec<String>,
    /// Something is missing that the same command can still write.
    pub is_incomplete: bool,
}

impl<'a> Report<'a> {
    /// What there is to report of a run.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub fn new(
        journal: &'a Journal,
        past: &'a Past,
        input: &'a Input,
        plan: &'a Plan,
        counts: Counts,
    ) -> Result<Report<'a>> {
        // Each of these looks at every row.
        let ids_pending = if plan.entity().id.is_some() && counts.created > 0 { past.ids_pending()? } else { 0 };
        let reasons = if counts.done() < counts.ended() { past.reasons()? } else { Vec::new() };
        Ok(Report { journal, past, input, plan, counts, ids_pending, reasons })
    }
}

impl Report<'_> {
    /// Writes `results.csv`, `issues.csv` and the file of failed rows. What cannot be written is a warning: the journal
    /// holds it all.
    pub fn write(&self) -> Files {
        let mut files = Files::default();
        for written in [self.write_issues(), self.write_rows(&mut files)] {
            if let Err(error) = written {
                files.warnings.push(error.message().to_owned());
                files.is_incomplete = true;
            }
        }
        files
    }

    /// What is done with rows: tags are a change of the record they stand on.
    fn action(&self) -> &str {
        if self.plan.entity().edits.is_some() { Mode::Update.word() } else { &self.identity().mode }
    }

    fn identity(&self) -> &Identity {
        self.journal.identity()
    }

    fn write_issues(&self) -> Result<()> {
        let path = self.journal.folder().join("issues.csv");
        let mut writer = None;
        let mut from = 0;
        while from < self.identity().rows {
            for finding in self.past.findings(from, AT_A_TIME)? {
                let writer: &mut Issues = match &mut writer {
                    Some(writer) => writer,
                    none => none.insert(Issues::create(&path)?),
                };
                writer.write(&finding, self.identity().sheet.as_deref(), self.plan)?;
            }
            from += AT_A_TIME as u64;
        }
        match writer {
            Some(writer) => writer.finish(),
            // The file of an earlier input would speak of rows that are mended.
            None => remove(&path),
        }
    }

    /// One pass over the rows, in input order.
    fn write_rows(&self, files: &mut Files) -> Result<()> {
        let open_rows = self.counts.refused + self.counts.failed;
        let mut reader = match (open_rows + self.counts.pending > 0).then(|| format::open(self.input)).transpose() {
            Ok(reader) => reader,
            Err(error) => {
                files.warnings.push(error.message().to_owned());
                files.is_incomplete = true;
                None
            }
        };
        let mut results =
            format::create(Format::Csv, &self.journal.folder().join("results.csv"), &columns(&RESULT_HEAD))?;
        let mut failed = match &reader {
            Some(reader) if open_rows > 0 => Some(Failed::create(self, reader)?),
            _ => None,
        };
        let mut operations = InOrder::open(self.journal.folder())?;
        let mut row = Row::default();
        for place in 0..self.identity().rows {
            let operation = operations.at(place)?;
            if let Some(rows) = &mut reader {
                let is_there = rows.read(&mut row).unwrap_or(false);
                if !is_there || operation.as_ref().is_some_and(|operation| operation.row.content != row.content) {
                    // Cells of another row beside this one's error would be worse than none.
                    (reader, failed, row) = (None, None, Row::default());
                    files.warnings.push(t!("report.input_changed", file = self.input.shown).into_owned());
                }
            }
            self.write_result(results.as_mut(), operation.as_ref(), &row)?;
            if let (Some(failed), Some(operation)) = (&mut failed, operation)
                && matches!(operation.status, Status::Refused | Status::Failed)
            {
                failed.write(&row, &operation, &self.identity().run.to_string())?;
            }
        }
        results.finish()?;
        match failed {
            Some(failed) => files.failed = Some(failed.finish(self.journal)?),
            None if open_rows == 0 => Failed::clear(self.journal)?,
            None => {}
        }
        Ok(())
    }

    fn write_result(&self, results: &mut dyn Writer, operation: Option<&Operation>, row: &Row) -> Result<()> {
        let sheet = self.identity().sheet.as_deref().unwrap_or_default();
        let Some(operation) = operation else {
            let number = if row.number > 0 { row.number.to_string() } else { String::new() };
            let mut values = [Value::Empty; RESULT_HEAD.len()];
            values[..4].copy_from_slice(&[
                Value::Text(&number),
                Value::Text(sheet),
                Value::Text("pending"),
                Value::Text(self.action()),
            ]);
            return results.write(&values);
        };
        let number = operation.row.number.to_string();
        let attempts = operation.attempts.to_string();
        let request_id = if operation.attempts > 0 {
            operation.row.request_id(&self.identity().run).to_string()
        } else {
            String::new()
        };
        let time = moment(operation.at);
        let reason = operation.reason.as_deref();
        results.write(&[
            Value::Text(&number),
            Value::Text(sheet),
            Value::Text(operation.status.word()),
            Value::Text(self.action()),
            Value::Text(operation.id.as_deref().unwrap_or_default()),
            Value::Text(reason.map_or("", |reason| &reason.code)),
            Value::Text(reason.map_or("", |reason| &reason.field)),
            Value::Text(reason.map_or("", |reason| &reason.message)),
            Value::Text(&attempts),
            Value::Text(&request_id),
            Value::Text(&time),
        ])
    }

    /// The summary, as it stands in `summary.json` and on standard output.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub fn summary(&self, exit: Exit, finished: bool, files: &Files, next: Option<&str>) -> Result<Json> {
        let (requests, retries, seconds) = self.past.totals()?;
        let errors: Vec<Json> = self
            .reasons
            .iter()
            .take(ERROR_KINDS)
            .map(|(status, code, message, rows)| json!({"code": code, "message": message, "rows": rows, "status": status}))
            .collect();
        let identity = self.identity();
        Ok(json!({
            "version": 1,
            "run": identity.run,
            "entity": identity.entity,
            "finished": finished,
            "rows": self.counts,
            "ids_pending": self.ids_pending,
            "requests": requests,
            "retries": retries,
            "seconds": (seconds * 1000.0).round() / 1000.0,
            "errors": errors,
            "exit": exit,
            "folder": self.journal.folder(),
            "failed_file": files.failed,
            "account": identity.target,
            "input": identity.input_path,
            "input_fingerprint": identity.input,
            "rows_per_second": if seconds > 0.0 { (self.counts.ended() as f64 / seconds * 10.0).round() / 10.0 } else { 0.0 },
            "parent": identity.parent.as_ref().map(|parent| parent.run),
            "next": next,
        }))
    }

    /// Writes `summary.json`.
    ///
    /// # Errors
    /// A full disk.
    pub fn write_summary(&self, summary: &Json) -> Result<()> {
        let path = self.journal.folder().join("summary.json");
        let place = || t!("csv.cannot_write", file = path.display()).into_owned();
        let mut file = tempfile::NamedTempFile::new_in(self.journal.folder()).context(place)?;
        serde_json::to_writer_pretty(&mut file, summary).context(place)?;
        std::io::Write::write_all(&mut file, b"\n").context(place)?;
        file.persist(&path).map_err(|error| error.error).context(place)?;
        Ok(())
    }
}

/// A file of findings.
pub struct Issues {
    writer: Box<dyn Writer>,
}

impl Issues {
    /// Begins a file of findings.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn create(path: &Path) -> Result<Issues> {
        Ok(Issues { writer: format::create(Format::Csv, path, &columns(&ISSUE_HEAD))? })
    }

    /// Writes one finding.
    ///
    /// # Errors
    /// A full disk.
    pub fn write(&mut self, finding: &crate::journal::StoredFinding, sheet: Option<&str>, plan: &Plan) -> Result<()> {
        let column = finding.column.and_then(|column| usize::try_from(column).ok());
        let number = finding.number.to_string();
        let letters = column.map(column_letters).unwrap_or_default();
        self.writer.write(&[
            Value::Text(&number),
            Value::Text(sheet.unwrap_or_default()),
            Value::Text(&letters),
            Value::Text(column.map_or("", |column| plan.header(column))),
            Value::Text(&finding.code),
            Value::Text(&finding.rule),
            Value::Text(&finding.hint),
        ])
    }

    /// Completes the file.
    ///
    /// # Errors
    /// A full disk, or a name another program holds.
    pub fn finish(self) -> Result<()> {
        self.writer.finish()
    }
}

/// The failed rows, in the input's own format, columns and order, to be mended and handed back.
struct Failed {
    writer: Box<dyn Writer>,
    path: PathBuf,
    /// Columns of the input that are written; its own extra columns are not.
    kept: Vec<usize>,
    width: usize,
}

impl Failed {
    fn create(report: &Report<'_>, reader: &Reader) -> Result<Failed> {
        let sheet = reader.sheet();
        let format = format::detect(report.input)?;
        let kept: Vec<usize> =
            (0..sheet.header.len()).filter(|column| !EXTRA_COLUMNS.contains(&sheet.header[*column].trim())).collect();
        let mut columns: Vec<Column> = kept
            .iter()
            .map(|column| Column {
                title: sheet.header[*column].clone(),
                is_text: report.plan.is_text_column(*column),
                required: false,
            })
            .collect();
        columns.extend(EXTRA_COLUMNS.map(|title| Column {
            title: title.into(),
            is_text: title == "bw8_run",
            required: false,
        }));
        let path = free_name(report.journal, format)?;
        let writer: Box<dyn Writer> = match format {
            Format::Csv => {
                let delimiter = sheet.delimiter.unwrap_or(b',');
                Box::new(CsvWriter::create_in(&path, &columns, Dialect { delimiter, ..Dialect::default() })?)
            }
            Format::Xlsx => {
                let name = sheet.name.as_deref().unwrap_or("Sheet1");
                Box::new(XlsxWriter::create(&path, &Options::new(name, &columns))?)
            }
        };
        Ok(Failed { writer, path, kept, width: sheet.header.len() })
    }

    fn write(&mut self, row: &Row, operation: &Operation, run: &str) -> Result<()> {
        let reason = operation.reason.as_deref();
        let message = reason.map(|reason| match operation.status {
            Status::Failed if !reason.code.is_empty() => format!("{} {}", reason.code, reason.message),
            _ => reason.message.clone(),
        });
        let mut values: Vec<Value<'_>> = self.kept.iter().map(|column| Value::of_cell(row.cell(*column))).collect();
        let number = operation.row.number as f64;
        values.extend([
            Value::Number(number),
            Value::Text(run),
            Value::Text(operation.status.word()),
            message.as_deref().map_or(Value::Empty, Value::Text),
        ]);
        // Cells beyond the header are kept too, so that nothing of a row that slipped is lost.
        values.extend((self.width..row.cells.len()).map(|column| Value::of_cell(row.cell(column))));
        self.writer.write(&values)
    }

    fn finish(self, journal: &Journal) -> Result<PathBuf> {
        self.writer.finish()?;
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let written = hash(&self.path).context(|| self.path.display().to_string())?;
        journal.set_note("failed", &format!("{written} {name}"))?;
        Ok(self.path)
    }

    /// No row failed: a file of failed rows that nobody touched goes.
    fn clear(journal: &Journal) -> Result<()> {
        match ours(journal)? {
            Some(path) => remove(&path),
            None => Ok(()),
        }
    }
}

/// The file of failed rows that this run wrote, when nobody changed it since.
fn ours(journal: &Journal) -> Result<Option<PathBuf>> {
    let Some(note) = journal.note("failed")? else { return Ok(None) };
    let Some((written, name)) = note.split_once(' ') else { return Ok(None) };
    let path = journal.folder().join(name);
    let unchanged = hash(&path).is_ok_and(|hash| hash == written);
    Ok(unchanged.then_some(path))
}

/// `failed.xlsx`, or `failed-2.xlsx` and so on when a person changed that one or another program holds it.
fn free_name(journal: &Journal, format: Format) -> Result<PathBuf> {
    let extension = format.extension();
    if let Some(path) = ours(journal)?.filter(|path| path.extension().is_some_and(|had| had == extension))
        && is_replaceable(&path)
    {
        return Ok(path);
    }
    let folder = journal.folder();
    let names = std::iter::once(format!("failed.{extension}"))
        .chain((2..10_000).map(|number| format!("failed-{number}.{extension}")));
    names
        .map(|name| folder.join(name))
        .find(|path| !path.exists())
        .ok_or_else(|| Error::cannot_run(t!("csv.cannot_write", file = folder.join("failed").display())))
}

/// Whether a file can be written over: Excel and WPS hold an open one on Windows.
fn is_replaceable(path: &Path) -> bool {
    std::fs::OpenOptions::new().write(true).open(path).is_ok()
}

/// The hash of a file, which may be large.
fn hash(path: &Path) -> std::io::Result<String> {
    let mut file = BufReader::with_capacity(64 * 1024, File::open(path)?);
    let mut hasher = Sha256::new();
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        hasher.update(bytes);
        let read = bytes.len();
        file.consume(read);
    }
    Ok(hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::cannot_run(t!("journal.cannot_write", file = path.display(), why = error)))
        }
        _ => Ok(()),
    }
}

fn columns(titles: &[&str]) -> Vec<Column> {
    titles.iter().map(|title| Column { title: (*title).to_owned(), ..Column::default() }).collect()
}

/// A moment in UTC, as scripts read it.
fn moment(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map(|moment| moment.to_string()).unwrap_or_default()
}

/// The summary for a person.
pub fn describe(report: &Report<'_>, files: &Files, cause: Option<&str>, next: Option<&str>) -> String {
    let mut lines = Vec::new();
    if let Some(cause) = cause {
        lines.push(cause.to_owned());
    }
    lines.push(t!("report.rows", read = report.counts.read, counts = words::counts(&report.counts)).into_owned());
    if report.counts.unknown > 0 {
        lines.push(t!("report.unknown", rows = report.counts.unknown).into_owned());
    }
    if report.ids_pending > 0 {
        lines.push(t!("report.ids_pending", rows = report.ids_pending).into_owned());
    }
    for (status, code, message, rows) in report.reasons.iter().take(SHOWN_REASONS) {
        lines.push(words::reason(*status, code, message, *rows));
    }
    if report.reasons.len() > SHOWN_REASONS {
        lines.push(t!("report.more_reasons", kinds = report.reasons.len() - SHOWN_REASONS).into_owned());
    }
    lines.push(t!("report.folder", file = report.journal.folder().join("results.csv").display()).into_owned());
    if let Some(failed) = &files.failed {
        lines.push(t!("report.failed_file", file = failed.display()).into_owned());
    }
    for warning in &files.warnings {
        lines.push(t!("report.warning", warning = warning).into_owned());
    }
    if let Some(next) = next {
        lines.push(t!("report.next", command = next).into_owned());
    }
    lines.join("\n")
}

/// The exit code of a run that ended with these counts.
pub fn exit_of(counts: &Counts, cause: Option<Exit>) -> Exit {
    match cause {
        Some(Exit::Denied) => Exit::Denied,
        Some(exit) => exit,
        None if counts.unknown > 0 => Exit::SomeUnknown,
        None if counts.refused + counts.failed > 0 => Exit::SomeFailed,
        None => Exit::Done,
    }
}

impl Plan {
    /// Whether a column of the input feeds a field that must stay text.
    fn is_text_column(&self, column: usize) -> bool {
        self.slots.iter().any(|slot| {
            matches!(slot.source, super::mapping::Source::Column(source) if source == column)
                && slot.field.is_text_column()
        })
    }
}
