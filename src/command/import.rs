//! `bw8 import`: reads, checks, sends, reports.

use clap::Args;

use super::options::{InputOptions, SendingOptions, account_name};
use crate::account::Account;
use crate::check::consent::{EXISTS, ROWS_GONE};
use crate::error::{Exit, Result};
use crate::import::{self, ImportOptions, PreflightOptions, ResumeOptions};
use crate::settings::{ConnectionOptions, Settings, SettingsOptions};
use crate::terminal::{CommandLine, Global, Printer};

/// `bw8 import`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    connection: ConnectionOptions,
    #[command(flatten)]
    settings: SettingsOptions,
    #[command(flatten)]
    sending: SendingOptions,
    /// Only the first N rows now, of a file of changes the first N that change something; the same command without it continues
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Send nothing unless it is this many rows that are to be sent
    #[arg(long, value_name = "N")]
    expect: Option<u64>,
    /// Send nothing when any row has a mistake; check ends with code 2 instead of 3
    #[arg(long)]
    strict: bool,
    /// Begin a new run and ignore earlier runs
    #[arg(long, conflicts_with = "accept_changed")]
    fresh: bool,
    /// Go on although input, mapping or catalog changed; done rows stay done
    #[arg(long)]
    accept_changed: bool,
}

impl Arguments {
    /// What the rows are, as typed.
    pub fn entity(&self) -> &str {
        &self.input.entity
    }
}

/// Imports a file.
///
/// # Errors
/// Everything that keeps the run from beginning, or ended it for good.
pub fn run(arguments: &Arguments, global: &Global, typed: &CommandLine, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let account = Account::new(&arguments.connection, &settings)?;
    let preflight = arguments.input.preflight(&settings, arguments.sending.run.as_deref())?;
    let options = ImportOptions {
        catalog: &settings.catalog,
        preflight: PreflightOptions { baselines: Some(account.baseline_folder()?), ..preflight },
        resume: ResumeOptions {
            folder: arguments.sending.run.clone(),
            fresh: arguments.fresh,
            accept_changed: arguments.accept_changed,
            account_name: account_name(&account, &arguments.settings),
            accounts: arguments.sending.accounts.told(),
            runs_from: arguments.sending.further.runs_from.clone(),
            decisions: arguments.sending.references.decisions.clone(),
            consents: arguments.input.consent.accept_warnings.is_some(),
            creates_existing: arguments.input.consent.consent().names(EXISTS),
            resends: arguments.sending.doubt.options().resends_unknown(),
            sends_beside_gone: arguments.input.consent.consent().names(ROWS_GONE),
        },
        account,
        parent: None,
        dry_run: arguments.sending.dry_run,
        as_curl: arguments.sending.as_curl,
        limit: arguments.limit,
        strict: arguments.strict,
        max_failures: arguments.sending.max_failures,
        reads_back: !arguments.sending.no_canary,
        sample: arguments.sending.sample.into(),
        answers: arguments.sending.answers(arguments.expect, &arguments.settings, global),
        keeps_going: arguments.sending.keep_going,
        doubt: arguments.sending.doubt.options(),
        references: arguments.sending.references.options(),
        binds: arguments.sending.bind.clone(),
        typed: typed.clone(),
    };
    import::run(&options, printer)
}
