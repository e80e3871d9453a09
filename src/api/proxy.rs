//! The proxy that the environment or the system names for the service's host. A setting that cannot be read is refused: a
//! machine whose owner set a proxy is never passed by.

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use url::Url;

use crate::error::{Error, Result};
use crate::message;

/// The variables that name a proxy for `https://`, the first that says something first.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
/// The variables that name hosts without one.
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// A proxy, and how people call it.
#[derive(Debug)]
pub(super) struct Proxy {
    /// The proxy.
    pub proxy: reqwest::Proxy,
    /// The variable that names it, and its address without a login.
    pub shown: Shown,
}

/// A proxy as its user knows it.
#[derive(Debug, Clone)]
pub(super) struct Shown {
    /// Its address without a login, and the variable that names it.
    pub name: String,
    /// Its address holds a login.
    pub has_login: bool,
}

/// The proxy for this address; none when its host is spoken to directly.
///
/// # Errors
/// A setting that cannot be read, a proxy of an unknown kind, or an address that no request can be made of.
pub(super) fn of_system(address: &Url) -> Result<Option<Proxy>> {
    let uri = Uri::try_from(address.as_str())
        .map_err(|_| Error::cannot_run(message!("api.bad_address", address = address.path())))?;
    let setting = |names: &[&'static str]| {
        let values = names.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
        values
            .map(|(name, value)| (name, value.to_string_lossy().trim().to_owned()))
            .find(|(_, value)| !value.is_empty())
    };
    let exceptions = setting(&EXCEPTIONS).map(|(_, value)| value).unwrap_or_default();
    if is_excepted(address, &uri, &exceptions) {
        return Ok(None);
    }
    match setting(&VARIABLES) {
        // Of several, nobody knows which one ends the login.
        Some((name, value)) if value.matches('@').count() > 1 => Err(unreadable(name, &value)),
        Some((name, value)) => match Matcher::builder().https(value.clone()).build().intercept(&uri) {
            Some(found) => proxy(&found, Some(name)).map(Some),
            None => Err(unreadable(name, &value)),
        },
        // What the system itself names, where it does.
        None => Matcher::from_system().intercept(&uri).map(|found| proxy(&found, None)).transpose(),
    }
}

/// Whether a list names an address as one without a proxy: `*`, names with what is below them, addresses, networks, each
/// with a port where only that is meant.
fn is_excepted(address: &Url, uri: &Uri, exceptions: &str) -> bool {
    let port = address.port_or_known_default();
    exceptions.split(|c: char| c == ',' || c == ';' || c.is_whitespace()).filter(|entry| !entry.is_empty()).any(
        |entry| {
            let (host, only) = match entry.rsplit_once(':') {
                // An IPv6 address without brackets has more than one.
                Some((host, digits)) if !host.contains(':') || host.ends_with(']') => {
                    (host, digits.parse::<u16>().ok())
                }
                _ => (entry, None),
            };
            let host = host.trim_start_matches("*.").trim_start_matches('[').trim_end_matches(']');
            // It answers with a proxy for everything but what is excepted.
            let matcher = Matcher::builder().https("http://proxy.invalid").no(host.to_owned()).build();
            only.is_none_or(|only| Some(only) == port) && matcher.intercept(uri).is_none()
        },
    )
}

/// The error for a setting that names no proxy. What stands before an @ is a login.
fn unreadable(name: &'static str, value: &str) -> Error {
    let shown = match value.rsplit_once('@') {
        Some((_, address)) => format!("•••@{address}"),
        None => value.to_owned(),
    };
    let is_login_odd = value.contains('@') && value.contains('\\') || value.matches('@').count() > 1;
    let port = value.rsplit_once(':').map(|(_, port)| port.trim_end_matches('/'));
    let is_port_odd =
        port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_err());
    let hint = match () {
        () if is_login_odd => message!("api.proxy_login_hint"),
        () if is_port_odd => message!("api.proxy_port_hint", name = name),
        () => message!("api.proxy_kind_hint", name = name),
    };
    Error::usage(message!("api.proxy_unreadable", name = name, value = shown)).hint(hint)
}

fn proxy(found: &Intercept, name: Option<&'static str>) -> Result<Proxy> {
    let kind = found.uri().scheme_str().unwrap_or_default();
    let unusable = || {
        let hint = message!("api.proxy_kind_hint", name = name.unwrap_or("HTTPS_PROXY"));
        Error::usage(message!("api.proxy_kind", kind = kind)).hint(hint)
    };
    if !matches!(kind, "http" | "socks5" | "socks5h") {
        return Err(unusable());
    }
    let misread = |_| unreadable(name.unwrap_or("HTTPS_PROXY"), &found.uri().to_string());
    let mut address = Url::parse(&found.uri().to_string()).map_err(misread)?;
    let plain = address.to_string();
    let plain = plain.trim_end_matches('/');
    let name = match name {
        Some(name) => message!("api.proxy_name", address = plain, variable = name).to_string(),
        None => plain.to_owned(),
    };
    let shown = Shown { name, has_login: found.raw_auth().is_some() || found.basic_auth().is_some() };
    if let Some((user, password)) = found.raw_auth() {
        address.set_username(&encoded(user)).map_err(|()| unusable())?;
        address.set_password(Some(&encoded(password))).map_err(|()| unusable())?;
    }
    let proxy = reqwest::Proxy::all(address).map_err(|_| unusable())?;
    let proxy = match found.basic_auth() {
        Some(login) => proxy.custom_http_auth(login.clone()),
        None => proxy,
    };
    Ok(Proxy { proxy, shown })
}

/// A name or password as part of an address, where a percent sign of its own is encoded too.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_excepted_by_name_network_port_or_altogether() {
        let excepted = |address: &str, exceptions: &str| {
            let address = Url::parse(address).unwrap();
            is_excepted(&address, &Uri::try_from(address.as_str()).unwrap(), exceptions)
        };
        for (address, exceptions) in [
            ("https://www.example.com", "*"),
            ("https://www.example.com", "localhost, example.com"),
            ("https://www.example.com", ".example.com"),
            ("https://www.example.com", "a.invalid;*.example.com"),
            ("https://www.example.com", "www.example.com:443"),
            ("https://www.example.com:8443", "a.invalid www.example.com:8443"),
            ("https://127.0.0.1:8443", "127.0.0.1:8443"),
            ("https://10.1.2.3", "10.0.0.0/8"),
            ("https://[::1]:8443", "[::1]:8443"),
            ("https://[::1]:8443", "::1"),
        ] {
            assert!(excepted(address, exceptions), "{address} {exceptions}");
        }
        for (address, exceptions) in [
            ("https://www.example.com", ""),
            ("https://www.example.com", "ample.com"),
            ("https://www.example.com", "www.example.com:8443"),
            ("https://www.example.com:8443", "www.example.com:443"),
            ("https://11.1.2.3", "10.0.0.0/8"),
        ] {
            assert!(!excepted(address, exceptions), "{address} {exceptions}");
        }
    }
}
