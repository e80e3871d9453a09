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
    /// What the first window holds at least.
    first: AtomicUsize,
}

impl Backpressure {
    /// For at least `in_flight` rows.
    pub(super) fn new(in_flight: usize) -> Self {
        Backpressure {
            open: Mutex::new(0),
            left: Condvar::new(),
            size: AtomicUsize::new(in_flight.clamp(1, LARGEST_WINDOW / OPEN_WINDOWS)),
            first: AtomicUsize::new(0),
        }
    }

    /// The same with so many rows in the first window at least.
    pub(super) fn beginning_with(self, rows: usize) -> Self {
        self.first.store(rows.min(LARGEST_WINDOW / OPEN_WINDOWS), Ordering::Relaxed);
        self
    }

    /// How many rows the next window should hold.
    pub(super) fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed).max(self.first.swap(0, Ordering::Relaxed))
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

#[cfg(test)]
mod tests {
    use super::super::stop::Cause;
    use super::*;

    impl Backpressure {
        /// Windows that are open now.
        pub(in crate::import::pipeline) fn open(&self) -> usize {
            *self.lock()
        }
    }

    #[test]
    fn a_window_follows_the_rate_between_what_may_be_in_flight_and_the_largest() {
        for (rate, in_flight, size) in [
            // Half of what is sent in 50 ms.
            (2_000.0, 8, 50),
            (2_001.0, 8, 51),
            (0.0, 8, 4),
            (100.0, 8, 4),
            (100.0, 1, 3),
            (0.0, 1, 1),
            (-1.0, 0, 1),
            (1e9, 8, LARGEST_WINDOW / 2),
            (f64::INFINITY, 8, LARGEST_WINDOW / 2),
            (f64::NAN, 8, 4),
        ] {
            let backpressure = Backpressure::new(in_flight);
            backpressure.follow(rate, in_flight);
            assert_eq!(backpressure.size(), size, "{rate} rows a second, {in_flight} in flight");
        }
    }

    #[test]
    fn before_anything_is_known_of_the_rate_a_window_holds_what_may_be_in_flight() {
        let sizes = [0, 1, 8, 100_000].map(|in_flight| Backpressure::new(in_flight).size());
        assert_eq!(sizes, [1, 1, 8, LARGEST_WINDOW / 2]);
    }

    #[test]
    fn a_third_window_waits_until_one_has_left() {
        let (backpressure, stop) = (Backpressure::new(8), Stop::default());
        backpressure.enter(&stop);
        backpressure.enter(&stop);
        let (to_test, entered) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                backpressure.enter(&stop);
                to_test.send(backpressure.open()).unwrap();
            });
            assert_eq!(backpressure.open(), OPEN_WINDOWS);
            backpressure.leave();
            assert_eq!(entered.recv().unwrap(), OPEN_WINDOWS);
        });
    }

    #[test]
    fn a_stop_lets_go_of_whoever_waits() {
        let (backpressure, stop) = (Backpressure::new(8), Stop::default());
        backpressure.enter(&stop);
        backpressure.enter(&stop);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| backpressure.enter(&stop));
            stop.set(Cause::Interrupted);
            waiting.join().unwrap();
        });
        assert_eq!(backpressure.open(), OPEN_WINDOWS + 1);
    }
}
