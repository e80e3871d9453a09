//! Which run a command means: a new one, one to go on with, or one that did it all before. The same command never sends
//! twice: it goes on with the unfinished run of the same rows, and after a finished one it does nothing but say so.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::cells::CellReader;
use super::options::ResumeOptions;
use super::preflight::Rows;
use super::references::{Answers, FILE_NAME, Given, NOT_YET};
use crate::check::confirmed::Confirmed;
use crate::check::consent::EXISTS;
use crate::entity::{Catalog, Entity, WriteMode};
use crate::error::{Context, Error, Exit, Result};
use crate::files::{create_private_folder, cut_name};
use crate::format::{Content, Row, content_of};
use crate::journal::{
    IndexedRun, InputRow, Journal, JournalReader, OldId, Parent, RowKey, RunIdentity, RunIndex, Status, WasSent,
};
use crate::message;
use crate::message::Detail;
use crate::t;
use crate::terminal::quoted_path;
use crate::text::clean;

/// Rows of a journal that are read together.
const TOGETHER: usize = 1000;
/// Most rows that are named.
const NAMED: usize = 5;

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
    let entity = written.entity;
    // A run is found again from any folder.
    let named =
        options.folder.as_ref().map(|folder| std::path::absolute(folder).context(|| folder.display().to_string()));
    let named = named.transpose()?;
    let found = match &named {
        Some(folder) if Journal::exists(folder) => Some(JournalReader::open_read_only(folder)?),
        Some(_) => None,
        None if options.fresh => None,
        None => earlier_run(identity, index, rows, entity)?,
    };
    let Some(past) = found else { return Ok(ResumePlan::New(named)) };
    let changes_records = entity.may_change || entity.edits.is_some() || entity.conflict.is_some();
    if named.is_none() && changes_records && is_overtaken(&past, (identity, written), index)? {
        return Ok(ResumePlan::New(None));
    }
    let folder = past.folder().to_owned();
    if options.fresh {
        return Err(Error::usage(message!("resume.folder_taken", folder = folder.display()))
            .hint(message!("resume.folder_taken_hint")));
    }
    let is_same_account = index.is_same_account(&identity.target, &past.identity().target)? == Some(true);
    let mut changes = changes(past.identity(), identity);
    changes.retain(|change| *change != Change::Target || !is_same_account);
    let resends = options.resends && past.unsettled()?.0 > 0;
    let reopens = resends
        || options.consents && past.counts()?.held > 0
        || past.unknown_elsewhere()? > 0
        || past.counts()?.refused > 0 && may_be_refused_no_more(options, &past)?;
    let ended = past.ended()?.filter(|(_, is_finished)| *is_finished && !reopens).map(|(exit, _)| exit);
    if let Some(exit) = ended {
        // A newer program knows the interface better; that is no reason to import again what is done. Nor is another order.
        let is_all_done = changes == [Change::Input]
            && sent_by(rows, index, &past, Known::ByIdentity)? == identity.rows
            && past.sent()? >= identity.rows
            // A row in doubt that left the file may be back: then what became of it can be found out.
            && past.gone_counts()?.unknown == 0;
        if changes.is_empty() || changes == [Change::Catalog] || is_all_done {
            return Ok(ResumePlan::Finished(past, exit));
        }
    }
    if changes.is_empty() {
        return Ok(ResumePlan::Continue(folder, past));
    }
    // A failed file that was fixed again is retried once more: its rows name themselves, and what was sent of them stays sent.
    if ended.is_some() && named.is_none() && identity.parent.is_some() && changes == [Change::Input] {
        return Ok(ResumePlan::New(None));
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
    let binds_nobody =
        !past.has_sent()? || ended.is_none() && changes == [Change::Input] && has_all_sent(rows, index, &past)?;
    if !binds_nobody && !options.accept_changed {
        let names: Vec<String> = changes.iter().map(|change| change.label()).collect();
        let sent = sent_by(rows, index, &past, Known::ByKeyToo)?;
        return Err(Error::usage(message!(
            "resume.changed",
            what = names.join(&t!("resume.and")),
            folder = folder.display(),
            entity = entity.zh
        ))
        .hint(match identity.parent {
            None if sent == 0 => t!("resume.changed_unsent_hint"),
            None => t!("resume.changed_hint", sent = sent),
            Some(_) if past.counts()?.retriable() == 0 => t!("resume.changed_retry_go_on_hint"),
            Some(_) => t!("resume.changed_retry_hint", folder = quoted_path(&folder)),
        }));
    }
    if !changes_records && identity.parent.is_none() && !options.sends_beside_gone {
        refuse_beside_gone(identity, index, rows, &past)?;
    }
    Ok(ResumePlan::Accept(folder, past))
}

/// Refuses rows that came while rows that were sent went: each may be one of those, edited, and would be there twice. Rows with
/// a key are known again by that, unless nobody knows what became of them. Rows that came are those that the earlier input did
/// not have, however many others went.
///
/// # Errors
/// Such rows, or a journal that cannot be read.
fn refuse_beside_gone(
    identity: &RunIdentity,
    index: &mut RunIndex,
    rows: &mut Rows,
    past: &JournalReader,
) -> Result<()> {
    if has_all_sent(rows, index, past)? {
        return Ok(());
    }
    // How often the input says each of these.
    let (mut said, mut cells) = (HashMap::<Content, u32>::new(), HashMap::<Content, u32>::new());
    let (mut keys, mut unsent) = (HashSet::new(), HashMap::<Content, u32>::new());
    each_batch(rows, |batch| {
        let sent = index.sent_by(&past.identity().run, &batch.rows)?;
        for ((row, checked), was_sent) in batch.rows.iter().zip(&batch.checked).zip(sent) {
            *said.entry(row.identity.identity).or_default() += 1;
            *cells.entry(row.identity.content).or_default() += 1;
            keys.extend(row.key);
            if checked.is_sound && !checked.is_double && !was_sent.as_it_is {
                *unsent.entry(row.identity.content).or_default() += 1;
            }
        }
        Ok(())
    })?;
    let is_gone = |row: &RowKey| {
        let is_there = |hash: &Content, copy: u32, times: &HashMap<Content, u32>| {
            times.get(hash).is_some_and(|times| *times > copy)
        };
        let is_said = row.identity.is_some_and(|identity| is_there(&identity, row.copy, &said))
            || is_there(&row.content, row.content_copy, &cells);
        !is_said && row.key.is_none_or(|key| !keys.contains(&key))
    };
    let (mut named, mut count, mut in_doubt) = (Vec::new(), 0u64, 0u64);
    let mut name = |row: &RowKey, id: Option<&str>, is_unknown: bool| {
        count += 1;
        in_doubt += u64::from(is_unknown);
        if named.len() < NAMED {
            named.push(match id {
                Some(id) => message!("resume.gone_row", row = row.number, id = clean(id)),
                None => message!("resume.gone_row_unknown", row = row.number),
            });
        }
    };
    past.reserved()?.iter().filter(|row| is_gone(row)).for_each(|row| name(row, None, true));
    let mut from = 0;
    loop {
        let operations = past.operations(from, TOGETHER)?;
        let Some(last) = operations.last() else { break };
        from = last.row.row + 1;
        for operation in &operations {
            let is_unknown = operation.status == Status::Unknown;
            let is_sent =
                is_unknown || matches!(operation.status, Status::Created | Status::Updated | Status::Unchanged);
            // A key that was changed is another one; what became of its row is known, and the new one is another row.
            if is_sent && is_gone(&operation.row) && (is_unknown || operation.row.key.is_none()) {
                name(&operation.row, operation.id.as_deref().filter(|_| !is_unknown), is_unknown);
            }
        }
    }
    if count == 0 || !has_new_rows(past, identity, unsent)? {
        return Ok(());
    }
    let (folder, named) = (past.folder(), Detail::List(named.into_iter().map(Detail::Message).collect()));
    let error = Error::usage(message!("resume.gone", rows = count, named = named, folder = folder.display()));
    Err(error.hint(match in_doubt {
        0 => message!("resume.gone_hint"),
        _ => message!("resume.gone_unknown_hint", rows = in_doubt, folder = quoted_path(folder)),
    }))
}

/// Whether the input has rows that the earlier one had not, by their cells: `cells` tells how often it has each that was not
/// sent. Where nobody knows the earlier cells any more, or the columns are read in another way, any of them may be one.
fn has_new_rows(past: &JournalReader, identity: &RunIdentity, mut cells: HashMap<Content, u32>) -> Result<bool> {
    if cells.is_empty() {
        return Ok(false);
    }
    if past.identity().mapping != identity.mapping {
        return Ok(true);
    }
    let Ok(mut kept) = CellReader::open(past.folder(), past.identity()) else { return Ok(true) };
    let mut row = Row::default();
    while kept.read(&mut row)? {
        let content = content_of(&row.cells);
        if let Some(times) = cells.get_mut(&content) {
            *times -= 1;
            if *times == 0 {
                cells.remove(&content);
            }
        }
    }
    Ok(!cells.is_empty())
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
    Ok(past.has_refused_for(&NOT_YET)? || is_decided_anew(options, past)?)
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

/// Opens the journal of the run that is meant, or makes it.
///
/// # Errors
/// A folder that cannot be written, or another process is at work on the run.
pub(super) fn open(
    meant: ResumePlan,
    options: &ResumeOptions,
    identity: RunIdentity,
    ended: u64,
    index: &RunIndex,
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
            drop(past);
            let mut journal = Journal::open(&folder)?;
            journal.reopen_elsewhere()?;
            if looks_anew {
                // Others are refused once more.
                journal.reopen_refused()?;
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

/// What can change between two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Target,
    Entity,
    Key,
    Input,
    Mapping,
    Catalog,
}

impl Change {
    fn label(self) -> String {
        match self {
            Change::Target => t!("resume.target"),
            Change::Entity => t!("resume.entity"),
            Change::Key => t!("resume.key"),
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
        (before.key != now.key, Change::Key),
        (before.input != now.input, Change::Input),
        (before.mapping != now.mapping, Change::Mapping),
        (before.catalog != now.catalog, Change::Catalog),
    ]
    .into_iter()
    .filter_map(|(changed, what)| changed.then_some(what))
    .collect()
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

/// How a row is known to have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// By what it says.
    ByIdentity,
    /// By that, or by its natural key: it may have been edited since.
    ByKeyToo,
}

/// How many of the rows a run has sent whose journal is there.
fn sent_by(rows: &mut Rows, index: &mut RunIndex, past: &JournalReader, known: Known) -> Result<u64> {
    index.read_run(past)?;
    sent_before(rows, index, &past.identity().run, known)
}

/// How many of the rows a run has sent, as the index knows.
fn sent_before(rows: &mut Rows, index: &RunIndex, run: &Uuid, known: Known) -> Result<u64> {
    let mut sent = 0;
    each(rows, index, run, |row, was_sent| {
        // A later row with the same key is a double, and was never sent.
        let may_be_edited = known == Known::ByKeyToo && !row.is_double;
        sent += u64::from(was_sent.as_it_is || may_be_edited && was_sent.by_key);
    })?;
    Ok(sent)
}

/// How many of the rows that could be sent now a run has sent, edited ones included.
fn sound_and_sent(rows: &mut Rows, index: &mut RunIndex, past: &JournalReader) -> Result<u64> {
    index.read_run(past)?;
    let mut sent = 0;
    each(rows, index, &past.identity().run, |row, was_sent| {
        sent += u64::from(row.is_sound && !row.is_double && (was_sent.as_it_is || was_sent.by_key));
    })?;
    Ok(sent)
}

/// Whether every row that a run has sent, or may have sent, is in the input.
fn has_all_sent(rows: &mut Rows, index: &mut RunIndex, past: &JournalReader) -> Result<bool> {
    Ok(sent_by(rows, index, past, Known::ByIdentity)? == past.sent()?)
}

/// What the first reading says of a row, beside what it is found by.
#[derive(Debug)]
pub(super) struct CheckedRow {
    /// It can be sent.
    pub is_sound: bool,
    /// An earlier row has its key.
    pub is_double: bool,
    /// What a person consented to in its own cell.
    pub confirmed: Confirmed,
    /// It is known by another natural key than the strongest.
    pub is_known_by_weaker: bool,
}

/// Rows that are looked up together: the more of them, the fewer parts of the index are read for each.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// What they are found by.
    pub rows: Vec<InputRow>,
    /// What the first reading says of them.
    pub checked: Vec<CheckedRow>,
}

/// Rows of a batch.
const BATCH: usize = 1 << 17;

/// Calls `look` with all rows in batches, in their order.
///
/// # Errors
/// A spool that cannot be read, or whatever `look` says.
pub(super) fn each_batch(rows: &mut Rows, mut look: impl FnMut(&Batch) -> Result<()>) -> Result<()> {
    rows.begin()?;
    let mut batch = Batch::default();
    while let Some(row) = rows.spool.next_known()? {
        let is_sound = row.is_sound();
        let seen = rows.duplicates.see(row.number, row.keys(), &row.identity, &row.content, is_sound);
        let old_id = row.old_id.as_deref().map(OldId::hash);
        let weaker = row.weaker.first().map(|key| key.hash);
        batch.rows.push(InputRow { identity: row.known_by(seen), key: row.key_hash(), weaker, old_id });
        let is_double = seen.is_double_of().is_some();
        let is_known_by_weaker = row.is_known_by_weaker();
        batch.checked.push(CheckedRow { is_sound, is_double, confirmed: row.confirmed, is_known_by_weaker });
        if batch.rows.len() == BATCH {
            look(&batch)?;
            batch.rows.clear();
            batch.checked.clear();
        }
    }
    look(&batch)?;
    rows.begin()
}

/// Calls `look` with every row and whether a run has sent it.
fn each(rows: &mut Rows, index: &RunIndex, run: &Uuid, mut look: impl FnMut(&CheckedRow, WasSent)) -> Result<()> {
    each_batch(rows, |batch| {
        let sent = index.sent_by(run, &batch.rows)?;
        batch.checked.iter().zip(sent).for_each(|(row, was_sent)| look(row, was_sent));
        Ok(())
    })
}

/// Makes the folder and journal of a new run and lists it.
pub(super) fn begin(folder: &Path, identity: &RunIdentity, index: &RunIndex) -> Result<Journal> {
    let journal = Journal::create(folder, identity)?;
    index.put(identity, folder)?;
    Ok(journal)
}

fn made(folder: &Path) -> Result<PathBuf> {
    create_private_folder(folder).map_err(elsewhere)?;
    Ok(folder.to_owned())
}

/// A run's folder that cannot be made may be another one.
fn elsewhere(error: Error) -> Error {
    error.and_hint(message!("journal.cannot_write_hint"))
}

/// `bw8-runs/<date>-<account>-<entity>-<input name>`, or the same with a number when that is taken.
fn free_folder(identity: &RunIdentity, account: &str) -> Result<PathBuf> {
    let date = jiff::ZonedDateTime::now().date();
    let stem = identity.input_path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = match &identity.parent {
        Some(Parent { folder, .. }) => {
            let parent = folder.file_name().map(|name| name.to_string_lossy().into_owned());
            format!("{}-retry", portable(&parent.unwrap_or_default()))
        }
        None => portable(&format!("{date}-{account}-{}-{}", identity.entity, stem.unwrap_or_default())),
    };
    let base = PathBuf::from("bw8-runs").join(&name);
    for number in 1..10_000u32 {
        let folder = match number {
            1 => base.clone(),
            _ => base.with_file_name(format!("{}-{number}", base.file_name().unwrap_or_default().to_string_lossy())),
        };
        if !folder.exists() {
            create_private_folder(&folder).map_err(elsewhere)?;
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
