//! The journal's SQLite file: its tables, how it is opened, and what its failures mean.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use uuid::Uuid;

use super::identity::RunIdentity;
use super::operation::RowKey;
use super::rows::{pack, unpack};
use crate::error::{Error, Result};
use crate::files::long_path;
use crate::machine::wait_when_locked;
use crate::message;
use crate::message::Message;

/// Name of the journal in a run's folder.
pub(super) const FILE_NAME: &str = "journal.db";
/// Version of the tables. A journal with a higher one was made by a newer program. In version 1 messages were words in the
/// language of the run, now they are codes with details, as JSON; and rows had no identity, only the hash of their cells. Before
/// version 3 nothing had a checksum, before version 4 no row an old id, and before version 5 nothing was kept of what rows add.
pub(super) const VERSION: i64 = 5;
/// Marks the file as a journal of this program ("bw8j").
pub(super) const APPLICATION: i64 = 0x6277_386a;

pub(super) const TABLES: &str = "
CREATE TABLE run (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
-- What happened, by place of the row in the input. Status numbers are those of journal::Status.
CREATE TABLE operation (
  row INTEGER PRIMARY KEY, number INTEGER NOT NULL, content BLOB NOT NULL, copy INTEGER, key INTEGER, origin INTEGER,
  generation INTEGER, status INTEGER NOT NULL, id ANY, attempts INTEGER NOT NULL, at INTEGER NOT NULL,
  code TEXT, field TEXT, message TEXT, identity BLOB, content_copy INTEGER, checksum INTEGER, old_id TEXT,
  added BLOB) STRICT;
-- What happened before the input changed: rows found again are copied from here, by identity or by key.
CREATE TABLE earlier (
  row INTEGER NOT NULL, number INTEGER NOT NULL, content BLOB NOT NULL, copy INTEGER, key INTEGER, origin INTEGER,
  generation INTEGER, status INTEGER NOT NULL, id ANY, attempts INTEGER NOT NULL, at INTEGER NOT NULL,
  code TEXT, field TEXT, message TEXT, identity BLOB, content_copy INTEGER, checksum INTEGER, old_id TEXT,
  added BLOB) STRICT;
-- Rows whose sending may have begun and that have no outcome yet.
CREATE TABLE reservation (first INTEGER PRIMARY KEY, rows BLOB NOT NULL) STRICT;
-- The records that rows of a reservation change: pairs of row and id, as JSON.
CREATE TABLE target (first INTEGER PRIMARY KEY, records TEXT NOT NULL) STRICT;
CREATE TABLE finding (
  row INTEGER NOT NULL, number INTEGER NOT NULL, place INTEGER, field TEXT NOT NULL, code TEXT NOT NULL,
  rule TEXT NOT NULL, hint TEXT NOT NULL, severity INTEGER) STRICT;
CREATE INDEX finding_by_row ON finding (row);
-- Rows that a later run has taken over, by the number they have here.
CREATE TABLE claim (number INTEGER PRIMARY KEY, run TEXT NOT NULL, folder TEXT NOT NULL) STRICT;
";

/// Settings every connection needs. WAL with `synchronous = FULL` syncs at each commit: an intent that is only in a cache
/// would not survive the machine.
pub(super) fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    wait_when_locked(connection)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -2048)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// Whether a folder holds a journal.
pub(super) fn has_journal(folder: &Path) -> bool {
    folder.join(FILE_NAME).exists()
}

/// Whether the journal of a folder is one with a log, and the log is not there, or empty: opening the file
/// makes an empty one.
fn lacks_log(folder: &Path) -> bool {
    // Byte 18 of the header tells that there is one.
    let mut header = [0; 19];
    let is_read = File::open(folder.join(FILE_NAME)).and_then(|mut file| file.read_exact(&mut header)).is_ok();
    let has_log = std::fs::metadata(folder.join(format!("{FILE_NAME}-wal"))).is_ok_and(|log| log.len() > 0);
    is_read && header[18] == 2 && !has_log
}

/// Says in the file itself, beside its log, that there is a log: should the log get lost, that shows.
pub(super) fn note_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("INSERT OR REPLACE INTO run (name, value) VALUES ('note.log', '1')", [])?;
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}

/// Folds the log into the file, which says so.
pub(super) fn fold_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM run WHERE name = 'note.log'", [])?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))
}

/// Leaves the log where it is when this connection is the last one: only who works on the run folds it in.
pub(super) fn keep_log(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
}

/// Opens the journal of a folder.
pub(super) fn connect(folder: &Path, flags: OpenFlags) -> Result<Connection> {
    let file = folder.join(FILE_NAME);
    if !file.exists() {
        return Err(
            Error::usage(message!("journal.none", folder = folder.display())).hint(message!("journal.none_hint"))
        );
    }
    // Before the file is opened, which makes a new log.
    let lacks_log = lacks_log(folder);
    let open = |flags: OpenFlags| {
        Connection::open_with_flags(long_path(&file), flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| failed(folder, error))
    };
    let mut connection = open(flags)?;
    // A process that was killed while it made the file left something half done, which only one who may write can undo.
    let is_half_done = |connection: &Connection| {
        let found = connection.query_row("PRAGMA application_id", [], |row| row.get::<_, i64>(0));
        found.is_err_and(|error| error.sqlite_error_code() == Some(rusqlite::ErrorCode::ReadOnly))
    };
    if is_half_done(&connection) {
        is_half_done(&open(OpenFlags::SQLITE_OPEN_READ_WRITE)?);
    }
    wait_when_locked(&mut connection).and_then(|()| keep_log(&connection)).map_err(|error| failed(folder, error))?;
    let number = |pragma: &str| connection.query_row(pragma, [], |row| row.get::<_, i64>(0));
    let application = number("PRAGMA application_id").map_err(|error| failed(folder, error))?;
    let version = number("PRAGMA user_version").map_err(|error| failed(folder, error))?;
    if application != APPLICATION || version < 1 {
        return Err(damaged(folder));
    }
    if version > VERSION {
        return Err(Error::cannot_run(message!("journal.newer", folder = folder.display()))
            .hint(message!("journal.newer_hint")));
    }
    // What stood in a log that was never folded in is lost: that is damage, and not a journal without rows.
    let had_log = || connection.prepare("SELECT 1 FROM run WHERE name = 'note.log'")?.exists([]);
    if lacks_log && had_log().map_err(|error| failed(folder, error))? {
        return Err(damaged(folder));
    }
    Ok(connection)
}

/// The version of the tables.
pub(super) fn version_of(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Brings tables of earlier versions to this one. What is written from now on an older program would not read.
pub(super) fn upgrade(connection: &mut Connection) -> rusqlite::Result<()> {
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS target (first INTEGER PRIMARY KEY, records TEXT NOT NULL) STRICT")?;
    let version = version_of(connection)?;
    if version >= VERSION {
        return Ok(());
    }
    let transaction = connection.transaction()?;
    if version == 1 {
        transaction.execute_batch(
            "ALTER TABLE operation ADD COLUMN identity BLOB; ALTER TABLE earlier ADD COLUMN identity BLOB;
             ALTER TABLE operation ADD COLUMN content_copy INTEGER; ALTER TABLE earlier ADD COLUMN content_copy INTEGER;
             ALTER TABLE finding ADD COLUMN severity INTEGER;
             UPDATE operation SET content_copy = copy; UPDATE earlier SET content_copy = copy;",
        )?;
    }
    if version < 3 {
        transaction.execute_batch(
            "ALTER TABLE operation ADD COLUMN checksum INTEGER; ALTER TABLE earlier ADD COLUMN checksum INTEGER;",
        )?;
    }
    if version < 4 {
        transaction.execute_batch(
            "ALTER TABLE operation ADD COLUMN old_id TEXT; ALTER TABLE earlier ADD COLUMN old_id TEXT;",
        )?;
    }
    transaction
        .execute_batch("ALTER TABLE operation ADD COLUMN added BLOB; ALTER TABLE earlier ADD COLUMN added BLOB;")?;
    if has_table(&transaction, "gone")? {
        transaction.execute_batch("ALTER TABLE gone ADD COLUMN added BLOB")?;
    }
    let reservations: Vec<(i64, Vec<u8>)> = transaction
        .prepare("SELECT first, rows FROM reservation")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (first, rows) in reservations {
        let rows: Vec<RowKey> = unpack(&rows, version)?.collect();
        transaction.execute("UPDATE reservation SET rows = ?2 WHERE first = ?1", params![first, pack(&rows)])?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

pub(super) fn put_identity(connection: &Connection, identity: &RunIdentity) -> rusqlite::Result<()> {
    // Strings, numbers and options of them always serialise.
    let text = serde_json::to_string(identity).expect("an identity serialises");
    connection.execute("INSERT OR REPLACE INTO run (name, value) VALUES ('identity', ?1)", [text])?;
    Ok(())
}

pub(super) fn get_identity(connection: &Connection) -> rusqlite::Result<Option<RunIdentity>> {
    let text: Option<String> =
        connection.query_row("SELECT value FROM run WHERE name = 'identity'", [], |row| row.get(0)).optional()?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

pub(super) fn has_table(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    connection.prepare_cached("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")?.exists([name])
}

/// Request ids of rows that may have been sent before and are sent again all the same.
pub(super) const REPEATS: &str = "note.repeats";
/// Request ids that rows do not have any more.
pub(super) const RENEWED: &str = "note.renewed";
/// How many rows were told as done once and are not any more.
pub(super) const WITHDRAWN: &str = "note.withdrawn";

pub(super) fn get_withdrawn(connection: &Connection) -> rusqlite::Result<u64> {
    let text: Option<String> =
        connection.query_row("SELECT value FROM run WHERE name = ?1", [WITHDRAWN], |row| row.get(0)).optional()?;
    Ok(text.and_then(|text| text.parse().ok()).unwrap_or(0))
}

pub(super) fn get_request_ids(connection: &Connection, name: &str) -> rusqlite::Result<Vec<Uuid>> {
    let text: Option<String> =
        connection.query_row("SELECT value FROM run WHERE name = ?1", [name], |row| row.get(0)).optional()?;
    Ok(text.iter().flat_map(|text| text.split(' ')).filter_map(|id| id.parse().ok()).collect())
}

/// The records that reserved rows change, by the indexes of the rows.
pub(super) fn get_targets(connection: &Connection) -> rusqlite::Result<HashMap<u64, String>> {
    let mut targets = HashMap::new();
    let mut statement = connection.prepare("SELECT records FROM target")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let records: Vec<(u64, String)> = serde_json::from_str(row.get_ref(0)?.as_str()?).unwrap_or_default();
        targets.extend(records);
    }
    Ok(targets)
}

pub(super) fn totals(connection: &Connection) -> rusqlite::Result<(u64, u64, f64)> {
    let value = |name: &str| -> rusqlite::Result<Option<String>> {
        connection.query_row("SELECT value FROM run WHERE name = ?1", [name], |row| row.get(0)).optional()
    };
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
    let seconds = value("seconds")?.and_then(|text| text.parse().ok()).unwrap_or(0.0);
    Ok((number(value("requests")?), number(value("retries")?), seconds))
}

pub(super) fn damaged(folder: &Path) -> Error {
    Error::cannot_run(message!("journal.damaged", folder = folder.display()))
        .hint(message!("journal.damaged_hint", folder = folder.display()))
}

/// What a failure of the database means to a person.
pub(super) fn failed(folder: &Path, error: rusqlite::Error) -> Error {
    use rusqlite::ErrorCode;
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::cannot_run(message!("journal.disk_full", folder = folder.display()))
            .hint(message!("journal.disk_full_hint")),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(folder),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            Error::cannot_run(message!("journal.cannot_write", file = folder.join(FILE_NAME).display(), why = error))
                .hint(message!("journal.cannot_write_hint"))
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::cannot_run(message!("journal.failed", folder = folder.display(), why = Message::of_database(&error)))
                .hint(message!("journal.locked_hint"))
        }
        _ => Error::cannot_run(message!("journal.failed", folder = folder.display(), why = error))
            .hint(message!("journal.disk_full_hint")),
    }
}
