//! What a command wants done, decided before anything is read.

use std::path::PathBuf;
use std::time::Duration;

use crate::account::Account;
use crate::api::Honours;
use crate::check::consent::Consent;
use crate::entity::{AccountMode, Catalog, Custom, Entity, WriteMode};
use crate::format::Input;
use crate::journal::{Operation, Parent};
use crate::mapping::MappingFile;
use crate::terminal::{CommandLine, Yes};
use crate::value::ValueOptions;

/// What the rows of an input mean.
#[derive(Debug)]
pub struct PreflightOptions<'a> {
    /// Where they come from.
    pub input: Input,
    /// What they are, as the write mode wants it.
    pub entity: Entity,
    /// How records carry custom fields.
    pub custom: &'a Custom,
    /// How columns become fields, where headers do not say it.
    pub mapping_file: Option<MappingFile>,
    /// Whether contacts belong to companies.
    pub account_mode: AccountMode,
    /// Whether rows are new records, change those that are there, or either.
    pub mode: WriteMode,
    /// The fields that records are known by, where the user says it.
    pub key: Vec<String>,
    /// How values are read.
    pub values: ValueOptions,
    /// Warnings that a person consents to.
    pub consent: Consent,
    /// Where it is kept what exports of the account said; nowhere for a command without an account.
    pub baselines: Option<PathBuf>,
    /// The place of what the retried run knew of its file.
    pub baseline: Option<PathBuf>,
}

/// What a person says of the accounts of earlier runs.
#[derive(Debug, Clone, Default)]
pub struct ToldAccounts {
    /// A run whose account is this command's, by its folder or name, though address or login differ.
    pub same: Option<PathBuf>,
    /// A run whose account is another one.
    pub other: Option<PathBuf>,
    /// Records that are known from earlier runs and are not here are those of another account.
    pub others_are_others: bool,
}

/// What the user said about going on.
#[derive(Debug, Clone, Default)]
pub struct ResumeOptions {
    /// The run's folder, when it was named.
    pub folder: Option<PathBuf>,
    /// Begin anew, whatever came before.
    pub fresh: bool,
    /// Go on although something changed.
    pub accept_changed: bool,
    /// How the account is called in the names of folders.
    pub account_name: String,
    /// What a person says of the accounts of earlier runs.
    pub accounts: ToldAccounts,
    /// A further folder that holds runs.
    pub runs_from: Option<PathBuf>,
    /// A file with answers, as an earlier run asked for them.
    pub decisions: Option<PathBuf>,
    /// A person consents to warnings: rows that were held back are looked at anew.
    pub consents: bool,
    /// That consent names records that the account has already.
    pub creates_existing: bool,
    /// Rows of which nobody knows are to be sent once more, also those of a run that is over.
    pub resends: bool,
    /// A person says that rows which came while sent ones went are other rows, and no edits of them.
    pub sends_beside_gone: bool,
}

/// Questions that were answered on the command line.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// What was shown is to be sent.
    pub yes: Option<Yes>,
    /// How many rows are to be sent, when the user said so.
    pub expected: Option<u64>,
    /// The account was named, or is said to be the right one though earlier runs of the folder went elsewhere.
    pub is_account_meant: bool,
    /// Nobody is notified of what is sent.
    pub notifications_off: bool,
    /// What is not in a list that could not be proved whole counts as not there.
    pub accepts_incomplete: bool,
}

/// How long the service may still be working on a request whose answer was lost, unless a user knows better.
pub const SERVER_TIMEOUT: Duration = Duration::from_secs(300);

/// What a user says about rows in doubt.
#[derive(Debug, Clone, Copy)]
pub struct DoubtOptions {
    /// How long the service may still be working on a request whose answer was lost.
    pub server_timeout: Duration,
    /// What the account's service does with a request id that it has seen before.
    pub honours: Honours,
    /// Rows of which it cannot be found out are to be sent once more, though they may double.
    pub resends: bool,
    /// Changes of which it cannot be found out are given up: their records stay as they are now.
    pub keeps_service: bool,
}

impl DoubtOptions {
    /// Whether a request that was sent for a row cannot be processed any more.
    pub(super) fn is_time_over(&self, row: &Operation, now: i64) -> bool {
        now.saturating_sub(row.at) >= i64::try_from(self.server_timeout.as_millis()).unwrap_or(i64::MAX)
    }
}

impl DoubtOptions {
    /// Whether rows are sent once more of which nobody knows: a person says so, or the service does nothing twice.
    pub fn resends_unknown(&self) -> bool {
        self.resends || self.honours != Honours::Nothing
    }
}

impl Default for DoubtOptions {
    fn default() -> Self {
        let (honours, resends, keeps_service) = (Honours::Nothing, false, false);
        DoubtOptions { server_timeout: SERVER_TIMEOUT, honours, resends, keeps_service }
    }
}

/// What becomes of rows that refer to something that the account does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// They are refused.
    Refuse,
    /// They are sent without it.
    Blank,
    /// It is made before them.
    Create,
}

/// What a user decided about references before being asked.
#[derive(Debug, Clone, Default)]
pub struct ReferenceOptions {
    /// A file with answers, as an earlier run asked for them.
    pub decisions: Option<PathBuf>,
    /// What becomes of rows with such references, by the name or label of the field.
    pub missing: Vec<(String, Missing)>,
}

/// What an import is to do.
#[derive(Debug)]
pub struct ImportOptions<'a> {
    /// What is known of the interface.
    pub catalog: &'a Catalog,
    /// Where rows go.
    pub account: Account,
    /// What the rows mean.
    pub preflight: PreflightOptions<'a>,
    /// What the user said about going on.
    pub resume: ResumeOptions,
    /// The run that is retried.
    pub parent: Option<Parent>,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// The first request of a dry run is shown as a command of curl.
    pub as_curl: bool,
    /// Only the first rows, or the first that are written ([`ImportOptions::limits_written`]).
    pub limit: Option<u64>,
    /// A refused row stops the run.
    pub strict: bool,
    /// Most failed rows.
    pub max_failures: Option<u64>,
    /// So many random records are read back and compared at the end.
    pub sample: usize,
    /// The first row, and few others that fill further columns, go alone, are read back and compared.
    pub reads_back: bool,
    /// What the user answered before being asked.
    pub answers: Answers,
    /// Rejections do not stop the run.
    pub keeps_going: bool,
    /// What the user says about rows in doubt.
    pub doubt: DoubtOptions,
    /// What the user decided about references.
    pub references: ReferenceOptions,
    /// The other system, as bindings call it, to whose ids the records are bound afterwards.
    pub binds: Option<String>,
    /// The command as it was typed.
    pub typed: CommandLine,
}

impl ImportOptions<'_> {
    /// What the rows are.
    pub fn entity(&self) -> &Entity {
        &self.preflight.entity
    }

    /// Whether rows change records that are there and make none.
    pub fn changes_records(&self) -> bool {
        self.entity().edits.is_some() || self.preflight.mode == WriteMode::Update
    }

    /// Whether a row that is sent makes something new.
    pub fn makes_records(&self) -> bool {
        self.preflight.mode.makes_records(self.entity())
    }

    /// Whether a limit counts the rows that change something, and not all: of a file that changes records most rows may be as their
    /// records are.
    pub fn limits_written(&self) -> bool {
        self.changes_records() || self.preflight.mode == WriteMode::Upsert
    }

    /// Whether the rows go to the sandbox.
    pub fn is_sandbox(&self) -> bool {
        matches!(self.account, Account::Sandbox { .. })
    }
}
