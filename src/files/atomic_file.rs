//! Files that appear whole or not at all.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use super::destination::{Destination, take_over, write_through};
use super::explained::explained;
use super::long_path::long_path;
use super::names::folder_of;
use super::staging::{InTheMaking, TEMPORARY, in_the_making};
use crate::error::{Context, Result};
use crate::message;
use crate::t;

/// Who may read a file that is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Its owner alone: it belongs to a run.
    Owner,
    /// Whoever could read the file in whose place it comes, or any other file of the user.
    Usual,
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
        let mut staging = in_the_making();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

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
}
