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
    /// Something is tried again then, and the next wait may begin.
    pub is_retry: bool,
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

    /// Something waits for this reason. Tests that run at the same time share the waits, so none may ask for the
    /// last one.
    #[cfg(test)]
    pub fn is_under_way(why: &Message) -> bool {
        waits().iter().any(|(_, wait)| wait.why == *why)
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
    let days = minutes.div_ceil(24 * 60);
    match (seconds, minutes / 60, minutes % 60) {
        (_, 48.., _) => message!("waiting.days", days = days),
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

/// An answer that is waited for.
#[derive(Debug, Clone)]
struct Awaited {
    number: u64,
    since: Instant,
    what: &'static str,
    host: String,
}

/// The answers that are waited for, the oldest first.
static AWAITED: Mutex<Vec<Awaited>> = Mutex::new(Vec::new());
/// An answer that takes longer is slow.
const SLOW: Duration = Duration::from_secs(5);

/// An answer is waited for until this is dropped.
#[derive(Debug)]
pub struct Awaiting(u64);

impl Awaiting {
    /// Begins to wait for an answer of a host; `what` is the key of what is said while it is slow.
    pub fn begin(what: &'static str, host: &str) -> Awaiting {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        awaited().push(Awaited { number, since: Instant::now(), what, host: host.to_owned() });
        Awaiting(number)
    }
}

impl Drop for Awaiting {
    fn drop(&mut self) {
        awaited().retain(|awaited| awaited.number != self.0);
    }
}

/// That no answer comes, while that is so for longer than usual.
pub fn slow_answer(now: Instant) -> Option<Message> {
    let Awaited { since, what, host, .. } = awaited().first().cloned()?;
    let waited = now.saturating_duration_since(since);
    let message = Message::new(what, vec![("host", host.into()), ("time", span(waited).into())]);
    (waited >= SLOW).then_some(message)
}

fn awaited() -> MutexGuard<'static, Vec<Awaited>> {
    AWAITED.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
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
            (172_800_000, "2 days"),
            (31_622_400_000, "366 days"),
        ] {
            assert_eq!(span(Duration::from_millis(milliseconds)).to_string(), said);
        }
    }
}
