//! What is said where nothing more can be done: errors of questions and logins, with their hints.

use crate::api::envelope::{Rejection, says_denied};
use crate::error::{Error, ErrorKind};
use crate::message;
use crate::terminal::TYPED_LOGIN;
use crate::text::clean;

/// The error for a question or a write that was sent elsewhere.
pub fn moved(path: &str, to: &str) -> Error {
    let what = match to.is_empty() {
        true => message!("api.moved_nowhere", path = path),
        false => message!("api.moved", path = path, to = clean(to)),
    };
    Error::cannot_run(what).hint(message!("api.moved_hint"))
}

/// The error for a question that was answered with a no.
pub fn read_rejected(path: &str, rejection: &Rejection, host: &str) -> Error {
    let Rejection { code, message, is_page } = rejection;
    let why = format!("{code} {message}");
    let hint = match is_page {
        // So a server says that was meant to be spoken to in https.
        true if message.contains("HTTPS port") => message!("api.plain_hint", host = host),
        true => message!("api.page_hint", host = host),
        false if says_denied(&why) => message!("api.forbidden_hint"),
        false => message!("api.rejected_hint"),
    };
    Error::cannot_run(message!("api.read_failed", path = path, why = why)).hint(hint)
}

/// The error for a token that is refused again and again although the login is good: another program renews it.
pub(super) fn token_taken(why: &str) -> Error {
    Error::denied(message!("api.token_taken", why = why)).hint(message!("api.token_taken_hint"))
}

/// Whether an error is that of a service which was waited for long enough: asked anything else, it would say the same.
pub fn asks_for_patience(error: &Error) -> bool {
    error.kind() == ErrorKind::Stopped && error.code().starts_with("api.")
}

/// The variable of a login that has spaces, quotation marks or an end of line around it, as shells and editors leave them there.
fn odd_login() -> Option<&'static str> {
    let is_odd = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '“' | '”');
    // A login by client is preferred.
    let names = match std::env::var_os("BW8_CLIENT_ID").is_some() {
        true => ["BW8_CLIENT_ID", "BW8_CLIENT_SECRET"],
        false => ["BW8_USER", "BW8_PASSWORD"],
    };
    names
        .into_iter()
        .find(|name| std::env::var(name).is_ok_and(|value| value.starts_with(is_odd) || value.ends_with(is_odd)))
}

/// The error for a login that is rejected or may not do this.
pub fn denied(status: u16, why: &str) -> Error {
    match status {
        401 => {
            let is_typed = std::env::var_os(TYPED_LOGIN).is_some();
            let hint = match odd_login() {
                _ if is_typed => message!("api.login_typed_hint"),
                Some(name) => message!("api.login_odd_hint", name = name),
                None => message!("api.login_rejected_hint"),
            };
            Error::denied(message!("api.login_rejected", why = why)).hint(hint)
        }
        _ => Error::denied(message!("api.forbidden", why = why)).hint(message!("api.forbidden_hint")),
    }
}
