//! What became of rows of a run that were not done: retries take them over, one after the other.

use uuid::Uuid;

use crate::error::Result;
use crate::journal::{Counts, IndexedRun, JournalReader};

/// The last of the retries of a run, one after the other, and how its rows ended. `of_parent` gives the runs that retry the rows
/// of a run, newest first.
///
/// # Errors
/// A journal that cannot be read, or whatever `of_parent` says.
pub fn last_retry(
    past: &JournalReader,
    of_parent: impl Fn(&Uuid) -> Result<Vec<IndexedRun>>,
) -> Result<Option<(JournalReader, Counts)>> {
    let mut last: Option<(JournalReader, Counts)> = None;
    // No retry is its own.
    let mut known = vec![past.identity().run];
    loop {
        let run = last.as_ref().map_or(past, |(retry, _)| retry).identity().run;
        let next = of_parent(&run)?.into_iter().find(|retry| retry.is_there && !known.contains(&retry.run));
        let Some(next) = next else { return Ok(last) };
        let retry = JournalReader::open_read_only(&next.folder)?;
        let counts = retry.all_counts()?;
        known.push(next.run);
        last = Some((retry, counts));
    }
}
