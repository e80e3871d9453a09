//! Rows that runs were about to send, in files beside the index that are there until it has read what became of them. Where a
//! run was killed and its folder is gone, nobody can tell which of its rows it sent: each of them may have arrived.

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

use rusqlite::types::Value;
use rusqlite::{TransactionBehavior, params};
use uuid::Uuid;

use super::super::added::AddedRow;
use super::super::lock::Lock;
use super::super::rows::SentRow;
use super::super::status::Status;
use super::gathered::Gathered;
use super::memory::InputRow;
use super::runs::{IndexedRun, RunIndex};
use crate::error::{Context, Result};
use crate::files::{self, AtomicFile};
use crate::format::Content;

/// The folder of the files, beside the index.
const FOLDER: &str = "sending";
/// Begins a file.
const MAGIC: &[u8; 8] = b"bw8rows1";
/// What stands where the highest id is not known.
const NOT_KNOWN: u64 = u64::MAX;
/// Bytes of a row: what it says, its occurrence, its key and its old id, each of these two behind a byte that tells whether it
/// has one. What a row adds to a record stands by itself, marked where the byte of the key is.
const ROW: usize = 16 + 4 + 9 + 17;
/// Marks it.
const OF_ADDED: u8 = 2;
/// Where.
const MARK: usize = 20;

/// Which rows a run is about to send, in a file without a name until they are kept: of a command that ends before, nothing is
/// left.
#[derive(Debug)]
pub struct RegisteredRows {
    rows: BufWriter<File>,
    source: String,
    path: PathBuf,
}

impl RegisteredRows {
    /// Adds a row.
    ///
    /// # Errors
    /// A full disk.
    pub fn add(&mut self, row: &InputRow) -> Result<()> {
        let mut packed = [0; ROW];
        packed[..16].copy_from_slice(&row.identity.identity);
        packed[16..20].copy_from_slice(&row.identity.copy.to_le_bytes());
        if let Some(key) = row.key {
            packed[20] = 1;
            packed[21..29].copy_from_slice(&key.to_le_bytes());
        }
        if let Some(old_id) = row.old_id {
            packed[29] = 1;
            packed[30..].copy_from_slice(&old_id);
        }
        self.rows.write_all(&packed).context(|| self.path.display().to_string())
    }

    /// Adds what a row adds to a record, by the hash of both.
    ///
    /// # Errors
    /// A full disk.
    pub fn add_added(&mut self, hash: &Content) -> Result<()> {
        let mut packed = [0; ROW];
        packed[..16].copy_from_slice(hash);
        packed[MARK] = OF_ADDED;
        self.rows.write_all(&packed).context(|| self.path.display().to_string())
    }

    /// Puts the rows on the disk, with the highest id that there was before the run's first write, where that is known. From
    /// here on they are remembered, whatever becomes of the run's folder.
    ///
    /// # Errors
    /// A full disk.
    pub fn keep(self, highest: Option<u64>) -> Result<()> {
        let RegisteredRows { rows, source, path } = self;
        let place = || path.display().to_string();
        let mut rows = rows.into_inner().map_err(|error| error.into_error()).context(place)?;
        let folder = files::folder_of(&path);
        files::create_private_folder(folder)?;
        let mut head = MAGIC.to_vec();
        head.extend_from_slice(&highest.unwrap_or(NOT_KNOWN).to_le_bytes());
        head.extend_from_slice(&u32::try_from(source.len()).unwrap_or_default().to_le_bytes());
        head.extend_from_slice(source.as_bytes());
        let written = (|| {
            let mut file = AtomicFile::new_in(folder)?;
            file.write_all(&head)?;
            rows.seek(SeekFrom::Start(0))?;
            std::io::copy(&mut rows, &mut file)?;
            file.replace(&path)
        })();
        written.context(place)
    }
}

/// What stands in the file of a run.
enum LeftRow {
    /// A row, and the hash of its old id.
    Sent(SentRow, Option<Content>),
    /// What a row adds to a record.
    Added(AddedRow),
}

/// The file of a run.
struct Left {
    file: BufReader<File>,
    path: PathBuf,
    highest: Option<u64>,
    source: String,
}

impl Left {
    /// Opens the file at `path`; none when it is not there.
    fn open(path: PathBuf) -> Result<Option<Left>> {
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).context(|| path.display().to_string()),
        };
        let mut file = BufReader::with_capacity(64 * 1024, file);
        let mut begin = || {
            let (mut magic, mut highest, mut length) = ([0; 8], [0; 8], [0; 4]);
            file.read_exact(&mut magic)?;
            file.read_exact(&mut highest)?;
            file.read_exact(&mut length)?;
            let mut source = vec![0; u32::from_le_bytes(length) as usize & 0xffff];
            file.read_exact(&mut source)?;
            let source = String::from_utf8(source).ok().filter(|_| magic == *MAGIC);
            Ok((u64::from_le_bytes(highest), source.ok_or(ErrorKind::InvalidData)?))
        };
        let (highest, source) =
            begin().map_err(|error: std::io::Error| error).context(|| path.display().to_string())?;
        Ok(Some(Left { file, path, highest: Some(highest).filter(|highest| *highest != NOT_KNOWN), source }))
    }

    /// The next row.
    fn next(&mut self) -> Result<Option<LeftRow>> {
        let mut packed = [0; ROW];
        match self.file.read_exact(&mut packed) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error).context(|| self.path.display().to_string()),
        }
        let number = |bytes: &[u8]| bytes.iter().rev().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
        let content = |bytes: &[u8]| {
            let mut content = Content::default();
            content.copy_from_slice(bytes);
            content
        };
        if packed[MARK] == OF_ADDED {
            let (hash, status) = (content(&packed[..16]), Status::Unknown);
            return Ok(Some(LeftRow::Added(AddedRow { hash, status, id: Value::Null })));
        }
        let row = SentRow {
            has_identity: true,
            hash: content(&packed[..16]),
            copy: number(&packed[16..20]) as u32,
            key: (packed[20] == 1).then(|| number(&packed[21..29])),
            old_id: None,
            status: Status::Unknown,
            id: Value::Null,
        };
        Ok(Some(LeftRow::Sent(row, (packed[29] == 1).then(|| content(&packed[30..])))))
    }
}

impl RunIndex {
    /// Begins the list of the rows that a run is about to send; their old ids are those of the system `source`.
    ///
    /// # Errors
    /// No folder for temporary files.
    pub fn register(&self, run: &Uuid, source: Option<&str>) -> Result<RegisteredRows> {
        let path = self.registered_file(run);
        let rows = tempfile::tempfile().context(|| path.display().to_string())?;
        let rows = BufWriter::with_capacity(64 * 1024, rows);
        Ok(RegisteredRows { rows, source: source.unwrap_or_default().to_owned(), path })
    }

    /// Takes the list of a run away: the index has read what became of its rows.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn unregister(&self, run: &Uuid) -> Result<()> {
        files::remove(&self.registered_file(run))
    }

    fn registered_file(&self, run: &Uuid) -> PathBuf {
        files::folder_of(&self.file).join(FOLDER).join(format!("{run}.rows"))
    }

    /// The runs whose rows are registered.
    fn registered(&self) -> Result<Vec<IndexedRun>> {
        let folder = files::folder_of(&self.file).join(FOLDER);
        let mut runs = Vec::new();
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            let name = path.file_stem().and_then(|name| name.to_str()).and_then(|name| name.parse().ok());
            if let Some(run) = name {
                runs.extend(self.of_id(&run)?);
            }
        }
        Ok(runs)
    }

    /// Takes over what nobody can find out any more: rows that runs were about to send whose journals are gone count as
    /// unknown, but for those of which more is known.
    ///
    /// # Errors
    /// A damaged index, a full disk.
    pub fn take_over_lost(&mut self) -> Result<()> {
        for run in self.registered()?.into_iter().filter(|run| !run.is_there) {
            self.take_over(&run)?;
            self.unregister(&run.run)?;
        }
        Ok(())
    }

    fn take_over(&mut self, run: &IndexedRun) -> Result<()> {
        let Some(mut left) = Left::open(self.registered_file(&run.run))? else { return Ok(()) };
        let place = self.place();
        let transaction =
            self.connection.transaction_with_behavior(TransactionBehavior::Immediate).context(|| place.clone())?;
        let mut gathered = Gathered::new(&transaction);
        let mut rows = 0i64;
        while let Some(row) = left.next()? {
            match row {
                LeftRow::Sent(row, old_id) => {
                    let old_id = old_id.map(|hash| (hash, left.source.as_str(), ""));
                    gathered.add_with(run.number, &row, old_id).context(|| place.clone())?;
                }
                LeftRow::Added(added) => gathered.add_added(run.number, &added).context(|| place.clone())?,
            }
            rows += 1;
        }
        gathered.take_over(&place)?;
        transaction
            .execute(
                // Should its journal be found again, it is read.
                "UPDATE run SET mark = '', sent = max(sent, ?2), highest = coalesce(?3, highest) WHERE number = ?1",
                params![run.number, rows, left.highest.and_then(|highest| i64::try_from(highest).ok())],
            )
            .and_then(|_| transaction.commit())
            .context(|| place.clone())
    }

    /// Takes away the lists of runs that nobody is at work on and whose journals the index has read: it knows more. Nobody may
    /// begin a run meanwhile.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn drop_read(&self) -> Result<()> {
        let is_read = |run: &IndexedRun| {
            let is_unreadable = self.unreadable.iter().any(|(folder, _)| *folder == run.folder);
            run.is_there && !run.mark.is_empty() && !is_unreadable && !Lock::is_held(&run.folder)
        };
        self.registered()?.iter().filter(|run| is_read(run)).try_for_each(|run| self.unregister(&run.run))
    }

    /// What is known of the runs for this entity that are gone and left rows of which nobody knows: when the first of them
    /// began, in milliseconds of Unix time, and the highest id that there was before, where that is known of each. None when
    /// there are no such runs.
    ///
    /// # Errors
    /// A damaged index.
    pub fn lost(&self, entity: &str, is_concerned: impl Fn(&IndexedRun) -> bool) -> Result<Option<(i64, Option<u64>)>> {
        let mut lost: Option<(i64, Option<u64>)> = None;
        for run in self.of_entity(entity)?.iter().filter(|run| !run.is_there && is_concerned(run)) {
            let unproved: bool = self
                .connection
                .prepare_cached("SELECT 1 FROM by_identity WHERE run = ?1 AND status = 7")
                .and_then(|mut statement| statement.exists([run.number]))
                .context(|| self.place())?;
            if unproved {
                let highest: Option<i64> = self
                    .connection
                    .query_row("SELECT highest FROM run WHERE number = ?1", [run.number], |row| row.get(0))
                    .context(|| self.place())?;
                let highest = highest.map(i64::cast_unsigned);
                lost = Some(match lost {
                    None => (run.started, highest),
                    Some((began, before)) => (began.min(run.started), before.zip(highest).map(|(a, b)| a.min(b))),
                });
            }
        }
        Ok(lost)
    }

    /// Of rows of which runs that are gone left nothing but that they may have been sent: it is known now what became of them.
    ///
    /// # Errors
    /// A full disk.
    pub fn forget_lost(&self, rows: &[InputRow]) -> Result<()> {
        let lost: Vec<i64> = self.listed()?.into_iter().filter(|run| !run.is_there).map(|run| run.number).collect();
        let forgotten = (|| -> rusqlite::Result<()> {
            let transaction = self.connection.unchecked_transaction()?;
            for row in rows {
                for run in &lost {
                    let hash = &row.identity.identity[..];
                    let is_forgotten = transaction
                        .prepare_cached(
                            "DELETE FROM by_identity WHERE hash = ?1 AND copy = ?2 AND run = ?3 AND status = 7",
                        )?
                        .execute(params![hash, row.identity.copy, run])?;
                    if is_forgotten == 0 {
                        continue;
                    }
                    transaction
                        .prepare_cached("DELETE FROM by_key WHERE key = ?1 AND run = ?2 AND status = 7")?
                        .execute(params![row.key.map(u64::cast_signed), run])?;
                    transaction
                        .prepare_cached("DELETE FROM by_old_id WHERE identity = ?1 AND run = ?2 AND status = 7")?
                        .execute(params![hash, run])?;
                }
            }
            transaction.commit()
        })();
        forgotten.context(|| self.place())
    }
}
