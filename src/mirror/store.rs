//! The file itself, and the statements that read and write it.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use sha2::{Digest, Sha256};

use super::tables::{Batch, DEFINITIONS, Key, List, Marks, PageCursor, TABLES, VERSION, VIEWS, read_cursor, read_list};
use crate::error::{Context, Error, Result};
use crate::files::{StagingDirectory, create_private_folder, free_name_beside};
use crate::machine::wait_when_locked;
use crate::message;
use crate::message::Message;

/// Ends the names of files that were set aside.
pub const DAMAGED: &str = "damaged";

/// The local copy of one account's records.
#[derive(Debug)]
pub struct Mirror {
    connection: Connection,
    path: PathBuf,
    /// Custom fields already noted, by list: they come with every record.
    noted: RefCell<HashMap<i64, HashSet<String>>>,
    /// Deletes a temporary mirror, also when the process is told to leave at once.
    _temporary: Option<StagingDirectory>,
}

impl Mirror {
    /// The file of an account: its host for people, a hash of its identity for the program.
    pub fn path(folder: &Path, host: &str, identity: &str) -> PathBuf {
        let host: String = host.chars().map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' }).collect();
        let hash: String =
            Sha256::digest(identity.as_bytes()).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        folder.join(format!("{host}-{hash}.db"))
    }

    /// Opens an account's mirror, making it when it is not there.
    ///
    /// # Errors
    /// A folder that cannot be written, a file that is no mirror.
    pub fn open(path: &Path) -> Result<Self> {
        let cannot_open = || message!("mirror.cannot_open", file = path.display());
        if let Some(folder) = path.parent() {
            create_private_folder(folder)?;
        }
        create_private(path).context(cannot_open)?;
        let mut connection = Connection::open(path).context(cannot_open)?;
        wait_when_locked(&mut connection).context(cannot_open)?;
        connection.pragma_update(None, "journal_mode", "WAL").context(cannot_open)?;
        // A crash of the machine may cost the last pages, never the file: they are asked for again.
        connection.pragma_update(None, "synchronous", "NORMAL").context(cannot_open)?;
        let mirror = Mirror { connection, path: path.to_owned(), noted: RefCell::default(), _temporary: None };
        mirror.set_up().map_err(|error| match code_of(&error) {
            // What is on a disk that fails is no matter of the file.
            Some(ErrorCode::SystemIoFailure) => error.hint(message!("system.disk_fails_hint")),
            Some(ErrorCode::DiskFull) => error.hint(message!("system.disk_full_hint")),
            _ => error.hint(message!("mirror.cannot_open_hint")),
        })?;
        Ok(mirror)
    }

    /// Whether an error says that the file is damaged, and not that it cannot be reached.
    pub fn is_damage(error: &Error) -> bool {
        matches!(code_of(error), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
    }

    /// Moves a damaged file out of the way, so that the next mirror begins anew. Tells where it is.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn set_aside(path: &Path) -> Result<PathBuf> {
        let cannot_open = || message!("mirror.cannot_open", file = path.display());
        let aside = path.with_extension(DAMAGED);
        let aside = if aside.exists() { free_name_beside(&aside)? } else { aside };
        std::fs::rename(path, &aside).context(cannot_open)?;
        for extra in ["db-wal", "db-shm"] {
            // They are of no use without the file.
            let _ = std::fs::remove_file(path.with_extension(extra));
        }
        Ok(aside)
    }

    /// A mirror that is gone when it is dropped.
    ///
    /// # Errors
    /// A folder for temporary files that cannot be written.
    pub fn temporary() -> Result<Self> {
        let cannot_open = || message!("mirror.cannot_open", file = std::env::temp_dir().display());
        let folder = StagingDirectory::new_in(&std::env::temp_dir()).context(cannot_open)?;
        let path = folder.path().join("mirror.db");
        create_private(&path).context(cannot_open)?;
        let connection = Connection::open(&path).context(cannot_open)?;
        connection.pragma_update(None, "journal_mode", "MEMORY").context(cannot_open)?;
        connection.pragma_update(None, "synchronous", "OFF").context(cannot_open)?;
        let mirror = Mirror { connection, path, noted: RefCell::default(), _temporary: Some(folder) };
        mirror.set_up()?;
        Ok(mirror)
    }

    /// A small mirror that leaves nothing on the disk.
    ///
    /// # Errors
    /// No memory.
    pub fn in_memory() -> Result<Self> {
        let path = PathBuf::from(":memory:");
        let connection =
            Connection::open_in_memory().context(|| message!("mirror.cannot_open", file = path.display()))?;
        let mirror = Mirror { connection, path, noted: RefCell::default(), _temporary: None };
        mirror.set_up()?;
        Ok(mirror)
    }

    fn set_up(&self) -> Result<()> {
        self.connection.set_prepared_statement_cache_capacity(64);
        self.connection.pragma_update(None, "cache_size", -8000).context(|| self.failed())?;
        let version: i64 =
            self.connection.pragma_query_value(None, "user_version", |row| row.get(0)).context(|| self.failed())?;
        if version == VERSION && self.has_views()? {
            return Ok(());
        }
        let made = self.connection.execute_batch("BEGIN IMMEDIATE").and_then(|()| {
            let version: i64 = self.connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
            if version != VERSION {
                self.connection.execute_batch(
                    "DROP TABLE IF EXISTS list; DROP TABLE IF EXISTS record; DROP TABLE IF EXISTS detail;
                     DROP TABLE IF EXISTS custom; DROP TABLE IF EXISTS window; DROP TABLE IF EXISTS definition;",
                )?;
                self.connection.execute_batch(TABLES)?;
                self.connection.pragma_update(None, "user_version", VERSION)?;
            }
            self.connection.execute_batch(VIEWS)?;
            self.connection.execute_batch("COMMIT")
        });
        made.context(|| self.failed())
    }

    /// Whether the views for other programs are there, as this version has them.
    fn has_views(&self) -> Result<bool> {
        let sql = "SELECT group_concat(sql, char(10)) FROM (SELECT sql FROM sqlite_schema WHERE type = 'view' ORDER BY rowid)";
        let there: Option<String> = self.connection.query_row(sql, [], |row| row.get(0)).context(|| self.failed())?;
        let meant = VIEWS.split(';').map(str::trim).filter(|statement| statement.starts_with("CREATE"));
        Ok(there.is_some_and(|there| there == meant.collect::<Vec<_>>().join("\n")))
    }

    /// Keeps other commands from refreshing this mirror as long as the file it gives is open; none when one does now.
    /// Two that read the same list would each take the other's generation for its own.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn lock(&self) -> Result<Option<std::fs::File>> {
        let path = self.path.with_extension("lock");
        let cannot_open = || message!("mirror.cannot_open", file = path.display());
        create_private(&path).context(cannot_open)?;
        let file = std::fs::OpenOptions::new().write(true).open(&path).context(cannot_open)?;
        match file.try_lock() {
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            // Some network drives cannot lock; one user there is better than none.
            Ok(()) | Err(std::fs::TryLockError::Error(_)) => Ok(Some(file)),
        }
    }

    fn failed(&self) -> Message {
        message!("mirror.failed", file = self.path.display())
    }

    /// Runs `work` in one transaction.
    ///
    /// # Errors
    /// What `work` says, or a full disk.
    pub fn together<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.connection.execute_batch("BEGIN IMMEDIATE").context(|| self.failed())?;
        match work() {
            Ok(done) => self.connection.execute_batch("COMMIT").context(|| self.failed()).map(|()| done),
            Err(error) => {
                // The first error is the one to tell.
                let _ = self.connection.execute_batch("ROLLBACK");
                Err(error)
            }
        }
    }

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

    /// Ids of records that the list's generation did not see and that were not deleted when they were seen, the newest first.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn not_seen(&self, list: &List, most: usize) -> Result<Vec<String>> {
        let select = "SELECT key FROM record WHERE list = ? AND seen < ? AND is_deleted = 0 ORDER BY rank DESC, key DESC LIMIT ?";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut statement = self.connection.prepare_cached(select).context(|| self.failed())?;
        let ids = statement.query_map(params![list.id, list.generation, most], |row| row.get(0));
        ids.and_then(Iterator::collect).context(|| self.failed())
    }

    /// How many records a list holds, whichever generation saw them.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn held(&self, list: &List) -> Result<u64> {
        self.count("SELECT COUNT(*) FROM record WHERE list = ?", params![list.id])
    }

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

    fn count(&self, sql: &str, values: impl rusqlite::Params) -> Result<u64> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(values, |row| row.get::<_, i64>(0)))
            .map(|count| u64::try_from(count).unwrap_or(0))
            .context(|| self.failed())
    }

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

    fn execute(&self, sql: &str, values: impl rusqlite::Params) -> Result<usize> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(values))
            .context(|| self.failed())
    }
}

fn to_i64(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Makes the file readable by its owner alone before anything is in it. SQLite gives its side files the same mode.
#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    std::fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path).map(drop)
}

/// On Windows a file in the user's own folder is the user's alone by inheritance.
#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<()> {
    std::fs::OpenOptions::new().write(true).create(true).truncate(false).open(path).map(drop)
}

/// What the database says of an error that it caused.
fn code_of(error: &Error) -> Option<ErrorCode> {
    let source = std::error::Error::source(error).and_then(|source| source.downcast_ref::<rusqlite::Error>());
    source.and_then(rusqlite::Error::sqlite_error_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_generation_did_not_see_is_gone() {
        let mirror = Mirror::temporary().unwrap();
        let list = mirror.list("customers", "").unwrap();
        let first = mirror.begin_generation(&list, 1).unwrap();
        mirror.put(&first, &Key::of("1"), &Marks::default(), b"{}").unwrap();
        mirror.put(&first, &Key::of("2"), &Marks::default(), b"{}").unwrap();
        assert_eq!(mirror.end_generation(&first, Some(1), Some(2)).unwrap(), 0);
        let second = mirror.begin_generation(&list, 2).unwrap();
        mirror.put(&second, &Key::of("2"), &Marks::default(), b"{}").unwrap();
        assert_eq!(mirror.seen(&second).unwrap(), 1);
        assert_eq!(mirror.end_generation(&second, Some(2), Some(1)).unwrap(), 1);
        assert_eq!(mirror.held(&second).unwrap(), 1);
        assert_eq!(mirror.after(&second, &Key::first(), 10).unwrap().records[0].0, Key::of("2"));
    }

    #[test]
    fn a_cursor_is_read_back_as_it_was_written() {
        let mirror = Mirror::temporary().unwrap();
        let list = mirror.list("tickets", "").unwrap();
        let cursor = PageCursor {
            number: 1,
            page_size: 100,
            last_keys: vec!["7".into(), "a\"b".into()],
            ..PageCursor::default()
        };
        mirror.put_cursor(&list, &cursor).unwrap();
        assert_eq!(mirror.cursor(&list, 1).unwrap().unwrap(), cursor);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = Mirror::path(folder.path(), "www.example.com", "somebody");
        let mirror = Mirror::open(&path).unwrap();
        mirror.list("tickets", "").unwrap();
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            let mode = entry.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0);
        }
    }
}
