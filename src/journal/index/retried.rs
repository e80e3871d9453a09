//! Rows of earlier runs that a run has sent again in other words, by what they said first: whoever reads that file once more is
//! told that they were sent.

use std::collections::HashMap;

use rusqlite::types::Value;
use rusqlite::{Connection, params};

use super::super::reader::JournalReader;
use super::super::status::Status;
use super::runs::RunIndex;
use crate::error::Result;
use crate::format::Content;

/// A row as it was first, and what became of it: what it said, its occurrence, how it ended where it was retried, and its record.
pub(super) type RetriedRow = (Content, u32, Status, Value);

impl RunIndex {
    /// What the rows that a run has sent said in the run that it retries, in the one before that, and so on, as far as their
    /// journals are there.
    ///
    /// # Errors
    /// A journal that cannot be read, a damaged index.
    pub(super) fn said_where_retried(&self, retry: &JournalReader) -> Result<Vec<RetriedRow>> {
        let (mut said, mut last) = (Vec::new(), retry.identity().clone());
        let mut sent = if last.parent.is_some() { retry.sent_for()? } else { HashMap::new() };
        while let Some(parent) = last.parent.filter(|_| !sent.is_empty()) {
            let folder = self.of_id(&parent.run)?.filter(|run| run.is_there).map_or(parent.folder, |run| run.folder);
            // One that cannot be read is told as such by itself.
            let Ok(past) = JournalReader::open_read_only(&folder) else { break };
            // Another run may have taken its folder; and after a change of its input the numbers are those of other rows.
            if past.identity().run != parent.run || past.identity().started > last.started {
                break;
            }
            let mut before = HashMap::new();
            past.each_operation(|operation| {
                let row = &operation.row;
                if let Some((status, id)) = sent.get(&row.number) {
                    said.extend(row.identity.map(|identity| (identity, row.copy, *status, id.clone())));
                    before.extend(row.origin.map(|origin| (origin, (*status, id.clone()))));
                }
                Ok(())
            })?;
            (sent, last) = (before, past.identity().clone());
        }
        Ok(said)
    }
}

/// Writes them down, each with the run that sent it. What is known to be done is never in doubt again.
pub(super) fn put(index: &Connection, rows: &[(i64, RetriedRow)]) -> rusqlite::Result<()> {
    let mut statement = index.prepare_cached(
        "INSERT INTO by_retried VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE
           SET status = excluded.status, id = excluded.id WHERE excluded.status <> 7",
    )?;
    rows.iter().try_for_each(|(run, (identity, copy, status, id))| {
        statement.execute(params![&identity[..], copy, run, *status as u8, id]).map(drop)
    })
}
