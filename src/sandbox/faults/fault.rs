//! Faults on demand: what goes wrong, on which requests, how often. Everything random comes from one seed, so that a run
//! can be repeated.
//!
//! A fault is written `KIND` or `KIND,name=value,…`:
//! `close-after-store,on=POST tickets,nth=3` or `429,share=5%,retry-after=garbage,times=2`.

use std::str::FromStr;
use std::time::Duration;

use crate::entity::Method;
use crate::error::{Error, Result};
use crate::message;
use crate::sandbox::routes::Route;

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
    pub(super) fn is_connection_fault(self) -> bool {
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
    pub(super) nth: Option<(u64, u64)>,
    pub(super) every: Option<u64>,
    /// Of the requests that fit, this part.
    pub(super) share: f64,
    pub(super) times: Option<u64>,
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
    pub(super) fn is_for(&self, method: &Method, path: &str, route: Option<&Route>) -> bool {
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
            Error::usage(message!("sandbox.bad_fault", fault = text, part = part))
                .hint(message!("sandbox.bad_fault_hint"))
        };
        let mut parts = text.split(',').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let kind = Kind::ALL.iter().copied().find(|kind| kind.as_str() == name).ok_or_else(|| {
            let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            Error::usage(message!("sandbox.unknown_fault", kind = name))
                .hint(message!("sandbox.known", known = known.join(", ")))
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

#[cfg(test)]
mod tests {
    use super::*;

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
        let routes = crate::sandbox::routes::routes();
        let (route, _) = crate::sandbox::routes::find(&routes, &Method::Post, "/users.json", false).unwrap();
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
