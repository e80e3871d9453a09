//! What the command line means, together with the environment and the configuration file: which account, how fast, where
//! files of the program itself live. A flag beats the environment, which beats `bw8.toml` in the working folder, which
//! beats the one in the user's configuration folder. `--account NAME` is a flag: what the section it names says counts as
//! typed, so that a forgotten variable cannot send rows to another account.

mod configuration;
mod folders;
mod language;
mod options;
mod section;
mod sections;

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use folders::{config_folder, move_older_state, state_folder, with_state_hint};
pub use language::{
    language_of_files, language_of_variable, last_language, notify_address, remember_language, unknown_language,
};
pub use options::{ConnectionOptions, SettingsOptions};

use configuration::CONFIGURATION;
use folders::OVERLAY;
use options::{DEFAULT_CONCURRENCY, DEFAULT_RATE, DEFAULT_TIMEOUT, patience};
use section::Section;
use sections::sections;

use crate::api::{History, Target};
use crate::entity::{AccountMode, Catalog};
use crate::error::{Error, Result};
use crate::format::read_text;
use crate::message;

/// What arguments, environment, `bw8.toml` and `api.toml` mean together: read once by a command, before it begins.
#[derive(Debug)]
pub struct Settings {
    /// What is known of the interface, the user's corrections included.
    pub catalog: Catalog,
    /// Whether contacts belong to companies.
    pub account_mode: AccountMode,
    /// An `api.toml` that lies in the working folder, named by nobody, says another host than the built-in one.
    has_host_of_folder: bool,
    /// The section that `--account` names.
    named: Section,
    /// What holds where no account is named.
    unnamed: Section,
}

impl Settings {
    /// Reads the configuration files and the corrections, and picks the account.
    ///
    /// # Errors
    /// A file that cannot be read, is wrong, holds a secret others can read, or lacks the account.
    pub fn read(options: &SettingsOptions) -> Result<Settings> {
        let (named, unnamed) = sections(options.account.as_deref())?;
        let catalog = catalog(options.api.as_deref())?;
        let is_of_folder = options.api.is_none() && Path::new(OVERLAY).exists();
        let has_host_of_folder = is_of_folder && catalog.service.base_url != Catalog::embedded().service.base_url;
        Ok(Settings {
            catalog,
            has_host_of_folder,
            account_mode: options.account_mode.or(named.mode).or(unnamed.mode).unwrap_or_default(),
            named,
            unnamed,
        })
    }

    /// Whether contacts belong to companies, for a command that takes no corrections; none when nobody says.
    ///
    /// # Errors
    /// As [`Settings::read`], the corrections aside.
    pub fn read_account_mode(account: Option<&str>) -> Result<Option<AccountMode>> {
        let (named, unnamed) = sections(account)?;
        Ok(named.mode.or(unnamed.mode))
    }

    /// The service and the login to talk to it with.
    ///
    /// # Errors
    /// No login is given, or the address cannot be used.
    pub fn target(&self, connection: &ConnectionOptions) -> Result<Target> {
        let mut section = self.named.clone().or(Section::of_environment()).or(self.unnamed.clone());
        if self.named.has_login() {
            // A login goes nowhere but to the host it was written down with.
            section.base_url.clone_from(&self.named.base_url);
            section.is_host_of_folder = self.named.is_host_of_folder;
            section.ca_cert.clone_from(&self.named.ca_cert);
        }
        let credentials = section.credentials()?;
        let file = match section.base_url {
            _ if connection.base_url.is_some() => None,
            Some(_) => {
                let is_another = section.is_host_of_folder && section.base_url != section.host_of_login;
                is_another.then_some(CONFIGURATION)
            }
            None => self.has_host_of_folder.then_some(OVERLAY),
        };
        if let Some(file) = file.filter(|_| section.is_users_own_login) {
            return Err(Error::usage(message!("settings.host_of_folder", file = file))
                .hint(message!("settings.host_without_login_hint")));
        }
        let base_url = &self.catalog.service.base_url;
        let base = connection.base_url.as_ref().or(section.base_url.as_ref()).unwrap_or(base_url);
        let (patience, first_patience) = patience(connection.wait.or(section.wait));
        Ok(Target {
            base: Target::parse_base(base)?,
            credentials,
            ca_cert: connection.ca_cert.clone().or(section.ca_cert.clone()),
            concurrency: connection.concurrency.map(usize::from).or(section.concurrency).unwrap_or(DEFAULT_CONCURRENCY),
            rate: connection.rate.or(section.rate).unwrap_or(DEFAULT_RATE),
            timeout: Duration::from_secs(connection.timeout.or(section.timeout).unwrap_or(DEFAULT_TIMEOUT)),
            patience,
            first_patience,
            log: connection.log(),
            history: History::default(),
        })
    }
}

/// Whether a service can be spoken to at an address that was typed.
///
/// # Errors
/// As [`Target::parse_base`].
pub fn check_address(text: &str) -> Result<()> {
    Target::parse_base(text).map(drop)
}

/// The catalog with the user's corrections: the file that was named, or `api.toml` in the working folder, or the one in
/// the configuration folder.
fn catalog(named: Option<&Path>) -> Result<Catalog> {
    let found = match named {
        Some(file) if !file.exists() => {
            return Err(Error::usage(message!("format.missing", file = file.display())));
        }
        Some(file) => Some(file.to_owned()),
        None => [PathBuf::from(OVERLAY), config_folder()?.join(OVERLAY)].into_iter().find(|file| file.exists()),
    };
    match found {
        None => Ok(Catalog::embedded().clone()),
        Some(file) => {
            let shown = file.display().to_string();
            Catalog::overlaid(&read_text(&file, &shown)?, &shown)
        }
    }
}
