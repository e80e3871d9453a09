//! Which records the texts of a run's rows were taken to mean, and what a person decided where that was not clear: rows that go on from where they were mean the same ones, and
//! what was sent can be told later. Names and numbers stand in it, so that it is forgotten with the words of the journal.

use rusqlite::{Connection, OptionalExtension, params};

use super::database::{failed, has_table};
use super::reader::JournalReader;
use super::writer::Journal;
use crate::error::Result;
use crate::format::Content;

/// The tables, beside those of every journal: one of an earlier version of this program has none.
const TABLES: &str = "
CREATE TABLE IF NOT EXISTS reference (
  field TEXT NOT NULL, said TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (field, said)) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS made_first (row BLOB PRIMARY KEY, what TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS decision (key TEXT PRIMARY KEY, answer TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// A text of a field, and the record it means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownReference {
    /// The field.
    pub field: String,
    /// What the row says.
    pub said: String,
    /// The id, or several of them.
    pub id: String,
}

impl Journal {
    /// Keeps which records texts mean.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn keep_references(&self, references: &[KnownReference]) -> Result<()> {
        let kept = (|| {
            let transaction = self.connection().unchecked_transaction()?;
            transaction.execute_batch(TABLES)?;
            for KnownReference { field, said, id } in references {
                transaction
                    .prepare_cached("INSERT OR REPLACE INTO reference (field, said, id) VALUES (?1, ?2, ?3)")?
                    .execute(params![field, said, id])?;
            }
            transaction.commit()
        })();
        kept.map_err(|error| failed(self.folder(), error))
    }

    /// The record that a text of a field was taken to mean.
    ///
    /// # Errors
    /// A damaged file.
    pub fn reference(&self, field: &str, said: &str) -> Result<Option<String>> {
        find(self.connection(), field, said).map_err(|error| failed(self.folder(), error))
    }

    /// Keeps which records were made for rows before they were sent, by what the rows say.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn keep_made_first(&self, made: &[(Content, String)]) -> Result<()> {
        let kept = (|| {
            let transaction = self.connection().unchecked_transaction()?;
            transaction.execute_batch(TABLES)?;
            for (row, what) in made {
                transaction
                    .prepare_cached("INSERT OR REPLACE INTO made_first (row, what) VALUES (?1, ?2)")?
                    .execute(params![row.as_slice(), what])?;
            }
            transaction.commit()
        })();
        kept.map_err(|error| failed(self.folder(), error))
    }

    /// Keeps what a person decided about what has this key.
    ///
    /// # Errors
    /// A full disk, a damaged file.
    pub fn keep_decision(&self, key: &str, answer: &str) -> Result<()> {
        let kept = self.connection().execute_batch(TABLES).and_then(|()| {
            self.connection()
                .prepare_cached("INSERT OR REPLACE INTO decision (key, answer) VALUES (?1, ?2)")?
                .execute(params![key, answer])
        });
        kept.map(drop).map_err(|error| failed(self.folder(), error))
    }

    /// What a person decided, by the keys of what it is about.
    ///
    /// # Errors
    /// A damaged file.
    pub fn decisions(&self) -> Result<Vec<(String, String)>> {
        decisions(self.connection()).map_err(|error| failed(self.folder(), error))
    }
}

fn decisions(connection: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    if !has_table(connection, "decision")? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare("SELECT key, answer FROM decision")?;
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
}

impl JournalReader {
    /// What a person decided, by the keys of what it is about.
    ///
    /// # Errors
    /// A damaged file.
    pub fn decisions(&self) -> Result<Vec<(String, String)>> {
        decisions(self.connection()).map_err(|error| failed(self.folder(), error))
    }

    /// Whether records were made for rows before they were sent.
    ///
    /// # Errors
    /// A damaged file.
    pub fn has_made_first(&self) -> Result<bool> {
        let has_any = || {
            let connection = self.connection();
            Ok(has_table(connection, "made_first")? && connection.prepare("SELECT 1 FROM made_first")?.exists([])?)
        };
        has_any().map_err(|error| failed(self.folder(), error))
    }

    /// Which records were made for a row that says this before it was sent.
    ///
    /// # Errors
    /// A damaged file.
    pub fn made_first(&self, row: &Content) -> Result<Option<String>> {
        let find = || {
            self.connection()
                .prepare_cached("SELECT what FROM made_first WHERE row = ?1")?
                .query_row(params![row.as_slice()], |row| row.get(0))
                .optional()
        };
        find().map_err(|error| failed(self.folder(), error))
    }

    /// The record that a text of a field was taken to mean.
    ///
    /// # Errors
    /// A damaged file.
    pub fn reference(&self, field: &str, said: &str) -> Result<Option<String>> {
        find(self.connection(), field, said).map_err(|error| failed(self.folder(), error))
    }
}

fn find(connection: &Connection, field: &str, said: &str) -> rusqlite::Result<Option<String>> {
    if !has_table(connection, "reference")? {
        return Ok(None);
    }
    connection
        .prepare_cached("SELECT id FROM reference WHERE field = ?1 AND said = ?2")?
        .query_row(params![field, said], |row| row.get(0))
        .optional()
}
