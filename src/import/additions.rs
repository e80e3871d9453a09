//! What rows add to records that no record shows afterwards, such as a reply: whoever got it once does not get it again, whatever
//! file or run brings it. All else that a row says of a record is decided by that record as it is now.

use std::collections::{BTreeMap, HashMap};

use super::change::{AddedBefore, SaidCell};
use super::last_sent::LastSent;
use super::operation::WriteOperation;
use super::options::ImportOptions;
use super::preflight::Rows;
use super::sent_members::sent_members;
use crate::account::SANDBOX;
use crate::baseline::normal;
use crate::check::consent::SENT_BEFORE;
use crate::check::identity::folded;
use crate::entity::{Custom, Entity};
use crate::error::Result;
use crate::format::Content;
use crate::journal::{IndexedRun, Operation, RowKey, RunIdentity, RunIndex, Status, hash_for, hash_of_added};
use crate::mapping::Mapping;
use crate::message;
use crate::terminal::Printer;

/// What runs into an account have added to its records.
#[derive(Debug)]
pub(super) struct Additions {
    index: RunIndex,
    /// Those runs, by what they go by in the index.
    runs: HashMap<i64, IndexedRun>,
    /// What nobody knows to have arrived is added once more: a person says so.
    resends: bool,
}

impl Additions {
    /// What is known of what the rows of a command add; none where they add nothing, or are to be sent whatever came before.
    ///
    /// # Errors
    /// A damaged index.
    pub(super) fn of(
        options: &ImportOptions<'_>,
        index: &mut RunIndex,
        identity: &RunIdentity,
        mapping: &Mapping,
    ) -> Result<Option<Additions>> {
        // What was done is done once more where a person says so, by an option for this command alone.
        if !mapping.adds() || options.resume.fresh || options.preflight.consent.names(SENT_BEFORE) {
            return Ok(None);
        }
        let mut runs = HashMap::new();
        for run in index.memory(&identity.entity)? {
            let is_ours = match run.target == identity.target {
                true => true,
                // What went to a sandbox is no account's.
                false if [&run.target, &identity.target].iter().any(|target| target.starts_with(SANDBOX)) => false,
                false => index.is_same_account(&identity.target, &run.target)? != Some(false),
            };
            if is_ours {
                runs.insert(run.number, run);
            }
        }
        let own = RunIndex::open_existing(&options.account.index_folder()?)?;
        Ok(Some(Additions { index: own, runs, resends: options.doubt.resends }))
    }

    /// Says of cells of a row that changes `record` which of them add what was added before.
    ///
    /// # Errors
    /// A damaged index.
    pub(super) fn add_to(
        &self,
        entity: &Entity,
        record: &str,
        cells: &mut [SaidCell],
        last_sent: Option<&LastSent>,
    ) -> Result<()> {
        let Some(added) = added_by_cells(entity, cells) else { return Ok(()) };
        let Some(before) = self.before(&hash_for(record, &added), || was_told(last_sent, record, cells))? else {
            return Ok(());
        };
        for cell in cells.iter_mut().filter(|cell| adds(entity, cell)) {
            cell.added_before = Some(before.clone());
        }
        Ok(())
    }

    /// What runs say of something that was added to a record; `was_told` tells it of those that kept nothing of it.
    fn before(&self, hash: &Content, was_told: impl FnOnce() -> Result<bool>) -> Result<Option<AddedBefore>> {
        let found = self.index.added_before(hash)?;
        let found = found.into_iter().find_map(|(run, status)| Some((self.runs.get(&run)?, status)));
        Ok(match found {
            Some((run, Status::Unknown)) if !self.resends => {
                let folder = run.folder.display();
                let why = match run.is_there {
                    true => message!("memory.row_added_unknown", folder = folder),
                    false => message!("memory.row_added_unknown_gone", folder = folder),
                };
                Some(AddedBefore { is_in_doubt: true, why })
            }
            Some((_, Status::Unknown)) => None,
            Some((run, _)) => {
                let why = message!("memory.row_added", folder = run.folder.display());
                Some(AddedBefore { is_in_doubt: false, why })
            }
            None if was_told()? => Some(AddedBefore { is_in_doubt: false, why: message!("memory.row_added_once") }),
            None => None,
        })
    }

    /// Says before anything is sent how many rows add what was added before, where rows name their records.
    ///
    /// # Errors
    /// A damaged index, a spool that cannot be read.
    pub(super) fn tell(&self, entity: &Entity, rows: &mut Rows, printer: &Printer) -> Result<()> {
        let mut counts: BTreeMap<(bool, &str), u64> = BTreeMap::new();
        let folders: HashMap<i64, String> =
            self.runs.iter().map(|(number, run)| (*number, run.folder.display().to_string())).collect();
        each_named(entity, rows, |hash| {
            let found = self.index.added_before(&hash)?;
            let known = found.into_iter().find_map(|(run, status)| Some((folders.get(&run)?, status)));
            if let Some((folder, status)) = known {
                *counts.entry((status == Status::Unknown, folder.as_str())).or_default() += 1;
            }
            Ok(())
        })?;
        for ((is_in_doubt, folder), rows) in counts {
            let word = match is_in_doubt {
                true if self.resends => message!("memory.added_resent", rows = rows, folder = folder),
                true => message!("memory.added_unknown", rows = rows, folder = folder),
                false => message!("memory.added", rows = rows, folder = folder),
            };
            printer.warn(&word.to_string());
        }
        Ok(())
    }
}

/// Whether we told the service last of a record what cells add: runs of earlier versions kept no more of that.
fn was_told(last_sent: Option<&LastSent>, record: &str, cells: &[SaidCell]) -> Result<bool> {
    last_sent.map_or(Ok(false), |last_sent| last_sent.has_told(record, cells))
}

/// Whether a cell adds something.
fn adds(entity: &Entity, cell: &SaidCell) -> bool {
    !cell.value.is_empty() && entity.field(&cell.field).is_some_and(|field| field.write_only)
}

/// What cells add.
fn added_by_cells(entity: &Entity, cells: &[SaidCell]) -> Option<Content> {
    let told = cells.iter().filter(|cell| adds(entity, cell));
    added(entity, told.map(|cell| (cell.field.as_str(), cell.value.as_str())))
}

/// What is added where fields are told these texts: however they are spelled, and in whatever width.
fn added<'a>(entity: &Entity, told: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Content> {
    let mut told: Vec<(&str, String)> = told
        .filter_map(|(name, text)| Some((entity.field(name).filter(|field| field.write_only)?, name, text)))
        .filter(|(_, _, text)| !text.is_empty())
        .map(|(field, name, text)| (name, folded(&normal(field, text))))
        .collect();
    told.sort_unstable();
    hash_of_added(told.iter().map(|(name, text)| (*name, text.as_str())))
}

/// What a row adds to its record; nothing of most.
pub(super) fn added_by(entity: &Entity, custom: &Custom, operation: &WriteOperation) -> Option<Content> {
    if !entity.fields.iter().any(|field| field.write_only) {
        return None;
    }
    match operation {
        WriteOperation::Change { cells, .. } => added_by_cells(entity, cells),
        WriteOperation::Draft(members) | WriteOperation::LookedUp { members, .. } => added(entity, members.iter()),
        WriteOperation::Write { body, .. } => {
            let told = sent_members(entity, body, custom);
            added(entity, told.iter().map(|(name, text)| (name.as_str(), text.as_str())))
        }
        WriteOperation::Tags(_) => None,
    }
}

/// The end of a row that adds what may have been added before: nothing of it is sent before that is known.
pub(super) fn in_doubt(row: &RowKey, operation: &WriteOperation) -> Option<Operation> {
    let WriteOperation::Change { id, cells } = operation else { return None };
    let before = cells.iter().filter_map(|cell| cell.added_before.as_ref()).find(|before| before.is_in_doubt)?;
    let (status, reason) = before.end();
    let at = jiff::Timestamp::now().as_millisecond();
    Some(Operation { row: row.clone(), status, id: Some(id.clone()), attempts: 0, at, reason: Some(Box::new(reason)) })
}

/// Calls `with` on what each row that may be sent adds to the record that it names.
///
/// # Errors
/// A spool that cannot be read, or whatever `with` says.
pub(super) fn each_named(entity: &Entity, rows: &mut Rows, mut with: impl FnMut(Content) -> Result<()>) -> Result<()> {
    rows.each_operation(|operation| match operation {
        WriteOperation::Change { id, cells } => {
            added_by_cells(entity, cells).map_or(Ok(()), |added| with(hash_for(id, &added)))
        }
        _ => Ok(()),
    })
}
