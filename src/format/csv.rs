//! Delimited text: CSV, TSV and their like, in UTF-8. A delimiter is detected from the first lines; quoted line breaks
//! are data; a row keeps both its row number (what Excel shows) and its line.
//!
//! Written files are UTF-8 with a byte order mark and CRLF, which Excel and WPS in China open without garbling.
//! A leading `= + - @`, tab or carriage return is guarded with an apostrophe on writing and freed of it on reading, so
//! that no spreadsheet program runs a cell as a formula; a phone number such as `+86 13000000000` needs no guard.

use std::fs::File;
use std::io::{BufWriter, Chain, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ::csv::{ByteRecord, StringRecord, Terminator};
use rust_i18n::t;

use super::{Column, Input, Reader, Row, Sheet, Value, Writer};
use crate::error::{Context, Error, Result};
use crate::message;

/// Written behind the file's own bytes. When the parser gives it back as a record, every quote was closed; otherwise it
/// was swallowed by a cell whose quote was not.
const SENTINEL: &[u8] = b"\n\x01bw8 end of file\x01\n";

/// The delimiters that are looked for, commonest first.
const DELIMITERS: &[(u8, &str)] =
    &[(b',', "csv.comma"), (b'\t', "csv.tab"), (b';', "csv.semicolon"), (b'|', "csv.bar")];

type Source = Chain<LineFeeds<File>, Cursor<&'static [u8]>>;

/// Turns CR LF into LF, so that a line is counted where it ends: the parser sees the end of a record at the CR and would
/// count the LF to the next one.
struct LineFeeds<R> {
    inner: R,
    /// The last byte read was a CR that has not been passed on.
    held: bool,
}

impl<R: Read> Read for LineFeeds<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        // One byte is kept free for a CR that was held and turns out to stand alone.
        let Some(room) = buffer.len().checked_sub(1).filter(|room| *room > 0) else {
            return self.inner.read(buffer);
        };
        loop {
            let read = self.inner.read(&mut buffer[1..=room])?;
            if read == 0 {
                let left = usize::from(std::mem::take(&mut self.held));
                buffer[..left].fill(b'\r');
                return Ok(left);
            }
            let mut from = 1;
            if std::mem::take(&mut self.held) && buffer[1] != b'\n' {
                buffer[0] = b'\r';
                from = 0;
            }
            let mut end = read + 1;
            if buffer[end - 1] == b'\r' {
                self.held = true;
                end -= 1;
            }
            let kept = drop_before_line_feed(&mut buffer[from..end]);
            if kept > 0 {
                buffer.copy_within(from..from + kept, 0);
                return Ok(kept);
            }
        }
    }
}

/// Removes every CR that stands before an LF and tells how many bytes are left.
fn drop_before_line_feed(bytes: &mut [u8]) -> usize {
    let Some(first) = bytes.iter().position(|byte| *byte == b'\r') else {
        return bytes.len();
    };
    let mut kept = first;
    for at in first..bytes.len() {
        if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') {
            continue;
        }
        bytes[kept] = bytes[at];
        kept += 1;
    }
    kept
}

/// Opens a file of delimited text and reads its header; the rows follow.
///
/// # Errors
/// Text that is not UTF-8, a file without a header, an open quote.
pub fn open(input: &Input) -> Result<Reader> {
    let input = input.clone();
    Reader::spawn(&input.shown.clone(), move |sink| {
        let mut text = Text::open(&input)?;
        let sheet = text.sheet.clone();
        let mut read = |row: &mut Row| text.read(row);
        let first = sink.fill(&mut read)?;
        sink.send(sheet, first, read)
    })
}

/// Delimited text.
struct Text {
    shown: String,
    parser: ::csv::Reader<Source>,
    sheet: Sheet,
    record: ByteRecord,
    /// Row number of the next record.
    next_row: u64,
}

impl Text {
    fn open(input: &Input) -> Result<Self> {
        let cannot =
            |error: std::io::Error| Error::usage(message!("format.unreadable", file = input.shown, why = error));
        let mut file = File::open(&input.path).map_err(cannot)?;
        let mut head = Vec::with_capacity(64 * 1024);
        Read::by_ref(&mut file).take(64 * 1024).read_to_end(&mut head).map_err(cannot)?;
        refuse_other_encodings(&head, input)?;
        let mark = if head.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let (delimiter, delimiter_name) = detect_delimiter(&head[mark..]);
        file.seek(SeekFrom::Start(mark as u64)).map_err(cannot)?;
        let source = LineFeeds { inner: file, held: false }.chain(Cursor::new(SENTINEL));
        let parser = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(256 * 1024)
            .from_reader(source);
        let mut reader = Text {
            shown: input.shown.clone(),
            parser,
            sheet: Sheet {
                reading: format!("UTF-8, {}", t!(delimiter_name)),
                delimiter: Some(delimiter),
                ..Sheet::default()
            },
            record: ByteRecord::new(),
            next_row: 1,
        };
        reader.read_header(input)?;
        Ok(reader)
    }

    fn read_header(&mut self, input: &Input) -> Result<()> {
        let mut row = Row::default();
        loop {
            if !self.next(&mut row)? {
                return Err(
                    Error::usage(message!("csv.no_header", file = self.shown)).hint(message!("csv.no_header_hint"))
                );
            }
            if row.number >= input.header_row.unwrap_or(1) && !row.is_blank() {
                break;
            }
        }
        let mut header: Vec<String> = row.cells.iter().map(str::to_owned).collect();
        while header.last().is_some_and(|title| title.trim().is_empty()) {
            header.pop();
        }
        self.sheet.header = header;
        self.sheet.header_row = row.number;
        Ok(())
    }

    /// Reads the next record, blank or not.
    fn next(&mut self, row: &mut Row) -> Result<bool> {
        let before = self.parser.position().line();
        let more = self
            .parser
            .read_byte_record(&mut self.record)
            .map_err(|error| Error::usage(message!("format.unreadable", file = self.shown, why = error)))?;
        if more && is_sentinel(&self.record) {
            return Ok(false);
        }
        let ended = self.parser.position().line();
        if !more || self.record.as_slice().ends_with(&SENTINEL[1..]) {
            return Err(Error::usage(message!("csv.open_quote", file = self.shown, line = before))
                .hint(message!("csv.open_quote_hint")));
        }
        // The parser passes over empty lines; a spreadsheet program shows them as rows.
        let passed = ended - before;
        let inside = if passed > 1 { count_line_feeds(self.record.as_slice()) } else { 0 };
        row.number = self.next_row + passed.saturating_sub(inside).max(1) - 1;
        row.line = Some(ended.saturating_sub(inside + 1).max(before));
        self.next_row = row.number + 1;
        let bytes = std::mem::take(&mut self.record);
        match StringRecord::from_byte_record(bytes) {
            Ok(text) => {
                self.record = std::mem::replace(&mut row.cells, text).into_byte_record();
                row.kinds.clear();
                Ok(true)
            }
            Err(_) => Err(Error::usage(message!("csv.not_utf8", file = self.shown, line = before))
                .hint(message!("csv.not_utf8_hint"))),
        }
    }

    /// Reads the next row that is not blank; false at the end.
    fn read(&mut self, row: &mut Row) -> Result<bool> {
        loop {
            if !self.next(row)? {
                return Ok(false);
            }
            if !row.is_blank() {
                return Ok(true);
            }
        }
    }
}

fn is_sentinel(record: &ByteRecord) -> bool {
    record.len() == 1 && record.get(0) == Some(&SENTINEL[1..SENTINEL.len() - 1])
}

fn count_line_feeds(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// Text in another encoding is refused before anything is read wrongly.
fn refuse_other_encodings(head: &[u8], input: &Input) -> Result<()> {
    let wide = head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF");
    if wide || head.contains(&0) {
        return Err(Error::usage(message!("csv.utf16", file = input.shown)).hint(message!("csv.not_utf8_hint")));
    }
    match input.encoding.as_deref() {
        None => Ok(()),
        Some(name) if name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("utf8") => Ok(()),
        Some(name) => Err(Error::usage(message!("csv.encoding", file = input.shown, encoding = name))
            .hint(message!("csv.not_utf8_hint"))),
    }
}

/// The delimiter that splits the first lines into the most equal columns; a comma when nothing splits.
fn detect_delimiter(head: &[u8]) -> (u8, &'static str) {
    let score = |delimiter: u8| {
        let mut parser =
            ::csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(head);
        let mut record = ByteRecord::new();
        let mut widths = Vec::new();
        while widths.len() < 5 && matches!(parser.read_byte_record(&mut record), Ok(true)) {
            widths.push(record.len());
        }
        let first = widths.first().copied().unwrap_or(0);
        (first > 1).then(|| widths.iter().filter(|width| **width == first).count() * 1000 + first.min(999))
    };
    DELIMITERS
        .iter()
        .map(|(delimiter, name)| (score(*delimiter), (*delimiter, *name)))
        .rev()
        .max_by_key(|(score, _)| *score)
        .filter(|(score, _)| score.is_some())
        .map_or((DELIMITERS[0].0, DELIMITERS[0].1), |(_, delimiter)| delimiter)
}

/// How text is written.
#[derive(Debug, Clone, Copy)]
pub struct Dialect {
    /// An encoding that holds every character: UTF-8 or GB18030.
    pub encoding: &'static encoding_rs::Encoding,
    /// What stands between cells.
    pub delimiter: u8,
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect { encoding: encoding_rs::UTF_8, delimiter: b',' }
    }
}

/// Writes delimited text to a temporary name in the same folder and renames it when whole.
pub struct CsvWriter {
    path: PathBuf,
    writer: ::csv::Writer<BufWriter<tempfile::NamedTempFile>>,
    phones: Vec<bool>,
    encoding: &'static encoding_rs::Encoding,
}

impl CsvWriter {
    /// Begins a file that will stand at `path`, in UTF-8.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn create(path: &Path, columns: &[Column]) -> Result<Self> {
        CsvWriter::create_in(path, columns, Dialect::default())
    }

    /// Begins a file in this dialect.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn create_in(path: &Path, columns: &[Column], dialect: Dialect) -> Result<Self> {
        let Dialect { encoding, delimiter } = dialect;
        let place = || message!("csv.cannot_write", file = path.display());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = BufWriter::new(tempfile::NamedTempFile::new_in(folder).context(place)?);
        if encoding == encoding_rs::UTF_8 {
            file.write_all(b"\xEF\xBB\xBF").context(place)?;
        }
        let mut writer = ::csv::WriterBuilder::new()
            .flexible(true)
            .terminator(Terminator::CRLF)
            .delimiter(delimiter)
            .from_writer(file);
        for column in columns {
            writer.write_field(encoding.encode(&guard(&column.title, false)).0).context(place)?;
        }
        writer.write_record(None::<&[u8]>).context(place)?;
        let phones = columns.iter().map(|column| column.is_text).collect();
        Ok(CsvWriter { path: path.to_owned(), writer, phones, encoding })
    }
}

impl Writer for CsvWriter {
    fn write(&mut self, values: &[Value<'_>]) -> Result<()> {
        let place = || message!("csv.cannot_write", file = self.path.display());
        for (column, value) in values.iter().enumerate() {
            let may_be_phone = self.phones.get(column).copied().unwrap_or(false);
            match value {
                Value::Empty => self.writer.write_field(""),
                // Commas, quotes and line breaks are never part of a longer character in either encoding.
                Value::Text(text) => self.writer.write_field(self.encoding.encode(&guard(text, may_be_phone)).0),
                Value::Number(number) => self.writer.write_field(number.to_string()),
                Value::Date(date) => self.writer.write_field(date.to_string()),
                Value::DateTime(moment) => self.writer.write_field(moment.strftime("%Y-%m-%d %H:%M:%S").to_string()),
            }
            .context(place)?;
        }
        self.writer.write_record(None::<&[u8]>).context(place)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let place = || message!("csv.cannot_write", file = self.path.display());
        let file = self.writer.into_inner().map_err(|error| error.into_error()).context(place)?;
        let file = file.into_inner().map_err(|error| error.into_error()).context(place)?;
        file.as_file().sync_all().context(place)?;
        file.persist(&self.path).map_err(|error| error.error).context(place)?;
        Ok(())
    }
}

/// Puts an apostrophe before text that a spreadsheet program would run as a formula.
pub fn guard(text: &str, may_be_phone: bool) -> std::borrow::Cow<'_, str> {
    // Nearly every cell begins with a letter, a digit or a Chinese character and needs no second look.
    if text.as_bytes().first().is_none_or(|first| first.is_ascii_alphanumeric() || (0xe1..0xef).contains(first)) {
        return std::borrow::Cow::Borrowed(text);
    }
    let starts_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
    let is_guarded = text
        .strip_prefix('\'')
        .is_some_and(|rest| rest.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠', '\'']));
    let is_phone = may_be_phone
        && text.strip_prefix('+').is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_digit())
                && rest.chars().all(|c| c.is_ascii_digit() || c == ' ' || c == '-')
        });
    if (starts_formula && !is_phone) || is_guarded {
        std::borrow::Cow::Owned(format!("'{text}"))
    } else {
        std::borrow::Cow::Borrowed(text)
    }
}

/// Takes off the apostrophe that [`guard`] put on.
pub fn unguard(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠', '\'']) => rest,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(u64, Vec<String>)>> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let input = Input { path: file.path().to_owned(), shown: "a.csv".into(), ..Input::default() };
        let mut reader = open(&input)?;
        let mut rows = vec![(reader.sheet().header_row, reader.sheet().header.clone())];
        let mut row = Row::default();
        while reader.read(&mut row)? {
            rows.push((row.number, row.cells.iter().map(str::to_owned).collect()));
        }
        Ok(rows)
    }

    fn numbers(text: &str) -> Vec<u64> {
        read(text).unwrap().into_iter().map(|(number, _)| number).collect()
    }

    #[test]
    fn row_numbers_are_those_of_a_spreadsheet() {
        assert_eq!(numbers("a,b\n1,2\n3,4\n"), [1, 2, 3]);
        assert_eq!(numbers("a,b\r\n1,2\r\n3,4"), [1, 2, 3]);
        assert_eq!(numbers("a,b\n\n1,2\n\n\n3,4\n"), [1, 3, 6]);
        assert_eq!(numbers("a,b\n\"1\n1\",2\n3,4\n"), [1, 2, 3]);
        assert_eq!(numbers("a,b\n\"1\n1\",2\n\n3,4\n , \n5,6"), [1, 2, 4, 6]);
        assert_eq!(numbers("\n\na,b\n1,2"), [3, 4]);
    }

    #[test]
    fn only_a_return_before_a_line_feed_is_dropped() {
        for size in 2..9 {
            let mut out = Vec::new();
            let mut source = LineFeeds { inner: &b"a\r\nb\rc\r\r\n\r"[..], held: false };
            let mut buffer = vec![0; size];
            loop {
                match source.read(&mut buffer).unwrap() {
                    0 => break,
                    read => out.extend_from_slice(&buffer[..read]),
                }
            }
            assert_eq!(out, b"a\nb\rc\r\n\r", "buffer of {size}");
        }
    }

    #[test]
    fn delimiters_are_detected() {
        for text in ["a,b\n1,2\n", "a\tb\n1\t2\n", "a;b\n1;2\n", "a|b\n1|2\n", "\u{feff}a,b\n1,2\n"] {
            assert_eq!(read(text).unwrap()[1].1, ["1", "2"], "{text:?}");
        }
        assert_eq!(read("a\n1\n").unwrap()[1].1, ["1"]);
    }

    #[test]
    fn damage_is_named_by_its_line() {
        let open = read("a,b\n1,2\n\"3,4\n5,6\n").unwrap_err();
        assert!(open.message().contains('3'), "{open}");
        assert!(read("").is_err());
    }

    #[test]
    fn guarded_text_comes_back_as_it_was() {
        for text in ["=1+1", "-5", "@a", "'=x", "''", "'quoted'", "plain", "+86 13000000000", "＝x"] {
            assert_eq!(unguard(&guard(text, false)), text);
            assert_eq!(unguard(&guard(text, true)), text);
        }
        assert_eq!(guard("=1", true), "'=1");
        assert_eq!(guard("+86 13000000000", true), "+86 13000000000");
        assert_eq!(guard("+1+cmd", true), "'+1+cmd");
    }
}
