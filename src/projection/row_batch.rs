//! Rows on their way to a file, many together: their texts lie in one piece of memory.

use std::borrow::Cow;
use std::ops::Range;

use jiff::civil::{Date, DateTime};

use crate::error::Result;
use crate::format;

/// A cell of a batch; texts lie in the batch's own memory.
#[derive(Debug, Clone, PartialEq)]
enum Cell {
    /// Nothing.
    Empty,
    /// A part of the batch's text.
    Text(Range<u32>),
    /// The same, which is JSON.
    Json(Range<u32>),
    /// A number.
    Number(f64),
    /// A day.
    Date(Date),
    /// A moment.
    DateTime(DateTime),
}

/// Rows on their way to the file.
#[derive(Debug, Default)]
pub struct RowBatch {
    text: String,
    cells: Vec<Cell>,
    width: usize,
}

impl RowBatch {
    /// Room for rows of `width` cells.
    pub fn new(width: usize) -> Self {
        RowBatch { text: String::new(), cells: Vec::new(), width }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// How much memory they take, roughly.
    pub fn bytes(&self) -> usize {
        self.text.len() + self.cells.len() * size_of::<Cell>()
    }

    /// The rows' cells as values of a format.
    pub fn each(&self, mut write: impl FnMut(&[format::Value<'_>]) -> Result<()>) -> Result<()> {
        let mut values = Vec::with_capacity(self.width);
        for row in self.cells.chunks_exact(self.width.max(1)) {
            values.clear();
            values.extend(row.iter().map(|cell| self.value(cell)));
            write(&values)?;
        }
        Ok(())
    }

    fn value(&self, cell: &Cell) -> format::Value<'_> {
        match cell {
            Cell::Empty => format::Value::Empty,
            Cell::Text(range) => format::Value::Text(&self.text[range.start as usize..range.end as usize]),
            Cell::Json(range) => format::Value::Json(&self.text[range.start as usize..range.end as usize]),
            Cell::Number(number) => format::Value::Number(*number),
            Cell::Date(date) => format::Value::Date(*date),
            Cell::DateTime(moment) => format::Value::DateTime(*moment),
        }
    }

    /// What a cell of the last row shows.
    pub fn last(&self, column: usize) -> Cow<'_, str> {
        let start = self.cells.len().saturating_sub(self.width);
        match self.cells.get(start + column).map(|cell| self.value(cell)) {
            None | Some(format::Value::Empty) => Cow::Borrowed(""),
            Some(format::Value::Text(text) | format::Value::Json(text)) => Cow::Borrowed(text),
            Some(format::Value::Number(number)) => Cow::Owned(number.to_string()),
            Some(format::Value::Date(day)) => Cow::Owned(day.to_string()),
            Some(format::Value::DateTime(moment)) => Cow::Owned(moment.strftime("%Y-%m-%d %H:%M:%S").to_string()),
        }
    }

    /// Adds a cell with text.
    pub fn push(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.close(start);
    }

    /// Adds a cell with the text that `write` appends.
    ///
    /// # Errors
    /// What `write` says.
    pub fn push_with(&mut self, write: impl FnOnce(&mut String) -> Result<()>) -> Result<()> {
        let start = self.text.len();
        write(&mut self.text)?;
        self.close(start);
        Ok(())
    }

    /// Adds a cell that is JSON.
    pub fn push_json(&mut self, json: &serde_json::Value) {
        let start = self.text.len();
        // Neither a value nor a text can fail to be written.
        let _ = std::fmt::Write::write_fmt(&mut self.text, format_args!("{json}"));
        let range = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.cells.push(Cell::Json(range(start)..range(self.text.len())));
    }

    /// Adds a cell with nothing.
    pub fn push_empty(&mut self) {
        self.cells.push(Cell::Empty);
    }

    /// Adds a cell with a number.
    pub fn push_number(&mut self, number: f64) {
        self.cells.push(Cell::Number(number));
    }

    /// Adds a cell with a day.
    pub fn push_date(&mut self, date: Date) {
        self.cells.push(Cell::Date(date));
    }

    /// Adds a cell with a moment.
    pub fn push_date_time(&mut self, moment: DateTime) {
        self.cells.push(Cell::DateTime(moment));
    }

    fn close(&mut self, start: usize) {
        let range = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.cells.push(match self.text.len() == start {
            true => Cell::Empty,
            false => Cell::Text(range(start)..range(self.text.len())),
        });
    }
}
