//! The reader: rows of the spool become windows for the journal's writer, as large and as many as backpressure allows.

use std::sync::mpsc;

use super::backpressure::Backpressure;
use super::journal_writer::{Message, Window};
use super::stop::Stop;
use crate::error::Result;
use crate::import::plan::{RowAction, RowPlanner};
use crate::journal::LARGEST_WINDOW;

/// Says that there are no more rows however the reader ends, so that nobody waits for them.
pub(super) struct EndOfRows(mpsc::Sender<Message>);

impl EndOfRows {
    /// Guards the reader's side of the channel.
    pub(super) fn new(to: mpsc::Sender<Message>) -> Self {
        EndOfRows(to)
    }
}

impl Drop for EndOfRows {
    fn drop(&mut self) {
        let _ = self.0.send(Message::NoMoreRows);
    }
}

/// Hands the rows over in windows until there are no more, the limit is reached, or the run stops.
///
/// # Errors
/// A spool or journal that cannot be read; claims of a retry that cannot be kept.
pub(super) fn read_windows(
    planner: &mut RowPlanner<'_>,
    limit: Option<u64>,
    backpressure: &Backpressure,
    stop: &Stop,
    to: &EndOfRows,
) -> Result<()> {
    let (mut more, mut failure) = (true, None);
    while more && !stop.is_set() {
        let size = backpressure.size();
        let first = planner.next;
        let mut window = Window::default();
        while window.send.len() < size && window.ended.len() < LARGEST_WINDOW && !stop.is_set() {
            if limit.is_some_and(|limit| planner.read() >= limit) {
                more = false;
                break;
            }
            match planner.next() {
                Err(error) => {
                    // The rows before it still count.
                    (more, failure) = (false, Some(error));
                    break;
                }
                Ok(None) => {
                    more = false;
                    break;
                }
                Ok(Some(RowAction::Ended)) => {}
                Ok(Some(RowAction::End(operation))) => window.ended.push(operation),
                Ok(Some(RowAction::Send(pending))) => window.send.push(pending),
            }
        }
        if let Err(error) = planner.keep_claims() {
            // None of the rows was taken then.
            planner.next = first;
            return Err(error);
        }
        backpressure.enter(stop);
        // The recorder listens until the sender has told it to close, which comes after this thread's last word.
        let _ = to.0.send(Message::Window(window));
    }
    failure.map_or(Ok(()), Err)
}
