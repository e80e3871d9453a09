//! How far a step has come, in words: plain functions of numbers and time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use unicode_width::UnicodeWidthStr;

use crate::message::Message;
use crate::t;
use crate::waiting::{Wait, span};

/// What the speed is reckoned from.
const WINDOW: Duration = Duration::from_secs(30);
/// The most and the least columns a bar is wide.
const BAR: std::ops::RangeInclusive<usize> = 10..=30;
/// Columns between two parts of a line, and around a bar.
const SEPARATOR: usize = 3;

/// The step that is under way.
#[derive(Debug, Clone)]
pub(super) struct Step {
    what: String,
    done: u64,
    total: Option<u64>,
    /// What else there is to say of it.
    pub note: String,
    /// It ends before all of it is done: how long that would take means nothing.
    pub is_ending: bool,
    /// How much was done when, the oldest first; what was done before the step says nothing of its speed.
    samples: VecDeque<(Instant, u64)>,
}

impl Step {
    /// A step that begins, `done` of it being done already, of `total` where that is known.
    pub(super) fn new(what: &str, done: u64, total: Option<u64>, now: Instant) -> Step {
        Step {
            what: what.to_owned(),
            done,
            total,
            note: String::new(),
            is_ending: false,
            samples: VecDeque::from([(now, done)]),
        }
    }

    /// `done` of it are done, of `total` where that is known.
    pub(super) fn set(&mut self, done: u64, total: Option<u64>) {
        (self.done, self.total) = (done, total);
    }

    /// One more is done.
    pub(super) fn advance(&mut self) {
        self.done += 1;
    }

    /// Takes note of how much is done now.
    pub(super) fn sample(&mut self, now: Instant) {
        while self.samples.len() > 1 && self.samples.get(1).is_some_and(|(at, _)| now - *at >= WINDOW) {
            self.samples.pop_front();
        }
        // A tenth of the window apart is near enough.
        if self.samples.back().is_none_or(|(at, _)| now - *at >= WINDOW / 30) {
            self.samples.push_back((now, self.done));
        }
    }

    /// How many are done in a second.
    fn rate(&self, now: Instant) -> f64 {
        let Some((at, done)) = self.samples.front() else { return 0.0 };
        let passed = now.saturating_duration_since(*at).as_secs_f64();
        if passed < 1.0 { 0.0 } else { self.done.saturating_sub(*done) as f64 / passed }
    }

    /// How long the rest takes.
    fn left(&self, now: Instant) -> Option<Duration> {
        let (rate, total) = (self.rate(now), self.total.filter(|_| !self.is_ending)?);
        let left = total.saturating_sub(self.done) as f64 / rate;
        Duration::try_from_secs_f64(left).ok().filter(|left| rate > 0.0 && *left > Duration::ZERO)
    }

    fn count(&self) -> String {
        match self.total {
            Some(total) => format!("{}/{total}", self.done),
            None => self.done.to_string(),
        }
    }

    /// The step as a plain line.
    pub(super) fn line(&self, now: Instant) -> String {
        let mut line = t!("progress.line", what = self.what, count = self.count()).into_owned();
        for part in [Some(self.note.clone()), self.rate_text(now), self.left_text(now)].into_iter().flatten() {
            if !part.is_empty() {
                line = format!("{line} · {part}");
            }
        }
        line
    }

    fn rate_text(&self, now: Instant) -> Option<String> {
        let rate = self.rate(now);
        let shown = if rate >= 10.0 { format!("{rate:.0}") } else { format!("{rate:.1}") };
        (rate > 0.0).then(|| t!("progress.rate", rate = shown.trim_end_matches(".0")).into_owned())
    }

    fn left_text(&self, now: Instant) -> Option<String> {
        self.left(now).map(|left| t!("progress.left", left = span(left)).into_owned())
    }

    /// The step as one line on a terminal that is so wide, with what is waited for. What there is no room for is left out,
    /// the least important first.
    pub(super) fn bar(&self, wait: Option<&Wait>, slow: Option<&Message>, now: Instant, width: usize) -> String {
        // The last column stays free: some terminals begin a new line there.
        let room = width.saturating_sub(1);
        let mut line = cut(&self.what, room / 3);
        let mut left = room - line.width();
        let mut shown = Vec::new();
        let waits = wait.map(|wait| wait_text(wait, now)).or_else(|| slow.map(Message::to_string));
        let essential = [Some(self.count()), waits.or_else(|| self.left_text(now))];
        for part in essential.into_iter().flatten() {
            let part = cut(&part, left.saturating_sub(SEPARATOR));
            left = left.saturating_sub(part.width() + SEPARATOR);
            shown.extend(Some(part).filter(|part| !part.is_empty()));
        }
        let total = self.total.filter(|total| *total > 0 && left >= BAR.start() + SEPARATOR);
        let reserved = if total.is_some() { BAR.start() + SEPARATOR } else { 0 };
        let optional = [Some(self.note.clone()), self.rate_text(now)].into_iter().flatten();
        for part in optional.filter(|part| !part.is_empty() && wait.is_none() && slow.is_none()) {
            let needed = part.width() + SEPARATOR;
            if needed + reserved <= left {
                left -= needed;
                shown.push(part);
            }
        }
        if let Some(total) = total {
            let cells = (left - SEPARATOR).min(*BAR.end());
            let full = u128::from(self.done.min(total)) * cells as u128 / u128::from(total);
            let full = usize::try_from(full).unwrap_or(cells);
            line.push_str(&format!(" [{}{}]", "=".repeat(full), " ".repeat(cells - full)));
        }
        for (number, part) in shown.iter().enumerate() {
            line.push_str(if number == 0 { " " } else { " · " });
            line.push_str(part);
        }
        cut(&line, room)
    }
}

/// What is waited for, how long still, and what ends it.
pub(super) fn wait_line(wait: &Wait, now: Instant) -> String {
    format!("{}{}", wait_text(wait, now), wait.ends)
}

fn wait_text(wait: &Wait, now: Instant) -> String {
    match wait.until.map(|until| until.saturating_duration_since(now)) {
        Some(left) if wait.is_retry && left.is_zero() => t!("waiting.retrying", why = wait.why).into_owned(),
        Some(left) if wait.is_retry => t!("waiting.retry", why = wait.why, left = span(left)).into_owned(),
        Some(left) => t!("waiting.line", why = wait.why, left = span(left)).into_owned(),
        None => wait.why.to_string(),
    }
}

/// A text in so many columns.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut cut = String::new();
    for c in text.chars() {
        let mut longer = cut.clone();
        longer.push(c);
        if longer.width() + 1 > columns {
            break;
        }
        cut = longer;
    }
    cut.push('…');
    if columns == 0 { String::new() } else { cut }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_speed_is_that_of_now_and_not_of_what_was_done_before() {
        let begin = Instant::now();
        let mut step = Step::new("customers", 63_000_000, Some(63_006_000), begin);
        assert_eq!(step.line(begin), "customers: 63000000/63006000");
        for second in 1..=60 {
            step.set(63_000_000 + second * 10, Some(63_006_000));
            step.sample(begin + seconds(second));
        }
        let now = begin + seconds(60);
        assert_eq!(step.line(now), "customers: 63000600/63006000 · 10 a second · about 9 minutes left");
        // What is stopped will not be done.
        step.is_ending = true;
        assert_eq!(step.line(now), "customers: 63000600/63006000 · 10 a second");
        step.is_ending = false;
        // Nothing for longer than the window: no speed, and no promise.
        (61..=95).for_each(|second| step.sample(begin + seconds(second)));
        assert_eq!(step.line(begin + seconds(95)), "customers: 63000600/63006000");
    }

    #[test]
    fn a_line_on_a_terminal_is_never_wider_than_it() {
        let begin = Instant::now();
        let wait = Wait {
            why: Message::from(
                "the service asks to wait 30 seconds, as it has too much to do for everybody at this moment",
            ),
            until: Some(begin + seconds(30)),
            ends: Message::default(),
            is_retry: false,
            is_urgent: false,
        };
        for what in ["联系人", "customers of a very long name, longer than any", ""] {
            let mut step = Step::new(what, 0, Some(1_000_000), begin);
            step.note = "成功 123456，有问题 0 · 正在发送 4".to_owned();
            step.set(123_456, Some(1_000_000));
            for width in 0..200 {
                for wait in [None, Some(&wait)] {
                    let line = step.bar(wait, None, begin + seconds(60), width);
                    assert!(line.width() < width.max(1), "{width}: {line:?}");
                }
            }
        }
    }

    #[test]
    fn what_matters_most_stands_on_narrow_terminals_too() {
        let begin = Instant::now();
        let mut step = Step::new("customers", 0, Some(100_000), begin);
        step.note = "12000 ok, 3 not · 4 in flight".to_owned();
        step.set(12_003, Some(100_000));
        let now = begin + seconds(75);
        assert_eq!(step.bar(None, None, now, 60), "customers 12003/100000 · about 10 minutes left");
        assert_eq!(
            step.bar(None, None, now, 80),
            "customers [=            ] 12003/100000 · about 10 minutes left · 160 a second"
        );
        assert_eq!(
            step.bar(None, None, now, 120),
            "customers [==                   ] 12003/100000 · about 10 minutes left · 12000 ok, 3 not · 4 in flight · 160 a second"
        );
    }
}
