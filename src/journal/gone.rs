//! Rows that were sent and have left the input since: they are told with the others. What they said is known no more, only how
//! they ended.

use std::collections::HashSet;

use super::database::{failed, has_table};
use super::operation::Operation;
use super::reader::JournalReader;
use super::rows::{COLUMNS, read_operation, unsigned};
use super::status::{Counts, Status};
use crate::error::Result;

/// The table of rows that were sent and have left the input since, in the order of their numbers.
const GONE_TABLE: &str = "
CREATE TABLE IF NOT EXISTS gone (
  row INTEGER NOT NULL, number INTEGER NOT NULL, content BLOB NOT NULL, copy INTEGER, key INTEGER, origin INTEGER,
  generation INTEGER, status INTEGER NOT NULL, id ANY, attempts INTEGER NOT NULL, at INTEGER NOT NULL,
  code TEXT, field TEXT, message TEXT, identity BLOB, content_copy INTEGER, checksum INTEGER, old_id TEXT,
  added BLOB) STRICT;";

/// Whether a row of the earlier input was sent and no row of the input is it, once the matches are found.
const UNMATCHED: &str = "(status IN (1, 2) OR status = 7 AND coalesce(code, '') NOT IN
    ('unknown_elsewhere', 'retried_before', 'changed_since_sent')) AND rowid NOT IN (SELECT earlier FROM temp.matched)";

/// Which of the rows that left no row of the input stands for: a row that was edited since names the same record.
const STILL_GONE: &str = "(gone.id IS NULL OR gone.id NOT IN (SELECT id FROM operation WHERE id IS NOT NULL))";

impl JournalReader {
    /// The natural keys of the rows that were sent before the input changed and that no row of it says, once the matches are
    /// found.
    ///
    /// # Errors
    /// A damaged file.
    pub fn unmatched_keys(&self) -> Result<HashSet<u64>> {
        let sql = format!("SELECT key FROM earlier WHERE {UNMATCHED} AND key IS NOT NULL");
        let keys = self.query(&sql, |row| row.get::<_, i64>(0))?;
        Ok(keys.into_iter().map(i64::cast_unsigned).collect())
    }

    /// Keeps which rows that were sent before the input changed are no longer in it, once the matches are found: no row says what
    /// they said, and none of those that are left has one of these keys.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn keep_gone(&self, has_key: impl Fn(u64) -> bool) -> Result<()> {
        let kept = (|| {
            let transaction = self.connection().unchecked_transaction()?;
            transaction.execute_batch(GONE_TABLE)?;
            transaction.execute("DELETE FROM gone", [])?;
            let mut statement =
                transaction.prepare(&format!("SELECT rowid, key FROM earlier WHERE {UNMATCHED} ORDER BY number"))?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (earlier, key): (i64, Option<i64>) = (row.get(0)?, row.get(1)?);
                if !key.is_some_and(|key| has_key(key.cast_unsigned())) {
                    let copy = format!("INSERT INTO gone ({COLUMNS}) SELECT {COLUMNS} FROM earlier WHERE rowid = ?1");
                    transaction.prepare_cached(&copy)?.execute([earlier])?;
                }
            }
            drop(rows);
            drop(statement);
            transaction.commit()
        })();
        kept.map_err(|error: rusqlite::Error| failed(self.folder(), error))
    }

    /// How many rows that were sent are no longer in the input, by how they ended.
    ///
    /// # Errors
    /// A damaged file.
    pub fn gone_counts(&self) -> Result<Counts> {
        let mut counts = Counts::default();
        if !self.has_gone()? {
            return Ok(counts);
        }
        let found = self.query(&format!("SELECT status, count(*) FROM gone WHERE {STILL_GONE} GROUP BY 1"), |row| {
            Ok((Status::from_number(row.get(0)?).unwrap_or(Status::Unknown), unsigned(row.get(1)?)))
        })?;
        found.into_iter().for_each(|(status, rows)| counts.add(status, rows));
        counts.read = counts.ended();
        Ok(counts)
    }

    /// Calls `take` with each row that was sent and is no longer in the input.
    ///
    /// # Errors
    /// A damaged file, or whatever `take` says.
    pub fn each_gone(&self, mut take: impl FnMut(&Operation) -> Result<()>) -> Result<()> {
        if !self.has_gone()? {
            return Ok(());
        }
        let broken = |error| failed(self.folder(), error);
        let sql = format!("SELECT {} FROM gone WHERE {STILL_GONE} ORDER BY rowid", self.columns());
        let mut statement = self.connection().prepare(&sql).map_err(broken)?;
        let mut rows = statement.query([]).map_err(broken)?;
        while let Some(row) = rows.next().map_err(broken)? {
            take(&read_operation(row).map_err(broken)?)?;
        }
        Ok(())
    }

    fn has_gone(&self) -> Result<bool> {
        has_table(self.connection(), "gone").map_err(|error| failed(self.folder(), error))
    }

    /// How many rows ended how, those without an end and those that are no longer in the input included.
    ///
    /// # Errors
    /// A damaged file.
    pub fn all_counts(&self) -> Result<Counts> {
        let mut counts = self.counts()?;
        counts.read = self.identity().rows;
        counts.pending = counts.read.saturating_sub(counts.ended());
        Ok(counts.and(&self.gone_counts()?))
    }
}
