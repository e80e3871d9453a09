//! How long a service that cannot be had is waited for: a plain function of what happened and when. While there is trouble
//! one request at a time is tried for the whole program, after waits that grow; nothing else leaves. A budget bounds what is
//! repeated: it refills with answers.

use std::time::Duration;

use tokio::time::Instant;

use super::history::Since;
use crate::message;
use crate::message::Message;
use crate::waiting::span;

/// The first wait of our own.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait of our own for a host that is not reached.
const LONGEST_UNREACHED: Duration = Duration::from_secs(15);
/// The longest wait of our own for one that is busy.
const LONGEST_BUSY: Duration = Duration::from_secs(60);
/// Requests that may be repeated before anything was answered.
const REPEATS: u64 = 30;
/// So few that are left are made to last: each wait of our own doubles once more.
const SCARCE: u64 = 8;
/// The wait before each one beyond those: so few cost a service nothing.
const WAIT_BEYOND: Duration = Duration::from_secs(60);
/// Answers that allow for one more.
const ANSWERS_A_REPEAT: u64 = 10;
/// So little more than wanted is not longer.
const A_MOMENT: Duration = Duration::from_secs(1);
/// Nobody waits for longer than some days.
const LONGEST_TO_NAME: u64 = 3 * 24 * 3600;
/// Answers of "something broke" in a row, none good between, that mean the service and not a record.
const FALTERS: u32 = 3;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// No connection comes about: no request is seen there, so none counts.
    Unreached,
    /// It says that it is busy, and when to come back, where it says so sensibly.
    Busy(Option<Duration>),
    /// It breaks whatever is asked.
    Faltering,
}

/// Whether to go on after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The request may be repeated when its turn comes.
    Again,
    /// It may, but so many were repeated that only one a minute still is.
    Late,
    /// It has been waited for as long as it may be, or repeated as often.
    Over,
}

/// When the next request may leave.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Turn {
    /// Now.
    Free,
    /// Now, and everybody waits for what becomes of it.
    Probe,
    /// Not before this time.
    At(Instant),
    /// When the one that is tried has come back.
    Behind,
}

/// A service that cannot be had for now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Outage {
    /// Why.
    pub why: Message,
    /// How long the service itself asks to wait.
    pub asked: Option<Duration>,
    /// It asks to wait longer than it is waited for.
    pub is_beyond: bool,
    /// When it is tried next.
    pub next: Instant,
    /// Until when it is waited for.
    pub until: Instant,
    began: Instant,
    tries: u32,
    /// One is being tried.
    pub is_probing: bool,
}

/// The patience of one command with one service.
#[derive(Debug)]
pub(super) struct Patience {
    /// With one that has answered.
    longest: Duration,
    /// With one that never did: it may be another one that is meant.
    first: Duration,
    has_answered: bool,
    answers: u64,
    repeats: u64,
    falters: u32,
    outage: Option<Outage>,
    /// Since when it cannot be had, for all commands' clients together.
    since: Since,
}

impl Patience {
    /// As long as this with a service that answered once, and with one that never did.
    pub(super) fn new(longest: Duration, first: Duration, since: Since) -> Patience {
        Patience { longest, first, has_answered: false, answers: 0, repeats: 0, falters: 0, outage: None, since }
    }

    /// How long the service is waited for.
    pub(super) fn longest(&self) -> Duration {
        if self.has_answered { self.longest } else { self.first }
    }

    /// Whether the service ever answered.
    pub(super) fn has_answered(&self) -> bool {
        self.has_answered
    }

    /// The trouble there is.
    pub(super) fn outage(&self) -> Option<&Outage> {
        self.outage.as_ref()
    }

    /// How often the service answered as it should.
    pub(super) fn answers(&self) -> u64 {
        self.answers
    }

    /// When the next request may leave. Whoever is told [`Turn::Probe`] tells what became of it.
    pub(super) fn turn(&mut self, now: Instant) -> Turn {
        match &mut self.outage {
            None => Turn::Free,
            Some(outage) if outage.is_probing => Turn::Behind,
            Some(outage) if now < outage.next => Turn::At(outage.next),
            Some(outage) => {
                outage.is_probing = true;
                Turn::Probe
            }
        }
    }

    /// Nothing became of what was tried: somebody else may try.
    pub(super) fn put_back(&mut self) {
        if let Some(outage) = &mut self.outage {
            outage.is_probing = false;
        }
    }

    /// A request that began then was answered.
    pub(super) fn answered(&mut self, began: Instant, is_probe: bool) {
        self.has_answered = true;
        self.answers += 1;
        self.falters = 0;
        self.since.end();
        // What was on its way before says nothing of now.
        if self.outage.as_ref().is_some_and(|outage| is_probe || began > outage.began) {
            self.outage = None;
        }
    }

    /// A request that began then failed. `chance` from 0 to 1 keeps clients from coming back all at once.
    pub(super) fn failed(
        &mut self,
        (began, now): (Instant, Instant),
        trouble: Trouble,
        why: &Message,
        is_probe: bool,
        chance: f64,
    ) -> Verdict {
        if trouble == Trouble::Faltering {
            self.falters += 1;
            if self.falters < FALTERS && self.outage.is_none() && self.left() > 0 {
                return self.repeat();
            }
        }
        let (longest, left, since) = (self.longest(), self.left(), &self.since);
        let outage = self.outage.get_or_insert_with(|| Outage {
            why: why.clone(),
            asked: None,
            is_beyond: false,
            next: now,
            // What it took to find out was waiting, too.
            until: since.begin(began) + longest,
            began: now,
            tries: 0,
            is_probing: is_probe,
        });
        let asked = match trouble {
            // No wait at all is none that was asked for.
            Trouble::Busy(asked) => asked.filter(|asked| !asked.is_zero()),
            Trouble::Unreached | Trouble::Faltering => None,
        };
        // Of several that were on their way together one is enough.
        if is_probe || outage.tries == 0 {
            outage.tries += 1;
            outage.is_probing = false;
            outage.next = now;
        }
        outage.why = why.clone();
        outage.asked = asked;
        let scarce = match trouble {
            Trouble::Busy(_) => u32::try_from(SCARCE.saturating_sub(left)).unwrap_or_default(),
            Trouble::Unreached | Trouble::Faltering => 0,
        };
        let own = own_wait(trouble, outage.tries + scarce, chance);
        // A service that asks for a moment each time would use them up in a few.
        let asked = asked.filter(|asked| scarce == 0 || *asked > own);
        let is_spent = trouble != Trouble::Unreached && left == 0;
        let wait = asked.unwrap_or(own).max(if is_spent { WAIT_BEYOND } else { Duration::ZERO });
        if now >= outage.until || is_spent && now + WAIT_BEYOND > outage.until {
            // The others are not to wait for it any longer.
            outage.next = now;
            return Verdict::Over;
        }
        outage.next = outage.next.max(now + wait);
        outage.is_beyond = asked.is_some() && outage.next > outage.until + A_MOMENT;
        outage.next = outage.next.min(outage.until);
        if trouble != Trouble::Unreached {
            self.repeats += 1;
        }
        if is_spent { Verdict::Late } else { Verdict::Again }
    }

    /// How many more requests may be repeated.
    fn left(&self) -> u64 {
        (REPEATS + self.answers / ANSWERS_A_REPEAT).saturating_sub(self.repeats)
    }

    /// Takes one of the requests that may be repeated.
    fn repeat(&mut self) -> Verdict {
        if self.left() == 0 {
            return Verdict::Over;
        }
        self.repeats += 1;
        Verdict::Again
    }
}

/// The wait after so many tries where the service names none.
fn own_wait(trouble: Trouble, tries: u32, chance: f64) -> Duration {
    let longest = match trouble {
        Trouble::Unreached => LONGEST_UNREACHED,
        Trouble::Busy(_) | Trouble::Faltering => LONGEST_BUSY,
    };
    growing(tries, longest, chance)
}

/// A wait that doubles with each try, a quarter shorter or longer by chance.
pub(super) fn growing(tries: u32, longest: Duration, chance: f64) -> Duration {
    let doubled = FIRST_WAIT.saturating_mul(1 << tries.saturating_sub(1).min(16));
    doubled.min(longest).mul_f64(0.75 + chance.clamp(0.0, 1.0) / 2.0)
}

/// Why is waited when the service says that it is busy.
pub(super) fn busy(asked: Option<Duration>) -> Message {
    match asked.filter(|asked| !asked.is_zero()) {
        Some(asked) => message!("api.busy_asked", time = span(asked)),
        None => message!("api.busy"),
    }
}

/// What ends a wait that the service asks for: nothing, where it asks to wait longer than it is waited for.
pub fn ends_of_asked(asked: Duration, is_beyond: bool) -> Message {
    match (is_beyond, enough(asked)) {
        (false, _) => message!("waiting.asked"),
        (true, Some(wait)) => message!("waiting.asked_beyond", wait = wait),
        (true, None) => message!("waiting.asked_too_long"),
    }
}

/// What can be done about a service that asks to wait longer than it was waited for.
pub(super) fn hint_of_asked(asked: Duration) -> Message {
    match enough(asked) {
        Some(wait) => message!("api.asked_hint", time = span(asked), wait = wait),
        None => message!("api.asked_too_long_hint", time = span(asked)),
    }
}

/// The `--wait` that is enough for a wait, and a little more; none where no `--wait` is.
fn enough(asked: Duration) -> Option<String> {
    let seconds = asked.as_secs() + u64::from(asked.subsec_nanos() > 0);
    match seconds {
        0..=120 => Some(format!("{}s", seconds + 10)),
        121..=36_000 => Some(format!("{}m", seconds.div_ceil(60) + 1)),
        36_001..=LONGEST_TO_NAME => Some(format!("{}h", seconds.div_ceil(3600) + 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn why() -> Message {
        Message::from("refused")
    }

    /// One that was answered before.
    fn patience(longest: Duration) -> (Patience, Instant) {
        let (mut patience, now) = (Patience::new(longest, Duration::ZERO, Since::default()), Instant::now());
        patience.answered(now, false);
        (patience, now)
    }

    /// Fails whenever its turn comes, for as long as it may; how often it was tried, and how long it took.
    fn endless(patience: &mut Patience, begin: Instant, trouble: Trouble) -> (u32, Duration) {
        let (mut now, mut tries, mut is_probe) = (begin, 0, false);
        loop {
            tries += 1;
            if patience.failed((now, now), trouble, &why(), is_probe, 0.5) == Verdict::Over {
                return (tries, now - begin);
            }
            let turn = patience.turn(now);
            if let Turn::At(at) = turn {
                now = at;
                assert_eq!(patience.turn(now), Turn::Probe);
            }
            is_probe = turn != Turn::Free;
        }
    }

    #[test]
    fn a_service_that_is_down_is_tried_a_few_times_for_as_long_as_wanted() {
        for (trouble, most) in [(Trouble::Unreached, 50), (Trouble::Busy(None), 20), (Trouble::Faltering, 25)] {
            let (mut patience, now) = patience(10 * MINUTE);
            let (tries, lasted) = endless(&mut patience, now, trouble);
            assert!(tries <= most && lasted == 10 * MINUTE, "{trouble:?}: {tries} tries, {lasted:?}");
        }
    }

    #[test]
    fn a_host_that_never_answered_may_be_the_wrong_one() {
        let (mut patience, now) = (Patience::new(10 * MINUTE, MINUTE, Since::default()), Instant::now());
        assert_eq!(endless(&mut patience, now, Trouble::Unreached).1, MINUTE);
    }

    #[test]
    fn a_wait_that_is_asked_for_is_kept_and_no_wait_is_one_of_our_own() {
        let (mut patience, now) = patience(10 * MINUTE);
        let asked = |patience: &mut Patience, seconds| {
            patience.failed((now, now), Trouble::Busy(Some(Duration::from_secs(seconds))), &why(), false, 0.5);
            patience.outage().unwrap().next - now
        };
        assert_eq!(asked(&mut patience, 0), FIRST_WAIT);
        assert_eq!(asked(&mut patience, 150), Duration::from_secs(150));
        // Another one that was on its way does not shorten it, and nobody waits longer than wanted.
        assert_eq!(asked(&mut patience, 2), Duration::from_secs(150));
        assert_eq!(asked(&mut patience, 3600), 10 * MINUTE);
    }

    #[test]
    fn a_wait_that_is_longer_than_wanted_is_said_to_end_in_nothing() {
        let (mut patience, now) = patience(MINUTE / 2);
        let ends = |patience: &Patience| {
            let outage = patience.outage().unwrap();
            ends_of_asked(outage.asked.unwrap(), outage.is_beyond).to_string()
        };
        let busy = |seconds| Trouble::Busy(Some(Duration::from_secs(seconds)));
        patience.failed((now, now), busy(20), &why(), false, 0.5);
        assert_eq!(ends(&patience), message!("waiting.asked").to_string());
        patience.failed((now, now), busy(3600), &why(), false, 0.5);
        assert!(ends(&patience).contains("--wait 61m"), "{}", ends(&patience));
        patience.failed((now, now), busy(366 * 24 * 3600), &why(), false, 0.5);
        assert_eq!(ends(&patience), message!("waiting.asked_too_long").to_string());
        for (seconds, wait) in [(30, "40s"), (3600, "61m"), (86_400, "25h")] {
            assert_eq!(enough(Duration::from_secs(seconds)).as_deref(), Some(wait));
        }
    }

    #[test]
    fn what_it_took_to_find_out_counts_and_the_next_client_goes_on_waiting() {
        let (since, begin) = (Since::default(), Instant::now());
        let client = || Patience::new(MINUTE, MINUTE, since.clone());
        let mut first = client();
        let found = begin + Duration::from_secs(10);
        assert_eq!(first.failed((begin, found), Trouble::Unreached, &why(), false, 0.5), Verdict::Again);
        assert_eq!(first.outage().unwrap().until, begin + MINUTE);
        let (mut second, later) = (client(), begin + MINUTE);
        assert_eq!(second.failed((later, later), Trouble::Unreached, &why(), false, 0.5), Verdict::Over);
        // One that was answered begins anew.
        second.answered(later, false);
        assert_eq!(client().failed((later, later), Trouble::Unreached, &why(), false, 0.5), Verdict::Again);
    }

    #[test]
    fn one_at_a_time_is_tried_and_all_go_when_it_is_answered() {
        let (mut patience, now) = patience(10 * MINUTE);
        assert_eq!(patience.turn(now), Turn::Free);
        patience.failed((now, now), Trouble::Unreached, &why(), false, 0.5);
        // What was on its way when it began says nothing, and one answer is not enough to come back early.
        patience.answered(now, false);
        assert_eq!(patience.turn(now), Turn::At(now + FIRST_WAIT));
        let later = now + FIRST_WAIT;
        assert_eq!((patience.turn(later), patience.turn(later)), (Turn::Probe, Turn::Behind));
        patience.put_back();
        assert_eq!(patience.turn(later), Turn::Probe);
        patience.answered(later, true);
        assert_eq!((patience.turn(later), patience.outage()), (Turn::Free, None));
    }

    #[test]
    fn one_record_that_breaks_is_no_outage_and_three_failures_in_a_row_are() {
        let (mut patience, now) = patience(10 * MINUTE);
        for _ in 0..20 {
            patience.failed((now, now), Trouble::Faltering, &why(), false, 0.5);
            patience.failed((now, now), Trouble::Faltering, &why(), false, 0.5);
            assert_eq!(patience.outage(), None);
            (0..20).for_each(|_| patience.answered(now, false));
        }
        for _ in 0..3 {
            patience.failed((now, now), Trouble::Faltering, &why(), false, 0.5);
        }
        assert!(patience.outage().is_some());
    }

    #[test]
    fn beyond_the_budget_one_a_minute_is_repeated_as_long_as_there_are_minutes() {
        let (mut patience, now) = patience(10 * MINUTE);
        while patience.left() > 0 {
            patience.failed((now, now), Trouble::Busy(None), &why(), false, 0.5);
            patience.answered(now, true);
        }
        let (tries, lasted) = endless(&mut patience, now, Trouble::Busy(None));
        assert!(tries <= 11 && lasted >= 9 * MINUTE, "{tries} tries, {lasted:?}");
        let (mut patience, now) = self::patience(MINUTE / 2);
        while patience.left() > 0 {
            patience.failed((now, now), Trouble::Busy(None), &why(), false, 0.5);
            patience.answered(now, true);
        }
        assert_eq!(patience.failed((now, now), Trouble::Busy(None), &why(), false, 0.5), Verdict::Over);
    }

    proptest! {
        /// Whatever the service does: of what it sees, no more is repeated than the budget allows, and beyond it one a minute.
        #[test]
        fn repeated_requests_keep_to_their_budget(
            events in prop::collection::vec((0u8..4, 0u64..100_000, 0.0f64..1.0), 1..2000),
        ) {
            let (mut patience, mut now) = patience(10 * MINUTE);
            let (begin, mut repeated, mut answers) = (now, 0u64, 1);
            for (event, milliseconds, chance) in events {
                now += Duration::from_millis(milliseconds);
                let turn = patience.turn(now);
                if matches!(turn, Turn::At(_) | Turn::Behind) {
                    continue;
                }
                let is_probe = turn == Turn::Probe;
                let trouble = match event {
                    0 => { answers += 1; patience.answered(now, is_probe); continue; }
                    1 => Trouble::Busy(Some(Duration::from_millis(milliseconds % 3))),
                    2 => Trouble::Busy(None),
                    _ => Trouble::Faltering,
                };
                if patience.failed((now, now), trouble, &why(), is_probe, chance) != Verdict::Over {
                    repeated += 1;
                }
                let minutes = (now - begin).as_secs() / WAIT_BEYOND.as_secs();
                prop_assert!(repeated <= REPEATS + answers / ANSWERS_A_REPEAT + minutes + 1);
            }
        }
    }
}
