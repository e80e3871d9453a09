//! `bw8 settle` from a run's folder to its new reports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::super::notes::{COMMAND_NOTE, parent_note};
use super::super::options::DoubtOptions;
use super::super::places::{binding_folder, binds, run_places, tell_index};
use super::super::report::{self, RunContent, SettleLine, exit_of};
use super::{Found, KeptRun, Whereabouts, is_unreadable, settle};
use crate::account::Account;
use crate::api::Honours;
use crate::entity::Catalog;
use crate::error::{Error, ErrorKind, Exit, Result};
use crate::files::short_path;
use crate::journal::{Journal, JournalReader, NextAttempt, Settled, UNKNOWN_ELSEWHERE};
use crate::message;
use crate::message::Message;
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
    /// Its rows are part of what the rows of the run that was named are to do.
    is_part: bool,
    /// All its rows change records.
    has_changes_alone: bool,
}

/// Another run that knows something of a run's rows.
struct Related {
    folder: PathBuf,
    /// The key of what is said once it was settled.
    said: &'static str,
    /// Its rows are part of what the rows of that run are to do.
    is_part: bool,
}

/// Finds out what became of a run's rows in doubt, and writes its reports anew. Other runs that know something of its rows come
/// first.
///
/// # Errors
/// A run into another account or at work, an account that cannot be read, a journal or report that cannot be written.
pub fn run(command: &SettleCommand<'_>, printer: &Printer) -> Result<Exit> {
    settle_run(command, printer).map(|settled| settled.exit)
}

fn settle_run(command: &SettleCommand<'_>, printer: &Printer) -> Result<SettledRun> {
    let SettleCommand { account, catalog, folder, doubt, .. } = command;
    refuse_other_account(command)?;
    let (first, warned) = settle_first(command, printer)?;
    let mut journal = Journal::open(folder)?;
    let reopened = reopen(&mut journal)?;
    let mut index = account.index()?;
    index.look_in(run_places(account, &journal.identity().input_path, command.runs_from.as_deref())?);
    index.look_through()?;
    // Records that other runs made are theirs.
    index.memory(&journal.identity().entity)?;
    tell_index(&mut index, printer);
    let past = journal.reader()?;
    let kept = KeptRun::of(&past, catalog)?;
    let (unknown, without_id) = kept.unsettled(&past)?;
    drop(past);
    if doubt.keeps_service && !kept.has_changes() {
        return Err(
            Error::usage(message!("settle.keeps_changes_alone")).hint(message!("settle.keeps_changes_alone_hint"))
        );
    }
    let found = settle(&mut journal, &kept, &Whereabouts { account, catalog, index: &index }, *doubt, printer)
        .map_err(|error| with_way_on(error, unknown, command))?;
    let past = journal.reader()?;
    let counts = past.all_counts()?;
    let content = RunContent::new(&journal, &past, &kept.mapping, counts)?;
    let files = report::write(&content);
    let is_finished = counts.pending == 0 && files.unwritten.is_empty();
    let exit = match files.unwritten.first() {
        Some(_) => Exit::CannotRun,
        None => exit_of(&counts, content.unproved(), (!is_finished).then_some(Exit::Stopped)),
    };
    let part = first.iter().find(|run| run.is_part && run.exit != Exit::Done);
    let is_left = counts.pending > 0 || part.is_some_and(|part| part.exit == Exit::Stopped);
    let next = is_left.then(|| past.note(COMMAND_NOTE)).transpose()?.flatten();
    let mut summary = report::summary(&content, exit, is_finished, &files, next.as_deref())?;
    summary["settled"] = found.json();
    summary["settled_first"] = first.iter().map(SettledRun::json).collect();
    report::write_summary(&content, &summary)?;
    journal.finish(exit, is_finished)?;
    let unsettled = unknown + without_id;
    let is_nothing = unsettled == 0 && counts.unknown == 0 && first.is_empty() && !warned && reopened == 0;
    if let Some(words) = words(found, unsettled).filter(|_| unsettled > 0 || is_nothing) {
        printer.result(&words);
    }
    if reopened > 0 {
        printer.result(&message!("settle.reopened", rows = reopened).to_string());
    }
    if found.repeated > 0 {
        printer.result(&set_free(found.repeated, *doubt, kept.has_changes_alone()));
    }
    let settle_line = SettleLine::of(&content, &command.typed)?;
    // Where it looked and could not tell, the same again is no way on.
    let settle_line = if unsettled > 0 { settle_line.map(SettleLine::looked) } else { settle_line };
    printer.result(&report::describe(&content, &files, None, next.as_deref(), settle_line.as_ref()));
    printer.json(&summary);
    drop(past);
    if let Err(error) = journal.close() {
        printer.detail(&error.message());
    }
    // What is known now is known to all other runs as well.
    index.read_run(&JournalReader::open_read_only(folder)?)?;
    tell_index(&mut index, printer);
    // A row of two operations ends as its weakest.
    let exit = part.filter(|_| exit == Exit::Done).map_or(exit, |part| part.exit);
    let has_changes_alone = kept.has_changes_alone();
    Ok(SettledRun { folder: folder.clone(), exit, found, unsettled, is_part: false, has_changes_alone })
}

/// The error, with what can be done about rows in doubt where nobody may look.
fn with_way_on(error: Error, unknown: u64, command: &SettleCommand<'_>) -> Error {
    if unknown == 0 || !is_unreadable(&error) {
        return error;
    }
    let command = command.typed.on_same_account("settle", &command.folder);
    error.and_hint(message!("settle.unreadable_hint", rows = unknown, command = command))
}

/// Settles the runs that know something of a run's rows, where something is in doubt there, and says what was found. Whether
/// one of them could not be settled, which is said as well.
fn settle_first(command: &SettleCommand<'_>, printer: &Printer) -> Result<(Vec<SettledRun>, bool)> {
    let (mut settled, mut warned) = (Vec::new(), false);
    for Related { folder, said, is_part } in related(command)? {
        let past = JournalReader::open_read_only(&folder)?;
        let has_id = command.catalog.get(&past.identity().entity).is_some_and(|entity| entity.id.is_some());
        if !is_in_doubt(&past)? && (!has_id || past.ids_pending()? == 0) {
            continue;
        }
        drop(past);
        let other = SettleCommand {
            account: command.account.clone(),
            folder,
            runs_from: command.runs_from.clone(),
            typed: command.typed.clone(),
            ..*command
        };
        let run = match settle_run(&other, &printer.muted()) {
            Ok(run) => SettledRun { is_part, ..run },
            Err(error) if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::Denied) => return Err(error),
            Err(error) => {
                let why = error.message();
                printer.warn(&t!("settle.cannot_first", folder = short_path(&other.folder).display(), why = why));
                warned = true;
                continue;
            }
        };
        if let Some(found) = words(run.found, run.unsettled) {
            let folder = short_path(&run.folder).display().to_string();
            printer.result(&t!(said, folder = folder, found = found));
        }
        if run.found.repeated > 0 {
            printer.result(&set_free(run.found.repeated, command.doubt, run.has_changes_alone));
        }
        settled.push(run);
    }
    Ok((settled, warned))
}

/// Whether of some row of a run nobody knows what became, also where a killed command has not written that down.
fn is_in_doubt(past: &JournalReader) -> Result<bool> {
    let (unknown, _) = past.unsettled()?;
    Ok(unknown > 0 || !past.reserved()?.is_empty())
}

/// The runs that know something of a run's rows: those that make the records which rows wait for, those that sent rows of it
/// before, those that retried its rows, and the one that binds its records.
fn related(command: &SettleCommand<'_>) -> Result<Vec<Related>> {
    let past = JournalReader::open_read_only(&command.folder)?;
    let mut related = Vec::new();
    for entity in command.catalog.entities() {
        if let Some(name) = past.note(&parent_note(&entity.name))? {
            related.push(Related { folder: command.folder.with_file_name(name), said: "settle.first", is_part: false });
        }
    }
    let elsewhere = past.rows_of(UNKNOWN_ELSEWHERE)?;
    let folders: BTreeSet<PathBuf> = elsewhere.iter().filter_map(|(_, why)| folder_in(why)).collect();
    let of = |said| move |folder| Related { folder, said, is_part: false };
    related.extend(folders.into_iter().map(of("settle.first_elsewhere")));
    let retries = command.account.index()?.of_parent(&past.identity().run)?;
    let retries = retries.into_iter().filter(|retry| retry.is_there);
    related.extend(retries.map(|retry| retry.folder).map(of("settle.first_retry")));
    let binding = command.catalog.entities().iter().filter(|entity| binds(entity, &past.identity().entity));
    let binding = binding.map(|entity| binding_folder(&command.folder, entity));
    related.extend(binding.map(|folder| Related { folder, said: "settle.bindings", is_part: true }));
    related.retain(|run| run.folder != command.folder && Journal::exists(&run.folder));
    Ok(related)
}

/// Takes their ends from the rows of which another run was to find out what became, once it knows: what becomes of them is
/// decided anew when the run goes on. None of them was sent by this run. How many they are.
fn reopen(journal: &mut Journal) -> Result<u64> {
    let mut known: BTreeMap<PathBuf, bool> = BTreeMap::new();
    let mut reopened = Vec::new();
    for (row, why) in journal.reader()?.rows_of(UNKNOWN_ELSEWHERE)? {
        let Some(folder) = folder_in(&why).filter(|folder| Journal::exists(folder)) else { continue };
        let is_known = match known.get(&folder) {
            Some(is_known) => *is_known,
            None => {
                let is_known = !is_in_doubt(&JournalReader::open_read_only(&folder)?)?;
                known.insert(folder, is_known);
                is_known
            }
        };
        if is_known {
            reopened.push((row, Settled::Free(NextAttempt::First)));
        }
    }
    journal.settle(&reopened)?;
    Ok(reopened.len() as u64)
}

/// The folder of the run that a row's reason names.
fn folder_in(why: &Message) -> Option<PathBuf> {
    why.part("folder").map(|folder| PathBuf::from(folder.to_string()))
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
    let own = command.account.identity();
    if *target != own && command.account.index()?.is_same_account(&own, target)? != Some(true) {
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
    let Found { done, ids, free, left, unknown, unseen, without_id, .. } = found;
    let parts = [
        (done, message!("settle.found_done", rows = done)),
        (ids, message!("settle.found_ids", rows = ids)),
        (free, message!("settle.found_free", rows = free)),
        (left, message!("settle.found_left", rows = left)),
        (unknown - unseen, message!("settle.found_not", rows = unknown - unseen)),
        (unseen, message!("settle.found_unseen", rows = unseen)),
        (without_id, message!("settle.found_no_id", rows = without_id)),
    ];
    let parts = parts.into_iter().filter(|(rows, _)| *rows > 0).map(|(_, message)| message.to_string());
    let parts = parts.collect::<Vec<_>>();
    (!parts.is_empty()).then(|| t!("settle.found", parts = parts.join(&t!("settle.and"))).into_owned())
}

/// How many rows may be sent once more by the command that goes on with the run, and what that means.
fn set_free(rows: u64, doubt: DoubtOptions, has_changes_alone: bool) -> String {
    match doubt.honours {
        Honours::Nothing if has_changes_alone => message!("settle.set_free_changes", rows = rows).to_string(),
        Honours::Nothing => message!("settle.set_free", rows = rows).to_string(),
        _ => message!("settle.set_free_known", rows = rows).to_string(),
    }
}

/// How many rows may be made twice, or why they cannot be.
pub(in crate::import) fn may_double(rows: u64, doubt: DoubtOptions, has_changes_alone: bool) -> String {
    match doubt.honours {
        Honours::Nothing if has_changes_alone => message!("settle.writes_again", rows = rows).to_string(),
        Honours::Nothing => message!("settle.may_double", rows = rows).to_string(),
        _ => message!("settle.repeats", rows = rows).to_string(),
    }
}
