//! Which accounts of the configuration files hold.

use std::path::PathBuf;

use super::configuration::{CONFIGURATION, read_configuration};
use super::folders::config_folder;
use super::section::Section;
use crate::error::{Error, Result};
use crate::message;

/// The section used when no account is named.
const DEFAULT_ACCOUNT: &str = "default";

/// The section that is named and the one that holds otherwise, from `bw8.toml` in the working folder and in the user's
/// configuration folder.
pub(super) fn sections(account: Option<&str>) -> Result<(Section, Section)> {
    let files = [PathBuf::from(CONFIGURATION), config_folder()?.join(CONFIGURATION)];
    let mut unnamed = Section::default();
    let mut named = None;
    for (file, is_users_own) in files.iter().zip([false, true]).filter(|(file, _)| file.exists()) {
        let mut configuration = read_configuration(file)?;
        for section in configuration.account.values_mut() {
            section.is_users_own_login = is_users_own && section.has_login();
            section.host_of_login.clone_from(&section.base_url);
            section.is_host_of_folder = !is_users_own && section.base_url.is_some();
        }
        let other = configuration.account.remove(DEFAULT_ACCOUNT);
        if account == Some(DEFAULT_ACCOUNT) {
            named = named.or_else(|| other.clone());
        }
        let other = other.unwrap_or_default();
        if other.has_login() && !unnamed.has_login() {
            // A login goes nowhere but to the host it was written down with.
            if unnamed.base_url.is_some() && unnamed.base_url != other.base_url {
                return Err(Error::usage(message!("settings.host_without_login", file = file.display()))
                    .hint(message!("settings.host_without_login_hint")));
            }
            unnamed.ca_cert.clone_from(&other.ca_cert);
        }
        unnamed = unnamed.or(other);
        if let Some(account) = account {
            named = named.or_else(|| configuration.account.remove(account));
        }
    }
    match (account, named) {
        (Some(account), None) => Err(Error::usage(message!("settings.no_account", account = account))
            .hint(message!("settings.no_account_hint", account = account))),
        (_, named) => Ok((named.unwrap_or_default(), unnamed)),
    }
}
