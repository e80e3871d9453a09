//! Rows of a run that others have retried: what became of them there is theirs, and this run sends none of them again.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::family::line_of;
use crate::error::Result;
use crate::format::Content;
use crate::import::decision::PastEnd;
use crate::journal::{IndexedRun, InputRow, Journal, JournalReader, RowKey, RunIdentity, RunIndex};

/// Such rows, and the runs that took care of them.
#[derive(Debug, Default)]
pub(super) struct RetriedRows {
    /// By what they say: the old id that they have beside it, and the run.
    said: HashMap<(Content, u32), (Option<Content>, i64)>,
    /// By their natural keys.
    keys: HashMap<u64, i64>,
    /// The runs.
    pub runs: HashMap<i64, IndexedRun>,
}

impl RetriedRows {
    /// Those that a run may have left open; `own` is what it was when it last had its input, `family` it and those that retry one
    /// another's rows. What the runs before it have sent is asked for row by row.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub(super) fn of(own: &RunIdentity, family: &HashSet<Uuid>, index: &RunIndex) -> Result<RetriedRows> {
        let mut found = RetriedRows::default();
        if family.len() < 2 {
            return Ok(found);
        }
        let line: HashSet<Uuid> = line_of(own, index)?.iter().map(|past| past.identity().run).collect();
        let mut retries = Vec::new();
        for run in family.iter().filter(|run| **run != own.run && !line.contains(run)) {
            retries.extend(index.of_id(run)?.filter(|run| run.is_there && Journal::exists(&run.folder)));
        }
        // Each before the one whose rows it retried.
        retries.sort_by_key(|run| std::cmp::Reverse(run.started));
        let mut taken: HashMap<Uuid, HashMap<u64, i64>> = HashMap::new();
        for run in retries {
            let past = JournalReader::open_read_only(&run.folder)?;
            let numbers = taken.remove(&run.run).unwrap_or_default();
            let parent = past.identity().parent.as_ref().map(|parent| parent.run).unwrap_or_default();
            // Before that its numbers were those of another input.
            let is_of_input = parent != own.run || past.identity().started >= own.started;
            let of_parent = taken.entry(parent).or_default();
            each_row(&past, |row, is_done| {
                if is_done {
                    found.add(row, run.number);
                }
                if let Some(origin) = row.origin.filter(|_| is_of_input)
                    && let Some(by) = numbers.get(&row.number).copied().or(is_done.then_some(run.number))
                {
                    of_parent.insert(origin, by);
                }
            })?;
            found.runs.insert(run.number, run);
        }
        if let Some(numbers) = taken.get(&own.run).filter(|numbers| !numbers.is_empty())
            && let Some(run) = index.of_id(&own.run)?
        {
            each_row(&JournalReader::open_read_only(&run.folder)?, |row, _| {
                if let Some(by) = numbers.get(&row.number) {
                    found.add(row, *by);
                }
            })?;
        }
        Ok(found)
    }

    fn add(&mut self, row: &RowKey, run: i64) {
        if let Some(identity) = row.identity {
            self.said.insert((identity, row.copy), (row.old_id.as_deref().map(|old_id| old_id.hash()), run));
        }
        self.keys.extend(row.key.map(|key| (key, run)));
    }

    /// The run that took care of a row.
    pub(super) fn run_of(&self, row: &InputRow) -> Option<i64> {
        let said = self.said.get(&(row.identity.identity, row.identity.copy));
        // What says the same and has another old id is another row.
        let said =
            said.filter(|(old_id, _)| old_id.is_none_or(|old_id| row.old_id == Some(old_id))).map(|(_, run)| *run);
        said.or_else(|| self.keys.get(&row.key?).copied())
    }
}

/// Calls `take` with each row that has an end or may have been sent, and whether that end stands.
fn each_row(past: &JournalReader, mut take: impl FnMut(&RowKey, bool)) -> Result<()> {
    past.reserved()?.iter().for_each(|row| take(row, true));
    past.each_operation(|operation| {
        take(&operation.row, !PastEnd::of(operation).is_open());
        Ok(())
    })
}
