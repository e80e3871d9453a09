//! The end of a [`Reader`](super::Reader) at which a format puts its rows. They travel in batches, whose memory comes back
//! to be filled again.

use std::sync::mpsc::{Receiver, SyncSender};

use super::broken_text;
use super::reader_event::{Batch, ReaderEvent};
use super::row::Row;
use super::sheet::Sheet;
use crate::error::{Error, Result};

/// Rows of the first batch, from which is judged what the sheet is like …
pub(super) const FIRST_ROWS: usize = 512;
/// … and of each later one: several wait for each other, and their memory is that of the whole reading …
const LATER_ROWS: usize = 128;
/// … unless their texts and fields take more bytes than this.
const BATCH_BYTES: usize = 256 << 10;
/// The memory of a row with more bytes than this is not used again: rows of that size are rare.
const LARGE_ROW: usize = 16 << 10;

/// Where a thread that reads puts its rows.
pub struct RowSink {
    sender: SyncSender<ReaderEvent>,
    returned: Receiver<Batch>,
}

impl RowSink {
    pub(super) fn new(sender: SyncSender<ReaderEvent>, returned: Receiver<Batch>) -> RowSink {
        RowSink { sender, returned }
    }

    /// Fills the first batch with the rows that `read` gives until it says false. False beside it when there are no more.
    ///
    /// # Errors
    /// Whatever `read` says.
    pub fn fill(&self, read: impl FnMut(&mut Row) -> Result<bool>) -> Result<(Batch, bool)> {
        self.fill_to(FIRST_ROWS, read)
    }

    /// The same with another number of rows, using the memory of an earlier batch again.
    fn fill_to(&self, rows: usize, mut read: impl FnMut(&mut Row) -> Result<bool>) -> Result<(Batch, bool)> {
        let mut batch = self.returned.try_recv().unwrap_or_default();
        let (mut filled, mut bytes) = (0, 0);
        let more = loop {
            if filled == rows || bytes >= BATCH_BYTES {
                break true;
            }
            if filled == batch.len() {
                batch.push(Row::default());
            }
            let row = &mut batch[filled];
            if row.cells.as_slice().len() > LARGE_ROW {
                *row = Row::default();
            }
            row.remarks.clear();
            if !read(row)? {
                break false;
            }
            broken_text::note(row);
            bytes += row.cells.as_slice().len() + row.cells.len() * size_of::<usize>();
            filled += 1;
        };
        batch.truncate(filled);
        Ok((batch, more))
    }

    /// Sends the sheet, the first batch, and then all that `read` gives. Ends early when nobody receives.
    ///
    /// # Errors
    /// Whatever `read` says.
    pub fn send(
        &self,
        mut sheet: Sheet,
        first: (Batch, bool),
        mut read: impl FnMut(&mut Row) -> Result<bool>,
    ) -> Result<()> {
        let (mut batch, mut more) = first;
        sheet.lone_cells_are_rare = !sheet.cuts_blanks && are_lone_cells_rare(sheet.header.len(), &batch);
        sheet.width = batch.iter().map(|row| row.cells.len()).max().unwrap_or_default().max(sheet.header.len());
        let mut is_heard = self.sender.send(ReaderEvent::Opened(sheet)).is_ok();
        while is_heard {
            is_heard = self.sender.send(ReaderEvent::Rows(batch)).is_ok();
            if !more {
                break;
            }
            (batch, more) = self.fill_to(LATER_ROWS, &mut read)?;
        }
        Ok(())
    }

    /// Tells why nothing more can be read.
    pub(super) fn fail(&self, error: Error) {
        // Nobody listens any more: then nobody wants to know.
        let _ = self.sender.send(ReaderEvent::Failed(error));
    }
}

/// Fewest rows of one cell that may be a habit of a table.
const HABIT: usize = 5;

/// Whether rows of one cell are so rare in a table of `columns` columns that one of them is hardly a record.
fn are_lone_cells_rare(columns: usize, rows: &[Row]) -> bool {
    let (mut lone, mut shortest_lone, mut shortest) = (0, usize::MAX, usize::MAX);
    let (mut is_below_lone, mut are_side_by_side) = (false, false);
    for row in rows {
        let mut filled = row.cells.iter().map(str::trim).filter(|cell| !cell.is_empty());
        let (Some(first), second) = (filled.next(), filled.next()) else { continue };
        let length = first.chars().count();
        match second {
            Some(_) => shortest = shortest.min(length),
            None => (lone, shortest_lone) = (lone + 1, shortest_lone.min(length)),
        }
        are_side_by_side |= second.is_none() && is_below_lone;
        is_below_lone = second.is_none();
    }
    match columns {
        // Of two columns the second is often blank, and rows are whole without it.
        0..=2 => lone * 4 <= rows.len() || (lone == 1 && rows.len() > 2),
        // What heads a part of a table is rarely followed by another heading, and mostly shorter than what stands below it.
        _ => {
            let are_names = lone >= HABIT && lone * 5 >= rows.len() && are_side_by_side && shortest_lone >= shortest;
            lone * 2 < rows.len() && !are_names
        }
    }
}
