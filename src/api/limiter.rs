//! The limiter: how many requests may be in flight and how many may begin in a second, for the whole program in one place.
//! Both are ceilings. Below them the pace adapts: it halves when the service says "too many" or falters, and climbs back
//! one request at a time while it answers well. Where refusals come again after few answers the service has a quota, and
//! beginnings are spaced as far as it seems to want. While the service cannot be had, requests wait here for their turn.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use super::history::Since;
use super::patience::{Outage, Patience, Trouble, Turn, Verdict, ends_of_asked};
use crate::message;
use crate::message::Message;
use crate::waiting::{Wait, clock_time};

/// Calm answers in a row, for each request allowed in flight, before one more is allowed.
const CALM_ANSWERS: usize = 8;

/// Answers between two refusals that are so few that the service has a quota.
const FEW_ANSWERS: u64 = 30;
/// How much slower each further refusal makes the pace.
const SLOWER: f64 = 1.5;
/// How much faster the pace becomes after so many answers without a refusal.
const FASTER: f64 = 0.85;
const ANSWERS_TO_BE_FASTER: u32 = 10;
/// The slowest pace is this; and a quarter of what the service is waited for.
const SLOWEST: Duration = Duration::from_secs(10);
/// A pace as fast as this is no limit.
const FASTEST: Duration = Duration::from_millis(2);

/// The shared pace of all requests.
#[derive(Debug)]
pub struct Limiter {
    ceiling: usize,
    slots: Semaphore,
    state: Mutex<State>,
    /// Requests allowed in flight now.
    allowed: AtomicUsize,
    in_flight: AtomicUsize,
    /// Least time between two beginnings; zero without a limit.
    interval: Duration,
    /// The most that it becomes where the service has a quota.
    slowest: Duration,
    /// The service can be had again, or somebody else may try.
    changed: Notify,
}

#[derive(Debug)]
struct State {
    patience: Patience,
    /// When the next request may begin.
    next: Instant,
    /// Slots to take away as soon as they are given back.
    debt: usize,
    calm: usize,
    /// Beginnings that were waited for and not made: others may have them.
    given_back: usize,
    /// The last time the pace was halved; answers of requests that began before do not halve it again.
    halved: Option<Instant>,
    quota: Quota,
}

/// What was learned of how many requests the service takes in a second.
#[derive(Debug, Default)]
struct Quota {
    /// Time between two beginnings that it seems to want; zero when nothing is known of a quota.
    interval: Duration,
    /// When it refused a request first after it had answered, and how many answers there had been.
    refused: Option<(Instant, u64)>,
    /// Answers without a refusal.
    quiet: u32,
}

impl Quota {
    /// A request that began then was refused, after so many answers.
    fn refuse(&mut self, began: Instant, answers: u64, slowest: Duration) {
        self.quiet = 0;
        let now = Instant::now();
        let Some((at, before)) = self.refused else {
            self.refused = Some((now, answers));
            return;
        };
        let between = answers - before;
        // Of those that were on their way together one is enough. One that is busy for long answers nothing between.
        if began < at || between == 0 {
            return;
        }
        if between < FEW_ANSWERS {
            let seen = (now - at).div_f64(between as f64);
            self.interval = self.interval.mul_f64(SLOWER).max(seen).min(slowest);
        }
        self.refused = Some((now, answers));
    }

    fn answer(&mut self) {
        if self.interval.is_zero() {
            return;
        }
        self.quiet += 1;
        if self.quiet >= ANSWERS_TO_BE_FASTER {
            self.quiet = 0;
            let faster = self.interval.mul_f64(FASTER);
            self.interval = if faster < FASTEST { Duration::ZERO } else { faster };
        }
    }
}

/// The right to have one request in flight, given back when dropped.
#[derive(Debug)]
pub struct Permit<'a> {
    limiter: &'a Limiter,
    slot: Option<SemaphorePermit<'a>>,
    began: Instant,
    /// Everybody waits for what becomes of it.
    is_probe: AtomicBool,
    /// It counts as one in flight.
    has_begun: bool,
}

impl Limiter {
    /// At most `concurrency` in flight and `rate` beginnings a second (0: no limit). A service that cannot be had is waited
    /// for as long as `patience`, one that never answered as long as `first`.
    pub(crate) fn new(concurrency: usize, rate: f64, (patience, first): (Duration, Duration), since: Since) -> Self {
        let ceiling = concurrency.clamp(1, 1024);
        let interval = if rate > 0.0 { Duration::from_secs_f64(1.0 / rate) } else { Duration::ZERO };
        Limiter {
            ceiling,
            slots: Semaphore::new(ceiling),
            state: Mutex::new(State {
                patience: Patience::new(patience, first, since),
                next: Instant::now(),
                debt: 0,
                calm: 0,
                given_back: 0,
                halved: None,
                quota: Quota::default(),
            }),
            changed: Notify::new(),
            allowed: AtomicUsize::new(ceiling),
            in_flight: AtomicUsize::new(0),
            interval,
            slowest: SLOWEST.min(patience / 4),
        }
    }

    /// The ceiling of requests in flight.
    pub fn ceiling(&self) -> usize {
        self.ceiling
    }

    /// Requests in flight now.
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Waits until one more request may begin.
    pub async fn acquire(&self) -> Permit<'_> {
        // The semaphore is never closed.
        let slot = self.slots.acquire().await.ok();
        let (start, now, is_probe) = loop {
            match self.reserve_start() {
                Start::Reserved(start, now, is_probe) => break (start, now, is_probe),
                Start::Later => Box::pin(self.wait_for_turn()).await,
            }
        };
        let mut permit =
            Permit { limiter: self, slot, began: start, is_probe: AtomicBool::new(is_probe), has_begun: false };
        if start > now {
            sleep_until(start).await;
        }
        permit.has_begun = true;
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        permit
    }

    /// Takes the next place in the row of beginnings.
    fn reserve_start(&self) -> Start {
        let mut state = self.lock();
        let now = Instant::now();
        let is_probe = match state.patience.turn(now) {
            Turn::Free => false,
            Turn::Probe => true,
            Turn::At(_) | Turn::Behind => return Start::Later,
        };
        if state.given_back > 0 {
            state.given_back -= 1;
            return Start::Reserved(now, now, is_probe);
        }
        let start = state.next.max(now);
        let interval = self.interval.max(state.quota.interval);
        if !interval.is_zero() {
            state.next = start + interval;
        }
        Start::Reserved(start, now, is_probe)
    }

    /// Waits, and says so, until the service may be tried again or can be had.
    async fn wait_for_turn(&self) {
        let changed = self.changed.notified();
        let Some(outage) = self.lock().patience.outage().cloned() else { return };
        let next = outage.next;
        let _said = wait_of(&outage).begin();
        tokio::select! {
            () = changed => {}
            // While one is being tried, what became of it is waited for.
            () = sleep_until(next), if !outage.is_probing => {}
        }
    }

    /// Until when the service is waited for, while it is.
    pub(super) fn waited_for_until(&self) -> Option<Instant> {
        self.lock().patience.outage().map(|outage| outage.until)
    }

    /// How long the service is waited for.
    pub(super) fn longest(&self) -> Duration {
        self.lock().patience.longest()
    }

    /// What ends a wait before something is tried again.
    pub(super) fn ends(&self) -> Message {
        match self.lock().patience.outage() {
            Some(outage) => ends_of(outage),
            None => message!("waiting.tried"),
        }
    }

    /// Whether the service ever answered as it should.
    pub fn was_answered(&self) -> bool {
        self.lock().patience.has_answered()
    }

    /// Whether the service is waited for.
    pub(super) fn is_waited_for(&self) -> bool {
        self.lock().patience.outage().is_some()
    }

    /// How often the service answered as it should.
    pub fn answers(&self) -> u64 {
        self.lock().patience.answers()
    }

    /// A request that began then was answered, and those who wait may go.
    fn answered(&self, began: Instant, is_probe: bool) {
        let mut state = self.lock();
        let had_outage = state.patience.outage().is_some();
        state.patience.answered(began, is_probe);
        state.quota.answer();
        if had_outage {
            self.changed.notify_waiters();
        }
    }

    fn failed(&self, began: Instant, trouble: Trouble, why: &Message, is_probe: bool) -> Verdict {
        let mut state = self.lock();
        if matches!(trouble, Trouble::Busy(_)) {
            let answers = state.patience.answers();
            state.quota.refuse(began, answers, self.slowest);
        }
        let verdict = state.patience.failed((began, Instant::now()), trouble, why, is_probe, fastrand::f64());
        drop(state);
        self.changed.notify_waiters();
        verdict
    }

    fn halve(&self, began: Instant) {
        let mut state = self.lock();
        if state.halved.is_some_and(|halved| began < halved) {
            return;
        }
        state.halved = Some(Instant::now());
        state.calm = 0;
        let allowed = self.allowed.load(Ordering::Relaxed);
        let target = allowed.div_ceil(2).max(1);
        let mut surplus = allowed - target;
        while surplus > 0 {
            match self.slots.try_acquire() {
                Ok(slot) => slot.forget(),
                Err(_) => state.debt += 1,
            }
            surplus -= 1;
        }
        self.allowed.store(target, Ordering::Relaxed);
    }

    fn calm(&self) {
        let allowed = self.allowed.load(Ordering::Relaxed);
        if allowed >= self.ceiling {
            return;
        }
        let mut state = self.lock();
        state.calm += 1;
        if state.calm >= CALM_ANSWERS * allowed {
            state.calm = 0;
            self.allowed.store(allowed + 1, Ordering::Relaxed);
            match state.debt {
                0 => self.slots.add_permits(1),
                _ => state.debt -= 1,
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// When a request may begin.
enum Start {
    /// Then; what time it is now, and whether everybody waits for what becomes of it.
    Reserved(Instant, Instant, bool),
    /// When the service can be had again.
    Later,
}

/// A wait for the service, in words.
fn wait_of(outage: &Outage) -> Wait {
    Wait {
        why: outage.why.clone(),
        until: Some(outage.next.into_std()),
        ends: ends_of(outage),
        is_retry: outage.asked.is_none(),
        is_urgent: false,
    }
}

fn ends_of(outage: &Outage) -> Message {
    match outage.asked {
        Some(asked) => ends_of_asked(asked, outage.is_beyond),
        None => message!("waiting.tried_until", time = clock_time(outage.until.into_std())),
    }
}

impl Permit<'_> {
    /// Another request was answered meanwhile: the service is there.
    pub(super) fn on_other_answer(&self) {
        self.limiter.answered(Instant::now(), self.is_probe.swap(false, Ordering::Relaxed));
    }

    /// Nothing is asked with it: its beginning is another one's.
    pub fn give_back(self) {
        let mut state = self.limiter.lock();
        if !self.limiter.interval.is_zero() || !state.quota.interval.is_zero() {
            state.given_back += 1;
        }
    }

    /// The service answered as it should: the pace may climb back.
    pub fn on_success(&self) {
        self.on_answer();
        self.limiter.calm();
    }

    /// The service answered, whatever it said: it can be had.
    pub fn on_answer(&self) {
        self.limiter.answered(self.began, self.is_probe.swap(false, Ordering::Relaxed));
    }

    /// The service cannot be had, which halves the pace. Whether the request may be repeated, and if so when its turn comes.
    pub(crate) fn on_trouble(&self, trouble: Trouble, why: &Message) -> Verdict {
        self.limiter.halve(self.began);
        self.limiter.failed(self.began, trouble, why, self.is_probe.swap(false, Ordering::Relaxed))
    }

    /// The service said "too many" or on_overload: the pace halves.
    pub fn on_overload(&self) {
        self.limiter.halve(self.began);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.has_begun {
            self.limiter.in_flight.fetch_sub(1, Ordering::Relaxed);
        }
        if self.is_probe.swap(false, Ordering::Relaxed) {
            self.limiter.lock().patience.put_back();
            self.limiter.changed.notify_waiters();
        }
        if self.limiter.allowed.load(Ordering::Relaxed) == self.limiter.ceiling {
            return;
        }
        let mut state = self.limiter.lock();
        if state.debt > 0 {
            state.debt -= 1;
            if let Some(slot) = self.slot.take() {
                slot.forget();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn limiter(concurrency: usize, rate: f64) -> Limiter {
        Limiter::new(concurrency, rate, (Duration::from_secs(600), Duration::from_secs(60)), Since::default())
    }

    #[tokio::test(start_paused = true)]
    async fn beginnings_are_spaced() {
        let limiter = limiter(100, 10.0);
        let start = Instant::now();
        for _ in 0..11 {
            drop(limiter.acquire().await);
        }
        assert_eq!(start.elapsed().as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn a_beginning_that_is_given_back_is_another_one_s() {
        let limiter = limiter(100, 10.0);
        let start = Instant::now();
        for _ in 0..11 {
            limiter.acquire().await.give_back();
            drop(limiter.acquire().await);
        }
        assert_eq!(start.elapsed().as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn the_limiter_halves_once_for_what_was_in_flight_and_climbs_back() {
        let limiter = limiter(8, 0.0);
        let mut permits = Vec::new();
        for _ in 0..8 {
            permits.push(limiter.acquire().await);
        }
        tokio::time::advance(Duration::from_millis(1)).await;
        for permit in &permits {
            permit.on_overload();
        }
        drop(permits);
        assert_eq!(limiter.slots.available_permits(), 4);
        for _ in 0..1000 {
            limiter.acquire().await.on_success();
        }
        assert_eq!(limiter.slots.available_permits(), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_the_service_asks_for_is_kept_by_all_and_one_goes_first() {
        let limiter = limiter(4, 0.0);
        let (start, why) = (Instant::now(), Message::from("busy"));
        let asked = Duration::from_secs(7);
        assert_eq!(limiter.acquire().await.on_trouble(Trouble::Busy(Some(asked)), &why), Verdict::Again);
        let permit = limiter.acquire().await;
        assert_eq!(start.elapsed(), asked);
        assert!(limiter.acquire().now_or_never().is_none(), "one at a time is tried");
        let mut waiting = Box::pin(limiter.acquire());
        assert!(waiting.as_mut().now_or_never().is_none());
        permit.on_success();
        waiting.await;
        assert_eq!(start.elapsed(), asked);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_while_being_tried_lets_another_one_try() {
        let limiter = limiter(4, 0.0);
        limiter.acquire().await.on_trouble(Trouble::Unreached, &Message::from("refused"));
        let probe = limiter.acquire().await;
        let mut waiting = Box::pin(limiter.acquire());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(probe);
        assert!(waiting.now_or_never().is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn a_quota_is_learned_and_everything_gets_through() {
        for (quota, seconds, rate) in [(1, 1, 10.0), (1, 1, 0.0), (3, 1, 10.0), (3, 1, 0.0), (10, 60, 10.0)] {
            let (limiter, why) = (limiter(4, rate), Message::from("too many"));
            let taken = Mutex::new(Vec::new());
            let refusals = AtomicUsize::new(0);
            let one = || async {
                loop {
                    let permit = limiter.acquire().await;
                    let now = Instant::now();
                    let is_taken = {
                        let mut taken = taken.lock().unwrap();
                        taken.retain(|at| now - *at < Duration::from_secs(seconds));
                        let is_taken = taken.len() < quota;
                        taken.extend(is_taken.then_some(now));
                        is_taken
                    };
                    if is_taken {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                        permit.on_success();
                        return;
                    }
                    refusals.fetch_add(1, Ordering::Relaxed);
                    let verdict = permit.on_trouble(Trouble::Busy(None), &why);
                    assert_eq!(verdict, Verdict::Again, "{quota} in {seconds} s: {taken:?}");
                }
            };
            let worker = || async {
                for _ in 0..50 {
                    one().await;
                }
            };
            tokio::join!(worker(), worker(), worker(), worker());
            let refusals = refusals.load(Ordering::Relaxed);
            assert!(refusals <= 30 + 200 / 10, "{refusals} refusals");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pace_that_was_slow_becomes_fast_again() {
        let limiter = limiter(1, 0.0);
        for _ in 0..2 {
            limiter.acquire().await.on_success();
            tokio::time::advance(Duration::from_millis(100)).await;
            limiter.acquire().await.on_trouble(Trouble::Busy(None), &Message::from("too many"));
        }
        assert!(!limiter.lock().quota.interval.is_zero());
        for _ in 0..600 {
            limiter.acquire().await.on_success();
        }
        assert!(limiter.lock().quota.interval.is_zero());
    }

    #[tokio::test]
    async fn a_wait_is_said() {
        let limiter = limiter(1, 0.0);
        limiter.acquire().await.on_trouble(Trouble::Busy(Some(Duration::from_secs(90))), &Message::from("only here"));
        let mut waiting = Box::pin(limiter.acquire());
        assert!(waiting.as_mut().now_or_never().is_none());
        let why = Message::from("only here");
        assert!(Wait::is_under_way(&why));
        drop(waiting);
        assert!(!Wait::is_under_way(&why));
    }
}
