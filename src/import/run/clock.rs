//! How long a command takes, without what it waits for a person.

use std::time::{Duration, Instant};

/// A clock that can be stopped.
#[derive(Debug)]
pub(super) struct Clock {
    began: Instant,
    /// What it counted until it was stopped last.
    before: Duration,
}

impl Clock {
    /// A clock that counts from now on.
    pub(super) fn start() -> Clock {
        Clock { began: Instant::now(), before: Duration::ZERO }
    }

    /// Stops it.
    pub(super) fn stop(&mut self) {
        self.before += self.began.elapsed();
    }

    /// Lets it count again.
    pub(super) fn go_on(&mut self) {
        self.began = Instant::now();
    }

    /// What it has counted so far, in seconds.
    pub(super) fn seconds(&self) -> f64 {
        (self.before + self.began.elapsed()).as_secs_f64()
    }
}
