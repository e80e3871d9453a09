//! What a sheet says behind its rows and has to be known before them: merged cells, and which rows its tables declare as
//! totals. Its rows are passed over as bytes.

use std::io::BufRead;

use quick_xml::events::Event;

use super::area::Area;
use super::package::{MAX_SHEET, MAX_SMALL, Package};
use super::xml::attribute;
use crate::error::Result;

/// Most merged ranges a sheet may have.
const MAX_MERGES: usize = 1 << 18;
/// What the rows stand in.
const ROWS: &[u8] = b"sheetData";

/// What a sheet says behind its rows.
#[derive(Debug, Default)]
pub(in crate::format) struct Tail {
    /// Merged cells, by their first row.
    pub merges: Vec<Area>,
    /// Its tables.
    pub tables: Vec<Table>,
}

/// A table in a sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::format) struct Table {
    /// Its cells, header and totals with them.
    pub area: Area,
    /// How many of its last rows are totals.
    pub totals: u32,
}

impl Tail {
    /// Reads it, whatever lies before.
    ///
    /// # Errors
    /// A part that is damaged.
    pub(in crate::format) fn read(package: &mut Package, sheet: &str) -> Result<Tail> {
        let mut tail = Tail::default();
        if let Some(mut xml) = package.part(sheet, MAX_SHEET)? {
            if let Err(error) = pass_rows(xml.bytes()) {
                return Err(xml.unreadable(&error));
            }
            let mut buffer = Vec::new();
            loop {
                match xml.next(&mut buffer)? {
                    Event::Start(element) if element.local_name().as_ref() == "mergeCell" => {
                        let area = attribute(&element, "ref").and_then(|reference| Area::of_reference(&reference));
                        tail.merges.extend(area);
                        if tail.merges.len() > MAX_MERGES {
                            return Err(xml.damaged(&crate::t!("xlsx.too_many_merges")));
                        }
                    }
                    Event::Eof => break,
                    _ => {}
                }
            }
        }
        tail.merges.sort_by_key(|area| area.top);
        for part in package.relationships(sheet)?.iter().filter(|part| part.kind == "table") {
            tail.tables.extend(read_table(package, &part.path)?);
        }
        Ok(tail)
    }
}

fn read_table(package: &mut Package, path: &str) -> Result<Option<Table>> {
    let Some(mut xml) = package.part(path, MAX_SMALL)? else { return Ok(None) };
    let mut buffer = Vec::new();
    while let Some(element) = xml.next_start(&mut buffer)? {
        if element.local_name().as_ref() == "table" {
            let totals = attribute(&element, "totalsRowCount").and_then(|count| count.parse().ok()).unwrap_or(0);
            let area = attribute(&element, "ref").and_then(|reference| Area::of_reference(&reference));
            return Ok(area.map(|area| Table { area, totals }));
        }
    }
    Ok(None)
}

/// Passes over everything up to the end of the rows, or of the part. An end that stands in a comment or a text is one too
/// early, which does no harm: what follows it is read as XML.
fn pass_rows(input: &mut impl BufRead) -> std::io::Result<()> {
    let finder = memchr::memmem::Finder::new(ROWS);
    // The end of the bytes before, in which a tag may begin.
    let mut before: Vec<u8> = Vec::new();
    loop {
        let bytes = input.fill_buf()?;
        if bytes.is_empty() {
            return Ok(());
        }
        let length = bytes.len();
        if let Some(end) = end_of_rows(&finder, &before, bytes) {
            input.consume(end);
            return Ok(());
        }
        let kept = length.saturating_sub(LONGEST_TAG);
        if kept == 0 {
            before.extend_from_slice(bytes);
            let surplus = before.len().saturating_sub(LONGEST_TAG);
            before.drain(..surplus);
        } else {
            before.clear();
            before.extend_from_slice(&bytes[kept..]);
        }
        input.consume(length);
    }
}

/// Bytes from the beginning of a tag to the end of its name, with a prefix.
const LONGEST_TAG: usize = 64;

/// Where in `bytes`, which follow `before`, the end of the rows has been passed.
fn end_of_rows(finder: &memchr::memmem::Finder<'_>, before: &[u8], bytes: &[u8]) -> Option<usize> {
    // Across the border of both.
    let head = &bytes[..bytes.len().min(LONGEST_TAG)];
    let border = [before, head].concat();
    for at in finder.find_iter(&border) {
        if is_end_tag(&border[..at]) && at + ROWS.len() > before.len() {
            return Some(at + ROWS.len() - before.len());
        }
    }
    finder.find_iter(bytes).find(|at| is_end_tag(&bytes[..*at])).map(|at| at + ROWS.len())
}

/// Whether what stands before a name is the beginning of an end tag: `</`, or `</` and a prefix.
fn is_end_tag(before: &[u8]) -> bool {
    let Some(start) = memchr::memrchr(b'<', before) else { return false };
    matches!(&before[start + 1..], [b'/', prefix @ ..] if prefix.is_empty() || prefix.last() == Some(&b':'))
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read};

    use super::*;

    #[test]
    fn the_end_of_the_rows_is_found_wherever_the_bytes_are_parted() {
        for (text, rest) in [
            ("<sheetData><row/></sheetData><mergeCells/>", "><mergeCells/>"),
            ("<x:sheetData></x:sheetData ><b/>", " ><b/>"),
            ("<c>sheetData</c></sheetData>", ">"),
            ("<sheetData/><b/>", ""),
        ] {
            for size in 1..text.len() + 1 {
                let mut input = BufReader::with_capacity(size, text.as_bytes());
                pass_rows(&mut input).unwrap();
                let mut left = String::new();
                input.read_to_string(&mut left).unwrap();
                assert_eq!(left, rest, "{size}");
            }
        }
    }
}
