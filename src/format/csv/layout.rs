//! How a text file is laid out: what stands between its cells, and which of its rows is the header. Both are found
//! together, because a header is what reads as known headings once it is split rightly.

use csv::StringRecord;
use encoding_rs::UTF_8;
use memchr::memchr;

use super::record_reader::RecordReader;
use super::text_source::TextSource;
use crate::error::{Error, Result};
use crate::format::input::Input;
use crate::message;

/// The delimiters that are looked for, commonest first.
const DELIMITERS: [u8; 4] = [b',', b'\t', b';', b'|'];
/// What else may have been meant as one, and cannot be read as such.
const OTHERS: [char; 10] = ['，', '；', '、', '^', '~', '¦', '｜', '：', ':', '\u{1}'];
/// Rows among which the header is looked for.
const LOOKED_AT: usize = 40;
/// Rows that say what usual rows are like.
const SAMPLED: usize = 500;
/// Most filled cells of a row above a header: a title, or a name and its value.
const TITLE_CELLS: usize = 2;

/// A row of the sample.
#[derive(Debug, Clone, Default)]
pub(super) struct SampleRow {
    pub(super) number: u64,
    pub(super) cells: StringRecord,
}

/// How a text file is laid out.
#[derive(Debug, Clone, Default)]
pub(super) struct Layout {
    pub(super) delimiter: u8,
    /// Whether the first line says the delimiter and is no row.
    pub(super) has_delimiter_line: bool,
    /// Row number of the header; none when the sample holds no row.
    pub(super) header_row: Option<u64>,
    /// The rows above the header that hold anything.
    pub(super) above: Vec<SampleRow>,
    /// The rows below it, as far as the sample goes.
    pub(super) below: Vec<SampleRow>,
}

/// One way to read the sample.
struct Reading {
    delimiter: u8,
    rows: Vec<SampleRow>,
    /// Index of the row that names the most known columns, and how many it names.
    best: (usize, usize),
}

/// How many known headings the likeliest header of a sample has.
pub(super) fn named_columns(sample: &[u8], input: &Input) -> usize {
    readings(sample, &worth_reading(sample), 0, input).iter().map(|reading| reading.best.1).max().unwrap_or_default()
}

/// Finds out how the text is laid out. `sample` is its beginning.
///
/// # Errors
/// A header that stands below rows which are no titles; columns that nothing known separates.
pub(super) fn find(sample: &[u8], input: &Input) -> Result<Layout> {
    let said = said_delimiter(sample);
    let candidates = said.map_or_else(|| worth_reading(sample), |delimiter| vec![delimiter]);
    let mut readings = readings(sample, &candidates, usize::from(said.is_some()), input);
    let most = readings.iter().map(|reading| reading.best.1).max().unwrap_or_default();
    readings.retain(|reading| reading.best.1 == most);
    let evenness = |reading: &Reading| evenness(&reading.rows[reading.best.0.min(reading.rows.len())..]);
    // The last of the highest is taken, so the commonest delimiter goes last.
    let Some(reading) = readings.iter().rev().max_by_key(|reading| evenness(reading)) else {
        return Ok(Layout::default());
    };
    let header = choose_header(reading, input)?;
    let mut layout = Layout {
        delimiter: reading.delimiter,
        has_delimiter_line: said.is_some(),
        header_row: reading.rows.get(header).map(|row| row.number),
        above: reading.rows[..header.min(reading.rows.len())].to_vec(),
        below: reading.rows.get(header + 1..).unwrap_or_default().to_vec(),
    };
    if input.header_row.is_some() {
        layout.above.clear();
    }
    if said.is_none() {
        refuse_one_column(reading, header, input)?;
    }
    Ok(layout)
}

/// The delimiter that the first line says, as Excel understands it: `sep=;`.
fn said_delimiter(sample: &[u8]) -> Option<u8> {
    let line = sample.split(|byte| *byte == b'\n' || *byte == b'\r').next()?;
    let line = line.trim_ascii();
    let line = line.strip_prefix(b"\"").and_then(|line| line.strip_suffix(b"\"")).unwrap_or(line);
    let is_said = line.get(..4).is_some_and(|head| head.eq_ignore_ascii_case(b"sep="));
    match line.get(4..) {
        Some([delimiter]) if is_said && delimiter.is_ascii() && *delimiter != b'"' => Some(*delimiter),
        Some([]) if is_said && sample.get(4) == Some(&b'\t') => Some(b'\t'),
        _ => None,
    }
}

/// The delimiters that stand in the sample, and the commonest of the others: read with any of those it is the same.
fn worth_reading(sample: &[u8]) -> Vec<u8> {
    let mut has_other = false;
    let is_worth = |delimiter: &u8| memchr(*delimiter, sample).is_some() || !std::mem::replace(&mut has_other, true);
    DELIMITERS.into_iter().filter(is_worth).collect()
}

/// The sample read with each delimiter.
fn readings(sample: &[u8], delimiters: &[u8], passed: usize, input: &Input) -> Vec<Reading> {
    delimiters
        .iter()
        .map(|delimiter| {
            let rows = rows(sample, *delimiter, passed);
            let from = rows.iter().position(|row| row.number >= input.header_row.unwrap_or(1)).unwrap_or(rows.len());
            // A row that a person names is the header, whatever it says.
            let to = if input.header_row.is_some() { (from + 1).min(rows.len()) } else { rows.len().min(LOOKED_AT) };
            let named = |index: usize| input.named_columns(rows[index].cells.iter());
            let mut best = (from, 0);
            for index in from..to {
                let fit = named(index);
                if fit > best.1 {
                    best = (index, fit);
                }
            }
            Reading { delimiter: *delimiter, rows, best }
        })
        .collect()
}

/// The rows of a sample that are not blank, up to one that is cut off.
fn rows(sample: &[u8], delimiter: u8, passed: usize) -> Vec<SampleRow> {
    let source = TextSource::new(Box::new(std::io::Cursor::new(sample.to_vec())), UTF_8);
    let mut reader = RecordReader::new(source, delimiter);
    let mut rows = Vec::new();
    for _ in 0..passed {
        if reader.pass_line().is_err() {
            return rows;
        }
    }
    let mut record = csv::ByteRecord::new();
    while rows.len() < SAMPLED
        && let Ok(Some(facts)) = reader.read(&mut record)
    {
        let cells: StringRecord = record.iter().map(String::from_utf8_lossy).collect();
        if facts.malformed.is_none() && cells.iter().any(|cell| !cell.trim().is_empty()) {
            rows.push(SampleRow { number: facts.row, cells });
        }
    }
    rows
}

/// How evenly a delimiter splits the first rows: how many have as many cells as the first, of these how many cells.
fn evenness(rows: &[SampleRow]) -> usize {
    let widths: Vec<usize> = rows.iter().take(5).map(|row| row.cells.len()).collect();
    match widths.first() {
        Some(first) if *first > 1 => widths.iter().filter(|width| *width == first).count() * 1000 + first.min(&999),
        _ => 0,
    }
}

/// The index of the header among the rows: the first one, unless a row below titles names known columns.
fn choose_header(reading: &Reading, input: &Input) -> Result<usize> {
    let rows = &reading.rows;
    let (best, named) = reading.best;
    if input.header_row.is_some() {
        return Ok(best);
    }
    let first = rows.first().map_or(0, |row| input.named_columns(row.cells.iter()));
    let is_title = |row: &SampleRow| filled(row) <= TITLE_CELLS;
    if has_lone_title(rows, named, input) {
        return Ok(1);
    }
    // One known word may stand in a title; a header has more of them than that, or nothing above it.
    if best == 0 || named < 2 || (first > 0 && !rows.first().is_some_and(is_title)) {
        return Ok(0);
    }
    if rows[..best].iter().all(is_title) {
        return Ok(best);
    }
    if first > 0 {
        return Ok(0);
    }
    Err(Error::usage(message!("csv.header_below", file = input.shown, row = rows[best].number, first = rows[0].number))
        .hint(message!("csv.header_below_hint", row = rows[best].number)))
}

/// Whether the first row is a lone title that may be a heading, too, and the second one has more cells and names as many columns
/// as any: `公司`, and below it `公司名称` and others.
fn has_lone_title(rows: &[SampleRow], most: usize, input: &Input) -> bool {
    let [title, below, ..] = rows else { return false };
    let named = || input.named_columns(below.cells.iter());
    filled(title) == 1 && filled(below) > 1 && most > 0 && named() == most
}

fn filled(row: &SampleRow) -> usize {
    row.cells.iter().filter(|cell| !cell.trim().is_empty()).count()
}

/// A file whose columns nothing known separates would be imported as one column.
fn refuse_one_column(reading: &Reading, header: usize, input: &Input) -> Result<()> {
    let Some(row) = reading.rows.get(header).filter(|row| filled(row) == 1) else { return Ok(()) };
    let title = row.cells.iter().find(|cell| !cell.trim().is_empty()).unwrap_or_default();
    let splits = |mark: char| title.contains(mark) && input.named_columns(title.split(mark)) >= 2;
    let by_spaces = || title.contains("  ") && input.named_columns(title.split("  ")) >= 2;
    let rows: Vec<&str> = reading.rows.iter().skip(header + 1).take(20).filter_map(|row| row.cells.get(0)).collect();
    let stands_in_all = |mark: char| {
        let counts: Vec<usize> = rows.iter().map(|cell| cell.matches(mark).count()).collect();
        counts.len() >= 2 && counts[0] > 0 && counts.iter().all(|count| *count == counts[0])
    };
    let marks = || OTHERS.into_iter().chain(DELIMITERS.map(char::from));
    let found = marks().find(|mark| splits(*mark)).or_else(|| by_spaces().then_some(' '));
    let of_rows = || DELIMITERS.map(char::from).into_iter().find(|mark| stands_in_all(*mark));
    match found.or_else(of_rows) {
        None => Ok(()),
        Some(mark) => Err(Error::usage(message!(
            "csv.one_column",
            file = input.shown,
            row = row.number,
            title = crate::text::clean(&crate::text::shorten(title, 60)),
            mark = crate::text::clean(&mark.to_string())
        ))
        .hint(message!("csv.one_column_hint"))),
    }
}
