//! The one writer of the journal, on its own thread. Whatever has come in since the last commit goes into one transaction,
//! so that a sync is shared by many rows; a window of rows is passed on to be sent only after its reservation is on the
//! disk, and an end is shown only after it is.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::Receiver;
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::steps::Prepared;
use super::stop::{Cause, Stop};
use crate::error::Error;
use crate::journal::{Counts, Journal, LARGEST_WINDOW, Operation, Reservation, Status};

/// Windows that may be reserved and not yet all on their way.
const OPEN_WINDOWS: usize = 2;
/// What a window is meant to last.
const WINDOW_LASTS: Duration = Duration::from_millis(50);

/// What the recorder is told.
#[derive(Debug)]
pub enum Message {
    /// The reader has rows: some ended without being sent, some to send.
    Window(Window),
    /// The reader has no more.
    NoMoreRows,
    /// Rows that were sent have ended.
    Ended(Vec<Operation>),
    /// Rows, by their places, that wait to be sent and will not be: the run stops.
    Unsent(HashSet<u64>),
    /// Nothing is in flight any more.
    Close,
}

/// Rows the reader hands over together.
#[derive(Debug, Default)]
pub struct Window {
    /// Rows that ended without being sent.
    pub ended: Vec<Operation>,
    /// Rows to send.
    pub send: Vec<Prepared>,
}

/// Holds the reader back while enough rows are reserved, and tells it how large a window should be.
#[derive(Debug)]
pub struct Gate {
    open: Mutex<usize>,
    left: Condvar,
    size: AtomicUsize,
}

impl Gate {
    /// A gate for at least `in_flight` rows.
    pub fn new(in_flight: usize) -> Self {
        Gate {
            open: Mutex::new(0),
            left: Condvar::new(),
            size: AtomicUsize::new(in_flight.clamp(1, LARGEST_WINDOW / 2)),
        }
    }

    /// How many rows the next window should hold.
    pub fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// Lets the size follow the rate. Two windows together hold what is sent in [`WINDOW_LASTS`], at least `in_flight`,
    /// at most [`LARGEST_WINDOW`].
    pub fn follow(&self, rows_a_second: f64, in_flight: usize) {
        let rows = (rows_a_second * WINDOW_LASTS.as_secs_f64()).ceil();
        // A rate is far below what a usize holds, and a negative one becomes 0.
        let rows = (rows as usize).max(in_flight).div_ceil(OPEN_WINDOWS);
        self.size.store(rows.clamp(1, LARGEST_WINDOW / OPEN_WINDOWS), Ordering::Relaxed);
    }

    /// Waits until one more window may be open.
    pub fn enter(&self, stop: &Stop) {
        let mut open = self.lock();
        while *open >= OPEN_WINDOWS && !stop.is_set() {
            // The wait has an end so that a stop is seen without anyone having to wake this thread.
            open = self
                .left
                .wait_timeout(open, Duration::from_millis(100))
                .unwrap_or_else(|poisoned| poisoned.into_inner())
                .0;
        }
        *open += 1;
    }

    /// A window is all on its way.
    pub fn leave(&self) {
        let mut open = self.lock();
        *open = open.saturating_sub(1);
        self.left.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, usize> {
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What is recorded so far, for those who show it.
#[derive(Debug, Default)]
pub struct Tally {
    ends: [AtomicU64; Status::ALL.len()],
}

impl Tally {
    /// A tally that begins with what earlier processes did.
    pub fn new(counts: &Counts) -> Self {
        let tally = Tally::default();
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

    /// How many rows ended how.
    pub fn counts(&self) -> Counts {
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
pub struct Recorded {
    /// The journal.
    pub journal: Journal,
    /// Rows that were handed over and given back without being sent.
    pub given_back: u64,
    /// Why the journal could not be written, if it could not.
    pub broken: Option<Error>,
}

/// Records until nothing is in flight and the reader has no more rows. Rows are passed on through `forward`.
pub fn record(
    mut journal: Journal,
    inbox: Receiver<Message>,
    forward: UnboundedSender<Vec<Prepared>>,
    gate: &Gate,
    tally: &Tally,
    stop: &Stop,
) -> Recorded {
    let _alarm = stop.alarm();
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
            .map(|rows| Reservation { rows: rows.iter().map(|prepared| prepared.row.clone()).collect() })
            .collect();
        if broken.is_none()
            && let Err(error) = apply(&mut journal, &reserved, &ended, &settled, unsent.as_ref())
        {
            stop.set(Cause::Failed(Error::new(error.exit(), error.message())));
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
                gate.leave();
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
