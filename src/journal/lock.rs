//! One process at a time works on a run.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::{Context, Error, Result};
use crate::files;
use crate::message;

/// Name of the file in the run's folder.
const FILE_NAME: &str = "journal.lock";

/// Held while a process works on a run; the system lets go of it however the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Whether a process is at work on the run.
    pub(super) fn is_held(folder: &Path) -> bool {
        let file = OpenOptions::new().read(true).open(folder.join(FILE_NAME));
        // Shared, so that two who only ask do not take each other for one who works.
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }

    /// Takes the lock of a run's folder.
    ///
    /// # Errors
    /// Another process has it, or the folder cannot be written.
    pub fn take(folder: &Path) -> Result<Lock> {
        let path = folder.join(FILE_NAME);
        let file = files::open_lock(&path).context(|| message!("journal.cannot_open", file = path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(Error::cannot_run(message!("journal.busy", folder = folder.display()))
                    .hint(message!("journal.busy_hint")))
            }
            Err(TryLockError::Error(error)) => {
                Err(Error::cannot_run(message!("journal.cannot_lock", folder = folder.display(), why = error)))
            }
        }
    }
}
