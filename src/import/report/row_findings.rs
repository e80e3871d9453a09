//! What the check found in each row, read from the journal alongside the rows.

use std::collections::VecDeque;

use crate::check::findings::RowFinding;
use crate::error::Result;
use crate::journal::JournalReader;

/// Rows whose findings are read at a time.
const AT_A_TIME: usize = 4096;

/// The findings of a run, row by row.
pub(super) struct RowFindings<'a> {
    past: &'a JournalReader,
    read: VecDeque<RowFinding>,
    /// The first row whose findings were not read yet.
    next: u64,
}

impl<'a> RowFindings<'a> {
    /// Begins with the first row.
    pub(super) fn new(past: &'a JournalReader) -> RowFindings<'a> {
        RowFindings { past, read: VecDeque::new(), next: 0 }
    }

    /// The findings of a row; rows are asked for in their order.
    ///
    /// # Errors
    /// A damaged journal.
    pub(super) fn at(&mut self, row: u64) -> Result<Vec<RowFinding>> {
        if self.next <= row {
            self.read = self.past.findings(row, AT_A_TIME)?.into();
            self.next = row + AT_A_TIME as u64;
        }
        while self.read.front().is_some_and(|finding| finding.row < row) {
            self.read.pop_front();
        }
        let of_row = self.read.iter().take_while(|finding| finding.row == row).count();
        Ok(self.read.drain(..of_row).collect())
    }
}
