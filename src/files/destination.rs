//! Where what is written to a path goes: into a file, or through a device or pipe.

use std::fs::Metadata;
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use super::explained::explained;
use super::names::folder_of;
use crate::file_names;

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
