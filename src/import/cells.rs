//! The cells of a run's rows, kept in its folder: what its reports need of the input, which nobody opens again after the
//! check. It may be changed, moved or gone by then.
//!
//! `cells.jsonl.gz` is JSON lines in two parts of gzip, which every program reads as one: a line that says what the cells
//! are and of which input ([`Head`]), then a line for each row: how many rows it stands below the one before it, the texts
//! of its cells, and a letter for the kind of each of them, no letters when all are text. It is its owner's alone, and whole: written under another name, synced,
//! and renamed.

use std::fmt::Formatter;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use csv::StringRecord;
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::{Context, Error, Result};
use crate::files::AtomicFile;
use crate::format::{self, CellKind, FileFormat, Row, Sheet};
use crate::journal::RunIdentity;
use crate::message;
use crate::message::Message;
use crate::text::push_json;

/// Name of the file in a run's folder.
pub(super) const FILE_NAME: &str = "cells.jsonl.gz";
/// Version of the file. A program that does not know it does not guess.
const VERSION: u32 = 1;
/// Rows of customers become 0.41 of their CSV; the fastest level leaves 0.55, slower ones gain a hundredth.
const COMPRESSION: Compression = Compression::new(2);
const BUFFER: usize = 64 * 1024;

/// What the cells are, and of which input.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    version: u32,
    /// Fingerprint of the input, as the run's identity has it.
    input: String,
    /// How many rows follow.
    rows: u64,
    /// Name of the input's format.
    format: String,
    /// Name of the sheet; none for formats without sheets.
    sheet: Option<String>,
    /// The header row's texts.
    header: Vec<String>,
    /// What stood between the cells of a text file.
    delimiter: Option<u8>,
}

/// The cells on their way from the check to the run's folder, in a temporary file without a name.
pub struct CellSpool {
    file: GzEncoder<BufWriter<File>>,
    line: Vec<u8>,
    /// Number of the last row.
    number: u64,
}

/// The cells of a whole input, ready to be kept.
#[derive(Debug)]
pub struct CheckedCells {
    file: File,
}

impl CellSpool {
    /// An empty spool in the system's folder for temporary files.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn new() -> Result<CellSpool> {
        let file = BufWriter::with_capacity(BUFFER, tempfile::tempfile().context(no_temporary_file)?);
        Ok(CellSpool { file: GzEncoder::new(file, COMPRESSION), line: Vec::new(), number: 0 })
    }

    /// Takes the cells of one more row.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn add(&mut self, row: &Row) -> Result<()> {
        self.line.clear();
        let is_text = row.kinds.iter().all(|kind| *kind == CellKind::Text);
        let letters: String = if is_text { String::new() } else { row.kinds.iter().copied().map(letter).collect() };
        // Small numbers that repeat take no room, those of rows in a large table do.
        let step = row.number.wrapping_sub(std::mem::replace(&mut self.number, row.number));
        self.line.push(b'[');
        self.line.extend_from_slice(step.to_string().as_bytes());
        self.line.extend_from_slice(b",[");
        for (column, text) in row.cells.iter().enumerate() {
            if column > 0 {
                self.line.push(b',');
            }
            push_json(text, &mut self.line);
        }
        self.line.extend_from_slice(b"],\"");
        self.line.extend_from_slice(letters.as_bytes());
        self.line.extend_from_slice(b"\"]\n");
        self.file.write_all(&self.line).context(no_temporary_file)
    }

    /// The cells of the rows so far, which are all.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn finish(self) -> Result<CheckedCells> {
        let file = self.file.finish().context(no_temporary_file)?;
        let file = file.into_inner().map_err(|error| error.into_error()).context(no_temporary_file)?;
        Ok(CheckedCells { file })
    }
}

impl CheckedCells {
    /// Keeps the cells in a run's folder, unless they are there already.
    ///
    /// # Errors
    /// A full disk, a folder that cannot be written.
    pub(super) fn keep(
        mut self,
        folder: &Path,
        identity: &RunIdentity,
        sheet: &Sheet,
        format: &FileFormat,
    ) -> Result<()> {
        let head = Head {
            version: VERSION,
            input: identity.input.clone(),
            rows: identity.rows,
            format: format.name.to_owned(),
            sheet: sheet.name.clone(),
            header: sheet.header.clone(),
            delimiter: sheet.delimiter,
        };
        let path = folder.join(FILE_NAME);
        let place = || message!("csv.cannot_write", file = path.display());
        let head = head.packed().context(place)?;
        if File::open(&path).is_ok_and(|kept| self.is_kept(kept, &head).unwrap_or(false)) {
            return Ok(());
        }
        self.file.seek(SeekFrom::Start(0)).context(no_temporary_file)?;
        let mut file = AtomicFile::new_in(folder).context(place)?;
        file.write_all(&head).context(place)?;
        std::io::copy(&mut self.file, &mut file).context(place)?;
        file.replace(&path).context(place)
    }

    /// Whether a file holds just this head and these cells: the same rows always become the same bytes.
    fn is_kept(&mut self, kept: File, head: &[u8]) -> std::io::Result<bool> {
        if kept.metadata()?.len() != head.len() as u64 + self.file.metadata()?.len() {
            return Ok(false);
        }
        self.file.seek(SeekFrom::Start(0))?;
        let mut kept = BufReader::with_capacity(BUFFER, kept);
        let mut ours = BufReader::with_capacity(BUFFER, head.chain(&mut self.file));
        loop {
            let (theirs, mine) = (kept.fill_buf()?, ours.fill_buf()?);
            let length = theirs.len().min(mine.len());
            if theirs[..length] != mine[..length] {
                return Ok(false);
            }
            if length == 0 {
                return Ok(true);
            }
            kept.consume(length);
            ours.consume(length);
        }
    }
}

impl Head {
    /// The head as the file's first part.
    fn packed(&self) -> std::io::Result<Vec<u8>> {
        let mut encoder = GzEncoder::new(Vec::new(), COMPRESSION);
        serde_json::to_writer(&mut encoder, self)?;
        encoder.write_all(b"\n")?;
        encoder.finish()
    }
}

/// Reads the kept cells of a run, row by row.
pub(super) struct CellReader {
    head: Head,
    lines: BufReader<MultiGzDecoder<BufReader<File>>>,
    line: Vec<u8>,
    path: PathBuf,
    /// Rows that were read.
    rows: u64,
    /// Number of the last of them.
    number: u64,
    /// For each column up to the last that is wanted whether it is; all are where none is named.
    wanted: Option<Vec<bool>>,
}

impl CellReader {
    /// Opens the kept cells of the run in a folder.
    ///
    /// # Errors
    /// Cells that are not there, that are of another input, or that cannot be read.
    pub(super) fn open(folder: &Path, identity: &RunIdentity) -> Result<CellReader> {
        let path = folder.join(FILE_NAME);
        let file = File::open(&path).context(|| path.display().to_string())?;
        let mut lines = BufReader::with_capacity(BUFFER, MultiGzDecoder::new(BufReader::with_capacity(BUFFER, file)));
        let mut line = Vec::new();
        let read = lines.read_until(b'\n', &mut line).is_ok();
        let head: Option<Head> = serde_json::from_slice(&line).ok();
        let is_meant =
            |head: &Head| read && head.version == VERSION && head.input == identity.input && head.rows == identity.rows;
        match head.filter(is_meant) {
            Some(head) => Ok(CellReader { head, lines, line, path, rows: 0, number: 0, wanted: None }),
            None => Err(unreadable(&path)),
        }
    }

    /// Reads the texts of these columns alone: those of the others are empty.
    pub(super) fn only(mut self, columns: impl Iterator<Item = usize>) -> CellReader {
        let wanted = self.wanted.insert(Vec::new());
        for column in columns {
            if wanted.len() <= column {
                wanted.resize(column + 1, false);
            }
            wanted[column] = true;
        }
        self
    }

    /// The header row's texts.
    pub(super) fn header(&self) -> &[String] {
        &self.head.header
    }

    /// Name of the sheet; none for formats without sheets.
    pub(super) fn sheet(&self) -> Option<&str> {
        self.head.sheet.as_deref()
    }

    /// What stood between the cells of a text file.
    pub(super) fn delimiter(&self) -> Option<u8> {
        self.head.delimiter
    }

    /// The input's format.
    ///
    /// # Errors
    /// One that this program does not know.
    pub(super) fn format(&self) -> Result<&'static FileFormat> {
        format::named(&self.head.format).ok_or_else(|| unreadable(&self.path))
    }

    /// Reads the next row into `row`; false at the end, where all of the file is known to be sound.
    ///
    /// # Errors
    /// A file that is damaged or ends too early.
    pub(super) fn read(&mut self, row: &mut Row) -> Result<bool> {
        self.line.clear();
        let read = self.lines.read_until(b'\n', &mut self.line).map_err(|_| unreadable(&self.path))?;
        if read == 0 {
            return if self.rows == self.head.rows { Ok(false) } else { Err(unreadable(&self.path)) };
        }
        row.clear();
        let mut line = serde_json::Deserializer::from_slice(&self.line);
        let into = LineInto { row, wanted: self.wanted.as_deref() };
        let step = into.deserialize(&mut line).and_then(|step| line.end().map(|()| step));
        self.number = self.number.wrapping_add(step.map_err(|_| unreadable(&self.path))?);
        row.number = self.number;
        self.rows += 1;
        Ok(true)
    }
}

/// Reads a line into a row: how far its number is from the one before, its texts, the letters of their kinds. It is read once for
/// each row of a run, so no text is made for itself.
struct LineInto<'r> {
    row: &'r mut Row,
    wanted: Option<&'r [bool]>,
}

impl<'de> DeserializeSeed<'de> for LineInto<'_> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, line: D) -> std::result::Result<u64, D::Error> {
        line.deserialize_tuple(3, self)
    }
}

impl<'de> Visitor<'de> for LineInto<'_> {
    type Value = u64;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a line of cells")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut line: A) -> std::result::Result<u64, A::Error> {
        let missing = || A::Error::custom("a line of cells has three parts");
        let step = line.next_element()?.ok_or_else(missing)?;
        let texts = TextsInto { cells: &mut self.row.cells, wanted: self.wanted };
        line.next_element_seed(texts)?.ok_or_else(missing)?;
        let letters: String = line.next_element()?.ok_or_else(missing)?;
        self.row.kinds.extend(letters.chars().map(kind));
        Ok(step)
    }
}

/// Reads a list of texts into the cells of a row.
struct TextsInto<'r> {
    cells: &'r mut StringRecord,
    wanted: Option<&'r [bool]>,
}

impl<'de> DeserializeSeed<'de> for TextsInto<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, texts: D) -> std::result::Result<(), D::Error> {
        texts.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for TextsInto<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> std::result::Result<(), A::Error> {
        let Some(wanted) = self.wanted else {
            while texts.next_element_seed(TextInto(self.cells))?.is_some() {}
            return Ok(());
        };
        for is_wanted in wanted {
            let text = match is_wanted {
                true => texts.next_element_seed(TextInto(self.cells))?,
                false => texts.next_element::<IgnoredAny>()?.map(|_| self.cells.push_field("")),
            };
            if text.is_none() {
                return Ok(());
            }
        }
        while texts.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

/// Reads a text into one more cell of a row.
struct TextInto<'r>(&'r mut StringRecord);

impl<'de> DeserializeSeed<'de> for TextInto<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, text: D) -> std::result::Result<(), D::Error> {
        text.deserialize_str(self)
    }
}

impl Visitor<'_> for TextInto<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> std::result::Result<(), E> {
        self.0.push_field(text);
        Ok(())
    }
}

fn letter(kind: CellKind) -> char {
    match kind {
        CellKind::Text => 't',
        CellKind::Number => 'n',
        CellKind::Date => 'd',
        CellKind::DateTime => 'm',
        CellKind::Bool => 'b',
        CellKind::Error => 'e',
    }
}

fn kind(letter: char) -> CellKind {
    match letter {
        'n' => CellKind::Number,
        'd' => CellKind::Date,
        'm' => CellKind::DateTime,
        'b' => CellKind::Bool,
        'e' => CellKind::Error,
        _ => CellKind::Text,
    }
}

fn unreadable(path: &Path) -> Error {
    Error::cannot_run(message!("report.no_cells", file = path.display())).hint(message!("report.no_cells_hint"))
}

fn no_temporary_file() -> Message {
    crate::files::no_temporary_file()
}

/// The kept cells of a run, for what is written of its rows: rows without cells where they cannot be read to the end.
pub(super) struct KeptCells {
    cells: Option<CellReader>,
    row: Row,
}

impl KeptCells {
    /// The cells of a run, or of no row.
    pub(super) fn of(cells: Option<CellReader>) -> KeptCells {
        KeptCells { cells, row: Row::default() }
    }

    /// The cells of the next row.
    pub(super) fn next(&mut self) -> &Row {
        if let Some(cells) = &mut self.cells
            && !cells.read(&mut self.row).unwrap_or(false)
        {
            // No cells are better than those of another row.
            (self.cells, self.row) = (None, Row::default());
        }
        &self.row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u64, cells: &[(&str, CellKind)]) -> Row {
        let mut row = Row { number, ..Row::default() };
        for (text, kind) in cells {
            row.cells.push_field(text);
            row.kinds.push(*kind);
        }
        row
    }

    fn identity(rows: u64) -> RunIdentity {
        let text = r#"{"run":"00000000-0000-0000-0000-000000000001","entity":"customers","mode":"create","target":"t","host":"h",
            "input":"i","mapping":"m","catalog":"c","input_path":"/a.csv","input_shown":"a.csv","account_mode":"2B","rows":0,
            "started":1}"#;
        RunIdentity { rows, ..serde_json::from_str(text).unwrap() }
    }

    /// Keeps these rows in a folder.
    fn keep(folder: &Path, rows: &[Row]) {
        let mut spool = CellSpool::new().unwrap();
        rows.iter().for_each(|row| spool.add(row).unwrap());
        let sheet = Sheet { header: vec!["a".into()], delimiter: Some(b';'), ..Sheet::default() };
        spool.finish().unwrap().keep(folder, &identity(rows.len() as u64), &sheet, &format::CSV).unwrap();
    }

    #[test]
    fn cells_come_back_as_they_were() {
        use CellKind::{Bool, Date, DateTime, Error, Number, Text};
        let rows = [
            row(2, &[("示例 \n\"一\"", Text), ("", Text), ("007", Text)]),
            row(1_048_576, &[("1.38e+20", Number), ("2018-02-03", Date), ("2018-02-03 08:00:00", DateTime)]),
            row(1_048_577, &[("TRUE", Bool), ("#N/A", Error), (" a ", Text)]),
        ];
        let folder = tempfile::tempdir().unwrap();
        keep(folder.path(), &rows);
        let mut cells = CellReader::open(folder.path(), &identity(3)).unwrap();
        assert_eq!((cells.header(), cells.delimiter(), cells.sheet()), (&["a".to_owned()][..], Some(b';'), None));
        assert_eq!(cells.format().unwrap(), &format::CSV);
        let mut read = Row::default();
        for row in &rows {
            assert!(cells.read(&mut read).unwrap());
            let all: Vec<_> = (0..row.cells.len()).map(|column| row.cell(column)).collect();
            assert_eq!((read.number, read.cells.len()), (row.number, row.cells.len()));
            assert_eq!((0..row.cells.len()).map(|column| read.cell(column)).collect::<Vec<_>>(), all);
        }
        assert!(!cells.read(&mut read).unwrap());
    }

    #[test]
    fn no_byte_can_be_missing_or_another_unnoticed() {
        let folder = tempfile::tempdir().unwrap();
        let rows: Vec<Row> = (2..9).map(|number| row(number, &[("示例", CellKind::Text)])).collect();
        keep(folder.path(), &rows);
        let path = folder.path().join(FILE_NAME);
        let whole = std::fs::read(&path).unwrap();
        let is_sound = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            let Ok(mut cells) = CellReader::open(folder.path(), &identity(7)) else { return false };
            let mut row = Row::default();
            loop {
                match cells.read(&mut row) {
                    Ok(true) => {}
                    Ok(false) => return true,
                    Err(_) => return false,
                }
            }
        };
        assert!(is_sound(&whole));
        for length in 0..whole.len() {
            assert!(!is_sound(&whole[..length]), "cut at {length}");
        }
        assert!(CellReader::open(folder.path(), &identity(8)).is_err());
        assert!(CellReader::open(folder.path(), &RunIdentity { input: "other".into(), ..identity(7) }).is_err());
    }
}
