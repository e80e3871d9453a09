//! The file itself: how it is opened, locked and set aside when it is damaged.

mod asked;
mod cursors;
mod lists;
mod moments;
mod records;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode};
use sha2::{Digest, Sha256};

use crate::error::{Context, Error, Result};
use crate::files::{StagingDirectory, create_private_folder, free_name_beside};
use crate::machine::wait_when_locked;
use crate::message;
use crate::message::Message;
use crate::mirror::tables::{TABLES, VERSION, VIEWS};

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

    fn count(&self, sql: &str, values: impl rusqlite::Params) -> Result<u64> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(values, |row| row.get::<_, i64>(0)))
            .map(|count| u64::try_from(count).unwrap_or(0))
            .context(|| self.failed())
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
    use crate::mirror::tables::{Key, Marks, PageCursor};

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
