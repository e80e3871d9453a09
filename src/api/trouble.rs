//! Why no connection came about, in the user's words: one message and one way on for each cause.

use std::error::Error as Cause;
use std::io;

use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use super::proxy::Shown;
use super::tls::{UnknownIssuer, is_authority, is_of_another_purpose};
use crate::error::Error;
use crate::language::Language;
use crate::message;
use crate::message::Message;

/// Names of a certificate that are shown.
const SHOWN_NAMES: usize = 5;

/// The innermost cause of a transport error, without the address (which may hold a query) and without repetition.
pub(super) fn reason(error: &reqwest::Error) -> Message {
    if error.is_timeout() {
        return message!("api.connect_timed_out");
    }
    let mut last: &(dyn Cause + 'static) = error;
    for cause in causes(error) {
        if cause.downcast_ref().is_some_and(hyper::Error::is_incomplete_message) {
            return message!("api.closed");
        }
        // The library does not hand these on but as words.
        match cause.to_string().as_str() {
            "dns error" => return message!("api.no_such_host"),
            "tunnel error: unsuccessful" => return message!("api.proxy_refused"),
            words if words.starts_with("failed to lookup address") => return message!("api.no_such_host"),
            words if words.starts_with("tunnel error: unexpected end") => return message!("api.closed"),
            words if words.starts_with("SOCKS error") => return message!("api.proxy_failed"),
            _ => {}
        }
        if let Some(rustls::Error::AlertReceived(AlertDescription::CertificateRequired)) = cause.downcast_ref() {
            return message!("api.wants_certificate");
        }
        match cause.downcast_ref().map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => return message!("api.nobody_listens"),
            Some(io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable) => {
                return message!("api.no_network");
            }
            Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof) => {
                return message!("api.closed");
            }
            _ => {}
        }
        last = cause;
    }
    let text = last.to_string();
    // A library's words may help who reads English; inside a Chinese sentence they do not.
    let is_of_use = Language::current() == Language::En || !text.is_ascii();
    match text.contains("://") || !is_of_use {
        true => message!("api.connection_failed"),
        false => text.into(),
    }
}

/// The error where trying again cannot help; none where it may.
pub(super) fn for_good(error: &reqwest::Error, host: &str, proxy: Option<&Shown>) -> Option<Error> {
    for cause in causes(error) {
        if cause.to_string() == "tunnel error: proxy authorization required" {
            return Some(unknown_to_proxy(host, proxy));
        }
        // The library takes the brackets around it for a part of the name.
        if host.starts_with('[') && cause.to_string() == "Invalid Server Name" {
            return Some(
                Error::cannot_run(message!("api.proxy_ipv6", host = host)).hint(message!("api.proxy_ipv6_hint")),
            );
        }
        match cause.downcast_ref() {
            Some(rustls::Error::InvalidCertificate(why)) => return Some(untrusted(host, why)),
            Some(rustls::Error::InvalidMessage(_)) => {
                return Some(
                    Error::cannot_run(message!("api.plain_port", host = host)).hint(message!("api.plain_port_hint")),
                );
            }
            Some(
                rustls::Error::PeerIncompatible(_)
                | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion | AlertDescription::HandshakeFailure),
            ) => {
                return Some(
                    Error::cannot_run(message!("api.old_tls", host = host)).hint(message!("api.old_tls_hint")),
                );
            }
            _ => {}
        }
    }
    None
}

/// The error for a proxy that wants to know who asks. Which kinds of login it takes the library does not hand on.
fn unknown_to_proxy(host: &str, proxy: Option<&Shown>) -> Error {
    let name = proxy.map_or("", |proxy| &proxy.name);
    let (message, hint) = match proxy.is_some_and(|proxy| proxy.has_login) {
        true => (message!("api.proxy_login", proxy = name), message!("api.proxy_other_login_hint", host = host)),
        false => (message!("api.proxy_no_login", proxy = name), message!("api.proxy_login_hint")),
    };
    Error::cannot_run(message).hint(hint)
}

/// What to do where no connection comes about for this reason.
pub fn hint_of(why: &Message) -> Message {
    let said = why.to_json();
    let is = |code: &str| said.contains(&format!("\"{code}\""));
    match () {
        () if is("api.proxy_refused") || is("api.proxy_forbids") => message!("api.proxy_refused_hint"),
        () if is("api.proxy_not_through") => message!("api.proxy_not_through_hint"),
        // The name is looked for on this machine, which in many companies knows those inside alone.
        () if is("api.no_such_host") && said.contains("socks5://") => message!("api.proxy_socks_hint"),
        () if is("api.through_proxy") => message!("api.proxy_unreached_hint"),
        () if is("api.wants_certificate") => message!("api.wants_certificate_hint"),
        () => message!("api.unreachable_hint"),
    }
}

/// The error for a host whose certificate is not accepted.
fn untrusted(host: &str, why: &CertificateError) -> Error {
    let (message, hint) = match why {
        CertificateError::Expired | CertificateError::NotValidYet => {
            (message!("api.wrong_time", host = host), message!("api.wrong_time_hint", now = day(UnixTime::now())))
        }
        CertificateError::ExpiredContext { time, not_after } => (
            message!("api.expired", host = host, day = day(*not_after)),
            message!("api.wrong_time_hint", now = day(*time)),
        ),
        CertificateError::NotValidYetContext { time, not_before } => (
            message!("api.not_valid_yet", host = host, day = day(*not_before)),
            message!("api.wrong_time_hint", now = day(*time)),
        ),
        CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
            let names: Vec<String> = presented.iter().map(|name| plain_name(name)).collect();
            let bare = without_port(host);
            if names.iter().any(|name| name == bare) {
                return Error::cannot_run(message!("api.address_as_name", host = host))
                    .hint(message!("api.address_as_name_hint", address = bare));
            }
            let shown = names[..names.len().min(SHOWN_NAMES)].join(", ");
            let named = match names.len() > SHOWN_NAMES {
                true => message!("api.wrong_name_many", host = host, names = shown, count = names.len()),
                false => message!("api.wrong_name", host = host, names = shown),
            };
            (named, message!("api.wrong_name_hint"))
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            (message!("api.no_name", host = host), message!("api.no_name_hint"))
        }
        CertificateError::UnknownIssuer => (message!("api.untrusted", host = host), message!("api.untrusted_hint")),
        CertificateError::Other(other) if let Some(unknown) = other.0.downcast_ref::<UnknownIssuer>() => {
            let UnknownIssuer { name, is_file_named } = unknown;
            let hint = match is_file_named {
                true => message!("api.untrusted_chain_hint", issuer = name),
                false => message!("api.untrusted_by_hint", issuer = name),
            };
            (message!("api.untrusted_by", host = host, issuer = name), hint)
        }
        why if is_of_another_purpose(why) => (message!("api.purpose", host = host), message!("api.purpose_hint")),
        why if is_authority(why) => (message!("api.authority", host = host), message!("api.authority_hint")),
        why => {
            (message!("api.bad_host_certificate", host = host, why = why), message!("api.bad_host_certificate_hint"))
        }
    };
    Error::cannot_run(message).hint(hint)
}

/// A host as a certificate names it: an address of IPv6 holds colons of its own, and is in brackets before a port.
fn without_port(host: &str) -> &str {
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address,
        None => host.split_once(':').map_or(host, |(bare, _)| bare),
    }
}

/// A name as a certificate presents it, `DnsName("a.example.com")` or `IpAddress(127.0.0.1)`, as people write it.
fn plain_name(presented: &str) -> String {
    let bare = presented.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(presented);
    bare.trim_matches('"').to_owned()
}

fn day(time: UnixTime) -> String {
    let seconds = i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::MAX);
    time.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// An error and what caused it, one after the other.
fn causes(error: &reqwest::Error) -> Vec<&(dyn Cause + 'static)> {
    let mut found: Vec<&(dyn Cause + 'static)> = vec![error];
    let mut next = error.source();
    while let Some(cause) = next {
        found.push(cause);
        next = match cause.downcast_ref::<io::Error>() {
            // An I/O error does not name the error it holds as its source.
            Some(error) => error.get_ref().map(|inner| inner as &(dyn Cause + 'static)),
            None => cause.source(),
        };
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_without_its_port_and_its_brackets() {
        for (host, bare) in [
            ("example.com", "example.com"),
            ("example.com:8443", "example.com"),
            ("192.0.2.1:8443", "192.0.2.1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[2001:db8::1]:8443", "2001:db8::1"),
        ] {
            assert_eq!(without_port(host), bare);
        }
    }
}
