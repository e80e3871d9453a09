//! `bw8 settle` from a run's folder to its new reports.

use std::path::PathBuf;

use super::super::notes::COMMAND_NOTE;
use super::super::options::DoubtOptions;
use super::super::places::{run_places, tell_index};
use super::super::report::{self, RunContent, SettleLine, exit_of};
use super::{Found, KeptRun, Whereabouts, settle};
use crate::account::Account;
use crate::api::Honours;
use crate::entity::Catalog;
use crate::error::{Error, Exit, Result};
use crate::journal::{Journal, JournalReader};
use crate::message;
use crate::t;
use crate::terminal::{CommandLine, Printer};

/// What is to be settled.
#[derive(Debug)]
pub struct SettleCommand<'a> {
    /// Where the run's rows went.
    pub account: Account,
    /// What is known of the interface.
    pub catalog: &'a Catalog,
    /// The run's folder.
    pub folder: PathBuf,
    /// A further folder that holds runs.
    pub runs_from: Option<PathBuf>,
    /// What the user says about rows in doubt.
    pub doubt: DoubtOptions,
    /// The command as it was typed.
    pub typed: CommandLine,
}

/// Finds out what became of a run's rows in doubt, and writes its reports anew.
///
/// # Errors
/// A run into another account or at work, an account that cannot be read, a journal or report that cannot be written.
pub fn run(command: &SettleCommand<'_>, printer: &Printer) -> Result<Exit> {
    let SettleCommand { account, catalog, folder, doubt, .. } = command;
    refuse_other_account(command)?;
    let mut journal = Journal::open(folder)?;
    let mut index = account.index()?;
    index.look_in(run_places(account, &journal.identity().input_path, command.runs_from.as_deref()));
    index.look_through()?;
    // Records that other runs made are theirs.
    index.memory(&journal.identity().entity)?;
    tell_index(&mut index, printer);
    let past = journal.reader()?;
    let kept = KeptRun::of(&past, catalog)?;
    let (unknown, without_id) = kept.unsettled(&past)?;
    drop(past);
    let found = settle(&mut journal, &kept, &Whereabouts { account, catalog, index: &index }, *doubt, printer)?;
    let past = journal.reader()?;
    let mut counts = past.counts()?;
    counts.read = past.identity().rows;
    counts.pending = counts.read.saturating_sub(counts.ended());
    let content = RunContent::new(&journal, &past, &kept.mapping, counts)?;
    let files = report::write(&content);
    let is_finished = counts.pending == 0 && files.unwritten.is_empty();
    let exit = match files.unwritten.first() {
        Some(_) => Exit::CannotRun,
        None => exit_of(&counts, (!is_finished).then_some(Exit::Stopped)),
    };
    let next = (counts.pending > 0).then(|| past.note(COMMAND_NOTE)).transpose()?.flatten();
    let mut summary = report::summary(&content, exit, is_finished, &files, next.as_deref())?;
    summary["settled"] = serde_json::json!({"done": found.done, "ids": found.ids, "free": found.free,
        "repeated": found.repeated, "unknown": found.unknown});
    report::write_summary(&content, &summary)?;
    journal.finish(exit, is_finished)?;
    if let Some(words) = words(found, unknown + without_id) {
        printer.result(&words);
    }
    if found.repeated > 0 {
        printer.result(&may_double(found.repeated, *doubt));
    }
    let settle_line = SettleLine::of(&content, &command.typed)?;
    printer.result(&report::describe(&content, &files, None, next.as_deref(), settle_line.as_ref()));
    printer.json(&summary);
    drop(past);
    if let Err(error) = journal.close() {
        printer.detail(&error.message());
    }
    // What is known now is known to all other runs as well.
    index.read_run(&JournalReader::open_read_only(folder)?)?;
    tell_index(&mut index, printer);
    Ok(exit)
}

fn refuse_other_account(command: &SettleCommand<'_>) -> Result<()> {
    let past = JournalReader::open_read_only(&command.folder)?;
    let target = &past.identity().target;
    if *target != command.account.identity() {
        return Err(Error::usage(message!("retry.other_target", folder = past.folder().display(), target = target))
            .hint(message!("retry.other_target_hint")));
    }
    Ok(())
}

/// What was found out, in words; nothing where no row was looked for.
pub(in crate::import) fn words(found: Found, unsettled: u64) -> Option<String> {
    if unsettled == 0 {
        return Some(t!("settle.nothing").into_owned());
    }
    let Found { done, ids, free, unknown, .. } = found;
    let parts = [
        (done, message!("settle.found_done", rows = done)),
        (ids, message!("settle.found_ids", rows = ids)),
        (free, message!("settle.found_free", rows = free)),
        (unknown, message!("settle.found_not", rows = unknown)),
    ];
    let parts = parts.into_iter().filter(|(rows, _)| *rows > 0).map(|(_, message)| message.to_string());
    let parts = parts.collect::<Vec<_>>();
    (!parts.is_empty()).then(|| t!("settle.found", parts = parts.join(&t!("settle.and"))).into_owned())
}

/// How many rows may be made twice, or why they cannot be.
pub(in crate::import) fn may_double(rows: u64, doubt: DoubtOptions) -> String {
    match doubt.honours {
        Honours::Nothing => message!("settle.may_double", rows = rows).to_string(),
        _ => message!("settle.repeats", rows = rows).to_string(),
    }
}
