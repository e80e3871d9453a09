//! A workbook of a form that has to be read whole before its first row is known. The forms themselves, and limits, keep it
//! small.

use super::example::ExampleRow;
use super::input::Input;
use super::row::Row;
use super::row_sink::RowSink;
use super::xlsx::area::Area;
use super::xlsx::choose::{Choice, LOOKED_AT, Tab, Workbook, choose};
use super::xlsx::sight::Sight;
use super::xlsx::tail::Tail;
use crate::error::{Error, Result};
use crate::message;

/// Largest file that is read whole, in bytes.
pub(super) const MAX_FILE: u64 = 64 << 20;
/// Most cells of a workbook that is read whole.
pub(super) const MAX_CELLS: usize = 4_000_000;

/// A sheet that is held in memory.
#[derive(Debug, Default)]
pub(super) struct LoadedSheet {
    /// Its name.
    pub name: String,
    /// Whether a person sees it.
    pub is_visible: bool,
    /// Its rows that hold anything, in order.
    pub rows: Vec<Row>,
    /// Columns that are hidden, first and last, counted from 0.
    pub hidden_columns: Vec<(u32, u32)>,
    /// Merged cells.
    pub merges: Vec<Area>,
}

/// A workbook that is held in memory.
#[derive(Debug, Default)]
pub(super) struct LoadedBook {
    /// Its sheets, in the order of their tabs.
    pub sheets: Vec<LoadedSheet>,
    /// How many days later than usual the first day is that its numbers count from.
    pub days_later: i64,
}

impl Workbook for LoadedBook {
    fn tabs(&self) -> Vec<Tab> {
        self.sheets.iter().map(|sheet| Tab { name: sheet.name.clone(), is_visible: sheet.is_visible }).collect()
    }

    fn first_rows(&mut self, sheet: usize) -> Result<Vec<Row>> {
        Ok(self.sheets[sheet].rows.iter().filter(|row| !row.is_blank()).take(LOOKED_AT).cloned().collect())
    }

    fn tail(&mut self, sheet: usize) -> Result<Tail> {
        let mut merges = std::mem::take(&mut self.sheets[sheet].merges);
        merges.sort_by_key(|area| area.top);
        Ok(Tail { merges, tables: Vec::new() })
    }
}

impl LoadedBook {
    /// Chooses the sheet and its header, and sends its rows. `reading` is how messages call the form.
    ///
    /// # Errors
    /// An unknown sheet, a workbook or a sheet without a header.
    pub(super) fn send(mut self, reading: &str, input: &Input, sink: &RowSink) -> Result<()> {
        let Choice { index, mut sheet, tail } = choose(&mut self, input)?;
        reading.clone_into(&mut sheet.reading);
        sheet.days_later = self.days_later;
        let (header_row, width) = (sheet.header_row, sheet.header.len());
        let chosen = self.sheets.swap_remove(index);
        drop(self);
        let mut sight = Sight::new(tail, chosen.hidden_columns);
        sight.set_fills(input.fill_merged);
        let mut rows = chosen.rows.into_iter().filter(|row| row.number > header_row);
        let mut read = |row: &mut Row| {
            let Some(next) = rows.next() else { return Ok(false) };
            *row = next;
            sight.remark(row, width);
            Ok(true)
        };
        let mut first = sink.fill(&mut read)?;
        if let Some(headings) = &input.headings {
            ExampleRow::new(&sheet.header, &**headings).mark_among(&mut first.0);
        }
        sink.send(sheet, first, read)
    }
}

/// The error for a workbook that is larger than what is read whole, which no .xlsx has to be.
pub(super) fn too_large(shown: &str, form: &str) -> Error {
    Error::usage(message!("format.too_large_form", file = shown, form = form))
        .hint(message!("format.too_large_form_hint"))
}
