//! Reads delimited text.

use std::fs::File;
use std::io::{Chain, Cursor, Read, Seek, SeekFrom};

use csv::{ByteRecord, StringRecord};
use rust_i18n::t;

use super::delimiter::detect_delimiter;
use super::formula_guard::unguard_cells;
use super::line_feeds::LineFeeds;
use crate::error::{Error, Result};
use crate::format::input::Input;
use crate::format::reader::Reader;
use crate::format::row::Row;
use crate::format::sheet::Sheet;
use crate::message;

/// Written behind the file's own bytes. When the parser gives it back as a record, every quote was closed; otherwise it
/// was swallowed by a cell whose quote was not.
const SENTINEL: &[u8] = b"\n\x01bw8 end of file\x01\n";

type Source = Chain<LineFeeds<File>, Cursor<&'static [u8]>>;

/// Opens a file of delimited text and reads its header; the rows follow.
///
/// # Errors
/// Text that is not UTF-8, a file without a header, an open quote.
pub(super) fn open(input: &Input) -> Result<Reader> {
    let input = input.clone();
    Reader::spawn(&input.shown.clone(), move |sink| {
        let mut text = TextReader::open(&input)?;
        let sheet = text.sheet.clone();
        let mut read = |row: &mut Row| text.read(row);
        let first = sink.fill(&mut read)?;
        sink.send(sheet, first, read)
    })
}

/// Delimited text.
struct TextReader {
    shown: String,
    parser: csv::Reader<Source>,
    sheet: Sheet,
    record: ByteRecord,
    /// Memory for a row whose cells are freed of their guards.
    spare: StringRecord,
    /// Row number of the next record.
    next_row: u64,
}

impl TextReader {
    fn open(input: &Input) -> Result<Self> {
        let cannot =
            |error: std::io::Error| Error::usage(message!("format.unreadable", file = input.shown, why = error));
        let mut file = File::open(&input.path).map_err(cannot)?;
        let mut head = Vec::with_capacity(64 * 1024);
        Read::by_ref(&mut file).take(64 * 1024).read_to_end(&mut head).map_err(cannot)?;
        refuse_other_encodings(&head, input)?;
        let byte_order_mark = if head.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let (delimiter, delimiter_name) = detect_delimiter(&head[byte_order_mark..]);
        file.seek(SeekFrom::Start(byte_order_mark as u64)).map_err(cannot)?;
        let source = LineFeeds::new(file).chain(Cursor::new(SENTINEL));
        let parser = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .buffer_capacity(256 * 1024)
            .from_reader(source);
        let mut reader = TextReader {
            shown: input.shown.clone(),
            parser,
            sheet: Sheet {
                reading: format!("UTF-8, {}", t!(delimiter_name)),
                delimiter: Some(delimiter),
                ..Sheet::default()
            },
            record: ByteRecord::new(),
            spare: StringRecord::new(),
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
            // Asked of the row as it stands in the file: a guarded tab is something that somebody wrote.
            if !row.is_blank() {
                unguard_cells(&mut row.cells, &mut self.spare);
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
}
