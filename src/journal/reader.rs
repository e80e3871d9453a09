//! What a journal says: the queries that reports, resuming and retrying are made of. All that is ever written through it
//! are indexes that make look-ups fast, and nothing where it was opened to be read only.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, params};
use uuid::Uuid;

use super::database::{
    RENEWED, REPEATS, connect, damaged, failed, get_identity, get_request_ids, get_withdrawn, totals, version_of,
};
use super::identity::RunIdentity;
use super::lock::Lock;
use super::marks::LeftMarks;
use super::operation::{OldId, Operation, RowIdentity, RowKey};
use super::rows::{
    COLUMNS, COLUMNS_OF_VERSION_1, COLUMNS_OF_VERSION_2, COLUMNS_OF_VERSION_3, COLUMNS_OF_VERSION_4, INDEXES,
    OLD_ID_INDEX, SAME_ROW, SENT, SENT_BY_OTHERS, SENT_HERE, SentRow, read_finding, read_message, read_operation,
    read_sent, signed, unpack, unsigned,
};
use super::status::{Counts, STORED_OTHERWISE, Status, TAGS_DROPPED};
use crate::check::findings::RowFinding;
use crate::error::{Context, Exit, Result};
use crate::format::Content;
use crate::message::Message;

/// How a row is known to be one of the earlier input, in the order in which they are tried: with each of them all rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Its cells are those of a row that version 1 sent, which kept nothing else of it.
    CellsOfVersion1,
    /// It says the same, and its old id is the same.
    OldId,
    /// It says the same.
    Identity,
    /// Its cells are the same: the columns are read in another way now.
    Cells,
}

impl Match {
    /// All of them, in their order.
    pub const ALL: [Match; 4] = [Match::CellsOfVersion1, Match::OldId, Match::Identity, Match::Cells];
}

/// Name of the note with the highest id that there was before the run's first write.
pub(super) const HIGHEST_NOTE: &str = "highest_id";

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
    version: i64,
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
    fn hold_little(&self) -> Result<()> {
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

    /// Whether any row was refused for one of these reasons.
    ///
    /// # Errors
    /// A damaged file.
    pub fn has_refused_for(&self, codes: &[&str]) -> Result<bool> {
        let marks = vec!["?"; codes.len()].join(", ");
        let sql = format!("SELECT 1 FROM operation WHERE status = {} AND code IN ({marks})", Status::Refused as i64);
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

    /// Whether something happened before the input changed.
    ///
    /// # Errors
    /// A damaged file.
    pub fn has_earlier(&self) -> Result<bool> {
        self.connection
            .query_row("SELECT EXISTS (SELECT 1 FROM earlier)", [], |row| row.get(0))
            .map_err(|error| failed(&self.folder, error))
    }

    /// Finds, for the row at `row_index`, the row of the earlier input that it is, by one of several ways to know it. No row
    /// is found for two, nor are two rows for one.
    ///
    /// # Errors
    /// A damaged file.
    pub fn match_earlier(&self, way: Match, row_index: u64, row: &RowIdentity, old_id: Option<&OldId>) -> Result<()> {
        // What has another old id is another row.
        const FREE: &str = "AND rowid NOT IN (SELECT earlier FROM temp.matched)
             AND (?4 IS NULL OR old_id IS NULL OR old_id = ?4)";
        if way == Match::OldId && old_id.is_none() {
            return Ok(());
        }
        let (condition, hash, copy) = match way {
            Match::CellsOfVersion1 => {
                ("content = ?2 AND coalesce(content_copy, 0) = ?3 AND identity IS NULL", row.content, row.content_copy)
            }
            Match::OldId => ("identity = ?2 AND old_id = ?4 AND ?3 >= 0", row.identity, row.copy),
            Match::Identity => ("identity = ?2 AND coalesce(copy, 0) = ?3", row.identity, row.copy),
            Match::Cells => ("content = ?2 AND coalesce(content_copy, 0) = ?3", row.content, row.content_copy),
        };
        self.connection
            .prepare_cached(&format!(
                "INSERT OR IGNORE INTO temp.matched (row, earlier)
                 SELECT ?1, rowid FROM earlier WHERE {condition} {FREE} LIMIT 1"
            ))
            .and_then(|mut statement| {
                statement.execute(params![signed(row_index), &hash[..], copy, old_id.map(OldId::to_text)])
            })
            .map_err(|error| failed(&self.folder, error))?;
        Ok(())
    }

    /// What happened to the row at `row_index` before the input changed, once the matches are found.
    ///
    /// # Errors
    /// A damaged file.
    pub fn earlier(&self, row_index: u64) -> Result<Option<Operation>> {
        self.one(
            &format!(
                "SELECT {} FROM earlier WHERE rowid = (SELECT earlier FROM temp.matched WHERE row = ?1)",
                self.columns()
            ),
            params![signed(row_index)],
        )
    }

    /// What happened before the input changed to the row with this natural key, of those that were sent and are not known
    /// to have failed; and whether that row is still in the input.
    ///
    /// # Errors
    /// A damaged file.
    pub fn earlier_by_key(&self, key: u64) -> Result<Option<(Operation, bool)>> {
        let one = |is_present: &str| {
            self.one(
                &format!(
                    "SELECT {} FROM earlier WHERE key = ?1 AND status IN (1, 2, 3, 7)
                     AND rowid {is_present} (SELECT earlier FROM temp.matched) LIMIT 1",
                    self.columns()
                ),
                params![key.cast_signed()],
            )
        };
        match one("IN")? {
            Some(present) => Ok(Some((present, true))),
            None => Ok(one("NOT IN")?.map(|gone| (gone, false))),
        }
    }

    /// What was sent before the input changed for the row of this number in the run that is retried, where that row as it was is
    /// no longer in the input.
    ///
    /// # Errors
    /// A damaged file.
    pub fn earlier_by_origin(&self, origin: u64) -> Result<Option<Operation>> {
        self.one(
            &format!(
                "SELECT {} FROM earlier WHERE origin = ?1 AND status IN (1, 2, 3, 7)
                 AND rowid NOT IN (SELECT earlier FROM temp.matched) LIMIT 1",
                self.columns()
            ),
            params![signed(origin)],
        )
    }

    /// The rows of an earlier input that made or changed the record of this id.
    ///
    /// # Errors
    /// A damaged file.
    pub fn earlier_of_record(&self, id: &str) -> Result<Vec<Operation>> {
        let found = (|| {
            self.connection
                .prepare(&format!("SELECT {} FROM earlier WHERE CAST(id AS TEXT) = ?1 AND {SENT}", self.columns()))?
                .query_map(params![id], read_operation)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })();
        found.map_err(|error| failed(&self.folder, error))
    }

    /// The same for the row with this old id.
    ///
    /// # Errors
    /// A damaged file.
    pub fn earlier_by_old_id(&self, old_id: &OldId) -> Result<Option<(Operation, bool)>> {
        let one = |is_present: &str| {
            self.one(
                &format!(
                    "SELECT {} FROM earlier WHERE old_id = ?1 AND {SENT}
                     AND rowid {is_present} (SELECT earlier FROM temp.matched) LIMIT 1",
                    self.columns()
                ),
                params![old_id.to_text()],
            )
        };
        if self.version < 4 {
            return Ok(None);
        }
        match one("IN")? {
            Some(present) => Ok(Some((present, true))),
            None => Ok(one("NOT IN")?.map(|gone| (gone, false))),
        }
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

    /// Calls `take` with every row that was sent and is not known to have failed: those of an earlier input first, then
    /// those without an end. A row may come more than once; the last one counts.
    ///
    /// # Errors
    /// A damaged file, or whatever `take` says.
    pub(super) fn each_sent(&self, mut take: impl FnMut(SentRow) -> Result<()>) -> Result<()> {
        self.each_sent_in("earlier", &mut take)?;
        for key in self.reserved()? {
            take(SentRow {
                has_identity: key.identity.is_some(),
                hash: key.identity.unwrap_or(key.content),
                copy: key.copy,
                key: key.key,
                old_id: key.old_id.map(|old_id| *old_id),
                status: Status::Unknown,
                id: Value::Null,
            })?;
        }
        self.each_sent_in("operation", &mut take)
    }

    fn each_sent_in(&self, table: &str, take: &mut impl FnMut(SentRow) -> Result<()>) -> Result<()> {
        let broken = |error| failed(&self.folder, error);
        let mut statement = self
            .connection
            .prepare(&format!("SELECT {} FROM {table} WHERE {SENT} AND NOT {SENT_BY_OTHERS}", self.columns()))
            .map_err(broken)?;
        let mut rows = statement.query([]).map_err(broken)?;
        while let Some(row) = rows.next().map_err(broken)? {
            take(read_sent(row).map_err(broken)?)?;
        }
        Ok(())
    }

    /// Whether each row that was sent and is not known to have failed has an old id.
    ///
    /// # Errors
    /// A damaged file.
    pub fn has_old_ids(&self) -> Result<bool> {
        if self.version < 4 {
            return Ok(false);
        }
        let lacks = |table: &str| format!("EXISTS (SELECT 1 FROM {table} WHERE {SENT} AND old_id IS NULL)");
        let sql = format!("SELECT NOT ({} OR {})", lacks("operation"), lacks("earlier"));
        self.connection.query_row(&sql, [], |row| row.get(0)).map_err(|error| failed(&self.folder, error))
    }

    /// Whether rows were handed to the network of which the journal knows nothing: it was longer once. No process may be at
    /// work on it.
    ///
    /// # Errors
    /// A damaged file.
    pub(super) fn lacks_rows(&self) -> Result<bool> {
        let broken = |error| failed(&self.folder, error);
        let reserved: HashSet<u64> = self.reserved()?.into_iter().map(|key| key.row).collect();
        let mut statement = self.connection.prepare("SELECT row FROM operation ORDER BY row").map_err(broken)?;
        let mut ended = statement.query([]).map_err(broken)?;
        let (mut last, mut lacks) = (None, false);
        LeftMarks::each_handed_over(&self.folder, &self.identity.run, |row| {
            while last.is_none_or(|last| last < row) {
                match ended.next().map_err(broken)? {
                    Some(next) => last = Some(unsigned(next.get(0).map_err(broken)?)),
                    None => break,
                }
            }
            lacks = last != Some(row) && !reserved.contains(&row);
            Ok(!lacks)
        })?;
        Ok(lacks)
    }

    /// How many rows were sent and are not known to have failed, those of an earlier input and those without an end
    /// included, each counted once.
    ///
    /// # Errors
    /// A damaged file.
    pub fn sent(&self) -> Result<u64> {
        Ok(self.ended_so(SENT)? + self.reserved()?.len() as u64)
    }

    /// How many rows are done or were told as done once, those of an earlier input included, each counted once. They never become
    /// fewer.
    ///
    /// # Errors
    /// A damaged file.
    pub fn done(&self) -> Result<u64> {
        Ok(self.ended_so(&format!("({SENT} AND status <> 7)"))? + self.withdrawn()?)
    }

    /// How many rows were told as done once and are not any more.
    ///
    /// # Errors
    /// A damaged file.
    pub(super) fn withdrawn(&self) -> Result<u64> {
        get_withdrawn(&self.connection).map_err(|error| failed(&self.folder, error))
    }

    fn ended_so(&self, condition: &str) -> Result<u64> {
        let same_row = match self.version {
            1 => "operation.content = earlier.content AND coalesce(operation.copy, 0) = coalesce(earlier.copy, 0)",
            _ => SAME_ROW,
        };
        self.connection
            .query_row(
                &format!(
                    "SELECT (SELECT count(*) FROM operation WHERE {condition})
                     + (SELECT count(*) FROM earlier WHERE {condition}
                        AND NOT EXISTS (SELECT 1 FROM operation WHERE {same_row} AND {condition}))"
                ),
                [],
                |row| row.get(0),
            )
            .map(unsigned)
            .map_err(|error| failed(&self.folder, error))
    }

    /// Whether a row was sent, or may have been.
    ///
    /// # Errors
    /// A damaged file.
    pub fn has_sent(&self) -> Result<bool> {
        let sent = |table: &str| format!("EXISTS (SELECT 1 FROM {table} WHERE {SENT})");
        let has_sent: bool = self
            .connection
            .query_row(&format!("SELECT {} OR {}", sent("operation"), sent("earlier")), [], |row| row.get(0))
            .map_err(|error| failed(&self.folder, error))?;
        Ok(has_sent || !self.reserved()?.is_empty())
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

    fn one(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<Option<Operation>> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(parameters, read_operation).optional())
            .map_err(|error| failed(&self.folder, error))
    }
}

/// How many operations are read at a time.
const AT_A_TIME: usize = 1024;
/// Batches of them that wait for the one who asks.
const WAITING: usize = 2;

/// Operations looked up by the row_index of their row, for places that are asked for in order. They are read ahead, on a
/// thread and a connection of their own.
#[derive(Debug)]
pub struct OperationCursor {
    read: Arc<Vec<Operation>>,
    /// How many of them are behind.
    taken: usize,
    /// Nobody listens any more once it is dropped, which is before the thread is waited for.
    batches: Receiver<Result<Arc<Vec<Operation>>>>,
    _thread: Arc<ReadingThread>,
    folder: PathBuf,
    is_complete: bool,
}

/// The thread that reads ahead, waited for by the last who listened: it reads the journal until it ends, and whoever closes the
/// journal next wants it alone.
#[derive(Debug)]
struct ReadingThread(Option<JoinHandle<()>>);

impl Drop for ReadingThread {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}

impl OperationCursor {
    /// The operations of the journal in a folder. Those that are written from now on may be missing.
    ///
    /// # Errors
    /// A system that has no room for a thread.
    pub fn open(folder: &Path) -> Result<OperationCursor> {
        let [cursor] = OperationCursor::open_several(folder)?;
        Ok(cursor)
    }

    /// The same for several who ask side by side, each on a thread of its own: the journal is read once for all of them.
    ///
    /// # Errors
    /// A system that has no room for a thread.
    pub fn open_several<const N: usize>(folder: &Path) -> Result<[OperationCursor; N]> {
        let mut listeners = Vec::new();
        let batches: [Receiver<_>; N] = std::array::from_fn(|_| {
            let (sender, batches) = sync_channel(WAITING);
            listeners.push(sender);
            batches
        });
        let of_thread = folder.to_owned();
        let thread = std::thread::Builder::new().spawn(move || read_ahead(&of_thread, listeners));
        let thread = Arc::new(ReadingThread(Some(thread.context(|| folder.display().to_string())?)));
        Ok(batches.map(|batches| OperationCursor {
            read: Arc::default(),
            taken: 0,
            batches,
            _thread: Arc::clone(&thread),
            folder: folder.to_owned(),
            is_complete: false,
        }))
    }

    /// What happened to the row at `row_index`; none when it has no end.
    ///
    /// # Errors
    /// A damaged file.
    pub fn at(&mut self, row_index: u64) -> Result<Option<&Operation>> {
        loop {
            while self.read.get(self.taken).is_some_and(|first| first.row.row < row_index) {
                self.taken += 1;
            }
            if self.taken < self.read.len() || self.is_complete {
                return Ok(self.read.get(self.taken).filter(|first| first.row.row == row_index));
            }
            self.read = self.batches.recv().unwrap_or_else(|_| Err(damaged(&self.folder)))?;
            self.taken = 0;
            self.is_complete = self.read.len() < AT_A_TIME;
        }
    }
}

/// Reads all operations of a journal for those who listen.
fn read_ahead(folder: &Path, mut listeners: Vec<SyncSender<Result<Arc<Vec<Operation>>>>>) {
    let read = JournalReader::open(folder).and_then(|past| {
        past.hold_little()?;
        let mut from = 0;
        loop {
            let operations = past.operations(from, AT_A_TIME)?;
            let is_last = operations.len() < AT_A_TIME;
            from = operations.last().map_or(from, |last| last.row.row + 1);
            let operations = Arc::new(operations);
            // Who does not listen any more does not want to know.
            listeners.retain(|listener| listener.send(Ok(Arc::clone(&operations))).is_ok());
            if listeners.is_empty() || is_last {
                return Ok(());
            }
        }
    });
    if let Err(error) = read {
        listeners.iter().for_each(|listener| drop(listener.send(Err(error.clone()))));
    }
}
