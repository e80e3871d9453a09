//! Rows that may be sent now.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard};

use tokio::sync::Notify;

use super::backpressure::Backpressure;
use super::stop::Stop;
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
    pub(super) async fn next(&self, stop: &Stop, backpressure: &Backpressure) -> Option<PendingWrite> {
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
        let is_free = |pending: &PendingWrite| pending.writer.is_none_or(|writer| !self.busy.contains(&writer));
        let index = self.rows.iter().position(is_free)?;
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
