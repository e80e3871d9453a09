//! Files of the user: written whole or not at all, for their owner alone where they belong to a run, under a name that is
//! free, and shown by a path that is short. What is no file, such as a device or a pipe, is written through.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, TryLockError};
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::error::{Context, Error, Result};
use crate::file_names;
use crate::message;
use crate::message::{Message, SystemWords};
use crate::t;
use crate::waiting::Wait;

/// Who may read a file that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its owner alone: it belongs to a run.
    Owner,
    /// Whoever could read the file in whose place it comes, or any other file of the user.
    Usual,
}

/// Where what is written to a path goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Into a file, which may not be there yet; links are followed.
    File(PathBuf),
    /// Through a device or pipe, which stays what it is.
    Stream(PathBuf),
}

/// Links that are followed from one to the next.
const MOST_LINKS: usize = 40;

impl Destination {
    /// Where what is written to this path goes.
    ///
    /// # Errors
    /// A path that cannot be looked at, or links that lead in a circle.
    pub fn of(path: &Path) -> io::Result<Destination> {
        file_names::refuse(path)?;
        let mut place = path.to_owned();
        for _ in 0..MOST_LINKS {
            match std::fs::metadata(&place) {
                Ok(metadata) if !metadata.is_file() && !metadata.is_dir() => return Ok(Destination::Stream(place)),
                // An output of this process that was sent into a file is no link to that file.
                Ok(_) if place.starts_with("/dev") || place.starts_with("/proc") => {
                    return Ok(Destination::Stream(place));
                }
                Ok(_) => return Ok(Destination::File(followed(&place)?)),
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(explained(path, error)),
                // Nothing is there, or a link to nothing yet.
                Err(_) => match std::fs::read_link(&place) {
                    Ok(next) => place = folder_of(&place).join(next),
                    Err(_) => return Ok(Destination::File(place)),
                },
            }
        }
        Err(io::Error::other("too many links"))
    }
}

/// The file that a path of one names. A path without links stays as it was given.
fn followed(path: &Path) -> io::Result<PathBuf> {
    match path.is_symlink() {
        true => path.canonicalize(),
        false => Ok(path.to_owned()),
    }
}

/// Writes all of `source` through a device or pipe. A reader that goes early had enough; tells whether all was written.
///
/// # Errors
/// What the device says.
pub fn write_through(source: &mut impl io::Read, stream: &Path) -> io::Result<bool> {
    let mut stream = std::fs::OpenOptions::new().write(true).open(stream)?;
    match io::copy(source, &mut stream).and_then(|_| stream.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true),
    }
}

/// Gives a whole file the owner and mode of the one in whose place it comes.
///
/// # Errors
/// A file that is gone.
#[cfg(unix)]
pub fn take_over(file: &Path, old: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    // Only the superuser can, and nobody else has to. It comes first: a change of owner takes bits off the mode.
    let _ = std::os::unix::fs::chown(file, Some(old.uid()), Some(old.gid()));
    std::fs::set_permissions(file, old.permissions())
}

/// On Windows a file has the rights of its folder.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub fn take_over(_file: &Path, _old: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Writes a file whole or not at all: `write` fills a temporary file beside it, which then takes its place.
///
/// # Errors
/// What `write` says; a folder that cannot be written; a full disk.
pub fn whole(path: &Path, access: Access, write: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let cannot_write = || message!("csv.cannot_write", file = path.display());
    let mut file = AtomicFile::beside(path, access).context(cannot_write)?;
    write(file.file.as_file_mut())?;
    file.replace(path).context(cannot_write)
}

/// Begins the names of files and folders in the making, which a killed process leaves behind.
const TEMPORARY: &str = ".bw8-";

/// Whether a file of this name is one in the making.
pub fn is_temporary(name: &str) -> bool {
    name.starts_with(TEMPORARY)
}

/// A file in the making, under a temporary name on the disk it is meant for: it appears under its own name when it is
/// whole, and is gone when it is dropped before.
#[derive(Debug)]
pub struct AtomicFile {
    file: tempfile::NamedTempFile,
    access: Access,
    _made: InTheMaking,
}

impl AtomicFile {
    /// Begins a file that will stand at `path`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn beside(path: &Path, access: Access) -> io::Result<AtomicFile> {
        match Destination::of(path)? {
            Destination::File(file) => {
                AtomicFile::begin(folder_of(&file), access).map_err(|error| explained(&file, error))
            }
            Destination::Stream(_) => AtomicFile::begin(&std::env::temp_dir(), Access::Owner),
        }
    }

    /// Begins a file of its owner's alone that will stand in `folder`.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn new_in(folder: &Path) -> io::Result<AtomicFile> {
        AtomicFile::begin(folder, Access::Owner)
    }

    fn begin(folder: &Path, access: Access) -> io::Result<AtomicFile> {
        let folder = long_path(folder);
        let mut builder = tempfile::Builder::new();
        builder.prefix(TEMPORARY);
        #[cfg(unix)]
        if access == Access::Usual {
            // The process's own mask is taken off it.
            builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        }
        let mut staging = staging();
        let file = builder.tempfile_in(folder)?;
        let made = InTheMaking::at(file.path(), &mut staging);
        drop(staging);
        // Held as long as it is in the making, so that what a killed process left behind is known. On Windows a lock would keep
        // others from reading, who come before it is let go.
        #[cfg(unix)]
        let _ = file.as_file().try_lock();
        Ok(AtomicFile { file, access, _made: made })
    }

    /// Puts the whole file at `path`, in place of what stands there, once all of it is on the disk.
    ///
    /// # Errors
    /// A full disk, or a name that another program holds.
    pub fn replace(mut self, path: &Path) -> io::Result<()> {
        let target = match Destination::of(path)? {
            Destination::File(file) => file,
            Destination::Stream(stream) => {
                self.file.rewind()?;
                return write_through(self.file.as_file_mut(), &stream).map(drop);
            }
        };
        if let (Access::Usual, Ok(old)) = (self.access, std::fs::metadata(&target)) {
            take_over(self.file.path(), &old)?;
        }
        // Renamed before its content is written out, it could stand there empty after a power cut.
        self.file.as_file().sync_all()?;
        match self.file.persist(long_path(&target)) {
            Ok(_) => Ok(()),
            Err(error) if is_held(&error.error, &target) => Err(io::Error::new(error.error.kind(), t!("files.held"))),
            Err(error) => Err(explained(&target, error.error)),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.as_file_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_file_mut().flush()
    }
}

impl Seek for AtomicFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.as_file_mut().seek(to)
    }
}

/// Whether an error means that another program has the file open and lets nobody else write it, as Excel and WPS do on Windows.
fn is_held(error: &io::Error, file: &Path) -> bool {
    // Access denied, a sharing violation, a lock, a file that lies in memory.
    let is_refused = cfg!(windows) && matches!(error.raw_os_error(), Some(5 | 32 | 33 | 1224));
    // One that may not be written at all is refused as well.
    is_refused && std::fs::metadata(file).is_ok_and(|about| about.is_file() && !about.permissions().readonly())
}

/// A path that a library hands to Windows as it is, where a long one has to begin so that it is taken.
pub fn long_path(path: &Path) -> Cow<'_, Path> {
    if !cfg!(windows) {
        return Cow::Borrowed(path);
    }
    let long = std::path::absolute(path).ok().and_then(|path| verbatim(path.to_str()?).map(PathBuf::from));
    long.map_or(Cow::Borrowed(path), Cow::Owned)
}

/// Most characters of a path that Windows takes without more ado, with room for what is put behind it.
const USUAL_PATH: usize = 230;

/// An absolute path of Windows in the form that may be long; none when it is short, or has that form.
fn verbatim(path: &str) -> Option<String> {
    if path.encode_utf16().count() < USUAL_PATH || path.starts_with(r"\\?\") || path.starts_with(r"\\.\") {
        return None;
    }
    Some(match path.strip_prefix(r"\\") {
        Some(share) => format!(r"\\?\UNC\{share}"),
        None => format!(r"\\?\{path}"),
    })
}

/// What is said of a temporary file without a name that cannot be made, read or written.
pub fn no_temporary_file() -> Message {
    message!("import.no_temporary_file", folder = std::env::temp_dir().display())
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
    let made = file_names::refuse(folder).and_then(|()| private_folders().create(folder));
    made.map_err(|error| cannot_write(folder, error))
}

/// What makes folders that only their owner may enter, with those above them that are missing.
pub fn private_folders() -> std::fs::DirBuilder {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
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
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(wanted)).map_err(|error| cannot_write(path, error))
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
    options.open(file).map(drop).map_err(|error| cannot_write(file, error))
}

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

/// Removes a file, unless it is not there.
///
/// # Errors
/// A file that cannot be removed.
pub fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(Error::cannot_run(message!("journal.cannot_write", file = path.display(), why = error)))
        }
        _ => Ok(()),
    }
}

/// The error for a file or folder of ours that cannot be made, with what can be done about it.
pub fn cannot_write(path: &Path, why: io::Error) -> Error {
    let why = explained(path, why);
    let error = Error::cannot_run(message!("journal.cannot_write", file = path.display(), why = why));
    Message::hint_of_system(&why).map_or_else(|| error.clone(), |hint| error.clone().hint(hint))
}

/// What the system says of a path, where it does not say what is wrong: which part of it is a file and no folder (some say that
/// nothing is there), or that a folder is where a file has to be (Windows says that it may not be opened).
pub fn explained(path: &Path, error: io::Error) -> io::Error {
    let may_be = matches!(error.kind(), ErrorKind::NotADirectory | ErrorKind::NotFound | ErrorKind::AlreadyExists);
    let part = path.ancestors().filter(|_| may_be).find(|part| part.is_file());
    match part {
        Some(part) => {
            let words = message!("system.part_is_file", part = short_path(part).display());
            io::Error::new(ErrorKind::NotADirectory, SystemWords(words))
        }
        None if cfg!(windows) && error.kind() == ErrorKind::PermissionDenied && path.is_dir() => {
            io::Error::new(ErrorKind::IsADirectory, SystemWords(message!("system.is_folder")))
        }
        None => error,
    }
}

/// Files and directories in the making of this process, to be removed when it is told to leave at once.
static STAGING: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

/// Something in the making: when the process leaves at once before this is dropped, it goes.
#[derive(Debug)]
struct InTheMaking(PathBuf);

impl InTheMaking {
    /// Of what is made while the list is held, so that none is made behind the back of whoever discards them all.
    fn at(path: &Path, staging: &mut Vec<PathBuf>) -> InTheMaking {
        staging.push(path.to_owned());
        InTheMaking(path.to_owned())
    }
}

impl Drop for InTheMaking {
    fn drop(&mut self) {
        staging().retain(|path| *path != self.0);
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
        let mut staging = staging();
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
    let mut staging = staging();
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

fn staging() -> std::sync::MutexGuard<'static, Vec<PathBuf>> {
    STAGING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens a file of its owner alone to write at its end. A pipe is not waited for, neither for somebody who reads it nor, later on, for
/// the reader to keep up.
///
/// # Errors
/// A file that cannot be written; a pipe that nobody reads ([`is_unread`]).
pub fn open_private_to_append(path: &Path) -> io::Result<File> {
    file_names::refuse(path)?;
    let mut options = File::options();
    options.create(true).append(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
        options.mode(0o600);
        if path.metadata().is_ok_and(|file| file.file_type().is_fifo()) {
            options.create(false).custom_flags(libc::O_NONBLOCK);
        }
    }
    options.open(path).map_err(|error| explained(path, error))
}

/// Whether nobody reads the pipe that was to be written into.
pub fn is_unread(error: &io::Error) -> bool {
    #[cfg(unix)]
    const UNREAD: Option<i32> = Some(libc::ENXIO);
    #[cfg(not(unix))]
    const UNREAD: Option<i32> = None;
    UNREAD.is_some() && error.raw_os_error() == UNREAD
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

/// Whether a file can be read once only: standard input `-`, a pipe, or what a shell makes of `<(command)`.
pub fn is_read_once(path: &Path) -> bool {
    path.as_os_str() == "-"
        || cfg!(windows) && is_named_pipe(&path.to_string_lossy())
        || path.metadata().is_ok_and(|file| !file.is_file() && !file.is_dir())
}

/// Refuses what can be read once only, where a file is needed that can be read again.
///
/// # Errors
/// It is such a thing.
pub fn refuse_pipe(path: &Path) -> Result<()> {
    match is_read_once(path) {
        true => Err(Error::usage(message!("files.pipe", file = path.display())).hint(message!("files.pipe_hint"))),
        false => Ok(()),
    }
}

/// Refuses a named pipe of Windows, which does not say where what comes through it ends.
///
/// # Errors
/// It is one.
pub fn refuse_named_pipe(path: &Path) -> Result<()> {
    match cfg!(windows) && is_named_pipe(&path.to_string_lossy()) {
        true => refuse_pipe(path),
        false => Ok(()),
    }
}

/// Whether a path on Windows is that of a named pipe, of this machine or another one.
fn is_named_pipe(path: &str) -> bool {
    let path = path.replace('/', "\\").to_lowercase();
    let Some((_, behind)) = path.strip_prefix("\\\\").and_then(|rest| rest.split_once('\\')) else { return false };
    behind.starts_with("pipe\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_pipes_of_windows_are_known_by_their_paths() {
        for path in [r"\\.\pipe\rows", r"\\?\PIPE\rows", r"\\server\pipe\rows", "//./pipe/rows"] {
            assert!(is_named_pipe(path), "{path}");
        }
        for path in
            [r"C:\pipe\rows.csv", r"\\server\share\pipe\rows.csv", "pipe/rows.csv", "-", r"\\?\C:\pipe\rows.csv"]
        {
            assert!(!is_named_pipe(path), "{path}");
        }
    }

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
        assert!(whole(&path, Access::Usual, write("")).is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        whole(&path, Access::Usual, write("new")).unwrap();
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
    fn long_paths_of_windows_have_a_form_of_their_own() {
        let deep = "资料\\".repeat(100);
        assert_eq!(verbatim(&format!(r"C:\{deep}a.csv")), Some(format!(r"\\?\C:\{deep}a.csv")));
        assert_eq!(verbatim(&format!(r"\\server\{deep}a.csv")), Some(format!(r"\\?\UNC\server\{deep}a.csv")));
        assert_eq!(verbatim(&format!(r"\\?\C:\{deep}a.csv")), None);
        assert_eq!(verbatim(r"C:\资料\a.csv"), None);
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

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_what_is_no_file_is_written_through() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::os::unix::fs::symlink("there.csv", at("link.csv")).unwrap();
        std::os::unix::fs::symlink("link.csv", at("second.csv")).unwrap();
        std::os::unix::fs::symlink("circle.csv", at("circle.csv")).unwrap();
        let there = Destination::File(at("there.csv"));
        assert_eq!(Destination::of(&at("second.csv")).unwrap(), there);
        std::fs::write(at("there.csv"), "old").unwrap();
        let Destination::File(followed) = Destination::of(&at("second.csv")).unwrap() else { panic!("a file") };
        assert_eq!(followed, at("there.csv").canonicalize().unwrap());
        assert!(Destination::of(&at("circle.csv")).is_err());
        assert_eq!(Destination::of(Path::new("/dev/null")).unwrap(), Destination::Stream("/dev/null".into()));
        whole(&at("second.csv"), Access::Usual, |file| file.write_all(b"new").context(String::new)).unwrap();
        assert!(at("link.csv").is_symlink() && at("second.csv").is_symlink());
        assert_eq!(std::fs::read_to_string(at("there.csv")).unwrap(), "new");
        whole(Path::new("/dev/null"), Access::Usual, |file| file.write_all(b"new").context(String::new)).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_file_has_the_mode_of_the_one_it_replaces_unless_it_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        whole(&path, Access::Owner, |_| Ok(())).unwrap();
        assert_eq!(mode(), 0o600);
        for other in [0o640, 0o604] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(other)).unwrap();
            whole(&path, Access::Usual, |_| Ok(())).unwrap();
            assert_eq!(mode(), other);
        }
        std::fs::remove_file(&path).unwrap();
        whole(&path, Access::Usual, |_| Ok(())).unwrap();
        let usual = folder.path().join("usual");
        File::create(&usual).unwrap();
        assert_eq!(mode(), std::fs::metadata(&usual).unwrap().permissions().mode() & 0o777);
    }

    #[test]
    fn staging_goes_with_its_owner_and_when_all_is_discarded() {
        let folder = tempfile::tempdir().unwrap();
        let staging = StagingDirectory::new_in(folder.path()).unwrap();
        assert!(staging.path().exists());
        drop(staging);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_path_through_a_file_names_that_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine.csv");
        std::fs::write(&file, "x").unwrap();
        for kind in [ErrorKind::NotADirectory, ErrorKind::NotFound] {
            let error = explained(&file.join("runs").join("first"), kind.into());
            assert!(error.to_string().contains("mine.csv"), "{error}");
        }
        let other = explained(&folder.path().join("none").join("first"), ErrorKind::NotFound.into());
        assert_eq!(other.kind(), ErrorKind::NotFound);
        assert!(!other.to_string().contains("none"));
    }
}
