//! The index of runs: which run did what, by account. It finds the unfinished run of an input and recognises a file that
//! was imported before, wherever its folder lies. It lives in the state folder; the journals stay the truth, and a run
//! whose folder is gone is forgotten.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, params};
use rust_i18n::t;
use uuid::Uuid;

use super::database::has_journal;
use super::identity::RunIdentity;
use crate::error::{Context, Result};
use crate::files::{path_of_text, path_to_text};
use crate::message;

const TABLES: &str = "
CREATE TABLE IF NOT EXISTS run (
  run TEXT PRIMARY KEY, folder TEXT NOT NULL, target TEXT NOT NULL, host TEXT NOT NULL, entity TEXT NOT NULL,
  mode TEXT NOT NULL, input TEXT NOT NULL, input_path TEXT NOT NULL, parent TEXT, started INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS run_by_input ON run (target, entity, input);
CREATE INDEX IF NOT EXISTS run_by_path ON run (target, entity, input_path);
";

const FILE_NAME: &str = "runs.db";

/// The runs of this user.
#[derive(Debug)]
pub struct RunIndex {
    connection: Connection,
    file: PathBuf,
}

/// A run of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedRun {
    /// Its id.
    pub run: Uuid,
    /// Its folder.
    pub folder: PathBuf,
    /// Host, as shown.
    pub host: String,
    /// Name of the entity.
    pub entity: String,
    /// `create` or `update`.
    pub mode: String,
    /// The input's path.
    pub input_path: PathBuf,
    /// Fingerprint of its input.
    pub input: String,
    /// When it began, in milliseconds of Unix time.
    pub started: i64,
}

impl RunIndex {
    /// Whether `folder` holds an index.
    pub fn exists(folder: &Path) -> bool {
        folder.join(FILE_NAME).exists()
    }

    /// Opens the index in `folder`, making both when they are not there.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn open(folder: &Path) -> Result<RunIndex> {
        let file = folder.join(FILE_NAME);
        let place = || message!("journal.no_index", file = file.display());
        std::fs::create_dir_all(folder).context(place)?;
        let connection = Connection::open(&file).context(place)?;
        connection.busy_timeout(std::time::Duration::from_secs(10)).context(place)?;
        connection.execute_batch(TABLES).context(place)?;
        Ok(RunIndex { connection, file })
    }

    /// Keeps other processes from deciding which run is meant, until it is dropped.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn hold(&self) -> Result<File> {
        let path = self.file.with_extension("lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).context(|| self.place())?;
        file.lock().context(|| self.place())?;
        Ok(file)
    }

    /// Adds a run, or corrects what is known of it.
    ///
    /// # Errors
    /// A full disk.
    pub fn put(&self, identity: &RunIdentity, folder: &Path) -> Result<()> {
        self.connection
            .execute(
                "INSERT OR REPLACE INTO run (run, folder, target, host, entity, mode, input, input_path, parent, started)
                 VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)",
                params![
                    identity.run.to_string(),
                    path_to_text(folder),
                    identity.target,
                    identity.host,
                    identity.entity,
                    identity.mode,
                    identity.input,
                    path_to_text(&identity.input_path),
                    identity.parent.as_ref().map(|parent| parent.run.to_string()),
                    identity.started
                ],
            )
            .context(|| self.place())?;
        Ok(())
    }

    /// Runs that read these rows for this account and entity, newest first.
    ///
    /// # Errors
    /// A damaged index.
    pub fn of_input(&self, target: &str, entity: &str, input: &str) -> Result<Vec<IndexedRun>> {
        self.find("target = ?1 AND entity = ?2 AND input = ?3", params![target, entity, input])
    }

    /// Runs that read the file at this path for this account and entity, newest first.
    ///
    /// # Errors
    /// A damaged index.
    pub fn of_path(&self, target: &str, entity: &str, input_path: &Path) -> Result<Vec<IndexedRun>> {
        self.find("target = ?1 AND entity = ?2 AND input_path = ?3", params![target, entity, path_to_text(input_path)])
    }

    /// Runs that retry the rows of this one, newest first.
    ///
    /// # Errors
    /// A damaged index.
    pub fn of_parent(&self, parent: &Uuid) -> Result<Vec<IndexedRun>> {
        self.find("parent = ?1", [parent.to_string()])
    }

    /// Runs for this account and entity, newest first.
    ///
    /// # Errors
    /// A damaged index.
    pub fn of_entity(&self, target: &str, entity: &str) -> Result<Vec<IndexedRun>> {
        self.find("target = ?1 AND entity = ?2", params![target, entity])
    }

    /// All runs, newest first.
    ///
    /// # Errors
    /// A damaged index.
    pub fn all(&self) -> Result<Vec<IndexedRun>> {
        self.find("1", [])
    }

    /// The run of this id.
    ///
    /// # Errors
    /// A damaged index.
    pub fn of_id(&self, run: &Uuid) -> Result<Option<IndexedRun>> {
        self.connection
            .query_row(&format!("{SELECT} WHERE run = ?1"), [run.to_string()], read)
            .optional()
            .context(|| self.place())
    }

    fn find(&self, condition: &str, parameters: impl rusqlite::Params) -> Result<Vec<IndexedRun>> {
        let found = (|| {
            self.connection
                .prepare(&format!("{SELECT} WHERE {condition} ORDER BY started DESC, run DESC"))?
                .query_map(parameters, read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })();
        let runs = found.context(|| self.place())?;
        Ok(runs.into_iter().filter(|run| has_journal(&run.folder)).collect())
    }

    fn place(&self) -> String {
        t!("journal.no_index", file = self.file.display()).into_owned()
    }
}

const SELECT: &str = "SELECT run, folder, host, entity, mode, input_path, input, started FROM run";

fn read(row: &Row<'_>) -> rusqlite::Result<IndexedRun> {
    Ok(IndexedRun {
        run: row.get::<_, String>(0)?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
        folder: path_of_text(&row.get::<_, String>(1)?),
        host: row.get(2)?,
        entity: row.get(3)?,
        mode: row.get(4)?,
        input_path: path_of_text(&row.get::<_, String>(5)?),
        input: row.get(6)?,
        started: row.get(7)?,
    })
}
