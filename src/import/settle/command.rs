//! `bw8 settle` from a run's folder to its new reports.

use std::path::PathBuf;

use super::super::notes::{COMMAND_NOTE, parent_note};
use super::super::options::DoubtOptions;
use super::super::places::{run_places, tell_index};
use super::super::report::{self, RunContent, SettleLine, exit_of};
use super::{Found, KeptRun, Whereabouts, settle};
use crate::account::Account;
use crate::api::Honours;
use crate::entity::Catalog;
use crate::error::{Error, Exit, Result};
use crate::files::short_path;
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

/// How a run stands once its rows were looked for.
struct SettledRun {
    folder: PathBuf,
    exit: Exit,
    found: Found,
    /// Rows that were looked for.
    unsettled: u64,
}

/// Finds out what became of a run's rows in doubt, and writes its reports anew. The runs that make the records its rows wait
/// for come first.
///
/// # Errors
/// A run into another account or at work, an account that cannot be read, a journal or report that cannot be written.
pub fn run(command: &SettleCommand<'_>, printer: &Printer) -> Result<Exit> {
    settle_run(command, printer).map(|settled| settled.exit)
}

fn settle_run(command: &SettleCommand<'_>, printer: &Printer) -> Result<SettledRun> {
    let SettleCommand { account, catalog, folder, doubt, .. } = command;
    refuse_other_account(command)?;
    let first = settle_first(command, printer)?;
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
    summary["settled"] = found.json();
    summary["settled_first"] = first.iter().map(SettledRun::json).collect();
    report::write_summary(&content, &summary)?;
    journal.finish(exit, is_finished)?;
    let unsettled = unknown + without_id;
    if let Some(words) = words(found, unsettled).filter(|_| unsettled > 0 || first.is_empty()) {
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
    Ok(SettledRun { folder: folder.clone(), exit, found, unsettled })
}

/// Settles the runs that make the records which rows wait for, where something is in doubt there, and says what was found.
fn settle_first(command: &SettleCommand<'_>, printer: &Printer) -> Result<Vec<SettledRun>> {
    let mut settled = Vec::new();
    for folder in parent_folders(command)? {
        let past = JournalReader::open_read_only(&folder)?;
        let is_in_doubt = past.unsettled()? != (0, 0) || !past.reserved()?.is_empty();
        drop(past);
        if !is_in_doubt {
            continue;
        }
        let parent = SettleCommand {
            account: command.account.clone(),
            folder,
            runs_from: command.runs_from.clone(),
            typed: command.typed.clone(),
            ..*command
        };
        let run = settle_run(&parent, &printer.muted())?;
        if let Some(found) = words(run.found, run.unsettled) {
            printer.result(&t!("settle.first", folder = short_path(&run.folder).display(), found = found));
        }
        if run.found.repeated > 0 {
            printer.result(&may_double(run.found.repeated, command.doubt));
        }
        settled.push(run);
    }
    Ok(settled)
}

/// Where the runs lie that make the records which rows wait for.
fn parent_folders(command: &SettleCommand<'_>) -> Result<Vec<PathBuf>> {
    let past = JournalReader::open_read_only(&command.folder)?;
    let mut folders = Vec::new();
    for entity in command.catalog.entities() {
        if let Some(name) = past.note(&parent_note(&entity.name))? {
            let folder = command.folder.with_file_name(name);
            folders.extend(Journal::exists(&folder).then_some(folder));
        }
    }
    Ok(folders)
}

impl SettledRun {
    fn json(&self) -> serde_json::Value {
        let mut json = self.found.json();
        json["folder"] = self.folder.display().to_string().into();
        json
    }
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
