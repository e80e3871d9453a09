//! What we told the service last of the records that rows change: the origin of the cells of a file that is no export of ours.
//! A cell that still says it was not edited since; where the service says something else now, somebody there changed it.

use std::borrow::Cow;
use std::collections::HashSet;

use super::change::{CellBaseline, SaidCell, differing, field_of};
use super::operation::{TagEdit, WriteOperation};
use super::options::ImportOptions;
use super::preflight::Preflight;
use super::sent_members::sent_members;
use super::settle::KeptRun;
use crate::baseline::{SentStore, mark};
use crate::entity::{Custom, Entity, Field, Kind, Overwrite};
use crate::error::Result;
use crate::files::short_path;
use crate::journal::{IndexedRun, JournalReader, Operation, RunIndex, SETTLED, STORED_OTHERWISE, Status, TAGS_DROPPED};
use crate::message;
use crate::terminal::{Printer, quoted_path};
use crate::value::edited_tags;

/// What stands in the place of a mark where a list was added to or taken away from: what it was then is not known.
const NO_VALUE: u64 = u64::MAX;
/// Stands for how a journal is that is not there.
const GONE: &str = "gone";
/// Stands for how a journal is that is about to change.
const READ_OTHERWISE: &str = "read otherwise";

/// The name of a field and the mark of what was told of it.
type ToldField = (String, u64);

/// What is known of what a run has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// All of it.
    All,
    /// Not of rows of which it is open what became of them: theirs is not, and neither is which records they are.
    InDoubt,
    /// Nothing.
    Nothing,
}

/// What we told the service last of the records of an entity.
#[derive(Debug)]
pub(super) struct LastSent {
    store: SentStore,
    entity: Entity,
    /// When the file's export was made, where it is one of ours: what was told before that is not its cells' origin.
    exported: Option<i64>,
}

impl LastSent {
    /// Brings what is known up to date by the runs into the account whose journals and cells are there, and says once of which
    /// others nothing is known. None where rows change no records, or no run wrote any.
    ///
    /// # Errors
    /// A damaged index, a folder that cannot be written.
    pub(super) fn read(
        options: &ImportOptions<'_>,
        index: &RunIndex,
        target: &str,
        preflight: &Preflight,
        printer: &Printer,
    ) -> Result<Option<LastSent>> {
        let entity = options.entity();
        let mut runs = index.all_runs_for(&entity.name)?;
        if !(entity.may_change || entity.edits.is_some()) || runs.is_empty() {
            return Ok(None);
        }
        runs.sort_by_key(|run| run.started);
        let mut store = SentStore::open(&options.account.baseline_folder()?, &entity.name)?;
        let (mut untold, mut in_doubt) = (Vec::new(), Vec::new());
        for run in runs {
            let is_ours = run.target == target || index.is_same_account(target, &run.target)? == Some(true);
            // Of one whose rows nobody has read it is not known whether it sent any.
            let may_have_sent = run.done > 0 || !run.is_there && !run.is_finished;
            match is_ours.then(|| told_by(options, &mut store, &run)).transpose()? {
                Some(Told::Nothing) if may_have_sent => untold.push(run),
                Some(Told::InDoubt) => in_doubt.push(run),
                _ => {}
            }
        }
        if let Some(last) = in_doubt.last() {
            let (runs, folder) = (in_doubt.len(), quoted_path(short_path(&last.folder)));
            printer.warn(&message!("run.origin_in_doubt", runs = runs, folder = folder).to_string());
        }
        if let Some(last) = untold.last() {
            let (runs, folder) = (untold.len(), short_path(&last.folder));
            printer.warn(&message!("run.no_origin", runs = runs, folder = folder.display()).to_string());
        }
        let exported = preflight.handed_back.as_ref().map(|handed_back| handed_back.exported_at());
        Ok(Some(LastSent { store, entity: entity.clone(), exported }))
    }

    /// Says of the cells of a row where they come from: as far as no export of ours does, and what we told since that was made.
    /// What the service never shows, such as a reply, nobody can have changed there: a further one is written.
    ///
    /// # Errors
    /// A damaged file.
    pub(super) fn add_origin(&self, record: &str, cells: &mut [SaidCell]) -> Result<()> {
        let is_wanted = |cell: &SaidCell| {
            let is_asked = matches!(cell.overwrite, Overwrite::Edited | Overwrite::IfBlank);
            let is_edited = cell.baseline.is_none_or(|baseline| !baseline.is_unedited);
            is_edited && is_asked && field_of(&self.entity, cell).is_comparable()
        };
        if !cells.iter().any(is_wanted) {
            return Ok(());
        }
        let (at, told) = self.store.of(record)?;
        let is_since = self.exported.is_none_or(|exported| at >= exported);
        for cell in cells.iter_mut().filter(|cell| is_wanted(cell)) {
            let field = field_of(&self.entity, cell);
            let Some(&value_mark) = told.get(&cell.field).filter(|mark| **mark != NO_VALUE) else { continue };
            if let Some(baseline) = &mut cell.baseline {
                // What an export did not show it cannot have seen.
                baseline.told_mark = Some(value_mark).filter(|_| is_since || baseline.value_mark == 0);
                continue;
            }
            if !is_value(&field, &cell.value) {
                continue;
            }
            let is_unedited = mark(&field, &cell.value) == value_mark;
            cell.baseline = Some(CellBaseline { is_unedited, ..CellBaseline::edited(value_mark) });
        }
        Ok(())
    }
}

impl LastSent {
    /// Whether what we told the service last of a record is what these cells add to it.
    ///
    /// # Errors
    /// A damaged file.
    pub(super) fn has_told(&self, record: &str, cells: &[SaidCell]) -> Result<bool> {
        let (_, told) = self.store.of(record)?;
        let added = || cells.iter().filter(|cell| !cell.value.is_empty() && field_of(&self.entity, cell).write_only);
        let is_told =
            |cell: &SaidCell| told.get(&cell.field) == Some(&mark(&field_of(&self.entity, cell), &cell.value));
        Ok(added().next().is_some() && added().all(is_told))
    }
}

/// The name under which the tags of a record are kept that rows of tags set.
fn name_of_tags(entity: &str, id: &str) -> String {
    format!("{entity}/{id}")
}

/// Whether a cell says what a field is to be, and not what is done to it.
fn is_value(field: &Field, value: &str) -> bool {
    field.kind != Kind::Tags || edited_tags(value, "").is_none()
}

impl LastSent {
    /// The same for tags that a row sets.
    ///
    /// # Errors
    /// A damaged file.
    pub(super) fn add_origin_of_tags(&self, edit: &mut TagEdit) -> Result<()> {
        let (Some(baseline), Some(edits)) = (&mut edit.baseline, &self.entity.edits) else { return Ok(()) };
        let (at, told) = self.store.of(&name_of_tags(&edit.entity, &edit.id))?;
        let is_since = self.exported.is_none_or(|exported| at >= exported);
        let told = told.get(&edits.set).copied().filter(|mark| is_since && *mark != NO_VALUE);
        baseline.told_mark = told.filter(|_| !baseline.is_unedited);
        Ok(())
    }
}

/// Whether what a run has told is known, or was said not to be.
///
/// What is in doubt is read, and said, each time.
///
/// # Errors
/// A damaged file.
fn told_by(options: &ImportOptions<'_>, store: &mut SentStore, run: &IndexedRun) -> Result<Told> {
    let (state, known) = (RunIndex::state_of(&run.folder), store.state_of(&run.run.to_string())?);
    match (state, known) {
        // One that was at work a moment ago can be read, though it may say more later.
        (None, _) if run.is_there => Ok(add(options, store, run, None).unwrap_or(Told::Nothing)),
        // What a folder told is known, although it is gone.
        (None, Some(_)) => Ok(Told::All),
        (Some(state), Some(known)) if state == known => Ok(Told::All),
        // One that cannot be read now may be mended.
        (Some(state), _) => Ok(add(options, store, run, Some(&state)).unwrap_or(Told::Nothing)),
        (None, None) => {
            if !options.dry_run {
                store.write()?.keep(&run.run.to_string(), GONE)?;
            }
            Ok(Told::Nothing)
        }
    }
}

/// Keeps what a run has told so far: from now on its columns may be taken for something else.
///
/// # Errors
/// A damaged file.
pub(super) fn keep_told(options: &ImportOptions<'_>, past: &JournalReader) -> Result<()> {
    let mut store = SentStore::open(&options.account.baseline_folder()?, &options.entity().name)?;
    // It is read again when it is wanted: it tells more by then.
    add_told(options, &mut store, past, Some(READ_OTHERWISE)).map(drop)
}

/// Adds what a run has told, as far as its cells are there to tell.
fn add(options: &ImportOptions<'_>, store: &mut SentStore, run: &IndexedRun, state: Option<&str>) -> Result<Told> {
    add_told(options, store, &JournalReader::open_read_only(&run.folder)?, state)
}

fn add_told(
    options: &ImportOptions<'_>,
    store: &mut SentStore,
    past: &JournalReader,
    state: Option<&str>,
) -> Result<Told> {
    let mut writer = store.write()?;
    let kept = KeptRun::of(past, options.catalog).ok();
    if let Some(kept) = &kept {
        let (mut rows, mut next) = (kept.rows(past)?, 0);
        let without_id = kept.entity.is_asked_for().then_some("");
        past.each_operation(|operation| {
            // What it told was added before its columns were taken for something else.
            let id = agreed(operation, without_id).filter(|_| kept.tells_what_was_sent(operation));
            let Some(id) = id else { return Ok(()) };
            while next <= operation.row.row && rows.next()? {
                next += 1;
            }
            let is_change = operation.status != Status::Created && !id.is_empty();
            let asked = rows.operation(Some(id).filter(|_| is_change))?;
            if let Some((record, told)) = told_by_row(kept, operation, id, asked, &options.catalog.service.custom) {
                writer.add(&record, operation.at, &told)?;
            }
            Ok(())
        })?;
    }
    let (unknown, made_without_id) = past.unsettled()?;
    let lacks_ids = made_without_id > 0 && kept.as_ref().is_none_or(|kept| !kept.entity.is_asked_for());
    let is_in_doubt = unknown > 0 || lacks_ids || !past.reserved()?.is_empty();
    if let Some(state) = state.filter(|_| !is_in_doubt && (kept.is_some() || !options.dry_run)) {
        writer.keep(&past.identity().run.to_string(), state)?;
    }
    Ok(match kept {
        None => Told::Nothing,
        Some(_) if is_in_doubt => Told::InDoubt,
        Some(_) => Told::All,
    })
}

/// What a row has told of its record, and under which name that is kept; none where it told nothing.
fn told_by_row<'a>(
    kept: &KeptRun<'_>,
    operation: &Operation,
    id: &'a str,
    asked: WriteOperation,
    custom: &Custom,
) -> Option<(Cow<'a, str>, Vec<ToldField>)> {
    let differs = differing_fields(operation);
    let mut is_added_to = HashSet::new();
    let mut record = Cow::Borrowed(id);
    let told = match asked {
        WriteOperation::Tags(edit) if differs.is_empty() => {
            record = Cow::Owned(name_of_tags(&edit.entity, id));
            let field = kept.entity.edits.as_ref().map(|edits| edits.set.clone()).unwrap_or_default();
            is_added_to.extend(Some(field.clone()).filter(|_| !edit.is_list()));
            vec![(field, edit.set.join(","))]
        }
        WriteOperation::Write { body, .. } => {
            let members = sent_members(&kept.entity, &body, custom);
            if id.is_empty() {
                let of = |field: &str| members.iter().find(|(name, _)| name == field);
                let value = |field: &str| of(field).map_or_else(Cow::default, |(_, value)| value.into());
                record = Cow::Owned(kept.entity.key_name(value));
            }
            members
        }
        WriteOperation::Change { cells, .. } => {
            let is_list_changed = |cell: &&SaidCell| matches!(cell.overwrite, Overwrite::Merge | Overwrite::Remove);
            is_added_to.extend(cells.iter().filter(is_list_changed).map(|cell| cell.field.clone()));
            // What nobody edited was not told, unless it is written in any case.
            cells.into_iter().filter(SaidCell::may_be_written).map(|cell| (cell.field, cell.value)).collect()
        }
        _ => return None,
    };
    let marked = |(name, value): (String, String)| {
        let field = kept.entity.field(&name).cloned().unwrap_or_else(|| Field::custom_text(&name));
        let is_value = is_value(&field, &value) && !is_added_to.contains(&name);
        let mark = if is_value { mark(&field, &value) } else { NO_VALUE };
        (name, mark)
    };
    let is_there = |(name, _): &(String, String)| !differs.contains(name);
    Some((record, told.into_iter().filter(is_there).map(marked).collect()))
}

/// The record of a row that agreed with it when the row ended, but for fields that are named; `without_id` where records have none.
fn agreed<'a>(operation: &'a Operation, without_id: Option<&'a str>) -> Option<&'a str> {
    let has_agreed = match &operation.reason {
        None => matches!(operation.status, Status::Created | Status::Updated | Status::Unchanged),
        // What the service made something else of was sent all the same, and so was what was found there afterwards.
        Some(reason) if [STORED_OTHERWISE, SETTLED].contains(&reason.code.as_str()) => {
            matches!(operation.status, Status::Created | Status::Updated | Status::Unchanged)
        }
        Some(reason) => reason.code == TAGS_DROPPED || !differing_fields(operation).is_empty(),
    };
    operation.id.as_deref().or(without_id).filter(|_| has_agreed)
}

/// The fields of a row that ended beside others of which the record keeps another value than the row says.
fn differing_fields(operation: &Operation) -> Vec<String> {
    let Some(reason) = &operation.reason else { return Vec::new() };
    match reason.code == TAGS_DROPPED {
        true => vec![reason.field.clone()],
        false => differing(reason).into_iter().map(|(field, _)| field).collect(),
    }
}
