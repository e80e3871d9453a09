//! The records of a list.

use rusqlite::{OptionalExtension, params};

use super::Mirror;
use crate::error::{Context, Result};
use crate::mirror::tables::{Batch, Key, List, Marks};

impl Mirror {
    /// Stores a record as seen by the list's generation. Tells whether the generation had not seen it before.
    ///
    /// # Errors
    /// A full disk.
    pub fn put(&self, list: &List, key: &Key, marks: &Marks, body: &[u8]) -> Result<bool> {
        let is_new = !self.has_seen(list, key)?;
        let Marks { created, updated, is_deleted, stored } = marks;
        self.execute(
            "INSERT OR REPLACE INTO record(list, rank, key, seen, created, updated, is_deleted, stored, body)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            params![list.id, key.rank, key.text, list.generation, created, updated, is_deleted, stored, body],
        )?;
        Ok(is_new)
    }

    /// Whether the list's generation has seen a record.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn has_seen(&self, list: &List, key: &Key) -> Result<bool> {
        self.connection
            .prepare_cached("SELECT seen FROM record WHERE list = ? AND rank = ? AND key = ?")
            .and_then(|mut statement| {
                statement.query_row(params![list.id, key.rank, key.text], |row| row.get::<_, i64>(0)).optional()
            })
            .map(|seen| seen == Some(list.generation))
            .context(|| self.failed())
    }

    /// Notes that a custom field was met.
    ///
    /// # Errors
    /// A full disk.
    pub fn put_custom(&self, list: &List, key: &str) -> Result<()> {
        let mut noted = self.noted.borrow_mut();
        let noted = noted.entry(list.id).or_default();
        if noted.contains(key) {
            return Ok(());
        }
        self.execute("INSERT OR IGNORE INTO custom(list, key) VALUES (?, ?)", params![list.id, key])?;
        noted.insert(key.to_owned());
        Ok(())
    }

    /// The custom fields met in a list.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn custom(&self, list: &List) -> Result<Vec<String>> {
        self.connection
            .prepare_cached("SELECT key FROM custom WHERE list = ? ORDER BY key")
            .and_then(|mut statement| statement.query_map(params![list.id], |row| row.get(0))?.collect())
            .context(|| self.failed())
    }

    /// One record of a list.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn get(&self, list: &List, key: &Key) -> Result<Option<Vec<u8>>> {
        self.connection
            .prepare_cached("SELECT body FROM record WHERE list = ? AND rank = ? AND key = ?")
            .and_then(|mut statement| {
                statement.query_row(params![list.id, key.rank, key.text], |row| row.get(0)).optional()
            })
            .context(|| self.failed())
    }

    /// The next records of a list's generation behind `after`, in order of their ids.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn after(&self, list: &List, after: &Key, limit: usize) -> Result<Batch> {
        let mut batch = Batch { records: Vec::with_capacity(limit) };
        self.connection
            .prepare_cached(
                "SELECT rank, key, body FROM record
                 WHERE list = ? AND (rank, key) > (?, ?) AND seen = ? ORDER BY rank, key LIMIT ?",
            )
            .and_then(|mut statement| {
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                let mut rows = statement.query(params![list.id, after.rank, after.text, list.generation, limit])?;
                while let Some(row) = rows.next()? {
                    batch.records.push((Key { rank: row.get(0)?, text: row.get(1)? }, row.get(2)?));
                }
                Ok(())
            })
            .context(|| self.failed())?;
        Ok(batch)
    }

    /// The first and the last key that the list's generation has seen.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn ends(&self, list: &List) -> Result<Option<[String; 2]>> {
        let key = |order: &str| {
            let sql = format!(
                "SELECT key FROM record WHERE list = ? AND seen = ? ORDER BY rank {order}, key {order} LIMIT 1"
            );
            self.connection
                .prepare_cached(&sql)
                .and_then(|mut statement| {
                    statement.query_row(params![list.id, list.generation], |row| row.get::<_, String>(0)).optional()
                })
                .context(|| self.failed())
        };
        Ok(key("ASC")?.zip(key("DESC")?).map(|(first, last)| [first, last]))
    }

    /// How many records the list's generation has seen.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn seen(&self, list: &List) -> Result<u64> {
        self.count("SELECT COUNT(*) FROM record WHERE list = ? AND seen = ?", params![list.id, list.generation])
    }

    /// How many records the generation before saw and this one did not.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn seen_only_before(&self, list: &List) -> Result<u64> {
        self.count("SELECT COUNT(*) FROM record WHERE list = ? AND seen = ?", params![list.id, list.generation - 1])
    }

    /// Ids of records that the list's generation did not see, that have one and that were not deleted when they were seen, the newest first.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn not_seen(&self, list: &List, most: usize) -> Result<Vec<String>> {
        let select = "SELECT key FROM record WHERE list = ? AND seen < ? AND is_deleted = 0
                      AND NOT (rank = ? AND key >= '#' AND key < '$') ORDER BY rank DESC, key DESC LIMIT ?";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(select).context(|| self.failed())?;
        let ids = statement.query_map(params![list.id, list.generation, i64::MAX, most], |row| row.get(0));
        ids.and_then(Iterator::collect).context(|| self.failed())
    }

    /// How many records the list's generation has seen that have no id of their own.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn without_id(&self, list: &List) -> Result<u64> {
        self.count(
            "SELECT COUNT(*) FROM record WHERE list = ? AND rank = ? AND key >= '#' AND key < '$' AND seen = ?",
            params![list.id, i64::MAX, list.generation],
        )
    }

    /// Ids of one number in several spellings, such as `44` and `044`: the first of them.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn spelled_twice(&self, list: &List, most: usize) -> Result<Vec<String>> {
        let select = "SELECT GROUP_CONCAT(key, ' / ') FROM record WHERE list = ? AND rank < ? AND seen = ?
                      GROUP BY rank HAVING COUNT(*) > 1 LIMIT ?";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(select).context(|| self.failed())?;
        let ids = statement.query_map(params![list.id, i64::MAX, list.generation, most], |row| row.get(0));
        ids.and_then(Iterator::collect).context(|| self.failed())
    }

    /// How many records a list holds, whichever generation saw them.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn held(&self, list: &List) -> Result<u64> {
        self.count("SELECT COUNT(*) FROM record WHERE list = ?", params![list.id])
    }

    /// Takes what a part of a list has seen in place of all that the list holds of those created in a span. Tells how many
    /// records are gone. The part is forgotten.
    ///
    /// # Errors
    /// A full disk.
    pub fn replace_between(&self, part: &List, list: &List, from: Option<&str>, to: Option<&str>) -> Result<u64> {
        self.together(|| {
            let gone = self.execute(
                "DELETE FROM record WHERE list = ?1 AND (?2 IS NULL OR created >= ?2) AND (?3 IS NULL OR created <= ?3)
                 AND NOT EXISTS (SELECT 1 FROM record AS other WHERE other.list = ?4 AND other.rank = record.rank
                 AND other.key = record.key AND other.seen = ?5)",
                params![list.id, from, to, part.id, part.generation],
            )?;
            self.move_into(part, list)?;
            Ok(gone as u64)
        })
    }
}
