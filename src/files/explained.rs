//! What is said of files that cannot be made, written or removed.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::names::short_path;
use crate::error::{Error, Result};
use crate::message;
use crate::message::{Message, SystemWords};

/// What is said of a temporary file without a name that cannot be made, read or written.
pub fn no_temporary_file() -> Message {
    message!("import.no_temporary_file", folder = std::env::temp_dir().display())
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

#[cfg(test)]
mod tests {
    use super::*;

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
