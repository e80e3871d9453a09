//! Faults on demand: what goes wrong, on which requests, how often. Everything random comes from one seed, so that a run
//! can be repeated.
//!
//! A fault is written `KIND` or `KIND,name=value,…`:
//! `close-after-store,on=POST tickets,nth=3` or `429,share=5%,retry-after=garbage,times=2`.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::routes::Route;
use crate::entity::Method;
use crate::error::{Error, Result};
use rust_i18n::t;

/// Declares the kinds with their names and meanings.
macro_rules! kinds {
    ($($(#[doc = $meaning:literal])+ $kind:ident $text:literal,)+) => {
        /// What goes wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($(#[doc = $meaning])+ $kind,)+ }

        impl Kind {
            /// All kinds.
            pub const ALL: &[Kind] = &[$(Kind::$kind,)+];

            /// Its name on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Kind::$kind => $text,)+ }
            }
        }
    };
}

kinds! {
    /// Nobody listens for `ms`: the connection is refused.
    Refuse "refuse",
    /// The connection is closed as soon as it was accepted.
    AcceptClose "accept-close",
    /// The connection is reset as soon as it was accepted.
    AcceptReset "accept-reset",
    /// Closed before the body was read.
    CloseBefore "close-before",
    /// Closed before the body was read, on a connection that has served a request already.
    CloseReused "close-reused",
    /// Closed after the request was read; nothing is stored.
    CloseRead "close-after-read",
    /// Carried out, then closed without an answer.
    CloseStored "close-after-store",
    /// Carried out, then reset without an answer.
    ResetStored "reset-after-store",
    /// Carried out, then silent for `ms` (without it: for ever).
    StallStored "stall-after-store",
    /// Silent for `ms` (without it: for ever) before anything is done.
    Stall "stall",
    /// Later by `ms`, or by something between `ms` and `to`.
    Delay "delay",
    /// The body comes one byte each `ms`.
    SlowBody "slow-body",
    /// Half of the body, then closed.
    HalfBody "half-body",
    /// Half of the status line, then closed; carried out.
    HalfStatus "half-status",
    /// Answered, then closed although it was to be kept.
    CloseIdle "close-idle",
    /// 302 to a page for people.
    Found "302",
    /// 307 to another host.
    TemporaryRedirect "307",
    /// 401, whoever asks.
    Unauthorized "401",
    /// 403.
    Forbidden "403",
    /// 404.
    NotFound "404",
    /// 409; nothing is stored.
    Conflict "409",
    /// Carried out, then answered as a duplicate with 409.
    ConflictStored "409-after-store",
    /// 422.
    Unprocessable "422",
    /// 429 with `Retry-After`: `retry-after=` seconds, `date`, `garbage` or `huge`.
    TooMany "429",
    /// 500; nothing is stored.
    Internal "500",
    /// Carried out, then 500.
    InternalStored "500-after-store",
    /// 502 with a web page.
    BadGateway "502",
    /// 503 with a web page.
    Unavailable "503",
    /// 504 with a web page.
    GatewayTimeout "504",
    /// Carried out, then 504 with a web page.
    GatewayTimeoutStored "504-after-store",
    /// 200 with a web page, as a captive portal sends it; nothing is stored.
    Html "html",
    /// 200 with an error in the body; nothing is stored.
    ErrorBody "error-body",
    /// Carried out, answered 200 without an id.
    NoId "no-id",
    /// Carried out, the answer is broken gzip.
    Gzip "gzip-broken",
    /// A backslash in the answer that starts no escape.
    Backslash "backslash",
    /// A record is added just before the list is read.
    PageInsert "page-insert",
    /// A record is changed just before the list is read.
    PageChange "page-change",
    /// A record is deleted just before the list is read.
    PageDelete "page-delete",
    /// Every token is revoked before the request is looked at.
    TokenRevoked "token-revoked",
}

impl Kind {
    /// Whether it is played when a connection is accepted, before there is a request.
    fn is_connection_fault(self) -> bool {
        matches!(self, Kind::Refuse | Kind::AcceptClose | Kind::AcceptReset)
    }
}

/// One fault: what, where, how often.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: Kind,
    /// As it was written.
    pub text: String,
    method: Option<Method>,
    /// An entity, an endpoint (`tickets.create`), or the beginning of a path.
    target: Option<String>,
    nth: Option<(u64, u64)>,
    every: Option<u64>,
    /// Of the requests that fit, this part.
    share: f64,
    times: Option<u64>,
    /// Milliseconds.
    pub ms: Option<u64>,
    /// Upper bound of a delay.
    pub to: Option<u64>,
    /// What `Retry-After` says.
    pub retry_after: String,
}

impl Fault {
    /// How long it lasts; a second when nothing is said.
    pub fn pause(&self) -> Duration {
        Duration::from_millis(self.ms.unwrap_or(1000))
    }

    /// Whether the request is one it is meant for.
    fn is_for(&self, method: &Method, path: &str, route: Option<&Route>) -> bool {
        if self.method.is_some_and(|wanted| wanted != *method) {
            return false;
        }
        match &self.target {
            None => true,
            Some(target) if target.starts_with('/') => path.starts_with(target.as_str()),
            Some(target) => route.is_some_and(|route| {
                route.names.iter().any(|name| {
                    name == target || name.split_once('.').is_some_and(|(collection, _)| collection == target)
                })
            }),
        }
    }
}

impl FromStr for Fault {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let wrong = |part: &str| {
            Error::usage(t!("sandbox.bad_fault", fault = text, part = part)).hint(t!("sandbox.bad_fault_hint"))
        };
        let mut parts = text.split(',').map(str::trim);
        let word = parts.next().unwrap_or_default();
        let kind = Kind::ALL.iter().copied().find(|kind| kind.as_str() == word).ok_or_else(|| {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            Error::usage(t!("sandbox.unknown_fault", kind = word)).hint(t!("sandbox.known", known = known.join(", ")))
        })?;
        let mut fault = Fault {
            kind,
            text: text.to_owned(),
            method: None,
            target: None,
            nth: None,
            every: None,
            share: 1.0,
            times: None,
            ms: None,
            to: None,
            retry_after: "1".to_owned(),
        };
        for part in parts {
            let (name, value) = part.split_once('=').ok_or_else(|| wrong(part))?;
            let number = || value.parse::<u64>().map_err(|_| wrong(part));
            match name {
                "on" => (fault.method, fault.target) = target(value).ok_or_else(|| wrong(part))?,
                "nth" => {
                    let (from, to) = value.split_once("..").unwrap_or((value, value));
                    let bound = |text: &str| text.parse::<u64>().ok().filter(|number| *number > 0);
                    fault.nth = Some(bound(from).zip(bound(to)).filter(|(a, b)| a <= b).ok_or_else(|| wrong(part))?);
                }
                "every" => fault.every = Some(number()?).filter(|every| *every > 0),
                "share" => {
                    let percent = value.trim_end_matches('%').parse::<f64>().ok();
                    fault.share =
                        percent.filter(|share| (0.0..=100.0).contains(share)).ok_or_else(|| wrong(part))? / 100.0;
                }
                "times" => fault.times = Some(number()?),
                "ms" => fault.ms = Some(number()?),
                "to" => fault.to = Some(number()?),
                "retry-after" => value.clone_into(&mut fault.retry_after),
                _ => return Err(wrong(part)),
            }
        }
        Ok(fault)
    }
}

/// `POST tickets`, `POST`, `tickets`, `tickets.create`, `/user/relationship`.
fn target(text: &str) -> Option<(Option<Method>, Option<String>)> {
    let method = |word: &str| match word {
        "GET" => Some(Method::Get),
        "POST" => Some(Method::Post),
        "PUT" => Some(Method::Put),
        "DELETE" => Some(Method::Delete),
        _ => None,
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    match words[..] {
        [one] => Some(match method(one) {
            Some(method) => (Some(method), None),
            None => (None, Some(one.to_owned())),
        }),
        [first, second] => Some((Some(method(first)?), Some(second.to_owned()))),
        _ => None,
    }
}

/// All faults of a server, with how often each came into question and was played.
#[derive(Debug)]
pub struct FaultPlan {
    faults: Vec<Fault>,
    state: Mutex<PlanState>,
}

#[derive(Debug)]
struct PlanState {
    random: fastrand::Rng,
    fits: Vec<u64>,
    played: Vec<u64>,
}

impl FaultPlan {
    /// A plan in which `seed` decides everything random.
    pub fn new(faults: Vec<Fault>, seed: u64) -> Self {
        let nothing = vec![0; faults.len()];
        let state = PlanState { random: fastrand::Rng::with_seed(seed), fits: nothing.clone(), played: nothing };
        FaultPlan { faults, state: Mutex::new(state) }
    }

    /// The faults of the plan.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// The fault of a connection that was just accepted.
    pub fn on_connection(&self) -> Option<Fault> {
        self.draw(|fault| fault.kind.is_connection_fault()).into_iter().next()
    }

    /// The faults of a request: any delays, and one of all other kinds. `is_reused` tells whether its connection
    /// has served another one.
    pub fn on_request(&self, method: &Method, path: &str, route: Option<&Route>, is_reused: bool) -> Vec<Fault> {
        let mut drawn = self.draw(|fault| {
            !fault.kind.is_connection_fault()
                && (is_reused || fault.kind != Kind::CloseReused)
                && fault.is_for(method, path, route)
        });
        // One with a position is meant for just this request, so it goes before those that may come any time.
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
    pub fn delay(&self, fault: &Fault) -> Duration {
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

    #[test]
    fn what_cannot_be_read_is_refused() {
        for text in
            ["", "nonsense", "500,nth", "500,nth=0", "500,nth=5..3", "500,share=200%", "500,on=a b c", "500,x=1"]
        {
            assert!(text.parse::<Fault>().is_err(), "{text}");
        }
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse::<Fault>().unwrap().kind, *kind);
        }
    }

    #[test]
    fn a_target_is_an_entity_an_endpoint_or_a_path() {
        let routes = super::super::routes::routes();
        let (route, _) = super::super::routes::find(&routes, &Method::Post, "/users.json", false).unwrap();
        for (target, fits) in [
            ("POST customers", true),
            ("users", true),
            ("customers.create", true),
            ("customers.update", false),
            ("tickets", false),
            ("/users", true),
        ] {
            let fault: Fault = format!("500,on={target}").parse().unwrap();
            assert_eq!(fault.is_for(&Method::Post, "/users.json", Some(route)), fits, "{target}");
        }
    }
}
