//! Reads a sheet of a workbook, row by row.

use std::fs::File;

use super::book::Book;
use super::cell_text::DAYS_TO_1904;
use super::choose::{Choice, StreamedBook, choose};
use super::package::{Package, refuse_other_documents};
use super::rows::Rows;
use super::template::{Example, Facts};
use crate::error::{Error, Result};
use crate::format::example::ExampleRow;
use crate::format::input::Input;
use crate::format::ods;
use crate::format::reader::Reader;
use crate::format::row::Row;
use crate::format::row_sink::RowSink;
use crate::message;
use crate::problem::Problem;

/// Opens a workbook, chooses the sheet and reads its header; the rows follow.
///
/// # Errors
/// A file that is no sound workbook, an unknown sheet, a sheet without a header.
pub(super) fn open(input: &Input) -> Result<Reader> {
    let input = input.clone();
    Reader::spawn(&input.shown.clone(), move |sink| parse(&input, sink))
}

/// Looks the file over, chooses the sheet, sends its rows.
fn parse(input: &Input, sink: &RowSink) -> Result<()> {
    let shown = &input.shown;
    let file =
        File::open(&input.path).map_err(|why| Error::usage(message!("format.unreadable", file = shown, why = why)))?;
    let mut package = Package::open(file, shown)?;
    if ods::is_spreadsheet(&mut package)? {
        return ods::read(&mut package, input, sink);
    }
    refuse_other_documents(&mut package)?;
    let book = Book::read(&mut package)?;
    let facts = Facts::read(&mut package, &book);
    let example = facts.example();
    let Choice { index, mut sheet, tail } = choose(&mut StreamedBook { package: &mut package, book: &book }, input)?;
    "XLSX".clone_into(&mut sheet.reading);
    sheet.days_later = if book.looks.is_1904 { DAYS_TO_1904 } else { 0 };
    sheet.export = facts.export();
    let (header_row, width) = (sheet.header_row, sheet.header.len());
    let mut rows = Rows::open(&mut package, &book, &book.sheets[index], tail)?.filling(input.fill_merged);
    let mut read = |row: &mut Row| {
        while rows.read(row)? {
            // A row of nothing but what has no value is no blank one.
            if row.number > header_row && (!row.is_blank() || !row.remarks.is_empty()) {
                rows.remark(row, width);
                return Ok(true);
            }
        }
        Ok(false)
    };
    let mut first = sink.fill(&mut read)?;
    if let Some(row) = example.and_then(|example| find_example(&example, &sheet.header, &mut first.0)) {
        row.remark(None, Problem::skipped("example"));
    } else if let Some(headings) = &input.headings {
        // Another program may have saved the table without what the template says of itself.
        ExampleRow::new(&sheet.header, &**headings).mark_among(&mut first.0);
    }
    sink.send(sheet, first, read)
}

/// The row of the template's example, while it stands among the first rows as the template brought it.
fn find_example<'a>(example: &Example, header: &[String], rows: &'a mut [Row]) -> Option<&'a mut Row> {
    rows.iter_mut().find(|row| example.is(header, row))
}
