//! `bw8 runs`: which runs there were and what became of them.

mod exports;
mod forgotten;
mod found;
mod known;
mod list;
mod meant;
mod shown;
mod state;

use std::path::PathBuf;

use clap::{Args, Subcommand};

use exports::{export_of, show_export};
use forgotten::forget;
use found::find_value;
use list::list;
use meant::{MeantRun, find_meant, lost_error};
pub(super) use meant::{find, why_gone};
use shown::{show, show_gone};

use super::options::FurtherRuns;
use crate::account::indexes;
use crate::error::{Exit, Result};
use crate::import::{lost_runs, places_here};
use crate::journal::RunIndex;
use crate::message;
use crate::settings::{Settings, SettingsOptions};
use crate::terminal::{Global, Printer, quoted_path};

/// `bw8 runs`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    further: FurtherRuns,
    #[command(flatten)]
    settings: SettingsOptions,
}

/// What to do with runs.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show one run, or the last export into a file
    Show {
        /// Its folder, its name, or the beginning of its id; of an export its file
        run: PathBuf,
    },
    /// Tell which rows of all runs held a value, and what became of each
    Find {
        /// A telephone number, a name, an id of this or another system, or a request id; the whole of it
        value: String,
    },
    /// Remove what a run keeps of persons: cells, reports, messages; what was sent stays known
    Forget {
        /// Its folder, its name, or the beginning of its id
        run: PathBuf,
    },
}

/// Lists runs and exports, shows one, or forgets one.
///
/// # Errors
/// No such run, or a journal that cannot be read.
pub fn run(arguments: &Arguments, global: &Global, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let mut indexes = indexes(&places_here(arguments.further.runs_from.as_deref())?)?;
    for word in indexes.iter_mut().flat_map(RunIndex::take_words) {
        printer.warn(&word.to_string());
    }
    indexes.iter_mut().try_for_each(RunIndex::take_over_lost)?;
    tell_unreadable(&indexes, printer)?;
    match &arguments.action {
        None => list(&indexes, &settings.catalog, printer),
        Some(Action::Show { run }) => match export_of(&indexes, run)? {
            Some(export) => show_export(&export, &settings.catalog, printer),
            None => match find_meant(&indexes, run)? {
                MeantRun::There(folder) => show(&folder, &indexes, &settings.catalog, printer),
                MeantRun::Gone(run) => show_gone(&run, &settings.catalog, printer),
                MeantRun::Lost(folder) => Err(lost_error(&folder)),
            },
        },
        Some(Action::Find { value }) => find_value(&indexes, &settings.catalog, value, printer),
        Some(Action::Forget { run }) => forget(&find_meant(&indexes, run)?, &indexes, global.yes.is_some(), printer),
    }
}

/// Says which runs lie here and cannot be read, where they are not listed.
fn tell_unreadable(indexes: &[RunIndex], printer: &Printer) -> Result<()> {
    for index in indexes {
        let listed = index.listed()?;
        for (folder, why) in
            index.unreadable().iter().filter(|(folder, _)| listed.iter().all(|run| run.folder != *folder))
        {
            printer.warn(&message!("memory.unreadable", folder = quoted_path(folder), why = why.clone()).to_string());
        }
        for folder in lost_runs(index)? {
            printer.warn(&message!("memory.lost_journal", folder = quoted_path(&folder)).to_string());
        }
    }
    Ok(())
}
