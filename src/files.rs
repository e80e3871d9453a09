//! Files of the user: written whole or not at all, for their owner alone where they hold customers' data, under a name that
//! is free, and shown by a path that is short.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::error::{Context, Error, Result};
use crate::message;

/// Writes a file whole or not at all: `write` fills a temporary file beside it, which then takes its place. It is its
/// owner's alone.
///
/// # Errors
/// What `write` says; a folder that cannot be written; a full disk.
pub fn whole(path: &Path, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let cannot_write = || message!("csv.cannot_write", file = path.display());
    let mut file = AtomicFile::beside(path).context(cannot_write)?;
    write(file.0.as_file_mut())?;
    file.replace(path).context(cannot_write)
}

/// A file in the making, under a temporary name on the disk it is meant for: it appears under its own name when it is
/// whole, and is gone when it is dropped before. It is its owner's alone.
#[derive(Debug)]
pub struct AtomicFile(tempfile::NamedTempFile);

impl AtomicFile {
    /// Begins a file that will stand at `path`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn beside(path: &Path) -> std::io::Result<AtomicFile> {
        AtomicFile::new_in(folder_of(path))
    }

    /// Begins a file that will stand in `folder`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn new_in(folder: &Path) -> std::io::Result<AtomicFile> {
        tempfile::NamedTempFile::new_in(folder).map(AtomicFile)
    }

    /// Puts the whole file at `path`, in place of what stands there, once all of it is on the disk.
    ///
    /// # Errors
    /// A full disk, or a name that another program holds.
    pub fn replace(self, path: &Path) -> std::io::Result<()> {
        // Renamed before its content is written out, it could stand there empty after a power cut.
        self.0.as_file().sync_all()?;
        self.0.persist(path).map(drop).map_err(|error| error.error)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.as_file_mut().flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        self.0.as_file_mut().seek(to)
    }
}

/// The folder a file lies in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A path as short as the working folder allows.
pub fn short_path(path: &Path) -> &Path {
    match std::env::current_dir() {
        Ok(here) => path.strip_prefix(&here).unwrap_or(path),
        Err(_) => path,
    }
}

/// The first of `name-2.xlsx`, `name-3.xlsx` … that is not taken; `name.xlsx` itself is not looked at.
///
/// # Errors
/// None of a thousand is free.
pub fn free_name_beside(path: &Path) -> Result<PathBuf> {
    (2..1000)
        .map(|number| numbered(path, number))
        .find(|path| !path.exists())
        .ok_or_else(|| Error::cannot_run(message!("csv.cannot_write", file = path.display())))
}

/// `weekly.xlsx` becomes `weekly-2.xlsx`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let name = match path.extension() {
        Some(extension) => format!("{stem}-{number}.{}", extension.to_string_lossy()),
        None => format!("{stem}-{number}"),
    };
    path.with_file_name(name)
}

/// Makes a folder that only its owner may enter: it will hold customers' data.
///
/// # Errors
/// A place that cannot be written.
pub fn create_private_folder(folder: &Path) -> Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| cannot_write(folder, &error))
}

/// Makes an empty file that only its owner may read, unless it is there.
///
/// # Errors
/// A folder that cannot be written.
pub fn create_private_file(file: &Path) -> Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(file).map(drop).map_err(|error| cannot_write(file, &error))
}

/// Removes a file, unless it is not there.
///
/// # Errors
/// A file that cannot be removed.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::cannot_run(message!("journal.cannot_write", file = path.display(), why = error)))
        }
        _ => Ok(()),
    }
}

fn cannot_write(path: &Path, why: &std::io::Error) -> Error {
    Error::cannot_run(message!("journal.cannot_write", file = path.display(), why = why))
        .hint(message!("journal.cannot_write_hint"))
}

/// Staging directories of this process, to be removed when it is told to leave at once.
static STAGING: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// A directory for files that are not whole yet, on the disk they are meant for. It is gone when it is dropped.
#[derive(Debug)]
pub struct StagingDirectory(tempfile::TempDir);

impl StagingDirectory {
    /// A staging directory in `folder`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn new_in(folder: &Path) -> std::io::Result<StagingDirectory> {
        let directory = tempfile::Builder::new().prefix(".bw8-").tempdir_in(folder)?;
        staging().push(directory.path().to_owned());
        Ok(StagingDirectory(directory))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for StagingDirectory {
    fn drop(&mut self) {
        staging().retain(|path| path != self.0.path());
    }
}

/// Removes all staging directories of this process: it is about to end without dropping them.
pub fn discard_staging() {
    for path in staging().drain(..) {
        // There is nobody left to tell.
        let _ = std::fs::remove_dir_all(path);
    }
}

fn staging() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    STAGING.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        std::fs::write(&path, "old").unwrap();
        let write = |text: &'static str| {
            move |file: &mut File| {
                Write::write_all(file, text.as_bytes()).context(String::new)?;
                if text.is_empty() { Err(Error::cannot_run("no")) } else { Ok(()) }
            }
        };
        assert!(whole(&path, write("")).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        whole(&path, write("new")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn names_are_numbered_before_the_extension() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weekly.xlsx");
        std::fs::write(folder.path().join("weekly-2.xlsx"), "").unwrap();
        assert_eq!(free_name_beside(&path).unwrap(), folder.path().join("weekly-3.xlsx"));
    }

    #[test]
    fn staging_goes_with_its_owner_and_when_all_is_discarded() {
        let folder = tempfile::tempdir().unwrap();
        let staging = StagingDirectory::new_in(folder.path()).unwrap();
        assert!(staging.path().exists());
        drop(staging);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
