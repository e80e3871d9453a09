//! The file of failed rows: the input's own format, columns and order, to be fixed and handed back.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use rust_i18n::t;
use sha2::{Digest, Sha256};

use super::content::RunContent;
use crate::check::as_shown::is_seen_in_sheet;
use crate::error::{Context, Error, Result};
use crate::files;
use crate::format::{self, Column, Dialect, FileFormat, Row, Value, WriteOptions, Writer};
use crate::import::cells::CellReader;
use crate::journal::{Journal, Operation, OperationCursor, Status};
use crate::mapping::{RESULT_COLUMNS, is_own_column};
use crate::message;

/// Writes the file of failed rows and says where it stands; none when no row failed.
///
/// # Errors
/// Cells that were not kept, a full disk, a journal that cannot be read.
pub(super) fn write(content: &RunContent<'_>) -> Result<Option<PathBuf>> {
    if content.counts.retriable() == 0 {
        return clear(content.journal).map(|()| None);
    }
    let mut cells = CellReader::open(content.journal.folder(), content.identity())?;
    let mut failed = FailedRows::create(content, &cells)?;
    let mut operations = OperationCursor::open(content.journal.folder())?;
    let run = content.identity().run.to_string();
    let (mut row, mut row_index) = (Row::default(), 0);
    while cells.read(&mut row)? {
        if let Some(operation) = operations.at(row_index)?
            && matches!(operation.status, Status::Refused | Status::Held | Status::Failed)
        {
            failed.write(&row, &operation, &run)?;
        }
        row_index += 1;
    }
    failed.finish(content.journal).map(Some)
}

/// The file in the making.
struct FailedRows {
    writer: Box<dyn Writer>,
    path: PathBuf,
    /// Columns of the input that are written; its own extra columns are not.
    kept: Vec<usize>,
    width: usize,
    /// Whether there is a column in which a person consents to rows.
    has_confirmation: bool,
}

impl FailedRows {
    /// Begins the file, under a name that overwrites nothing a person changed.
    ///
    /// # Errors
    /// A folder that cannot be written.
    fn create(content: &RunContent<'_>, cells: &CellReader) -> Result<FailedRows> {
        let (header, format) = (cells.header(), cells.format()?);
        let kept: Vec<usize> = (0..header.len()).filter(|column| !is_own_column(header[*column].trim())).collect();
        let mut columns: Vec<Column> = kept
            .iter()
            .map(|column| Column {
                title: header[*column].clone(),
                is_text: content.mapping.is_text_column(*column),
                required: false,
            })
            .collect();
        let has_confirmation = content.counts.held > 0;
        if has_confirmation {
            let title = t!("import.confirm_column").into_owned();
            columns.push(Column { title, is_text: true, required: false });
        }
        columns.extend(RESULT_COLUMNS.map(|title| Column {
            title: title.into(),
            is_text: title == "bw8_run",
            required: false,
        }));
        let path = free_name(content.journal, format)?;
        let mut dialect = Dialect::default();
        dialect.delimiter = cells.delimiter().unwrap_or(dialect.delimiter);
        let name = cells.sheet().or(Some("Sheet1"));
        let writer = format.create(&path, &WriteOptions { dialect, sheet: name, ..WriteOptions::new(&columns) })?;
        Ok(FailedRows { writer, path, kept, width: header.len(), has_confirmation })
    }

    /// Writes a row and why it failed.
    ///
    /// # Errors
    /// A full disk.
    fn write(&mut self, row: &Row, operation: &Operation, run: &str) -> Result<()> {
        let reason = operation.reason.as_deref();
        let message = reason.map(|reason| match operation.status {
            Status::Held if is_seen_in_sheet(&reason.code) => format!("{} {}", reason.code, reason.message),
            Status::Failed if !reason.code.is_empty() => format!("{} {}", reason.code, reason.message),
            _ => reason.message.to_string(),
        });
        let mut values: Vec<Value<'_>> = self.kept.iter().map(|column| Value::of_cell(row.cell(*column))).collect();
        if self.has_confirmation {
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
        values.extend((self.width..row.cells.len()).map(|column| Value::of_cell(row.cell(column))));
        self.writer.write(&values)
    }

    /// Completes the file, and remembers what was written.
    ///
    /// # Errors
    /// A full disk.
    fn finish(self, journal: &Journal) -> Result<PathBuf> {
        self.writer.finish()?;
        let name = self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let written = hash(&self.path).context(|| self.path.display().to_string())?;
        journal.set_note("failed", &format!("{written} {name}"))?;
        Ok(self.path)
    }
}

/// No row failed: a file of failed rows that nobody touched goes.
fn clear(journal: &Journal) -> Result<()> {
    match ours(journal)? {
        Some(path) => files::remove(&path),
        None => Ok(()),
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
fn free_name(journal: &Journal, format: &FileFormat) -> Result<PathBuf> {
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
        .ok_or_else(|| Error::cannot_run(message!("csv.cannot_write", file = folder.join("failed").display())))
}

/// The number of a file of failed rows: 1 for `failed.xlsx`, 2 for `failed-2.xlsx`; none for any other file.
pub fn failed_number(path: &Path) -> Option<u32> {
    format::of_extension(path.extension()?.to_str()?).filter(|format| format.is_readable())?;
    match path.file_stem()?.to_str()?.strip_prefix("failed")? {
        "" => Some(1),
        rest => rest.strip_prefix('-')?.parse().ok(),
    }
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
