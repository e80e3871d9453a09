//! The one HTTP client. A call here is one attempt (two when a token has to be renewed) and tells exactly how far it got;
//! reads may be repeated and are, with growing waits; writes never are.

mod ask;
mod errors;
mod read;

use std::cell::LazyCell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use url::Url;
use uuid::Uuid;

pub use ask::Single;
use errors::token_taken;
pub use errors::{asks_for_patience, denied, moved, read_rejected};

use crate::api::answer::Answer;
use crate::api::auth::Auth;
use crate::api::envelope;
use crate::api::evidence::Expected;
use crate::api::limiter::{Limiter, Permit};
use crate::api::mended::{MendedAnswers, Tally};
use crate::api::outcome::{Outcome, Question, Witness, classify};
use crate::api::patience::{Trouble, Verdict, busy, growing, hint_of_asked};
use crate::api::proof::{Came, Honours, Sent};
use crate::api::secrets::{Secrets, secret_members};
use crate::api::target::Target;
use crate::api::transport::{Failure, Http, Purpose, Request};
use crate::entity::{self, Service};
use crate::error::{Error, Result};
use crate::message;
use crate::message::Message;
use crate::waiting::Wait;

/// The longest wait between two of them.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// Tokens that are asked for anew because of one request.
const RENEWALS: u32 = 4;

/// A write as it is sent.
#[derive(Debug, Clone, Copy)]
pub struct Write<'a> {
    /// HTTP method.
    pub method: entity::Method,
    /// Where it goes.
    pub address: &'a Url,
    /// The record as JSON.
    pub body: &'a Bytes,
    /// The same for each attempt at the same write.
    pub request_id: Uuid,
    /// The number of the row it is about.
    pub row: u64,
    /// What comes back when it is done.
    pub expected: &'a Expected,
    /// Whether an earlier attempt may have arrived.
    pub sent: Sent,
    /// What the service does with a request id that it has seen before.
    pub honours: Honours,
    /// Who knows whether an answer may be about this write.
    pub witness: &'a dyn Witness,
}

/// Bytes of answers that may wait in memory until those before them are read.
const MOST_AHEAD: usize = 16 << 20;

/// How far one attempt got.
#[derive(Debug)]
enum Attempt {
    /// The service answered.
    Answered(Answer),
    /// No connection was made: the request was certainly not processed.
    NotSent(Message),
    /// The request left and no whole answer came: nobody knows.
    Lost(Message),
}

/// Speaks to one account.
#[derive(Debug)]
pub struct Client {
    http: Http,
    target: Target,
    auth: Auth,
    request_id: HeaderName,
    service: Service,
    limiter: Limiter,
    requests: AtomicU64,
    answered: AtomicBool,
    retries: AtomicU64,
    /// Seconds that the service's clock is ahead of this machine's.
    clock_ahead: AtomicI64,
    mended: Tally,
    /// Bytes of the largest answer to a read so far.
    largest_answer: AtomicUsize,
    /// The address that was read last: whether the service can be had is asked there.
    last_read: Mutex<Option<Url>>,
}

impl Client {
    /// A client for this account; connects to nothing yet.
    ///
    /// # Errors
    /// A certificate that cannot be read, or a machine whose TLS cannot be set up.
    pub fn new(target: Target, service: &Service) -> Result<Self> {
        let auth = Auth::new(&target, service)?;
        let request_id = HeaderName::from_bytes(service.request_id.header.as_bytes())
            .map_err(|_| Error::usage(message!("api.bad_header", header = service.request_id.header)))?;
        Ok(Client {
            http: Http::new(&target)?,
            auth,
            request_id,
            limiter: Limiter::new(
                target.concurrency,
                target.rate,
                (target.patience, target.first_patience),
                target.history.service.clone(),
            ),
            service: service.clone(),
            target,
            requests: AtomicU64::new(0),
            answered: AtomicBool::new(false),
            retries: AtomicU64::new(0),
            clock_ahead: AtomicI64::new(0),
            mended: Tally::default(),
            largest_answer: AtomicUsize::new(0),
            last_read: Mutex::new(None),
        })
    }

    /// The account spoken to.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The pace all requests keep.
    pub fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// Requests made so far, tokens left out.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Seconds that the service's clock, as its answers tell it, is ahead of this machine's.
    pub fn clock_ahead(&self) -> i64 {
        self.clock_ahead.load(Ordering::Relaxed)
    }

    /// How many answers may be asked for before the first of them is read: fewer where they are large, as they wait in memory.
    pub fn read_ahead(&self) -> usize {
        let largest = self.largest_answer.load(Ordering::Relaxed).max(1);
        (MOST_AHEAD / largest).clamp(1, self.limiter.ceiling())
    }

    /// Requests that repeated an earlier one.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Counts a request that repeats an earlier one.
    pub fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
        self.target.history.count_retry();
    }

    /// The answers to reads so far that were not plain JSON.
    pub fn mended(&self) -> MendedAnswers {
        self.mended.so_far()
    }

    /// Sends a write once and says what that proves. A rejected token is renewed and the write repeated, as a 401 proves it
    /// was not processed.
    ///
    /// # Errors
    /// The login cannot be had at all.
    pub async fn write(&self, write: Write<'_>) -> Result<Outcome> {
        let Write { method, address, body, request_id, row, sent, honours, .. } = write;
        let rejects_login = |answer: &Answer| self.rejects_login(answer, write);
        Ok(match self.attempt(method, address, Some((row, request_id, body.clone())), rejects_login).await? {
            Attempt::Answered(answer) => self.classify(&answer, write),
            Attempt::NotSent(why) => Outcome::unanswered(Came::NoConnection, sent, honours, why),
            Attempt::Lost(why) => Outcome::unanswered(Came::Nothing, sent, honours, why),
        })
    }

    /// Waits a moment before something is asked for again that broke.
    async fn pause(&self, tries: u32, why: Message) {
        let wait = growing(tries, LONGEST_PAUSE, fastrand::f64());
        let until = Some(std::time::Instant::now() + wait);
        let again = Wait { why, until, ends: self.limiter.ends(), is_retry: true, is_urgent: false };
        let _said = again.begin();
        tokio::time::sleep(wait).await;
    }

    /// What the answer to a write proves; a secret of the login or of the record that it repeats goes no further.
    fn classify(&self, answer: &Answer, write: Write<'_>) -> Outcome {
        let Write { body, expected, sent, honours, witness, .. } = write;
        // Most answers are a plain yes and show nothing.
        let secrets = LazyCell::new(|| {
            let members = secret_members(body, &expected.secrets, &self.service.custom);
            Secrets::new(self.auth.secrets().into_iter().chain(members))
        });
        classify(answer, Question { expected, sent, honours, witness }, |text| secrets.hide(text))
    }

    /// Whether an answer says that the login is rejected and nothing else: one that says as well that the write was done proves
    /// nothing, and must not lead to a second one.
    fn rejects_login(&self, answer: &Answer, write: Write<'_>) -> bool {
        let alone = Write { sent: Sent::default(), honours: Honours::Nothing, ..write };
        answer.status == 401 && matches!(self.classify(answer, alone), Outcome::LoginRejected(_))
    }

    async fn attempt(
        &self,
        method: entity::Method,
        address: &Url,
        write: Option<(u64, Uuid, Bytes)>,
        rejects_login: impl Fn(&Answer) -> bool,
    ) -> Result<Attempt> {
        let mut login = self.auth.login(&self.http).await?;
        let mut renewals = 0;
        loop {
            let attempt = self.once(method, address, write.as_ref(), &login.header).await?;
            let rejected = match &attempt {
                Attempt::Answered(answer) if rejects_login(answer) => answer,
                _ => {
                    self.auth.accepted();
                    return Ok(attempt);
                }
            };
            if renewals == RENEWALS {
                return match self.auth.was_accepted() {
                    true => Err(token_taken(&self.words(rejected))),
                    false => Ok(attempt),
                };
            }
            // The first is renewed at once. Where another program renews too, both should not do so in step.
            if renewals > 0 {
                self.pause(renewals, message!("api.asked_again")).await;
            }
            renewals += 1;
            match self.auth.renewed(&self.http, &login).await? {
                None => return Ok(attempt),
                Some(renewed) => login = renewed,
            }
            self.count_retry();
        }
    }

    /// The service's words in an answer, without secrets.
    fn words(&self, answer: &Answer) -> String {
        let secrets = Secrets::new(self.auth.secrets());
        let rejection = envelope::parse(&answer.body).and_then(|document| envelope::rejection(&document, false));
        let rejection = rejection.map(|rejection| rejection.shown(|text| secrets.hide(text)));
        rejection.map_or_else(|| format!("HTTP {}", answer.status), |r| format!("{} {}", r.code, r.message))
    }

    async fn once(
        &self,
        method: entity::Method,
        address: &Url,
        write: Option<&(u64, Uuid, Bytes)>,
        login: &HeaderValue,
    ) -> Result<Attempt> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.target.history.count_request();
        let (body, request_id) = write.map_or_else(Default::default, |(_, id, body)| (body.clone(), Some(id)));
        let about = write.map(|(row, id, _)| (*row, *id));
        let method = match method {
            entity::Method::Get => Method::GET,
            entity::Method::Post => Method::POST,
            entity::Method::Put => Method::PUT,
            entity::Method::Delete => Method::DELETE,
        };
        // As many as there will be, or the map grows twice.
        let mut headers = HeaderMap::with_capacity(8);
        headers.insert(AUTHORIZATION, login.clone());
        match request_id {
            // Answers to writes are a line; asking for them compressed costs more than it saves.
            None => {
                headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
            }
            Some(request_id) => {
                let mut buffer = Uuid::encode_buffer();
                let text = request_id.hyphenated().encode_lower(&mut buffer);
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                // A UUID is 36 characters of hexadecimal digits and dashes.
                let value = HeaderValue::from_str(text).expect("a UUID is a header value");
                headers.insert(self.request_id.clone(), value);
            }
        }
        let response = match self
            .http
            .exchange(Request { method, address, headers, body, about, purpose: Purpose::Records })
            .await
        {
            Ok(response) => response,
            Err(Failure::ForGood(error)) => return Err(error),
            Err(Failure::NotSent(why)) => return Ok(Attempt::NotSent(why)),
            Err(Failure::Lost(why)) => return Ok(Attempt::Lost(self.with_address(why))),
        };
        self.answered.store(true, Ordering::Relaxed);
        if let Some(ahead) = clock_ahead(&response.headers, SystemTime::now()) {
            self.clock_ahead.store(ahead, Ordering::Relaxed);
        }
        let status = response.status;
        Ok(match response.body {
            Ok(body) => Attempt::Answered(Answer::new(status, &response.headers, body)),
            // A status line alone proves a rejection (the body only explains it), but never a success.
            Err(why) if (400..500).contains(&status) && status != 408 => {
                Attempt::Answered(Answer::new(status, &response.headers, Bytes::from(why.to_string())))
            }
            Err(why) => Attempt::Lost(why),
        })
    }

    /// Why nothing came back; where nothing ever did, that the port may be one for https.
    fn with_address(&self, why: Message) -> Message {
        match self.target.base.scheme() == "http" && !self.was_answered() && why.code() != "api.timed_out" {
            true => message!("api.maybe_tls", why = why, host = self.target.host()),
            false => why,
        }
    }

    /// Why is waited when no connection comes about.
    pub fn no_connection(&self, why: Message) -> Message {
        message!("api.no_connection", host = self.target.host(), why = why)
    }

    /// Whether a write that was certainly not processed may be repeated, and if so when its turn comes.
    pub fn may_repeat(&self, permit: &Permit<'_>, outcome: &Outcome) -> Verdict {
        match outcome {
            Outcome::NotSent(why) => permit.on_trouble(Trouble::Unreached, &self.no_connection(why.clone())),
            Outcome::Busy { wait } => permit.on_trouble(Trouble::Busy(*wait), &busy(*wait)),
            _ => Verdict::Over,
        }
    }

    /// The error when a service that limits how fast it may be asked was waited for long enough, though it asked for this.
    pub fn limited(&self, what: Message, asked: Option<Duration>) -> Error {
        Error::stopped(what).hint(self.hint_of(asked).unwrap_or_else(|| message!("api.limited_hint")))
    }

    /// What can be done about a service that asks to wait longer than it is waited for.
    fn hint_of(&self, asked: Option<Duration>) -> Option<Message> {
        asked.filter(|asked| *asked > self.limiter.longest()).map(hint_of_asked)
    }

    /// Whether the service ever answered.
    pub fn was_answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// What the service knows of itself, for those who read answers.
    pub fn service(&self) -> &Service {
        &self.service
    }
}

/// Seconds that the clock of an answer's `Date` is ahead of ours.
fn clock_ahead(headers: &HeaderMap, now: SystemTime) -> Option<i64> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let seconds = |time: SystemTime| i64::try_from(time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs()).ok();
    Some(seconds(date)? - seconds(now)?)
}
