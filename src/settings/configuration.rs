//! A configuration file as it is read: what is wrong with it is told by its line, and never with a secret.

use std::collections::BTreeMap;
use std::path::Path;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::section::Section;
use crate::error::{Error, Result};
use crate::format::read_text;
use crate::message;
use crate::message::Message;
use crate::pipes;
use crate::toml_words;

/// Name of the configuration files.
pub(super) const CONFIGURATION: &str = "bw8.toml";
/// Keys whose values nobody may see.
const SECRETS: [&str; 3] = ["password", "client_secret", "notify"];

/// A configuration file: accounts by name.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Configuration {
    /// Language of messages and heads.
    #[serde(default, rename = "lang")]
    _lang: Option<String>,
    /// Where the end of a command is told.
    notify: Option<String>,
    #[serde(default)]
    pub account: BTreeMap<String, Section>,
}

impl Configuration {
    /// The name of a text in which a backslash began an escape that nobody meant: no setting has a tabulator or a line break in it.
    fn mistaken_escape(&self) -> Option<&'static str> {
        let of_section = |section: &'_ Section| {
            let secret =
                |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
            let path = section.ca_cert.as_ref().map(|path| path.to_string_lossy().into_owned());
            [
                ("ca_cert", path),
                ("base_url", section.base_url.clone()),
                ("user", section.user.clone()),
                ("password", secret(&section.password)),
                ("client_id", section.client_id.clone()),
                ("client_secret", secret(&section.client_secret)),
            ]
        };
        let texts = self.account.values().flat_map(of_section).chain([("notify", self.notify.clone())]);
        let is_mistaken = |text: &Option<String>| text.as_ref().is_some_and(|text| text.contains(char::is_control));
        texts.into_iter().find(|(_, text)| is_mistaken(text)).map(|(key, _)| key)
    }
}

pub(super) fn read_configuration(file: &Path) -> Result<Configuration> {
    pipes::refuse_pipe(file)?;
    let text = read_text(file, &file.display().to_string())?;
    let bad = |line: usize, why: Message| {
        Error::usage(message!("settings.bad_file", file = file.display(), line = line, why = why))
    };
    let configuration: Configuration = toml::from_str(&text).map_err(|error| {
        let (line, why) = toml_words::explain(&text, &error);
        let key = text.lines().nth(line - 1).unwrap_or_default().trim_start();
        bad(
            line,
            match SECRETS.iter().find(|secret| key.starts_with(**secret) && !toml_words::quotes_nothing(&why)) {
                // Nor does a message that repeats the value.
                Some(secret) => message!("settings.bad_secret", key = secret),
                None => why,
            },
        )
    })?;
    if let Some(key) = configuration.mistaken_escape() {
        let is_it = |line: &str| line.trim_start().starts_with(key) && line.contains('\\');
        let line = text.lines().position(is_it).map_or(1, |line| line + 1);
        return Err(bad(line, message!("toml.backslash")));
    }
    if configuration.account.values().any(|section| section.password.is_some() || section.client_secret.is_some()) {
        refuse_open_file(file, |file| message!("settings.open_secret", file = file))?;
    } else if configuration.notify.is_some() {
        refuse_open_file(file, |file| message!("settings.open_notify", file = file))?;
    }
    Ok(configuration)
}

/// A file with a secret must be readable by its owner alone.
#[cfg(unix)]
fn refuse_open_file(file: &Path, what: impl Fn(std::path::Display<'_>) -> Message) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(file).map(|metadata| metadata.permissions().mode()).unwrap_or(0);
    if mode & 0o077 != 0 {
        return Err(
            Error::usage(what(file.display())).hint(message!("settings.open_secret_hint", file = file.display()))
        );
    }
    Ok(())
}

/// On Windows a file in the user's own folder is the user's alone by inheritance; there is no mode to look at.
#[cfg(not(unix))]
fn refuse_open_file(_file: &Path, _what: impl Fn(std::path::Display<'_>) -> Message) -> Result<()> {
    Ok(())
}
