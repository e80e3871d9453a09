//! The breaker: stops a run when going on would only repeat the same failure.

use crate::error::Error;
use crate::journal::{Operation, Reason, Status};
use crate::message;
use crate::message::Message;

/// Identical failures in a row that stop a run.
const SAME_FAILURES: u32 = 20;
/// Rows in doubt in a row that mean the server is down.
const ROWS_IN_DOUBT: u32 = 10;

/// Looks at how sent rows end, one after another.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// Code and text of the last failure.
    last: (String, Message),
    /// How many in a row have failed with it.
    same: u32,
    /// How many in a row are in doubt.
    in_doubt: u32,
    /// How many have failed in all processes of the run.
    failed: u64,
    /// Most failed rows; none without a limit.
    max_failures: Option<u64>,
}

impl Breaker {
    /// For a run of whose rows `failed` have failed before, of at most `max_failures`.
    pub(super) fn new(max_failures: Option<u64>, failed: u64) -> Self {
        Breaker { failed, max_failures, ..Breaker::default() }
    }

    /// Takes note of how a row ended; why the run should stop, when that shows that going on is of no use.
    pub(super) fn watch(&mut self, operation: &Operation) -> Option<Error> {
        let reason = operation.reason.as_deref();
        match operation.status {
            Status::Failed => self.failure(reason.cloned().unwrap_or_default()),
            Status::Unknown => {
                self.same = 0;
                self.in_doubt += 1;
                let why = || reason.map(|reason| reason.message.clone()).unwrap_or_default();
                (self.in_doubt >= ROWS_IN_DOUBT).then(|| down(why()))
            }
            _ => {
                (self.same, self.in_doubt) = (0, 0);
                None
            }
        }
    }

    fn failure(&mut self, reason: Reason) -> Option<Error> {
        let failure = (reason.code, reason.message);
        self.in_doubt = 0;
        self.failed += 1;
        self.same = if self.same > 0 && self.last == failure { self.same + 1 } else { 1 };
        self.last = failure;
        if self.same >= SAME_FAILURES {
            let (code, message) = self.last.clone();
            let error = Error::stopped(message!("stop.same", count = SAME_FAILURES, code = code, message = message));
            return Some(error.hint(message!("stop.same_hint")));
        }
        if self.max_failures.is_some_and(|most| self.failed >= most) {
            let error = Error::stopped(message!("stop.max_failures", count = self.failed));
            return Some(error.hint(message!("stop.max_failures_hint")));
        }
        None
    }
}

/// The error for a server that does not answer any more.
pub(crate) fn down(why: impl Into<Message>) -> Error {
    Error::stopped(message!("stop.down", why = why.into())).hint(message!("stop.down_hint"))
}

#[cfg(test)]
mod tests {
    use super::super::samples::operation;
    use super::*;

    fn ended(status: Status, code: &str) -> Operation {
        let reason = Reason { code: code.into(), ..Reason::default() };
        Operation { reason: Some(Box::new(reason)), ..operation(0, status) }
    }

    /// Shows the breaker so many rows that end so; whether it stops the run, and at which of them.
    fn stops_at(breaker: &mut Breaker, rows: usize, status: Status, code: &str) -> Option<usize> {
        (1..=rows).find(|_| breaker.watch(&ended(status, code)).is_some())
    }

    #[test]
    fn the_same_failure_again_and_again_stops_the_run() {
        let breaker = &mut Breaker::new(None, 0);
        assert_eq!(stops_at(breaker, 19, Status::Failed, "1"), None);
        assert_eq!(stops_at(breaker, 1, Status::Created, ""), None);
        for _ in 0..20 {
            assert_eq!(stops_at(breaker, 1, Status::Failed, "1"), None);
            assert_eq!(stops_at(breaker, 1, Status::Failed, "2"), None);
        }
        assert_eq!(stops_at(breaker, 100, Status::Failed, "3"), Some(20));
    }

    #[test]
    fn another_text_under_the_same_code_is_another_failure() {
        let breaker = &mut Breaker::new(None, 0);
        for number in 0..100 {
            let reason = Reason { code: "1".into(), field: String::new(), message: format!("row {number}").into() };
            let operation = Operation { reason: Some(Box::new(reason)), ..operation(0, Status::Failed) };
            assert!(breaker.watch(&operation).is_none());
        }
    }

    #[test]
    fn rows_in_doubt_in_a_row_mean_the_server_is_down() {
        let breaker = &mut Breaker::new(None, 0);
        for between in [Status::Created, Status::Failed] {
            assert_eq!(stops_at(breaker, 9, Status::Unknown, "lost"), None);
            assert_eq!(stops_at(breaker, 1, between, ""), None);
        }
        assert_eq!(stops_at(breaker, 100, Status::Unknown, "lost"), Some(10));
    }

    #[test]
    fn a_row_in_doubt_ends_a_row_of_failures() {
        let breaker = &mut Breaker::new(None, 0);
        assert_eq!(stops_at(breaker, 19, Status::Failed, "1"), None);
        assert_eq!(stops_at(breaker, 1, Status::Unknown, "lost"), None);
        assert_eq!(stops_at(breaker, 100, Status::Failed, "1"), Some(20));
    }

    #[test]
    fn failures_count_over_all_processes_of_a_run() {
        let breaker = &mut Breaker::new(Some(3), 1);
        assert_eq!(stops_at(breaker, 1, Status::Failed, "1"), None);
        assert_eq!(stops_at(breaker, 100, Status::Created, ""), None);
        assert_eq!(stops_at(breaker, 100, Status::Failed, "2"), Some(1));
    }
}
