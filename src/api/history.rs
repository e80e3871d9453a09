//! What all clients of one account have met in one command: each stage of it has a client of its own, and none begins to be
//! patient anew.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::time::Instant;

/// Since when something cannot be had.
#[derive(Debug, Clone, Default)]
pub(crate) struct Since(Arc<Mutex<Option<Instant>>>);

impl Since {
    /// Trouble began then, unless it had begun before: when it did.
    pub(super) fn begin(&self, at: Instant) -> Instant {
        *self.lock().get_or_insert(at)
    }

    /// It is over.
    pub(super) fn end(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// What the clients of one account have met.
#[derive(Debug, Clone, Default)]
pub struct History {
    /// Since when the service cannot be had.
    pub(super) service: Since,
    /// Since when there is no token.
    pub(super) login: Since,
    requests: Arc<AtomicU64>,
    retries: Arc<AtomicU64>,
}

impl History {
    pub(super) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// Requests that nobody has written down yet, and how many of them repeated another one; they are written down now.
    pub fn take(&self) -> (u64, u64) {
        (self.requests.swap(0, Ordering::Relaxed), self.retries.swap(0, Ordering::Relaxed))
    }
}
