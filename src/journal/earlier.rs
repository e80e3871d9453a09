//! Rows of the input as it was before it changed, and which rows of the input they are now.

use rusqlite::params;

use super::database::failed;
use super::operation::{OldId, Operation, RowIdentity};
use super::reader::JournalReader;
use super::rows::{SENT, read_operation, signed};
use crate::error::Result;

/// How a row is known to be one of the earlier input, in the order in which they are tried: with each of them all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Its cells are those of a row that version 1 sent, which kept nothing else of it.
    CellsOfVersion1,
    /// It says the same, and its old id is the same.
    OldId,
    /// It says the same.
    Identity,
    /// Its cells are the same: the columns are read in another way now.
    Cells,
}

impl Match {
    /// All of them, in their order.
    pub const ALL: [Match; 4] = [Match::CellsOfVersion1, Match::OldId, Match::Identity, Match::Cells];
}

impl JournalReader {
    /// Whether something happened before the input changed.
    ///
    /// # Errors
    /// A damaged file.
    pub fn has_earlier(&self) -> Result<bool> {
        self.connection()
            .query_row("SELECT EXISTS (SELECT 1 FROM earlier)", [], |row| row.get(0))
            .map_err(|error| failed(self.folder(), error))
    }

    /// Finds, for the row at `row_index`, the row of the earlier input that it is, by one of several ways to know it. No row
    /// is found for two, nor are two rows for one.
    ///
    /// # Errors
    /// A damaged file.
    pub fn match_earlier(&self, way: Match, row_index: u64, row: &RowIdentity, old_id: Option<&OldId>) -> Result<()> {
        // What has another old id is another row.
        const FREE: &str = "AND rowid NOT IN (SELECT earlier FROM temp.matched)
             AND (?4 IS NULL OR old_id IS NULL OR old_id = ?4)";
        if way == Match::OldId && old_id.is_none() {
            return Ok(());
        }
        let (condition, hash, copy) = match way {
            Match::CellsOfVersion1 => {
                ("content = ?2 AND coalesce(content_copy, 0) = ?3 AND identity IS NULL", row.content, row.content_copy)
            }
            Match::OldId => ("identity = ?2 AND old_id = ?4 AND ?3 >= 0", row.identity, row.copy),
            Match::Identity => ("identity = ?2 AND coalesce(copy, 0) = ?3", row.identity, row.copy),
            Match::Cells => ("content = ?2 AND coalesce(content_copy, 0) = ?3", row.content, row.content_copy),
        };
        self.connection()
            .prepare_cached(&format!(
                "INSERT OR IGNORE INTO temp.matched (row, earlier)
                 SELECT ?1, rowid FROM earlier WHERE {condition} {FREE} LIMIT 1"
            ))
            .and_then(|mut statement| {
                statement.execute(params![signed(row_index), &hash[..], copy, old_id.map(OldId::to_text)])
            })
            .map_err(|error| failed(self.folder(), error))?;
        Ok(())
    }

    /// What happened to the row at `row_index` before the input changed, once the matches are found.
    ///
    /// # Errors
    /// A damaged file.
    pub fn earlier(&self, row_index: u64) -> Result<Option<Operation>> {
        self.one(
            &format!(
                "SELECT {} FROM earlier WHERE rowid = (SELECT earlier FROM temp.matched WHERE row = ?1)",
                self.columns()
            ),
            params![signed(row_index)],
        )
    }

    /// What happened before the input changed to the row with this natural key, of those that were sent and are not known
    /// to have failed; and whether that row is still in the input.
    ///
    /// # Errors
    /// A damaged file.
    pub fn earlier_by_key(&self, key: u64) -> Result<Option<(Operation, bool)>> {
        let one = |is_present: &str| {
            self.one(
                &format!(
                    "SELECT {} FROM earlier WHERE key = ?1 AND status IN (1, 2, 3, 7)
                     AND rowid {is_present} (SELECT earlier FROM temp.matched) LIMIT 1",
                    self.columns()
                ),
                params![key.cast_signed()],
            )
        };
        match one("IN")? {
            Some(present) => Ok(Some((present, true))),
            None => Ok(one("NOT IN")?.map(|gone| (gone, false))),
        }
    }

    /// What was sent before the input changed for the row of this number in the run that is retried, where that row as it was is
    /// no longer in the input.
    ///
    /// # Errors
    /// A damaged file.
    pub fn earlier_by_origin(&self, origin: u64) -> Result<Option<Operation>> {
        self.one(
            &format!(
                "SELECT {} FROM earlier WHERE origin = ?1 AND status IN (1, 2, 3, 7)
                 AND rowid NOT IN (SELECT earlier FROM temp.matched) LIMIT 1",
                self.columns()
            ),
            params![signed(origin)],
        )
    }

    /// The rows of an earlier input that made or changed the record of this id.
    ///
    /// # Errors
    /// A damaged file.
    pub fn earlier_of_record(&self, id: &str) -> Result<Vec<Operation>> {
        let found = (|| {
            self.connection()
                .prepare(&format!("SELECT {} FROM earlier WHERE CAST(id AS TEXT) = ?1 AND {SENT}", self.columns()))?
                .query_map(params![id], read_operation)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })();
        found.map_err(|error| failed(self.folder(), error))
    }

    /// The same for the row with this old id.
    ///
    /// # Errors
    /// A damaged file.
    pub fn earlier_by_old_id(&self, old_id: &OldId) -> Result<Option<(Operation, bool)>> {
        let one = |is_present: &str| {
            self.one(
                &format!(
                    "SELECT {} FROM earlier WHERE old_id = ?1 AND {SENT}
                     AND rowid {is_present} (SELECT earlier FROM temp.matched) LIMIT 1",
                    self.columns()
                ),
                params![old_id.to_text()],
            )
        };
        if self.version < 4 {
            return Ok(None);
        }
        match one("IN")? {
            Some(present) => Ok(Some((present, true))),
            None => Ok(one("NOT IN")?.map(|gone| (gone, false))),
        }
    }
}
