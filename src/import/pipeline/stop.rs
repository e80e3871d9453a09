//! Why a run stops before its end. Stopping happens at the source of rows: what is in flight finishes and is recorded.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::error::{Error, ErrorKind, Exit};
use crate::message;

/// How long a stop waits for the journal before it is announced.
const RELEASE_LASTS: Duration = Duration::from_secs(1);

/// Why a run stopped.
#[derive(Debug)]
pub(crate) enum Cause {
    /// The user interrupted it.
    Interrupted,
    /// Going on would not help for now; the same command continues.
    Halted(Error),
    /// The rows that are left would only fail in the same way; it means nothing when none are left.
    Repeats(Error),
    /// It cannot go on.
    Failed(Error),
}

impl Cause {
    /// What an error means for the run.
    pub(crate) fn of(error: Error) -> Cause {
        match error.kind() {
            ErrorKind::Stopped => Cause::Halted(error),
            ErrorKind::Interrupted => Cause::Interrupted,
            _ => Cause::Failed(error),
        }
    }

    /// Whether it still means something when so many rows are left.
    pub(crate) fn stands_with(&self, pending: u64) -> bool {
        pending > 0 || !matches!(self, Cause::Repeats(_))
    }

    /// The exit code it ends the command with.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Cause::Interrupted => Exit::Interrupted,
            Cause::Halted(_) | Cause::Repeats(_) => Exit::Stopped,
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
}

impl Stop {
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

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn the_first_cause_stands() {
        let stop = Stop::default();
        assert!(!stop.is_set());
        stop.set(Cause::Interrupted);
        stop.set(Cause::Failed(Error::cannot_run("later")));
        assert!(stop.is_set());
        assert!(matches!(stop.take(), Some(Cause::Interrupted)));
    }

    #[test]
    fn everybody_hears_of_a_stop_and_whoever_asks_later() {
        let stop = Stop::default();
        let (mut first, mut second) = (Box::pin(stop.stopped()), Box::pin(stop.stopped()));
        assert!(first.as_mut().now_or_never().is_none() && second.as_mut().now_or_never().is_none());
        stop.set(Cause::Interrupted);
        assert!(first.now_or_never().is_some() && second.now_or_never().is_some());
        assert!(stop.stopped().now_or_never().is_some());
    }

    #[test]
    fn a_panic_stops_the_run_and_the_end_of_a_thread_does_not() {
        let stop = Stop::default();
        drop(stop.panic_guard());
        assert!(!stop.is_set());
        std::thread::scope(|scope| {
            let thread = scope.spawn(|| {
                let _guard = stop.panic_guard();
                // A panic without the noise of one.
                std::panic::resume_unwind(Box::new("out of order"));
            });
            assert!(thread.join().is_err());
        });
        assert!(matches!(stop.take(), Some(Cause::Failed(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_release_is_heard_even_when_it_came_first_and_is_not_waited_for_for_ever() {
        let stop = Stop::default();
        stop.release();
        assert!(stop.released().now_or_never().is_some());
        // A disk that hangs releases nothing.
        stop.released().await;
    }

    #[test]
    fn each_cause_has_its_exit_code() {
        assert_eq!(Cause::Interrupted.exit(), Exit::Interrupted);
        assert_eq!(Cause::of(Error::stopped("down")).exit(), Exit::Stopped);
        assert!(matches!(Cause::of(Error::stopped("down")), Cause::Halted(_)));
        assert!(matches!(Cause::of(Error::cannot_run("gone")), Cause::Failed(_)));
        assert_eq!(Cause::Repeats(Error::stopped("again")).exit(), Exit::Stopped);
    }

    #[test]
    fn that_rows_would_fail_alike_means_nothing_when_none_are_left() {
        let repeats = Cause::Repeats(Error::stopped("again"));
        assert!(repeats.stands_with(1) && !repeats.stands_with(0));
        assert!(Cause::Halted(Error::stopped("down")).stands_with(0));
    }
}
