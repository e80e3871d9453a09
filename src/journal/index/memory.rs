//! Which rows an account has from us: the rows of the journals, read once, and looked up for the rows of an input.

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io::Read;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, TransactionBehavior, params, params_from_iter};
use uuid::Uuid;

use super::super::database::FILE_NAME;
use super::super::operation::RowIdentity;
use super::super::reader::{JournalReader, SentRow};
use super::runs::{IndexedRun, RunIndex};
use crate::error::{Context, Result};
use crate::files::path_to_text;
use crate::format::Content;
use crate::message;

/// A row of an input, as runs may know it.
#[derive(Debug, Clone, Copy)]
pub struct InputRow {
    /// What it is found by.
    pub identity: RowIdentity,
    /// The hash of its natural key, when it has one.
    pub key: Option<u64>,
}

/// Whether a run has sent a row, or may have, and it is not known to have failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WasSent {
    /// The row as it is.
    pub as_it_is: bool,
    /// A row with its natural key.
    pub by_key: bool,
}

/// As many rows of journals are put in order in memory: more than most runs have.
const IN_MEMORY: usize = 1 << 18;

/// Where rows of journals wait when there are more of them, to be put into the index in its order all the same.
const STAGED: &str = "
CREATE TEMP TABLE IF NOT EXISTS staged (
  has_identity INTEGER NOT NULL, hash BLOB NOT NULL, copy INTEGER NOT NULL, run INTEGER NOT NULL,
  status INTEGER NOT NULL) STRICT;
CREATE TEMP TABLE IF NOT EXISTS staged_key (run INTEGER NOT NULL, key INTEGER NOT NULL, status INTEGER NOT NULL) STRICT;
";

/// Of rows that were read twice the last one counts: it is the newest. What did not change is not written.
const TAKE_OVER: &str = "
INSERT INTO by_identity SELECT hash, copy, run, status FROM temp.staged WHERE has_identity = 1
  ORDER BY hash, copy, run, temp.staged.rowid
  ON CONFLICT DO UPDATE SET status = excluded.status WHERE status <> excluded.status;
INSERT INTO by_content SELECT hash, copy, run, status FROM temp.staged WHERE has_identity = 0
  ORDER BY hash, copy, run, temp.staged.rowid
  ON CONFLICT DO UPDATE SET status = excluded.status WHERE status <> excluded.status;
INSERT INTO by_key SELECT run, key, status FROM temp.staged_key WHERE true
  ORDER BY run, key, temp.staged_key.rowid
  ON CONFLICT DO UPDATE SET status = excluded.status WHERE status <> excluded.status;
DROP TABLE temp.staged; DROP TABLE temp.staged_key;
";

impl RunIndex {
    /// Lists the runs for this account in the folders of [`RunIndex::look_in`], those of each folder once: an index that is
    /// new knows none of them.
    ///
    /// # Errors
    /// A damaged index.
    pub fn look_through(&mut self, target: &str) -> Result<()> {
        for folder in &self.places {
            let place = params![target, path_to_text(folder)];
            let is_known = self
                .connection
                .prepare_cached("SELECT 1 FROM place WHERE target = ?1 AND folder = ?2")
                .and_then(|mut statement| statement.exists(place))
                .context(|| self.place())?;
            if is_known {
                continue;
            }
            for run in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
                // What is no journal of ours, or is damaged, tells nothing of whose it is.
                let Ok(past) = JournalReader::open_read_only(&run) else { continue };
                let identity = past.identity();
                if identity.target == target && self.of_id(&identity.run)?.is_none_or(|known| !known.is_there) {
                    self.put(identity, &run)?;
                }
            }
            self.connection
                .execute("INSERT OR IGNORE INTO place (target, folder) VALUES (?1, ?2)", place)
                .context(|| self.place())?;
        }
        Ok(())
    }

    /// Runs for this account and entity, newest first, those whose folders are gone included. Rows of journals that are
    /// new or grew are read.
    ///
    /// # Errors
    /// A damaged index, a full disk.
    pub fn memory(&mut self, target: &str, entity: &str) -> Result<Vec<IndexedRun>> {
        let runs = self.of_entity(target, entity)?;
        self.catch_up(runs.iter().filter(|run| run.is_there))?;
        Ok(runs)
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
                match JournalReader::open_read_only(&run.folder) {
                    Ok(past) => grown.push((run, past, mark)),
                    // One run that cannot be read does not keep another from beginning.
                    Err(error) => self.words.push(message!("journal.not_indexed", why = error.into_message())),
                }
            }
        }
        if grown.is_empty() {
            return Ok(());
        }
        let place = self.place();
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).context(|| place.clone())?;
        let mut gathered = Gathered::new(&transaction, IN_MEMORY);
        for (run, past, mark) in &grown {
            forget_unproved(&transaction, run.number).context(|| place.clone())?;
            past.each_sent(|sent| gathered.add(run.number, &sent).context(|| place.clone()))?;
            transaction
                .execute("UPDATE run SET mark = ?2 WHERE number = ?1", params![run.number, mark])
                .context(|| place.clone())?;
        }
        gathered.take_over().and_then(|()| transaction.commit()).context(|| place.clone())
    }

    /// Adds the numbers of the runs that have sent some of these rows as they are to `found`, whatever their account.
    ///
    /// # Errors
    /// A damaged index.
    pub fn find_senders(&self, rows: &[InputRow], found: &mut HashSet<i64>) -> Result<()> {
        let looked = (|| -> rusqlite::Result<()> {
            let _transaction = self.connection.unchecked_transaction()?;
            for (table, hash) in self.tables()? {
                let mut statement = self
                    .connection
                    .prepare_cached(&format!("SELECT run FROM {table} WHERE hash = ?1 AND copy = ?2"))?;
                for row in in_order(rows, |row| hash(row).0) {
                    let (hash, copy) = hash(&rows[row]);
                    let mut runs = statement.query(params![&hash[..], copy])?;
                    while let Some(run) = runs.next()? {
                        found.insert(run.get(0)?);
                    }
                }
            }
            Ok(())
        })();
        looked.context(|| self.place())
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

/// Positions of rows in the order in which the index keeps them: then each of its pages is read once.
fn in_order<K: Ord>(rows: &[InputRow], by: impl Fn(&InputRow) -> K) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_unstable_by_key(|row| by(&rows[*row]));
    order
}

/// What was done stays done; what was in doubt may have been found out.
fn forget_unproved(index: &Connection, run: i64) -> rusqlite::Result<()> {
    for table in ["by_identity", "by_content", "by_key"] {
        index.execute(&format!("DELETE FROM {table} WHERE run = ?1 AND status = 7"), [run])?;
    }
    Ok(())
}

/// Rows that runs have sent, on their way into the index. It takes them in its own order, which spares it to write each page
/// many times.
struct Gathered<'a> {
    index: &'a Connection,
    rows: Vec<GatheredRow>,
    /// Most rows to hold here.
    room: usize,
    /// Whether some wait in the tables of [`STAGED`].
    is_staged: bool,
}

/// A row that a run has sent, in as few bytes as it takes: there may be many.
struct GatheredRow {
    hash: Content,
    run: i64,
    key: i64,
    copy: u32,
    /// Its place among the rows: of those that were read twice the last one counts, as it is the newest.
    place: u32,
    status: u8,
    has_identity: bool,
    has_key: bool,
}

impl<'a> Gathered<'a> {
    fn new(index: &'a Connection, room: usize) -> Self {
        Gathered { index, rows: Vec::new(), room, is_staged: false }
    }

    fn add(&mut self, run: i64, sent: &SentRow) -> rusqlite::Result<()> {
        if self.rows.len() >= self.room {
            self.stage()?;
        }
        self.rows.push(GatheredRow {
            hash: sent.hash,
            run,
            key: sent.key.unwrap_or_default().cast_signed(),
            copy: sent.copy,
            place: self.rows.len() as u32,
            status: sent.status as u8,
            has_identity: sent.has_identity,
            has_key: sent.key.is_some(),
        });
        Ok(())
    }

    fn stage(&mut self) -> rusqlite::Result<()> {
        self.index.execute_batch(STAGED)?;
        self.is_staged = true;
        let mut insert = self.index.prepare("INSERT INTO temp.staged VALUES (?1, ?2, ?3, ?4, ?5)")?;
        let mut insert_key = self.index.prepare("INSERT INTO temp.staged_key VALUES (?1, ?2, ?3)")?;
        for row in self.rows.drain(..) {
            insert.execute(params![row.has_identity, &row.hash[..], row.copy, row.run, row.status])?;
            if row.has_key {
                insert_key.execute(params![row.run, row.key, row.status])?;
            }
        }
        Ok(())
    }

    fn take_over(mut self) -> rusqlite::Result<()> {
        if self.is_staged {
            self.stage()?;
            return self.index.execute_batch(TAKE_OVER);
        }
        // As a number a hash is compared at once, and in the same order.
        self.rows.sort_unstable_by_key(|row| (u128::from_be_bytes(row.hash), row.copy, row.run, row.place));
        for (table, has_identity) in [("by_identity", true), ("by_content", false)] {
            let rows = self.rows.iter().filter(|row| row.has_identity == has_identity);
            insert_all(self.index, table, rows, |row| {
                [row.hash[..].into(), row.copy.into(), row.run.into(), row.status.into()]
            })?;
        }
        self.rows.retain(|row| row.has_key);
        self.rows.sort_unstable_by_key(|row| (row.run, row.key, row.place));
        insert_all(self.index, "by_key", self.rows.iter(), |row| [row.run.into(), row.key.into(), row.status.into()])
    }
}

/// Rows that one statement takes: what it costs to begin and to end one they share.
const AT_ONCE: usize = 32;

/// Inserts rows into a table of the index; of a row that is there the status is brought up to date.
fn insert_all<'r, const COLUMNS: usize>(
    index: &Connection,
    table: &str,
    rows: impl Iterator<Item = &'r GatheredRow>,
    values: impl Fn(&'r GatheredRow) -> [ToSqlOutput<'r>; COLUMNS],
) -> rusqlite::Result<()> {
    let prepare = |rows: usize| {
        let row = format!("({})", vec!["?"; COLUMNS].join(","));
        index.prepare(&format!(
            "INSERT INTO {table} VALUES {}
             ON CONFLICT DO UPDATE SET status = excluded.status WHERE status <> excluded.status",
            vec![row; rows].join(",")
        ))
    };
    let (mut many, mut one) = (prepare(AT_ONCE)?, prepare(1)?);
    let mut batch = Vec::with_capacity(AT_ONCE * COLUMNS);
    for row in rows {
        batch.extend(values(row));
        if batch.len() == AT_ONCE * COLUMNS {
            many.execute(params_from_iter(&batch))?;
            batch.clear();
        }
    }
    for row in batch.chunks(COLUMNS) {
        one.execute(params_from_iter(row))?;
    }
    Ok(())
}

/// What tells whether a journal changed since it was read: none while somebody may be writing to it.
fn mark(folder: &Path) -> Option<String> {
    let file = folder.join(FILE_NAME);
    let kept = std::fs::metadata(&file).ok()?;
    if let Ok(log) = std::fs::metadata(folder.join(format!("{FILE_NAME}-wal"))) {
        // Its process is at work, or was killed. Within a moment a second change leaves the time as it was.
        let is_settled = |file: &Metadata| file.modified().ok()?.elapsed().ok().filter(|age| *age > MOMENT);
        is_settled(&kept).and(is_settled(&log))?;
        let of =
            |file: &Metadata| Some((file.len(), file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?.as_nanos()));
        return Some(format!("{:?} {:?}", of(&kept)?, of(&log)?));
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
            copy: 0,
            content_copy: 0,
            key: Some(row.into()),
            origin: None,
            generation: 0,
        }
    }

    fn ended(row: u8, status: Status) -> Operation {
        Operation { row: key(row), status, id: None, attempts: 1, at: 9, reason: None }
    }

    fn input(rows: impl IntoIterator<Item = u8>) -> Vec<InputRow> {
        let row = |row: u8| InputRow {
            identity: RowIdentity { identity: [row; 16], copy: 0, content: [row + 100; 16], content_copy: 0 },
            key: Some(row.into()),
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
        let mut found = HashSet::new();
        index.find_senders(&input(4..7), &mut found).unwrap();
        assert!(found.is_empty());
        index.find_senders(&input(0..2), &mut found).unwrap();
        assert_eq!(found.len(), 1);
    }

    #[test]
    fn a_row_in_doubt_counts_until_it_is_known_that_it_was_never_sent() {
        let folder = tempfile::tempdir().unwrap();
        let mut index = RunIndex::open_existing(folder.path()).unwrap();
        let mut journal = Journal::create(folder.path(), &identity(5)).unwrap();
        journal.apply(&[Reservation { rows: vec![key(1), key(2), key(3)] }], &[], &[]).unwrap();
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
    fn rows_that_do_not_fit_in_memory_are_taken_in_like_those_that_do() {
        // Rows 3 and 5 come twice, the second time as done.
        let rows = [5, 3, 9, 1, 3, 5, 2].into_iter().enumerate().map(|(place, row): (usize, u8)| SentRow {
            has_identity: row != 9,
            hash: [row; 16],
            copy: u32::from(row == 2),
            key: (row != 1).then_some(u64::MAX - u64::from(row)),
            status: if place < 2 { Status::Unknown } else { Status::Created },
        });
        let taken_in = |room: usize| {
            let index = RunIndex::open_existing(Path::new("nowhere")).unwrap();
            let mut gathered = Gathered::new(&index.connection, room);
            for run in [8, 7] {
                rows.clone().for_each(|row| gathered.add(run, &row).unwrap());
            }
            gathered.take_over().unwrap();
            let dump = |sql: &str| -> Vec<String> {
                let mut statement = index.connection.prepare(sql).unwrap();
                statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            };
            [
                dump("SELECT hex(hash) || copy || ' ' || run || ' ' || status FROM by_identity"),
                dump("SELECT hex(hash) || copy || ' ' || run || ' ' || status FROM by_content"),
                dump("SELECT run || ' ' || key || ' ' || status FROM by_key"),
            ]
        };
        let all = taken_in(100);
        assert_eq!(all.each_ref().map(Vec::len), [8, 2, 8]);
        assert!(all.iter().flatten().all(|row| row.ends_with(" 1")), "{all:?}");
        for room in 1..15 {
            assert_eq!(taken_in(room), all, "{room}");
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
