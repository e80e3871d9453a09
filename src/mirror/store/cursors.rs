//! How far readings have come.

use rusqlite::{OptionalExtension, params};

use super::Mirror;
use crate::error::{Context, Result};
use crate::mirror::tables::{List, PageCursor, read_cursor};

impl Mirror {
    /// How far the reading of a filter has come.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn cursor(&self, list: &List, number: i64) -> Result<Option<PageCursor>> {
        self.connection
            .prepare_cached("SELECT state FROM window WHERE list = ? AND number = ?")
            .and_then(|mut statement| statement.query_row(params![list.id, number], read_cursor).optional())
            .map(Option::flatten)
            .context(|| self.failed())
    }

    /// The cursors of a list, by number, from this number on.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn cursors(&self, list: &List, from: i64) -> Result<Vec<PageCursor>> {
        self.connection
            .prepare_cached("SELECT state FROM window WHERE list = ? AND number >= ? ORDER BY number")
            .and_then(|mut statement| {
                let cursors: rusqlite::Result<Vec<_>> =
                    statement.query_map(params![list.id, from], read_cursor)?.collect();
                cursors
            })
            .map(|cursors| cursors.into_iter().flatten().collect())
            .context(|| self.failed())
    }

    /// Notes how far the reading of a filter has come.
    ///
    /// # Errors
    /// A full disk.
    pub fn put_cursor(&self, list: &List, cursor: &PageCursor) -> Result<()> {
        let state = serde_json::to_string(cursor).context(|| self.failed())?;
        self.execute(
            "INSERT OR REPLACE INTO window(list, number, state) VALUES (?, ?, ?)",
            params![list.id, cursor.number, state],
        )
        .map(drop)
    }

    /// Forgets how far the reading of each filter has come, from this number on.
    ///
    /// # Errors
    /// A full disk.
    pub fn forget_cursors(&self, list: &List, from: i64) -> Result<()> {
        self.execute("DELETE FROM window WHERE list = ? AND number >= ?", params![list.id, from]).map(drop)
    }
}
