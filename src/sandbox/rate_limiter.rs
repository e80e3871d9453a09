//! The limit of requests a second.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How many requests came in the running second.
#[derive(Debug, Default)]
pub(super) struct RateLimiter(Mutex<Option<(Instant, u64)>>);

impl RateLimiter {
    /// Whether one more request is within `rate` a second; 0 = no limit.
    pub(super) fn allows(&self, rate: u64) -> bool {
        if rate == 0 {
            return true;
        }
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (begin, count) =
            window.filter(|(begin, _)| begin.elapsed() < Duration::from_secs(1)).unwrap_or((Instant::now(), 0));
        *window = Some((begin, count + 1));
        count < rate
    }
}
