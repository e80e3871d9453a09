//! Reads a sheet of a workbook, cell by cell.

use std::fs::File;
use std::io::BufReader;

use calamine::{Cell, DataRef, SheetType, SheetVisible, Xlsx, XlsxCellReader};
use rust_i18n::t;

use super::cell_text::text_of;
use super::error::damaged;
use super::inspect::inspect;
use super::limits::{MAX_COLUMNS, MAX_ROWS};
use super::template::{self, Example};
use crate::error::{Error, Result};
use crate::format::cell::CellKind;
use crate::format::input::Input;
use crate::format::reader::Reader;
use crate::format::row::Row;
use crate::format::row_sink::RowSink;
use crate::format::sheet::Sheet;
use crate::format::summary_sheet::SUMMARY_SHEET_NAMES;
use crate::message;
use crate::problem::Problem;

/// Opens a workbook, chooses the sheet and reads its header; the rows follow.
///
/// # Errors
/// A file that [`inspect`] refuses or the parser cannot read, an unknown sheet, a sheet without a header.
pub(super) fn open(input: &Input) -> Result<Reader> {
    let input = input.clone();
    Reader::spawn(&input.shown.clone(), move |sink| parse(&input, sink))
}

/// Looks the file over, chooses the sheet, sends its rows.
fn parse(input: &Input, sink: &RowSink) -> Result<()> {
    let shown = &input.shown;
    let open =
        || File::open(&input.path).map_err(|why| Error::usage(message!("format.unreadable", file = shown, why = why)));
    inspect(open()?, shown)?;
    let mut workbook: Xlsx<_> =
        calamine::Reader::new(BufReader::new(open()?)).map_err(|error| damaged(shown, &error))?;
    let example = template::read_example(&mut workbook);
    let (sheet, first_row) = choose(&mut workbook, input)?;
    let name = sheet.name.clone().unwrap_or_default();
    let mut rows = Rows::open(&mut workbook, &name, shown)?;
    let mut read = |row: &mut Row| {
        while rows.read(row)? {
            if row.number >= first_row && !row.is_blank() {
                return Ok(true);
            }
        }
        Ok(false)
    };
    let mut first = sink.fill(&mut read)?;
    if let Some(row) = example.and_then(|example| find_example(&example, &sheet.header, &mut first.0)) {
        row.remark(None, Problem::skipped("example"));
    }
    sink.send(sheet, first, read)
}

/// The row of the template's example, while it stands among the first rows as the template brought it.
fn find_example<'a>(example: &Example, header: &[String], rows: &'a mut [Row]) -> Option<&'a mut Row> {
    rows.iter_mut().find(|row| example.is(header, row))
}

/// The sheet to read with its header, and the first row below it.
fn choose(workbook: &mut Xlsx<BufReader<File>>, input: &Input) -> Result<(Sheet, u64)> {
    let shown = &input.shown;
    let sheets: Vec<(String, bool)> = calamine::Reader::sheets_metadata(workbook)
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
        .collect();
    let visible = sheets.iter().filter(|(name, visible)| {
        *visible && name != template::EXPLANATION && !SUMMARY_SHEET_NAMES.contains(&name.as_str())
    });
    let visible: Vec<&String> = visible.map(|(name, _)| name).collect();
    let mut candidates = visible.clone();
    if let Some(wanted) = &input.sheet {
        candidates = sheets.iter().map(|(name, _)| name).filter(|name| name.trim() == wanted.trim()).collect();
        if candidates.is_empty() {
            let names: Vec<&str> = visible.iter().map(|name| name.as_str()).collect();
            return Err(Error::usage(message!("xlsx.no_sheet", file = shown, sheet = wanted))
                .hint(message!("xlsx.no_sheet_hint", sheets = names.join(", "))));
        }
    }
    let from = input.header_row.unwrap_or(1);
    for name in candidates {
        let Some(header) = first_row(workbook, name, from, shown)? else {
            continue;
        };
        let mut others = Vec::new();
        for other in visible.into_iter().filter(|other| *other != name) {
            // A sheet that is not read need not be sound.
            if matches!(first_row(workbook, other, 1, shown), Ok(Some(_))) {
                others.push(other.clone());
            }
        }
        let mut titles: Vec<String> = header.cells.iter().map(str::to_owned).collect();
        while titles.last().is_some_and(|title| title.trim().is_empty()) {
            titles.pop();
        }
        let sheet = Sheet {
            delimiter: None,
            name: Some(name.clone()),
            others,
            header: titles,
            header_row: header.number,
            reading: "XLSX".to_owned(),
            notes: Vec::new(),
        };
        return Ok((sheet, header.number + 1));
    }
    Err(match &input.sheet {
        Some(sheet) => Error::usage(message!("xlsx.no_header", file = shown, sheet = sheet)),
        None => Error::usage(message!("xlsx.empty", file = shown)),
    }
    .hint(message!("xlsx.no_header_hint")))
}

/// The first row of a sheet from `from` on that is not blank.
fn first_row(workbook: &mut Xlsx<BufReader<File>>, name: &str, from: u64, shown: &str) -> Result<Option<Row>> {
    let mut rows = Rows::open(workbook, name, shown)?;
    let mut row = Row::default();
    while rows.read(&mut row)? {
        if row.number >= from && !row.is_blank() {
            return Ok(Some(row));
        }
    }
    Ok(None)
}

/// The rows of a sheet, put together from its cells.
struct Rows<'a> {
    cells: XlsxCellReader<'a, BufReader<File>>,
    /// The first cell of the next row.
    ahead: Option<Cell<DataRef<'a>>>,
    last: Option<(u32, u32)>,
    /// Asked again behind its end, the parser would run into the rest of the sheet.
    ended: bool,
    text: String,
    shown: &'a str,
}

impl<'a> Rows<'a> {
    fn open(workbook: &'a mut Xlsx<BufReader<File>>, name: &str, shown: &'a str) -> Result<Self> {
        let cells = workbook.worksheet_cells_reader(name).map_err(|error| damaged(shown, &error))?;
        Ok(Rows { cells, ahead: None, last: None, ended: false, text: String::new(), shown })
    }

    /// Reads the next row, blank or not; false at the end.
    fn read(&mut self, row: &mut Row) -> Result<bool> {
        row.clear();
        loop {
            let cell = match self.ahead.take() {
                Some(cell) => cell,
                None => match self.next_cell()? {
                    Some(cell) => cell,
                    None => return Ok(row.number > 0),
                },
            };
            let (number, column) = cell.get_position();
            let number = u64::from(number) + 1;
            if row.number == 0 {
                row.number = number;
            } else if row.number != number {
                self.ahead = Some(cell);
                return Ok(true);
            }
            self.text.clear();
            let kind = text_of(cell.get_value(), &mut self.text);
            if self.text.is_empty() {
                continue;
            }
            while row.cells.len() < column as usize {
                row.cells.push_field("");
                row.kinds.push(CellKind::Text);
            }
            row.cells.push_field(&self.text);
            row.kinds.push(kind);
        }
    }

    fn next_cell(&mut self) -> Result<Option<Cell<DataRef<'a>>>> {
        if self.ended {
            return Ok(None);
        }
        let after = |last: Option<(u32, u32)>| last.map_or(0, |(row, _)| row + 1);
        let cell = self
            .cells
            .next_cell()
            .map_err(|error| damaged(self.shown, &t!("xlsx.after_row", row = after(self.last), why = error)))?;
        self.ended = cell.is_none();
        if let Some(cell) = &cell {
            let position = cell.get_position();
            // A cell given twice or out of order could only be put in the wrong column or row.
            if position.0 >= MAX_ROWS || position.1 >= MAX_COLUMNS || self.last.is_some_and(|last| position <= last) {
                return Err(damaged(self.shown, &t!("xlsx.order", row = after(self.last))));
            }
            self.last = Some(position);
        }
        Ok(cell)
    }
}
