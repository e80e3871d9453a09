//! One account as a file or the environment says it: each entry may be left to another one.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use super::options::{is_rate, parse_duration};
use crate::api::Credentials;
use crate::entity::AccountMode;
use crate::error::{Error, Result};
use crate::message;
use crate::t;

/// One account of a configuration file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Section {
    /// The login stands in the environment or in the user's configuration folder: it is not that of the working folder.
    #[serde(skip)]
    pub is_users_own_login: bool,
    /// The host that such a login was written down with.
    #[serde(skip)]
    pub host_of_login: Option<String>,
    /// The host is named by the `bw8.toml` of the working folder.
    #[serde(skip)]
    pub is_host_of_folder: bool,
    pub base_url: Option<String>,
    pub user: Option<String>,
    pub password: Option<SecretString>,
    pub client_id: Option<String>,
    pub client_secret: Option<SecretString>,
    pub ca_cert: Option<PathBuf>,
    #[serde(default, deserialize_with = "concurrency")]
    pub concurrency: Option<usize>,
    #[serde(default, deserialize_with = "rate")]
    pub rate: Option<f64>,
    #[serde(default, deserialize_with = "timeout")]
    pub timeout: Option<u64>,
    #[serde(default, deserialize_with = "wait")]
    pub wait: Option<Duration>,
    pub mode: Option<AccountMode>,
}

impl Section {
    /// The environment as a section.
    pub(super) fn of_environment() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        let section = Section {
            base_url: text("BW8_BASE_URL"),
            user: text("BW8_USER"),
            password: text("BW8_PASSWORD").map(SecretString::from),
            client_id: text("BW8_CLIENT_ID"),
            client_secret: text("BW8_CLIENT_SECRET").map(SecretString::from),
            ..Section::default()
        };
        Section { is_users_own_login: section.has_login(), host_of_login: section.base_url.clone(), ..section }
    }

    /// This section, with what it does not say taken from `other`. Login values are taken as a pair, never mixed.
    pub(super) fn or(self, other: Section) -> Section {
        let login = if self.has_login() { &self } else { &other };
        Section {
            user: login.user.clone(),
            password: login.password.clone(),
            client_id: login.client_id.clone(),
            client_secret: login.client_secret.clone(),
            is_users_own_login: login.is_users_own_login,
            host_of_login: login.host_of_login.clone(),
            is_host_of_folder: match self.base_url {
                Some(_) => self.is_host_of_folder,
                None => other.is_host_of_folder,
            },
            base_url: self.base_url.or(other.base_url),
            ca_cert: self.ca_cert.or(other.ca_cert),
            concurrency: self.concurrency.or(other.concurrency),
            rate: self.rate.or(other.rate),
            timeout: self.timeout.or(other.timeout),
            wait: self.wait.or(other.wait),
            mode: self.mode.or(other.mode),
        }
    }

    pub(super) fn has_login(&self) -> bool {
        self.user.is_some() || self.client_id.is_some()
    }

    pub(super) fn credentials(&self) -> Result<Credentials> {
        match (&self.client_id, &self.client_secret, &self.user, &self.password) {
            (Some(client_id), Some(client_secret), ..) => {
                Ok(Credentials::OAuth { client_id: client_id.clone(), client_secret: client_secret.clone() })
            }
            (.., Some(user), Some(password)) => {
                Ok(Credentials::Basic { user: user.clone(), password: password.clone() })
            }
            (client_id, client_secret, user, password) => {
                let halves = [
                    (user.is_some(), "BW8_USER"),
                    (password.is_some(), "BW8_PASSWORD"),
                    (client_id.is_some(), "BW8_CLIENT_ID"),
                    (client_secret.is_some(), "BW8_CLIENT_SECRET"),
                ];
                let lacking = halves.chunks(2).find_map(|pair| match pair {
                    [(true, has), (false, lacks)] | [(false, lacks), (true, has)] => Some((*has, *lacks)),
                    _ => None,
                });
                let what = match lacking {
                    Some((has, lacks)) => message!("settings.half_login", has = has, lacks = lacks),
                    None => message!("settings.no_login"),
                };
                Err(Error::usage(what).hint(message!("settings.no_login_hint")))
            }
        }
    }
}

fn concurrency<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<usize>, D::Error> {
    in_range(usize::deserialize(deserializer)?, "concurrency: 1–1024", |number| (1..=1024).contains(number))
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<f64>, D::Error> {
    in_range(f64::deserialize(deserializer)?, "rate: 0, 0.001–100000", |rate| is_rate(*rate))
}

fn timeout<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<u64>, D::Error> {
    // A number below zero is a number all the same, and out of range.
    let seconds =
        in_range(i64::deserialize(deserializer)?, "timeout: 1–3600", |seconds| (1..=3600).contains(seconds))?;
    Ok(seconds.and_then(|seconds| u64::try_from(seconds).ok()))
}

fn wait<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map(Some).map_err(|_| serde::de::Error::custom(t!("settings.bad_wait")))
}

/// A number that keeps its rule. The command line's own are checked as they are read.
fn in_range<T, E: serde::de::Error>(
    number: T,
    rule: &str,
    is_good: impl FnOnce(&T) -> bool,
) -> std::result::Result<Option<T>, E> {
    if is_good(&number) { Ok(Some(number)) } else { Err(E::custom(t!("settings.bad_number", rule = rule))) }
}
