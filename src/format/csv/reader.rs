//! Reads delimited text.

use std::fs::File;
use std::io::{Seek, SeekFrom};

use csv::{ByteRecord, StringRecord};
use encoding_rs::{Encoding, UTF_8};
use memchr::memchr3;

use super::encoding::{self, Found, NotFound};
use super::failed_before::FailedBefore;
use super::formula_guard::{
    has_text_marks, is_formula, is_guarded_formula, is_marked_text, shows_picture, unguard_cells,
};
use super::layout::{self, Layout};
use super::neighbours::{Neighbours, filled_width, tears_nothing};
use super::quotation;
use super::record_reader::{RecordFacts, RecordReader, Stop};
use super::text_source::TextSource;
use crate::error::{Error, Result};
use crate::format::example::ExampleRow;
use crate::format::input::Input;
use crate::format::reader::Reader;
use crate::format::row::Row;
use crate::format::sheet::Sheet;
use crate::message;
use crate::message::Message;
use crate::problem::Problem;
use crate::t;
use crate::text::{clean, shorten};

/// Opens a file of delimited text and reads its header; the rows follow.
///
/// # Errors
/// Text whose encoding is not certain, a file without a header, columns that nothing known separates, an open quote.
pub(super) fn open(input: &Input) -> Result<Reader> {
    let input = input.clone();
    Reader::spawn(&input.shown.clone(), move |sink| {
        let mut text = TextReader::open(&input)?;
        let sheet = text.sheet.clone();
        let mut read = |row: &mut Row| text.read(row);
        let mut first = sink.fill(&mut read)?;
        if let Some(headings) = &input.headings {
            let example = ExampleRow::new(&sheet.header, &**headings);
            example.mark_among(&mut first.0);
        }
        sink.send(sheet, first, read)
    })
}

/// Delimited text.
struct TextReader {
    shown: String,
    encoding: &'static Encoding,
    records: RecordReader,
    delimiter: u8,
    sheet: Sheet,
    neighbours: Neighbours,
    /// In a file of failed rows what became of them: they were no neighbours.
    failed_before: Option<FailedBefore>,
    record: ByteRecord,
    /// Memory for a row whose cells are freed of their guards.
    spare: StringRecord,
    /// The row behind the one that is given next.
    ahead: Row,
    has_ahead: bool,
    /// Number and cells of the row that was given last.
    before: Option<(u64, usize)>,
}

impl TextReader {
    fn open(input: &Input) -> Result<Self> {
        let cannot =
            |error: std::io::Error| Error::usage(message!("format.unreadable", file = input.shown, why = error));
        let mut file = File::open(&input.path).map_err(cannot)?;
        let (head, telling) = encoding::read_sample(&mut file).map_err(cannot)?;
        let found = encoding_of(&head, &telling, input)?;
        let is_whole = file.metadata().map_err(cannot)?.len() <= head.len() as u64;
        let sample = decode(&head[found.marks..], found.encoding, is_whole);
        let layout = layout::find(&sample, input)?;
        file.seek(SeekFrom::Start(found.marks as u64)).map_err(cannot)?;
        let records = RecordReader::new(TextSource::new(Box::new(file), found.encoding), layout.delimiter);
        let reading = format!("{}, {}", encoding::shown(found.encoding), delimiter_name(layout.delimiter));
        let mut reader = TextReader {
            shown: input.shown.clone(),
            encoding: found.encoding,
            records,
            delimiter: layout.delimiter,
            sheet: Sheet {
                reading,
                encoding: Some(encoding::shown(found.encoding)),
                delimiter: Some(layout.delimiter),
                ..Sheet::default()
            },
            neighbours: Neighbours::default(),
            failed_before: None,
            record: ByteRecord::new(),
            spare: StringRecord::new(),
            ahead: Row::default(),
            has_ahead: false,
            before: None,
        };
        reader.read_header(input, &layout)?;
        reader.tell_what_was_found(&found, &layout, &telling);
        reader.has_ahead = reader.next_ahead()?;
        Ok(reader)
    }

    fn read_header(&mut self, input: &Input, layout: &Layout) -> Result<()> {
        if layout.has_delimiter_line {
            self.records.pass_line().map_err(|stop| self.stopped(stop))?;
        }
        let from = layout.header_row.or(input.header_row).unwrap_or(1);
        let mut row = Row::default();
        loop {
            let Some(facts) = self.next(&mut row)? else {
                return Err(match input.header_row {
                    None => {
                        Error::usage(message!("csv.no_header", file = self.shown)).hint(message!("csv.no_header_hint"))
                    }
                    Some(row) => Error::usage(message!("format.no_such_row", file = self.shown, row = row))
                        .hint(message!("format.no_such_row_hint")),
                });
            };
            if row.number >= from && !row.is_blank() {
                if let Some((_, line)) = facts.malformed {
                    return Err(Error::usage(message!("csv.header_quotation", file = self.shown, line = line))
                        .hint(message!("csv.open_quote_hint")));
                }
                break;
            }
        }
        unguard_cells(&mut row.cells, &mut self.spare);
        let mut header: Vec<String> = row.cells.iter().map(str::to_owned).collect();
        header.truncate(filled_width(&row.cells));
        self.failed_before = input.headings.as_ref().and_then(|headings| FailedBefore::of(&header, &**headings));
        self.neighbours = Neighbours::new(header.len(), row.cells.len(), &layout.below);
        self.sheet.cuts_blanks = self.neighbours.cuts_blanks();
        self.sheet.header = header;
        self.sheet.header_row = row.number;
        Ok(())
    }

    /// What a person should know of how the file is read.
    fn tell_what_was_found(&mut self, found: &Found, layout: &Layout, telling: &[u8]) {
        if !found.is_plain {
            let texts = self.sheet.header.iter().map(|title| title.trim()).filter(|title| !title.is_empty());
            let texts = texts.chain(layout.below.iter().take(1).flat_map(|row| row.cells.iter()));
            let mut sample = sample_of(texts.filter(|text| !text.is_ascii()));
            if sample.is_empty() {
                // The text that decided stands further down.
                sample = sample_of_bytes(telling, found.encoding);
            }
            self.note(message!("csv.encoding_found", encoding = encoding::shown(found.encoding), sample = sample));
        }
        if !layout.above.is_empty() {
            let above = sample_of(layout.above.iter().flat_map(|row| row.cells.iter()));
            self.note(message!("csv.header_found", row = self.sheet.header_row, above = above));
        }
        if self.neighbours.has_uneven_habit() && self.failed_before.is_none() {
            self.note(message!("csv.uneven"));
        }
        if layout.below.iter().any(|row| row.cells.iter().any(has_text_marks)) {
            self.note(message!("csv.text_marks"));
        }
    }

    fn note(&mut self, note: Message) {
        self.sheet.notes.push(note);
    }

    /// Reads the next record, blank or not; none at the end.
    fn next(&mut self, row: &mut Row) -> Result<Option<RecordFacts>> {
        let read = self.records.read(&mut self.record);
        let Some(facts) = read.map_err(|stop| self.stopped(stop))? else { return Ok(None) };
        row.number = facts.row;
        row.line = Some(facts.line);
        row.kinds.clear();
        row.remarks.clear();
        let bytes = std::mem::take(&mut self.record);
        match StringRecord::from_byte_record(bytes) {
            Ok(text) => {
                self.record = std::mem::replace(&mut row.cells, text).into_byte_record();
                Ok(Some(facts))
            }
            Err(error) => {
                let bytes = error.into_byte_record();
                let valid = std::str::from_utf8(bytes.as_slice()).map_or_else(|e| e.valid_up_to(), str::len);
                let breaks = bytes.as_slice()[..valid].iter().filter(|byte| **byte == b'\n').count() as u64;
                Err(self.stopped(Stop::NotText((facts.line + breaks).min(facts.last_line))))
            }
        }
    }

    /// Reads the next row that is not blank into `ahead`, with what its own text says; false at the end.
    fn next_ahead(&mut self) -> Result<bool> {
        let mut row = std::mem::take(&mut self.ahead);
        let more = loop {
            let Some(facts) = self.next(&mut row)? else { break false };
            // Asked of the row as it stands in the file: a guarded tab is something that somebody wrote.
            if row.is_blank() {
                continue;
            }
            quotation::judge(&mut row, &facts, self.delimiter, self.sheet.header.len(), self.failed_before.is_some());
            note_marks(&mut row, self.failed_before.is_some());
            unguard_cells(&mut row.cells, &mut self.spare);
            break true;
        };
        self.ahead = row;
        Ok(more)
    }

    /// Reads the next row that is not blank; false at the end.
    fn read(&mut self, row: &mut Row) -> Result<bool> {
        if !self.has_ahead {
            return Ok(false);
        }
        std::mem::swap(row, &mut self.ahead);
        self.has_ahead = self.next_ahead()?;
        if let Some(failed_before) = self.failed_before {
            failed_before.judge(row, self.sheet.header.len());
        } else {
            let (neighbours, width) = (&self.neighbours, row.cells.len());
            let is_before = |(number, before): &(u64, usize)| {
                number + 1 == row.number || neighbours.goes_on_below(*before, &row.cells)
            };
            let before = self.before.filter(is_before).map(|(_, width)| width);
            let is_next = |next: &&Row| next.number == row.number + 1 || neighbours.goes_on_below(width, &next.cells);
            let next = self.has_ahead.then_some(&self.ahead).filter(is_next);
            let is_whole = tears_nothing(row) || (row.cells.len() == 1 && self.neighbours.begins_a_row(&row.cells));
            self.before = (!is_whole).then_some((row.number, row.cells.len()));
            self.neighbours.judge(row, before, next);
        }
        Ok(true)
    }

    /// Why no further record can be read.
    fn stopped(&self, stop: Stop) -> Error {
        let file = &self.shown;
        match stop {
            Stop::Unreadable(why) => Error::usage(message!("format.unreadable", file = file, why = why)),
            Stop::OpenQuote(line) => {
                Error::usage(message!("csv.open_quote", file = file, line = line)).hint(message!("csv.open_quote_hint"))
            }
            Stop::Endless(line) => {
                Error::usage(message!("csv.endless", file = file, line = line)).hint(message!("csv.endless_hint"))
            }
            Stop::NotText(line) => {
                let encoding = encoding::shown(self.encoding);
                Error::usage(message!("csv.not_text", file = file, line = line, encoding = encoding))
                    .hint(message!("csv.not_text_hint"))
            }
        }
    }
}

/// Notes the cells of a row that hold a formula as text, or a mark before a text. Our own files have a guard before what looks
/// like that.
fn note_marks(row: &mut Row, is_ours: bool) {
    if memchr3(b'=', b'\'', b'`', row.cells.as_slice().as_bytes()).is_none() {
        return;
    }
    for column in 0..row.cells.len() {
        let text = row.cell(column).text.trim_start();
        let problem = match text {
            _ if is_marked_text(text) => Problem::held("text_mark"),
            _ if !is_ours && is_guarded_formula(text) => Problem::word("guard_removed"),
            _ if !is_formula(text) => continue,
            _ if shows_picture(text) => Problem::new("picture_in_cell"),
            _ => Problem::held("formula_text"),
        };
        row.remark(Some(column), problem);
    }
}

/// The encoding of a file: what its marks say, what the user says, what its bytes say.
fn encoding_of(head: &[u8], telling: &[u8], input: &Input) -> Result<Found> {
    let file = &input.shown;
    let said = match &input.encoding {
        None => None,
        Some(name) => Some(encoding::named(name).ok_or_else(|| {
            Error::usage(message!("csv.encoding", encoding = name)).hint(message!("csv.encoding_hint"))
        })?),
    };
    match (encoding::of_marks(head), said) {
        (Some((encoding, marks)), None) => Ok(Found { encoding, marks, is_plain: true }),
        (Some((encoding, marks)), Some(said)) if is_same_family(encoding, said) => {
            Ok(Found { encoding, marks, is_plain: true })
        }
        (Some((encoding, _)), Some(said)) => Err(Error::usage(message!(
            "csv.encoding_contradicts",
            file = file,
            encoding = encoding::shown(encoding),
            said = encoding::shown(said)
        ))
        .hint(message!("csv.encoding_contradicts_hint"))),
        (None, Some(encoding)) => Ok(Found { encoding, marks: 0, is_plain: encoding == UTF_8 }),
        (None, None) => {
            let fits = |encoding| layout::named_columns(&decode(head, encoding, false), input);
            encoding::detect(telling, fits).map_err(|not_found| match not_found {
                NotFound::NoText => {
                    Error::usage(message!("csv.no_text", file = file)).hint(message!("csv.no_text_hint"))
                }
                NotFound::Unsure(encodings) => unsure(&encodings, telling, file),
            })
        }
    }
}

/// Both kinds of UTF-16 go by one name, and the mark says which it is.
fn is_same_family(marked: &'static Encoding, said: &'static Encoding) -> bool {
    marked == said || (marked.name().starts_with("UTF-16") && said.name().starts_with("UTF-16"))
}

/// The encodings that could be meant, each with what the text would be.
fn unsure(encodings: &[&'static Encoding], telling: &[u8], file: &str) -> Error {
    let readings: Vec<String> = encodings
        .iter()
        .take(3)
        .map(|encoding| format!("{}: {}", encoding::shown(encoding), sample_of_bytes(telling, encoding)))
        .collect();
    match readings.is_empty() {
        true => Error::usage(message!("csv.not_utf8", file = file)).hint(message!("csv.not_utf8_hint")),
        false => Error::usage(message!("csv.encoding_unsure", file = file, readings = readings.join("; ")))
            .hint(message!("csv.encoding_unsure_hint")),
    }
}

/// The first texts in these bytes that are no ASCII, made safe to show.
fn sample_of_bytes(bytes: &[u8], encoding: &'static Encoding) -> String {
    // Units of two bytes begin at every second one; in other encodings ASCII stands for itself.
    let first = match encoding.is_ascii_compatible() {
        true => bytes.iter().position(|byte| !byte.is_ascii()).unwrap_or_default(),
        false => 0,
    };
    let to = bytes.len().min(first + 400);
    let (text, _) = encoding.decode_without_bom_handling(&bytes[first..to]);
    sample_of(text.split(|c: char| c.is_ascii()))
}

/// The first of these texts, made safe to show.
fn sample_of<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let texts: Vec<&str> = texts.into_iter().map(str::trim).filter(|text| !text.is_empty()).take(5).collect();
    clean(&shorten(&texts.join(", "), 60)).into_owned()
}

/// The beginning of a text in UTF-8, up to what cannot be decoded, and to its last line break unless it is the whole text.
fn decode(bytes: &[u8], encoding: &'static Encoding, is_whole: bool) -> Vec<u8> {
    let mut text = Vec::new();
    let mut source = TextSource::new(Box::new(std::io::Cursor::new(bytes.to_vec())), encoding);
    while matches!(source.fill(&mut text), Ok(super::text_source::Filled::More)) {}
    if !is_whole && let Some(last) = text.iter().rposition(|byte| *byte == b'\n' || *byte == b'\r') {
        text.truncate(last + 1);
    }
    text
}

/// How messages call a delimiter.
fn delimiter_name(delimiter: u8) -> String {
    match delimiter {
        b',' => t!("csv.comma").into_owned(),
        b'\t' => t!("csv.tab").into_owned(),
        b';' => t!("csv.semicolon").into_owned(),
        b'|' => t!("csv.bar").into_owned(),
        other => char::from(other).to_string(),
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
        for text in ["a,b\n1,2\n", "a\tb\n1\t2\n", "a;b\n1;2\n", "a|b\n1|2\n", "\u{feff}a,b\n1,2\n", "sep=;\na;b\n1;2"]
        {
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

    mod whatever_is_written {
        use proptest::prelude::*;

        use super::*;
        use crate::format::column::Column;
        use crate::format::dialect::Dialect;
        use crate::format::value::Value;
        use crate::format::write_options::WriteOptions;

        /// Texts that a list may hold, and some that only look like something else.
        fn cell() -> impl Strategy<Value = String> {
            prop_oneof![
                "[一-龥]{1,8}",
                "[ -~]{0,12}",
                "[\"',;|\t\n=+@'0-9 甲é-]{0,8}",
                "[0-9]{1,12}",
                Just(String::new())
            ]
        }

        proptest! {
            #![proptest_config(ProptestConfig::with_cases(300))]
            #[test]
            fn comes_back_equal(
                rows in proptest::collection::vec(proptest::collection::vec(cell(), 3), 1..12),
                delimiter in prop_oneof![Just(b','), Just(b'\t'), Just(b';'), Just(b'|')],
                is_gb18030 in any::<bool>(),
            ) {
                let folder = tempfile::tempdir().unwrap();
                let path = folder.path().join("a.csv");
                let columns = Column::plain(&["公司名称", "联系地址", "备注"]);
                let encoding = if is_gb18030 { encoding_rs::GB18030 } else { UTF_8 };
                let options = WriteOptions { dialect: Dialect { encoding, delimiter }, ..WriteOptions::new(&columns) };
                let mut writer = crate::format::CSV.create(&path, &options).unwrap();
                for row in &rows {
                    let values: Vec<Value<'_>> = row.iter().map(|cell| Value::Text(cell)).collect();
                    writer.write(&values).unwrap();
                }
                writer.finish().unwrap();
                let input = Input { path, shown: "a.csv".into(), encoding: Some(encoding.name().into()), ..Input::default() };
                let mut reader = open(&input).unwrap();
                prop_assert_eq!(&reader.sheet().header, &["公司名称", "联系地址", "备注"]);
                let mut read = Vec::new();
                let mut row = Row::default();
                while reader.read(&mut row).unwrap() {
                    read.push(row.cells.iter().map(str::to_owned).collect::<Vec<String>>());
                }
                let is_blank = |row: &&Vec<String>| row.iter().all(|cell| cell.trim().is_empty());
                let written: Vec<Vec<String>> = rows.iter().filter(|row| !is_blank(row)).cloned().collect();
                let kept: Vec<Vec<String>> = read.iter().filter(|row| !is_blank(row)).cloned().collect();
                prop_assert_eq!(kept, written);
            }

            #[test]
            fn no_bytes_are_too_strange(
                bytes in prop_oneof![
                    proptest::collection::vec(any::<u8>(), 0..400),
                    "[a,;\"\n\r\t =甲|\u{1a}\u{feff}-]{0,200}".prop_map(String::into_bytes),
                ],
            ) {
                let file = tempfile::NamedTempFile::new().unwrap();
                std::fs::write(file.path(), &bytes).unwrap();
                let input = Input { path: file.path().to_owned(), shown: "a.csv".into(), ..Input::default() };
                let mut row = Row::default();
                match open(&input) {
                    Err(error) => prop_assert_ne!(error.code(), "xlsx.damaged"),
                    Ok(mut reader) => loop {
                        match reader.read(&mut row) {
                            Ok(true) => {}
                            Ok(false) => break,
                            Err(error) => {
                                prop_assert_ne!(error.code(), "xlsx.damaged");
                                break;
                            }
                        }
                    },
                }
            }

            #[test]
            fn records_are_counted_as_by_another_reader(text in "[a,\"\n甲]{0,120}") {
                let mut other = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
                let source = TextSource::new(Box::new(std::io::Cursor::new(text.clone().into_bytes())), UTF_8);
                let mut records = RecordReader::new(source, b',');
                let (mut record, mut count) = (ByteRecord::new(), 0);
                loop {
                    match records.read(&mut record) {
                        Ok(Some(_)) => count += 1,
                        Ok(None) => break prop_assert_eq!(count, other.byte_records().count(), "{}", text),
                        // Where a mark is never closed the other reader goes on without a word.
                        Err(_) => break,
                    }
                }
            }
        }
    }
}
