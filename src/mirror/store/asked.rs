//! What is kept beside lists: definitions of fields, and single records' own pages.

use rusqlite::{OptionalExtension, params};

use super::Mirror;
use crate::error::{Context, Result};
use crate::mirror::tables::{DEFINITIONS, Key, List};

impl Mirror {
    /// Stores the definitions of an entity's custom fields, as the service gave them at a moment (Unix seconds).
    ///
    /// # Errors
    /// A full disk.
    pub fn put_definitions(&self, entity: &str, read: i64, definitions: &str) -> Result<()> {
        // A file of an earlier version has no such table.
        self.connection.execute_batch(DEFINITIONS).context(|| self.failed())?;
        self.execute(
            "INSERT OR REPLACE INTO definition(entity, read, body) VALUES (?, ?, ?)",
            params![entity, read, definitions],
        )
        .map(drop)
    }

    /// The entities whose custom fields are known, and when they were read (Unix seconds).
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn defined(&self) -> Result<Vec<(String, i64)>> {
        if !self.has_definitions()? {
            return Ok(Vec::new());
        }
        self.connection
            .prepare_cached("SELECT entity, read FROM definition ORDER BY entity")
            .and_then(|mut statement| statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
            .context(|| self.failed())
    }

    fn has_definitions(&self) -> Result<bool> {
        let there = "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'definition'";
        Ok(self.count(there, [])? > 0)
    }

    /// The definitions of an entity's custom fields, and when they were read (Unix seconds).
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn definitions(&self, entity: &str) -> Result<Option<(i64, String)>> {
        if !self.has_definitions()? {
            return Ok(None);
        }
        self.connection
            .prepare_cached("SELECT read, body FROM definition WHERE entity = ?")
            .and_then(|mut statement| {
                statement.query_row(params![entity], |row| Ok((row.get(0)?, row.get(1)?))).optional()
            })
            .context(|| self.failed())
    }

    /// Stores what was asked for one record.
    ///
    /// # Errors
    /// A full disk.
    pub fn put_detail(&self, list: &List, key: &Key, name: &str, stamp: &str, body: &[u8]) -> Result<()> {
        self.execute(
            "INSERT OR REPLACE INTO detail(list, rank, key, name, stamp, body) VALUES (?, ?, ?, ?, ?, ?)",
            params![list.id, key.rank, key.text, name, stamp, body],
        )
        .map(drop)
    }

    /// Forgets what was asked for one record.
    ///
    /// # Errors
    /// A full disk.
    pub fn forget_detail(&self, list: &List, key: &Key, name: &str) -> Result<()> {
        self.execute(
            "DELETE FROM detail WHERE list = ? AND rank = ? AND key = ? AND name = ?",
            params![list.id, key.rank, key.text, name],
        )
        .map(drop)
    }

    /// What was asked for one record, with its stamp.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn detail(&self, list: &List, key: &Key, name: &str) -> Result<Option<(String, Vec<u8>)>> {
        self.connection
            .prepare_cached("SELECT stamp, body FROM detail WHERE list = ? AND rank = ? AND key = ? AND name = ?")
            .and_then(|mut statement| {
                statement
                    .query_row(params![list.id, key.rank, key.text, name], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()
            })
            .context(|| self.failed())
    }
}
