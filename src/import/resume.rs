//! Which run a command means: a new one, one to go on with, or one that did it all before. The same command never sends
//! twice: it goes on with the unfinished run of the same rows, and after a finished one it does nothing but say so.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rust_i18n::t;
use uuid::Uuid;

use super::options::ResumeOptions;
use super::preflight::Rows;
use super::spool::{RowState, SpooledRow};
use crate::check::duplicates::Seen;
use crate::entity::{Entity, WriteMode};
use crate::error::{Context, Error, Exit, Result};
use crate::files::{create_private_folder, cut_name};
use crate::journal::{IndexedRun, Journal, JournalReader, Parent, RunIdentity, RunIndex};
use crate::message;
use crate::terminal::quoted_path;

/// The run a command means.
#[derive(Debug)]
pub(super) enum OpenedRun {
    /// A run that is new; its journal is made.
    New(Journal),
    /// A run that was not finished, or that takes a changed input as its own; and how many rows have an end that stands.
    Continue(Journal, u64),
    /// A run that did it all before; how it ended.
    Finished(JournalReader, Exit),
}

/// What a command would do, before anything is done.
#[derive(Debug)]
pub(super) enum ResumePlan {
    /// A new run, in this folder when one was named.
    New(Option<PathBuf>),
    /// The run in this folder, which was not finished.
    Continue(PathBuf, JournalReader),
    /// The run in this folder, which takes the changed input as its own.
    Accept(PathBuf, JournalReader),
    /// Nothing: a run did it all before; how it ended.
    Finished(JournalReader, Exit),
}

/// Finds out which run is meant and changes nothing.
///
/// # Errors
/// Something that makes the run what it is has changed.
pub(super) fn meant(
    options: &ResumeOptions,
    identity: &RunIdentity,
    index: &RunIndex,
    rows: &mut Rows,
    entity: &Entity,
) -> Result<ResumePlan> {
    // A run is found again from any folder.
    let named =
        options.folder.as_ref().map(|folder| std::path::absolute(folder).context(|| folder.display().to_string()));
    let named = named.transpose()?;
    let found = match &named {
        Some(folder) if Journal::exists(folder) => Some((folder.clone(), JournalReader::open(folder)?)),
        Some(_) => None,
        None if options.fresh => None,
        None => earlier_run(identity, index, rows, entity)?,
    };
    let Some((folder, past)) = found else { return Ok(ResumePlan::New(named)) };
    if options.fresh {
        return Err(Error::usage(message!("resume.folder_taken", folder = folder.display()))
            .hint(message!("resume.folder_taken_hint")));
    }
    let changes = changes(past.identity(), identity);
    let ended = past.ended()?.filter(|(_, is_finished)| *is_finished).map(|(exit, _)| exit);
    if let Some(exit) = ended {
        // A newer program knows the interface better; that is no reason to import again what is done. Nor is another order.
        let is_all_done = changes == [Change::Input]
            && sent_before(rows, &past, Known::ByIdentity)? == identity.rows
            && past.sent()? >= identity.rows;
        if changes.is_empty() || changes == [Change::Catalog] || is_all_done {
            return Ok(ResumePlan::Finished(past, exit));
        }
    }
    if changes.is_empty() {
        return Ok(ResumePlan::Continue(folder, past));
    }
    if changes.contains(&Change::Target) || changes.contains(&Change::Entity) {
        return Err(Error::usage(message!(
            "resume.other_target",
            folder = folder.display(),
            target = past.identity().target
        ))
        .hint(message!("resume.other_target_hint")));
    }
    // A run that sent nothing binds nobody; nor does one that is not finished, where all it sent is still there.
    if !has_sent(&past)? || ended.is_none() && changes == [Change::Input] && has_all_sent(rows, &past)? {
        return Ok(ResumePlan::Accept(folder, past));
    }
    if !options.accept_changed {
        let names: Vec<String> = changes.iter().map(|change| change.label()).collect();
        let sent = sent_before(rows, &past, Known::ByKeyToo)?;
        return Err(Error::usage(message!(
            "resume.changed",
            what = names.join(&t!("resume.and")),
            folder = folder.display(),
            entity = entity.zh
        ))
        .hint(match identity.parent {
            None => t!("resume.changed_hint", sent = sent),
            Some(_) => t!("resume.changed_retry_hint", folder = quoted_path(&folder)),
        }));
    }
    if options.folder.is_none() && runs_with_rows(identity, index, rows, entity)?.len() > 1 {
        return Err(Error::usage(message!("resume.several")).hint(message!("resume.several_hint")));
    }
    Ok(ResumePlan::Accept(folder, past))
}

/// Finds out which run is meant and opens its journal.
///
/// # Errors
/// Everything of [`meant`], or another process is at work on the run.
pub(super) fn decide(
    options: &ResumeOptions,
    identity: RunIdentity,
    index: &RunIndex,
    rows: &mut Rows,
    entity: &Entity,
) -> Result<OpenedRun> {
    let meant = meant(options, &identity, index, rows, entity)?;
    let ended = ended_before(&meant, &identity, rows)?;
    match meant {
        ResumePlan::New(named) => {
            let folder = match named {
                Some(folder) => made(&folder)?,
                None => free_folder(&identity)?,
            };
            begin(&folder, &identity, index).map(OpenedRun::New)
        }
        ResumePlan::Continue(folder, past) => {
            drop(past);
            Journal::open(&folder).map(|journal| OpenedRun::Continue(journal, ended))
        }
        ResumePlan::Accept(folder, past) => {
            let run = past.identity().run;
            let parent = past.identity().parent.clone();
            drop(past);
            let mut journal = Journal::open(&folder)?;
            let identity = RunIdentity { run, parent, ..identity };
            journal.accept_change(identity.clone())?;
            index.put(&identity, &folder)?;
            Ok(OpenedRun::Continue(journal, ended))
        }
        ResumePlan::Finished(past, exit) => Ok(OpenedRun::Finished(past, exit)),
    }
}

/// How many of the input's rows the run that is meant has ended already, in a way that keeps them from being sent again.
///
/// # Errors
/// A journal that cannot be read.
pub(super) fn ended_before(meant: &ResumePlan, identity: &RunIdentity, rows: &mut Rows) -> Result<u64> {
    match meant {
        ResumePlan::New(_) => Ok(0),
        // Skipped rows of a run that is no retry are the example.
        ResumePlan::Continue(_, past) => {
            let counts = past.counts()?;
            let skipped = if identity.parent.is_some() { counts.skipped } else { 0 };
            Ok(counts.done() - counts.skipped
                + skipped
                + counts.failed
                + counts.unknown
                + past.reserved()?.len() as u64)
        }
        ResumePlan::Accept(_, past) => sound_and_sent(rows, past),
        ResumePlan::Finished(..) => Ok(identity.rows),
    }
}

/// What can change between two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Target,
    Entity,
    Input,
    Mapping,
    Catalog,
}

impl Change {
    fn label(self) -> String {
        match self {
            Change::Target => t!("resume.target"),
            Change::Entity => t!("resume.entity"),
            Change::Input => t!("resume.input"),
            Change::Mapping => t!("resume.mapping"),
            Change::Catalog => t!("resume.catalog"),
        }
        .into_owned()
    }
}

fn changes(before: &RunIdentity, now: &RunIdentity) -> Vec<Change> {
    [
        (before.target != now.target, Change::Target),
        (before.entity != now.entity || before.mode != now.mode, Change::Entity),
        (before.input != now.input, Change::Input),
        (before.mapping != now.mapping, Change::Mapping),
        (before.catalog != now.catalog, Change::Catalog),
    ]
    .into_iter()
    .filter_map(|(changed, what)| changed.then_some(what))
    .collect()
}

/// The run of the same rows, wherever its folder lies; else the unfinished run of the same file; else the last run that sent
/// some of the same rows, whatever the file was called then.
fn earlier_run(
    identity: &RunIdentity,
    index: &RunIndex,
    rows: &mut Rows,
    entity: &Entity,
) -> Result<Option<(PathBuf, JournalReader)>> {
    let open = |run: IndexedRun| JournalReader::open(&run.folder).map(|past| (run.folder, past));
    let same_mode = |run: &IndexedRun| run.mode == identity.mode;
    if let Some(run) = index.of_input(&identity.target, &identity.entity, &identity.input)?.into_iter().find(same_mode)
    {
        return open(run).map(Some);
    }
    let of_path = index.of_path(&identity.target, &identity.entity, &identity.input_path)?;
    let of_path = of_path.into_iter().find(same_mode).map(open).transpose()?;
    if let Some((_, past)) = &of_path {
        let is_unfinished = !matches!(past.ended()?, Some((_, true)));
        // A finished run of the same file concerns these rows when it sent them, even if every one was edited since.
        if is_unfinished && has_sent(past)? || sent_before(rows, past, Known::ByKeyToo)? > 0 {
            return Ok(of_path);
        }
    }
    // One that sent nothing comes after those that sent these rows.
    match runs_with_rows(identity, index, rows, entity)?.into_iter().next() {
        Some(run) => Ok(Some(run)),
        None => Ok(of_path.filter(|(_, past)| !matches!(past.ended(), Ok(Some((_, true)))))),
    }
}

/// Whether a run has sent anything, or may have.
fn has_sent(past: &JournalReader) -> Result<bool> {
    Ok(past.sent()? > 0 || !past.reserved()?.is_empty())
}

/// Runs that sent some of the input's rows, newest first. Rows that may be written again without harm (changes, tags,
/// bindings) do not count, nor do those of a retry, which looks after them itself.
fn runs_with_rows(
    identity: &RunIdentity,
    index: &RunIndex,
    rows: &mut Rows,
    entity: &Entity,
) -> Result<Vec<(PathBuf, JournalReader)>> {
    if identity.parent.is_some() || !WriteMode::of(&identity.mode).makes_records(entity) {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for run in index.of_entity(&identity.target, &identity.entity)?.into_iter().filter(|run| run.mode == identity.mode)
    {
        // One run that cannot be read does not keep another from beginning.
        let Ok(past) = JournalReader::open(&run.folder) else { continue };
        if past.identity().parent.is_none() && sent_before(rows, &past, Known::ByIdentity)? > 0 {
            found.push((run.folder, past));
        }
    }
    Ok(found)
}

/// How many rows of the input an earlier run has sent: a fresh one may create them a second time. An earlier run that
/// cannot be read does not keep a fresh one from beginning.
pub(super) fn may_double(identity: &RunIdentity, index: &RunIndex, rows: &mut Rows, entity: &Entity) -> u64 {
    match earlier_run(identity, index, rows, entity) {
        Ok(Some((_, past))) => sent_before(rows, &past, Known::ByKeyToo).unwrap_or(0),
        _ => 0,
    }
}

/// How a row is known to have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// By what it says.
    ByIdentity,
    /// By that, or by its natural key: it may have been edited since.
    ByKeyToo,
}

/// How many of the rows a run has sent.
fn sent_before(rows: &mut Rows, past: &JournalReader, known: Known) -> Result<u64> {
    let mut sent = 0;
    each(rows, past, |row, seen, is_sent| {
        // A later row with the same key is a double, and was never sent.
        let may_be_edited = known == Known::ByKeyToo && seen.first.is_none();
        let key = row.key_hash().filter(|_| may_be_edited && !is_sent);
        sent += u64::from(is_sent || key.map(|key| past.was_key_sent(key)).transpose()?.unwrap_or(false));
        Ok(())
    })?;
    Ok(sent)
}

/// How many of the rows that could be sent now a run has sent, edited ones included.
fn sound_and_sent(rows: &mut Rows, past: &JournalReader) -> Result<u64> {
    let mut sent = 0;
    each(rows, past, |row, seen, is_sent| {
        if matches!(row.state, RowState::Sound(_)) && seen.first.is_none() {
            let key = row.key_hash().filter(|_| !is_sent);
            sent += u64::from(is_sent || key.map(|key| past.was_key_sent(key)).transpose()?.unwrap_or(false));
        }
        Ok(())
    })?;
    Ok(sent)
}

/// Whether every row that a run has sent, or may have sent, is in the input.
fn has_all_sent(rows: &mut Rows, past: &JournalReader) -> Result<bool> {
    let reserved = past.reserved()?;
    let reserved: HashSet<_> = reserved.iter().map(|key| (key.identity.unwrap_or(key.content), key.copy)).collect();
    let (mut found, mut reserved_found) = (0, 0);
    each(rows, past, |row, seen, is_sent| {
        found += u64::from(is_sent);
        let is_reserved =
            [(row.identity, seen.copy), (row.content, seen.content_copy)].iter().any(|hash| reserved.contains(hash));
        reserved_found += usize::from(is_reserved);
        Ok(())
    })?;
    Ok(found == past.sent()? && reserved_found == reserved.len())
}

/// Calls `look` with every row, what the rows before it say of it, and whether a run has sent it as it is.
fn each(
    rows: &mut Rows,
    past: &JournalReader,
    mut look: impl FnMut(&SpooledRow, Seen, bool) -> Result<()>,
) -> Result<()> {
    past.build_indexes()?;
    rows.begin()?;
    while let Some(row) = rows.spool.next()? {
        let is_sound = matches!(row.state, RowState::Sound(_));
        let seen = rows.duplicates.see(row.number, row.key_hash(), &row.identity, &row.content, is_sound);
        let is_sent = past.was_sent(&row.known_by(seen))?;
        look(&row, seen, is_sent)?;
    }
    rows.begin()
}

/// Makes the folder and journal of a new run and lists it.
pub(super) fn begin(folder: &Path, identity: &RunIdentity, index: &RunIndex) -> Result<Journal> {
    let journal = Journal::create(folder, identity)?;
    index.put(identity, folder)?;
    Ok(journal)
}

fn made(folder: &Path) -> Result<PathBuf> {
    create_private_folder(folder)?;
    Ok(folder.to_owned())
}

/// `bw8-runs/<date>-<host>-<entity>-<input name>`, or the same with a number when that is taken.
fn free_folder(identity: &RunIdentity) -> Result<PathBuf> {
    let date = jiff::ZonedDateTime::now().date();
    let stem = identity.input_path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = match &identity.parent {
        Some(Parent { folder, .. }) => {
            let parent = folder.file_name().map(|name| name.to_string_lossy().into_owned());
            format!("{}-retry", portable(&parent.unwrap_or_default()))
        }
        None => portable(&format!("{date}-{}-{}-{}", identity.host, identity.entity, stem.unwrap_or_default())),
    };
    let base = PathBuf::from("bw8-runs").join(&name);
    for number in 1..10_000u32 {
        let folder = match number {
            1 => base.clone(),
            _ => base.with_file_name(format!("{}-{number}", base.file_name().unwrap_or_default().to_string_lossy())),
        };
        if !folder.exists() {
            create_private_folder(&folder)?;
            return std::path::absolute(&folder).context(|| folder.display().to_string());
        }
    }
    Err(Error::cannot_run(message!("resume.no_folder", folder = base.display())))
}

/// A file name that every system takes and that has room for an ending: reserved characters and control characters become
/// `_`.
fn portable(name: &str) -> String {
    // For `-retry`, `-9999`, and what a shell or a backup puts behind it.
    const ROOM: usize = 55;
    let is_reserved = |c: char| c.is_control() || "<>:\"/\\|?*\u{fffd}".contains(c);
    let safe: String = name.chars().map(|c| if is_reserved(c) { '_' } else { c }).take(120).collect();
    cut_name(&safe, ROOM).trim_end_matches(['.', ' ']).to_owned()
}

/// A new run's id: made of time and chance.
pub(super) fn new_run_id() -> Uuid {
    Uuid::now_v7()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_are_portable() {
        assert_eq!(
            portable("2026-01-05-127.0.0.1:8808-customers-客户 名单."),
            "2026-01-05-127.0.0.1_8808-customers-客户 名单"
        );
        assert_eq!(portable("a/b\\c\u{7}"), "a_b_c_");
    }
}
