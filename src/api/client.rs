//! The one HTTP client. A call here is one attempt (two when a token has to be renewed) and tells exactly how far it got;
//! reads may be repeated and are, with growing waits; writes never are.

use std::cell::LazyCell;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderName, HeaderValue};
use http::{HeaderMap, Method};
use tokio::time::timeout_at;
use url::Url;
use uuid::Uuid;

use super::answer::Answer;
use super::auth::Auth;
use super::document::Document;
use super::envelope::{self, Rejection};
use super::limiter::{Limiter, Permit};
use super::mended::{MendedAnswers, Tally};
use super::outcome::{Expected, Outcome, Question, Witness, classify};
use super::patience::{Trouble, Verdict, busy, growing, hint_of_asked};
use super::proof::{Came, Honours, Sent};
use super::secrets::{Secrets, secret_members};
use super::target::Target;
use super::transport::{Failure, Http, Purpose, Request};
use super::trouble;
use crate::entity::{self, Service};
use crate::error::{Error, ErrorKind, Result};
use crate::interrupt::Interrupt;
use crate::message;
use crate::message::Message;
use crate::terminal::TYPED_LOGIN;
use crate::waiting::Wait;

/// How often something is asked for that fails while others are answered.
#[derive(Debug, Clone, Copy)]
struct Attempts {
    /// Times that it breaks.
    broken: u32,
    /// Times that no answer comes in time.
    hanging: u32,
    /// Times that "too many requests" is said.
    busy: u32,
}

/// Attempts at what cannot be done without.
const READ: Attempts = Attempts { broken: 6, hanging: 6, busy: u32::MAX };
/// Attempts at a page of a list.
const ASK: Attempts = Attempts { broken: 3, hanging: 3, busy: u32::MAX };
/// Attempts at what a record can do without. Being told "too many requests" so often takes about half a minute.
const BRIEF: Attempts = Attempts { broken: 3, hanging: 2, busy: 8 };
/// Attempts at the record that one row is about.
const RECORD: Attempts = Attempts { broken: 3, hanging: 3, busy: 4 };
/// Attempts at what was tried before: one.
const ONCE: Attempts = Attempts { broken: 1, hanging: 1, busy: u32::MAX };
/// As often as it takes.
const UNTIL_UP: Attempts = Attempts { broken: u32::MAX, hanging: u32::MAX, busy: u32::MAX };
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

/// What the service said of a single record.
#[derive(Debug)]
pub enum Single {
    /// Something.
    Document(Document),
    /// No.
    Rejected(Rejection),
    /// Nothing that can be used, time and again.
    Failing(Error),
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

    /// Reads a JSON document, repeating the request while that can help.
    ///
    /// # Errors
    /// The login is rejected, the host cannot be reached, or the service rejects the request or goes on failing.
    pub async fn read(&self, url: &Url) -> Result<Document> {
        match self.ask_up_to(url, READ).await? {
            Single::Document(document) => Ok(document),
            Single::Rejected(rejection) => Err(read_rejected(url.path(), &rejection, &self.target.host())),
            Single::Failing(error) => Err(error),
        }
    }

    /// Like [`Client::read`], where a plain no of the service (an unknown id, say) is an answer and not an error. One that
    /// fails while others are answered is given up after three tries: it is the record that is broken.
    ///
    /// # Errors
    /// The login is rejected, the host cannot be reached, or the service goes on failing.
    pub async fn ask(&self, url: &Url) -> Result<std::result::Result<Document, Rejection>> {
        match self.ask_up_to(url, ASK).await? {
            Single::Document(document) => Ok(Ok(document)),
            Single::Rejected(rejection) => Ok(Err(rejection)),
            Single::Failing(error) => Err(error),
        }
    }

    /// Like [`Client::ask`], for a single record that others can do without: that nothing of use is said of it is an answer,
    /// too.
    ///
    /// # Errors
    /// The host cannot be reached, or the service goes on failing whatever it is asked.
    pub async fn ask_briefly(&self, url: &Url) -> Result<Single> {
        self.ask_up_to(url, BRIEF).await
    }

    /// Like [`Client::ask_briefly`], for the record that one row is about.
    ///
    /// # Errors
    /// The host cannot be reached, or the service goes on failing whatever it is asked.
    pub async fn ask_for_record(&self, url: &Url) -> Result<Single> {
        self.ask_up_to(url, RECORD).await
    }

    /// Like [`Client::ask_briefly`], for something that failed before: it is tried once.
    ///
    /// # Errors
    /// The host cannot be reached, or the service goes on failing whatever it is asked.
    pub async fn ask_once(&self, url: &Url) -> Result<Single> {
        self.ask_up_to(url, ONCE).await
    }

    /// Waits, the longer the more `tries` there were, before something is asked for again that failed, for this reason.
    ///
    /// # Errors
    /// The user stops.
    pub async fn wait_before_asking_again(&self, tries: u32, why: Message) -> Result<()> {
        let pause = async {
            self.count_retry();
            self.pause(tries, why).await;
            Ok(())
        };
        Interrupt::of_process().unless_set(pause).await
    }

    /// Waits until the service answers a question, whatever it says: the one that it answered last, or this one.
    ///
    /// # Errors
    /// It is not there for longer than it is to be waited for.
    pub async fn wait_until_up(&self, otherwise: &Url) -> Result<()> {
        let known = self.last_read().clone();
        self.ask_up_to(known.as_ref().unwrap_or(otherwise), UNTIL_UP).await.map(drop)
    }

    /// Reads until there is an answer. `most` attempts are made while others are answered.
    async fn ask_up_to(&self, url: &Url, most: Attempts) -> Result<Single> {
        // Writes hold a place for the questions that some of them ask: a small one.
        Interrupt::of_process().unless_set(Box::pin(self.ask_patiently(url, most))).await
    }

    async fn ask_patiently(&self, url: &Url, most: Attempts) -> Result<Single> {
        let (mut tries, mut answers) = (0_u32, 0);
        let (mut hung, mut busy) = (0, 0_u32);
        let (mut again, mut failed) = (None, None);
        loop {
            let permit = self.limiter.acquire().await;
            let attempt = match (self.limiter.waited_for_until(), failed.take()) {
                // It was said until when.
                (Some(until), Some(error)) => match timeout_at(until, self.question(url)).await {
                    Ok(attempt) => attempt?,
                    Err(_) => return Err(error),
                },
                _ => self.question(url).await?,
            };
            let (error, verdict, why) = match self.read_answer(url, attempt) {
                Read::Document(document) => {
                    permit.on_success();
                    self.last_read().get_or_insert_with(|| url.clone());
                    return Ok(Single::Document(document));
                }
                Read::Rejected(rejection) => {
                    permit.on_answer();
                    return Ok(Single::Rejected(rejection));
                }
                Read::ForGood(error) => {
                    permit.on_answer();
                    return Ok(Single::Failing(error));
                }
                Read::ForNow(error, trouble, why) => {
                    drop(again.take());
                    // What alone asks for patience while others are answered is broken, and holds up nobody else.
                    let is_alone = matches!(trouble, Trouble::Busy(_))
                        && most.broken < u32::MAX
                        && !error.is_about("api.read_limited")
                        && self.is_up(url, &permit).await;
                    let trouble = if is_alone { Trouble::Faltering } else { trouble };
                    if is_timeout(&why) {
                        hung += 1;
                        // What comes next may take as long.
                        again = Some(asked_once_more(&why).begin());
                    }
                    busy += u32::from(matches!(trouble, Trouble::Busy(_)));
                    if trouble == Trouble::Faltering {
                        tries += 1;
                    }
                    if tries == 1 {
                        answers = self.limiter.answers();
                    }
                    let verdict = permit.on_trouble(trouble, &why);
                    let is_its_own = match trouble {
                        Trouble::Faltering => tries.is_multiple_of(most.broken) || hung >= most.hanging,
                        Trouble::Busy(_) => busy.is_multiple_of(most.busy),
                        Trouble::Unreached => false,
                    };
                    // Pages of a place that never answered with anything else are not the service's.
                    let is_elsewhere =
                        || matches!(why.code(), "api.broken_page" | "api.broken_empty") && !self.limiter.was_answered();
                    // That others get through now and then says nothing of one that is told to wait.
                    let is_answered_else = || tries > 0 && self.limiter.answers() > answers;
                    // Where no more may be repeated, others are not to wait because of one that is broken.
                    let is_brief = trouble == Trouble::Faltering && most.broken < u32::MAX;
                    if is_brief && verdict != Verdict::Again && self.is_up(url, &permit).await {
                        return Ok(Single::Failing(error));
                    }
                    if is_its_own && (is_elsewhere() || is_answered_else() || self.is_up(url, &permit).await) {
                        return Ok(Single::Failing(error));
                    }
                    // Of several that fail side by side none shows that the service answers others.
                    if is_brief && tries < most.broken && self.limiter.is_waited_for() {
                        self.is_up(url, &permit).await;
                    }
                    (error, verdict, why)
                }
            };
            drop(permit);
            if verdict == Verdict::Over {
                return Err(error);
            }
            failed = Some(error);
            self.count_retry();
            if tries > 0 {
                self.pause(tries, why).await;
            }
        }
    }

    /// Waits a moment before something is asked for again that broke.
    async fn pause(&self, tries: u32, why: Message) {
        let wait = growing(tries, LONGEST_PAUSE, fastrand::f64());
        let until = Some(std::time::Instant::now() + wait);
        let again = Wait { why, until, ends: self.limiter.ends(), is_retry: true, is_urgent: false };
        let _said = again.begin();
        tokio::time::sleep(wait).await;
    }

    /// Whether the service answers what it answered before, while it does not answer this.
    async fn is_up(&self, broken: &Url, permit: &Permit<'_>) -> bool {
        let Some(known) = self.last_read().clone().filter(|known| known != broken) else { return false };
        self.count_retry();
        let Ok(attempt) = self.question(&known).await else { return false };
        let is_up = matches!(self.read_answer(&known, attempt), Read::Document(_) | Read::Rejected(_));
        if is_up {
            permit.on_other_answer();
        }
        is_up
    }

    fn last_read(&self) -> std::sync::MutexGuard<'_, Option<Url>> {
        self.last_read.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
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

    /// One attempt to read something.
    async fn question(&self, address: &Url) -> Result<Attempt> {
        self.attempt(entity::Method::Get, address, None, |answer| answer.status == 401).await
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

    fn read_answer(&self, url: &Url, attempt: Attempt) -> Read {
        let path = url.path();
        let passing = |why: Message, trouble: Trouble, said: Message| {
            let hint = match why.code() {
                "api.timed_out" => message!("api.slow_hint"),
                "api.empty" => message!("api.empty_hint"),
                "api.cut_off" | "api.cut_json" => message!("api.cut_off_hint"),
                "api.bad_json" => message!("api.bad_json_hint"),
                "api.not_json" | "api.with_words" => message!("api.page_hint", host = self.target.host()),
                _ => trouble::hint_of(&why),
            };
            let error = Error::cannot_run(message!("api.read_failed", path = path, why = why)).hint(hint);
            Read::ForNow(error, trouble, said)
        };
        // A service that asks for patience can be reached: nothing is wrong with the network.
        let asks_for_patience = |why: String, retry_after: Option<Duration>, is_limit: bool| {
            let error = match is_limit {
                true => self.limited(message!("api.read_limited", path = path, why = why), retry_after),
                false => Error::stopped(message!("api.read_failed", path = path, why = why))
                    .hint(self.hint_of(retry_after).unwrap_or_else(|| message!("api.busy_hint"))),
            };
            Read::ForNow(error, Trouble::Busy(retry_after), busy(retry_after))
        };
        let broken = |why: Message| passing(why.clone(), Trouble::Faltering, message!("api.broken", why = why));
        let answer = match attempt {
            Attempt::Answered(answer) => answer,
            Attempt::NotSent(why) => return passing(why.clone(), Trouble::Unreached, self.no_connection(why)),
            Attempt::Lost(why) => return broken(why),
        };
        self.largest_answer.fetch_max(answer.body.len(), Ordering::Relaxed);
        let document = match envelope::parse_document(&answer.body) {
            // A list that came up empty because something failed is not empty.
            Some((document, mends)) if mends.has_failure && !envelope::holds_records(&document) => {
                return broken(message!("api.failed_and_empty"));
            }
            Some((document, mends)) => {
                self.mended.add(mends);
                Some(document)
            }
            None => None,
        };
        let secrets = LazyCell::new(|| Secrets::new(self.auth.secrets()));
        let rejection = document
            .as_ref()
            .and_then(|document| envelope::rejection(document, false))
            .map(|rejection| rejection.shown(|text| secrets.hide(text)));
        let why = rejection
            .as_ref()
            .map_or_else(|| format!("HTTP {}", answer.status), |r| format!("{} {}", r.code, r.message));
        let is_limit = answer.status == 429 || document.as_ref().is_some_and(|document| envelope::is_limit(document));
        if is_limit && answer.status != 401 {
            return asks_for_patience(why, answer.retry_after, true);
        }
        if let Some(busy) =
            document.as_ref().filter(|_| answer.status != 401).and_then(|document| envelope::busy(document))
        {
            let words = secrets.hide(&busy);
            return match answer.retry_after {
                // It may be this one record.
                None => broken(words.into()),
                asked => asks_for_patience(words, asked, false),
            };
        }
        let page = || super::outcome::page_rejection(answer.status, &answer.body, |text| secrets.hide(text));
        match answer.status {
            300..=399 => Read::ForGood(
                Error::cannot_run(message!(
                    "api.moved",
                    path = path,
                    to = secrets.hide(&answer.location.unwrap_or_default())
                ))
                .hint(message!("api.moved_hint")),
            ),
            // The bindings' own error shape says "403" of a single record, whatever the HTTP status.
            403 if document.as_ref().is_some_and(|document| document.get("state").is_some()) && rejection.is_some() => {
                rejection.map_or_else(|| Read::ForGood(denied(answer.status, &why)), Read::Rejected)
            }
            // A firewall in front of the service says nothing of what the account may do.
            403 if document.is_none()
                && let Some(page) = page() =>
            {
                Read::Rejected(page)
            }
            401 | 403 => Read::ForGood(denied(answer.status, &why)),
            // A service that says when to come back is busy, whatever it calls it.
            503 if answer.retry_after.is_some() => asks_for_patience(why, answer.retry_after, false),
            408 | 500.. => broken(why.into()),
            400.. => Read::Rejected(rejection.or_else(page).unwrap_or_else(|| Rejection {
                code: answer.status.to_string(),
                message: format!("HTTP {}", answer.status),
                is_page: false,
            })),
            _ => match (rejection, document) {
                (Some(rejection), _) => Read::Rejected(rejection),
                (None, Some(document)) => Read::Document(document),
                // It says that there is nothing.
                (None, None) if answer.status == 204 => Read::Document(serde_json::Value::Null.into()),
                (None, None) if answer.body.trim_ascii().is_empty() => {
                    passing(message!("api.empty"), Trouble::Faltering, message!("api.broken_empty"))
                }
                (None, None) if let Some(why) = envelope::broken_json(&answer.body, |text| secrets.hide(text)) => {
                    broken(why)
                }
                (None, None) => {
                    let words = super::outcome::page_words(&answer.body, |text| secrets.hide(text));
                    passing(words, Trouble::Faltering, message!("api.broken_page"))
                }
            },
        }
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

/// Whether no answer came in time, somewhere in a message.
fn is_timeout(why: &Message) -> bool {
    why.to_json().contains("\"api.timed_out\"")
}

/// What is said while something is asked for again that took too long.
fn asked_once_more(why: &Message) -> Wait {
    Wait { why: why.clone(), until: None, ends: message!("waiting.other"), is_retry: false, is_urgent: false }
}

/// What came of an attempt to read.
enum Read {
    Document(Document),
    /// The service said no.
    Rejected(Rejection),
    /// Asking again cannot help.
    ForGood(Error),
    /// Asking again may help: the error if not, what is wrong, and why there is a wait.
    ForNow(Error, Trouble, Message),
}

/// The error for a question that was answered with a no.
pub fn read_rejected(path: &str, rejection: &Rejection, host: &str) -> Error {
    let Rejection { code, message, is_page } = rejection;
    let why = format!("{code} {message}");
    let hint = match is_page {
        // So a server says that was meant to be spoken to in https.
        true if message.contains("HTTPS port") => message!("api.plain_hint", host = host),
        true => message!("api.page_hint", host = host),
        false => message!("api.rejected_hint"),
    };
    Error::cannot_run(message!("api.read_failed", path = path, why = why)).hint(hint)
}

fn token_taken(why: &str) -> Error {
    Error::denied(message!("api.token_taken", why = why)).hint(message!("api.token_taken_hint"))
}

/// Whether an error is that of a service which was waited for long enough: asked anything else, it would say the same.
pub fn asks_for_patience(error: &Error) -> bool {
    error.kind() == ErrorKind::Stopped && error.code().starts_with("api.")
}

/// The error for a login that is rejected or may not do this.
pub fn denied(status: u16, why: &str) -> Error {
    match status {
        401 => {
            let is_typed = std::env::var_os(TYPED_LOGIN).is_some();
            let hint = if is_typed { message!("api.login_typed_hint") } else { message!("api.login_rejected_hint") };
            Error::denied(message!("api.login_rejected", why = why)).hint(hint)
        }
        _ => Error::denied(message!("api.forbidden", why = why)).hint(message!("api.forbidden_hint")),
    }
}
