//! What we told the service last of each record of an entity, as marks by field. It is made of the journals of runs and the
//! cells they keep, brought up to date when it is needed.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::store::number_of;
use crate::error::{Context, Result};
use crate::files::{create_private_file, create_private_folder, keep_private};
use crate::machine::wait_when_locked;

/// Version of a file. One of another version is made anew.
const VERSION: i64 = 4;

const TABLES: &str = "
-- Runs whose rows are in it, with how their journals were then.
CREATE TABLE run (run TEXT PRIMARY KEY, state TEXT NOT NULL) STRICT;
CREATE TABLE field (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
-- When a record was written last, and the marks of its fields: pairs of two and eight bytes.
CREATE TABLE record (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, marks BLOB NOT NULL) STRICT;
";

/// Bytes of the number and the mark of a field.
const PAIR: usize = 2 + 8;

/// What we told the service last of the records of an entity.
#[derive(Debug)]
pub struct SentStore {
    connection: Connection,
    path: PathBuf,
}

/// Adds what one run told.
#[derive(Debug)]
pub struct SentWriter<'a> {
    transaction: Transaction<'a>,
    path: &'a Path,
    fields: HashMap<String, u16>,
}

impl SentStore {
    /// Opens that of an entity in an account's folder, or makes it.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn open(folder: &Path, entity: &str) -> Result<SentStore> {
        create_private_folder(folder)?;
        keep_private(folder)?;
        let path = folder.join(format!("{entity}.sent"));
        if !path.exists() {
            create_private_file(&path)?;
        }
        let place = || path.display().to_string();
        let connect = || {
            let mut connection = Connection::open(&path)?;
            wait_when_locked(&mut connection)?;
            let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
            if version != VERSION {
                connection.execute_batch(&format!(
                    "BEGIN IMMEDIATE; DROP TABLE IF EXISTS run; DROP TABLE IF EXISTS field; DROP TABLE IF EXISTS record;
                     {TABLES} PRAGMA user_version = {VERSION}; COMMIT"
                ))?;
            }
            Ok(connection)
        };
        let connection = connect().or_else(|_: rusqlite::Error| {
            // It is made of the journals: a damaged one is made anew.
            let _ = std::fs::remove_file(&path);
            connect()
        });
        Ok(SentStore { connection: connection.context(place)?, path })
    }

    /// How the journal of a run was when its rows were read; none when they never were.
    ///
    /// # Errors
    /// A damaged file.
    pub fn state_of(&self, run: &str) -> Result<Option<String>> {
        let found = self.connection.query_row("SELECT state FROM run WHERE run = ?1", [run], |row| row.get(0));
        found.optional().context(|| self.path.display().to_string())
    }

    /// Begins to add what a run told.
    ///
    /// # Errors
    /// A damaged file.
    pub fn write(&mut self) -> Result<SentWriter<'_>> {
        let place = || self.path.display().to_string();
        let transaction = self.connection.transaction().context(place)?;
        let fields = read_fields(&transaction).context(place)?;
        let fields = fields.into_iter().map(|(number, name)| (name, number)).collect();
        Ok(SentWriter { transaction, path: &self.path, fields })
    }

    /// When a record was written last, in milliseconds of Unix time, and the marks of what was told last of it, by field; none of
    /// one that was never written.
    ///
    /// # Errors
    /// A damaged file.
    pub fn of(&self, record: &str) -> Result<(i64, HashMap<String, u64>)> {
        let never = (i64::MIN, HashMap::new());
        let Some(id) = number_of(record) else { return Ok(never) };
        let found = (|| {
            let found: Option<(i64, Vec<u8>)> = self
                .connection
                .prepare_cached("SELECT at, marks FROM record WHERE id = ?1")?
                .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let Some((at, marks)) = found else { return Ok(never) };
            let mut names: HashMap<u16, String> = read_fields(&self.connection)?.into_iter().collect();
            Ok((at, pairs(&marks).filter_map(|(number, mark)| Some((names.remove(&number)?, mark))).collect()))
        })();
        found.map_err(|error: rusqlite::Error| error).context(|| self.path.display().to_string())
    }
}

impl SentWriter<'_> {
    /// Adds what was told of a record at this time, in milliseconds of Unix time. Of a field that was told of twice the later
    /// one counts.
    ///
    /// # Errors
    /// A full disk.
    pub fn add(&mut self, record: &str, at: i64, told: &[(String, u64)]) -> Result<()> {
        let Some(id) = number_of(record) else { return Ok(()) };
        let added = (|| {
            let before: Option<(i64, Vec<u8>)> = self
                .transaction
                .prepare_cached("SELECT at, marks FROM record WHERE id = ?1")?
                .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let (before_at, before) = before.unwrap_or((i64::MIN, Vec::new()));
            let mut marks: Vec<(u16, u64)> = pairs(&before).collect();
            for (name, mark) in told {
                let number = self.number_of_field(name)?;
                match marks.iter_mut().find(|(known, _)| *known == number) {
                    Some(known) if at >= before_at => known.1 = *mark,
                    Some(_) => {}
                    None => marks.push((number, *mark)),
                }
            }
            let mut packed = Vec::with_capacity(marks.len() * PAIR);
            for (number, mark) in marks {
                packed.extend_from_slice(&number.to_le_bytes());
                packed.extend_from_slice(&mark.to_le_bytes());
            }
            self.transaction.prepare_cached("INSERT OR REPLACE INTO record VALUES (?1, ?2, ?3)")?.execute(params![
                id,
                at.max(before_at),
                packed
            ])
        })();
        added.map(drop).map_err(|error: rusqlite::Error| error).context(|| self.path.display().to_string())
    }

    fn number_of_field(&mut self, name: &str) -> rusqlite::Result<u16> {
        if let Some(number) = self.fields.get(name) {
            return Ok(*number);
        }
        self.transaction.prepare_cached("INSERT INTO field (name) VALUES (?1)")?.execute([name])?;
        // No account has as many fields.
        let number = u16::try_from(self.transaction.last_insert_rowid()).unwrap_or(u16::MAX);
        self.fields.insert(name.to_owned(), number);
        Ok(number)
    }

    /// Keeps it, with how the run's journal was.
    ///
    /// # Errors
    /// A full disk.
    pub fn keep(self, run: &str, state: &str) -> Result<()> {
        let kept = (|| {
            self.transaction.execute("INSERT OR REPLACE INTO run VALUES (?1, ?2)", [run, state])?;
            self.transaction.commit()
        })();
        kept.context(|| self.path.display().to_string())
    }
}

fn read_fields(connection: &Connection) -> rusqlite::Result<Vec<(u16, String)>> {
    let mut statement = connection.prepare_cached("SELECT number, name FROM field")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

fn pairs(marks: &[u8]) -> impl Iterator<Item = (u16, u64)> {
    marks.chunks_exact(PAIR).filter_map(|pair| {
        let (number, mark) = pair.split_first_chunk()?;
        Some((u16::from_le_bytes(*number), u64::from_le_bytes(mark.try_into().ok()?)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_told_later_counts_for_each_field() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = SentStore::open(folder.path(), "customers").unwrap();
        let told =
            |pairs: &[(&str, u64)]| pairs.iter().map(|(name, mark)| ((*name).to_owned(), *mark)).collect::<Vec<_>>();
        let mut writer = store.write().unwrap();
        writer.add("7", 20, &told(&[("name", 1), ("note", 2)])).unwrap();
        writer.add("7", 30, &told(&[("note", 3)])).unwrap();
        // An older run that is read later tells only what nobody told since.
        writer.add("7", 10, &told(&[("name", 4), ("position", 5)])).unwrap();
        writer.keep("r", "s").unwrap();
        assert_eq!(store.state_of("r").unwrap().as_deref(), Some("s"));
        assert_eq!(store.state_of("other").unwrap(), None);
        drop(store);
        let store = SentStore::open(folder.path(), "customers").unwrap();
        let (at, known) = store.of("7").unwrap();
        assert_eq!((at, known["name"], known["note"], known["position"]), (30, 1, 3, 5));
        assert!(store.of("8").unwrap().1.is_empty());
    }

    #[test]
    fn a_file_that_is_no_store_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("customers.sent"), "no database at all, only a text that is long enough")
            .unwrap();
        let store = SentStore::open(folder.path(), "customers").unwrap();
        assert!(store.of("7").unwrap().1.is_empty());
    }
}
