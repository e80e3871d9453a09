//! Files that are locked while something is done.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::time::Duration;

use super::names::short_path;
use crate::message;
use crate::waiting::Wait;

/// Opens a file that is locked while something is done; only its owner may open it.
///
/// # Errors
/// A folder that cannot be written.
pub fn open_lock(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// How often a lock that another command holds is tried.
const LOCK_PAUSE: Duration = Duration::from_millis(100);

/// Locks a file for this process alone. A command that has it is waited for, and that is said.
///
/// # Errors
/// A file that cannot be locked.
pub fn lock(file: &File, path: &Path) -> io::Result<()> {
    let mut waiting = None;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {
                waiting.get_or_insert_with(|| {
                    let why = message!("waiting.lock", file = short_path(path).display());
                    Wait { why, until: None, ends: message!("waiting.other"), is_retry: false, is_urgent: true }.begin()
                });
                std::thread::sleep(LOCK_PAUSE);
            }
        }
    }
}
