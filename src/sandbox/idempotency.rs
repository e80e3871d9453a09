//! What a write gets whose `Requestid` was used before: the service does not say, so a switch does.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::answer::{Answer, error_answer};
use super::request_log::RequestLog;
use super::variants::{Repeated, Variants};

/// What became of the first write with an id.
#[derive(Debug, Clone, Default)]
struct FirstRequest {
    /// Its answer, once there is one and where it may be needed.
    answer: Option<Answer>,
    /// Until when it is held to be running although its work is done: a fault delays its answer.
    running_until: Option<Instant>,
}

/// Writes by their `Requestid`.
#[derive(Debug, Default)]
pub(super) struct IdempotencyKeys(Mutex<HashMap<String, FirstRequest>>);

impl IdempotencyKeys {
    /// Carries a write out, or deals with it as the switch says when its id was used before. The write counts as running
    /// for `running` beyond its end.
    pub(super) fn run_once(
        &self,
        variants: &Variants,
        request_log: &RequestLog,
        id: &str,
        running: Option<Duration>,
        work: impl FnOnce() -> Answer,
    ) -> Answer {
        let reject = |code, text| error_answer(variants, 409, code, text);
        // Looked up and entered under one lock, so that two writes with one id at the same moment are not both first.
        let first = {
            let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let first = seen.get(id).cloned();
            if first.is_none() {
                seen.insert(id.to_owned(), FirstRequest::default());
            }
            first
        };
        let policy = variants.repeated;
        if let Some(first) = first {
            request_log.count_repeated_request_id();
            let is_running = first.answer.is_none()
                || policy == Repeated::Busy && first.running_until.is_some_and(|until| until > Instant::now());
            match (policy, first.answer) {
                (Repeated::Ignored, _) => return work(),
                (Repeated::Duplicate, _) => return reject("SANDBOX-REPEATED", "Requestid: was used before"),
                (_, Some(answer)) if !is_running => return Answer { is_stored: false, ..answer },
                _ => return reject("SANDBOX-RUNNING", "Requestid: the first request is still running"),
            }
        }
        let answer = work();
        let is_kept = matches!(policy, Repeated::Replayed | Repeated::Busy);
        let first = FirstRequest {
            answer: is_kept.then(|| answer.clone()),
            running_until: running.map(|running| Instant::now() + running),
        };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), first);
        answer
    }
}
