//! How writes go on after one of which nobody knows what became. The next one goes alone, and the others wait for what becomes
//! of it: so an outage costs few rows. While such writes go on it goes after waits that grow, for as long as the service
//! is to be waited for. The first write of a command goes alone, too. What decides is a plain function of what ended and when.

use std::cell::{RefCell, RefMut};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::api::ends_of_asked;
use crate::message;
use crate::message::Message;
use crate::waiting::{Wait, clock_time};

/// The first wait.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How much longer each wait is than the one before: every try may cost a row.
const GROWTH: u32 = 3;
/// The longest wait of our own.
const LONGEST_WAIT: Duration = Duration::from_secs(600);

/// The caution of one run.
#[derive(Debug)]
pub(super) struct Caution {
    state: RefCell<State>,
    changed: Notify,
}

/// Whether to go on after a write of which nobody knows what became.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GoesOn {
    /// When its turn comes.
    Later,
    /// It was waited for as long as it is to be.
    No,
}

/// The right to make one write, given back when dropped.
#[derive(Debug)]
pub(super) struct Leave<'a> {
    caution: &'a Caution,
    /// Nothing else is written meanwhile.
    pub is_alone: bool,
    /// Others went before of which nobody knows what became.
    pub is_after_doubt: bool,
}

#[derive(Debug)]
struct State {
    longest: Duration,
    /// Writes on their way.
    on_their_way: usize,
    doubt: Option<Doubt>,
}

/// Nothing tells that the service takes writes at the moment.
#[derive(Debug, Clone, Default)]
struct Doubt {
    /// What came of the last write, when there was one.
    last: Option<Last>,
    /// How often one went alone, or several went together, of which nobody knows.
    tries: u32,
    /// One goes alone.
    is_tried: bool,
}

/// What came of the last write.
#[derive(Debug, Clone)]
struct Last {
    why: Message,
    /// How long the service itself asks to wait.
    asked: Option<Duration>,
    /// It asks to wait longer than it is waited for.
    is_beyond: bool,
    /// When the next one may go.
    next: Instant,
    /// Until when the service is waited for.
    until: Instant,
}

/// When a write may go.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Turn {
    /// Now.
    Free,
    /// Now, and the others wait for what becomes of it.
    Alone,
    /// Not before this time.
    At(Instant),
    /// When others have come back.
    Behind,
}

impl Caution {
    /// For a command that has written nothing yet. A service is waited for as long as `longest`.
    pub(super) fn new(longest: Duration) -> Caution {
        let state = State { longest, on_their_way: 0, doubt: Some(Doubt::default()) };
        Caution { state: RefCell::new(state), changed: Notify::new() }
    }

    /// The right to make a write, where nobody has to wait for it.
    pub(super) fn leave_now(&self) -> Option<Leave<'_>> {
        let mut state = self.state();
        let (is_alone, is_after_doubt) = match &state.doubt {
            // So it is for nearly all, and no clock is asked.
            None => (false, false),
            Some(doubt) => {
                let is_after_doubt = doubt.tries > 0;
                (state.turn(Instant::now()) == Turn::Alone, is_after_doubt)
            }
        };
        if !is_alone && state.doubt.is_some() {
            return None;
        }
        state.on_their_way += 1;
        Some(Leave { caution: self, is_alone, is_after_doubt })
    }

    /// Waits, and says so, until a write may be made.
    pub(super) async fn leave(&self) -> Leave<'_> {
        loop {
            let changed = self.changed.notified();
            if let Some(leave) = self.leave_now() {
                return leave;
            }
            let turn = self.state().turn(Instant::now());
            match turn {
                Turn::At(at) => {
                    let _said = self.wait().map(Wait::begin);
                    tokio::select! {
                        () = changed => {}
                        () = sleep_until(at) => {}
                    }
                }
                Turn::Behind => changed.await,
                Turn::Free | Turn::Alone => {}
            }
        }
    }

    /// Whether others than one alone may not go.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.state().doubt.is_some()
    }

    fn wait(&self) -> Option<Wait> {
        let state = self.state();
        let Last { why, asked, is_beyond, next, until } = state.doubt.as_ref()?.last.as_ref()?;
        let ends = match *asked {
            Some(asked) => ends_of_asked(asked, *is_beyond),
            None => message!("waiting.row_until", time = clock_time(until.into_std())),
        };
        let why = message!("attempt.not_acknowledged", why = why.clone());
        Some(Wait { why, until: Some(next.into_std()), ends, is_retry: asked.is_none(), is_urgent: false })
    }

    fn state(&self) -> RefMut<'_, State> {
        // It is held between awaits alone.
        self.state.borrow_mut()
    }
}

impl Leave<'_> {
    /// The service decided about the write: others may go.
    pub(super) fn on_answer(&self) {
        let mut state = self.caution.state();
        if state.doubt.is_some() {
            state.answered(self.is_alone);
            drop(state);
            self.caution.changed.notify_waiters();
        }
    }

    /// Nobody knows what became of the write. `asked` is when the service says to come back.
    pub(super) fn on_doubt(&self, why: &Message, asked: Option<Duration>) -> GoesOn {
        let goes_on = self.caution.state().doubted(Instant::now(), why, asked, self.is_alone);
        self.caution.changed.notify_waiters();
        goes_on
    }
}

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        let mut state = self.caution.state();
        state.on_their_way -= 1;
        // Where nothing is in doubt nobody waits.
        if let Some(doubt) = &mut state.doubt {
            doubt.is_tried &= !self.is_alone;
            drop(state);
            self.caution.changed.notify_waiters();
        }
    }
}

impl State {
    /// When the next write may go. Whoever is told [`Turn::Alone`] goes.
    fn turn(&mut self, now: Instant) -> Turn {
        match &mut self.doubt {
            None => Turn::Free,
            // What is on its way tells more.
            Some(doubt) if doubt.is_tried || self.on_their_way > 0 => Turn::Behind,
            Some(Doubt { last: Some(last), .. }) if now < last.next => Turn::At(last.next),
            Some(doubt) => {
                doubt.is_tried = true;
                Turn::Alone
            }
        }
    }

    fn answered(&mut self, is_alone: bool) {
        // What was on its way before says nothing of now.
        if is_alone {
            self.doubt = None;
        }
    }

    fn doubted(&mut self, now: Instant, why: &Message, asked: Option<Duration>, is_alone: bool) -> GoesOn {
        let is_first = self.doubt.is_none();
        let doubt = self.doubt.get_or_insert_default();
        let until = doubt.last.as_ref().map_or(now + self.longest, |last| last.until);
        // One answer that is lost is no outage. Of several that were on their way together one is enough.
        if is_alone || !is_first && doubt.tries == 0 {
            doubt.tries += 1;
        }
        // A service that asks for a moment each time would cost a row each time.
        let own = own_wait(doubt.tries);
        let asked = asked.filter(|asked| *asked > own);
        let wait = asked.unwrap_or(own);
        let wanted = doubt.last.as_ref().map_or(now, |last| last.next).max(now + wait);
        let (next, is_beyond) = (wanted.min(until.max(now)), asked.is_some() && wanted > until);
        doubt.last = Some(Last { why: why.clone(), asked, is_beyond, next, until });
        if is_alone && now >= until { GoesOn::No } else { GoesOn::Later }
    }
}

/// The wait after so many tries where the service names none.
fn own_wait(tries: u32) -> Duration {
    match tries.checked_sub(1) {
        None => Duration::ZERO,
        Some(before) => FIRST_WAIT.saturating_mul(GROWTH.saturating_pow(before)).min(LONGEST_WAIT),
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    fn why() -> Message {
        Message::from("lost")
    }

    fn caution(longest: Duration) -> Caution {
        Caution::new(longest)
    }

    /// One whose first write was answered.
    fn begun(longest: Duration) -> Caution {
        let caution = caution(longest);
        caution.leave_now().unwrap().on_answer();
        caution
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_write_goes_alone_and_its_answer_lets_the_others_go() {
        let caution = caution(10 * MINUTE);
        let first = caution.leave_now().unwrap();
        assert!(first.is_alone && !first.is_after_doubt && caution.leave_now().is_none());
        let mut waiting = Box::pin(caution.leave());
        assert!(waiting.as_mut().now_or_never().is_none());
        first.on_answer();
        assert!(!waiting.await.is_alone);
        assert!([caution.leave_now(), caution.leave_now()].iter().flatten().all(|leave| !leave.is_alone));
    }

    #[tokio::test(start_paused = true)]
    async fn one_lost_answer_costs_no_wait() {
        let (start, caution) = (Instant::now(), begun(10 * MINUTE));
        assert_eq!(caution.leave_now().unwrap().on_doubt(&why(), None), GoesOn::Later);
        let next = caution.leave().await;
        assert!(next.is_alone && !next.is_after_doubt);
        next.on_answer();
        drop(next);
        assert!(!caution.leave_now().unwrap().is_alone);
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_costs_what_was_on_its_way_and_a_row_for_each_growing_wait() {
        let (start, caution) = (Instant::now(), begun(10 * MINUTE));
        let on_their_way: Vec<Leave<'_>> = (0..4).map(|_| caution.leave_now().unwrap()).collect();
        on_their_way[0].on_doubt(&why(), None);
        assert!(caution.leave_now().is_none(), "what is on its way tells more");
        on_their_way[1..].iter().for_each(|leave| assert_eq!(leave.on_doubt(&why(), None), GoesOn::Later));
        drop(on_their_way);
        let mut tried = Vec::new();
        loop {
            let next = caution.leave().await;
            assert!(next.is_alone && next.is_after_doubt);
            tried.push(start.elapsed().as_secs());
            if next.on_doubt(&why(), None) == GoesOn::No {
                break;
            }
        }
        assert_eq!(tried, [1, 4, 13, 40, 121, 364, 600]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_is_not_waited_for_is_tried_once() {
        let (start, caution) = (Instant::now(), begun(Duration::ZERO));
        assert_eq!(caution.leave_now().unwrap().on_doubt(&why(), None), GoesOn::Later);
        assert_eq!(caution.leave().await.on_doubt(&why(), None), GoesOn::No);
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_asked_for_is_kept_as_far_as_the_service_is_waited_for() {
        for (asked, waited) in [(0, 1), (1, 1), (90, 90), (3600, 600)] {
            let (start, caution) = (Instant::now(), begun(10 * MINUTE));
            caution.leave_now().unwrap().on_doubt(&why(), None);
            caution.leave().await.on_doubt(&why(), Some(Duration::from_secs(asked)));
            drop(caution.leave().await);
            assert_eq!(start.elapsed().as_secs(), waited);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn answers_to_what_was_on_its_way_before_do_not_let_the_others_go() {
        let caution = begun(10 * MINUTE);
        let (lost, answered) = (caution.leave_now().unwrap(), caution.leave_now().unwrap());
        lost.on_doubt(&why(), None);
        answered.on_answer();
        drop((lost, answered));
        assert!(caution.leave_now().unwrap().is_alone);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_does_not_write_after_all_lets_another_one_try() {
        let caution = caution(10 * MINUTE);
        let first = caution.leave_now().unwrap();
        let mut waiting = Box::pin(caution.leave());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(first);
        assert!(waiting.await.is_alone);
    }

    #[test]
    fn a_wait_has_its_reason() {
        let caution = begun(10 * MINUTE);
        assert_eq!(caution.wait(), None);
        caution.leave_now().unwrap().on_doubt(&why(), Some(Duration::from_secs(90)));
        assert_eq!(caution.wait().unwrap().why, message!("attempt.not_acknowledged", why = why()));
    }
}
