//! What the program waits for at this moment, and for how long: whoever waits says so here, and whoever talks to the user
//! looks here. So no wait is silent, wherever it is.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::message;
use crate::message::Message;

/// Something that is waited for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    /// Why.
    pub why: Message,
    /// Until when; none when only an event ends it.
    pub until: Option<Instant>,
    /// What ends it.
    pub ends: Message,
    /// Said even when only errors are to be said: somebody else holds things up.
    pub is_urgent: bool,
}

/// The waits that are under way, the latest last.
static WAITS: Mutex<Vec<(u64, Wait)>> = Mutex::new(Vec::new());
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A wait that lasts until this is dropped.
#[derive(Debug)]
pub struct Waiting(u64);

impl Wait {
    /// Begins it.
    pub fn begin(self) -> Waiting {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        waits().push((number, self));
        Waiting(number)
    }

    /// The one that began last and is not over.
    pub fn current() -> Option<Wait> {
        waits().last().map(|(_, wait)| wait.clone())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        waits().retain(|(number, _)| *number != self.0);
    }
}

/// A span of time as people say it: seconds below a minute, then minutes, rounded up.
pub fn span(time: Duration) -> Message {
    let seconds = time.as_millis().div_ceil(1000);
    let minutes = seconds.div_ceil(60);
    match (seconds, minutes / 60, minutes % 60) {
        (1, ..) => message!("waiting.second"),
        (..60, ..) => message!("waiting.seconds", seconds = seconds),
        (_, 0, 1) => message!("waiting.minute"),
        (_, 0, minutes) => message!("waiting.minutes", minutes = minutes),
        (_, 1, 0) => message!("waiting.hour"),
        (_, hours, 0) => message!("waiting.hours", hours = hours),
        (_, hours, minutes) => message!("waiting.hours_and_minutes", hours = hours, minutes = minutes),
    }
}

/// A time to come, as the clock on the wall will show it.
pub fn clock_time(at: Instant) -> String {
    let left = at.saturating_duration_since(Instant::now());
    let seconds = jiff::Timestamp::now().as_second().saturating_add(i64::try_from(left.as_secs()).unwrap_or(i64::MAX));
    let at = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
    at.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%H:%M").to_string()
}

fn waits() -> MutexGuard<'static, Vec<(u64, Wait)>> {
    WAITS.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_said_as_people_say_it() {
        for (milliseconds, said) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (12_000, "12 seconds"),
            (60_000, "1 minute"),
            (61_000, "2 minutes"),
            (3_600_000, "1 hour"),
            (4_800_000, "1 h 20 min"),
            (7_200_000, "2 hours"),
        ] {
            assert_eq!(span(Duration::from_millis(milliseconds)).to_string(), said);
        }
    }
}
