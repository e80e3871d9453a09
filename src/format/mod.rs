//! WHERE rows live: spreadsheet files, read and written as a stream. Each format is one file that holds its reader and
//! its writer together, because header rules, dates and limits must agree; [`open`] and [`create`] are the only places
//! that know which formats exist.
//!
//! A row keeps its place in the file from here to the last report: [`Row::number`] is the row a person sees in Excel.

mod content;
pub mod csv;
pub mod jsonl;
mod reader;
pub mod xlsx;

use std::path::{Path, PathBuf};

use rust_i18n::t;

use crate::error::{Error, Result};
use crate::message;

pub use reader::{Reader, Sink};

/// What a cell was in the file, beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CellKind {
    /// Text, or nothing.
    #[default]
    Text,
    /// A number; the text is its shortest exact form (`13000000001`, `1.5`, `1.38e+20`).
    Number,
    /// A date-time cell at midnight; the text is `2018-02-03`.
    Date,
    /// A date-time cell; the text is `2018-02-03 08:00:00`.
    DateTime,
    /// TRUE or FALSE.
    Bool,
    /// A formula that ended in an error; the text is `#N/A` and its like.
    Error,
}

/// One cell of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a> {
    /// Its text, as the user wrote it.
    pub text: &'a str,
    /// What it was in the file.
    pub kind: CellKind,
}

/// What a row holds, whatever its position: the first half of a SHA-256 over its cells.
pub type Content = [u8; 16];

/// One row of a sheet, reused from row to row so that reading does not allocate.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The row a person sees in a spreadsheet program, from 1; the header counts.
    pub number: u64,
    /// The line in a text file, where quoted line breaks make it differ from `number`.
    pub line: Option<u64>,
    /// The texts of the cells.
    pub cells: ::csv::StringRecord,
    /// The kinds of the cells; empty when all are text, as in CSV.
    pub kinds: Vec<CellKind>,
    /// What it holds, as a hash; known of rows that a [`Reader`] gave.
    pub content: Content,
}

impl Row {
    /// The cell of a column, counted from 0; beyond the end of the row cells are empty.
    pub fn cell(&self, column: usize) -> Cell<'_> {
        let text = self.cells.get(column).unwrap_or_default();
        // Only text files need the guard against formulas, so only they are freed of it.
        let text = if self.line.is_some() { csv::unguard(text) } else { text };
        Cell { text, kind: self.kinds.get(column).copied().unwrap_or_default() }
    }

    /// Whether no cell holds anything but spaces.
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }

    /// Empties the row, keeping its memory.
    pub fn clear(&mut self) {
        self.number = 0;
        self.line = None;
        self.cells.clear();
        self.kinds.clear();
    }
}

/// What a reader knows before its first row.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Name of the sheet; none for formats without sheets.
    pub name: Option<String>,
    /// Names of other sheets that hold rows and are not read.
    pub others: Vec<String>,
    /// The header row's texts, trailing empty ones left out.
    pub header: Vec<String>,
    /// Row number of the header.
    pub header_row: u64,
    /// What stands between the cells of a text file.
    pub delimiter: Option<u8>,
    /// What a user should know of how the file was read: `UTF-8, comma`.
    pub reading: String,
    /// The row number of an example row that the template brought and that is not data.
    pub example_row: Option<u64>,
}

/// Which file to read, and what the user said of it.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The file.
    pub path: PathBuf,
    /// How messages call it: the path as typed, or `standard input`.
    pub shown: String,
    /// Sheet to read, where the first one is not meant.
    pub sheet: Option<String>,
    /// Row of the header, from 1, where it is not the first row that is not blank.
    pub header_row: Option<u64>,
    /// Encoding of a text file, where detection is not wanted.
    pub encoding: Option<String>,
}

/// The formats rows can be read from and written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-, semicolon-, tab- or bar-separated text.
    Csv,
    /// Excel workbook.
    Xlsx,
}

impl Format {
    /// The extension its files are written with.
    pub fn extension(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Xlsx => "xlsx",
        }
    }
}

/// What a file really is, by its first bytes; its name only helps the message.
///
/// # Errors
/// A missing or unreadable file, a directory, an empty file, a kind that is not read, a name that lies.
pub fn detect(input: &Input) -> Result<Format> {
    use std::io::Read;
    let shown = &input.shown;
    let metadata = std::fs::metadata(&input.path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => {
            Error::usage(message!("format.missing", file = shown)).hint(message!("format.missing_hint"))
        }
        _ => Error::usage(message!("format.unreadable", file = shown, why = error))
            .hint(message!("format.unreadable_hint")),
    })?;
    if metadata.is_dir() {
        return Err(Error::usage(message!("format.directory", file = shown)).hint(message!("format.directory_hint")));
    }
    let mut head = [0u8; 8];
    let unreadable = |error: std::io::Error| {
        Error::usage(message!("format.unreadable", file = shown, why = error)).hint(message!("format.unreadable_hint"))
    };
    let mut file = std::fs::File::open(&input.path).map_err(unreadable)?;
    let mut filled = 0;
    while filled < head.len() {
        match file.read(&mut head[filled..]).map_err(unreadable)? {
            0 => break,
            read => filled += read,
        }
    }
    let head = &head[..filled];
    let extension = input.path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
    if head.is_empty() {
        return Err(Error::usage(message!("format.empty", file = shown)).hint(message!("format.empty_hint")));
    }
    if head.starts_with(b"PK\x03\x04") {
        return match extension.as_str() {
            "csv" | "tsv" | "txt" => {
                Err(Error::usage(message!("format.is_workbook", file = shown))
                    .hint(message!("format.is_workbook_hint")))
            }
            _ => Ok(Format::Xlsx),
        };
    }
    // OLE2: an encrypted .xlsx, an old .xls or .et.
    if head.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err(Error::usage(message!("format.ole", file = shown)).hint(message!("format.ole_hint")));
    }
    if head.starts_with(b"%PDF") || head.starts_with(b"\x89PNG") || head.starts_with(b"\xFF\xD8\xFF") {
        return Err(
            Error::usage(message!("format.not_a_table", file = shown)).hint(message!("format.not_a_table_hint"))
        );
    }
    match extension.as_str() {
        "xlsx" | "xlsm" | "xls" | "xlsb" | "et" | "ods" => {
            Err(Error::usage(message!("format.broken_workbook", file = shown))
                .hint(message!("format.broken_workbook_hint")))
        }
        _ => Ok(Format::Csv),
    }
}

/// Opens a file for reading, whatever format it is in.
///
/// # Errors
/// Everything of [`detect`], and a file whose header cannot be read.
pub fn open(input: &Input) -> Result<Reader> {
    match detect(input)? {
        Format::Csv => csv::open(input),
        Format::Xlsx => xlsx::open(input),
    }
}

/// A value to write.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Empty,
    /// Text, which no program may take for a number or a formula.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// A day.
    Date(jiff::civil::Date),
    /// A moment without a zone.
    DateTime(jiff::civil::DateTime),
}

impl<'a> Value<'a> {
    /// The value that writes a cell back as it was read.
    pub fn of_cell(cell: Cell<'a>) -> Self {
        match cell.kind {
            _ if cell.text.is_empty() => Value::Empty,
            CellKind::Number => cell.text.parse().map_or(Value::Text(cell.text), Value::Number),
            CellKind::Date => cell.text.parse().map_or(Value::Text(cell.text), Value::Date),
            CellKind::DateTime => jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", cell.text)
                .map_or(Value::Text(cell.text), Value::DateTime),
            CellKind::Text | CellKind::Bool | CellKind::Error => Value::Text(cell.text),
        }
    }
}

/// One column of a file to write.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// The header.
    pub title: String,
    /// Keep every cell as text (phones, ids, codes).
    pub is_text: bool,
    /// Mark the header as required.
    pub required: bool,
}

impl Column {
    /// Columns with these headers and nothing else to say of them.
    pub fn plain(titles: &[&str]) -> Vec<Column> {
        titles.iter().map(|title| Column { title: (*title).to_owned(), ..Column::default() }).collect()
    }
}

/// Writes rows in order. Nothing stands under the file's name until [`Writer::finish`]: a half-written file is never
/// taken for a whole one.
pub trait Writer {
    /// Writes one row.
    ///
    /// # Errors
    /// A full disk or a format's limit.
    fn write(&mut self, values: &[Value<'_>]) -> Result<()>;

    /// Cells so far whose text was cut because the format holds no longer one.
    fn cut(&self) -> u64 {
        0
    }

    /// Completes the file and puts it under its name.
    ///
    /// # Errors
    /// A full disk, or a name that is locked by another program.
    fn finish(self: Box<Self>) -> Result<()>;
}

/// Creates a file of `format` at `path` with this header.
///
/// # Errors
/// A folder that cannot be written.
pub fn create(format: Format, path: &Path, columns: &[Column]) -> Result<Box<dyn Writer>> {
    match format {
        Format::Csv => Ok(Box::new(csv::CsvWriter::create(path, columns)?)),
        Format::Xlsx => {
            let sheet = t!("xlsx.sheet");
            Ok(Box::new(xlsx::XlsxWriter::create(path, &xlsx::Options::new(&sheet, columns))?))
        }
    }
}

/// The letters a spreadsheet program gives a column, counted from 0: A, B, …, Z, AA.
pub fn column_letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(b'A' + u8::try_from(rest % 26).unwrap_or(0));
        rest /= 26;
    }
    letters.reverse();
    String::from_utf8(letters).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_lettered_as_in_a_spreadsheet() {
        assert_eq!(column_letters(0), "A");
        assert_eq!(column_letters(25), "Z");
        assert_eq!(column_letters(26), "AA");
        assert_eq!(column_letters(701), "ZZ");
        assert_eq!(column_letters(702), "AAA");
        assert_eq!(column_letters(16_383), "XFD");
    }
}
