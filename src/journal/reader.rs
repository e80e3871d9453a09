//! What a journal says: the queries that reports, resuming and retrying are made of. All that is ever written through it
//! are indexes that make look-ups fast, and nothing where it was opened to be read only.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use uuid::Uuid;

use super::database::{RENEWED, REPEATS, connect, damaged, failed, get_identity, get_request_ids, totals, version_of};
use super::identity::RunIdentity;
use super::lock::Lock;
use super::operation::{OldId, Operation, RowKey};
use super::rows::{
    COLUMNS, COLUMNS_OF_VERSION_1, COLUMNS_OF_VERSION_2, COLUMNS_OF_VERSION_3, COLUMNS_OF_VERSION_4, INDEXES,
    OLD_ID_INDEX, SENT_BY_OTHERS, SENT_HERE, read_finding, read_message, read_operation, signed, unpack, unsigned,
};
use super::status::{Counts, STORED_OTHERWISE, Status, TAGS_DROPPED};
use crate::check::findings::RowFinding;
use crate::error::{Exit, Result};
use crate::format::Content;
use crate::message::Message;

/// Operations read together.
const TOGETHER: usize = 1000;

/// Name of the note with the highest id that there was before the run's first write.
pub(super) const HIGHEST_NOTE: &str = "highest_id";
/// Name of the note with when the rows were last taken for something else.
pub(super) const READ_OTHERWISE_NOTE: &str = "read_otherwise";

/// The record that a run made last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeLast {
    /// Its id.
    pub id: String,
    /// When the service said so, in milliseconds of Unix time.
    pub at: i64,
    /// Its row, where that is one of the run's input as it is now.
    pub row: Option<u64>,
}

/// What a journal says.
#[derive(Debug)]
pub struct JournalReader {
    connection: Connection,
    folder: PathBuf,
    identity: RunIdentity,
    /// Version of the tables.
    pub(super) version: i64,
}

impl JournalReader {
    /// Opens the journal of a folder for reading, whoever is at work on it.
    ///
    /// # Errors
    /// None there, made by a newer program, or damaged.
    pub fn open(folder: &Path) -> Result<JournalReader> {
        JournalReader::open_with(folder, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    /// Opens the journal of a folder without ever changing it, as journals of other runs are.
    ///
    /// # Errors
    /// None there, made by a newer program, or damaged.
    pub fn open_read_only(folder: &Path) -> Result<JournalReader> {
        JournalReader::open_with(folder, OpenFlags::SQLITE_OPEN_READ_ONLY)
    }

    /// Opens the journal of a folder without changing it, as one that has to know all that its run has sent.
    ///
    /// # Errors
    /// None there, made by a newer program, or damaged: also where it was longer once.
    pub fn open_whole(folder: &Path) -> Result<JournalReader> {
        let past = JournalReader::open_read_only(folder)?;
        // What a process that is at work writes meanwhile is not missing.
        let has_lost = !Lock::is_held(folder) && past.lacks_rows()?;
        if has_lost { Err(damaged(folder)) } else { Ok(past) }
    }

    fn open_with(folder: &Path, flags: OpenFlags) -> Result<JournalReader> {
        let connection = connect(folder, flags)?;
        let identity =
            get_identity(&connection).map_err(|error| failed(folder, error))?.ok_or_else(|| damaged(folder))?;
        let version = version_of(&connection).map_err(|error| failed(folder, error))?;
        connection
            .execute_batch(
                "CREATE TEMP TABLE matched (row INTEGER PRIMARY KEY, earlier INTEGER NOT NULL UNIQUE) STRICT",
            )
            .map_err(|error| failed(folder, error))?;
        Ok(JournalReader { connection, folder: folder.to_owned(), identity, version })
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

    /// Holds few pages in memory: who reads from one end to the other needs each of them once.
    pub(super) fn hold_little(&self) -> Result<()> {
        self.connection.pragma_update(None, "cache_size", -128).map_err(|error| failed(&self.folder, error))
    }

    /// How the run ended, when it did; false beside it when there is more to do.
    ///
    /// # Errors
    /// A damaged file.
    pub fn ended(&self) -> Result<Option<(Exit, bool)>> {
        let value = |name: &str| {
            self.connection
                .query_row("SELECT value FROM run WHERE name = ?1", [name], |row| row.get::<_, String>(0))
                .optional()
                .map_err(|error| failed(&self.folder, error))
        };
        let exit = value("exit")?.and_then(|text| text.parse::<u8>().ok()).and_then(|code| Exit::try_from(code).ok());
        let finished = value("finished")?.as_deref() == Some("1");
        Ok(exit.map(|exit| (exit, finished)))
    }

    /// Whether the run was to ignore earlier ones when it began.
    ///
    /// # Errors
    /// A damaged file.
    pub fn ignores_earlier(&self) -> Result<bool> {
        self.connection
            .query_row("SELECT EXISTS (SELECT 1 FROM run WHERE name = 'note.fresh')", [], |row| row.get(0))
            .map_err(|error| failed(&self.folder, error))
    }

    /// When the run was forgotten, in milliseconds of Unix time, if it was.
    ///
    /// # Errors
    /// A damaged file.
    pub fn forgotten(&self) -> Result<Option<i64>> {
        let value: Option<String> = self
            .connection
            .query_row("SELECT value FROM run WHERE name = 'note.forgotten'", [], |row| row.get(0))
            .optional()
            .map_err(|error| failed(&self.folder, error))?;
        Ok(value.and_then(|text| text.parse().ok()))
    }

    /// Requests, retries and seconds of all processes that worked on this run.
    ///
    /// # Errors
    /// A damaged file.
    pub fn totals(&self) -> Result<(u64, u64, f64)> {
        totals(&self.connection).map_err(|error| failed(&self.folder, error))
    }

    /// How many rows ended how; `read` and `pending` are not known here.
    ///
    /// # Errors
    /// A damaged file.
    pub fn counts(&self) -> Result<Counts> {
        let mut counts = Counts::default();
        let counted = (|| {
            // Counted here: the database would put all rows in order first.
            let mut statement = self.connection.prepare("SELECT status FROM operation")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                match Status::from_number(row.get(0)?) {
                    Some(status) => counts.add(status, 1),
                    None => return Ok(false),
                }
            }
            Ok(true)
        })();
        match counted.map_err(|error: rusqlite::Error| failed(&self.folder, error))? {
            true => Ok(counts),
            false => Err(damaged(&self.folder)),
        }
    }

    /// How many rows before the row_index `row_index` have an end.
    ///
    /// # Errors
    /// A damaged file.
    pub fn ended_before(&self, row_index: u64) -> Result<u64> {
        self.connection
            .query_row("SELECT count(*) FROM operation WHERE row < ?1", [signed(row_index)], |row| row.get(0))
            .map(unsigned)
            .map_err(|error| failed(&self.folder, error))
    }

    /// Rows that were reserved and have no end: a process that was killed may have sent them.
    ///
    /// # Errors
    /// A damaged file.
    pub fn reserved(&self) -> Result<Vec<RowKey>> {
        let windows: Vec<Vec<u8>> = self.query("SELECT rows FROM reservation", |row| row.get(0))?;
        let mut reserved = Vec::new();
        let mut keys = Vec::new();
        for rows in &windows {
            keys.extend(unpack(rows, self.version).map_err(|error| failed(&self.folder, error))?);
        }
        for key in keys {
            let has_end = self
                .connection
                .prepare_cached("SELECT 1 FROM operation WHERE row = ?1")
                .and_then(|mut statement| statement.exists([signed(key.row)]))
                .map_err(|error| failed(&self.folder, error))?;
            if !has_end {
                reserved.push(key);
            }
        }
        Ok(reserved)
    }

    /// Rows that were created without an id in the answer.
    ///
    /// # Errors
    /// A damaged file.
    pub fn ids_pending(&self) -> Result<u64> {
        self.connection
            .query_row("SELECT count(*) FROM operation WHERE status = 1 AND id IS NULL", [], |row| row.get(0))
            .map(unsigned)
            .map_err(|error| failed(&self.folder, error))
    }

    /// A note that was set on the run.
    ///
    /// # Errors
    /// A damaged file.
    pub fn note(&self, name: &str) -> Result<Option<String>> {
        self.connection
            .query_row("SELECT value FROM run WHERE name = ?1", [format!("note.{name}")], |row| row.get(0))
            .optional()
            .map_err(|error| failed(&self.folder, error))
    }

    /// The highest id that there was before the run's first write, where that is known.
    ///
    /// # Errors
    /// A damaged file.
    pub fn highest_before(&self) -> Result<Option<u64>> {
        Ok(self.note(HIGHEST_NOTE)?.and_then(|text| text.parse().ok()))
    }

    /// Until when the rows were sent by another mapping or other answers than the run goes by now, in milliseconds of Unix time;
    /// none where there were no others.
    ///
    /// # Errors
    /// A damaged file.
    pub fn read_otherwise_until(&self) -> Result<Option<i64>> {
        Ok(self.note(READ_OTHERWISE_NOTE)?.and_then(|text| text.parse().ok()))
    }

    /// How many rows are in doubt for what other runs did.
    ///
    /// # Errors
    /// A damaged file.
    pub fn unknown_elsewhere(&self) -> Result<u64> {
        self.connection
            .query_row(&format!("SELECT count(*) FROM operation WHERE status = 7 AND {SENT_BY_OTHERS}"), [], |row| {
                row.get(0)
            })
            .map(unsigned)
            .map_err(|error| failed(&self.folder, error))
    }

    /// Whether any row ended so for one of these reasons.
    ///
    /// # Errors
    /// A damaged file.
    pub fn has_ended_for(&self, status: Status, codes: &[&str]) -> Result<bool> {
        let marks = vec!["?"; codes.len()].join(", ");
        let sql = format!("SELECT 1 FROM operation WHERE status = {} AND code IN ({marks})", status as i64);
        self.connection
            .prepare(&sql)
            .and_then(|mut statement| statement.exists(rusqlite::params_from_iter(codes)))
            .map_err(|error| failed(&self.folder, error))
    }

    /// Request ids of rows that may have been sent before and are sent again all the same.
    ///
    /// # Errors
    /// A damaged file.
    pub fn repeats(&self) -> Result<HashSet<Uuid>> {
        self.request_ids(REPEATS)
    }

    /// Request ids that rows had and are not sent under any more.
    ///
    /// # Errors
    /// A damaged file.
    pub fn renewed(&self) -> Result<HashSet<Uuid>> {
        self.request_ids(RENEWED)
    }

    fn request_ids(&self, name: &str) -> Result<HashSet<Uuid>> {
        let ids = get_request_ids(&self.connection, name).map_err(|error| failed(&self.folder, error))?;
        Ok(ids.into_iter().collect())
    }

    /// How many rows nobody knows of, and how many made records whose ids nobody knows. Rows of which another run knows
    /// are left out: they are settled there.
    ///
    /// # Errors
    /// A damaged file.
    pub fn unsettled(&self) -> Result<(u64, u64)> {
        let unknown = format!("status = 7 AND {SENT_HERE}");
        self.connection
            .query_row(
                &format!(
                    "SELECT count(*) FILTER (WHERE {unknown}), count(*) FILTER (WHERE status = 1 AND id IS NULL)
                     FROM operation"
                ),
                [],
                |row| Ok((unsigned(row.get(0)?), unsigned(row.get(1)?))),
            )
            .map_err(|error| failed(&self.folder, error))
    }

    /// Rows in doubt for the reason of this code, by their indexes, and what was said of them.
    ///
    /// # Errors
    /// A damaged file.
    pub fn rows_of(&self, code: &str) -> Result<Vec<(u64, Message)>> {
        let found = (|| {
            self.connection
                .prepare(
                    "SELECT row, coalesce(message, '') FROM operation WHERE status = 7 AND code = ?1 ORDER BY row",
                )?
                .query_map([code], |row| Ok((unsigned(row.get(0)?), read_message(row, 1)?)))?
                .collect::<rusqlite::Result<Vec<_>>>()
        })();
        found.map_err(|error| failed(&self.folder, error))
    }

    /// The rows that [`JournalReader::unsettled`] counts, up to `limit` from the row at row_index `from` on.
    ///
    /// # Errors
    /// A damaged file.
    pub fn unsettled_rows(&self, from: u64, limit: usize) -> Result<Vec<Operation>> {
        let found = (|| {
            self.connection
                .prepare_cached(&format!(
                    "SELECT {} FROM operation WHERE row >= ?1
                     AND (status = 7 AND {SENT_HERE} OR status = 1 AND id IS NULL) ORDER BY row LIMIT ?2",
                    self.columns()
                ))?
                .query_map(params![signed(from), limit as i64], read_operation)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })();
        found.map_err(|error| failed(&self.folder, error))
    }

    /// The record that was made last, as far as its id is known.
    ///
    /// # Errors
    /// A damaged file.
    pub fn made_last(&self) -> Result<Option<MadeLast>> {
        let last = |table: &str, is_of_input: bool| {
            self.connection
                .query_row(
                    &format!(
                        "SELECT CAST(id AS TEXT), at, row FROM {table} WHERE status = 1 AND id IS NOT NULL AND code IS NULL
                         ORDER BY at DESC, row DESC LIMIT 1"
                    ),
                    [],
                    |row| {
                        let number = unsigned(row.get(2)?);
                        Ok(MadeLast { id: row.get(0)?, at: row.get(1)?, row: is_of_input.then_some(number) })
                    },
                )
                .optional()
                .map_err(|error| failed(&self.folder, error))
        };
        Ok(last("operation", true)?.into_iter().chain(last("earlier", false)?).max_by_key(|made| made.at))
    }

    /// What rows say whose record was found in the account, as hashes: which of several equal ones made it nobody knows.
    ///
    /// # Errors
    /// A damaged file.
    pub fn found_in_account(&self) -> Result<HashSet<Content>> {
        let found = (|| {
            let mut contents = HashSet::new();
            let mut statement =
                self.connection.prepare("SELECT coalesce(identity, content) FROM operation WHERE code = 'settled'")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let hash: Vec<u8> = row.get(0)?;
                contents.insert(hash.try_into().map_err(|_| rusqlite::Error::InvalidQuery)?);
            }
            Ok(contents)
        })();
        found.map_err(|error: rusqlite::Error| failed(&self.folder, error))
    }

    /// Calls `take` with the id of every record that a row made, those of an earlier input included.
    ///
    /// # Errors
    /// A damaged file.
    pub fn each_made(&self, take: impl FnMut(&str)) -> Result<()> {
        self.each_id("status = 1 AND id IS NOT NULL", take)
    }

    /// Calls `take` with the id of every record that a row made, changed or found, those of an earlier input included.
    ///
    /// # Errors
    /// A damaged file.
    pub fn each_known(&self, take: impl FnMut(&str)) -> Result<()> {
        self.each_id("id IS NOT NULL", take)
    }

    fn each_id(&self, condition: &str, mut take: impl FnMut(&str)) -> Result<()> {
        let made = (|| {
            let mut statement = self.connection.prepare(&format!(
                "SELECT CAST(id AS TEXT) FROM operation WHERE {condition}
                 UNION ALL SELECT CAST(id AS TEXT) FROM earlier WHERE {condition}"
            ))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                take(row.get_ref(0)?.as_str()?);
            }
            Ok(())
        })();
        made.map_err(|error: rusqlite::Error| failed(&self.folder, error))
    }

    /// So many of the rows that made a record whose id is known, from the first on.
    ///
    /// # Errors
    /// A damaged file.
    pub fn created(&self, rows: usize) -> Result<Vec<Operation>> {
        let columns = self.columns();
        self.query(
            &format!("SELECT {columns} FROM operation WHERE status = 1 AND id IS NOT NULL ORDER BY row LIMIT {rows}"),
            read_operation,
        )
    }

    /// How many rows ended with this code.
    ///
    /// # Errors
    /// A damaged file.
    pub fn count_of(&self, code: &str) -> Result<u64> {
        self.connection
            .query_row("SELECT count(*) FROM operation WHERE code = ?1", [code], |row| row.get(0).map(unsigned))
            .map_err(|error| failed(&self.folder, error))
    }

    /// Codes of refused, held, failed and unknown rows, and of those with [`TAGS_DROPPED`] or [`STORED_OTHERWISE`], with one of their messages and how many there are, most first.
    ///
    /// # Errors
    /// A damaged file.
    pub fn reasons(&self) -> Result<Vec<(Status, String, Message, u64)>> {
        let sql = format!(
            "SELECT status, coalesce(code, ''), min(coalesce(message, '')), count(*),
               min(coalesce(message, '')) <> max(coalesce(message, ''))
             FROM operation WHERE status >= 4 OR code IN ('{TAGS_DROPPED}', '{STORED_OTHERWISE}') GROUP BY 1, 2, coalesce(field, '')
             ORDER BY CASE status WHEN 6 THEN 0 WHEN 7 THEN 1 WHEN 5 THEN 2 WHEN 8 THEN 3 ELSE 4 END, 4 DESC, 2, 3"
        );
        self.query(&sql, |row| {
            let status = Status::from_number(row.get(0)?).unwrap_or(Status::Unknown);
            let message = read_message(row, 2)?;
            // What only some of these rows have beside the first is not said of all.
            let message = if row.get(4)? { message.first_rule().kind() } else { message };
            Ok((status, row.get(1)?, message, unsigned(row.get(3)?)))
        })
    }

    /// All that a question is answered with.
    pub(super) fn query<T>(&self, sql: &str, read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>) -> Result<Vec<T>> {
        let found = (|| self.connection.prepare(sql)?.query_map([], read)?.collect::<rusqlite::Result<Vec<T>>>())();
        found.map_err(|error| failed(&self.folder, error))
    }

    /// Up to `limit` operations from the row at row_index `from` on, in input order.
    ///
    /// # Errors
    /// A damaged file.
    pub fn operations(&self, from: u64, limit: usize) -> Result<Vec<Operation>> {
        let found = (|| {
            self.connection
                .prepare_cached(&format!(
                    "SELECT {} FROM operation WHERE row >= ?1 ORDER BY row LIMIT ?2",
                    self.columns()
                ))?
                .query_map(params![signed(from), limit as i64], read_operation)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })();
        found.map_err(|error| failed(&self.folder, error))
    }

    /// Calls `take` with every operation, in input order.
    ///
    /// # Errors
    /// A damaged file, what `take` ends with.
    pub fn each_operation(&self, mut take: impl FnMut(&Operation) -> Result<()>) -> Result<()> {
        let mut from = 0;
        loop {
            let operations = self.operations(from, TOGETHER)?;
            let Some(last) = operations.last() else { return Ok(()) };
            from = last.row.row + 1;
            operations.iter().try_for_each(&mut take)?;
        }
    }

    /// Up to `limit` findings of rows from row_index `from` on, in input order, whole rows only.
    ///
    /// # Errors
    /// A damaged file.
    pub fn findings(&self, from: u64, limit: usize) -> Result<Vec<RowFinding>> {
        let found = (|| {
            self.connection
                .prepare_cached(
                    "SELECT row, number, place, field, code, rule, hint, severity FROM finding WHERE row >= ?1 AND row < ?1 + ?2
                     ORDER BY row, place",
                )?
                .query_map(params![signed(from), limit as i64], read_finding)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })();
        found.map_err(|error| failed(&self.folder, error))
    }

    /// The row that a condition says, of this input or of an earlier one: one that was sent first, then one of this input.
    fn of_both(&self, condition: &str) -> String {
        let columns = self.columns();
        format!(
            "SELECT * FROM (SELECT {columns} FROM operation WHERE {condition}
             UNION ALL SELECT {columns} FROM earlier WHERE {condition} AND status IN (1, 2, 3, 7))
             ORDER BY status IN (5, 6, 8) LIMIT 1"
        )
    }

    /// Whether it keeps what rows added to records: those of earlier versions do not.
    pub(super) fn keeps_added(&self) -> bool {
        self.version >= 5
    }

    pub(super) fn columns(&self) -> &'static str {
        match self.version {
            1 => COLUMNS_OF_VERSION_1,
            2 => COLUMNS_OF_VERSION_2,
            3 => COLUMNS_OF_VERSION_3,
            4 => COLUMNS_OF_VERSION_4,
            _ => COLUMNS,
        }
    }

    /// What happened to the row with this number.
    ///
    /// # Errors
    /// A damaged file.
    pub fn by_number(&self, number: u64) -> Result<Option<Operation>> {
        self.one(
            &format!("SELECT {} FROM operation WHERE number = ?1 LIMIT 1", self.columns()),
            params![signed(number)],
        )
    }

    /// What happened to the row that was sent again for the row `origin` of the run that is retried.
    ///
    /// # Errors
    /// A damaged file.
    pub fn by_origin(&self, origin: u64) -> Result<Option<Operation>> {
        self.one(&self.of_both("origin = ?1"), params![signed(origin)])
    }

    /// Whether it has rows of which nobody knows which rows of a retried run they are.
    ///
    /// # Errors
    /// A damaged file.
    pub fn has_rows_of_no_origin(&self) -> Result<bool> {
        let sql = "SELECT EXISTS (SELECT 1 FROM operation WHERE origin IS NULL)";
        self.connection.query_row(sql, [], |row| row.get(0)).map_err(|error| failed(&self.folder, error))
    }

    /// What happened to the row that says this, among equal ones the one of this occurrence.
    ///
    /// # Errors
    /// A damaged file.
    pub fn by_identity(&self, identity: &Content, copy: u32) -> Result<Option<Operation>> {
        if self.version < 2 {
            return Ok(None);
        }
        self.one(&self.of_both("identity = ?1 AND coalesce(copy, 0) = ?2"), params![&identity[..], copy])
    }

    /// What happened to the row with this old id. A row that was sent beats one that failed.
    ///
    /// # Errors
    /// A damaged file.
    pub fn by_old_id(&self, old_id: &OldId) -> Result<Option<Operation>> {
        if self.version < 4 {
            return Ok(None);
        }
        self.one(&self.of_both("old_id = ?1"), params![old_id.to_text()])
    }

    /// What happened to the row with this natural key. A row that was sent beats one that failed.
    ///
    /// # Errors
    /// A damaged file.
    pub fn by_key(&self, key: u64) -> Result<Option<Operation>> {
        self.one(&self.of_both("key = ?1"), params![key.cast_signed()])
    }

    /// Makes look-ups by number, origin and key fast. Kept out of a running import, which it would slow.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn build_indexes(&self) -> Result<()> {
        self.connection
            .execute_batch(
                "CREATE INDEX IF NOT EXISTS operation_by_number ON operation (number);
                 CREATE INDEX IF NOT EXISTS operation_by_origin ON operation (origin) WHERE origin IS NOT NULL;
                 CREATE INDEX IF NOT EXISTS operation_by_key ON operation (key) WHERE key IS NOT NULL;
                 CREATE INDEX IF NOT EXISTS operation_by_content ON operation (content);
                 CREATE INDEX IF NOT EXISTS earlier_by_content ON earlier (content);
                 CREATE INDEX IF NOT EXISTS earlier_by_origin ON earlier (origin) WHERE origin IS NOT NULL;
                 CREATE INDEX IF NOT EXISTS earlier_by_key ON earlier (key) WHERE key IS NOT NULL;",
            )
            .and_then(|()| match self.version {
                1 => Ok(()),
                2 | 3 => self.connection.execute_batch(INDEXES),
                _ => self.connection.execute_batch(INDEXES).and_then(|()| self.connection.execute_batch(OLD_ID_INDEX)),
            })
            .map_err(|error| failed(&self.folder, error))
    }

    /// Rows another run has taken over.
    ///
    /// # Errors
    /// A damaged file.
    pub fn claimed(&self) -> Result<u64> {
        self.connection
            .query_row("SELECT count(*) FROM claim", [], |row| row.get(0))
            .map(unsigned)
            .map_err(|error| failed(&self.folder, error))
    }

    pub(super) fn one(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<Option<Operation>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(parameters, read_operation).optional())
            .map_err(|error| failed(&self.folder, error))
    }
}
