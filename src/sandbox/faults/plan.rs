//! Which faults meet which requests.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::fault::{Fault, Kind};
use crate::entity::Method;
use crate::sandbox::routes::Route;

/// All faults of a server, with how often each came into question and was played.
#[derive(Debug)]
pub(crate) struct FaultPlan {
    faults: Vec<Fault>,
    state: Mutex<PlanState>,
}

#[derive(Debug)]
struct PlanState {
    random: fastrand::Rng,
    /// For each fault, how many requests or connections it fitted.
    fits: Vec<u64>,
    /// For each fault, how often it was played.
    played: Vec<u64>,
}

impl FaultPlan {
    /// A plan in which `seed` decides everything random.
    pub(crate) fn new(faults: Vec<Fault>, seed: u64) -> Self {
        let nothing = vec![0; faults.len()];
        let state = PlanState { random: fastrand::Rng::with_seed(seed), fits: nothing.clone(), played: nothing };
        FaultPlan { faults, state: Mutex::new(state) }
    }

    /// The faults of the plan.
    pub(crate) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The fault of a connection that was just accepted.
    pub(crate) fn on_connection(&self) -> Option<Fault> {
        self.draw(|fault| fault.kind.is_connection_fault()).into_iter().next()
    }

    /// The faults of a request: any delays, and one of all other kinds. `is_reused` tells whether its connection
    /// has served another one.
    pub(crate) fn on_request(&self, method: &Method, path: &str, route: Option<&Route>, is_reused: bool) -> Vec<Fault> {
        let mut drawn = self.draw(|fault| {
            !fault.kind.is_connection_fault()
                && (is_reused || fault.kind != Kind::CloseReused)
                && fault.is_for(method, path, route)
        });
        // One with `nth` is meant for just this request, so it goes before those that may come any time.
        drawn.sort_by_key(|fault| fault.nth.is_none());
        let mut is_taken = false;
        drawn.retain(|fault| fault.kind == Kind::Delay || !std::mem::replace(&mut is_taken, true));
        drawn
    }

    fn draw(&self, fits: impl Fn(&Fault) -> bool) -> Vec<Fault> {
        if self.faults.is_empty() {
            return Vec::new();
        }
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let state = &mut *guard;
        let mut drawn = Vec::new();
        for (index, fault) in self.faults.iter().enumerate().filter(|(_, fault)| fits(fault)) {
            state.fits[index] += 1;
            let count = state.fits[index];
            let is_meant = fault.nth.is_none_or(|(from, to)| (from..=to).contains(&count))
                && fault.every.is_none_or(|every| count.is_multiple_of(every))
                && fault.times.is_none_or(|times| state.played[index] < times)
                && (fault.share >= 1.0 || state.random.f64() < fault.share);
            if is_meant {
                state.played[index] += 1;
                drawn.push(fault.clone());
            }
        }
        drawn
    }

    /// How long a delay is.
    pub(crate) fn delay(&self, fault: &Fault) -> Duration {
        let from = fault.ms.unwrap_or(100);
        let to = fault.to.unwrap_or(from).max(from);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        Duration::from_millis(state.random.u64(from..=to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn played(fault: &str, requests: u64) -> Vec<u64> {
        let plan = FaultPlan::new(vec![fault.parse().unwrap()], 7);
        (1..=requests).filter(|_| !plan.on_request(&Method::Post, "/x", None, false).is_empty()).collect()
    }

    #[test]
    fn position_and_number_are_kept() {
        assert_eq!(played("500,nth=3", 10), [3]);
        assert_eq!(played("500,nth=3..5", 10), [3, 4, 5]);
        assert_eq!(played("500,every=4", 10), [4, 8]);
        assert_eq!(played("500,times=2", 10), [1, 2]);
        assert_eq!(played("500,on=GET", 10), [0; 0]);
        assert_eq!(played("500,on=POST /x,nth=1", 10), [1]);
        assert_eq!(played("close-reused", 10), [0; 0]);
    }

    #[test]
    fn a_share_is_the_same_for_the_same_seed() {
        let first = played("500,share=20%", 1000);
        assert_eq!(first, played("500,share=20%", 1000));
        assert!((120..280).contains(&first.len()), "{}", first.len());
    }
}
