//! The proxy that the environment or the system names for the service's host.

use http::Uri;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use reqwest::Proxy;
use url::Url;

use crate::error::{Error, Result};
use crate::message;

/// The proxy for this address; none when its host is spoken to directly.
///
/// # Errors
/// A proxy of an unknown kind, or an address that no request can be made of.
pub(super) fn of_system(address: &Url) -> Result<Option<Proxy>> {
    let address = Uri::try_from(address.as_str())
        .map_err(|_| Error::cannot_run(message!("api.bad_address", address = address.path())))?;
    Matcher::from_system().intercept(&address).map(|found| proxy(&found)).transpose()
}

fn proxy(found: &Intercept) -> Result<Proxy> {
    let kind = found.uri().scheme_str().unwrap_or_default();
    let unusable = || Error::usage(message!("api.proxy_kind", kind = kind)).hint(message!("api.proxy_kind_hint"));
    if !matches!(kind, "http" | "socks5" | "socks5h") {
        return Err(unusable());
    }
    let mut address = Url::parse(&found.uri().to_string()).map_err(|_| unusable())?;
    if let Some((user, password)) = found.raw_auth() {
        address.set_username(&encoded(user)).map_err(|()| unusable())?;
        address.set_password(Some(&encoded(password))).map_err(|()| unusable())?;
    }
    let proxy = Proxy::all(address).map_err(|_| unusable())?;
    Ok(match found.basic_auth() {
        Some(login) => proxy.custom_http_auth(login.clone()),
        None => proxy,
    })
}

/// A name or password as part of an address, where a percent sign of its own is encoded too.
fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
