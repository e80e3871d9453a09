//! Which rows a journal says were sent and are not known to have failed, and how many.

use std::collections::{HashMap, HashSet};

use rusqlite::types::Value;

use super::database::{failed, get_withdrawn};
use super::marks::LeftMarks;
use super::reader::JournalReader;
use super::rows::{SAME_ROW, SENT, SENT_BY_OTHERS, SentRow, read_sent, unsigned};
use super::status::Status;
use crate::error::Result;

impl JournalReader {
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
        let broken = |error| failed(self.folder(), error);
        let mut statement = self
            .connection()
            .prepare(&format!("SELECT {} FROM {table} WHERE {SENT} AND NOT {SENT_BY_OTHERS}", self.columns()))
            .map_err(broken)?;
        let mut rows = statement.query([]).map_err(broken)?;
        while let Some(row) = rows.next().map_err(broken)? {
            take(read_sent(row).map_err(broken)?)?;
        }
        Ok(())
    }

    /// What became of the rows that were sent, or may have been, for rows of the run that is retried, by their numbers there.
    ///
    /// # Errors
    /// A damaged file.
    pub(super) fn sent_for(&self) -> Result<HashMap<u64, (Status, Value)>> {
        let mut sent = HashMap::new();
        for key in self.reserved()? {
            sent.extend(key.origin.map(|origin| (origin, (Status::Unknown, Value::Null))));
        }
        for table in ["earlier", "operation"] {
            let there = self.query(
                &format!(
                    "SELECT origin, status, id FROM {table} WHERE {SENT} AND NOT {SENT_BY_OTHERS} AND origin IS NOT NULL"
                ),
                |row| {
                    let status = Status::from_number(row.get(1)?).ok_or(rusqlite::Error::InvalidQuery)?;
                    Ok((unsigned(row.get(0)?), (status, row.get(2)?)))
                },
            )?;
            sent.extend(there);
        }
        Ok(sent)
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
        self.connection().query_row(&sql, [], |row| row.get(0)).map_err(|error| failed(self.folder(), error))
    }

    /// Whether rows were handed to the network of which the journal knows nothing: it was longer once. No process may be at
    /// work on it.
    ///
    /// # Errors
    /// A damaged file.
    pub(super) fn lacks_rows(&self) -> Result<bool> {
        let broken = |error| failed(self.folder(), error);
        let reserved: HashSet<u64> = self.reserved()?.into_iter().map(|key| key.row).collect();
        let mut statement = self.connection().prepare("SELECT row FROM operation ORDER BY row").map_err(broken)?;
        let mut ended = statement.query([]).map_err(broken)?;
        let (mut last, mut lacks) = (None, false);
        LeftMarks::each_handed_over(self.folder(), &self.identity().run, |row| {
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
        get_withdrawn(self.connection()).map_err(|error| failed(self.folder(), error))
    }

    fn ended_so(&self, condition: &str) -> Result<u64> {
        let same_row = match self.version {
            1 => "operation.content = earlier.content AND coalesce(operation.copy, 0) = coalesce(earlier.copy, 0)",
            _ => SAME_ROW,
        };
        self.connection()
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
            .map_err(|error| failed(self.folder(), error))
    }

    /// Whether a row was sent, or may have been.
    ///
    /// # Errors
    /// A damaged file.
    pub fn has_sent(&self) -> Result<bool> {
        let sent = |table: &str| format!("EXISTS (SELECT 1 FROM {table} WHERE {SENT})");
        let has_sent: bool = self
            .connection()
            .query_row(&format!("SELECT {} OR {}", sent("operation"), sent("earlier")), [], |row| row.get(0))
            .map_err(|error| failed(self.folder(), error))?;
        Ok(has_sent || !self.reserved()?.is_empty())
    }
}
