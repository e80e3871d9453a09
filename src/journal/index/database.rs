//! The index's SQLite file: its tables, how older ones are brought up, and what becomes of a damaged one.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use crate::error::{Context, Error, Result};
use crate::files::{create_private_file, free_name_beside};
use crate::machine::wait_when_locked;
use crate::message;
use crate::message::Message;

/// Version of the tables. Those of the first version have no number: they hold runs and none of their rows.
const VERSION: i64 = 9;

/// What exports came to.
const EXPORTS: &str = "
CREATE TABLE IF NOT EXISTS export (
  number INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, host TEXT NOT NULL, entity TEXT NOT NULL, file TEXT,
  started INTEGER NOT NULL, lasted INTEGER NOT NULL, records INTEGER, complete INTEGER NOT NULL, exit INTEGER NOT NULL,
  why TEXT) STRICT;
";

const TABLES: &str = "
CREATE TABLE run (
  number INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, folder TEXT NOT NULL, target TEXT NOT NULL, host TEXT NOT NULL,
  entity TEXT NOT NULL, mode TEXT NOT NULL, input TEXT NOT NULL, input_path TEXT NOT NULL, parent TEXT,
  started INTEGER NOT NULL,
  -- Whether there was nothing left to do when its rows were read.
  finished INTEGER NOT NULL DEFAULT 0,
  -- How many sent rows of it were read.
  sent INTEGER NOT NULL DEFAULT 0,
  -- How many of them were done: never fewer, unless the journal is an older copy.
  done INTEGER NOT NULL DEFAULT 0,
  -- How its journal was when its rows were read.
  mark TEXT NOT NULL DEFAULT '',
  -- The highest id that there was before its first write, where that is known.
  highest INTEGER) STRICT;
CREATE INDEX run_by_input ON run (target, entity, input);
CREATE INDEX run_by_path ON run (target, entity, input_path);
CREATE INDEX run_by_folder ON run (folder);
-- Rows that were sent and are not known to have failed, by what they say. Status numbers are those of journal::Status.
CREATE TABLE by_identity (
  hash BLOB NOT NULL, copy INTEGER NOT NULL, run INTEGER NOT NULL, status INTEGER NOT NULL, id ANY,
  PRIMARY KEY (hash, copy, run)) STRICT, WITHOUT ROWID;
-- Rows of journals of version 1, by their cells: they have no identity.
CREATE TABLE by_content (
  hash BLOB NOT NULL, copy INTEGER NOT NULL, run INTEGER NOT NULL, status INTEGER NOT NULL, id ANY,
  PRIMARY KEY (hash, copy, run)) STRICT, WITHOUT ROWID;
-- Natural keys of all these rows.
CREATE TABLE by_key (
  key INTEGER NOT NULL, run INTEGER NOT NULL, status INTEGER NOT NULL, id ANY,
  PRIMARY KEY (key, run)) STRICT, WITHOUT ROWID;
-- Rows of which it is not proved that they are done.
CREATE INDEX unproved_by_identity ON by_identity (run) WHERE status = 7;
CREATE INDEX unproved_by_content ON by_content (run) WHERE status = 7;
-- What is known of two accounts, by host and login: that they are one, or that they are not.
CREATE TABLE account (
  target TEXT NOT NULL, other TEXT NOT NULL, is_same INTEGER NOT NULL, PRIMARY KEY (target, other)) STRICT, WITHOUT ROWID;
";

/// What came with version 5.
const OLD_IDS: &str = "
-- The same rows by the ids that their records have in other systems: by source and id there, hashed. The identity is that of
-- what the row said. Of a row that was skipped (status 4) it is not what was sent.
CREATE TABLE IF NOT EXISTS by_old_id (
  hash BLOB NOT NULL, run INTEGER NOT NULL, status INTEGER NOT NULL, id ANY, identity BLOB NOT NULL, source TEXT NOT NULL,
  old_id TEXT NOT NULL, PRIMARY KEY (hash, run)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS old_id_by_identity ON by_old_id (identity, run);
CREATE INDEX IF NOT EXISTS unproved_by_old_id ON by_old_id (run) WHERE status = 7;
-- Old ids that somebody has brought from elsewhere, by account and entity.
CREATE TABLE IF NOT EXISTS given_old_id (
  target TEXT NOT NULL, entity TEXT NOT NULL, hash BLOB NOT NULL, id ANY NOT NULL, source TEXT NOT NULL,
  old_id TEXT NOT NULL, PRIMARY KEY (target, entity, hash)) STRICT, WITHOUT ROWID;
";

/// What came with version 8.
const ADDED: &str = "
-- What rows have added to records, or may have, that no record shows: each record with it, hashed.
CREATE TABLE IF NOT EXISTS by_added (
  hash BLOB NOT NULL, run INTEGER NOT NULL, status INTEGER NOT NULL, id ANY, PRIMARY KEY (hash, run)) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS unproved_by_added ON by_added (run) WHERE status = 7;
";

/// What came with version 9.
const RETRIED: &str = "
-- Rows of retried runs that a run has sent for them in other words, by what they said there.
CREATE TABLE IF NOT EXISTS by_retried (
  hash BLOB NOT NULL, copy INTEGER NOT NULL, run INTEGER NOT NULL, status INTEGER NOT NULL, id ANY,
  PRIMARY KEY (hash, copy, run)) STRICT, WITHOUT ROWID;
-- Retries that were read before are read once more.
UPDATE run SET mark = '' WHERE parent IS NOT NULL;
";

/// What is known of a run, in tables of every version.
const RUN: &str = "run, folder, target, host, entity, mode, input, input_path, parent, started";

/// Opens the index, or makes it. A damaged one is set aside, and what it tells of where runs lie is kept; then there is
/// something to say.
pub(super) fn open(file: &Path) -> Result<(Connection, Option<Message>)> {
    create_private(file)?;
    match connect(file) {
        Ok(connection) => Ok((connection, None)),
        Err(error) if is_damage(&error) => set_aside(file).map(|(connection, message)| (connection, Some(message))),
        Err(error) => Err(error).context(|| no_index(file)),
    }
    .and_then(|(connection, message)| is_known(&connection, file).map(|()| (connection, message)))
}

/// Whoever has the hash of a telephone can find out the number.
fn create_private(file: &Path) -> Result<()> {
    if file.exists() { Ok(()) } else { create_private_file(file) }
}

fn connect(file: &Path) -> rusqlite::Result<Connection> {
    let mut connection = Connection::open(file)?;
    prepare(&mut connection)?;
    Ok(connection)
}

/// Makes an index that is nowhere, for commands that change nothing.
pub(super) fn in_memory() -> rusqlite::Result<Connection> {
    let mut connection = Connection::open_in_memory()?;
    prepare(&mut connection)?;
    Ok(connection)
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    // Another process may be reading millions of rows.
    wait_when_locked(connection)?;
    if version(connection)? >= VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if version(&transaction)? >= VERSION {
        return Ok(());
    }
    let before = version(&transaction)?;
    if (3..VERSION).contains(&before) {
        if before == 3 {
            transaction.execute_batch("ALTER TABLE run ADD COLUMN done INTEGER NOT NULL DEFAULT 0")?;
        }
        if before < 7 {
            transaction.execute_batch("ALTER TABLE run ADD COLUMN highest INTEGER")?;
        }
        if before < 5 {
            // Journals that were read before hold no old ids.
            transaction.execute_batch(OLD_IDS)?;
        }
        transaction.execute_batch(EXPORTS)?;
        transaction.execute_batch(ADDED)?;
        transaction.execute_batch(RETRIED)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
        return transaction.commit();
    }
    let is_old = transaction.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'run'")?.exists([])?;
    if is_old {
        transaction.execute_batch(
            "DROP INDEX IF EXISTS run_by_input; DROP INDEX IF EXISTS run_by_path; DROP INDEX IF EXISTS run_by_folder;
             DROP TABLE IF EXISTS by_identity; DROP TABLE IF EXISTS by_content; DROP TABLE IF EXISTS by_key;
             DROP TABLE IF EXISTS place; ALTER TABLE run RENAME TO run_1",
        )?;
    }
    transaction.execute_batch(TABLES)?;
    transaction.execute_batch(EXPORTS)?;
    transaction.execute_batch(OLD_IDS)?;
    transaction.execute_batch(ADDED)?;
    transaction.execute_batch(RETRIED)?;
    if is_old {
        transaction.execute_batch(&format!("INSERT INTO run ({RUN}) SELECT {RUN} FROM run_1; DROP TABLE run_1"))?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

fn is_known(connection: &Connection, file: &Path) -> Result<()> {
    match version(connection).context(|| no_index(file))? > VERSION {
        true => Err(Error::cannot_run(message!("journal.newer_index", file = file.display()))
            .hint(message!("journal.newer_hint"))),
        false => Ok(()),
    }
}

/// Whether a failure means that the file itself is no good.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
}

/// Gives a damaged index another name and makes a new one in its place, which knows the runs that can still be read in it,
/// and none of their rows. Says so.
pub(super) fn set_aside(file: &Path) -> Result<(Connection, Message)> {
    let kept = file.with_file_name("runs-damaged.db");
    let kept = if kept.exists() { free_name_beside(&kept)? } else { kept };
    // The log of a change that was cut off belongs to the damaged file; the new one would take it for its own.
    let log = |file: &Path| {
        let mut log = file.as_os_str().to_owned();
        log.push("-journal");
        PathBuf::from(log)
    };
    if log(file).exists() {
        std::fs::rename(log(file), log(&kept)).context(|| no_index(file))?;
    }
    std::fs::rename(file, &kept).context(|| no_index(file))?;
    create_private(file)?;
    let connection = connect(file).context(|| no_index(file))?;
    // What is not readable is looked for in the folders where runs lie.
    let _ = copy_runs(&kept, &connection);
    let _ = copy_given(&kept, &connection);
    Ok((connection, message!("journal.damaged_index", file = file.display(), kept = kept.display())))
}

/// Copies the runs of a damaged index, as far as they can be read.
fn copy_runs(damaged: &Path, connection: &Connection) -> rusqlite::Result<()> {
    let damaged = Connection::open_with_flags(damaged, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = damaged.prepare(&format!("SELECT {RUN} FROM run"))?;
    let mut rows = statement.query([])?;
    let mut insert = connection
        .prepare(&format!("INSERT OR IGNORE INTO run ({RUN}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"))?;
    while let Some(row) = rows.next()? {
        for column in 0..10 {
            insert.raw_bind_parameter(column + 1, row.get::<_, rusqlite::types::Value>(column)?)?;
        }
        // A row that makes no sense is no reason to leave out the others.
        let _ = insert.raw_execute();
    }
    Ok(())
}

/// Copies the old ids that were brought from elsewhere, as far as they can be read: no journal has them.
fn copy_given(damaged: &Path, connection: &Connection) -> rusqlite::Result<()> {
    let damaged = Connection::open_with_flags(damaged, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut statement = damaged.prepare("SELECT target, entity, hash, id, source, old_id FROM given_old_id")?;
    let mut rows = statement.query([])?;
    let mut insert = connection.prepare("INSERT OR IGNORE INTO given_old_id VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
    while let Some(row) = rows.next()? {
        for column in 0..6 {
            insert.raw_bind_parameter(column + 1, row.get::<_, rusqlite::types::Value>(column)?)?;
        }
        let _ = insert.raw_execute();
    }
    Ok(())
}

pub(super) fn no_index(file: &Path) -> Message {
    message!("journal.no_index", file = file.display())
}
