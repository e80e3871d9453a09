//! The one writer of the journal, on its own thread. Whatever has come in since the last commit goes into one transaction,
//! so that a sync is shared by many rows; a window of rows is passed on to be sent only after its reservation is on the
//! disk, and an end is shown only after it is.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::Receiver;

use tokio::sync::mpsc::UnboundedSender;

use super::backpressure::Backpressure;
use super::stop::{Cause, Stop};
use crate::error::Error;
use crate::import::plan::PendingWrite;
use crate::journal::{Counts, Journal, Operation, Reservation, Status};

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Message {
    /// The reader has rows: some ended without being sent, some to send.
    Window(Window),
    /// The reader has no more.
    NoMoreRows,
    /// Rows that were sent have ended.
    Ended(Vec<Operation>),
    /// Rows, by their indexes, that wait to be sent and will not be: the run stops.
    Unsent(HashSet<u64>),
    /// Nothing is in flight any more.
    Close,
}

/// Rows the reader hands over together.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Rows that ended without being sent.
    pub ended: Vec<Operation>,
    /// Rows to send.
    pub send: Vec<PendingWrite>,
}

/// What is recorded so far, for those who show it.
#[derive(Debug, Default)]
pub(super) struct Tally {
    ends: [AtomicU64; Status::ALL.len()],
    total: u64,
}

impl Tally {
    /// A tally of `total` rows that begins with what earlier processes did.
    pub(super) fn new(counts: &Counts, total: u64) -> Self {
        let tally = Tally { total, ..Tally::default() };
        for (end, number) in tally.ends.iter().zip([
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.skipped,
            counts.refused,
            counts.failed,
            counts.unknown,
        ]) {
            end.store(number, Ordering::Relaxed);
        }
        tally
    }

    fn add(&self, operations: &[Operation]) {
        let mut counts = [0u64; Status::ALL.len()];
        for operation in operations {
            counts[operation.status as usize - 1] += 1;
        }
        for (end, count) in self.ends.iter().zip(counts) {
            if count > 0 {
                end.fetch_add(count, Ordering::Relaxed);
            }
        }
    }

    /// How many rows there are.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// How many rows ended how.
    pub(super) fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for (end, status) in self.ends.iter().zip(Status::ALL) {
            counts.add(status, end.load(Ordering::Relaxed));
        }
        counts
    }
}

/// A window on its way: which rows it holds and how many have no end yet.
#[derive(Debug)]
struct Open {
    first: u64,
    last: u64,
    without_end: usize,
}

/// What is left when recording ends.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// The journal.
    pub journal: Journal,
    /// Rows that were handed over and given back without being sent.
    pub given_back: u64,
    /// Why the journal could not be written, if it could not.
    pub broken: Option<Error>,
}

/// Records until nothing is in flight and the reader has no more rows. Rows are passed on through `forward`.
pub(super) fn record(
    mut journal: Journal,
    inbox: Receiver<Message>,
    forward: UnboundedSender<Vec<PendingWrite>>,
    backpressure: &Backpressure,
    tally: &Tally,
    stop: &Stop,
) -> Recorded {
    let _guard = stop.panic_guard();
    let mut forward = Some(forward);
    let mut open: Vec<Open> = Vec::new();
    let (mut closed, mut read_all) = (false, false);
    let mut broken = None;
    let mut given_back = 0;
    while !(closed && read_all) {
        let Ok(first) = inbox.recv() else { break };
        let mut windows = Vec::new();
        let mut ended: Vec<Operation> = Vec::new();
        let mut settled: Vec<u64> = Vec::new();
        let mut unsent: Option<HashSet<u64>> = None;
        for message in std::iter::once(first).chain(inbox.try_iter()) {
            match message {
                Message::Window(mut window) => {
                    ended.append(&mut window.ended);
                    windows.push(window.send);
                }
                Message::Ended(mut operations) => {
                    settled.append(&mut settle(&mut open, &operations));
                    ended.append(&mut operations);
                }
                Message::Unsent(rows) => unsent.get_or_insert_default().extend(rows),
                Message::NoMoreRows => read_all = true,
                Message::Close => closed = true,
            }
        }
        // Rows that come after a stop go back without having been reserved.
        let refused = closed || stop.is_set();
        if closed {
            // Everything that was sent has ended, so what is still open was reserved and never sent.
            for window in open.drain(..) {
                given_back += window.without_end as u64;
                settled.push(window.first);
            }
        }
        let reserved: Vec<Reservation> = windows
            .iter()
            .filter(|rows| !rows.is_empty() && !refused)
            .map(|rows| Reservation { rows: rows.iter().map(|pending| pending.row.clone()).collect() })
            .collect();
        if broken.is_none()
            && let Err(error) = apply(&mut journal, &reserved, &ended, &settled, unsent.as_ref())
        {
            stop.set(Cause::Failed(error.clone()));
            broken = Some(error);
        }
        if unsent.is_some() {
            stop.release();
        }
        if broken.is_none() {
            tally.add(&ended);
        }
        for rows in windows {
            if rows.is_empty() || refused || broken.is_some() {
                given_back += rows.len() as u64;
                backpressure.leave();
                continue;
            }
            open.push(Open { first: rows[0].row.row, last: rows[rows.len() - 1].row.row, without_end: rows.len() });
            if let Some(forward) = &forward {
                // The other side hangs up only after it asked to close.
                let _ = forward.send(rows);
            }
        }
        if read_all {
            forward = None;
        }
    }
    Recorded { journal, given_back, broken }
}

/// Writes what happened. Rows that will not be sent are no longer held as perhaps sent: a process that is killed while it
/// stops leaves only what was in flight in doubt.
fn apply(
    journal: &mut Journal,
    reserved: &[Reservation],
    ended: &[Operation],
    settled: &[u64],
    unsent: Option<&HashSet<u64>>,
) -> crate::error::Result<()> {
    journal.apply(reserved, ended, settled)?;
    match unsent {
        Some(unsent) if !unsent.is_empty() => journal.release(unsent),
        _ => Ok(()),
    }
}

/// Counts ends of sent rows in the open windows; the first rows of windows that are complete now.
fn settle(open: &mut Vec<Open>, ended: &[Operation]) -> Vec<u64> {
    for operation in ended {
        let row = operation.row.row;
        if let Some(window) = open.iter_mut().find(|window| (window.first..=window.last).contains(&row)) {
            window.without_end -= 1;
        }
    }
    open.extract_if(.., |window| window.without_end == 0).map(|window| window.first).collect()
}
