//! The proxy that the environment or the system names for the service's host. A setting that cannot be read is refused: a
//! machine whose owner set a proxy is never passed by.

use http::{HeaderValue, Uri};
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
    /// Host and port, where it speaks HTTP.
    pub at: Option<String>,
    /// What logs in to it.
    pub login: Option<HeaderValue>,
}

/// Whether a proxy is named for `http://` and none for the addresses of services.
pub(super) fn is_for_http_alone() -> bool {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    ["HTTP_PROXY", "http_proxy"].into_iter().any(is_set) && !VARIABLES.into_iter().any(is_set)
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
            .map(|(name, value)| (name, plain(&value.to_string_lossy()).to_owned()))
            .find(|(_, value)| !value.is_empty())
    };
    let exceptions = setting(&EXCEPTIONS).map(|(_, value)| value).unwrap_or_default();
    if is_excepted(address, &uri, &exceptions) {
        return Ok(None);
    }
    match setting(&VARIABLES) {
        // Of several, nobody knows which one ends the login.
        Some((name, value)) if value.matches('@').count() > 1 || is_no_address(&value) => Err(unreadable(name, &value)),
        Some((name, value)) => match Matcher::builder().https(value.clone()).build().intercept(&uri) {
            // A sign in a password that ends an address, and what stands before it is no host.
            Some(found) if value.contains('@') && found.basic_auth().is_none() && found.raw_auth().is_none() => {
                Err(unreadable(name, &value))
            }
            Some(found) => proxy(&found, Some((name, &value))).map(Some),
            None => Err(unreadable(name, &value)),
        },
        // What the system itself names, where it does.
        None => Matcher::from_system().intercept(&uri).map(|found| proxy(&found, None)).transpose(),
    }
}

/// A setting without the quotation marks, spaces and invisible characters around it that shells, editors and chats leave behind.
fn plain(value: &str) -> &str {
    value.trim_matches(|c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | '“' | '”' | '‘' | '’' | '\u{200b}'..='\u{200f}' | '\u{feff}')
    })
}

/// Whether a setting is a word for "no proxy", or a script that says which one is meant.
fn is_no_address(value: &str) -> bool {
    ["direct", "none", "off", "no", "false", "null"].iter().any(|word| value.eq_ignore_ascii_case(word))
        || is_script(value)
}

/// Whether an address is that of a script which tells browsers their proxy.
fn is_script(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let path = value.split(['?', '#']).next().unwrap_or_default();
    value.starts_with("pac+") || path.ends_with(".pac") || path.ends_with("/wpad.dat")
}

/// Whether a list names an address as one without a proxy: `*`, names with what is below them, addresses, networks, each
/// with a port where only that is meant.
fn is_excepted(address: &Url, uri: &Uri, exceptions: &str) -> bool {
    let port = address.port_or_known_default();
    let is_between = |c: char| matches!(c, ',' | ';' | '|' | '，' | '；' | '、') || c.is_whitespace();
    exceptions.split(is_between).map(named_host).filter(|entry| !entry.is_empty()).any(|entry| {
        let (host, only) = match entry.rsplit_once(':') {
            // An IPv6 address without brackets has more than one.
            Some((host, digits)) if !host.contains(':') || host.ends_with(']') => (host, digits.parse::<u16>().ok()),
            _ => (entry, None),
        };
        let host = host.trim_start_matches("*.").trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        // It answers with a proxy for everything but what is excepted.
        let matcher = || Matcher::builder().https("http://proxy.invalid").no(host.to_owned()).build();
        let is_meant = match host {
            // So Windows calls names without a dot.
            "<local>" => address.domain().is_some_and(|name| !name.contains('.')),
            pattern if pattern.len() > 1 && pattern.contains('*') => {
                is_like(address.host_str().unwrap_or_default(), &pattern.to_lowercase())
            }
            _ => matcher().intercept(uri).is_none(),
        };
        only.is_none_or(|only| Some(only) == port) && is_meant
    })
}

/// Whether a host is as a pattern says, in which `*` stands for anything: `10.2.*`, as settings of Windows have it.
fn is_like(host: &str, pattern: &str) -> bool {
    let (first, rest) = pattern.split_once('*').unwrap_or((pattern, ""));
    let Some(mut host) = host.strip_prefix(first) else { return false };
    let Some((between, last)) = rest.rsplit_once('*') else { return host.ends_with(rest) };
    for part in between.split('*') {
        let Some((_, behind)) = host.split_once(part) else { return false };
        host = behind;
    }
    host.ends_with(last)
}

/// The host of an entry that was written as an address (`https://www.example.com/`), or in quotation marks.
fn named_host(entry: &str) -> &str {
    let entry = plain(entry);
    let entry = entry.split_once("://").map_or(entry, |(_, rest)| rest);
    match entry.split_once('/') {
        // A network is written with one, too.
        Some((_, bits)) if bits.parse::<u8>().is_ok() => entry,
        Some((host, _)) => host,
        None => entry,
    }
}

/// The error for a setting that names no proxy. What stands before an @ is a login.
fn unreadable(name: &'static str, value: &str) -> Error {
    let shown = match value.rsplit_once('@') {
        Some((_, address)) => format!("•••@{address}"),
        None => value.to_owned(),
    };
    let is_login_odd = value.contains('@');
    let port = value.rsplit_once(':').map(|(_, port)| port.trim_end_matches('/'));
    let is_port_odd =
        port.is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_err());
    let hint = match () {
        () if is_script(value) => message!("api.proxy_script_hint", name = name),
        () if is_login_odd => message!("api.proxy_login_hint"),
        () if is_port_odd => message!("api.proxy_port_hint", name = name),
        () => message!("api.proxy_kind_hint", name = name),
    };
    Error::usage(message!("api.proxy_unreadable", name = name, value = shown)).hint(hint)
}

fn proxy(found: &Intercept, setting: Option<(&'static str, &str)>) -> Result<Proxy> {
    let name = setting.map(|(name, _)| name);
    let kind = found.uri().scheme_str().unwrap_or_default();
    let unusable = || {
        let hint = message!("api.proxy_kind_hint", name = name.unwrap_or("HTTPS_PROXY"));
        Error::usage(message!("api.proxy_kind", kind = kind)).hint(hint)
    };
    if !matches!(kind, "http" | "socks5" | "socks5h") {
        return Err(unusable());
    }
    // What was made of it may end in the midst of a password.
    let misread = |_| match setting {
        Some((name, value)) => unreadable(name, value),
        None => unreadable("HTTPS_PROXY", &found.uri().to_string()),
    };
    let mut address = Url::parse(&found.uri().to_string()).map_err(misread)?;
    let plain = address.to_string();
    let plain = plain.trim_end_matches('/');
    let name = match name {
        Some(name) => message!("api.proxy_name", address = plain, variable = name).to_string(),
        None => plain.to_owned(),
    };
    let at = (kind == "http")
        .then(|| format!("{}:{}", address.host_str().unwrap_or_default(), address.port().unwrap_or(80)));
    let has_login = found.raw_auth().is_some() || found.basic_auth().is_some();
    let shown = Shown { name, has_login, at, login: found.basic_auth().cloned() };
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
            ("https://www.example.com", "a.invalid，www.example.com"),
            ("https://www.example.com", "a.invalid|www.example.com."),
            ("https://www.example.com:8443", "https://www.example.com:8443/"),
            ("https://www.example.com", "\"www.example.com\""),
            ("https://10.2.3.4", "192.168.*;10.2.*"),
            ("https://10.2.3.4:8443", "10.2.*:8443"),
            ("https://help.example.com", "*example*"),
            ("https://help.example.com", "Help.*.com"),
            ("https://intranet", "10.*;<local>"),
            ("https://localhost:8443", "<local>"),
        ] {
            assert!(excepted(address, exceptions), "{address} {exceptions}");
        }
        for (address, exceptions) in [
            ("https://www.example.com", ""),
            ("https://www.example.com", "ample.com"),
            ("https://www.example.com", "www.example.com:8443"),
            ("https://www.example.com:8443", "www.example.com:443"),
            ("https://11.1.2.3", "10.0.0.0/8"),
            ("https://10.3.2.4", "10.2.*"),
            ("https://10.2.3.4:8443", "10.2.*:443"),
            ("https://help.example.com", "*.example.com.cn"),
            ("https://help.example.com", "help*help"),
            ("https://www.example.com", "<local>"),
            ("https://10.2.3.4", "<local>"),
        ] {
            assert!(!excepted(address, exceptions), "{address} {exceptions}");
        }
    }
}
