//! The runs of an index: listed when they begin, and found by account, input, file, folder and the run they retry.

use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::super::database::has_journal;
use super::super::identity::RunIdentity;
use super::super::reader::JournalReader;
use super::super::registration::Registration;
use super::database::{in_memory, is_damage, no_index, open, set_aside};
use crate::error::{Context, Error, Result};
use crate::files::{self, path_of_text, path_to_text};
use crate::message::Message;

const FILE_NAME: &str = "runs.db";

/// The runs of this user.
#[derive(Debug)]
pub struct RunIndex {
    pub(super) connection: Connection,
    pub(super) file: PathBuf,
    /// Folders that may hold runs' folders.
    pub(super) places: Vec<PathBuf>,
    /// Further copies of folders of runs that are listed.
    pub(super) copies: Vec<PathBuf>,
    /// Runs whose journals are there and cannot be read, with the reason.
    pub(super) unreadable: Vec<(PathBuf, Message)>,
    /// What there is to say of it.
    pub(super) words: Vec<Message>,
}

/// A run of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexedRun {
    /// Its id.
    pub run: Uuid,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether its journal is still there.
    pub is_there: bool,
    /// Account and host.
    pub target: String,
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
    /// What it goes by in the index.
    pub number: i64,
    /// The run whose rows it sends again.
    pub parent: Option<Uuid>,
    /// Whether there was nothing left to do when its rows were read.
    pub is_finished: bool,
    /// How many sent rows of it were read.
    pub sent: u64,
    /// How many of them were done.
    pub done: u64,
    /// How its journal was when its rows were read.
    pub(super) mark: String,
}

impl IndexedRun {
    /// When its last record was acknowledged, in milliseconds of Unix time; none where its journal does not tell.
    pub fn made_last(&self) -> Option<i64> {
        let past = JournalReader::open_read_only(&self.folder).ok().filter(|past| past.identity().run == self.run)?;
        past.made_last().ok().flatten().map(|made| made.at)
    }

    /// Whether a person means it: by its folder, the name of that, or the beginning of its id.
    pub fn is_called(&self, named: &Path) -> bool {
        let text = named.to_string_lossy();
        self.folder.file_name() == Some(named.as_os_str())
            || std::path::absolute(named).is_ok_and(|absolute| absolute == self.folder)
            || text.len() >= 6 && self.run.to_string().starts_with(&*text)
    }
}

impl RunIndex {
    /// Whether `folder` holds an index.
    pub fn exists(folder: &Path) -> bool {
        folder.join(FILE_NAME).exists()
    }

    /// Opens the index in `folder`, making both when they are not there. A damaged index is set aside and made anew, which
    /// [`RunIndex::take_words`] tells.
    ///
    /// # Errors
    /// A folder that cannot be written, or an index made by a newer program.
    pub fn open(folder: &Path) -> Result<RunIndex> {
        let file = folder.join(FILE_NAME);
        files::create_private_folder(folder)?;
        // That of the sandbox lies in a folder of the user's.
        if folder.file_name().is_some_and(|name| name != ".bw8") {
            files::keep_private(folder)?;
        }
        let (connection, message) = open(&file)?;
        files::keep_private(&file)?;
        Ok(RunIndex::of(connection, file, message))
    }

    fn of(connection: Connection, file: PathBuf, word: Option<Message>) -> RunIndex {
        RunIndex {
            connection,
            file,
            places: Vec::new(),
            copies: Vec::new(),
            unreadable: Vec::new(),
            words: Vec::from_iter(word),
        }
    }

    /// Opens the index in `folder`; when there is none, one that goes with the process and leaves nothing behind.
    ///
    /// # Errors
    /// Everything of [`RunIndex::open`].
    pub fn open_existing(folder: &Path) -> Result<RunIndex> {
        if RunIndex::exists(folder) {
            return RunIndex::open(folder);
        }
        let file = folder.join(FILE_NAME);
        let connection = in_memory().context(|| no_index(&file))?;
        Ok(RunIndex::of(connection, file, None))
    }

    /// What a person has to know of the index, once.
    pub fn take_words(&mut self) -> Vec<Message> {
        std::mem::take(&mut self.words)
    }

    /// Names folders that hold runs' folders, or are such: journals in them that the index does not know are listed.
    pub fn look_in(&mut self, places: Vec<PathBuf>) {
        self.places = places;
    }

    /// The folders that were named.
    pub fn places(&self) -> &[PathBuf] {
        &self.places
    }

    /// Sets the index aside and makes it anew, when it is damage to it that this error tells of. Tells whether it was.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn repair(&mut self, error: &Error) -> Result<bool> {
        // Failures of journals are put into words where they happen.
        let source = std::error::Error::source(error).and_then(|source| source.downcast_ref());
        if !source.is_some_and(is_damage) {
            return Ok(false);
        }
        // No system lets go of the name while the file is open.
        self.connection = in_memory().context(|| self.place())?;
        let (connection, message) = set_aside(&self.file)?;
        self.connection = connection;
        self.words.push(message);
        Ok(true)
    }

    /// Keeps other processes from deciding which run is meant, until it is dropped.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn hold(&self) -> Result<File> {
        let path = self.file.with_extension("lock");
        let file = files::open_lock(&path).context(|| self.place())?;
        files::lock(&file, &path).context(|| self.place())?;
        Ok(file)
    }

    /// Adds a run, or corrects what is known of it.
    ///
    /// # Errors
    /// A full disk.
    pub fn put(&self, identity: &RunIdentity, folder: &Path) -> Result<()> {
        self.connection
            .execute(
                "INSERT INTO run (run, folder, target, host, entity, mode, input, input_path, parent, started)
                 VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10)
                 ON CONFLICT (run) DO UPDATE SET folder = ?2, target = ?3, host = ?4, entity = ?5, mode = ?6, input = ?7,
                   input_path = ?8, parent = ?9, started = ?10",
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

    /// Runs for this entity whose rows are being sent at this moment.
    ///
    /// # Errors
    /// A damaged index.
    pub fn in_work(&self, entity: &str) -> Result<Vec<IndexedRun>> {
        let mut runs = self.of_entity(entity)?;
        runs.retain(|run| run.is_there && matches!(Registration::each_of_live(&run.folder, |_| Ok(())), Ok(true)));
        Ok(runs)
    }

    /// Runs that retry the rows of this one, newest first.
    ///
    /// # Errors
    /// A damaged index.
    pub fn of_parent(&self, parent: &Uuid) -> Result<Vec<IndexedRun>> {
        self.find("parent = ?1", [parent.to_string()])
    }

    /// Runs for this entity, those whose folders are gone included, newest first.
    pub(super) fn of_entity(&self, entity: &str) -> Result<Vec<IndexedRun>> {
        self.select("entity = ?1", [entity])
    }

    /// The last run in this folder.
    pub(super) fn of_folder(&self, folder: &Path) -> Result<Option<IndexedRun>> {
        Ok(self.select("folder = ?1", [path_to_text(folder)])?.into_iter().next())
    }

    /// What is known of this account and another one: whether they are the same; none when nobody has said.
    ///
    /// # Errors
    /// A damaged index.
    pub fn is_same_account(&self, target: &str, other: &str) -> Result<Option<bool>> {
        let found = self.connection.query_row(
            "SELECT is_same FROM account WHERE target = ?1 AND other = ?2",
            [target, other],
            |row| row.get(0),
        );
        found.optional().context(|| self.place())
    }

    /// Keeps whether this account and another one are the same.
    ///
    /// # Errors
    /// A full disk.
    pub fn put_same_account(&self, target: &str, other: &str, is_same: bool) -> Result<()> {
        for (target, other) in [(target, other), (other, target)] {
            self.connection
                .execute("INSERT OR REPLACE INTO account VALUES (?1, ?2, ?3)", params![target, other, is_same])
                .context(|| self.place())?;
        }
        Ok(())
    }

    /// All runs, newest first, those whose folders are gone included.
    ///
    /// # Errors
    /// A damaged index.
    pub fn listed(&self) -> Result<Vec<IndexedRun>> {
        self.select("1", [])
    }

    /// All runs whose journals are there, newest first.
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

    /// Those whose journals are there.
    fn find(&self, condition: &str, parameters: impl rusqlite::Params) -> Result<Vec<IndexedRun>> {
        Ok(self.select(condition, parameters)?.into_iter().filter(|run| run.is_there).collect())
    }

    fn select(&self, condition: &str, parameters: impl rusqlite::Params) -> Result<Vec<IndexedRun>> {
        let found = (|| {
            self.connection
                .prepare(&format!("{SELECT} WHERE {condition} ORDER BY started DESC, run DESC"))?
                .query_map(parameters, read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })();
        found.context(|| self.place())
    }

    pub(super) fn place(&self) -> Message {
        no_index(&self.file)
    }
}

/// A folder that was deleted may hold a later run.
const SELECT: &str =
    "SELECT run, folder, host, entity, mode, input_path, input, started, number, parent, mark, target, finished,
    sent, done,
    EXISTS (SELECT 1 FROM run AS later WHERE later.folder = run.folder AND later.started > run.started)
    FROM run";

fn read(row: &Row<'_>) -> rusqlite::Result<IndexedRun> {
    let folder = path_of_text(&row.get::<_, String>(1)?);
    let is_replaced: bool = row.get(15)?;
    Ok(IndexedRun {
        run: row.get::<_, String>(0)?.parse().map_err(|_| rusqlite::Error::InvalidQuery)?,
        is_there: !is_replaced && has_journal(&folder),
        folder,
        host: row.get(2)?,
        entity: row.get(3)?,
        mode: row.get(4)?,
        input_path: path_of_text(&row.get::<_, String>(5)?),
        input: row.get(6)?,
        started: row.get(7)?,
        number: row.get(8)?,
        parent: row.get::<_, Option<String>>(9)?.and_then(|parent| parent.parse().ok()),
        mark: row.get(10)?,
        target: row.get(11)?,
        is_finished: row.get(12)?,
        sent: row.get::<_, i64>(13)?.cast_unsigned(),
        done: row.get::<_, i64>(14)?.cast_unsigned(),
    })
}
