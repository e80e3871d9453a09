//! Which run a command means: a new one, one to go on with, or one that did it all before. The same command never sends
//! twice: it goes on with the unfinished run of the same rows, and after a finished one it does nothing but say so.
//! `changes` is what may differ from that run, `sent_rows_of_run` asks the index which of the rows it has sent, `beside_gone`
//! looks for rows that may be edits of those, and `run_folder` makes room for a new run.

mod beside_gone;
mod changes;
mod run_folder;
mod sent_rows_of_run;

use std::path::{Path, PathBuf};

use beside_gone::refuse_beside_gone;
use changes::{Change, changes};
use run_folder::{free_folder, made};
use sent_rows_of_run::{Known, has_all_sent, sent_by, sent_somehow, sound_and_sent};
use uuid::Uuid;

use super::options::ResumeOptions;
use super::preflight::Rows;
use super::references::{Answers, FILE_NAME, Given, NOT_YET};
use crate::check::consent::{EXISTS, NOT_BY_CONSENT};
use crate::entity::{Catalog, Entity, WriteMode};
use crate::error::{Context, Error, Exit, Result};
use crate::journal::{IndexedRun, Journal, JournalReader, RunIdentity, RunIndex, Status};
use crate::message;
use crate::t;
use crate::terminal::quoted_path;

pub(super) use sent_rows_of_run::{CheckedRow, each_batch};

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

/// What the rows of a run write.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'a> {
    /// What they are.
    pub entity: &'a Entity,
    /// All that there is.
    pub catalog: &'a Catalog,
}

impl<'a> Written<'a> {
    /// Whether they change records that are there.
    fn changes_records(self) -> bool {
        self.entity.may_change || self.entity.edits.is_some() || self.entity.conflict.is_some()
    }

    /// The other entities whose runs write into the same records: tags stand in records of which there are runs of their own.
    fn alike(self) -> impl Iterator<Item = &'a str> {
        let writes_alike = move |other: &&'a Entity| match self.entity.edits.is_some() {
            true => other.tags.is_some(),
            false => self.entity.tags.is_some() && other.edits.is_some(),
        };
        self.catalog.entities().iter().filter(writes_alike).map(|entity| entity.name.as_str())
    }
}

/// Finds out which run is meant and changes nothing.
///
/// # Errors
/// Something that makes the run what it is has changed.
pub(super) fn meant(
    options: &ResumeOptions,
    identity: &RunIdentity,
    index: &mut RunIndex,
    rows: &mut Rows,
    written: Written<'_>,
) -> Result<ResumePlan> {
    match find_meant(options, identity, index, rows, written) {
        Err(error) if index.repair(&error)? => find_meant(options, identity, index, rows, written),
        found => found,
    }
}

fn find_meant(
    options: &ResumeOptions,
    identity: &RunIdentity,
    index: &mut RunIndex,
    rows: &mut Rows,
    written: Written<'_>,
) -> Result<ResumePlan> {
    // A run is found again from any folder.
    let named =
        options.folder.as_ref().map(|folder| std::path::absolute(folder).context(|| folder.display().to_string()));
    let named = named.transpose()?;
    let found = match &named {
        Some(folder) if Journal::exists(folder) => Some(JournalReader::open_read_only(folder)?),
        Some(_) => None,
        None if options.fresh => None,
        None => earlier_run(identity, index, rows, written.entity)?,
    };
    let Some(past) = found else { return Ok(ResumePlan::New(named)) };
    if named.is_none() && written.changes_records() && is_overtaken(&past, (identity, written), index)? {
        return Ok(ResumePlan::New(None));
    }
    let folder = past.folder().to_owned();
    if options.fresh {
        return Err(Error::usage(message!("resume.folder_taken", folder = folder.display()))
            .hint(message!("resume.folder_taken_hint")));
    }
    let mut changes = changes(past.identity(), identity);
    let is_same_account = index.is_same_account(&identity.target, &past.identity().target)? == Some(true);
    changes.retain(|change| *change != Change::Target || !is_same_account);
    let ended = ended_for_good(options, &past)?;
    if let Some(exit) = ended
        && is_done(&changes, identity, index, rows, &past)?
    {
        return Ok(ResumePlan::Finished(past, exit));
    }
    if changes.is_empty() {
        return Ok(ResumePlan::Continue(folder, past));
    }
    // A failed file that was fixed again is retried once more: its rows name themselves, and what was sent of them stays sent.
    if ended.is_some() && named.is_none() && identity.parent.is_some() && changes == [Change::Input] {
        return Ok(ResumePlan::New(None));
    }
    if changes.contains(&Change::Target) || changes.contains(&Change::Entity) {
        return Err(goes_elsewhere(&past));
    }
    // A run that sent nothing binds nobody; nor does one that is not finished, where all it sent is still there.
    let binds_nobody =
        !past.has_sent()? || ended.is_none() && changes == [Change::Input] && has_all_sent(rows, index, &past)?;
    if !binds_nobody && !options.accept_changed {
        let sent = sent_somehow(rows, index, &past)?;
        return Err(has_changed(&changes, identity, &past, sent, written.entity)?);
    }
    if !written.changes_records() && identity.parent.is_none() && !options.sends_beside_gone {
        refuse_beside_gone(identity, index, rows, &past)?;
    }
    Ok(ResumePlan::Accept(folder, past))
}

/// How a run ended whose rows all stay as they are; none of one that goes on, as rows of it may be sent now.
fn ended_for_good(options: &ResumeOptions, past: &JournalReader) -> Result<Option<Exit>> {
    let resends = options.resends && past.unsettled()?.0 > 0;
    let reopens = resends
        || past.counts()?.held > 0 && (options.consents || waits_for_the_account(past)?)
        || past.unknown_elsewhere()? > 0
        || past.counts()?.refused > 0 && may_be_refused_no_more(options, past)?;
    Ok(past.ended()?.filter(|(_, is_finished)| *is_finished && !reopens).map(|(exit, _)| exit))
}

/// Whether a run that is over has done all that the command wants.
fn is_done(
    changes: &[Change],
    identity: &RunIdentity,
    index: &mut RunIndex,
    rows: &mut Rows,
    past: &JournalReader,
) -> Result<bool> {
    // A newer program knows the interface better; that is no reason to import again what is done. Nor is another order.
    let is_all_done = changes == [Change::Input]
        && sent_by(rows, index, past, Known::ByIdentity)? == identity.rows
        && past.sent()? >= identity.rows
        // A row in doubt that left the file may be back: then what became of it can be found out.
        && past.gone_counts()?.unknown == 0;
    Ok(changes.is_empty() || changes == [Change::Catalog] || is_all_done)
}

/// The error when the run that was found is one of other records, or of another account.
fn goes_elsewhere(past: &JournalReader) -> Error {
    Error::usage(message!("resume.other_target", folder = past.folder().display(), target = past.identity().target))
        .hint(message!("resume.other_target_hint"))
}

/// The error when something has changed since the run that was found has sent rows.
fn has_changed(
    changes: &[Change],
    identity: &RunIdentity,
    past: &JournalReader,
    sent: u64,
    entity: &Entity,
) -> Result<Error> {
    let names: Vec<String> = changes.iter().map(|change| change.label()).collect();
    let error = Error::usage(message!(
        "resume.changed",
        what = names.join(&t!("resume.and")),
        folder = past.folder().display(),
        entity = entity.zh
    ));
    Ok(error.hint(match identity.parent {
        None if sent == 0 => t!("resume.changed_unsent_hint"),
        None => t!("resume.changed_hint", sent = sent),
        Some(_) if past.counts()?.retriable() == 0 => t!("resume.changed_retry_go_on_hint"),
        Some(_) => t!("resume.changed_retry_hint", folder = quoted_path(past.folder())),
    }))
}

/// Whether another run into the account may have changed what a finished one has written: then the same rows are meant anew.
fn is_overtaken(
    past: &JournalReader,
    (identity, written): (&RunIdentity, Written<'_>),
    index: &RunIndex,
) -> Result<bool> {
    if !matches!(past.ended()?, Some((_, true))) {
        return Ok(false);
    }
    let began = past.identity().started;
    let is_later = |run: &IndexedRun| {
        run.run != past.identity().run && run.parent.is_none() && run.target == identity.target && run.started > began
    };
    for entity in std::iter::once(written.entity.name.as_str()).chain(written.alike()) {
        if index.runs_for(entity)?.iter().any(is_later) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether rows that a run has refused may be sent now: a person decided otherwise, or they named what was not there yet.
fn may_be_refused_no_more(options: &ResumeOptions, past: &JournalReader) -> Result<bool> {
    Ok(past.has_ended_for(Status::Refused, &NOT_YET)? || is_decided_anew(options, past)?)
}

/// Whether rows of a run wait for what no consent sets free, such as a list that is whole: that may have changed in the account.
fn waits_for_the_account(past: &JournalReader) -> Result<bool> {
    past.has_ended_for(Status::Held, &NOT_BY_CONSENT)
}

/// Whether a person has changed an answer that a run has acted on.
fn is_decided_anew(options: &ResumeOptions, past: &JournalReader) -> Result<bool> {
    let kept = past.decisions()?;
    if kept.is_empty() {
        return Ok(false);
    }
    let own = past.folder().join(FILE_NAME);
    let answers = Answers::gather(Vec::new(), Some(&own), options.decisions.as_deref())?;
    let is_other = |(key, given): (&String, &Given)| {
        kept.iter().any(|(known, text)| known == key && *text != given.decided.to_text())
    };
    Ok(answers.all().any(is_other))
}

/// Opens the journal of the run that is meant, or makes it. `before_change` is called before its rows are taken for something
/// else, by another mapping or by other answers: what they said until then can be made of them for the last time.
///
/// # Errors
/// A folder that cannot be written, or another process is at work on the run.
pub(super) fn open(
    meant: ResumePlan,
    options: &ResumeOptions,
    identity: RunIdentity,
    ended: u64,
    index: &RunIndex,
    before_change: impl FnOnce(&mut Journal) -> Result<()>,
) -> Result<OpenedRun> {
    match meant {
        ResumePlan::New(named) => {
            let folder = match named {
                Some(folder) => made(&folder)?,
                None => free_folder(&identity, &options.account_name)?,
            };
            let journal = begin(&folder, &identity, index)?;
            if options.fresh {
                journal.ignore_earlier()?;
            }
            Ok(OpenedRun::New(journal))
        }
        ResumePlan::Continue(folder, past) => {
            let looks_anew = may_be_refused_no_more(options, &past)?;
            let is_looked_up_anew = waits_for_the_account(&past)?;
            let is_read_otherwise = is_decided_anew(options, &past)?;
            drop(past);
            let mut journal = Journal::open(&folder)?;
            if is_read_otherwise {
                before_change(&mut journal)?;
                journal.note_read_otherwise()?;
            }
            journal.reopen_elsewhere()?;
            if looks_anew {
                // Others are refused once more.
                journal.reopen_refused()?;
            }
            if is_looked_up_anew {
                journal.reopen_held_for(&NOT_BY_CONSENT)?;
            }
            if options.consents {
                // What may double goes on waiting, also when nobody can look into the account now.
                journal.reopen_held((!options.creates_existing).then_some(EXISTS))?;
            }
            Ok(OpenedRun::Continue(journal, ended))
        }
        ResumePlan::Accept(folder, past) => {
            let run = past.identity().run;
            let parent = past.identity().parent.clone();
            let is_decided_anew = is_decided_anew(options, &past)?;
            drop(past);
            let mut journal = Journal::open(&folder)?;
            let identity = RunIdentity { run, parent, ..identity };
            if is_decided_anew || identity.mapping != journal.identity().mapping {
                before_change(&mut journal)?;
                journal.note_read_otherwise()?;
            }
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
pub(super) fn ended_before(
    meant: &ResumePlan,
    identity: &RunIdentity,
    index: &mut RunIndex,
    rows: &mut Rows,
) -> Result<u64> {
    match meant {
        ResumePlan::New(_) => Ok(0),
        // Skipped rows of a run that is no retry are the example.
        ResumePlan::Continue(_, past) => {
            let counts = past.counts()?;
            let skipped = if identity.parent.is_some() { counts.skipped } else { 0 };
            Ok(counts.done() - counts.skipped
                + skipped
                + counts.failed
                + (counts.unknown - past.unknown_elsewhere()?)
                + past.reserved()?.len() as u64)
        }
        ResumePlan::Accept(_, past) => sound_and_sent(rows, index, past),
        ResumePlan::Finished(..) => Ok(identity.rows),
    }
}

/// The run of the same rows, wherever its folder lies; else the unfinished run of the same file, or the finished one that sent
/// some of its rows.
fn earlier_run(
    identity: &RunIdentity,
    index: &mut RunIndex,
    rows: &mut Rows,
    entity: &Entity,
) -> Result<Option<JournalReader>> {
    let open = |run: &IndexedRun| JournalReader::open_read_only(&run.folder);
    // A list of failed rows is that of one run; a file that was saved over it may be that of another.
    let parent = identity.parent.as_ref().map(|parent| parent.run);
    let is_same_kind = |run: &&IndexedRun| run.mode == identity.mode && run.parent == parent;
    let is_change = identity.mode == WriteMode::Update.as_str() || entity.edits.is_some();
    if is_change && parent.is_none() {
        let of_path = index.of_path(&identity.target, &identity.entity, &identity.input_path)?;
        let Some(past) = of_path.iter().find(is_same_kind).map(open).transpose()? else { return Ok(None) };
        // Changes are decided by the records as they are now: one that is over says nothing of what is to be changed next, and
        // what a file said before its last run may be said again.
        let is_same = past.identity().input == identity.input && past.identity().mapping == identity.mapping;
        let is_finished = matches!(past.ended()?, Some((_, true)));
        return Ok((is_same || !is_finished).then_some(past));
    }
    let of_input = index.of_input(&identity.target, &identity.entity, &identity.input)?;
    if let Some(run) = of_input.iter().find(is_same_kind) {
        return open(run).map(Some);
    }
    let of_path = index.of_path(&identity.target, &identity.entity, &identity.input_path)?;
    let Some(past) = of_path.iter().find(is_same_kind).map(open).transpose()? else { return Ok(None) };
    // A finished run of the same file concerns these rows when it sent them, even if every one was edited since; but what
    // changes records, or looks for them, is decided by what they are now.
    let is_finished = matches!(past.ended()?, Some((_, true)));
    // Where all rows have old ids, each of them is known for itself: this is the next export of the other system.
    if is_finished && rows.has_old_ids && past.has_old_ids()? {
        return Ok(None);
    }
    let is_bound = WriteMode::of(&identity.mode) == WriteMode::Create;
    let concerns = !is_finished || is_bound && sent_by(rows, index, &past, Known::ByKeyToo)? > 0;
    Ok(concerns.then_some(past))
}

/// Makes the folder and journal of a new run and lists it.
pub(super) fn begin(folder: &Path, identity: &RunIdentity, index: &RunIndex) -> Result<Journal> {
    let journal = Journal::create(folder, identity)?;
    index.put(identity, folder)?;
    Ok(journal)
}

/// A new run's id: made of time and chance.
pub(super) fn new_run_id() -> Uuid {
    Uuid::now_v7()
}
