//! `bw8 settle`: finds out what became of rows of which nobody knows, and of rows that were created without an id.

use std::path::PathBuf;

use clap::Args;

use super::options::DoubtArguments;
use super::runs;
use crate::account::{Account, indexes};
use crate::error::{Exit, Result};
use crate::import::{DoubtOptions, SettleCommand, settle};
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
    /// A further folder that holds earlier runs, whose rows are not sent again
    #[arg(long, value_name = "DIR")]
    runs_from: Option<PathBuf>,
}

/// Finds out what became of a run's rows in doubt.
///
/// # Errors
/// No such run, or everything of [`settle`].
pub fn run(arguments: &Arguments, typed: &CommandLine, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let folder = runs::find(&indexes()?, &arguments.run)?;
    let command = SettleCommand {
        account: Account::new(&arguments.connection, &settings)?,
        catalog: &settings.catalog,
        folder,
        runs_from: arguments.runs_from.clone(),
        doubt: DoubtOptions { keeps_service: arguments.keep_service, ..arguments.doubt.options() },
        typed: typed.clone(),
    };
    settle(&command, printer)
}
