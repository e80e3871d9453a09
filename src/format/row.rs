//! One row that was read, with its position in the file.

use csv::StringRecord;

use super::cell::{Cell, CellKind};
use super::content::Content;

/// One row of a sheet, reused from row to row so that reading does not allocate.
#[derive(Debug, Clone, Default)]
pub struct Row {
    /// The row a person sees in a spreadsheet program, from 1; the header counts.
    pub number: u64,
    /// The line in a text file, where quoted line breaks make it differ from `number`.
    pub line: Option<u64>,
    /// The texts of the cells, as the user wrote them: without what a format put before or around them.
    pub cells: StringRecord,
    /// The kinds of the cells; empty when all are text, as in CSV.
    pub kinds: Vec<CellKind>,
    /// What it holds, as a hash; known of rows that a [`Reader`](super::Reader) gave.
    pub content: Content,
}

impl Row {
    /// The cell of a column, counted from 0; beyond the end of the row cells are empty.
    pub fn cell(&self, column: usize) -> Cell<'_> {
        let text = self.cells.get(column).unwrap_or_default();
        Cell { text, kind: self.kinds.get(column).copied().unwrap_or_default() }
    }

    /// Whether no cell holds anything but spaces.
    pub fn is_blank(&self) -> bool {
        self.cells.iter().all(|cell| cell.trim().is_empty())
    }

    /// Empties the row, keeping its memory.
    pub fn clear(&mut self) {
        self.number = 0;
        self.line = None;
        self.cells.clear();
        self.kinds.clear();
    }
}
