//! How far the reader may run ahead of the sender.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use super::stop::Stop;
use crate::journal::LARGEST_WINDOW;

/// Windows that may be reserved and not yet all on their way.
const OPEN_WINDOWS: usize = 2;
/// What a window is meant to last.
const WINDOW_LASTS: Duration = Duration::from_millis(50);

/// Holds the reader back while enough rows are reserved, and tells it how large a window should be.
#[derive(Debug)]
pub(super) struct Backpressure {
    open: Mutex<usize>,
    left: Condvar,
    size: AtomicUsize,
}

impl Backpressure {
    /// For at least `in_flight` rows.
    pub(super) fn new(in_flight: usize) -> Self {
        Backpressure {
            open: Mutex::new(0),
            left: Condvar::new(),
            size: AtomicUsize::new(in_flight.clamp(1, LARGEST_WINDOW / 2)),
        }
    }

    /// How many rows the next window should hold.
    pub(super) fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// Lets the size follow the rate. Two windows together hold what is sent in [`WINDOW_LASTS`], at least `in_flight`,
    /// at most [`LARGEST_WINDOW`].
    pub(super) fn follow(&self, rows_a_second: f64, in_flight: usize) {
        let rows = (rows_a_second * WINDOW_LASTS.as_secs_f64()).ceil();
        // A rate is far below what a usize holds, and a negative one becomes 0.
        let rows = (rows as usize).max(in_flight).div_ceil(OPEN_WINDOWS);
        self.size.store(rows.clamp(1, LARGEST_WINDOW / OPEN_WINDOWS), Ordering::Relaxed);
    }

    /// Waits until one more window may be open.
    pub(super) fn enter(&self, stop: &Stop) {
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
    pub(super) fn leave(&self) {
        let mut open = self.lock();
        *open = open.saturating_sub(1);
        self.left.notify_one();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, usize> {
        self.open.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
