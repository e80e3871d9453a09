//! The login: a Basic header, or a Bearer token that is renewed before it ends and when the service rejects it. However many
//! requests are in flight, one of them renews and the others wait for its token; a service that gives none for now is asked
//! again, as patiently as for anything else.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout_at;
use url::Url;

use super::answer::Answer;
use super::envelope;
use super::limiter::{Limiter, Permit};
use super::page::page_rejection;
use super::patience::{self, Trouble, Verdict};
use super::secrets::Secrets;
use super::target::{Credentials, Target};
use super::transport::{Failure, Http, Purpose, Request};
use super::trouble;
use crate::entity::Service;
use crate::error::{Error, Result};
use crate::interrupt::Interrupt;
use crate::message;
use crate::message::Message;
use crate::text::clean;

/// A header and which token it carries, so that the rejection of an old one does not renew a new one.
#[derive(Debug, Clone)]
pub(super) struct Login {
    /// Value of the `Authorization` header, marked sensitive.
    pub header: HeaderValue,
    /// Counts tokens; 0 for Basic.
    pub generation: u64,
}

#[derive(Debug)]
struct Token {
    login: Login,
    /// When to ask for the next one.
    renew_at: Instant,
}

/// The login of one account.
#[derive(Debug)]
pub(super) enum Auth {
    /// The same header for every request.
    Basic {
        /// The header.
        login: Login,
        /// The password in it.
        password: SecretString,
    },
    /// Tokens asked for with a key pair.
    OAuth(Box<Tokens>),
}

/// The tokens of one key pair.
#[derive(Debug)]
pub(super) struct Tokens {
    client_id: String,
    client_secret: SecretString,
    address: Url,
    grant_type: String,
    /// Lifetime in seconds to assume when an answer gives none that makes sense.
    lifetime: u64,
    token: Mutex<Option<Token>>,
    renewing: tokio::sync::Mutex<()>,
    /// A token of this key pair was accepted.
    was_accepted: AtomicBool,
    /// One request at a time, and the patience with the place that gives tokens.
    limiter: Limiter,
}

impl Auth {
    /// The login of these credentials; asks for nothing yet.
    ///
    /// # Errors
    /// A name or password that no header can carry.
    pub(super) fn new(target: &Target, service: &Service) -> Result<Self> {
        match &target.credentials {
            Credentials::Basic { user, password } => {
                let login = Login { header: basic(user, password)?, generation: 0 };
                Ok(Auth::Basic { login, password: password.clone() })
            }
            Credentials::OAuth { client_id, client_secret } => Ok(Auth::OAuth(Box::new(Tokens {
                client_id: client_id.clone(),
                client_secret: client_secret.clone(),
                address: target.token_address(service),
                grant_type: service.token.grant_type.clone(),
                lifetime: service.token.lifetime,
                token: Mutex::new(None),
                renewing: tokio::sync::Mutex::new(()),
                was_accepted: AtomicBool::new(false),
                limiter: Limiter::new(1, 0.0, (target.patience, target.first_patience), target.history.login.clone()),
            }))),
        }
    }

    /// The login to send now; asks for a token when there is none or it is about to end.
    ///
    /// # Errors
    /// The service rejects the key pair, or cannot be reached.
    pub(super) async fn login(&self, http: &Http) -> Result<Login> {
        match self {
            Auth::Basic { login, .. } => Ok(login.clone()),
            Auth::OAuth(tokens) => match current(&tokens.token, None) {
                Some(login) => Ok(login),
                // A token is seldom asked for: no request is to carry the room that takes.
                None => Box::pin(tokens.renew(http, None)).await,
            },
        }
    }

    /// A login newer than the one that was rejected; none when there is no other.
    ///
    /// # Errors
    /// As [`Auth::login`].
    pub(super) async fn renewed(&self, http: &Http, rejected: &Login) -> Result<Option<Login>> {
        match self {
            Auth::Basic { .. } => Ok(None),
            Auth::OAuth(tokens) => Box::pin(tokens.renew(http, Some(rejected.generation))).await.map(Some),
        }
    }

    /// The service took a request with this login.
    pub(super) fn accepted(&self) {
        if let Auth::OAuth(tokens) = self {
            tokens.was_accepted.store(true, Ordering::Relaxed);
        }
    }

    /// Whether the service ever took a request with this login's tokens.
    pub(super) fn was_accepted(&self) -> bool {
        matches!(self, Auth::OAuth(tokens) if tokens.was_accepted.load(Ordering::Relaxed))
    }

    /// What nobody may see of this login: its password or key, and what its header carries.
    pub(super) fn secrets(&self) -> Vec<String> {
        match self {
            Auth::Basic { login, password } => vec![carried(&login.header), password.expose_secret().to_owned()],
            Auth::OAuth(tokens) => {
                let token = tokens.token.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
                let token = token.as_ref().map(|token| carried(&token.login.header));
                token.into_iter().chain([tokens.client_secret.expose_secret().to_owned()]).collect()
            }
        }
    }
}

impl Tokens {
    /// Asks for a token, unless another request did so while this one waited.
    async fn renew(&self, http: &Http, rejected: Option<u64>) -> Result<Login> {
        let _one_at_a_time = self.renewing.lock().await;
        if let Some(login) = current(&self.token, rejected) {
            return Ok(login);
        }
        let login = basic(&self.client_id, &self.client_secret)?;
        let secrets = Secrets::new([carried(&login), self.client_secret.expose_secret().to_owned()]);
        let answer = Interrupt::of_process().unless_set(self.ask_patiently(http, &login, &secrets)).await?;
        let mut header = HeaderValue::from_str(&format!("Bearer {}", answer.access_token.expose_secret()))
            .map_err(|_| Error::cannot_run(message!("api.token_unreadable")))?;
        header.set_sensitive(true);
        let seconds = answer.lifetime.filter(|seconds| (1..=86_400).contains(seconds)).unwrap_or(self.lifetime);
        let lives = Duration::from_secs(seconds);
        // A tenth of the life, five minutes at most, is kept as a margin for slow requests and clocks.
        let margin = (lives / 10).min(Duration::from_secs(300));
        let mut token = self.token.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let generation = token.as_ref().map_or(1, |old| old.login.generation + 1);
        let login = Login { header, generation };
        *token = Some(Token { login: login.clone(), renew_at: Instant::now() + lives - margin });
        Ok(login)
    }

    /// Asks for a token until there is one, or it is clear that there will be none.
    async fn ask_patiently(&self, http: &Http, login: &HeaderValue, secrets: &Secrets) -> Result<TokenAnswer> {
        let mut failed = None;
        loop {
            let permit = self.limiter.acquire().await;
            let asked = ask(http, &self.address, login, &self.grant_type, secrets);
            let asked = match (self.limiter.waited_for_until(), failed.take()) {
                // It was said until when.
                (Some(until), Some(error)) => timeout_at(until, asked).await.unwrap_or(Asked::ForGood(error)),
                _ => asked.await,
            };
            let (error, trouble, why) = match asked {
                Asked::Token(answer) => {
                    permit.on_success();
                    return Ok(answer);
                }
                Asked::ForGood(error) => return Err(error),
                Asked::ForNow(error, trouble, why) => (error, trouble, why),
            };
            if over(&permit, trouble, why) {
                return Err(error);
            }
            failed = Some(error);
        }
    }
}

/// The stored login, unless it is about to end or is the one that was rejected.
fn current(token: &Mutex<Option<Token>>, rejected: Option<u64>) -> Option<Login> {
    let token = token.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    token
        .as_ref()
        .filter(|token| Instant::now() < token.renew_at && rejected != Some(token.login.generation))
        .map(|token| token.login.clone())
}

struct TokenAnswer {
    access_token: SecretString,
    lifetime: Option<u64>,
}

/// Whether nothing more is to be expected.
fn over(permit: &Permit<'_>, trouble: Trouble, why: Message) -> bool {
    // Nothing else is asked here, so there is nothing to tell a broken record from a broken service by.
    let trouble = if trouble == Trouble::Faltering { Trouble::Busy(None) } else { trouble };
    permit.on_trouble(trouble, &message!("api.token_wait", why = why)) == Verdict::Over
}

/// What came of asking for a token.
enum Asked {
    Token(TokenAnswer),
    /// Asking again cannot help.
    ForGood(Error),
    /// Asking again may help: the error if not, what is wrong, and why.
    ForNow(Error, Trouble, Message),
}

async fn ask(http: &Http, address: &Url, login: &HeaderValue, grant_type: &str, secrets: &Secrets) -> Asked {
    let unreachable = |why: Message, trouble: Trouble| {
        let hint = trouble::hint_of(&why);
        let error = Error::cannot_run(message!("api.token_unreachable", why = why)).hint(hint);
        Asked::ForNow(error, trouble, why)
    };
    let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("grant_type", grant_type).finish();
    let headers = HeaderMap::from_iter([
        (AUTHORIZATION, login.clone()),
        (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
    ]);
    let request =
        Request { method: Method::POST, address, headers, body: form.into(), about: None, purpose: Purpose::Token };
    let response = match http.exchange(request).await {
        Ok(response) => response,
        Err(Failure::ForGood(error)) => return Asked::ForGood(error),
        Err(Failure::NotSent(why)) => return unreachable(why, Trouble::Unreached),
        Err(Failure::Lost(why)) => return unreachable(why, Trouble::Faltering),
    };
    let status = response.status;
    let body = match response.body {
        Ok(body) => body,
        Err(why) => return unreachable(why, Trouble::Faltering),
    };
    let answer = envelope::parse(&body).unwrap_or_default();
    if let Some(token) = answer["access_token"].as_str().filter(|_| status < 300) {
        let lifetime = answer["expires_in"].as_u64();
        return Asked::Token(TokenAnswer { access_token: SecretString::from(token.to_owned()), lifetime });
    }
    // The answer's own text could hold a secret that was sent; only the two documented members are shown.
    let why = answer["error_description"].as_str().or(answer["error"].as_str()).unwrap_or_default();
    let why = clean(&secrets.hide(why)).into_owned();
    let answered = Answer::new(status, &response.headers, body);
    let (asked, host) = (answered.retry_after, address.host_str().unwrap_or_default());
    let at = message!("api.token_at", address = address.path(), host = host);
    let for_good = |what: Message, hint: Message| Asked::ForGood(Error::cannot_run(what).hint(hint));
    let elsewhere = || message!("api.token_elsewhere_hint", host = host);
    let says_no = answer.get("error").is_some() || answer.get("errcode").is_some();
    match status {
        300..=399 => {
            let to = clean(&secrets.hide(answered.location.as_deref().unwrap_or("…"))).into_owned();
            return for_good(message!("api.token_moved", at = at, to = to), elsewhere());
        }
        404 | 405 | 410 if !answer.is_null() => {
            return for_good(message!("api.token_no_path", at = at, status = status), elsewhere());
        }
        401 | 403 => return refused(status, why),
        429 | 408 | 500.. => {}
        ..300 if !answer.is_null() && !says_no => {
            return for_good(message!("api.token_not_there", at = at, status = status), elsewhere());
        }
        _ if !answer.is_null() => return refused(status, why),
        _ => {}
    }
    let said = match status {
        429 => patience::busy(asked),
        ..300 if page_rejection(status, &answered.body, |text| secrets.hide(text)).is_some() => {
            message!("api.broken_page")
        }
        _ => message!("api.status", status = status),
    };
    let error = match page_rejection(status, &answered.body, |text| secrets.hide(text)) {
        Some(page) if status != 429 => {
            Error::cannot_run(message!("api.token_page", at = at, status = status, words = page.message))
                .hint(message!("api.page_hint", host = host))
        }
        _ => Error::cannot_run(message!("api.token_failed", status = status, why = why))
            .hint(message!("api.unreachable_hint")),
    };
    Asked::ForNow(error, Trouble::Busy(asked), said)
}

fn refused(status: u16, why: String) -> Asked {
    let error = Error::denied(message!("api.token_denied", status = status, why = why));
    Asked::ForGood(error.hint(message!("api.token_denied_hint")))
}

fn basic(user: &str, password: &SecretString) -> Result<HeaderValue> {
    let pair = format!("{user}:{}", password.expose_secret());
    let mut header = HeaderValue::from_str(&format!("Basic {}", BASE64.encode(pair)))
        .map_err(|_| Error::usage(message!("api.bad_credentials")))?;
    header.set_sensitive(true);
    Ok(header)
}

/// What a login's header carries behind the name of its scheme.
fn carried(header: &HeaderValue) -> String {
    header.to_str().ok().and_then(|text| text.rsplit(' ').next()).unwrap_or_default().to_owned()
}
