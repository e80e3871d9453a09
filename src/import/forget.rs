//! Forgetting a run: what it keeps of persons goes, the memory of what was sent stays. Of that the journal holds hashes, ids
//! and counts, without which the same rows would be sent twice.

use std::path::{Path, PathBuf};

use super::cells;
use super::report::{REPORTS, failed_number};
use super::stdin::kept_input;
use crate::error::{Context, Result};
use crate::files::{self, is_temporary};
use crate::journal::{Journal, RunIdentity};

/// Names that begin so are the journal's.
const JOURNAL: &str = "journal.";

/// The files of a run that hold cells of its rows, or words about them.
#[derive(Debug)]
pub struct PersonalFiles {
    /// Those the run wrote.
    pub own: Vec<PathBuf>,
    /// Other files in its folder, which somebody else put there, and an input that another run needs.
    pub others: Vec<PathBuf>,
}

impl PersonalFiles {
    /// The files of the run in a folder, whose journal may be unreadable. Its standard input lies beside the runs and may be that of others, too:
    /// `is_needed` says so.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn of(
        folder: &Path,
        identity: Option<&RunIdentity>,
        is_needed: impl FnOnce(&Path) -> Result<bool>,
    ) -> Result<PersonalFiles> {
        let place = || folder.display().to_string();
        let mut files = PersonalFiles { own: Vec::new(), others: Vec::new() };
        let input = identity.and_then(kept_input);
        for entry in std::fs::read_dir(folder).context(place)? {
            let path = entry.context(place)?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_own = name == cells::FILE_NAME
                || REPORTS.contains(&&*name)
                || failed_number(&path).is_some()
                || is_temporary(&name)
                || input.as_ref() == Some(&path);
            if !name.starts_with(JOURNAL) && path.is_file() {
                if is_own { files.own.push(path) } else { files.others.push(path) }
            }
        }
        if let Some(input) = input.filter(|input| input.is_file() && !files.own.contains(input)) {
            if is_needed(&input)? { files.others.push(input) } else { files.own.push(input) }
        }
        files.own.sort();
        files.others.sort();
        Ok(files)
    }

    /// Gives up a run whose journal cannot be read: these files go, and the journal is put aside, so that nobody takes the
    /// folder for a run. What the index knows of it stays known.
    ///
    /// # Errors
    /// A file that cannot be removed or renamed.
    pub fn give_up(&self, folder: &Path) -> Result<()> {
        self.own.iter().try_for_each(|file| files::remove(file))?;
        Journal::put_aside(folder)
    }

    /// Forgets the run: these files go, and so do the words in its journal.
    ///
    /// # Errors
    /// Another process at work on the run, a file that cannot be removed, a journal that cannot be written.
    pub fn forget(&self, folder: &Path) -> Result<()> {
        let journal = Journal::open(folder)?;
        self.own.iter().try_for_each(|file| files::remove(file))?;
        journal.forget(jiff::Timestamp::now().as_millisecond())
    }
}
