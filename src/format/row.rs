//! One row that was read, with its position in the file.

use csv::StringRecord;

use super::cell::{Cell, CellKind};
use crate::problem::Problem;

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
    /// Whether a person does not see it: it is filtered out, or hidden by hand.
    pub is_hidden: bool,
    /// Whether a formula in it adds up several rows of its column.
    pub has_column_sum: bool,
    /// Cells that show something else than their texts.
    pub shown: Vec<Shown>,
    /// What the reader noticed of it; empty of nearly every row.
    pub remarks: Vec<Remark>,
}

/// A cell that shows something else than its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The column, counted from 0.
    pub column: usize,
    /// What it shows; none when that is not known.
    pub text: Option<String>,
}

/// What a reader noticed of a row or of one of its cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remark {
    /// The column, counted from 0; none when it is about the row as a whole. What is said of a column that is not sent does
    /// not count.
    pub column: Option<usize>,
    /// What was noticed, and how much it weighs.
    pub problem: Problem,
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
        self.is_hidden = false;
        self.has_column_sum = false;
        self.shown.clear();
        self.remarks.clear();
    }

    /// Notes what was noticed of a cell, or of the row as a whole.
    pub fn remark(&mut self, column: Option<usize>, problem: Problem) {
        self.remarks.push(Remark { column, problem });
    }
}
