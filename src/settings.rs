//! What the command line means, together with the environment and the configuration file: which account, how fast, where
//! files of the program itself live. A flag beats the environment, which beats `bw8.toml` in the working folder, which
//! beats the one in the user's configuration folder. `--account NAME` is a flag: what the section it names says counts as
//! typed, so that a forgotten variable cannot send rows to another account.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use etcetera::BaseStrategy;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer};

use crate::api::{Credentials, History, LogTo, Target};
use crate::entity::{AccountMode, Catalog};
use crate::error::{Error, Result};
use crate::files;
use crate::format::read_text;
use crate::language::Language;
use crate::machine;
use crate::message;
use crate::message::Message;
use crate::pipes;
use crate::t;
use crate::toml_words;

/// Requests in flight when nothing is said; nothing is documented, so it is polite.
const DEFAULT_CONCURRENCY: usize = 4;
/// Requests a second when nothing is said.
const DEFAULT_RATE: f64 = 5.0;
/// How long one attempt may take, in seconds.
const DEFAULT_TIMEOUT: u64 = 30;

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
    fn log(&self) -> Option<LogTo> {
        Some(LogTo { file: self.log.clone()?, has_bodies: self.log_bodies })
    }
}

/// A span of time as people type it: `90`, `90s`, `10m`, `2h`.
fn parse_duration(text: &str) -> std::result::Result<Duration, String> {
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
fn patience(wait: Option<Duration>) -> (Duration, Duration) {
    match wait {
        Some(wait) => (wait, wait),
        None => (DEFAULT_WAIT, DEFAULT_FIRST_WAIT),
    }
}

/// No limit, or one that a person can wait for.
fn is_rate(rate: f64) -> bool {
    rate == 0.0 || (0.001..=100_000.0).contains(&rate)
}

fn parse_rate(text: &str) -> std::result::Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if is_rate(rate) => Ok(rate),
        _ => Err(t!("settings.bad_rate").into_owned()),
    }
}

/// The variable that names the language.
const LANGUAGE_VARIABLE: &str = "BW8_LANG";
/// Name of the configuration files.
const CONFIGURATION: &str = "bw8.toml";
/// Name of the file in the state folder that keeps the language.
const LAST_LANGUAGE: &str = "language";

/// Keys whose values nobody may see.
const SECRETS: [&str; 3] = ["password", "client_secret", "notify"];

/// The section used when no account is named.
const DEFAULT_ACCOUNT: &str = "default";

/// A configuration file: accounts by name.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Configuration {
    /// Language of messages and heads.
    #[serde(default, rename = "lang")]
    _lang: Option<String>,
    /// Where the end of a command is told.
    notify: Option<String>,
    #[serde(default)]
    account: BTreeMap<String, Section>,
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

/// What a configuration file says of the language, read before anything else: what is wrong with the file is told later.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LanguageOfFile {
    lang: Option<String>,
    notify: Option<String>,
}

/// The configuration files, the first one first.
fn configuration_files() -> Vec<PathBuf> {
    let users_own = config_folder().map(|folder| folder.join(CONFIGURATION)).ok();
    std::iter::once(PathBuf::from(CONFIGURATION)).chain(users_own).filter(|file| file.exists()).collect()
}

/// What the first file that says it has for one of the entries that concern the whole program.
fn of_files(entry: impl Fn(LanguageOfFile) -> Option<String>) -> Option<String> {
    configuration_files().iter().find_map(|file| {
        let text = read_text(file, &file.display().to_string()).ok()?;
        entry(toml::from_str(&text).unwrap_or_else(|_| LanguageOfFile::of_lines(&text)))
    })
}

impl LanguageOfFile {
    /// What single lines say of a file that is wrong as a whole: that it is wrong is to be told, and in the right language.
    fn of_lines(text: &str) -> LanguageOfFile {
        let lines = text.lines().take_while(|line| !line.trim_start().starts_with('['));
        lines.filter_map(|line| toml::from_str::<LanguageOfFile>(line).ok()).fold(
            LanguageOfFile::default(),
            |all, line| LanguageOfFile { lang: all.lang.or(line.lang), notify: all.notify.or(line.notify) },
        )
    }
}

/// The language that `BW8_LANG` names.
pub fn language_of_variable() -> Option<Language> {
    word_of_variable().and_then(|word| Language::of_word(&word))
}

fn word_of_variable() -> Option<String> {
    std::env::var_os(LANGUAGE_VARIABLE)
        .map(|word| word.to_string_lossy().trim().to_owned())
        .filter(|word| !word.is_empty())
}

/// The language that a configuration file names.
pub fn language_of_files() -> Option<Language> {
    of_files(|file| file.lang).and_then(|word| Language::of_word(&word))
}

/// What is said of a language that was asked for and is not spoken.
pub fn unknown_language() -> Option<Message> {
    let is_unknown = |word: &String| Language::of_word(word).is_none();
    let of_variable = word_of_variable().map(|word| (LANGUAGE_VARIABLE, word));
    let (place, word) = of_variable.or_else(|| of_files(|file| file.lang).map(|word| (CONFIGURATION, word)))?;
    Some(word).filter(is_unknown).map(|word| message!("settings.unknown_language", place = place, word = word))
}

/// Where the end of a command is told, if anywhere.
pub fn notify_address() -> Option<String> {
    let variable = std::env::var("BW8_NOTIFY_URL").ok().filter(|url| !url.trim().is_empty());
    variable.or_else(|| of_files(|file| file.notify)).map(|url| url.trim().to_owned())
}

/// The language of the last use at a terminal, so that a scheduler's workbook has the same heads as its user's.
pub fn last_language() -> Option<Language> {
    std::fs::read_to_string(state_folder().ok()?.join(LAST_LANGUAGE)).ok().and_then(|word| Language::of_word(&word))
}

/// Remembers the language of a use at a terminal, where that is not known yet. What cannot be kept is not missed.
pub fn remember_language() {
    let language = Language::current();
    if !std::io::IsTerminal::is_terminal(&std::io::stderr()) || last_language() == Some(language) {
        return;
    }
    if let Ok(folder) = state_folder()
        && files::create_private_folder(&folder).is_ok()
    {
        let _ = std::fs::write(folder.join(LAST_LANGUAGE), language.pick("zh", "en"));
    }
}

/// Name of the file with corrections to what is known of the interface.
const OVERLAY: &str = "api.toml";

/// One account of a configuration file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Section {
    /// The login stands in the environment or in the user's configuration folder: it is not that of the working folder.
    #[serde(skip)]
    is_users_own_login: bool,
    /// The host that such a login was written down with.
    #[serde(skip)]
    host_of_login: Option<String>,
    /// The host is named by the `bw8.toml` of the working folder.
    #[serde(skip)]
    is_host_of_folder: bool,
    base_url: Option<String>,
    user: Option<String>,
    password: Option<SecretString>,
    client_id: Option<String>,
    client_secret: Option<SecretString>,
    ca_cert: Option<PathBuf>,
    #[serde(default, deserialize_with = "concurrency")]
    concurrency: Option<usize>,
    #[serde(default, deserialize_with = "rate")]
    rate: Option<f64>,
    #[serde(default, deserialize_with = "timeout")]
    timeout: Option<u64>,
    #[serde(default, deserialize_with = "wait")]
    wait: Option<Duration>,
    mode: Option<AccountMode>,
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
                is_another.then_some("bw8.toml")
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

impl ConnectionOptions {
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

impl Section {
    /// The environment as a section.
    fn of_environment() -> Self {
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
    fn or(self, other: Section) -> Section {
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

    fn has_login(&self) -> bool {
        self.user.is_some() || self.client_id.is_some()
    }

    fn credentials(&self) -> Result<Credentials> {
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

/// The section that is named and the one that holds otherwise, from `bw8.toml` in the working folder and in the user's
/// configuration folder.
fn sections(account: Option<&str>) -> Result<(Section, Section)> {
    let files = [PathBuf::from("bw8.toml"), config_folder()?.join("bw8.toml")];
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

/// The user's configuration folder for this program.
///
/// # Errors
/// A machine that does not tell where the user's home is.
pub fn config_folder() -> Result<PathBuf> {
    folder("BW8_CONFIG_DIR", Folder::Configuration)
}

/// Where this program keeps what it must remember between runs: the index of runs, the mirrors.
///
/// # Errors
/// As [`config_folder`].
pub fn state_folder() -> Result<PathBuf> {
    folder("BW8_STATE_DIR", Folder::State)
}

/// An error with what helps where it is about the folder in which this program remembers things: any other one does as well.
#[must_use]
pub fn with_state_hint(error: Error) -> Error {
    let is_of_writing = matches!(
        error.code(),
        "journal.cannot_write" | "journal.no_index" | "journal.cannot_lock" | "system.cannot_use"
    );
    match state_folder() {
        Ok(folder) if is_of_writing && error.message().contains(&*folder.to_string_lossy()) => {
            error.hint(message!("settings.state_hint", folder = folder.display()))
        }
        _ => error,
    }
}

/// Moves what this program remembers to where it belongs, and tells that it did. On Windows it lay in the folder that goes with
/// its user from machine to machine, where the index of one machine would take the place of the other's.
///
/// # Errors
/// Another program holds it, or there are two memories.
pub fn move_older_state() -> Result<Option<Message>> {
    if !cfg!(windows) || std::env::var_os("BW8_STATE_DIR").is_some_and(|folder| !folder.is_empty()) {
        return Ok(None);
    }
    let strategy = strategy("BW8_STATE_DIR")?;
    machine::move_state(&strategy.data_dir().join("bw8"), &state_folder()?, &[CONFIGURATION, OVERLAY])
}

enum Folder {
    Configuration,
    State,
}

fn folder(variable: &str, which: Folder) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os(variable).filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder));
    }
    let strategy = strategy(variable)?;
    let folder = match which {
        Folder::Configuration => strategy.config_dir(),
        // On Windows the one that stays on this machine.
        Folder::State if cfg!(windows) => strategy.cache_dir(),
        Folder::State => strategy.state_dir().unwrap_or_else(|| strategy.data_dir()),
    };
    Ok(folder.join("bw8"))
}

/// Where the system keeps what belongs to its user; `variable` names a folder instead.
fn strategy(variable: &str) -> Result<impl BaseStrategy> {
    etcetera::base_strategy::choose_base_strategy().map_err(|error| {
        Error::cannot_run(message!("settings.no_home", why = error))
            .hint(message!("settings.no_home_hint", variable = variable))
    })
}

fn read_configuration(file: &Path) -> Result<Configuration> {
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
