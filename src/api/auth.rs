//! The login: a Basic header, or a Bearer token that is renewed before it ends and once when the service rejects it.
//! However many requests are in flight, one of them renews and the others wait for its token.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::envelope;
use super::secrets::Secrets;
use super::target::Credentials;
use super::transport::{Http, Request};
use crate::entity::Service;
use crate::error::{Error, Result};
use crate::message;
use crate::message::Message;

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
}

impl Auth {
    /// The login of these credentials; asks for nothing yet.
    ///
    /// # Errors
    /// A name or password that no header can carry.
    pub(super) fn new(credentials: &Credentials, address: Url, service: &Service) -> Result<Self> {
        match credentials {
            Credentials::Basic { user, password } => {
                let login = Login { header: basic(user, password)?, generation: 0 };
                Ok(Auth::Basic { login, password: password.clone() })
            }
            Credentials::OAuth { client_id, client_secret } => Ok(Auth::OAuth(Box::new(Tokens {
                client_id: client_id.clone(),
                client_secret: client_secret.clone(),
                address,
                grant_type: service.token.grant_type.clone(),
                lifetime: service.token.lifetime,
                token: Mutex::new(None),
                renewing: tokio::sync::Mutex::new(()),
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
                None => tokens.renew(http, None).await,
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
            Auth::OAuth(tokens) => tokens.renew(http, Some(rejected.generation)).await.map(Some),
        }
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
        let answer = ask(http, &self.address, &login, &self.grant_type, &secrets).await?;
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

async fn ask(
    http: &Http,
    address: &Url,
    login: &HeaderValue,
    grant_type: &str,
    secrets: &Secrets,
) -> Result<TokenAnswer> {
    let unreachable = |why: &Message| {
        Error::cannot_run(message!("api.token_unreachable", why = why.clone())).hint(message!("api.unreachable_hint"))
    };
    let form = url::form_urlencoded::Serializer::new(String::new()).append_pair("grant_type", grant_type).finish();
    let headers = HeaderMap::from_iter([
        (AUTHORIZATION, login.clone()),
        (CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded")),
    ]);
    let request = Request { method: Method::POST, address, headers, body: form.into() };
    let response = http.exchange(request).await.map_err(|failure| unreachable(failure.why()))?;
    let status = response.status;
    let body = response.body.map_err(|why| unreachable(&why))?;
    let answer = envelope::parse(&body).unwrap_or_default();
    if let Some(token) = answer["access_token"].as_str().filter(|_| status < 300) {
        let lifetime = answer["expires_in"].as_u64();
        return Ok(TokenAnswer { access_token: SecretString::from(token.to_owned()), lifetime });
    }
    // The answer's own text could hold a secret that was sent; only the two documented members are shown.
    let why = answer["error_description"].as_str().or(answer["error"].as_str()).unwrap_or_default();
    let why = secrets.hide(why);
    if status >= 500 || (answer.is_null() && status != 401 && status != 403) {
        return Err(Error::cannot_run(message!("api.token_failed", status = status, why = why))
            .hint(message!("api.unreachable_hint")));
    }
    Err(Error::denied(message!("api.token_denied", status = status, why = why)).hint(message!("api.token_denied_hint")))
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
