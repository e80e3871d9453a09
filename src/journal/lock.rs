//! One process at a time works on a run.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use rust_i18n::t;

use crate::error::{Context, Error, Result};

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
            .context(|| t!("journal.cannot_open", file = path.display()).into_owned())?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(Error::cannot_run(t!("journal.busy", folder = folder.display())).hint(t!("journal.busy_hint")))
            }
            Err(TryLockError::Error(error)) => {
                Err(Error::cannot_run(t!("journal.cannot_lock", folder = folder.display(), why = error)))
            }
        }
    }
}
