//! The lists of a mirror: their generations, and what proves them.

use rusqlite::{OptionalExtension, params};

use super::{Mirror, to_i64};
use crate::error::{Context, Error, Result};
use crate::mirror::tables::{List, read_list};

impl Mirror {
    /// The list of this entity and query, made when it is not there.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn list(&self, entity: &str, query: &str) -> Result<List> {
        if let Some(list) = self.find(entity, query)? {
            return Ok(list);
        }
        self.execute("INSERT OR IGNORE INTO list(entity, question) VALUES (?, ?)", params![entity, query])?;
        self.find(entity, query)?.ok_or_else(|| Error::cannot_run(self.failed()))
    }

    /// The list of this entity and query, when it is there.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn find(&self, entity: &str, query: &str) -> Result<Option<List>> {
        self.connection
            .prepare_cached(
                "SELECT id, entity, question, pass, began, is_read, complete, total, whole, increments, live_offset FROM list
                 WHERE entity = ? AND question = ?",
            )
            .and_then(|mut statement| statement.query_row(params![entity, query], read_list).optional())
            .context(|| self.failed())
    }

    /// All lists.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn lists(&self) -> Result<Vec<List>> {
        self.connection
            .prepare_cached(
                "SELECT id, entity, question, pass, began, is_read, complete, total, whole, increments, live_offset FROM list
                 ORDER BY entity, question",
            )
            .and_then(|mut statement| statement.query_map([], read_list)?.collect())
            .context(|| self.failed())
    }

    /// Begins a new generation of a list: it is read from its beginning.
    ///
    /// # Errors
    /// A full disk.
    pub fn begin_generation(&self, list: &List, now: i64) -> Result<List> {
        self.together(|| {
            self.execute(
                "UPDATE list SET pass = pass + 1, began = ?, is_read = 0 WHERE id = ?",
                params![now, list.id],
            )?;
            self.execute("DELETE FROM window WHERE list = ?", params![list.id])?;
            self.list(&list.entity, &list.query)
        })
    }

    /// Ends a generation: what it did not see is gone, and everything the service had at `complete` is here. Tells how many
    /// records are gone.
    ///
    /// # Errors
    /// A full disk.
    pub fn end_generation(&self, list: &List, complete: Option<i64>, total: Option<u64>) -> Result<u64> {
        self.together(|| {
            let gone =
                self.execute("DELETE FROM record WHERE list = ? AND seen < ?", params![list.id, list.generation])?;
            self.execute(
                "DELETE FROM detail WHERE list = ?1 AND NOT EXISTS (SELECT 1 FROM record
                 WHERE record.list = ?1 AND record.rank = detail.rank AND record.key = detail.key)",
                params![list.id],
            )?;
            self.finish_refresh(list, complete, total)?;
            self.execute(
                "UPDATE list SET whole = ?, increments = 0, live_offset = NULL WHERE id = ?",
                params![complete, list.id],
            )?;
            Ok(gone as u64)
        })
    }

    /// Notes that everything the service had at `complete` is here.
    ///
    /// # Errors
    /// A full disk.
    pub fn finish_refresh(&self, list: &List, complete: Option<i64>, total: Option<u64>) -> Result<()> {
        self.execute(
            "UPDATE list SET is_read = 1, complete = ?, total = ? WHERE id = ?",
            params![complete, total.map(to_i64), list.id],
        )?;
        self.execute("DELETE FROM window WHERE list = ?", params![list.id])?;
        Ok(())
    }

    /// Notes how the service's count without deleted records compares.
    ///
    /// # Errors
    /// A full disk.
    pub fn put_live_offset(&self, list: &List, live_offset: Option<i64>) -> Result<()> {
        self.execute("UPDATE list SET live_offset = ? WHERE id = ?", params![live_offset, list.id]).map(drop)
    }

    /// Notes that a refresh asked for changes alone, and how the service's count without deleted records compared.
    ///
    /// # Errors
    /// A full disk.
    pub fn note_increment(&self, list: &List, live_offset: Option<i64>) -> Result<()> {
        self.execute("UPDATE list SET increments = increments + 1 WHERE id = ?", params![list.id])?;
        self.put_live_offset(list, live_offset)
    }

    /// Notes what proves that a list is whole.
    ///
    /// # Errors
    /// A full disk.
    pub fn put_proof(&self, list: &List, proof: &str) -> Result<()> {
        self.execute("UPDATE list SET proof = ? WHERE id = ?", params![proof, list.id]).map(drop)
    }

    /// What was noted of the last whole reading of a list; empty when nothing was.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn proof(&self, list: &List) -> Result<String> {
        self.connection
            .prepare_cached("SELECT proof FROM list WHERE id = ?")
            .and_then(|mut statement| statement.query_row(params![list.id], |row| row.get(0)).optional())
            .map(Option::unwrap_or_default)
            .context(|| self.failed())
    }

    /// Notes that what was read is written out: the next refresh begins anew.
    ///
    /// # Errors
    /// A full disk.
    pub fn mark_used(&self, list: &List) -> Result<()> {
        self.execute("UPDATE list SET is_read = 0, began = NULL WHERE id = ?", params![list.id]).map(drop)
    }

    /// Notes that what was read is not all there is: the next refresh begins anew, and nothing is built on this one.
    ///
    /// # Errors
    /// A full disk.
    pub fn mark_incomplete(&self, list: &List) -> Result<()> {
        self.execute("UPDATE list SET is_read = 0, began = NULL, complete = NULL WHERE id = ?", params![list.id])?;
        self.forget_cursors(list, 0)
    }

    /// Moves all that a list's generation has seen into another list, as seen by that one's. The first list is forgotten.
    ///
    /// # Errors
    /// A full disk.
    pub fn move_into(&self, from: &List, to: &List) -> Result<()> {
        self.execute(
            "INSERT OR REPLACE INTO record(list, rank, key, seen, created, updated, is_deleted, stored, body)
             SELECT ?, rank, key, ?, created, updated, is_deleted, stored, body FROM record
             WHERE list = ? AND seen = ?",
            params![to.id, to.generation, from.id, from.generation],
        )?;
        self.execute(
            "INSERT OR IGNORE INTO custom(list, key) SELECT ?, key FROM custom WHERE list = ?",
            params![to.id, from.id],
        )?;
        self.forget_now(from)
    }

    /// Forgets a list with everything in it.
    ///
    /// # Errors
    /// A full disk.
    pub fn forget(&self, list: &List) -> Result<()> {
        self.together(|| self.forget_now(list))
    }

    fn forget_now(&self, list: &List) -> Result<()> {
        for table in ["record", "detail", "custom", "window"] {
            self.execute(&format!("DELETE FROM {table} WHERE list = ?"), params![list.id])?;
        }
        self.noted.borrow_mut().remove(&list.id);
        self.execute("DELETE FROM list WHERE id = ?", params![list.id]).map(drop)
    }
}
