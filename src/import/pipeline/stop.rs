//! Why a run stops before its end, and the breaker that stops it when going on would only repeat the same failure.
//! Stopping happens at the source of rows: what is in flight finishes and is recorded.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Exit};
use crate::journal::{Operation, Reason, Status};
use crate::message;
use crate::message::Message;

/// Identical failures in a row that stop a run.
const SAME_FAILURES: u32 = 20;
/// Rows in doubt in a row that mean the server is down.
const ROWS_IN_DOUBT: u32 = 10;
/// How long a stop waits for the journal before it is announced.
const RELEASE_LASTS: Duration = Duration::from_secs(1);

/// Why a run stopped.
#[derive(Debug)]
pub(crate) enum Cause {
    /// The user interrupted it.
    Interrupted,
    /// Going on would not help for now; the same command continues.
    Halted(Error),
    /// It cannot go on.
    Failed(Error),
}

impl Cause {
    /// What an error means for the run.
    pub(crate) fn of(error: Error) -> Cause {
        match error.kind() {
            ErrorKind::Stopped => Cause::Halted(error),
            _ => Cause::Failed(error),
        }
    }

    /// The exit code it ends the command with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Cause::Interrupted => Exit::Interrupted,
            Cause::Halted(_) => Exit::Stopped,
            Cause::Failed(error) => error.exit(),
        }
    }
}

/// The one place that knows whether the run still goes on.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    is_set: AtomicBool,
    was_set: tokio::sync::Notify,
    released: tokio::sync::Notify,
    cause: Mutex<Option<Cause>>,
    streak: Mutex<Streak>,
    /// Most failed rows; none without a limit.
    max_failures: Option<u64>,
}

#[derive(Debug, Default)]
struct Streak {
    code: String,
    message: Message,
    same: u32,
    in_doubt: u32,
    failed: u64,
}

impl Stop {
    /// Not stopped. `failed` rows have failed before, of at most `max_failures`.
    pub(crate) fn new(max_failures: Option<u64>, failed: u64) -> Self {
        Stop { max_failures, streak: Mutex::new(Streak { failed, ..Streak::default() }), ..Stop::default() }
    }

    /// Whether no further row may begin.
    pub(crate) fn is_set(&self) -> bool {
        self.is_set.load(Ordering::Relaxed)
    }

    /// Stops the run; the first cause stands.
    pub(crate) fn set(&self, cause: Cause) {
        let mut kept = self.cause.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        kept.get_or_insert(cause);
        self.is_set.store(true, Ordering::Relaxed);
        self.was_set.notify_waiters();
    }

    /// Stops the run when the thread that holds the guard panics, so that the others do not wait for it.
    pub(crate) fn panic_guard(&self) -> PanicGuard<'_> {
        PanicGuard(self)
    }

    /// Waits until the run stops.
    pub(crate) async fn stopped(&self) {
        let was_set = self.was_set.notified();
        if !self.is_set() {
            was_set.await;
        }
    }

    /// The journal no longer holds rows as perhaps sent that were waiting when the run stopped.
    pub(crate) fn release(&self) {
        self.released.notify_one();
    }

    /// Waits for [`Stop::release`]; not long, as a disk may hang.
    pub(crate) async fn released(&self) {
        let _ = tokio::time::timeout(RELEASE_LASTS, self.released.notified()).await;
    }

    /// Why it stopped.
    pub(crate) fn take(&self) -> Option<Cause> {
        self.cause.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).take()
    }

    /// Looks at how a sent row ended, and stops the run when that shows going on is of no use.
    pub(crate) fn watch(&self, operation: &Operation) {
        let mut streak = self.streak.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let reason = operation.reason.as_deref();
        match operation.status {
            Status::Failed => {
                let Reason { code, message, .. } = reason.cloned().unwrap_or_default();
                streak.in_doubt = 0;
                streak.failed += 1;
                if streak.same > 0 && streak.code == code && streak.message == message {
                    streak.same += 1;
                } else {
                    *streak = Streak {
                        code: code.clone(),
                        message: message.clone(),
                        same: 1,
                        in_doubt: 0,
                        failed: streak.failed,
                    };
                }
                if streak.same >= SAME_FAILURES {
                    let error =
                        Error::stopped(message!("stop.same", count = SAME_FAILURES, code = code, message = message));
                    self.set(Cause::Halted(error.hint(message!("stop.same_hint"))));
                }
                if self.max_failures.is_some_and(|most| streak.failed >= most) {
                    let error = Error::stopped(message!("stop.max_failures", count = streak.failed));
                    self.set(Cause::Halted(error.hint(message!("stop.max_failures_hint"))));
                }
            }
            Status::Unknown => {
                streak.same = 0;
                streak.in_doubt += 1;
                if streak.in_doubt >= ROWS_IN_DOUBT {
                    let why = reason.map(|reason| reason.message.clone()).unwrap_or_default();
                    self.set(Cause::Halted(down(why)));
                }
            }
            _ => {
                streak.same = 0;
                streak.in_doubt = 0;
            }
        }
    }
}

/// See [`Stop::panic_guard`].
#[derive(Debug)]
pub(crate) struct PanicGuard<'a>(&'a Stop);

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.set(Cause::Failed(Error::cannot_run(message!("run.broken"))));
        }
    }
}

/// The error for a server that does not answer any more.
pub(crate) fn down(why: impl Into<Message>) -> Error {
    Error::stopped(message!("stop.down", why = why.into())).hint(message!("stop.down_hint"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::RowKey;

    fn ended(status: Status, code: &str) -> Operation {
        let row = RowKey {
            row: 0,
            number: 2,
            identity: None,
            content: [0; 16],
            copy: 0,
            key: None,
            origin: None,
            generation: 0,
        };
        let reason = Reason { code: code.into(), ..Reason::default() };
        Operation { row, status, id: None, attempts: 1, at: 0, reason: Some(Box::new(reason)) }
    }

    #[test]
    fn the_same_failure_again_and_again_stops_the_run() {
        let stop = Stop::new(None, 0);
        for _ in 0..19 {
            stop.watch(&ended(Status::Failed, "1"));
        }
        stop.watch(&ended(Status::Created, ""));
        for _ in 0..10 {
            stop.watch(&ended(Status::Failed, "1"));
            stop.watch(&ended(Status::Failed, "2"));
        }
        assert!(!stop.is_set());
        for _ in 0..20 {
            stop.watch(&ended(Status::Failed, "3"));
        }
        assert!(matches!(stop.take(), Some(Cause::Halted(_))));
    }

    #[test]
    fn rows_in_doubt_in_a_row_mean_the_server_is_down() {
        let stop = Stop::new(None, 0);
        for _ in 0..9 {
            stop.watch(&ended(Status::Unknown, "lost"));
        }
        stop.watch(&ended(Status::Created, ""));
        assert!(!stop.is_set());
        for _ in 0..10 {
            stop.watch(&ended(Status::Unknown, "lost"));
        }
        assert!(stop.is_set());
    }

    #[test]
    fn failures_count_over_all_processes_of_a_run() {
        let stop = Stop::new(Some(3), 2);
        stop.watch(&ended(Status::Failed, "1"));
        assert_eq!(stop.take().unwrap().exit(), Exit::Stopped);
    }
}
