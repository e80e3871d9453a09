//! Runs that retry one another's rows.

use std::collections::HashSet;

use uuid::Uuid;

use crate::error::Result;
use crate::journal::{Journal, JournalReader, Parent, RunIdentity, RunIndex};

/// The journal of a run that was retried, wherever its folder lies now; none when it is gone.
///
/// # Errors
/// A journal that cannot be read, a damaged index.
pub(in crate::import) fn retried(parent: &Parent, index: &RunIndex) -> Result<Option<JournalReader>> {
    let moved = index.of_id(&parent.run)?.filter(|run| run.is_there).map(|run| run.folder);
    for folder in moved.iter().chain([&parent.folder]).filter(|folder| Journal::exists(folder)) {
        let past = JournalReader::open_read_only(folder)?;
        // Another run may have taken the name of one that was moved.
        if past.identity().run == parent.run {
            return Ok(Some(past));
        }
    }
    Ok(None)
}

/// The run whose rows a run sends again, the one before that, and so on to the first, up to one whose folder is gone.
///
/// # Errors
/// A journal that cannot be read, a damaged index.
pub(in crate::import) fn line_of(run: &RunIdentity, index: &RunIndex) -> Result<Vec<JournalReader>> {
    let mut line: Vec<JournalReader> = Vec::new();
    while let Some(parent) = line.last().map_or(run, JournalReader::identity).parent.clone()
        && let Some(past) = retried(&parent, index)?
    {
        line.push(past);
    }
    Ok(line)
}

/// The run that a command goes on with or begins, and those that retry one another's rows with it. One whose folder is gone
/// is no help to the others: what it sent is remembered as that of any other run.
///
/// # Errors
/// A damaged index.
pub(in crate::import) fn family(run: &RunIdentity, root: Uuid, index: &RunIndex) -> Result<HashSet<Uuid>> {
    let mut family = HashSet::from([run.run, root]);
    let mut left: Vec<Uuid> = vec![root];
    while let Some(run) = left.pop() {
        for retry in index.of_parent(&run)? {
            if family.insert(retry.run) {
                left.push(retry.run);
            }
        }
    }
    Ok(family)
}
