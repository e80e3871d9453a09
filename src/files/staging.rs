//! What is in the making: its names, what becomes of it when the process leaves, and what killed ones left behind.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Begins the names of files and folders in the making, which a killed process leaves behind.
pub(super) const TEMPORARY: &str = ".bw8-";

/// Whether a file of this name is one in the making.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY)
}

/// Files and directories in the making of this process, to be removed when it is told to leave at once.
static STAGING: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Something in the making: when the process leaves at once before this is dropped, it goes.
#[derive(Debug)]
pub(super) struct InTheMaking(PathBuf);

impl InTheMaking {
    /// Of what is made while the list is held, so that none is made behind the back of whoever discards them all.
    pub(super) fn at(path: &Path, staging: &mut Vec<PathBuf>) -> InTheMaking {
        staging.push(path.to_owned());
        InTheMaking(path.to_owned())
    }
}

impl Drop for InTheMaking {
    fn drop(&mut self) {
        in_the_making().retain(|path| *path != self.0);
    }
}

/// A directory for files that are not whole yet, on the disk they are meant for. It is gone when it is dropped; what a killed
/// process left behind is swept by the next one that makes such a directory there.
#[derive(Debug)]
pub struct StagingDirectory {
    /// Says that the directory is in use. Closed before the directory goes.
    _lock: File,
    directory: tempfile::TempDir,
    _made: InTheMaking,
}

/// The file in a staging directory that is locked as long as it is in use.
const IN_USE: &str = ".in-use";
/// What no lock tells of is left behind when it is older.
const LEFT_BEHIND: Duration = Duration::from_secs(24 * 60 * 60);

impl StagingDirectory {
    /// A staging directory in `folder`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn new_in(folder: &Path) -> io::Result<StagingDirectory> {
        sweep(folder);
        let mut staging = in_the_making();
        let directory = tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(folder)?;
        let made = InTheMaking::at(directory.path(), &mut staging);
        drop(staging);
        let mut lock = File::create(directory.path().join(IN_USE))?;
        // Where nothing can be locked, what is left behind goes by its age.
        let _ = lock.try_lock();
        // Not empty from here on: whoever sweeps takes an empty one for a directory that is just being made.
        lock.write_all(b"1")?;
        Ok(StagingDirectory { _lock: lock, directory, _made: made })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }
}

/// Removes what processes that were killed left in the folder for temporary files.
pub fn sweep_temporary() {
    sweep(&std::env::temp_dir());
}

/// Removes what processes that were killed left in a folder in the making. What cannot be removed stays.
pub fn sweep(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        // The name first: a folder for temporary files may hold thousands of others.
        if !is_temporary(&entry.file_name().to_string_lossy()) {
            continue;
        }
        let Ok(metadata) = entry.metadata() else { continue };
        let path = entry.path();
        let is_old = || metadata.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age > LEFT_BEHIND));
        // There is nobody to tell.
        let _ = match metadata.is_dir() {
            true if is_left_behind(&path).unwrap_or_else(is_old) => std::fs::remove_dir_all(&path),
            false if metadata.is_file() && (is_old() || is_let_go(&path)) => std::fs::remove_file(&path),
            _ => Ok(()),
        };
    }
}

/// Whether a file in the making was let go before it was whole. An empty one may just be begun.
#[cfg(unix)]
fn is_let_go(file: &Path) -> bool {
    let is_free = |file: File| Some(file.try_lock().is_ok() && file.metadata().ok()?.len() > 0);
    File::options().read(true).open(file).ok().and_then(is_free) == Some(true)
}

/// On Windows its age tells.
#[cfg(not(unix))]
fn is_let_go(_file: &Path) -> bool {
    false
}

/// Whether nobody uses a staging directory any more; none when its lock does not tell.
fn is_left_behind(directory: &Path) -> Option<bool> {
    let lock = File::options().read(true).write(true).open(directory.join(IN_USE)).ok()?;
    match lock.try_lock() {
        Ok(()) => (lock.metadata().ok()?.len() > 0).then_some(true),
        Err(TryLockError::WouldBlock) => Some(false),
        Err(TryLockError::Error(_)) => None,
    }
}

/// Removes all files and directories in the making of this process, which is about to end without dropping them. Whoever would make
/// another one meanwhile waits for that end.
pub fn discard_staging_and_make_no_more() {
    let mut staging = in_the_making();
    discard(&mut staging);
    std::mem::forget(staging);
}

fn discard(staging: &mut Vec<PathBuf>) {
    for path in staging.drain(..) {
        // There is nobody left to tell.
        let _ = match path.is_dir() {
            true => std::fs::remove_dir_all(path),
            false => std::fs::remove_file(path),
        };
    }
}

/// The list of what is in the making, held as long as something is put into it.
pub(super) fn in_the_making() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    STAGING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn staging_that_a_killed_process_left_behind_is_swept_and_none_that_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join(".bw8-left");
        std::fs::create_dir(&left).unwrap();
        std::fs::write(left.join(IN_USE), "1").unwrap();
        let beginning = folder.path().join(".bw8-beginning");
        std::fs::create_dir(&beginning).unwrap();
        std::fs::write(beginning.join(IN_USE), "").unwrap();
        let first = StagingDirectory::new_in(folder.path()).unwrap();
        assert!(!left.exists() && beginning.exists());
        let second = StagingDirectory::new_in(folder.path()).unwrap();
        assert!(first.path().exists() && second.path().exists());
    }

    #[test]
    fn staging_goes_with_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let staging = StagingDirectory::new_in(folder.path()).unwrap();
        assert!(staging.path().exists());
        drop(staging);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
