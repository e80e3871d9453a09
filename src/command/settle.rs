//! `bw8 settle`: finds out what became of rows of which nobody knows, and of rows that were created without an id.

use std::path::PathBuf;

use clap::Args;

use super::options::{AccountArguments, DoubtArguments, FurtherRuns};
use super::runs;
use crate::account::{Account, indexes};
use crate::error::{Exit, Result};
use crate::import::{Accounts, DoubtOptions, SettleCommand, places_here, run_places, settle};
use crate::journal::JournalReader;
use crate::settings::{ConnectionOptions, Settings, SettingsOptions};
use crate::terminal::{CommandLine, Printer};

/// `bw8 settle`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The run: its folder, its name, or the beginning of its id
    run: PathBuf,
    #[command(flatten)]
    connection: ConnectionOptions,
    #[command(flatten)]
    settings: SettingsOptions,
    #[command(flatten)]
    doubt: DoubtArguments,
    /// Leave records as they are now that were to be changed, where it cannot be found out whether the change arrived
    #[arg(long, conflicts_with = "resend_unknown")]
    keep_service: bool,
    #[command(flatten)]
    accounts: AccountArguments,
    #[command(flatten)]
    further: FurtherRuns,
}

/// Finds out what became of a run's rows in doubt.
///
/// # Errors
/// No such run, or everything of [`settle`].
pub fn run(arguments: &Arguments, typed: &CommandLine, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let further = arguments.further.runs_from.as_deref();
    let folder = runs::find(&indexes(&places_here(further)?)?, &arguments.run)?;
    let account = Account::new(&arguments.connection, &settings)?;
    let told = arguments.accounts.told();
    let accounts = Accounts { account: &account, catalog: &settings.catalog, told: &told, patience: None };
    let mut index = account.index()?;
    index.look_in(run_places(&account, &folder, further)?);
    index.look_through()?;
    accounts.keep_told(&index)?;
    accounts.refuse_other(&index, &JournalReader::open_read_only(&folder)?)?;
    drop(index);
    let command = SettleCommand {
        account,
        catalog: &settings.catalog,
        folder,
        runs_from: arguments.further.runs_from.clone(),
        doubt: DoubtOptions { keeps_service: arguments.keep_service, ..arguments.doubt.options() },
        typed: typed.clone(),
    };
    settle(&command, printer)
}
