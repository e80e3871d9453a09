//! Options that several commands take, and what they mean.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use crate::account::Account;
use crate::check::consent::{Consent, HELD};
use crate::entity::{Entity, WriteMode};
use crate::error::{Error, Result};
use crate::format::{Headings, Input};
use crate::import::{
    Answers, DoubtOptions, Honours, Missing, PreflightOptions, ReferenceOptions, SERVER_TIMEOUT, ToldAccounts, stdin,
};
use crate::mapping::{KnownHeadings, MappingFile, source_name};
use crate::message;
use crate::pipes::{is_read_once, refuse_pipe};
use crate::settings::{Settings, SettingsOptions};
use crate::t;
use crate::terminal::Global;
use crate::text::clean;
use crate::value::{Country, DateOrder, ValueOptions};

/// Which rows of which file, and how they are read.
#[derive(Debug, Clone, Args)]
pub(super) struct InputOptions {
    /// What the rows are: customers, companies, tickets, tags, bindings, customer-groups
    pub entity: String,
    /// The file, or - for standard input
    pub file: PathBuf,
    #[command(flatten)]
    pub reading: ReadingOptions,
    /// Mapping file (.toml or .xlsx; bw8 map proposes one), or the name of one that comes with bw8
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// The system the file comes from, as zendesk: its ids (column "old id") are remembered beside those of Bangwo8
    #[arg(long, value_name = "NAME", value_parser = parse_source)]
    pub source: Option<String>,
    /// Whether rows make new records, change those that are there, or either: create, skip-existing, update, upsert
    #[arg(long, value_enum, default_value_t)]
    pub mode: WriteMode,
    /// What records are known by, in place of their ids and natural keys; several fields together, separated by commas
    #[arg(long, value_name = "FIELD")]
    pub key: Option<String>,
    /// Import these columns only, separated by commas: headers or fields
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub columns: Vec<String>,
    /// What an update does with a field where the account has another value: always, if-blank, never, merge (may be repeated)
    #[arg(long, value_name = "FIELD=WHAT", value_delimiter = ',')]
    pub overwrite: Vec<String>,
    #[command(flatten)]
    pub values: ValueArguments,
    #[command(flatten)]
    pub consent: ConsentOptions,
}

/// How a file is read, where it does not say it itself.
#[derive(Debug, Clone, Args)]
pub(super) struct ReadingOptions {
    /// Sheet to read, where the first one is not meant
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Encoding of a text file, where it is not found: utf-8, gb18030 (gbk, gb2312), big5, utf-16
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Row of the header, from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    pub header_row: Option<u64>,
    /// Give cells of a workbook that are merged downwards the value of the first of them; without it they are refused
    #[arg(long)]
    pub fill_merged: bool,
}

impl ReadingOptions {
    /// A file that is read so. `shown` is how messages call it.
    pub(super) fn input(&self, path: PathBuf, shown: String, headings: Arc<dyn Headings>) -> Input {
        Input {
            path,
            shown,
            sheet: self.sheet.clone(),
            header_row: self.header_row,
            encoding: self.encoding.clone(),
            fill_merged: self.fill_merged,
            headings: Some(headings),
        }
    }

    /// A file that is looked over; standard input and a pipe are kept until the end of the command.
    ///
    /// # Errors
    /// Standard input that holds nothing or cannot be kept.
    pub(super) fn looked_over(
        &self,
        file: &Path,
        headings: Arc<dyn Headings>,
    ) -> Result<(Input, Option<stdin::KeptForNow>)> {
        let shown = match file.as_os_str() == "-" {
            true => t!("import.standard_input").into_owned(),
            false => file.display().to_string(),
        };
        if !is_read_once(file) {
            return Ok((self.input(file.to_owned(), shown, headings), None));
        }
        let kept = stdin::keep_for_now(file)?;
        Ok((self.input(kept.path().to_owned(), shown, headings), Some(kept)))
    }
}

/// How values are read.
#[derive(Debug, Clone, Args)]
pub(super) struct ValueArguments {
    /// Restore nothing: numbers a spreadsheet changed, invisible characters and the like are refused or stay
    #[arg(long)]
    pub keep_raw: bool,
    /// Which comes first in dates such as 03/04/2026
    #[arg(long, value_enum, value_name = "ORDER")]
    pub date_order: Option<DateOrder>,
    /// Country of telephone numbers without a country code [default: CN]
    #[arg(long, value_name = "CODE", ignore_case = true,
        value_parser = PossibleValuesParser::new(Country::codes()).try_map(|code| Country::of_code(&code).ok_or("")))]
    pub country: Option<Country>,
}

impl ValueArguments {
    /// How values are read: as is typed, else as the mapping file says.
    pub(super) fn options(&self, file: Option<&MappingFile>) -> ValueOptions {
        let of_file = file.map(MappingFile::values).unwrap_or_default();
        ValueOptions {
            keep_raw: self.keep_raw || of_file.keep_raw,
            date_order: self.date_order.or(of_file.date_order),
            country: self.country.unwrap_or(of_file.country),
        }
    }
}

/// What a person agrees to before anything is shown.
#[derive(Debug, Clone, Args)]
pub(super) struct ConsentOptions {
    /// Send rows that would be held back for a warning: all, or those with these codes (separated by commas)
    #[arg(long, value_name = "CODES", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub accept_warnings: Option<String>,
}

impl ConsentOptions {
    /// The same, where each code is one that there is.
    ///
    /// # Errors
    /// A code that no finding has.
    pub(super) fn known(&self) -> Result<Consent> {
        let consent = self.consent();
        match consent.unknown() {
            None => Ok(consent),
            Some(code) => Err(Error::usage(message!("agreement.no_such_code", code = clean(code)))
                .hint(message!("agreement.no_such_code_hint", codes = HELD.join(", ")))),
        }
    }

    /// The warnings that are consented to.
    pub(super) fn consent(&self) -> Consent {
        self.accept_warnings.as_deref().map(Consent::of_option).unwrap_or_default()
    }
}

/// Options of every command that sends rows.
#[derive(Debug, Clone, Args)]
pub(super) struct SendingOptions {
    /// The run's folder [default: bw8-runs/<date>-<account>-<entity>-<input name>]
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// Read everything, send nothing; say what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// With --dry-run: show the first request as a curl command, the login masked
    #[arg(long, requires = "dry_run")]
    pub as_curl: bool,
    /// Stop once N rows in all have failed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_failures: Option<u64>,
    /// Do not stop when the first row or 20 in a row are rejected
    #[arg(long)]
    pub keep_going: bool,
    #[command(flatten)]
    pub accounts: AccountArguments,
    #[command(flatten)]
    pub further: FurtherRuns,
    /// At the end read back N random records that were written and tell what the service changed in them
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, hide_short_help = true,
        value_parser = clap::value_parser!(u16).range(..=1000))]
    pub sample: u16,
    /// Do not send first rows alone to compare what was stored
    #[arg(long)]
    pub no_canary: bool,
    /// Take what is not in the account's list for not there, although the list could not be proved whole
    #[arg(long)]
    pub accept_incomplete: bool,
    /// Notifications, satisfaction surveys and automatic assignment are switched off in this account
    #[arg(long)]
    pub notifications_off: bool,
    #[command(flatten)]
    pub references: ReferenceArguments,
    /// Bind each contact to its old id once it is there, as an identity of this system: open, wechat, workWechat, dingding
    #[arg(long, value_name = "SYSTEM")]
    pub bind: Option<String>,
    #[command(flatten)]
    pub doubt: DoubtArguments,
}

/// What is said of the accounts of earlier runs.
#[derive(Debug, Clone, Args)]
pub(super) struct AccountArguments {
    /// This run went to the same account, though by another address or login: what it sent is known
    #[arg(long, value_name = "RUN", conflicts_with = "other_account")]
    pub same_account: Option<PathBuf>,
    /// This account is meant, though the folder's last run went to another one; =RUN: rows that this run sent went to another account
    #[arg(long, value_name = "RUN", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub other_account: Option<String>,
}

impl AccountArguments {
    /// What is said.
    pub(super) fn told(&self) -> ToldAccounts {
        let named = self.other_account.as_ref().filter(|named| !named.is_empty()).map(PathBuf::from);
        let others_are_others = self.other_account.is_some() && named.is_none();
        ToldAccounts { same: self.same_account.clone(), other: named, others_are_others }
    }

    /// Whether it is said that this account is meant.
    fn is_meant(&self) -> bool {
        self.same_account.is_some() || self.other_account.is_some()
    }
}

/// Where further runs lie.
#[derive(Debug, Clone, Args)]
pub(super) struct FurtherRuns {
    /// A further folder that holds earlier runs, whose rows are not sent again; also one run's folder, or its journal.db
    #[arg(long, value_name = "DIR")]
    pub runs_from: Option<PathBuf>,
}

/// What is decided about references before it is asked.
#[derive(Debug, Clone, Args)]
pub(super) struct ReferenceArguments {
    /// Answers to what decisions.xlsx of an earlier run asked
    #[arg(long, value_name = "FILE")]
    pub decisions: Option<PathBuf>,
    /// What becomes of rows whose FIELD names something the account does not have: FIELD=refuse, FIELD=blank or FIELD=create
    #[arg(long, value_name = "FIELD=WHAT", value_parser = missing)]
    pub missing: Vec<(String, Missing)>,
}

impl ReferenceArguments {
    /// What is decided.
    pub(super) fn options(&self) -> ReferenceOptions {
        ReferenceOptions { decisions: self.decisions.clone(), missing: self.missing.clone() }
    }
}

/// A field, and what becomes of rows in which it names something that is not there.
fn missing(text: &str) -> std::result::Result<(String, Missing), String> {
    let (field, what) = text.rsplit_once('=').ok_or_else(|| t!("lookup.bad_missing").into_owned())?;
    let what = match what.trim() {
        "refuse" => Missing::Refuse,
        "blank" => Missing::Blank,
        "create" => Missing::Create,
        _ => return Err(t!("lookup.bad_missing").into_owned()),
    };
    Ok((field.trim().to_owned(), what))
}

impl SendingOptions {
    /// What is answered before it is asked.
    pub(super) fn answers(&self, expected: Option<u64>, settings: &SettingsOptions, global: &Global) -> Answers {
        Answers {
            yes: global.yes,
            expected,
            is_account_meant: self.accounts.is_meant() || settings.account.is_some(),
            notifications_off: self.notifications_off,
            accepts_incomplete: self.accept_incomplete,
        }
    }
}

/// What a user says about rows in doubt.
#[derive(Debug, Clone, Args)]
pub(super) struct DoubtArguments {
    /// Seconds the service may still be working on a request whose answer was lost
    #[arg(long, value_name = "SECONDS", default_value_t = SERVER_TIMEOUT.as_secs())]
    pub server_timeout: u64,
    /// Send rows once more of which it cannot be found out whether they arrived, though they may then be there twice
    #[arg(long)]
    pub resend_unknown: bool,
    /// What this account does with a request id that it has seen before: answers as the first time, or refuses
    #[arg(long, value_enum, value_name = "WHAT")]
    pub server_dedupe: Option<ServerDedupe>,
}

/// What a service that knows request ids again does with a repeated one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ServerDedupe {
    /// It answers as it did the first time.
    Replay,
    /// It refuses.
    Refuse,
}

impl DoubtArguments {
    /// What is said about rows in doubt.
    pub(super) fn options(&self) -> DoubtOptions {
        DoubtOptions {
            server_timeout: Duration::from_secs(self.server_timeout),
            honours: match self.server_dedupe {
                None => Honours::Nothing,
                Some(ServerDedupe::Replay) => Honours::Replays,
                Some(ServerDedupe::Refuse) => Honours::Refuses,
            },
            resends: self.resend_unknown,
            keeps_service: false,
        }
    }
}

/// How an account is called in the names of folders: as the user calls it, where the user does.
pub(super) fn account_name(account: &Account, settings: &SettingsOptions) -> String {
    match (account, &settings.account) {
        (Account::Service(_), Some(name)) => name.clone(),
        _ => account.host(),
    }
}

impl InputOptions {
    /// What the rows mean. Standard input is kept in the run's folder, so that the run can go on.
    ///
    /// # Errors
    /// An entity that cannot be imported, a mapping file that cannot be used, standard input that cannot be kept.
    pub(super) fn preflight<'a>(&self, settings: &'a Settings, run: Option<&Path>) -> Result<PreflightOptions<'a>> {
        let path = match is_read_once(&self.file) {
            true => stdin::keep(&self.file, run)?,
            false => self.file.clone(),
        };
        self.preflight_of(settings, path)
    }

    /// The same for a command that sends nothing: what can be read once only goes with what is returned beside.
    ///
    /// # Errors
    /// As [`InputOptions::preflight`].
    pub(super) fn preflight_for_now<'a>(
        &self,
        settings: &'a Settings,
    ) -> Result<(PreflightOptions<'a>, Option<stdin::KeptForNow>)> {
        let (path, kept) = match is_read_once(&self.file) {
            true => stdin::keep_for_now(&self.file).map(|kept| (kept.path().to_owned(), Some(kept)))?,
            false => (self.file.clone(), None),
        };
        Ok((self.preflight_of(settings, path)?, kept))
    }

    fn preflight_of<'a>(&self, settings: &'a Settings, path: PathBuf) -> Result<PreflightOptions<'a>> {
        let entity = importable(settings, &self.entity)?;
        let key = self.key.as_deref().map(|key| key_fields(entity, self.mode, key)).transpose()?.unwrap_or_default();
        let entity = self.mode.entity(entity, &key);
        self.mapping.as_deref().map_or(Ok(()), refuse_pipe)?;
        let mapping_file = self.mapping.as_deref().map(MappingFile::read).transpose()?;
        let mapping_file = match &self.source {
            None => mapping_file,
            Some(source) => Some(MappingFile::with_source(mapping_file, source)),
        };
        let mapping_file = MappingFile::with_typed(mapping_file, &self.columns, &self.overwrite)?;
        if let Some(file) = mapping_file.as_ref().filter(|_| entity.edits.is_some()) {
            file.refuse_overwrites()?;
        }
        let shown = match self.file.as_os_str() == "-" {
            true => t!("import.standard_input").into_owned(),
            false => self.file.display().to_string(),
        };
        let headings = KnownHeadings::new(&entity, mapping_file.as_ref());
        let values = self.values.options(mapping_file.as_ref());
        Ok(PreflightOptions {
            input: self.reading.input(path, shown, Arc::new(headings)),
            entity,
            custom: &settings.catalog.service.custom,
            mapping_file,
            account_mode: settings.account_mode,
            mode: self.mode,
            key,
            values,
            consent: self.consent.known()?,
            baselines: None,
            baseline: None,
        })
    }
}

/// What another system goes by, as it is kept.
pub(super) fn parse_source(name: &str) -> std::result::Result<String, String> {
    source_name(name).ok_or_else(|| t!("import.bad_source").into_owned())
}

/// The fields that records are known by, as `--key` names them: by name, label or any other heading.
fn key_fields(entity: &Entity, mode: WriteMode, key: &str) -> Result<Vec<String>> {
    let words = key.split([',', '，', '、']).map(str::trim).filter(|word| !word.is_empty());
    let mut fields = Vec::new();
    for word in words {
        let Some(field) = entity.field_called(word).filter(|field| !field.custom && !field.secret) else {
            return Err(Error::usage(message!("mapping.no_key_field", name = word, entity = entity.labels()))
                .hint(message!("mapping.no_field_hint", name = entity.name)));
        };
        if !fields.contains(&field.name) {
            fields.push(field.name.clone());
        }
    }
    match mode {
        WriteMode::Create => {
            Err(Error::usage(message!("mapping.key_without_mode")).hint(message!("mapping.key_without_mode_hint")))
        }
        _ if fields.is_empty() => Err(Error::usage(message!("mapping.empty_key"))),
        _ => Ok(fields),
    }
}

/// The entity a user means, when rows of it can be imported.
pub(super) fn importable<'a>(settings: &'a Settings, word: &str) -> Result<&'a Entity> {
    let entity = settings.catalog.find(word)?;
    match entity.is_importable() {
        true => Ok(entity),
        false => Err(Error::usage(message!("import.cannot_write", entity = entity.named()))
            .hint(message!("import.cannot_write_hint"))),
    }
}
