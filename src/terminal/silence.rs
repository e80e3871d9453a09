//! When something has to be said: a plain function of what happened and when. Nobody is left without a word for longer than
//! ten seconds, and a wait is told when it begins.

use std::time::{Duration, Instant};

use crate::message::Message;
use crate::waiting::Wait;

/// After so long without a word something is said.
pub(super) const LONGEST_SILENCE: Duration = Duration::from_secs(9);
/// A wait shorter than this is not worth a line.
const WORTH_A_LINE: Duration = Duration::from_secs(1);

/// What has been told of waits.
#[derive(Debug, Default)]
pub(super) struct Silence {
    /// Why was waited when that was last told, and when.
    told: Option<(Message, Instant)>,
}

/// What to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing yet.
    Nothing,
    /// The wait.
    Wait,
    /// How far the work has come.
    Step,
}

impl Silence {
    /// What is due now, when something was last said then.
    pub(super) fn due(&mut self, now: Instant, last_said: Instant, wait: Option<&Wait>) -> Due {
        let is_silent = now.saturating_duration_since(last_said) >= LONGEST_SILENCE;
        let Some(wait) = wait else { return if is_silent { Due::Step } else { Due::Nothing } };
        let left = wait.until.map(|until| until.saturating_duration_since(now));
        let is_worth = left.is_none_or(|left| left >= WORTH_A_LINE);
        let is_told = self.told.as_ref().is_some_and(|(why, at)| {
            // The same trouble that comes and goes is told once in a while.
            *why == wait.why && now.saturating_duration_since(*at) < LONGEST_SILENCE
        });
        if is_silent || is_worth && !is_told {
            self.told = Some((wait.why.clone(), now));
            return Due::Wait;
        }
        Due::Nothing
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wait(why: &str, until: Option<Instant>) -> Wait {
        Wait { why: Message::from(why), until, ends: Message::default(), is_retry: false, is_urgent: false }
    }

    #[test]
    fn a_wait_is_told_at_once_and_then_now_and_then() {
        let begin = Instant::now();
        let busy = wait("busy", Some(begin + Duration::from_secs(60)));
        let mut silence = Silence::default();
        let mut last = begin;
        let told: Vec<u64> = (0..60)
            .filter(|second| {
                let now = begin + Duration::from_secs(*second);
                let is_due = silence.due(now, last, Some(&busy)) == Due::Wait;
                last = if is_due { now } else { last };
                is_due
            })
            .collect();
        assert_eq!(told, [0, 9, 18, 27, 36, 45, 54]);
    }

    #[test]
    fn a_short_wait_is_not_worth_a_line_and_a_new_reason_is() {
        let now = Instant::now();
        let mut silence = Silence::default();
        let soon = |milliseconds| Some(now + Duration::from_millis(milliseconds));
        assert_eq!(silence.due(now, now, Some(&wait("busy", soon(400)))), Due::Nothing);
        assert_eq!(silence.due(now, now, Some(&wait("busy", soon(4000)))), Due::Wait);
        assert_eq!(silence.due(now, now, Some(&wait("busy", soon(8000)))), Due::Nothing);
        assert_eq!(silence.due(now, now, Some(&wait("gone", None))), Due::Wait);
    }

    proptest! {
        /// Whatever is waited for and however often that changes: looked at four times a second, nobody is left without a
        /// word for longer than ten seconds.
        #[test]
        fn no_silence_is_long(waits in prop::collection::vec((0u8..4, 0u64..30_000, 1u32..200), 1..40)) {
            let begin = Instant::now();
            let (mut silence, mut now, mut last) = (Silence::default(), begin, begin);
            for (kind, milliseconds, ticks) in waits {
                let until = (kind < 3).then(|| now + Duration::from_millis(milliseconds));
                let wait = (kind > 0).then(|| wait(["a", "b", "c"][kind as usize - 1], until));
                for _ in 0..ticks {
                    now += Duration::from_millis(250);
                    if silence.due(now, last, wait.as_ref()) != Due::Nothing {
                        last = now;
                    }
                    prop_assert!(now - last < Duration::from_secs(10));
                }
            }
        }
    }
}
