//! The exports of an index: what was written where, and how it ended. They have no folders of their own.

use std::path::PathBuf;

use rusqlite::{Row, params};

use super::runs::RunIndex;
use crate::error::{Context, Result};
use crate::files::{path_of_text, path_to_text};
use crate::message::Message;

/// Exports that are kept.
const MOST: i64 = 1000;

/// An export that ended, one way or the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedExport {
    /// Account and host.
    pub target: String,
    /// Host, as shown.
    pub host: String,
    /// Name of the entity.
    pub entity: String,
    /// The file; none for standard output.
    pub file: Option<PathBuf>,
    /// When it began, in milliseconds of Unix time.
    pub started: i64,
    /// How long it took, in milliseconds.
    pub lasted: i64,
    /// Records that were written; none when no file was.
    pub records: Option<u64>,
    /// Whether it is proved that nothing is missing.
    pub is_complete: bool,
    /// Code that the command ended with.
    pub exit: u8,
    /// Why there is no file.
    pub why: Option<Message>,
}

impl RunIndex {
    /// Adds an export; the oldest ones are forgotten when there are many.
    ///
    /// # Errors
    /// A full disk.
    pub fn put_export(&self, export: &IndexedExport) -> Result<()> {
        let put = || -> rusqlite::Result<()> {
            self.connection.execute(
                "INSERT INTO export (target, host, entity, file, started, lasted, records, complete, exit, why)
                 VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
                params![
                    export.target,
                    export.host,
                    export.entity,
                    export.file.as_deref().map(path_to_text),
                    export.started,
                    export.lasted,
                    export.records.and_then(|records| i64::try_from(records).ok()),
                    export.is_complete,
                    export.exit,
                    export.why.as_ref().map(Message::to_json)
                ],
            )?;
            self.connection
                .execute("DELETE FROM export WHERE number <= (SELECT max(number) FROM export) - ?1", [MOST])?;
            Ok(())
        };
        put().context(|| self.place())
    }

    /// All exports, newest first.
    ///
    /// # Errors
    /// A damaged index.
    pub fn exports(&self) -> Result<Vec<IndexedExport>> {
        let found = (|| {
            self.connection
                .prepare(
                    "SELECT target, host, entity, file, started, lasted, records, complete, exit, why FROM export
                     ORDER BY number DESC",
                )?
                .query_map([], read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })();
        found.context(|| self.place())
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<IndexedExport> {
    Ok(IndexedExport {
        target: row.get(0)?,
        host: row.get(1)?,
        entity: row.get(2)?,
        file: row.get::<_, Option<String>>(3)?.map(|text| path_of_text(&text)),
        started: row.get(4)?,
        lasted: row.get(5)?,
        records: row.get::<_, Option<i64>>(6)?.map(i64::cast_unsigned),
        is_complete: row.get(7)?,
        exit: row.get(8)?,
        why: row.get::<_, Option<String>>(9)?.as_deref().map(Message::of_json),
    })
}
