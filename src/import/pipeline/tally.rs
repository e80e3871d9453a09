//! What is recorded so far, for those who show it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::journal::{Counts, Operation, Status};

/// How many rows ended how, as the journal has it.
#[derive(Debug)]
pub(super) struct Tally {
    /// One number for each status, in the order of [`Status::ALL`].
    ends: [AtomicU64; Status::ALL.len()],
    total: u64,
}

impl Tally {
    /// A tally of `total` rows that begins with what earlier processes did.
    pub(super) fn new(counts: &Counts, total: u64) -> Self {
        let before = [
            counts.created,
            counts.updated,
            counts.unchanged,
            counts.skipped,
            counts.refused,
            counts.failed,
            counts.unknown,
            counts.held,
        ];
        Tally { ends: before.map(AtomicU64::new), total }
    }

    /// Counts rows whose ends are on the disk.
    pub(super) fn add(&self, operations: &[Operation]) {
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

#[cfg(test)]
mod tests {
    use super::super::samples::operation;
    use super::*;

    #[test]
    fn it_goes_on_from_what_was_done_before() {
        let mut before = Counts::default();
        for (rows, status) in (1..).zip(Status::ALL) {
            before.add(status, rows);
        }
        let tally = Tally::new(&before, 40);
        assert_eq!((tally.counts(), tally.total()), (before, 40));
        for status in Status::ALL {
            tally.add(&[operation(0, status), operation(1, status)]);
            before.add(status, 2);
        }
        assert_eq!(tally.counts(), before);
    }
}
