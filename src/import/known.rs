//! What is known before anything is sent: which run is meant, what it has done already, and what other runs say of the rows.

use std::collections::{BTreeSet, HashSet};

use uuid::Uuid;

use super::accounts::{Accounts, Proof};
use super::additions::each_named;
use super::memory::{Concerned, Memory, OtherAccount, family, line_of};
use super::options::ImportOptions;
use super::places::lost_runs;
use super::preflight::{Preflight, Rows};
use super::references::Reference;
use super::resume::{ResumePlan, Written, each_batch, ended_before, meant};
use crate::check::duplicates::first_eight;
use crate::error::{Error, Exit, Result};
use crate::journal::{
    IndexedRun, InputRow, Journal, JournalReader, OperationCursor, RegisteredRows, Registration, RunIdentity, RunIndex,
};
use crate::mapping::Mapping;
use crate::message;
use crate::message::Message;
use crate::terminal::{Printer, quoted_path};

/// What is known before anything is sent.
#[derive(Debug)]
pub(super) struct Known {
    /// The run that is meant.
    pub meant: ResumePlan,
    /// How many rows it has ended already, in a way that keeps them from being sent again.
    pub ended: u64,
    /// What other runs say.
    pub memory: Memory,
    /// What there is to say of it.
    pub words: Vec<Message>,
    /// The run itself and those that retry one another's rows.
    family: HashSet<Uuid>,
}

impl Known {
    /// Says what other runs say of the rows. What is done to records that are there is decided by those records.
    pub(super) fn tell(&self, preflight: &Preflight, printer: &Printer) {
        if !preflight.mapping.is_found_by_key() {
            self.words.iter().for_each(|word| printer.warn(&word.to_string()));
        }
    }

    /// Refuses rows that an export of ours has said without the ids of their records, unless runs know them as their own, and
    /// those of an export that got the values of others.
    ///
    /// # Errors
    /// Such rows.
    pub(super) fn refuse_rows_of_export(&self, options: &ImportOptions<'_>, preflight: &Preflight) -> Result<()> {
        if let Some(moved) = preflight.moved_columns.as_ref().filter(|_| !self.is_finished()) {
            return Err(moved.refuse(&options.preflight.input.shown));
        }
        match &preflight.rows_of_export {
            Some(found) if !self.is_finished() && found.rows as u64 > self.not_sent() => {
                Err(found.refuse(&options.preflight.input.shown))
            }
            _ => Ok(()),
        }
    }

    /// Finds out what is known, and changes nothing but the index. The rows' old ids are those of the system `source`.
    ///
    /// # Errors
    /// Something that makes the run what it is has changed, a journal that cannot be read, or rows that are known from an
    /// account of which nobody has said whether it is this one.
    pub(super) fn find_out(
        options: &ImportOptions<'_>,
        identity: &RunIdentity,
        index: &mut RunIndex,
        rows: &mut Rows,
        mapping: &Mapping,
    ) -> Result<Known> {
        match find_out(options, identity, index, rows, mapping) {
            Err(error) if index.repair(&error)? => find_out(options, identity, index, rows, mapping),
            found => found,
        }
    }

    /// Refuses rows that another command is sending at this moment. Their runs are listed: whoever begins does so under the
    /// lock of the index.
    ///
    /// # Errors
    /// Such rows, or a spool that cannot be read.
    pub(super) fn refuse_rows_in_work(
        &self,
        (options, preflight): (&ImportOptions<'_>, &Preflight),
        identity: &RunIdentity,
        index: &RunIndex,
        rows: &mut Rows,
    ) -> Result<()> {
        let (makes_records, adds) = (options.makes_records(), preflight.mapping.adds());
        if !makes_records && !adds {
            return Ok(());
        }
        for run in index.in_work(&identity.entity)?.iter().filter(|run| !self.family.contains(&run.run)) {
            let mut marks = HashSet::new();
            Registration::each_of_live(&run.folder, |mark| {
                marks.insert(mark);
                Ok(())
            })?;
            let mut common = 0u64;
            if makes_records {
                each_batch(rows, |batch| {
                    let is_common = |row: &&InputRow| marks_of(row).any(|mark| marks.contains(&mark));
                    common += batch.rows.iter().filter(is_common).count() as u64;
                    Ok(())
                })?;
            }
            if adds {
                each_named(options.entity(), rows, |hash| {
                    common += u64::from(marks.contains(&first_eight(&hash)));
                    Ok(())
                })?;
            }
            if common > 0 {
                return Err(Error::cannot_run(message!("memory.busy", rows = common, folder = run.folder.display()))
                    .hint(message!("memory.busy_hint")));
            }
        }
        Ok(())
    }

    /// Whether a run did it all before.
    pub(super) fn is_finished(&self) -> bool {
        matches!(self.meant, ResumePlan::Finished(..))
    }

    /// Rows that are not sent for what is known of them.
    pub(super) fn not_sent(&self) -> u64 {
        self.ended + self.memory.not_sent()
    }
}

fn find_out(
    options: &ImportOptions<'_>,
    identity: &RunIdentity,
    index: &mut RunIndex,
    rows: &mut Rows,
    mapping: &Mapping,
) -> Result<Known> {
    index.look_through()?;
    let mut told = find_out_accounts(options, identity, index, mapping)?;
    let written = Written { entity: options.entity(), catalog: options.catalog };
    let meant = meant(&options.resume, identity, index, rows, written)?;
    let ended = ended_before(&meant, identity, index, rows)?;
    let own = match &meant {
        ResumePlan::Finished(..) => {
            // A process that was killed right after its last row has left to others what the index is to remember.
            if options.makes_records() {
                index.memory(&identity.entity)?;
            }
            return Ok(Known { meant, ended, memory: Memory::default(), words: Vec::new(), family: HashSet::new() });
        }
        ResumePlan::New(_) => identity,
        ResumePlan::Continue(_, past) | ResumePlan::Accept(_, past) => past.identity(),
    };
    let own = &own.clone();
    index.drop_read()?;
    let cursor = cursor_of(&meant)?;
    let first = line_of(own, index)?.last().map_or(own.run, |past| past.identity().run);
    let concerned = Concerned {
        identity,
        entity: options.entity(),
        own,
        family: family(own, first, index)?,
        ignores_before: ignores_before(first, index)?,
        resends: options.doubt.resends,
        consent: &options.preflight.consent,
    };
    let source = mapping.source();
    let (mut memory, mut others) = Memory::look_up(&concerned, index, rows, source, cursor)?;
    if !options.resume.fresh && settle_accounts(options, &identity.target, &others, index, &mut told)? {
        let cursor = cursor_of(&meant)?;
        (memory, others) = Memory::look_up(&concerned, index, rows, source, cursor)?;
    }
    if options.makes_records() && !options.is_sandbox() {
        all_readable(index)?;
        if let ResumePlan::Continue(_, past) | ResumePlan::Accept(_, past) = &meant {
            refuse_older_copy(past, index)?;
        }
        if let Some(parent) = &options.parent {
            refuse_older_copy(&JournalReader::open_read_only(&parent.folder)?, index)?;
        }
        for past in line_of(own, index)? {
            refuse_older_copy(&past, index)?;
        }
    }
    if let Some(other) = others.first().filter(|_| !options.resume.fresh) {
        return Err(of_other_account(options, other.rows, &other.run));
    }
    // What rows change is decided by the records as they are now.
    if let (ResumePlan::New(None), false) = (&meant, options.resume.fresh || options.entity().may_change)
        && let Some((past, exit)) = done_by_one(&memory, identity)?
    {
        let meant = ResumePlan::Finished(past, exit);
        let family = concerned.family;
        return Ok(Known { meant, ended: identity.rows, memory: Memory::default(), words: told, family });
    }
    let mut words = told;
    words.extend(memory.words());
    if options.resume.fresh {
        let doubles = memory.not_sent();
        words = Vec::from_iter((doubles > 0).then(|| message!("memory.fresh", rows = doubles)));
        return Ok(Known { meant, ended, memory: Memory::default(), words, family: concerned.family });
    }
    Ok(Known { meant, ended, memory, words, family: concerned.family })
}

/// A folder that is but a copy of a run's, or an older state of it, does not know what the run has sent since.
fn refuse_older_copy(past: &JournalReader, index: &RunIndex) -> Result<()> {
    if let Some(original) = index.original_of(past)? {
        return Err(Error::usage(message!(
            "memory.copy",
            folder = past.folder().display(),
            original = original.display()
        ))
        .hint(message!("memory.copy_hint")));
    }
    match index.lost_by(past)? {
        0 => Ok(()),
        rows => Err(Error::cannot_run(message!("memory.older", folder = past.folder().display(), rows = rows))
            .hint(message!("memory.older_hint"))),
    }
}

/// The rows that the run that is meant has ended, when it goes on with its own input.
///
/// # Errors
/// A journal that cannot be read.
pub(super) fn cursor_of(meant: &ResumePlan) -> Result<Option<OperationCursor>> {
    match meant {
        ResumePlan::Continue(folder, _) => OperationCursor::open(folder).map(Some),
        _ => Ok(None),
    }
}

/// When a run began that was to ignore all runs before it.
fn ignores_before(run: Uuid, index: &RunIndex) -> Result<Option<i64>> {
    let Some(run) = index.of_id(&run)?.filter(|run| run.is_there) else { return Ok(None) };
    let ignores = JournalReader::open_read_only(&run.folder)?.ignores_earlier()?;
    Ok(ignores.then_some(run.started))
}

/// Keeps what a person says of the accounts of earlier runs, and tries to prove of those that know more old ids, or have begun
/// the run that was named, that they are this one. What there is to say of it.
fn find_out_accounts(
    options: &ImportOptions<'_>,
    identity: &RunIdentity,
    index: &mut RunIndex,
    mapping: &Mapping,
) -> Result<Vec<Message>> {
    let accounts = Accounts::of(options);
    accounts.keep_told(index)?;
    let mut proved = accounts.prove_old_ids(index, &named_by_old_ids(options, mapping))?;
    if let Some(folder) = options.resume.folder.as_ref().filter(|folder| Journal::exists(folder)) {
        let target = JournalReader::open_read_only(folder)?.identity().target.clone();
        let is_unsaid = target != identity.target && index.is_same_account(&identity.target, &target)?.is_none();
        if is_unsaid && accounts.prove(index, &target)? == Proof::Same {
            proved.push(target);
        }
    }
    Ok(proved.into_iter().map(|target| message!("memory.same_account", target = target)).collect())
}

/// The entities whose records rows name by the ids that these have in other systems. What rows make anew is asked for by
/// the rows themselves.
fn named_by_old_ids<'a>(options: &'a ImportOptions<'_>, mapping: &Mapping) -> BTreeSet<&'a str> {
    let references = Reference::all(mapping, options.catalog);
    let mut named: BTreeSet<&str> = references
        .iter()
        .filter(|reference| reference.has_old_ids())
        .map(|reference| reference.entity.name.as_str())
        .collect();
    if mapping.source().is_some() && !options.makes_records() && options.entity().edits.is_none() {
        named.insert(&options.entity().name);
    }
    named
}

/// Why rows are not sent that are known from an account of which nobody has said whether it is this one.
fn of_other_account(options: &ImportOptions<'_>, rows: u64, run: &IndexedRun) -> Error {
    let folder = quoted_path(&run.folder);
    let error = message!("memory.other_account", rows = rows, target = run.target, folder = folder);
    Error::usage(error).hint(match options.resume.accounts.others_are_others {
        // What was answered was that this account is meant, perhaps; that is another question.
        true => message!("memory.other_account_named_hint", folder = folder),
        false => message!("memory.other_account_hint", folder = folder),
    })
}

/// Finds out of runs by another address or login whether their account is this command's. Tells whether anything became known.
fn settle_accounts(
    options: &ImportOptions<'_>,
    target: &str,
    others: &[OtherAccount],
    index: &RunIndex,
    told: &mut Vec<Message>,
) -> Result<bool> {
    let mut is_settled = false;
    for OtherAccount { run, .. } in others {
        match Accounts::of(options).prove(index, &run.target)? {
            Proof::Same => told.push(message!("memory.same_account", target = run.target)),
            Proof::NotHere if options.resume.accounts.others_are_others => {
                index.put_same_account(target, &run.target, false)?;
            }
            Proof::NotHere | Proof::CannotTell => continue,
        }
        is_settled = true;
    }
    Ok(is_settled)
}

/// Writes down which rows a command may send, for those who begin meanwhile. What is given back says the same beside the index,
/// once it is kept, for those who come when the run's folder is gone.
///
/// # Errors
/// A full disk, or a spool that cannot be read.
pub(super) fn register(
    options: &ImportOptions<'_>,
    journal: &Journal,
    index: &RunIndex,
    (rows, mapping): (&mut Rows, &Mapping),
) -> Result<Option<RegisteredRows>> {
    let makes_records = options.makes_records();
    if !makes_records && !mapping.adds() {
        return Ok(None);
    }
    let mut registration = Registration::begin(journal.folder())?;
    let mut registered = index.register(&journal.identity().run, mapping.source())?;
    // Where what is written is counted, any row may be among it.
    let mut left = options.limit.filter(|_| !options.limits_written()).unwrap_or(u64::MAX);
    each_batch(rows, |batch| {
        for (row, checked) in batch.rows.iter().zip(&batch.checked) {
            let is_within = left > 0;
            left = left.saturating_sub(1);
            if checked.is_sound && makes_records {
                marks_of(row).try_for_each(|mark| registration.add(mark))?;
                if is_within {
                    registered.add(row)?;
                }
            }
        }
        Ok(())
    })?;
    if mapping.adds() {
        each_named(options.entity(), rows, |hash| {
            registration.add(first_eight(&hash))?;
            registered.add_added(&hash)
        })?;
    }
    registration.keep()?;
    Ok(Some(registered))
}

/// What a row is registered by: what it says, and its key.
fn marks_of(row: &InputRow) -> impl Iterator<Item = u64> {
    std::iter::once(first_eight(&row.identity.identity)).chain(row.key)
}

/// The finished run that did all of these rows and no others, in whatever order, and how it ended.
fn done_by_one(memory: &Memory, identity: &RunIdentity) -> Result<Option<(JournalReader, Exit)>> {
    let Some(run) = memory.done_by_one(identity.rows).filter(|run| run.is_there) else { return Ok(None) };
    let past = JournalReader::open_read_only(&run.folder)?;
    let exit = past.ended()?.filter(|(_, is_finished)| *is_finished).map(|(exit, _)| exit);
    let is_all_of_it = past.sent()? == identity.rows;
    Ok(exit.filter(|_| is_all_of_it).map(|exit| (past, exit)))
}

/// A journal that is there and cannot be read is never taken for none: nobody knows what its run has sent. Nor is one that is
/// gone, where the run's reports tell that it sent rows.
fn all_readable(index: &RunIndex) -> Result<()> {
    if let Some(folder) = lost_runs(index)?.first() {
        let folder = quoted_path(folder);
        return Err(Error::cannot_run(message!("memory.lost_journal", folder = folder))
            .hint(message!("memory.lost_journal_hint", folder = folder)));
    }
    match index.unreadable().first() {
        None => Ok(()),
        Some((folder, why)) => {
            Err(Error::cannot_run(message!("memory.unreadable", folder = folder.display(), why = why.clone()))
                .hint(message!("memory.unreadable_hint", folder = folder.display())))
        }
    }
}
