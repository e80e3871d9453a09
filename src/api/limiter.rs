//! The limiter: how many requests may be in flight and how many may begin in a second, for the whole program in one place.
//! Both are ceilings. Below them the pace adapts: it halves when the service says "too many" or falters, and climbs back
//! one request at a time while it answers well. While the service cannot be had, requests wait here for their turn.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Notify, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

use super::patience::{Outage, Patience, Trouble, Turn, Verdict};
use crate::message;
use crate::message::Message;
use crate::waiting::{Wait, clock_time};

/// Calm answers in a row, for each request allowed in flight, before one more is allowed.
const CALM_ANSWERS: usize = 8;

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
    /// The last time the pace was halved; answers of requests that began before do not halve it again.
    halved: Option<Instant>,
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
    pub fn new(concurrency: usize, rate: f64, patience: Duration, first: Duration) -> Self {
        let ceiling = concurrency.clamp(1, 1024);
        let interval = if rate > 0.0 { Duration::from_secs_f64(1.0 / rate) } else { Duration::ZERO };
        Limiter {
            ceiling,
            slots: Semaphore::new(ceiling),
            state: Mutex::new(State {
                patience: Patience::new(patience, first),
                next: Instant::now(),
                debt: 0,
                calm: 0,
                halved: None,
            }),
            changed: Notify::new(),
            allowed: AtomicUsize::new(ceiling),
            in_flight: AtomicUsize::new(0),
            interval,
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
        let start = state.next.max(now);
        if !self.interval.is_zero() {
            state.next = start + self.interval;
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

    /// Whether the service ever answered as it should.
    pub fn was_answered(&self) -> bool {
        self.lock().patience.has_answered()
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
        if had_outage {
            self.changed.notify_waiters();
        }
    }

    fn failed(&self, trouble: Trouble, why: &Message, is_probe: bool) -> Verdict {
        let verdict = self.lock().patience.failed(Instant::now(), trouble, why, is_probe, fastrand::f64());
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
    let ends = match outage.is_asked {
        true => message!("waiting.asked"),
        false => message!("waiting.tried_until", time = clock_time(outage.until.into_std())),
    };
    Wait { why: outage.why.clone(), until: Some(outage.next.into_std()), ends, is_urgent: false }
}

impl Permit<'_> {
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
        self.limiter.failed(trouble, why, self.is_probe.swap(false, Ordering::Relaxed))
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
        Limiter::new(concurrency, rate, Duration::from_secs(600), Duration::from_secs(60))
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

    #[tokio::test]
    async fn a_wait_is_said() {
        let limiter = limiter(1, 0.0);
        limiter.acquire().await.on_trouble(Trouble::Busy(Some(Duration::from_secs(90))), &Message::from("only here"));
        let mut waiting = Box::pin(limiter.acquire());
        assert!(waiting.as_mut().now_or_never().is_none());
        let is_said = || Wait::current().is_some_and(|wait| wait.why == Message::from("only here"));
        assert!(is_said());
        drop(waiting);
        assert!(!is_said());
    }
}
