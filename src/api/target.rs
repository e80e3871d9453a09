//! Which account on which host is spoken to, and how fast at most.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::history::History;
use crate::entity::Service;
use crate::error::{Error, Result};
use crate::message;

/// How a login is proved.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Account name and password.
    Basic {
        /// Account name.
        user: String,
        /// Password.
        password: SecretString,
    },
    /// Key pair that tokens are asked with.
    OAuth {
        /// SecretID.
        client_id: String,
        /// Secret.
        client_secret: SecretString,
    },
}

impl Credentials {
    /// The name of the account, which is no secret.
    pub fn name(&self) -> &str {
        match self {
            Credentials::Basic { user, .. } => user,
            Credentials::OAuth { client_id, .. } => client_id,
        }
    }
}

/// A file that exchanges are written down in.
#[derive(Debug, Clone)]
pub struct LogTo {
    /// The file.
    pub file: PathBuf,
    /// Bodies too, with their values masked.
    pub has_bodies: bool,
}

/// One account on one host.
#[derive(Debug, Clone)]
pub struct Target {
    /// Base address, ending in `/api/v1` without a slash.
    pub base: Url,
    /// How to log in.
    pub credentials: Credentials,
    /// A further root certificate.
    pub ca_cert: Option<PathBuf>,
    /// Ceiling of requests in flight.
    pub concurrency: usize,
    /// Ceiling of requests a second; 0 means no limit of our own.
    pub rate: f64,
    /// How long one attempt may take.
    pub timeout: Duration,
    /// How long a service that answered before is waited for when it cannot be had.
    pub patience: Duration,
    /// How long one that never answered is waited for.
    pub first_patience: Duration,
    /// Where exchanges are written down, if anywhere.
    pub log: Option<LogTo>,
    /// What was met there so far.
    pub history: History,
}

impl Target {
    /// The base address a user means by a host, with or without `/api/v1`.
    ///
    /// # Errors
    /// Not an address, or `http://` to anything but this machine: a password would travel in the clear.
    pub fn parse_base(text: &str) -> Result<Url> {
        let with_scheme = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
        // A password before the @ is not repeated.
        let shown = text.rsplit('@').next().unwrap_or_default();
        let invalid =
            || Error::usage(message!("api.bad_address", address = shown)).hint(message!("api.bad_address_hint"));
        let mut url = Url::parse(&with_scheme).map_err(|_| invalid())?;
        if url.host_str().is_none() || !url.username().is_empty() || url.password().is_some() {
            return Err(invalid());
        }
        match url.scheme() {
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err(
                    Error::usage(message!("api.plain_http", address = text)).hint(message!("api.plain_http_hint"))
                );
            }
            _ => return Err(invalid()),
        }
        url.set_query(None);
        url.set_fragment(None);
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(if path.is_empty() { "/api/v1" } else { &path });
        Ok(url)
    }

    /// The address of an endpoint's path, `{id}` already filled in.
    pub fn address(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path()));
        url
    }

    /// The address tokens are asked at.
    pub fn token_address(&self, service: &Service) -> Url {
        let mut url = self.base.clone();
        url.set_path(&service.token.path);
        url
    }

    /// Host and port, as people call it.
    pub fn host(&self) -> String {
        let host = self.base.host_str().unwrap_or_default();
        match self.base.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// The account as part of a run's identity.
    pub fn identity(&self) -> String {
        format!("{} {}", self.base, self.credentials.name())
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_short() {
        for text in ["www.example.com", "https://www.example.com", "https://www.example.com/api/v1/"] {
            assert_eq!(Target::parse_base(text).unwrap().as_str(), "https://www.example.com/api/v1");
        }
        assert_eq!(Target::parse_base("http://127.0.0.1:8808").unwrap().as_str(), "http://127.0.0.1:8808/api/v1");
        assert!(Target::parse_base("http://[::1]:1").is_ok());
    }

    #[test]
    fn a_password_never_travels_in_the_clear() {
        for text in
            ["http://www.example.com", "http://10.0.0.1", "ftp://www.example.com", "https://user:pw@www.example.com"]
        {
            assert!(Target::parse_base(text).is_err(), "{text}");
        }
    }
}
