//! The limiter: how many requests may be in flight and how many may begin in a second, for the whole program in one place.
//! Both are ceilings. Below them the pace adapts: it halves when the service says "too many" or falters, and climbs back
//! one request at a time while it answers well.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

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
}

#[derive(Debug)]
struct State {
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
}

impl Limiter {
    /// At most `concurrency` in flight and `rate` beginnings a second (0: no limit).
    pub fn new(concurrency: usize, rate: f64) -> Self {
        let ceiling = concurrency.clamp(1, 1024);
        let interval = if rate > 0.0 { Duration::from_secs_f64(1.0 / rate) } else { Duration::ZERO };
        Limiter {
            ceiling,
            slots: Semaphore::new(ceiling),
            state: Mutex::new(State { next: Instant::now(), debt: 0, calm: 0, halved: None }),
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
        let (start, now) = self.reserve_start();
        if start > now {
            sleep_until(start).await;
        }
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        Permit { limiter: self, slot, began: start }
    }

    /// Takes the next place in the row of beginnings: when it is, and what time it is now.
    fn reserve_start(&self) -> (Instant, Instant) {
        let mut state = self.lock();
        let now = Instant::now();
        let start = state.next.max(now);
        if !self.interval.is_zero() {
            state.next = start + self.interval;
        }
        (start, now)
    }

    /// Nothing begins before `wait` has passed: the service asked for it.
    pub fn hold(&self, wait: Duration) {
        let mut state = self.lock();
        state.next = state.next.max(Instant::now() + wait);
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

impl Permit<'_> {
    /// The service answered as it should: the pace may climb back.
    pub fn on_success(&self) {
        self.limiter.calm();
    }

    /// The service said "too many" or on_overload: the pace halves.
    pub fn on_overload(&self) {
        self.limiter.halve(self.began);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.limiter.in_flight.fetch_sub(1, Ordering::Relaxed);
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
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn beginnings_are_spaced() {
        let limiter = Limiter::new(100, 10.0);
        let start = Instant::now();
        for _ in 0..11 {
            drop(limiter.acquire().await);
        }
        assert_eq!(start.elapsed().as_millis(), 1000);
    }

    #[tokio::test(start_paused = true)]
    async fn the_limiter_halves_once_for_what_was_in_flight_and_climbs_back() {
        let limiter = Limiter::new(8, 0.0);
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
    async fn a_wait_the_service_asks_for_is_kept() {
        let limiter = Limiter::new(2, 0.0);
        let start = Instant::now();
        limiter.hold(Duration::from_secs(7));
        drop(limiter.acquire().await);
        assert_eq!(start.elapsed().as_secs(), 7);
    }
}
