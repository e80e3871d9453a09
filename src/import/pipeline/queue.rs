//! Rows that may be sent now.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard};

use tokio::sync::Notify;

use super::backpressure::Backpressure;
use super::shared::Shared;
use crate::import::plan::PendingWrite;

/// Rows that may be sent now, in input order.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    rows: VecDeque<PendingWrite>,
    /// Rows left of each window that is not all on its way.
    windows: VecDeque<usize>,
    /// Records that are being written.
    busy: HashSet<u64>,
    is_closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Takes a window of rows.
    pub(super) fn push(&self, rows: Vec<PendingWrite>) {
        let mut state = self.lock();
        state.windows.push_back(rows.len());
        state.rows.extend(rows);
        drop(state);
        self.changed.notify_waiters();
    }

    /// The indexes of the rows that wait; none of them is given out any more.
    pub(super) fn drain(&self) -> HashSet<u64> {
        self.lock().rows.drain(..).map(|pending| pending.row.row).collect()
    }

    /// No more rows will come.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_waiters();
    }

    /// The next row whose record nobody writes to; none at the end or when the run stops.
    pub(super) async fn next(&self, shared: &Shared) -> Option<PendingWrite> {
        let Shared { stop, backpressure, .. } = shared;
        loop {
            if stop.is_set() {
                return None;
            }
            // Nearly always there is a row, and no need to prepare for waiting.
            if let Some(pending) = self.lock().take(backpressure) {
                return Some(pending);
            }
            let changed = self.changed.notified();
            {
                let mut state = self.lock();
                if let Some(pending) = state.take(backpressure) {
                    return Some(pending);
                }
                if state.is_closed && state.rows.is_empty() {
                    return None;
                }
            }
            tokio::select! {
                () = changed => {}
                () = stop.stopped() => {}
            }
        }
    }

    /// The next of these rows that is there and whose record nobody writes to.
    pub(super) fn next_of(&self, shared: &Shared, rows: &HashSet<u64>) -> Option<PendingWrite> {
        self.lock().take_where(&shared.backpressure, |pending| rows.contains(&pending.row.row))
    }

    /// A row has ended: others that write to its record may go.
    pub(super) fn release(&self, pending: &PendingWrite) {
        if let Some(writer) = pending.writer {
            self.lock().busy.remove(&writer);
            self.changed.notify_waiters();
        }
    }
}

impl State {
    fn take(&mut self, backpressure: &Backpressure) -> Option<PendingWrite> {
        self.take_where(backpressure, |_| true)
    }

    fn take_where(
        &mut self,
        backpressure: &Backpressure,
        is_meant: impl Fn(&PendingWrite) -> bool,
    ) -> Option<PendingWrite> {
        let is_free = |pending: &PendingWrite| pending.writer.is_none_or(|writer| !self.busy.contains(&writer));
        let index = self.rows.iter().position(|pending| is_free(pending) && is_meant(pending))?;
        let pending = self.rows.remove(index)?;
        self.busy.extend(pending.writer);
        // Windows are counted, not matched: rows leave nearly in order.
        if let Some(left) = self.windows.front_mut() {
            *left -= 1;
            if *left == 0 {
                self.windows.pop_front();
                backpressure.leave();
            }
        }
        Some(pending)
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::super::samples::{pending, shared};
    use super::super::stop::Cause;
    use super::*;

    fn queue(rows: impl IntoIterator<Item = (u64, Option<u64>)>) -> Queue {
        let queue = Queue::default();
        queue.push(rows.into_iter().map(|(row, writer)| pending(row, writer)).collect());
        queue
    }

    /// The next row, if one may go now.
    fn next(queue: &Queue, shared: &Shared) -> Option<PendingWrite> {
        queue.next(shared).now_or_never().flatten()
    }

    fn next_row(queue: &Queue, shared: &Shared) -> Option<u64> {
        next(queue, shared).map(|pending| pending.row.row)
    }

    #[test]
    fn rows_go_in_order() {
        let (queue, shared) = (queue([(0, None), (1, None)]), shared(8));
        queue.push(vec![pending(2, None)]);
        let rows: Vec<_> = (0..4).map(|_| next_row(&queue, &shared)).collect();
        assert_eq!(rows, [Some(0), Some(1), Some(2), None]);
    }

    #[test]
    fn a_record_has_one_writer_and_the_others_let_those_behind_them_pass() {
        let (queue, shared) = (queue([(0, Some(7)), (1, Some(7)), (2, Some(8)), (3, None), (4, Some(7))]), shared(8));
        let first = next(&queue, &shared).unwrap();
        assert_eq!(first.row.row, 0);
        assert_eq!([next_row(&queue, &shared), next_row(&queue, &shared)], [Some(2), Some(3)]);
        assert_eq!(next_row(&queue, &shared), None);
        queue.release(&first);
        assert_eq!(next_row(&queue, &shared), Some(1));
        assert_eq!(next_row(&queue, &shared), None);
    }

    #[test]
    fn whoever_waits_for_a_record_is_woken_when_it_is_free() {
        let (queue, shared) = (queue([(0, Some(7)), (1, Some(7))]), shared(8));
        let first = next(&queue, &shared).unwrap();
        let mut waiting = Box::pin(queue.next(&shared));
        assert!(waiting.as_mut().now_or_never().is_none());
        queue.release(&first);
        assert_eq!(waiting.now_or_never().flatten().unwrap().row.row, 1);
    }

    #[test]
    fn whoever_waits_for_rows_hears_of_new_ones_and_of_their_end() {
        let (queue, shared) = (Queue::default(), shared(8));
        let mut waiting = Box::pin(queue.next(&shared));
        assert!(waiting.as_mut().now_or_never().is_none());
        queue.push(vec![pending(0, None)]);
        assert_eq!(waiting.now_or_never().flatten().unwrap().row.row, 0);
        let mut waiting = Box::pin(queue.next(&shared));
        assert!(waiting.as_mut().now_or_never().is_none());
        queue.close();
        assert!(matches!(waiting.now_or_never(), Some(None)));
    }

    #[test]
    fn a_closed_queue_still_gives_out_what_waits_for_a_record() {
        let (queue, shared) = (queue([(0, Some(7)), (1, Some(7))]), shared(8));
        queue.close();
        let first = next(&queue, &shared).unwrap();
        assert!(queue.next(&shared).now_or_never().is_none());
        queue.release(&first);
        assert_eq!(next_row(&queue, &shared), Some(1));
        assert!(matches!(queue.next(&shared).now_or_never(), Some(None)));
    }

    #[test]
    fn what_is_drained_is_given_out_no_more() {
        let (queue, shared) = (queue([(0, None), (1, None), (2, None)]), shared(8));
        assert_eq!(next_row(&queue, &shared), Some(0));
        assert_eq!(queue.drain(), HashSet::from([1, 2]));
        assert_eq!(next_row(&queue, &shared), None);
    }

    #[test]
    fn a_stop_gives_out_nothing_more_and_wakes_whoever_waits() {
        let (queue, shared) = (queue([(0, Some(7)), (1, Some(7))]), shared(8));
        assert_eq!(next_row(&queue, &shared), Some(0));
        let mut waiting = Box::pin(queue.next(&shared));
        assert!(waiting.as_mut().now_or_never().is_none());
        shared.stop.set(Cause::Interrupted);
        assert!(matches!(waiting.now_or_never(), Some(None)));
        queue.push(vec![pending(2, None)]);
        assert!(matches!(queue.next(&shared).now_or_never(), Some(None)));
    }

    #[test]
    fn a_window_leaves_with_its_last_row() {
        let (queue, shared) = (queue([(0, None), (1, None)]), shared(8));
        shared.backpressure.enter(&shared.stop);
        next(&queue, &shared);
        assert_eq!(shared.backpressure.open(), 1);
        next(&queue, &shared);
        assert_eq!(shared.backpressure.open(), 0);
    }
}
