//! The records of a list by when they were created and changed.

use rusqlite::{OptionalExtension, params};

use super::{Mirror, to_i64};
use crate::error::{Context, Result};
use crate::mirror::tables::List;

impl Mirror {
    /// How many records a list holds that were created in a span, and how many of them are not marked as deleted. None is no
    /// bound; records without a date are in no span that has one.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn held_between(&self, list: &List, from: Option<&str>, to: Option<&str>) -> Result<[u64; 2]> {
        let count = |condition: &str| {
            self.count(
                &format!(
                    "SELECT COUNT(*) FROM record WHERE list = ?1 AND (?2 IS NULL OR created >= ?2)
                     AND (?3 IS NULL OR created <= ?3) {condition}"
                ),
                params![list.id, from, to],
            )
        };
        Ok([count("")?, count("AND is_deleted = 0")?])
    }

    /// How many records that the list's generation has seen do not say when they were created.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn undated(&self, list: &List) -> Result<u64> {
        self.count(
            "SELECT COUNT(*) FROM record WHERE list = ? AND seen = ? AND created IS NULL",
            params![list.id, list.generation],
        )
    }

    /// The first and the last moment of creation in a list, and the last one of a change.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn moments(&self, list: &List) -> Result<[Option<String>; 3]> {
        self.connection
            .prepare_cached("SELECT MIN(created), MAX(created), MAX(updated) FROM record WHERE list = ?")
            .and_then(|mut statement| {
                statement.query_row(params![list.id], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))
            })
            .context(|| self.failed())
    }

    /// When the record of a list was created that has so many created before it; none where it does not say so.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn created_at(&self, list: &List, offset: u64) -> Result<Option<String>> {
        self.connection
            .prepare_cached("SELECT created FROM record WHERE list = ? ORDER BY created LIMIT 1 OFFSET ?")
            .and_then(|mut statement| {
                statement.query_row(params![list.id, to_i64(offset)], |row| row.get(0)).optional()
            })
            .map(Option::flatten)
            .context(|| self.failed())
    }

    /// How many records of a list were changed at a moment or later and are older in store than another moment (Unix seconds).
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn changed_since(&self, list: &List, moment: &str, stored_before: i64) -> Result<u64> {
        self.count(
            "SELECT COUNT(*) FROM record WHERE list = ? AND updated >= ? AND stored < ?",
            params![list.id, moment, stored_before],
        )
    }
}
