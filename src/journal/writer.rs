//! The one writer of a run's journal: each call is a transaction that is on the disk when it returns.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use uuid::Uuid;

use super::database::{
    APPLICATION, FILE_NAME, RENEWED, REPEATS, TABLES, VERSION, WITHDRAWN, connect, damaged, failed, fold_log,
    get_identity, get_request_ids, get_targets, get_withdrawn, has_journal, has_table, keep_log, note_log, prepare,
    put_identity, totals, upgrade,
};
use super::identity::RunIdentity;
use super::lock::Lock;
use super::marks::{LeftMarks, Mark, Marks};
use super::operation::{NextAttempt, Operation, Reason, Reservation, RowKey, Settled};
use super::reader::{HIGHEST_NOTE, JournalReader, READ_OTHERWISE_NOTE};
use super::rows::{
    COLUMNS, INDEXES, OLD_ID_INDEX, SAME_ROW, SENT_BY_OTHERS, pack, put_finding, put_operations, read_operation,
    signed, unpack,
};
use super::status::Status;
use crate::check::findings::RowFinding;
use crate::error::{Context, Error, Exit, Result};
use crate::files;
use crate::message;

/// Takes away the end of an earlier input that a row was given as its own: its cells are the same, or what it says.
const FORGET_EARLIER: &str = "DELETE FROM earlier WHERE EXISTS (SELECT 1 FROM operation WHERE operation.row = ?1
  AND operation.at = earlier.at AND operation.status = earlier.status
  AND (operation.identity = earlier.identity AND coalesce(operation.copy, 0) = coalesce(earlier.copy, 0)
    OR operation.content = earlier.content
      AND coalesce(operation.content_copy, 0) = coalesce(earlier.content_copy, 0)))";
/// Most rows that one window may reserve.
pub const LARGEST_WINDOW: usize = 1024;
/// Name of a journal that is being made.
const NEW_FILE_NAME: &str = "journal.new";

/// A run's journal, held by this process alone.
#[derive(Debug)]
pub struct Journal {
    connection: Connection,
    folder: PathBuf,
    identity: RunIdentity,
    /// Requests, retries and seconds of the processes before this one, once they were looked up.
    totals_before: OnceCell<(u64, u64, f64)>,
    /// Rows that were found reserved and never handed over.
    not_sent: u64,
    _lock: Lock,
}

impl Journal {
    /// Whether a folder holds a journal.
    pub fn exists(folder: &Path) -> bool {
        has_journal(folder)
    }

    /// Whether a process is at work on the run in a folder.
    pub fn is_at_work(folder: &Path) -> bool {
        Lock::is_held(folder)
    }

    /// Makes the journal of a new run; the folder must exist.
    ///
    /// # Errors
    /// A folder that cannot be written, a full disk, or another process at work on it.
    pub fn create(folder: &Path, identity: &RunIdentity) -> Result<Journal> {
        let lock = Lock::take(folder)?;
        // Made under another name: a journal that a killed process left half made would be a damaged one.
        let (file, new) = (folder.join(FILE_NAME), folder.join(NEW_FILE_NAME));
        if file.exists() {
            return Err(Error::usage(message!("resume.folder_taken", folder = folder.display()))
                .hint(message!("resume.folder_taken_hint")));
        }
        // What is left of a journal that was deleted, or that was being made, belongs to no other.
        let left = [NEW_FILE_NAME, "journal.new-journal", "journal.db-journal", "journal.db-wal", "journal.db-shm"];
        for name in left {
            let _ = std::fs::remove_file(folder.join(name));
        }
        files::create_private_file(&new)?;
        let made = (|| {
            let connection = Connection::open(files::long_path(&new))?;
            let transaction = connection.unchecked_transaction()?;
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "application_id", APPLICATION)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            put_identity(&transaction, identity)?;
            transaction.commit()?;
            connection.close().map_err(|(_, error)| error)
        })();
        made.map_err(|error| failed(folder, error))?;
        std::fs::rename(&new, &file).context(|| file.display().to_string())?;
        let mut connection = Connection::open(files::long_path(&file)).map_err(|error| failed(folder, error))?;
        prepare(&mut connection)
            .and_then(|()| keep_log(&connection))
            .and_then(|()| note_log(&connection))
            .map_err(|error| failed(folder, error))?;
        Ok(Journal {
            connection,
            folder: folder.to_owned(),
            identity: identity.clone(),
            totals_before: OnceCell::new(),
            not_sent: 0,
            _lock: lock,
        })
    }

    /// Opens the journal of a run to go on with it. Rows that were reserved and have no outcome become `unknown`.
    ///
    /// # Errors
    /// None there, another process at work on it, made by a newer program, or damaged.
    pub fn open(folder: &Path) -> Result<Journal> {
        let lock = Lock::take(folder)?;
        let mut connection = connect(folder, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let sound: String = connection
            .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
            .map_err(|error| failed(folder, error))?;
        if sound != "ok" {
            return Err(damaged(folder));
        }
        prepare(&mut connection).and_then(|()| note_log(&connection)).map_err(|error| failed(folder, error))?;
        upgrade(&mut connection).map_err(|error| failed(folder, error))?;
        let identity =
            get_identity(&connection).map_err(|error| failed(folder, error))?.ok_or_else(|| damaged(folder))?;
        let folder_path = folder.to_owned();
        let totals_before = OnceCell::new();
        let mut journal =
            Journal { connection, folder: folder_path, identity, totals_before, not_sent: 0, _lock: lock };
        if journal.reader()?.lacks_rows()? {
            return Err(damaged(folder));
        }
        journal.recover()?;
        // What they told is in the journal now. Rows that are set free later on are not to be missed for them.
        Marks::end(folder)?;
        Ok(journal)
    }

    /// The run's folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file.
    pub(super) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// What makes the run the same run.
    pub fn identity(&self) -> &RunIdentity {
        &self.identity
    }

    /// A second connection for reading, for another thread.
    ///
    /// # Errors
    /// A file that cannot be opened.
    pub fn reader(&self) -> Result<JournalReader> {
        JournalReader::open(&self.folder)
    }

    /// Gives every reserved row without an outcome the end that its mark proves; without a mark that counts it is `unknown`. Rows
    /// that were never handed over have none: they are as if they had not been reserved.
    fn recover(&mut self) -> Result<()> {
        let folder = self.folder.clone();
        let now = jiff::Timestamp::now().as_millisecond();
        let left = LeftMarks::read(&folder, &self.identity.run, self.identity.rows);
        let recovered = (|| {
            let transaction = self.connection.transaction()?;
            let windows: Vec<Vec<u8>> = transaction
                .prepare("SELECT rows FROM reservation")?
                .query_map([], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let mut not_sent = 0;
            let mut operations = Vec::new();
            let targets = get_targets(&transaction)?;
            for window in &windows {
                for row in unpack(window, VERSION)? {
                    let mut has_end = transaction.prepare_cached("SELECT 1 FROM operation WHERE row = ?1")?;
                    if has_end.exists([signed(row.row)])? {
                        continue;
                    }
                    match left.as_ref().map_or(Mark::HandedOver, |left| left.of(row.row)) {
                        Mark::NotSent => not_sent += 1,
                        Mark::HandedOver => {
                            let id = targets.get(&row.row).cloned();
                            operations.push(Operation { id, ..in_doubt(row, now) });
                        }
                        Mark::Done(status, id) => {
                            operations.push(Operation { row, status, id, attempts: 1, at: now, reason: None });
                        }
                    }
                }
            }
            put_operations(&transaction, "INSERT OR IGNORE INTO operation", &operations)?;
            transaction.execute_batch("DELETE FROM reservation; DELETE FROM target;")?;
            transaction.commit()?;
            Ok(not_sent)
        })();
        self.not_sent = recovered.map_err(|error: rusqlite::Error| failed(&folder, error))?;
        Ok(())
    }

    /// How many rows were reserved and never handed to the network when the journal was opened: they count as pending again.
    pub fn not_sent(&self) -> u64 {
        self.not_sent
    }

    /// Writes what is about to be sent and what has happened, in one transaction that is on the disk when this returns.
    /// `settled` names the first rows of windows that are no longer needed: every row of them has ended or was never sent.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn apply(&mut self, reserved: &[Reservation], ended: &[Operation], settled: &[u64]) -> Result<()> {
        let folder = &self.folder;
        let connection = &mut self.connection;
        let applied = (|| {
            let transaction = connection.transaction()?;
            for reservation in reserved {
                let Some(first) = reservation.rows.first() else { continue };
                transaction
                    .prepare_cached("INSERT INTO reservation (first, rows) VALUES (?1, ?2)")?
                    .execute(params![signed(first.row), pack(&reservation.rows)])?;
                if !reservation.targets.is_empty() {
                    // Numbers and strings always serialise.
                    let records = serde_json::to_string(&reservation.targets).unwrap_or_default();
                    transaction
                        .prepare_cached("INSERT OR REPLACE INTO target (first, records) VALUES (?1, ?2)")?
                        .execute(params![signed(first.row), records])?;
                }
            }
            put_operations(&transaction, "INSERT INTO operation", ended)?;
            for first in settled {
                for table in ["reservation", "target"] {
                    let delete = format!("DELETE FROM {table} WHERE first = ?1");
                    transaction.prepare_cached(&delete)?.execute([signed(*first)])?;
                }
            }
            transaction.commit()
        })();
        applied.map_err(|error: rusqlite::Error| failed(folder, error))
    }

    /// Writes down what was found out about rows, by their row_index, in one transaction. Rows that are free again have no
    /// end, so the run has not come to its own.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn settle(&mut self, settled: &[(u64, Settled)]) -> Result<()> {
        let (folder, run) = (&self.folder, self.identity.run);
        let connection = &mut self.connection;
        let written = (|| {
            let transaction = connection.transaction()?;
            let (mut repeats, mut renewed) = (Vec::new(), Vec::new());
            let mut withdrawn = 0u64;
            let sql = format!("SELECT {COLUMNS} FROM operation WHERE row = ?1");
            for (row, settled) in settled {
                let before = transaction.prepare_cached(&sql)?.query_row([signed(*row)], read_operation).optional()?;
                let Some(before) = before else { continue };
                withdrawn += u64::from(before.status == Status::Created && !matches!(settled, Settled::Done(..)));
                let (status, id, reason) = match settled {
                    Settled::Free(attempt) => {
                        let request_id = before.row.request_id(&run);
                        match attempt {
                            NextAttempt::First => {}
                            NextAttempt::Repeat => repeats.push(request_id),
                            NextAttempt::Anew => renewed.push(request_id),
                        }
                        // What it was before the input changed is over, too: it would be taken for its end once more.
                        transaction.prepare_cached(FORGET_EARLIER)?.execute([signed(*row)])?;
                        transaction.prepare_cached("DELETE FROM operation WHERE row = ?1")?.execute([signed(*row)])?;
                        continue;
                    }
                    Settled::Done(status, id, reason) => (*status, id.clone(), reason.clone()),
                    Settled::Unknown(reason) => (Status::Unknown, None, reason.clone()),
                };
                let id = id.or_else(|| before.id.clone());
                let now = Operation { status, id, reason: Some(Box::new(reason)), ..before };
                put_operations(&transaction, "INSERT OR REPLACE INTO operation", &[now])?;
            }
            for (name, mut request_ids) in [(REPEATS, repeats), (RENEWED, renewed)] {
                if request_ids.is_empty() {
                    continue;
                }
                request_ids.extend(get_request_ids(&transaction, name)?);
                let texts: Vec<String> = request_ids.iter().map(Uuid::to_string).collect();
                transaction
                    .execute("INSERT OR REPLACE INTO run (name, value) VALUES (?1, ?2)", [name, &texts.join(" ")])?;
            }
            if withdrawn > 0 {
                let withdrawn = withdrawn + get_withdrawn(&transaction)?;
                let put = "INSERT OR REPLACE INTO run (name, value) VALUES (?1, ?2)";
                transaction.execute(put, [WITHDRAWN, &withdrawn.to_string()])?;
            }
            if settled.iter().any(|(_, settled)| matches!(settled, Settled::Free(_))) {
                transaction.execute("DELETE FROM run WHERE name IN ('exit', 'finished')", [])?;
            }
            transaction.commit()
        })();
        written.map_err(|error: rusqlite::Error| failed(folder, error))
    }

    /// Takes rows out of their reservations: they were never sent and will not be.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn release(&mut self, unsent: &HashSet<u64>) -> Result<()> {
        let folder = &self.folder;
        let connection = &mut self.connection;
        let released = (|| {
            // It reads before it writes: only this way does it wait for another process at work.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let reservations: Vec<(i64, Vec<u8>)> = transaction
                .prepare("SELECT first, rows FROM reservation")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            for (first, rows) in reservations {
                let kept: Vec<RowKey> = unpack(&rows, VERSION)?.filter(|key| !unsent.contains(&key.row)).collect();
                transaction
                    .execute("UPDATE reservation SET rows = ?2 WHERE first = ?1", params![first, pack(&kept)])?;
            }
            transaction.commit()
        })();
        released.map_err(|error: rusqlite::Error| failed(folder, error))
    }

    /// Replaces the findings of the check by those that `each` hands over.
    ///
    /// # Errors
    /// A full disk, a damaged file, or whatever `each` says.
    pub fn replace_findings(
        &mut self,
        each: impl FnOnce(&mut dyn FnMut(RowFinding) -> Result<()>) -> Result<()>,
    ) -> Result<()> {
        let folder = self.folder.clone();
        let transaction = self.connection.transaction().map_err(|error| failed(&folder, error))?;
        transaction.execute("DELETE FROM finding", []).map_err(|error| failed(&folder, error))?;
        each(&mut |finding| put_finding(&transaction, &finding).map_err(|error| failed(&folder, error)))?;
        transaction.commit().map_err(|error| failed(&folder, error))
    }

    /// Takes a changed input as this run's own: what happened so far becomes what happened earlier, to be found again by
    /// identity, and the run's own identity is the new one.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn accept_change(&mut self, identity: RunIdentity) -> Result<()> {
        let folder = self.folder.clone();
        let accepted = (|| {
            let transaction = self.connection.transaction()?;
            transaction.execute_batch(&format!(
                "{INDEXES} {OLD_ID_INDEX}
                 -- A row that was sent stays known as sent, whatever was thought of it later (5 refused, 6 failed,
                 -- 8 held).
                 DELETE FROM earlier WHERE EXISTS (SELECT 1 FROM operation WHERE {SAME_ROW}
                   AND (operation.status NOT IN (5, 6, 8) OR earlier.status IN (5, 6, 8)));
                 INSERT INTO earlier ({COLUMNS}) SELECT {COLUMNS} FROM operation
                   WHERE NOT EXISTS (SELECT 1 FROM earlier WHERE {SAME_ROW});
                 DELETE FROM operation; DELETE FROM finding; DROP TABLE IF EXISTS gone;"
            ))?;
            put_identity(&transaction, &identity)?;
            transaction.execute("DELETE FROM run WHERE name IN ('exit', 'finished')", [])?;
            transaction.commit()
        })();
        accepted.map_err(|error: rusqlite::Error| failed(&folder, error))?;
        self.identity = identity;
        Ok(())
    }

    /// Adds what this process did beside what it counts otherwise.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn add_totals(&mut self, requests: u64, retries: u64, seconds: f64) -> Result<()> {
        if let Some(before) = self.totals_before.get_mut() {
            *before = (before.0 + requests, before.1 + retries, before.2 + seconds);
        }
        let now = self.totals()?;
        self.put_totals(now.0 + requests, now.1 + retries, now.2 + seconds)
    }

    /// Records what this process did so far beside what earlier ones did.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn set_totals(&self, requests: u64, retries: u64, seconds: f64) -> Result<()> {
        let before = match self.totals_before.get() {
            Some(before) => *before,
            None => {
                let before = self.totals()?;
                *self.totals_before.get_or_init(|| before)
            }
        };
        self.put_totals(before.0 + requests, before.1 + retries, before.2 + seconds)
    }

    fn put_totals(&self, requests: u64, retries: u64, seconds: f64) -> Result<()> {
        let folder = &self.folder;
        let transaction = self.connection.unchecked_transaction().map_err(|error| failed(folder, error))?;
        self.put("requests", requests)?;
        self.put("retries", retries)?;
        self.put("seconds", seconds)?;
        transaction.commit().map_err(|error| failed(folder, error))
    }

    /// Records how the run ended. It is the last thing that is written: a process that dies before leaves a run that the
    /// same command ends, reports and all.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn finish(&self, exit: Exit, is_finished: bool) -> Result<()> {
        // One without the other would say that rows were done which never left.
        let folder = &self.folder;
        let transaction = self.connection.unchecked_transaction().map_err(|error| failed(folder, error))?;
        self.put("exit", exit as u8)?;
        self.put("finished", u8::from(is_finished))?;
        transaction.commit().map_err(|error| failed(folder, error))
    }

    fn put(&self, name: &str, value: impl ToString) -> Result<()> {
        self.connection
            .execute("INSERT OR REPLACE INTO run (name, value) VALUES (?1, ?2)", params![name, value.to_string()])
            .map_err(|error| failed(&self.folder, error))?;
        Ok(())
    }

    /// Requests, retries and seconds of all processes that worked on this run.
    ///
    /// # Errors
    /// A damaged file.
    pub fn totals(&self) -> Result<(u64, u64, f64)> {
        totals(&self.connection).map_err(|error| failed(&self.folder, error))
    }

    /// A note that was set on this run.
    ///
    /// # Errors
    /// A damaged file.
    pub fn note(&self, name: &str) -> Result<Option<String>> {
        self.connection
            .query_row("SELECT value FROM run WHERE name = ?1", [format!("note.{name}")], |row| row.get(0))
            .optional()
            .map_err(|error| failed(&self.folder, error))
    }

    /// Sets a note on this run.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn set_note(&self, name: &str, value: &str) -> Result<()> {
        self.put(&format!("note.{name}"), value)
    }

    /// Keeps that the rows are taken for something else from now on than when they were sent.
    ///
    /// # Errors
    /// A full disk.
    pub fn note_read_otherwise(&self) -> Result<()> {
        let last = self
            .connection
            .query_row("SELECT max(at) FROM (SELECT at FROM operation UNION ALL SELECT at FROM earlier)", [], |row| {
                row.get::<_, Option<i64>>(0)
            })
            .map_err(|error| failed(&self.folder, error))?;
        // A clock that was set back meanwhile makes no row younger than this.
        let until = jiff::Timestamp::now().as_millisecond().max(last.unwrap_or(i64::MIN));
        self.set_note(READ_OTHERWISE_NOTE, &until.to_string())
    }

    /// Keeps the highest id that there is before the run's first write.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn note_highest_before(&self, highest: u64) -> Result<()> {
        self.set_note(HIGHEST_NOTE, &highest.to_string())
    }

    /// Forgets what the journal says in words, which may be those of a row; hashes, ids and counts stay. The words are gone from
    /// the file when this returns, not only from its tables.
    ///
    /// # Errors
    /// A full disk, another process that reads it.
    pub fn forget(self, at: i64) -> Result<()> {
        let forgotten = (|| {
            let transaction = self.connection.unchecked_transaction()?;
            transaction.execute_batch(
                "UPDATE operation SET message = NULL; UPDATE earlier SET message = NULL; DELETE FROM finding;
                 DROP TABLE IF EXISTS reference; DROP TABLE IF EXISTS decision; DROP TABLE IF EXISTS made_first;
                 DELETE FROM run WHERE name = 'note.failed';",
            )?;
            if has_table(&transaction, "gone")? {
                transaction.execute("UPDATE gone SET message = NULL", [])?;
            }
            transaction
                .execute("INSERT OR REPLACE INTO run (name, value) VALUES ('note.forgotten', ?1)", [at.to_string()])?;
            transaction.commit()?;
            // The file is made anew beside the old one, not in memory.
            self.connection.pragma_update(None, "temp_store", "FILE")?;
            self.connection.execute_batch("VACUUM")
        })();
        forgotten.map_err(|error: rusqlite::Error| failed(&self.folder, error))?;
        self.close()
    }

    /// Says that the run ignores earlier ones, now and when it goes on.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn ignore_earlier(&self) -> Result<()> {
        self.set_note("fresh", "1")
    }

    /// Takes their end from rows that were held back: a person has consented to some of them. Those of one kind
    /// may be spared.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn reopen_held(&mut self, spared: Option<&str>) -> Result<()> {
        let delete = "DELETE FROM operation WHERE status = ?1 AND code IS NOT ?2";
        self.connection
            .execute(delete, params![Status::Held as i64, spared.unwrap_or_default()])
            .map(drop)
            .map_err(|error| failed(&self.folder, error))
    }

    /// Takes their end from rows that were held back for these codes: what they wait for may be there now.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn reopen_held_for(&mut self, codes: &[&str]) -> Result<()> {
        let marks = vec!["?"; codes.len()].join(", ");
        let delete = format!("DELETE FROM operation WHERE status = {} AND code IN ({marks})", Status::Held as i64);
        self.connection
            .execute(&delete, rusqlite::params_from_iter(codes))
            .map(drop)
            .map_err(|error| failed(&self.folder, error))
    }

    /// Takes their end from rows that were refused: a person has decided anew about some of them.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn reopen_refused(&mut self) -> Result<()> {
        self.connection
            .execute("DELETE FROM operation WHERE status = ?1", [Status::Refused as i64])
            .map(drop)
            .map_err(|error| failed(&self.folder, error))
    }

    /// Takes their end from rows that are in doubt for what other runs did: more may be known now.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn reopen_elsewhere(&mut self) -> Result<()> {
        self.connection
            .execute(&format!("DELETE FROM operation WHERE status = ?1 AND {SENT_BY_OTHERS}"), [Status::Unknown as i64])
            .map(drop)
            .map_err(|error| failed(&self.folder, error))
    }

    /// Gives the journal of a folder another name, and its log with it: it cannot be read, and is no run any more.
    ///
    /// # Errors
    /// A file that cannot be renamed.
    pub fn put_aside(folder: &Path) -> Result<()> {
        for ending in ["-shm", "-wal", "-journal", ""] {
            let file = folder.join(format!("{FILE_NAME}{ending}"));
            if file.exists() {
                let aside = folder.join(format!("journal.damaged{ending}"));
                std::fs::rename(&file, &aside).context(|| file.display().to_string())?;
            }
        }
        Ok(())
    }

    /// Says that the run is remembered: it is at work again.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn remember(&self) -> Result<()> {
        self.connection
            .execute("DELETE FROM run WHERE name = 'note.forgotten'", [])
            .map(drop)
            .map_err(|error| failed(&self.folder, error))
    }

    /// Folds everything into the one file and closes it.
    ///
    /// # Errors
    /// A full disk.
    pub fn close(self) -> Result<()> {
        let folder = self.folder;
        fold_log(&self.connection).map_err(|error| failed(&folder, error))?;
        self.connection.close().map_err(|(_, error)| failed(&folder, error))
    }
}

/// A row of which nobody knows whether it was sent.
fn in_doubt(row: RowKey, at: i64) -> Operation {
    let reason = Reason { code: "interrupted".into(), field: String::new(), message: message!("journal.interrupted") };
    Operation { row, status: Status::Unknown, id: None, attempts: 1, at, reason: Some(Box::new(reason)) }
}

#[cfg(test)]
mod tests {
    use super::super::earlier::Match;
    use super::super::operation::RowIdentity;
    use super::super::status::Counts;
    use super::*;

    fn identity() -> RunIdentity {
        RunIdentity {
            run: Uuid::from_u128(5),
            entity: "customers".into(),
            mode: "create".into(),
            key: Vec::new(),
            target: "https://www.example.com user".into(),
            host: "www.example.com".into(),
            input: "i".into(),
            mapping: "m".into(),
            catalog: "c".into(),
            input_path: "/a.csv".into(),
            input_shown: "a.csv".into(),
            sheet: None,
            header_row: None,
            encoding: None,
            mapping_text: None,
            account_mode: crate::entity::AccountMode::Business,
            rows: 3,
            parent: None,
            started: 1,
        }
    }

    fn key(row: u64) -> RowKey {
        let mut content = [0; 16];
        content[..8].copy_from_slice(&row.to_be_bytes());
        let (identity, key) = (Some(content), Some(row * 7));
        RowKey { row, number: row + 2, identity, content, key, ..RowKey::default() }
    }

    fn found_by(row: u64) -> RowIdentity {
        let RowKey { content, copy, content_copy, .. } = key(row);
        RowIdentity { identity: content, copy, content, content_copy }
    }

    fn created(row: u64) -> Operation {
        Operation {
            row: key(row),
            status: Status::Created,
            id: Some(format!("{}", 50_000 + row)),
            attempts: 1,
            at: 9,
            reason: None,
        }
    }

    #[test]
    fn what_was_reserved_and_has_no_outcome_is_unknown_when_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(folder.path(), &identity()).unwrap();
        let reservation = Reservation { rows: vec![key(0), key(1), key(2)], targets: vec![(2, "50001".into())] };
        journal.apply(&[reservation], &[], &[]).unwrap();
        journal.apply(&[], &[created(1)], &[]).unwrap();
        drop(journal);
        let journal = Journal::open(folder.path()).unwrap();
        let operations = journal.reader().unwrap().operations(0, 10).unwrap();
        let statuses: Vec<Status> = operations.iter().map(|operation| operation.status).collect();
        assert_eq!(statuses, [Status::Unknown, Status::Created, Status::Unknown]);
        assert_eq!(operations[2].row, key(2));
        assert_eq!(operations[1], created(1));
    }

    #[test]
    fn a_settled_window_leaves_nothing_in_doubt() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(folder.path(), &identity()).unwrap();
        journal.apply(&[Reservation { rows: vec![key(0), key(1)], targets: Vec::new() }], &[], &[]).unwrap();
        journal.apply(&[], &[created(0)], &[0]).unwrap();
        journal.close().unwrap();
        let past = Journal::open(folder.path()).unwrap().reader().unwrap();
        assert_eq!(past.counts().unwrap(), Counts { created: 1, ..Counts::default() });
    }

    #[test]
    fn one_process_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::create(folder.path(), &identity()).unwrap();
        assert!(Journal::open(folder.path()).is_err());
        drop(journal);
        assert!(Journal::open(folder.path()).is_ok());
    }

    #[test]
    fn a_newer_or_damaged_journal_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        drop(Journal::create(folder.path(), &identity()).unwrap());
        let connection = Connection::open(folder.path().join(FILE_NAME)).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        assert!(Journal::open(folder.path()).unwrap_err().message().contains("newer"));
        std::fs::write(folder.path().join(FILE_NAME), b"this is no database at all, and long enough to tell").unwrap();
        assert!(Journal::open(folder.path()).unwrap_err().message().contains("damaged"));
    }

    #[test]
    fn a_changed_input_keeps_what_happened_findable_by_identity_and_key() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(folder.path(), &identity()).unwrap();
        journal.apply(&[], &[created(0), created(1)], &[]).unwrap();
        journal.accept_change(RunIdentity { input: "other".into(), ..identity() }).unwrap();
        journal.apply(&[], &[Operation { row: RowKey { row: 5, ..key(1) }, ..created(1) }], &[]).unwrap();
        let past = journal.reader().unwrap();
        past.match_earlier(Match::Identity, 3, &found_by(0), None).unwrap();
        assert_eq!(past.earlier(3).unwrap().unwrap(), created(0));
        assert_eq!(past.earlier(0).unwrap(), None);
        assert_eq!(past.earlier_by_key(7).unwrap().unwrap(), (created(1), false));
        past.match_earlier(Match::Identity, 5, &found_by(1), None).unwrap();
        assert_eq!(past.earlier_by_key(7).unwrap().unwrap(), (created(1), true));
        assert_eq!(past.counts().unwrap().created, 1);
        journal.accept_change(RunIdentity { input: "third".into(), ..identity() }).unwrap();
        let past = journal.reader().unwrap();
        past.match_earlier(Match::Identity, 0, &found_by(1), None).unwrap();
        assert!(past.earlier(0).unwrap().is_some());
        assert_eq!(past.sent().unwrap(), 2);
        assert_eq!(past.counts().unwrap().created, 0);
    }

    #[test]
    fn each_row_of_a_changed_input_has_one_match() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::create(folder.path(), &identity()).unwrap();
        journal.apply(&[], &[created(0), created(1)], &[]).unwrap();
        journal.accept_change(RunIdentity { input: "other".into(), ..identity() }).unwrap();
        let past = journal.reader().unwrap();
        // The first one says what a row said that was sent, the second one has its cells: that row was sent once.
        let (says_the_same, same_cells) =
            (RowIdentity { content: [7; 16], ..found_by(0) }, RowIdentity { identity: [8; 16], ..found_by(0) });
        let read_in_another_way = RowIdentity { identity: [9; 16], ..found_by(1) };
        let rows = [same_cells, says_the_same, read_in_another_way];
        for way in Match::ALL {
            for (row_index, row) in rows.iter().enumerate() {
                past.match_earlier(way, row_index as u64, row, None).unwrap();
            }
        }
        assert_eq!(past.earlier(0).unwrap(), None);
        assert_eq!(past.earlier(1).unwrap(), Some(created(0)));
        assert_eq!(past.earlier(2).unwrap(), Some(created(1)));
    }

    #[test]
    fn a_journal_that_a_killed_process_left_half_changed_is_read_by_whoever_only_reads() {
        let (folder, killed) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        drop(Journal::create(folder.path(), &identity()).unwrap());
        let file = folder.path().join(FILE_NAME);
        let connection = Connection::open(&file).unwrap();
        connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(())).unwrap();
        connection.pragma_update(None, "cache_size", 1).unwrap();
        let transaction = connection.unchecked_transaction().unwrap();
        for row in 0..100 {
            let text = "x".repeat(4000);
            transaction
                .execute("INSERT INTO run (name, value) VALUES (?1, ?2)", [format!("note.{row}"), text])
                .unwrap();
        }
        // What a killed process leaves: pages that were written, and the file that undoes them.
        for name in [FILE_NAME, "journal.db-journal"] {
            std::fs::copy(folder.path().join(name), killed.path().join(name)).unwrap();
        }
        drop(transaction);
        let past = JournalReader::open_read_only(killed.path()).unwrap();
        assert_eq!(past.identity(), &identity());
        assert!(!killed.path().join("journal.db-journal").exists());
    }
}
