//! The breaker: stops a run when going on would only repeat the same failure: the first row this command sends is rejected,
//! or many in a row are for one reason. A person may say that it is to keep going. What is there already stops no run that
//! made something: an input is then known in part.

use crate::error::Error;
use crate::journal::{Counts, Operation, Reason, Status};
use crate::message;
use crate::message::Message;

/// Identical failures in a row that stop a run.
const SAME_FAILURES: u32 = 20;

/// Rows that have to be decided for one in doubt to be forgotten: of fewer than every fifth nobody may know for long.
const DECIDED_FOR_A_DOUBT: u32 = 4;
/// Rows in doubt in a row that count: an outage is waited for.
const DOUBTS_THAT_COUNT: u32 = 3;
/// Rows in doubt that are not forgotten and stop a run.
const MOST_DOUBTS: u32 = 10;

/// Looks at how sent rows end, one after another.
#[derive(Debug, Default)]
pub(super) struct Breaker {
    /// Rejections do not stop the run.
    keeps_going: bool,
    /// A row this command sent has ended.
    has_ended: bool,
    /// The run has made a record.
    has_created: bool,
    /// Code and text of the last failure, without what differs from row to row.
    last: (String, String),
    /// How many in a row have failed with it.
    same: u32,
    /// How many in a row are in doubt.
    in_doubt: u32,
    /// Rows in doubt that count, times [`DECIDED_FOR_A_DOUBT`]; each row that is decided takes one away.
    doubts: u32,
    /// How many have failed in all processes of the run.
    failed: u64,
    /// Most failed rows; none without a limit.
    max_failures: Option<u64>,
}

impl Breaker {
    /// For a run whose rows ended so before.
    pub(super) fn new(max_failures: Option<u64>, keeps_going: bool, before: &Counts) -> Self {
        let Counts { failed, created, .. } = *before;
        Breaker { failed, max_failures, keeps_going, has_created: created > 0, ..Breaker::default() }
    }

    /// Takes note of how a row ended; why the run should stop, when that shows that going on is of no use.
    pub(super) fn watch(&mut self, operation: &Operation) -> Option<Error> {
        let reason = operation.reason.as_deref();
        let is_first = !std::mem::replace(&mut self.has_ended, true);
        if operation.status != Status::Unknown {
            (self.in_doubt, self.doubts) = (0, self.doubts.saturating_sub(1));
        }
        match operation.status {
            Status::Failed => self.failure(operation.row.number, reason.cloned().unwrap_or_default(), is_first),
            Status::Unknown => {
                self.same = 0;
                self.in_doubt += 1;
                if self.in_doubt <= DOUBTS_THAT_COUNT {
                    self.doubts += DECIDED_FOR_A_DOUBT;
                }
                let why = reason.map(|reason| reason.message.clone()).unwrap_or_default();
                let is_over = self.doubts >= MOST_DOUBTS * DECIDED_FOR_A_DOUBT;
                is_over.then(|| Error::stopped(message!("stop.doubts", why = why)).hint(message!("stop.doubts_hint")))
            }
            status => {
                self.has_created |= status == Status::Created;
                self.same = 0;
                None
            }
        }
    }

    fn failure(&mut self, row: u64, reason: Reason, is_first: bool) -> Option<Error> {
        let Reason { code, message, .. } = reason;
        let text = message.to_string();
        let failure = (code.clone(), without_numbers(&text));
        self.failed += 1;
        let is_harmless = self.keeps_going || self.has_created && is_there_already(&text);
        self.same = match (is_harmless, self.same > 0 && self.last == failure) {
            (true, _) => 0,
            (_, true) => self.same + 1,
            (_, false) => 1,
        };
        self.last = failure;
        if is_first && !is_harmless {
            let error = Error::stopped(message!("stop.first", row = row, code = code, message = message));
            return Some(error.hint(message!("stop.same_hint")));
        }
        if self.same >= SAME_FAILURES {
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

/// The same text for each row: which record, number or telephone it names is left out.
fn without_numbers(text: &str) -> String {
    let mut without = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_numeric() {
            false => without.push(c),
            true if without.ends_with('#') => {}
            true => without.push('#'),
        }
    }
    without
}

/// Whether the service says that the record is there already. Its codes are not known, so its words have to tell.
fn is_there_already(text: &str) -> bool {
    const WORDS: [&str; 11] = [
        "已存在",
        "已经存在",
        "已被",
        "重复",
        "已有",
        "already",
        "duplicate",
        "exists",
        "in use",
        "taken",
        "not unique",
    ];
    const OTHERWISE: [&str; 4] = ["不存在", "not exist", "已被禁用", "已被停用"];
    let text = text.to_lowercase();
    WORDS.iter().any(|word| text.contains(word)) && !OTHERWISE.iter().any(|word| text.contains(word))
}

/// The error for a server that does not answer any more.
pub(crate) fn down(why: impl Into<Message>) -> Error {
    let why = why.into();
    let hint = match is_slow(&why) {
        true => message!("stop.slow_hint"),
        false => message!("stop.down_hint"),
    };
    Error::stopped(message!("stop.down", why = why)).hint(hint)
}

/// Whether an answer only took too long, somewhere in a message.
fn is_slow(why: &Message) -> bool {
    why.to_json().contains("\"api.timed_out\"")
}

#[cfg(test)]
mod tests {
    use super::super::samples::operation;
    use super::*;

    fn ended(status: Status, code: &str) -> Operation {
        let reason = Reason { code: code.into(), ..Reason::default() };
        Operation { reason: Some(Box::new(reason)), ..operation(0, status) }
    }

    fn rejected(text: &str) -> Operation {
        let reason = Reason { code: "1".into(), field: String::new(), message: text.to_owned().into() };
        Operation { reason: Some(Box::new(reason)), ..operation(0, Status::Failed) }
    }

    /// One whose first row was sent and created.
    fn begun() -> Breaker {
        let mut breaker = Breaker::default();
        assert!(breaker.watch(&ended(Status::Created, "")).is_none());
        breaker
    }

    /// Shows the breaker so many rows that end so; whether it stops the run, and at which of them.
    fn stops_at(breaker: &mut Breaker, rows: usize, status: Status, code: &str) -> Option<usize> {
        (1..=rows).find(|_| breaker.watch(&ended(status, code)).is_some())
    }

    #[test]
    fn the_same_failure_again_and_again_stops_the_run() {
        let breaker = &mut begun();
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
        let breaker = &mut begun();
        for number in 0..100 {
            assert!(breaker.watch(&rejected(if number % 2 == 0 { "no name" } else { "no mobile" })).is_none());
        }
    }

    #[test]
    fn numbers_in_a_text_make_no_other_failure() {
        let breaker = &mut begun();
        let stopped = (1..=100).find(|row| breaker.watch(&rejected(&format!("no company {row}"))).is_some());
        assert_eq!(stopped, Some(20));
    }

    #[test]
    fn the_first_row_of_a_command_stops_the_run_when_it_is_rejected() {
        let mut before = Counts::default();
        before.add(Status::Failed, 1);
        assert_eq!(stops_at(&mut Breaker::new(None, false, &before), 5, Status::Failed, "1"), Some(1));
        assert_eq!(stops_at(&mut Breaker::new(None, true, &before), 100, Status::Failed, "1"), None);
        assert_eq!(stops_at(&mut begun(), 5, Status::Failed, "1"), None);
    }

    #[test]
    fn what_is_there_already_stops_no_run_that_made_something() {
        let texts = ["手机号已存在", "mobile: already belongs to 7"];
        for text in texts {
            let mut before = Counts::default();
            assert!(Breaker::new(None, false, &before).watch(&rejected(text)).is_some());
            before.add(Status::Created, 1);
            let breaker = &mut Breaker::new(None, false, &before);
            assert!((0..100).all(|_| breaker.watch(&rejected(text)).is_none()), "{text}");
        }
        assert!(!is_there_already("公司不存在") && !is_there_already("company 7 does not exist"));
    }

    #[test]
    fn too_many_rows_in_doubt_stop_the_run_and_an_outage_or_a_few_do_not() {
        assert_eq!(stops_at(&mut begun(), 1000, Status::Unknown, "lost"), None);
        // So many are decided after each that is in doubt.
        for (decided, stops) in [(1, Some(13)), (2, Some(19)), (4, None), (9, None)] {
            let breaker = &mut begun();
            let stopped = (1..=1000).find(|_| {
                let is_over = breaker.watch(&ended(Status::Unknown, "lost")).is_some();
                is_over || stops_at(breaker, decided, Status::Created, "").is_some()
            });
            assert_eq!(stopped, stops, "{decided}");
        }
    }

    #[test]
    fn a_row_in_doubt_ends_a_row_of_failures() {
        let breaker = &mut begun();
        assert_eq!(stops_at(breaker, 19, Status::Failed, "1"), None);
        assert_eq!(stops_at(breaker, 1, Status::Unknown, "lost"), None);
        assert_eq!(stops_at(breaker, 100, Status::Failed, "1"), Some(20));
    }

    #[test]
    fn failures_count_over_all_processes_of_a_run() {
        let mut before = Counts::default();
        before.add(Status::Failed, 1);
        let breaker = &mut Breaker::new(Some(3), true, &before);
        assert_eq!(stops_at(breaker, 1, Status::Failed, "1"), None);
        assert_eq!(stops_at(breaker, 100, Status::Created, ""), None);
        assert_eq!(stops_at(breaker, 100, Status::Failed, "2"), Some(1));
    }
}
