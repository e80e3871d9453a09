//! Options of the command line that say which settings count, and how the service is reached.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::api::{Credentials, History, LogTo, Target};
use crate::entity::AccountMode;
use crate::error::Result;
use crate::t;

/// Requests in flight when nothing is said; nothing is documented, so it is polite.
pub(super) const DEFAULT_CONCURRENCY: usize = 4;
/// Requests a second when nothing is said.
pub(super) const DEFAULT_RATE: f64 = 5.0;
/// How long one attempt may take, in seconds.
pub(super) const DEFAULT_TIMEOUT: u64 = 30;
/// How long a service that cannot be had is waited for when nothing is said.
const DEFAULT_WAIT: Duration = Duration::from_secs(10 * 60);
/// The same for one that never answered: another one may be meant.
const DEFAULT_FIRST_WAIT: Duration = Duration::from_secs(60);

/// Options that say which settings count. Every command takes them.
#[derive(Debug, Clone, Default, Args)]
pub struct SettingsOptions {
    /// Section of bw8.toml with the account to use
    #[arg(long, global = true, value_name = "NAME")]
    pub account: Option<String>,
    /// Corrections and additions to what is known of the interface [default: api.toml]
    #[arg(long, global = true, value_name = "FILE")]
    pub api: Option<PathBuf>,
    /// Whether contacts belong to companies (2b) or stand alone (2c) [default: 2b]
    #[arg(long, global = true, value_name = "MODE")]
    pub account_mode: Option<AccountMode>,
}

/// Options of every command that talks to the service.
#[derive(Debug, Clone, Default, Args)]
pub struct ConnectionOptions {
    /// Address of the service, with or without /api/v1 [env: BW8_BASE_URL]
    #[arg(long, value_name = "URL", conflicts_with = "sandbox")]
    pub base_url: Option<String>,
    /// A further root certificate, for a private host
    #[arg(long, value_name = "FILE")]
    pub ca_cert: Option<PathBuf>,
    /// Use the built-in sandbox; needs no account
    #[arg(long)]
    pub sandbox: bool,
    /// Requests in flight at most [default: 4]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub concurrency: Option<u16>,
    /// Requests a second at most, 0 for no limit of our own [default: 5]
    #[arg(long, value_name = "N", value_parser = parse_rate)]
    pub rate: Option<f64>,
    /// Seconds one request may take [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: Option<u64>,
    /// How long to wait while the service cannot be had: 90s, 10m, 2h, 0 for not at all [default: 10m]
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub wait: Option<Duration>,
    /// Write a line for each request into this file, without logins and with values masked
    #[arg(long, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// With --log: the shape of what was sent and came back, too, values masked
    #[arg(long, requires = "log")]
    pub log_bodies: bool,
}

impl ConnectionOptions {
    pub(super) fn log(&self) -> Option<LogTo> {
        Some(LogTo { file: self.log.clone()?, has_bodies: self.log_bodies })
    }

    /// A sandbox at `base_url` as what to talk to. It is on this machine, so it is not spared.
    ///
    /// # Errors
    /// The address cannot be used.
    pub fn sandbox_target(&self, base_url: &str, credentials: Credentials) -> Result<Target> {
        let (patience, first_patience) = patience(self.wait);
        Ok(Target {
            base: Target::parse_base(base_url)?,
            credentials,
            ca_cert: self.ca_cert.clone(),
            concurrency: self.concurrency.map_or(DEFAULT_CONCURRENCY, usize::from),
            rate: self.rate.unwrap_or(0.0),
            timeout: Duration::from_secs(self.timeout.unwrap_or(DEFAULT_TIMEOUT)),
            patience,
            first_patience,
            log: self.log(),
            history: History::default(),
        })
    }
}

/// A span of time as people type it: `90`, `90s`, `10m`, `2h`.
pub(super) fn parse_duration(text: &str) -> std::result::Result<Duration, String> {
    const LONGEST: f64 = 7.0 * 24.0 * 60.0 * 60.0;
    let text = text.trim();
    let (number, unit) = match text.strip_suffix(|c: char| c.is_ascii_alphabetic()) {
        Some(number) => (number, &text[number.len()..]),
        None => (text, "s"),
    };
    let unit = match unit {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => f64::NAN,
    };
    let seconds = number.trim().parse::<f64>().unwrap_or(f64::NAN) * unit;
    match (0.0..=LONGEST).contains(&seconds) {
        true => Ok(Duration::from_secs_f64(seconds)),
        false => Err(t!("settings.bad_duration").into_owned()),
    }
}

/// How long to be patient with a service that answered before, and with one that never did.
pub(super) fn patience(wait: Option<Duration>) -> (Duration, Duration) {
    match wait {
        Some(wait) => (wait, wait),
        None => (DEFAULT_WAIT, DEFAULT_FIRST_WAIT),
    }
}

/// No limit, or one that a person can wait for.
pub(super) fn is_rate(rate: f64) -> bool {
    rate == 0.0 || (0.001..=100_000.0).contains(&rate)
}

fn parse_rate(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if is_rate(rate) => Ok(rate),
        _ => Err(t!("settings.bad_rate").into_owned()),
    }
}
