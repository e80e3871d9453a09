//! Rows of one file that change the same record. The same change twice is one; after a row that says something else of the record
//! a second one is refused, as the order of the rows would decide. Tags that several rows add and take away go together, unless
//! one row takes away what another adds, or sets them all.

use std::borrow::Cow;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};

use super::change::SaidCell;
use super::operation::{TagEdit, WriteOperation, name_of};
use super::spool::{RowState, Spool, SpoolWriter, SpooledRow};
use crate::check::duplicates::KeyCounter;
use crate::check::finding::Finding;
use crate::check::findings::Findings;
use crate::entity::{Entity, Overwrite};
use crate::error::Result;
use crate::format::Content;
use crate::journal::Reason;
use crate::mapping::Mapping;
use crate::problem::{Problem, Severity};
use crate::text::clean;
use crate::value::{signed_tags, tags};

/// The first row about a record of which there are several.
#[derive(Debug, Clone)]
struct First {
    number: u64,
    identity: Content,
    /// Where it says nothing but tags: those that it sets, where it sets them all.
    tags: Option<Option<u64>>,
}

/// The record of the account that a row changes, as its row names it; none where it names none, or makes one.
pub(super) fn record_named(row: &SpooledRow, entity: &Entity) -> Option<u64> {
    if entity.edits.is_some() {
        let Some(WriteOperation::Tags(edit)) = operation_of(row) else { return None };
        return Some(match &edit.old_id {
            Some(old_id) if edit.id.is_empty() => hash_of((&edit.entity, &old_id.source, &old_id.id)),
            _ => hash_of((&edit.entity, &edit.id)),
        });
    }
    if !entity.may_change {
        return None;
    }
    if entity.is_asked_for() {
        let Some(WriteOperation::Change { cells, .. }) = operation_of(row) else { return None };
        return Some(hash_of((name_of(entity.named_by(), cells), &row.id)));
    }
    let keys = row.keys();
    row.id.as_ref().map(hash_of).or(keys.natural).or(keys.old_id)
}

/// The records that rows change, as they name them now.
///
/// # Errors
/// A spool that cannot be read.
pub(super) fn records_of(spool: &mut Spool, entity: &Entity) -> Result<KeyCounter> {
    let mut records = KeyCounter::default();
    spool.rewind()?;
    while let Some(row) = spool.next()? {
        record_named(&row, entity).into_iter().for_each(|record| records.add(record));
    }
    spool.rewind()?;
    Ok(records)
}

/// Leaves out and refuses the rows after the first that are about one record, where `records` occurs more than once.
///
/// # Errors
/// A spool that cannot be read, a full disk.
pub(super) fn refuse_repeats(
    spool: &mut Spool,
    mapping: &Mapping,
    records: KeyCounter,
    findings: &mut Findings,
) -> Result<()> {
    let repeated = records.repeated();
    if repeated.is_empty() {
        return Ok(());
    }
    let entity = mapping.entity();
    let mut signs = Signs::gather(spool, entity, &repeated)?;
    let mut firsts: Vec<Option<First>> = vec![None; repeated.len()];
    let mut kept = SpoolWriter::new()?;
    let mut row_index = 0;
    while let Some(mut row) = spool.next()? {
        let record = record_named(&row, entity).filter(|_| row.is_sound());
        if let Some(position) = record.and_then(|record| repeated.binary_search(&record).ok()) {
            let problem = firsts[position].as_ref().and_then(|first| problem_of(first, &row, mapping, &signs));
            match problem {
                Some(problem) => {
                    let severity = problem.severity;
                    let finding = Finding::new(None, None, "", problem);
                    findings.held -= u64::from(matches!(row.state, RowState::Held { .. }));
                    findings.count_row(severity);
                    findings.add(row_index, row.number, &finding)?;
                    let reason = Reason { code: finding.code.into(), field: String::new(), message: finding.rule };
                    row.state = match severity {
                        Severity::Skipped => RowState::Skipped(reason),
                        _ => RowState::Refused(reason),
                    };
                }
                None => {
                    let tags = tags_of(&row, entity).map(|edit| set_of(&edit));
                    firsts[position].get_or_insert(First { number: row.number, identity: row.identity, tags });
                    signs.note(&row, entity);
                }
            }
        }
        kept.add(&row)?;
        row_index += 1;
    }
    *spool = kept.finish()?;
    Ok(())
}

/// Why a row is not sent that is about the same record as one before it; none where both are to be done.
fn problem_of(first: &First, row: &SpooledRow, mapping: &Mapping, signs: &Signs) -> Option<Problem> {
    let same = || Problem::skipped("same_row").with("row", first.number);
    let second = || Problem::new("second_change").with("row", first.number);
    if first.identity == row.identity {
        return Some(same());
    }
    let edit = tags_of(row, mapping.entity());
    match (first.tags, edit.as_deref().map(set_of)) {
        (Some(None), Some(None)) => edit.and_then(|edit| {
            let (tag, row) = signs.opposed(&edit)?;
            Some(Problem::new("tag_opposed").with("tag", clean(tag)).with("row", row))
        }),
        (Some(one), Some(other)) if one == other => Some(same()),
        (Some(_), Some(_)) => Some(second()),
        // What is looked up is told apart by what is found.
        _ => {
            let is_named = row.id.is_some() || mapping.entity().is_asked_for();
            (is_named && !mapping.is_found_by_key()).then(second)
        }
    }
}

/// Which tags rows add and take away of records that several rows are about, as far as more than one of them names the tag.
#[derive(Debug, Default)]
struct Signs {
    /// Tags of records, in order.
    named: Vec<u64>,
    /// For each of them, the first row that names it and whether it adds it; 0 before there is one.
    first: Vec<(u64, bool)>,
}

impl Signs {
    fn gather(spool: &mut Spool, entity: &Entity, repeated: &[u64]) -> Result<Signs> {
        let mut counter = KeyCounter::default();
        if entity.edits.is_some() || entity.tags.is_some() {
            while let Some(row) = spool.next()? {
                let is_repeated =
                    record_named(&row, entity).is_some_and(|record| repeated.binary_search(&record).is_ok());
                if let Some(edit) = tags_of(&row, entity).filter(|edit| is_repeated && set_of(edit).is_none()) {
                    signed(&edit).for_each(|(tag, _)| counter.add(tag_of(&edit, tag)));
                }
            }
            spool.rewind()?;
        }
        let named = counter.repeated();
        Ok(Signs { first: vec![(0, false); named.len()], named })
    }

    fn note(&mut self, row: &SpooledRow, entity: &Entity) {
        let Some(edit) = tags_of(row, entity).filter(|edit| set_of(edit).is_none()) else { return };
        for (tag, is_added) in signed(&edit) {
            if let Ok(position) = self.named.binary_search(&tag_of(&edit, tag))
                && self.first[position].0 == 0
            {
                self.first[position] = (row.number, is_added);
            }
        }
    }

    /// A tag of which an earlier row says the opposite, and that row.
    fn opposed<'e>(&self, edit: &'e TagEdit) -> Option<(&'e str, u64)> {
        signed(edit).find_map(|(tag, is_added)| {
            let (row, was_added) = self.first[self.named.binary_search(&tag_of(edit, tag)).ok()?];
            (row > 0 && was_added != is_added).then_some((tag, row))
        })
    }
}

/// The tags that an edit adds and takes away, and whether it adds them.
fn signed(edit: &TagEdit) -> impl Iterator<Item = (&str, bool)> {
    let added = edit.add.iter().map(|tag| (tag.as_str(), true));
    added.chain(edit.remove.iter().map(|tag| (tag.as_str(), false)))
}

fn tag_of(edit: &TagEdit, tag: &str) -> u64 {
    let old_id = edit.old_id.as_ref().filter(|_| edit.id.is_empty());
    hash_of((&edit.entity, &edit.id, &old_id.map(|old_id| &old_id.id), tag))
}

/// What an edit makes of a record's tags whatever they were; none where it adds and takes away alone, or says what an export
/// said.
fn set_of(edit: &TagEdit) -> Option<u64> {
    let sorted = |tags: &[String]| {
        let mut tags = tags.to_vec();
        tags.sort_unstable();
        tags.dedup();
        tags
    };
    let is_unedited = edit.baseline.is_some_and(|baseline| baseline.is_unedited);
    let is_set = edit.replaces() && !is_unedited;
    is_set.then(|| hash_of((sorted(&edit.set), sorted(&edit.add), sorted(&edit.remove))))
}

/// What a row makes of a record's tags, where it says nothing else.
fn tags_of<'r>(row: &'r SpooledRow, entity: &Entity) -> Option<Cow<'r, TagEdit>> {
    match operation_of(row)? {
        WriteOperation::Tags(edit) => Some(Cow::Borrowed(edit.as_ref())),
        WriteOperation::Change { id, cells } => signed_cell(id, cells, entity).map(Cow::Owned),
        _ => None,
    }
}

/// The tags that a row of an update adds and takes away, where that is all it says.
fn signed_cell(id: &str, cells: &[SaidCell], entity: &Entity) -> Option<TagEdit> {
    let mut said = cells.iter().filter(|cell| entity.id.as_ref() != Some(&cell.field));
    let (Some(cell), None) = (said.next(), said.next()) else { return None };
    if entity.tags.as_ref() != Some(&cell.field) || cell.baseline.is_some_and(|baseline| baseline.is_unedited) {
        return None;
    }
    let owned = |tags: Vec<&str>| tags.into_iter().map(str::to_owned).collect();
    let (add, remove) = match (signed_tags(&cell.value), cell.overwrite) {
        (Some((add, remove)), _) => (owned(add), owned(remove)),
        (None, Overwrite::Merge) => (owned(tags(&cell.value).collect()), Vec::new()),
        (None, Overwrite::Remove) => (Vec::new(), owned(tags(&cell.value).collect())),
        (None, _) => return None,
    };
    Some(TagEdit { id: id.to_owned(), add, remove, ..TagEdit::default() })
}

fn operation_of(row: &SpooledRow) -> Option<&WriteOperation> {
    match &row.state {
        RowState::Sound(operation) | RowState::Held { operation, .. } => Some(operation),
        _ => None,
    }
}

fn hash_of(what: impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(what)
}
