//! The way of rows into a file: one side makes them, the other writes them, a few batches apart. Neither holds more than
//! those.

use std::sync::mpsc;

use super::table::{Table, Written};
use crate::error::{Error, Result};
use crate::format::SummarySheet;
use crate::message;
use crate::projection::RowBatch;

/// Rows written together.
const BATCH: usize = 512;
/// Bytes that make a batch full before it has as many rows.
const BATCH_BYTES: usize = 512 << 10;
/// Batches on their way.
const UNDERWAY: usize = 4;

/// Takes a batch of rows once it is full, and leaves an empty one.
pub(super) type Send<'a> = dyn FnMut(&mut RowBatch) -> Result<()> + 'a;

/// Runs the writer of a table on a thread of its own while `produce` makes its rows. A batch that is full is sent by the
/// function it is given; what it leaves at its end is written with the summary sheet.
///
/// # Errors
/// What `produce` says, and what the file says.
pub(super) fn write_table<T>(
    table: Table,
    produce: impl FnOnce(&mut RowBatch, &mut Send<'_>) -> Result<(T, Option<SummarySheet>)>,
) -> Result<(T, Written)> {
    // Records that are written whole are one cell each.
    let width = table.columns.len().max(1);
    let (sender, receiver) = mpsc::sync_channel::<RowBatch>(UNDERWAY);
    let (summary_sender, summary_receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let mut writer = table.create()?;
            for rows in receiver {
                rows.each(|values| writer.write(values))?;
            }
            // Nothing is finished when the rows ended because their maker failed.
            match summary_receiver.recv() {
                Ok(summary) => Written::finish(writer, summary).map(Some),
                Err(_) => Ok(None),
            }
        });
        let mut rows = RowBatch::new(width);
        let mut send = |rows: &mut RowBatch| {
            if rows.rows() < BATCH && rows.bytes() < BATCH_BYTES {
                return Ok(());
            }
            let full = std::mem::replace(rows, RowBatch::new(width));
            // The writer has ended only when it failed; its own error is the one to tell.
            sender.send(full).map_err(|_| Error::cannot_run(String::new()))
        };
        let produced = produce(&mut rows, &mut send);
        let produced = produced.map(|(value, summary)| {
            // The same as above.
            let _ = sender.send(rows);
            let _ = summary_sender.send(summary);
            value
        });
        drop(sender);
        drop(summary_sender);
        let written = writer.join().unwrap_or_else(|_| Err(Error::cannot_run(message!("export.writer_died"))));
        match (produced, written) {
            (Ok(value), Ok(Some(written))) => Ok((value, written)),
            (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
            (Ok(_), Ok(None)) => Err(Error::cannot_run(message!("export.writer_died"))),
        }
    })
}
