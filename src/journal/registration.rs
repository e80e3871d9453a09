//! Which rows a command may send, written beside its journal before the first of them leaves: whoever begins meanwhile sees
//! them. It counts for as long as the process lives that holds the run's lock; rows that were never in a window are free again
//! when it ends, however it ends.

use std::fs::File;
use std::io::{BufReader, BufWriter, ErrorKind, Read, Write};
use std::path::Path;

use super::lock::Lock;
use crate::error::{Context, Result};
use crate::files::{self, create_private_file};
use crate::message;
use crate::message::Message;

/// Name of the file in the run's folder.
const FILE_NAME: &str = "journal.rows";

/// Writes which rows a command may send.
#[derive(Debug)]
pub struct Registration {
    file: BufWriter<File>,
    folder: std::path::PathBuf,
}

impl Registration {
    /// Begins the list of the run in a folder.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn begin(folder: &Path) -> Result<Registration> {
        let path = folder.join(FILE_NAME);
        files::remove(&path)?;
        create_private_file(&path)?;
        let file = File::options().write(true).open(&path).context(|| place(folder))?;
        Ok(Registration { file: BufWriter::with_capacity(64 * 1024, file), folder: folder.to_owned() })
    }

    /// Adds what a row is known by: eight bytes of its identity, or the hash of its key.
    ///
    /// # Errors
    /// A full disk.
    pub fn add(&mut self, mark: u64) -> Result<()> {
        self.file.write_all(&mark.to_le_bytes()).context(|| place(&self.folder))
    }

    /// Puts the list on the disk.
    ///
    /// # Errors
    /// A full disk.
    pub fn keep(self) -> Result<()> {
        let file = self.file.into_inner().map_err(|error| error.into_error()).context(|| place(&self.folder))?;
        file.sync_data().context(|| place(&self.folder))
    }

    /// Takes the list back: the command has ended.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn end(folder: &Path) -> Result<()> {
        files::remove(&folder.join(FILE_NAME))
    }

    /// Calls `take` with every mark of a run that is being sent at this moment; false when none is.
    ///
    /// # Errors
    /// A file that cannot be read, or whatever `take` says.
    pub fn each_of_live(folder: &Path, mut take: impl FnMut(u64) -> Result<()>) -> Result<bool> {
        let file = match File::open(folder.join(FILE_NAME)) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error).context(|| place(folder)),
        };
        if !Lock::is_held(folder) {
            return Ok(false);
        }
        let mut file = BufReader::with_capacity(64 * 1024, file);
        let mut mark = [0; 8];
        loop {
            match file.read_exact(&mut mark) {
                Ok(()) => take(u64::from_le_bytes(mark))?,
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(true),
                Err(error) => return Err(error).context(|| place(folder)),
            }
        }
    }
}

fn place(folder: &Path) -> Message {
    message!("journal.cannot_open", file = folder.join(FILE_NAME).display())
}
