//! Who is asking: Basic logins, the key pair and its tokens.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::answer::Answer;
use crate::entity::Token;

/// A login for each form of authentication. They open nothing but a sandbox on this machine.
#[derive(Debug, Clone, Copy)]
pub struct Login {
    /// Account of HTTP Basic.
    pub user: &'static str,
    /// Password of HTTP Basic.
    pub password: &'static str,
    /// SecretID of the key pair.
    pub client_id: &'static str,
    /// Secret of the key pair.
    pub client_secret: &'static str,
}

/// The main account.
pub const LOGIN: Login =
    Login { user: "demo@example.com", password: "sandbox", client_id: "sandbox-id", client_secret: "sandbox-secret" };

/// A login of an agent that is neither the main account nor an administrator: `agent01@example.com`, `sandbox`.
pub const AGENT: (&str, &str) = ("agent01@example.com", "sandbox");

/// Who is asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// The main account.
    Main,
    /// An agent without further rights.
    Agent,
}

/// The tokens that are good, until when.
#[derive(Debug, Default)]
pub(super) struct Tokens(Mutex<HashMap<String, Instant>>);

impl Tokens {
    /// Who the `Authorization` header says is asking; none when it proves nothing.
    pub(super) fn caller(&self, header: Option<&str>) -> Option<Caller> {
        let (scheme, credentials) = header?.split_once(' ')?;
        if scheme.eq_ignore_ascii_case("bearer") {
            let tokens = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            return tokens.get(credentials.trim()).filter(|until| **until > Instant::now()).map(|_| Caller::Main);
        }
        match basic(scheme, credentials)? {
            (user, password) if user == LOGIN.user && password == LOGIN.password => Some(Caller::Main),
            (user, password) if user == AGENT.0 && password == AGENT.1 => Some(Caller::Agent),
            _ => None,
        }
    }

    /// Makes every token worthless.
    pub(super) fn revoke(&self) {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clear();
    }

    /// Answers a request for a token, with the codes and texts of the OAuth2 server library that the documentation quotes.
    pub(super) fn grant(&self, request: &TokenRequest<'_>, endpoint: &Token, lifetime: u64) -> Answer {
        let reject =
            |status, error: &str, text: &str| Answer::json(status, &json!({"error": error, "error_description": text}));
        if !request.is_post {
            return Answer::json(
                405,
                &json!({
                    "error": "invalid_request",
                    "error_description": "The request method must be POST when requesting an access token",
                    "error_uri": "http://tools.ietf.org/html/rfc6749#section-3.2",
                }),
            );
        }
        let pair = request.authorization.and_then(|header| header.split_once(' ')).and_then(|(a, b)| basic(a, b));
        if pair != Some((LOGIN.client_id.to_owned(), LOGIN.client_secret.to_owned())) {
            return reject(400, "invalid_client", "The client credentials are invalid");
        }
        match form_field(request.content_type.unwrap_or_default(), request.body, "grant_type") {
            None => reject(400, "invalid_request", "The grant type was not specified in the request"),
            Some(kind) if kind != endpoint.grant_type => {
                reject(400, "unsupported_grant_type", &format!("Grant type \"{kind}\" not supported"))
            }
            Some(_) => {
                let lifetime = if lifetime == 0 { endpoint.lifetime } else { lifetime };
                let token: String =
                    [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()].map(|id| id.simple().to_string()).concat()[..40]
                        .to_owned();
                let mut tokens = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                tokens.insert(token.clone(), Instant::now() + Duration::from_secs(lifetime));
                Answer::json(
                    200,
                    &json!({"access_token": token, "expires_in": lifetime, "token_type": "Bearer", "scope": null}),
                )
            }
        }
    }
}

/// A request to the token endpoint.
#[derive(Debug)]
pub(super) struct TokenRequest<'a> {
    /// Whether it is a POST.
    pub is_post: bool,
    /// Its `Authorization` header.
    pub authorization: Option<&'a str>,
    /// Its `Content-Type` header.
    pub content_type: Option<&'a str>,
    /// Its body.
    pub body: &'a [u8],
}

fn basic(scheme: &str, credentials: &str) -> Option<(String, String)> {
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// A field of form data in either encoding.
fn form_field(content_type: &str, body: &[u8], name: &str) -> Option<String> {
    if content_type.starts_with("application/x-www-form-urlencoded") {
        return url::form_urlencoded::parse(body).find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    }
    let boundary = content_type.strip_prefix("multipart/form-data")?.split_once("boundary=")?.1.trim_matches('"');
    let text = String::from_utf8_lossy(body);
    text.split(&format!("--{boundary}")).find_map(|part| {
        let (head, value) = part.split_once("\r\n\r\n")?;
        head.contains(&format!("name=\"{name}\"")).then(|| value.trim_end_matches("\r\n").to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn form_fields_are_read_in_both_encodings() {
        assert_eq!(form_field("application/x-www-form-urlencoded", b"a=1&grant_type=x", "grant_type").unwrap(), "x");
        let body = b"--b\r\nContent-Disposition: form-data; name=\"grant_type\"\r\n\r\nclient_credentials\r\n--b--\r\n";
        let kind = form_field("multipart/form-data; boundary=b", body, "grant_type");
        assert_eq!(kind.unwrap(), "client_credentials");
        assert_eq!(form_field("application/json", b"{}", "grant_type"), None);
    }
}
