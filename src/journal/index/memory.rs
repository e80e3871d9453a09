//! Which rows an account has from us: the rows of the journals, read once, and looked up for the rows of an input.

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, Row, TransactionBehavior, params};
use uuid::Uuid;

use super::super::database::{FILE_NAME, damaged, has_journal};
use super::super::operation::RowIdentity;
use super::super::reader::JournalReader;
use super::super::status::Status;
use super::gathered::Gathered;
use super::retried;
use super::runs::{IndexedRun, RunIndex};
use crate::error::{Context, Error, Result};
use crate::format::Content;
use crate::message::Message;

/// A row of an input, as runs may know it.
#[derive(Debug, Clone, Copy)]
pub struct InputRow {
    /// What it is found by.
    pub identity: RowIdentity,
    /// The hash of its natural key, when it has one.
    pub key: Option<u64>,
    /// The hash of the next weaker one that it has beside it.
    pub weaker: Option<u64>,
    /// The hash of its old id, when it has one.
    pub old_id: Option<Content>,
}

/// Whether a run has sent a row, or may have, and it is not known to have failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WasSent {
    /// The row as it is.
    pub as_it_is: bool,
    /// A row with its natural key.
    pub by_key: bool,
}

/// What another run has made of a row, or of one with its old id or its natural key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentBefore {
    /// What the run goes by in the index.
    pub run: i64,
    /// How the row ended there.
    pub status: Status,
    /// Whether it says the same as what was sent; else only its old id or its key is the same.
    pub says_the_same: bool,
    /// Whether its old id is the same.
    pub by_old_id: bool,
    /// Whether only the weaker key is the same, which that row had alone.
    pub by_weaker: bool,
    /// The record's id, when it is known.
    pub id: Option<String>,
}

impl SentBefore {
    /// The more it says the greater: the same row before one with the same key, what is done before what is in doubt.
    fn weight(&self) -> (bool, bool, bool, bool) {
        (self.says_the_same || self.by_old_id, !self.by_weaker, self.status != Status::Unknown, self.by_old_id)
    }
}

impl RunIndex {
    /// Lists the runs in the folders of [`RunIndex::look_in`] that are new there, were moved, or grew.
    ///
    /// # Errors
    /// A damaged index.
    pub fn look_through(&mut self) -> Result<()> {
        for place in self.places.clone() {
            let inside = std::fs::read_dir(&place).into_iter().flatten().flatten().map(|entry| entry.path());
            for folder in std::iter::once(place.clone()).chain(inside) {
                if !has_journal(&folder) || self.knows(&folder)? {
                    continue;
                }
                match JournalReader::open_read_only(&folder) {
                    Ok(past) => self.list(&past)?,
                    Err(error) => self.cannot_read(folder, error),
                }
            }
        }
        Ok(())
    }

    /// How the journal in a folder is, so that a change of it shows; none while somebody may be writing to it.
    pub fn state_of(folder: &Path) -> Option<String> {
        mark(folder)
    }

    /// Whether the journal in a folder is the one the index has read.
    fn knows(&self, folder: &Path) -> Result<bool> {
        let there = self.of_folder(folder)?;
        Ok(there.is_some_and(|run| !run.mark.is_empty() && mark(folder).is_some_and(|mark| mark == run.mark)))
    }

    /// Lists a run where it lies now. Of two copies of its folder the one that has done more is the run, of equal ones that
    /// which was known first; what the other one has sent is read too.
    fn list(&mut self, past: &JournalReader) -> Result<()> {
        match self.original_of(past)? {
            None => self.put(past.identity(), past.folder()),
            Some(other) if past.done()? > JournalReader::open_read_only(&other)?.done()? => {
                self.copies.push(other);
                self.put(past.identity(), past.folder())
            }
            Some(_) => {
                self.copies.push(past.folder().to_owned());
                Ok(())
            }
        }
    }

    /// Another folder that is this run, where the one that is given is but a copy of it.
    ///
    /// # Errors
    /// A damaged index.
    pub fn original_of(&self, past: &JournalReader) -> Result<Option<PathBuf>> {
        let listed = self.of_id(&past.identity().run)?.filter(|run| run.is_there && run.folder != past.folder());
        let whole = |folder: &Path| folder.canonicalize().ok();
        Ok(listed.map(|run| run.folder).filter(|folder| {
            let is_the_run =
                || JournalReader::open_read_only(folder).is_ok_and(|there| there.identity().run == past.identity().run);
            whole(folder) != whole(past.folder()) && is_the_run()
        }))
    }

    /// How many rows this run has done of which its journal knows nothing: it is an older copy.
    ///
    /// # Errors
    /// A damaged index, or a journal that cannot be read.
    pub fn lost_by(&self, past: &JournalReader) -> Result<u64> {
        let known = self.of_id(&past.identity().run)?.map_or(0, |run| run.done);
        if known == 0 { Ok(0) } else { Ok(known.saturating_sub(past.done()?)) }
    }

    /// Runs whose journals are there and cannot be read, with the reason.
    pub fn unreadable(&self) -> &[(PathBuf, Message)] {
        &self.unreadable
    }

    fn cannot_read(&mut self, folder: PathBuf, error: Error) {
        if self.unreadable.iter().all(|(known, _)| *known != folder) {
            self.unreadable.push((folder, error.into_message()));
        }
    }

    /// All runs for this entity into the service's accounts, newest first, those whose folders are gone included. Rows of
    /// journals that are new or grew are read.
    ///
    /// # Errors
    /// A damaged index, a full disk.
    pub fn memory(&mut self, entity: &str) -> Result<Vec<IndexedRun>> {
        self.take_over_lost()?;
        let runs = self.of_entity(entity)?;
        self.catch_up(runs.iter().filter(|run| run.is_there))?;
        self.of_entity(entity)
    }

    /// Which of these ids belong to records that runs for this entity made, as far as the index knows. What only changed a record,
    /// or found it there, made none: it may be that of a row in doubt.
    ///
    /// # Errors
    /// A damaged index.
    pub fn claimed(&self, entity: &str, ids: &[String]) -> Result<HashSet<String>> {
        let mut claimed = HashSet::new();
        let found = (|| -> rusqlite::Result<()> {
            self.connection.execute_batch(
                "CREATE TEMP TABLE IF NOT EXISTS wanted (id ANY PRIMARY KEY) STRICT; DELETE FROM temp.wanted;",
            )?;
            for id in ids {
                let kept: Value = id.parse().map_or_else(|_| Value::Text(id.clone()), Value::Integer);
                self.connection.prepare_cached("INSERT OR IGNORE INTO temp.wanted VALUES (?1)")?.execute([kept])?;
            }
            for table in ["by_identity", "by_content"] {
                // The table is gone through once, whatever is wanted: it has no order by ids.
                let mut statement = self.connection.prepare(&format!(
                    "SELECT CAST(sent.id AS TEXT) FROM {table} AS sent CROSS JOIN temp.wanted ON wanted.id = sent.id
                     JOIN run ON run.number = sent.run WHERE run.entity = ?1 AND sent.status = 1"
                ))?;
                let mut rows = statement.query([entity])?;
                while let Some(row) = rows.next()? {
                    claimed.insert(row.get(0)?);
                }
            }
            Ok(())
        })();
        found.context(|| self.place()).map(|()| claimed)
    }

    /// The runs for this entity whose journals are there, newest first.
    ///
    /// # Errors
    /// A damaged index.
    pub fn runs_for(&self, entity: &str) -> Result<Vec<IndexedRun>> {
        Ok(self.all_runs_for(entity)?.into_iter().filter(|run| run.is_there).collect())
    }

    /// The same with those whose journals are gone.
    ///
    /// # Errors
    /// A damaged index.
    pub fn all_runs_for(&self, entity: &str) -> Result<Vec<IndexedRun>> {
        self.of_entity(entity)
    }

    /// Reads the rows of one run, when it is new here or grew.
    ///
    /// # Errors
    /// A damaged index, a full disk.
    pub fn read_run(&mut self, past: &JournalReader) -> Result<()> {
        if self.of_id(&past.identity().run)?.is_none_or(|known| known.folder != past.folder()) {
            self.put(past.identity(), past.folder())?;
        }
        let run = self.of_id(&past.identity().run)?;
        self.catch_up(run.iter())
    }

    fn catch_up<'a>(&mut self, runs: impl Iterator<Item = &'a IndexedRun>) -> Result<()> {
        let mut grown = Vec::new();
        for run in runs {
            // Before it is read: what is written meanwhile is read the next time.
            let mark = mark(&run.folder).unwrap_or_default();
            if mark.is_empty() || mark != run.mark {
                let past = match is_cut(&run.mark, &mark) {
                    true => Err(damaged(&run.folder)),
                    false => JournalReader::open_whole(&run.folder),
                };
                match past {
                    Ok(past) => grown.push((run, past, mark)),
                    Err(error) => self.cannot_read(run.folder.clone(), error),
                }
            }
        }
        let mut retried = Vec::new();
        for (run, past, _) in &grown {
            retried.extend(self.said_where_retried(past)?.into_iter().map(|row| (run.number, row)));
        }
        let mut copies = Vec::new();
        for folder in self.copies.clone() {
            match JournalReader::open_read_only(&folder) {
                Ok(past) => copies.extend(self.of_id(&past.identity().run)?.map(|run| (run, past))),
                Err(error) => self.cannot_read(folder, error),
            }
        }
        if grown.is_empty() && copies.is_empty() {
            return Ok(());
        }
        let place = self.place();
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).context(|| place.clone())?;
        let mut gathered = Gathered::new(&transaction);
        for (run, past, mark) in &grown {
            let done = past.done()?;
            // An older copy knows nothing of what became of the rows that were in doubt later.
            if done >= run.done {
                let has_withdrawn = past.withdrawn()? > 0;
                forget_unproved(&transaction, run.number, has_withdrawn).context(|| place.clone())?;
            }
            let sent = gathered.add_all(run.number, past, &place)?;
            let is_finished = matches!(past.ended()?, Some((_, true)));
            let highest = past.highest_before()?.and_then(|highest| i64::try_from(highest).ok());
            transaction
                .execute(
                    "UPDATE run SET mark = ?2, finished = ?3, sent = ?4, done = max(done, ?5),
                       highest = coalesce(?6, highest) WHERE number = ?1",
                    params![run.number, mark, is_finished, sent.cast_signed(), done.cast_signed(), highest],
                )
                .context(|| place.clone())?;
        }
        for (run, past) in &copies {
            gathered.add_all(run.number, past, &place)?;
            transaction
                .execute(
                    "UPDATE run SET done = max(done, ?2) WHERE number = ?1",
                    params![run.number, past.done()?.cast_signed()],
                )
                .context(|| place.clone())?;
        }
        gathered.take_over(&place)?;
        retried::put(&transaction, &retried).context(|| place.clone())?;
        transaction.commit().context(|| place.clone())
    }

    /// What runs have made of these rows, for each of them the weightiest that one of those says which `counts` lets count;
    /// none where nobody has sent it. Their old ids are those of the system `source`: there, a row that says the same and
    /// has another id is another one.
    ///
    /// # Errors
    /// A damaged index.
    pub fn sent_before(
        &self,
        rows: &[InputRow],
        source: Option<&str>,
        counts: impl Fn(&SentBefore) -> bool,
    ) -> Result<Vec<Option<SentBefore>>> {
        let mut sent: Vec<Option<SentBefore>> = vec![None; rows.len()];
        let mut take = |row: usize, found: SentBefore| {
            let known = &mut sent[row];
            if counts(&found) && known.as_ref().is_none_or(|known| known.weight() < found.weight()) {
                *known = Some(found);
            }
        };
        let looked = (|| -> rusqlite::Result<()> {
            let _transaction = self.connection.unchecked_transaction()?;
            for (table, hash) in self.tables()? {
                let mut statement = self
                    .connection
                    .prepare_cached(&format!("SELECT run, status, id FROM {table} WHERE hash = ?1 AND copy = ?2"))?;
                for row in in_order(rows, |row| hash(row).0) {
                    let (hash, copy) = hash(&rows[row]);
                    let mut found = statement.query(params![&hash[..], copy])?;
                    while let Some(found) = found.next()? {
                        let there = read_sent_before(found, true)?;
                        if rows[row].old_id.is_none() || !self.is_another_one(&hash, there.run, source)? {
                            take(row, there);
                        }
                    }
                }
            }
            if self.connection.prepare_cached("SELECT 1 FROM by_retried")?.exists([])? {
                let mut statement = self
                    .connection
                    .prepare_cached("SELECT run, status, id FROM by_retried WHERE hash = ?1 AND copy = ?2")?;
                // One with an old id is found by that.
                for (place, row) in rows.iter().enumerate().filter(|(_, row)| row.old_id.is_none()) {
                    let mut found = statement.query(params![&row.identity.identity[..], row.identity.copy])?;
                    while let Some(found) = found.next()? {
                        take(place, read_sent_before(found, true)?);
                    }
                }
            }
            for row in in_order(rows, |row| row.old_id) {
                let Some(hash) = &rows[row].old_id else { continue };
                self.each_by_old_id(hash, &rows[row].identity.identity, &counts, |found| take(row, found))?;
            }
            let mut statement = self.connection.prepare_cached("SELECT run, status, id FROM by_key WHERE key = ?1")?;
            // A row of which the strongest key is the weaker one of this row says nothing of the stronger one.
            for (by_weaker, key_of) in [(false, (|row| row.key) as KeyOf), (true, |row| row.weaker)] {
                for row in in_order(rows, |row| key_of(row).map(u64::cast_signed)) {
                    let Some(key) = key_of(&rows[row]) else { continue };
                    let mut found = statement.query([key.cast_signed()])?;
                    while let Some(found) = found.next()? {
                        take(row, SentBefore { by_weaker, ..read_sent_before(found, false)? });
                    }
                }
            }
            Ok(())
        })();
        looked.context(|| self.place())?;
        Ok(sent)
    }

    /// Which runs have added this to a record, or may have, by the hash of both; what is done first, then the newest.
    ///
    /// # Errors
    /// A damaged index.
    pub fn added_before(&self, hash: &Content) -> Result<Vec<(i64, Status)>> {
        let found = (|| {
            self.connection
                .prepare_cached(
                    "SELECT run.number, status FROM by_added JOIN run ON run.number = by_added.run
                     WHERE hash = ?1 ORDER BY status = 7, started DESC",
                )?
                .query_map([&hash[..]], |row| {
                    Ok((row.get(0)?, Status::from_number(row.get(1)?).ok_or(rusqlite::Error::InvalidQuery)?))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()
        })();
        found.context(|| self.place())
    }

    /// Whether a run has sent what says this with ids of the system `source`. Those rows are found by their ids.
    fn is_another_one(&self, identity: &Content, run: i64, source: Option<&str>) -> rusqlite::Result<bool> {
        self.connection
            .prepare_cached("SELECT 1 FROM by_old_id WHERE identity = ?1 AND run = ?2 AND source = ?3")?
            .exists(params![&identity[..], run, source])
    }

    /// Hands over what a run has made of the row with this old id, when one has sent it: what is done before what is in doubt.
    /// Whether it says the same is seen from what was written last.
    fn each_by_old_id(
        &self,
        hash: &Content,
        identity: &Content,
        counts: impl Fn(&SentBefore) -> bool,
        mut take: impl FnMut(SentBefore),
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "SELECT by_old_id.run, status, id, identity FROM by_old_id JOIN run ON run.number = by_old_id.run
             WHERE hash = ?1 ORDER BY started DESC, run.number DESC",
        )?;
        let mut found = statement.query([&hash[..]])?;
        let (mut last, mut says_the_same): (Option<SentBefore>, Option<bool>) = (None, None);
        while let Some(found) = found.next()? {
            let there = SentBefore { by_old_id: true, ..read_sent_before(found, true)? };
            if !counts(&there) {
                continue;
            }
            // What a row said that was skipped, nobody has written.
            if matches!(there.status, Status::Created | Status::Updated | Status::Unchanged) {
                says_the_same.get_or_insert(found.get_ref(3)?.as_blob()? == identity);
            }
            if last.as_ref().is_none_or(|last| last.weight() < there.weight()) {
                last = Some(there);
            }
        }
        if let Some(last) = last {
            take(SentBefore { says_the_same: says_the_same.unwrap_or(true), ..last });
        }
        Ok(())
    }

    /// Which of these rows a run has sent. Its journal must have been read by [`RunIndex::read_run`].
    ///
    /// # Errors
    /// A damaged index.
    pub fn sent_by(&self, run: &Uuid, rows: &[InputRow]) -> Result<Vec<WasSent>> {
        let Some(IndexedRun { number, .. }) = self.of_id(run)? else { return Ok(vec![WasSent::default(); rows.len()]) };
        let mut sent = vec![WasSent::default(); rows.len()];
        let looked = (|| -> rusqlite::Result<()> {
            let _transaction = self.connection.unchecked_transaction()?;
            for (table, hash) in self.tables()? {
                let mut statement = self
                    .connection
                    .prepare_cached(&format!("SELECT 1 FROM {table} WHERE hash = ?1 AND copy = ?2 AND run = ?3"))?;
                for row in in_order(rows, |row| hash(row).0) {
                    let (hash, copy) = hash(&rows[row]);
                    sent[row].as_it_is |= statement.exists(params![&hash[..], copy, number])?;
                }
            }
            let mut statement = self.connection.prepare_cached("SELECT 1 FROM by_key WHERE run = ?1 AND key = ?2")?;
            for row in in_order(rows, |row| row.key.map(u64::cast_signed)) {
                if let Some(key) = rows[row].key {
                    sent[row].by_key = statement.exists(params![number, key.cast_signed()])?;
                }
            }
            Ok(())
        })();
        looked.context(|| self.place())?;
        Ok(sent)
    }

    /// The tables in which rows are looked up, with what they are looked up by. Most indexes hold nothing of version 1.
    fn tables(&self) -> rusqlite::Result<Vec<(&'static str, HashOf)>> {
        let mut tables: Vec<(&str, HashOf)> = vec![("by_identity", |row| (row.identity.identity, row.identity.copy))];
        if self.connection.prepare_cached("SELECT 1 FROM by_content")?.exists([])? {
            tables.push(("by_content", |row| (row.identity.content, row.identity.content_copy)));
        }
        Ok(tables)
    }
}

type HashOf = fn(&InputRow) -> (Content, u32);
type KeyOf = fn(&InputRow) -> Option<u64>;

/// Positions of rows in the order in which the index keeps them: then each of its pages is read once.
fn in_order<K: Ord>(rows: &[InputRow], by: impl Fn(&InputRow) -> K) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_unstable_by_key(|row| by(&rows[*row]));
    order
}

/// What was done stays done; what was in doubt may have been found out.
fn forget_unproved(index: &Connection, run: i64, has_withdrawn: bool) -> rusqlite::Result<()> {
    for table in ["by_identity", "by_content", "by_retried", "by_key", "by_old_id", "by_added"] {
        index.execute(&format!("DELETE FROM {table} WHERE run = ?1 AND status = 7"), [run])?;
        if has_withdrawn {
            index.execute(&format!("DELETE FROM {table} WHERE run = ?1 AND status = 1 AND id IS NULL"), [run])?;
        }
    }
    Ok(())
}

fn read_sent_before(row: &Row<'_>, says_the_same: bool) -> rusqlite::Result<SentBefore> {
    let id = match row.get_ref(2)? {
        ValueRef::Integer(id) => Some(id.to_string()),
        ValueRef::Text(id) => Some(String::from_utf8_lossy(id).into_owned()),
        _ => None,
    };
    let status = Status::from_number(row.get(1)?).ok_or(rusqlite::Error::InvalidQuery)?;
    Ok(SentBefore { run: row.get(0)?, status, says_the_same, by_old_id: false, by_weaker: false, id })
}

/// Whether a log became shorter while the file it belongs to stayed as it was: then changes were lost.
fn is_cut(before: &str, now: &str) -> bool {
    let parts = |mark: &str| {
        let (file, log) = mark.split_once(" + ")?;
        Some((file.to_owned(), log.split(' ').next()?.parse::<u64>().ok()?))
    };
    parts(before).zip(parts(now)).is_some_and(|(before, now)| before.0 == now.0 && now.1 < before.1)
}

/// What tells whether a journal changed since it was read: none while somebody may be writing to it.
fn mark(folder: &Path) -> Option<String> {
    let file = folder.join(FILE_NAME);
    let kept = std::fs::metadata(&file).ok()?;
    if let Ok(log) = std::fs::metadata(folder.join(format!("{FILE_NAME}-wal"))) {
        // Its process is at work, or was killed. Within a moment a second change leaves the time as it was.
        let is_settled = |file: &Metadata| file.modified().ok()?.elapsed().ok().filter(|age| *age > MOMENT);
        is_settled(&kept).and(is_settled(&log))?;
        let of = |file: &Metadata| {
            let changed = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos();
            Some(format!("{} {changed}", file.len()))
        };
        return Some(format!("{} + {}", of(&kept)?, of(&log)?));
    }
    // Each change of a file without a log is counted in its header: bytes 24 to 27; byte 18 tells that it has none.
    let mut header = [0; 28];
    File::open(&file).and_then(|mut file| file.read_exact(&mut header)).ok()?;
    let changes = header[24..].iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte));
    (header[18] == 1).then(|| format!("{changes} {}", kept.len()))
}

/// Longer than the clock of any file system takes for a step.
const MOMENT: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::super::identity::RunIdentity;
    use super::super::super::operation::{Operation, Reservation, RowKey};
    use super::super::super::status::Status;
    use super::super::super::writer::Journal;
    use super::*;

    const TARGET: &str = "https://www.example.com user";

    fn identity(run: u128) -> RunIdentity {
        RunIdentity {
            run: Uuid::from_u128(run),
            entity: "customers".into(),
            mode: "create".into(),
            key: Vec::new(),
            target: TARGET.into(),
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
            rows: 9,
            parent: None,
            started: 1,
        }
    }

    fn key(row: u8) -> RowKey {
        RowKey {
            row: row.into(),
            number: row.into(),
            identity: Some([row; 16]),
            content: [row + 100; 16],
            key: Some(row.into()),
            ..RowKey::default()
        }
    }

    fn ended(row: u8, status: Status) -> Operation {
        Operation { row: key(row), status, id: None, attempts: 1, at: 9, reason: None }
    }

    fn input(rows: impl IntoIterator<Item = u8>) -> Vec<InputRow> {
        let row = |row: u8| InputRow {
            identity: RowIdentity { identity: [row; 16], copy: 0, content: [row + 100; 16], content_copy: 0 },
            key: Some(row.into()),
            weaker: None,
            old_id: None,
        };
        rows.into_iter().map(row).collect()
    }

    /// The rows 0 to 9 that a run has sent, as the index says, by what they say and by their keys.
    fn sent(index: &mut RunIndex, journal: &Journal) -> (Vec<u8>, Vec<u8>) {
        index.read_run(&journal.reader().unwrap()).unwrap();
        let sent = index.sent_by(&journal.identity().run, &input(0..10)).unwrap();
        let those = |is: fn(&WasSent) -> bool| (0..10).filter(|row| is(&sent[usize::from(*row)])).collect();
        (those(|sent| sent.as_it_is), those(|sent| sent.by_key))
    }

    #[test]
    fn what_counts_as_sent() {
        let folder = tempfile::tempdir().unwrap();
        let mut index = RunIndex::open_existing(folder.path()).unwrap();
        let mut journal = Journal::create(folder.path(), &identity(5)).unwrap();
        let all: Vec<Operation> = (1..).zip(Status::ALL).map(|(row, status)| ended(row, status)).collect();
        journal.apply(&[], &all, &[]).unwrap();
        assert_eq!(sent(&mut index, &journal), (vec![1, 2, 3, 7], vec![1, 2, 3, 7]));
        let number = index.of_id(&Uuid::from_u128(5)).unwrap().unwrap().number;
        let before = |rows| index.sent_before(&input(rows), None, |sent| sent.run == number).unwrap();
        assert_eq!(before(4..7), [const { None }; 3]);
        let known = |status| {
            Some(SentBefore { run: number, status, says_the_same: true, by_old_id: false, by_weaker: false, id: None })
        };
        assert_eq!(before(0..2), [None, known(Status::Created)]);
        assert_eq!(before(7..8), [known(Status::Unknown)]);
        assert_eq!(index.sent_before(&input(0..2), None, |_| false).unwrap(), [None, None]);
        let mut other = input(1..2);
        other[0].identity.identity = [77; 16];
        let by_key = index.sent_before(&other, None, |_| true).unwrap();
        assert!(by_key[0].as_ref().is_some_and(|sent| !sent.says_the_same), "{by_key:?}");
    }

    #[test]
    fn a_row_in_doubt_counts_until_it_is_known_that_it_was_never_sent() {
        let folder = tempfile::tempdir().unwrap();
        let mut index = RunIndex::open_existing(folder.path()).unwrap();
        let mut journal = Journal::create(folder.path(), &identity(5)).unwrap();
        journal.apply(&[Reservation { rows: vec![key(1), key(2), key(3)], targets: Vec::new() }], &[], &[]).unwrap();
        assert_eq!(sent(&mut index, &journal), (vec![1, 2, 3], vec![1, 2, 3]));
        journal.apply(&[], &[ended(1, Status::Created)], &[]).unwrap();
        journal.release(&HashSet::from([2, 3])).unwrap();
        assert_eq!(sent(&mut index, &journal), (vec![1], vec![1]));
    }

    #[test]
    fn what_was_sent_before_the_input_changed_stays_sent() {
        let folder = tempfile::tempdir().unwrap();
        let mut index = RunIndex::open_existing(folder.path()).unwrap();
        let mut journal = Journal::create(folder.path(), &identity(5)).unwrap();
        journal.apply(&[], &[ended(1, Status::Created), ended(2, Status::Unknown)], &[]).unwrap();
        journal.accept_change(RunIdentity { input: "other".into(), ..identity(5) }).unwrap();
        journal.apply(&[], &[ended(2, Status::Refused), ended(4, Status::Created)], &[]).unwrap();
        assert_eq!(sent(&mut index, &journal).0, [1, 2, 4]);
    }

    #[test]
    fn a_log_that_became_shorter_lost_something() {
        assert!(is_cut("4096 9 + 800 11", "4096 9 + 400 12"));
        for (before, now) in [("4096 9 + 800 11", "4096 9 + 900 12"), ("4096 9 + 800 11", "8192 12 + 0 13")] {
            assert!(!is_cut(before, now), "{now}");
        }
        for (before, now) in [("3 4096", "4096 9 + 800 11"), ("4096 9 + 800 11", "4 4096"), ("", "")] {
            assert!(!is_cut(before, now), "{now}");
        }
    }

    #[test]
    fn a_journal_is_read_again_only_when_it_changed() {
        let folder = tempfile::tempdir().unwrap();
        drop(Journal::create(folder.path(), &identity(5)).unwrap());
        Journal::open(folder.path()).unwrap().close().unwrap();
        let before = mark(folder.path()).unwrap();
        assert_eq!(mark(folder.path()).unwrap(), before);
        let mut journal = Journal::open(folder.path()).unwrap();
        journal.apply(&[], &[ended(1, Status::Created)], &[]).unwrap();
        // Somebody is at work on it.
        assert_eq!(mark(folder.path()), None);
        journal.close().unwrap();
        assert_ne!(mark(folder.path()).unwrap(), before);
    }
}
