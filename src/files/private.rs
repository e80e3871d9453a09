//! Files and folders of their owner alone.

use std::fs::File;
use std::io;
use std::path::Path;

use super::explained::{cannot_write, explained};
use crate::error::Result;
use crate::file_names;

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
