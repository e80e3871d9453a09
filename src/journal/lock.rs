//! One process at a time works on a run.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::error::{Context, Error, Result};
use crate::message;

/// Held while a process works on a run; the system lets go of it however the process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a run's folder.
    ///
    /// # Errors
    /// Another process has it, or the folder cannot be written.
    pub fn take(folder: &Path) -> Result<Lock> {
        let path = folder.join("journal.lock");
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .context(|| message!("journal.cannot_open", file = path.display()))?;
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
