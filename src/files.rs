//! Files of the user: written whole or not at all, for their owner alone where they hold customers' data, under a name that
//! is free, and shown by a path that is short.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Context, Error, Result};
use crate::message;
use crate::waiting::Wait;

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

/// Begins the names of files and folders in the making, which a killed process leaves behind.
const TEMPORARY: &str = ".bw8-";

/// Whether a file of this name is one in the making.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY)
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
        tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(folder).map(AtomicFile)
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
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Most bytes of a file's name; a Chinese character takes three of them.
const LONGEST_NAME: usize = 255;

/// A name, cut between characters where it would leave less than so many bytes for what is put behind it.
pub fn cut_name(name: &str, room: usize) -> &str {
    &name[..name.floor_char_boundary(LONGEST_NAME.saturating_sub(room))]
}

/// The name of a file with another ending in the place of its extension.
pub fn name_with_ending(path: &Path, ending: &str) -> OsString {
    let stem = path.file_stem().unwrap_or_default();
    let mut name = stem.to_str().map_or(stem, |stem| OsStr::new(cut_name(stem, ending.len()))).to_owned();
    name.push(ending);
    name
}

/// Stands before the bytes of a path that is no text. No absolute path begins so.
const BYTES: &str = "bytes:";

/// An absolute path as a text that keeps all of it: the path itself, or its bytes in hexadecimal where it is no text. File
/// names of old archives are not UTF-8.
pub fn path_to_text(path: &Path) -> Cow<'_, str> {
    match path.to_str() {
        Some(text) => Cow::Borrowed(text),
        None => bytes_to_text(path),
    }
}

/// The path that [`path_to_text`] made this text of.
pub fn path_of_text(text: &str) -> PathBuf {
    text.strip_prefix(BYTES).and_then(path_of_bytes).unwrap_or_else(|| PathBuf::from(text))
}

#[cfg(unix)]
fn bytes_to_text(path: &Path) -> Cow<'_, str> {
    use std::os::unix::ffi::OsStrExt;
    let digits = path.as_os_str().as_bytes().iter().map(|byte| format!("{byte:02x}"));
    Cow::Owned(std::iter::once(BYTES.to_owned()).chain(digits).collect())
}

#[cfg(unix)]
fn path_of_bytes(digits: &str) -> Option<PathBuf> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = pairs.map(byte).collect();
    Some(PathBuf::from(<OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes?)))
}

/// Names are text on other systems, but for half characters that nothing shows.
#[cfg(not(unix))]
fn bytes_to_text(path: &Path) -> Cow<'_, str> {
    path.to_string_lossy()
}

#[cfg(not(unix))]
fn path_of_bytes(_digits: &str) -> Option<PathBuf> {
    None
}

/// For `#[serde(with = …)]`: a path as the text of [`path_to_text`].
pub mod path_as_text {
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serializer};

    /// Writes a path.
    ///
    /// # Errors
    /// What the serializer says.
    pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&super::path_to_text(path))
    }

    /// Reads a path.
    ///
    /// # Errors
    /// No text.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        String::deserialize(deserializer).map(|text| super::path_of_text(&text))
    }
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

/// Closes a file or folder of ours to everybody but its owner, whatever the umask was when it was made.
///
/// # Errors
/// A place that cannot be written.
#[cfg(unix)]
pub fn keep_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let Ok(metadata) = path.metadata() else { return Ok(()) };
    let wanted = if metadata.is_dir() { 0o700 } else { 0o600 };
    if metadata.permissions().mode() & 0o777 == wanted {
        return Ok(());
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(wanted)).map_err(|error| cannot_write(path, &error))
}

/// On Windows what lies in the user's own folder is the user's alone by inheritance.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn keep_private(_path: &Path) -> Result<()> {
    Ok(())
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
        let directory = tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(folder)?;
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

/// Opens a file of its owner alone to write at its end.
///
/// # Errors
/// A file that cannot be written.
pub fn open_private_to_append(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.create(true).append(true);
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
pub fn lock(file: &File, path: &Path) -> std::io::Result<()> {
    let mut waiting = None;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {
                waiting.get_or_insert_with(|| {
                    let why = message!("waiting.lock", file = short_path(path).display());
                    Wait { why, until: None, ends: message!("waiting.other"), is_urgent: true }.begin()
                });
                std::thread::sleep(LOCK_PAUSE);
            }
        }
    }
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
    fn long_names_are_cut_between_characters_and_leave_room() {
        let name = name_with_ending(Path::new(&format!("{}.csv", "名".repeat(83))), ".issues.csv");
        assert_eq!(name.to_str().unwrap(), format!("{}.issues.csv", "名".repeat(81)));
        assert_eq!(name_with_ending(Path::new("a/b.c.csv"), ".issues.csv"), "b.c.issues.csv");
    }

    #[cfg(unix)]
    #[test]
    fn paths_survive_as_text_whatever_their_bytes() {
        use std::os::unix::ffi::OsStrExt;
        for bytes in [&b"/a/\xbf\xcd\xbb\xa7.csv"[..], "/客户/a b.csv".as_bytes(), b"/bytes:2f", b"/\xff"] {
            let path = Path::new(OsStr::from_bytes(bytes));
            assert_eq!(path_of_text(&path_to_text(path)), path);
        }
        assert_eq!(path_to_text(Path::new("/客户.csv")), "/客户.csv");
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
