//! Which run a user means.

use std::path::{Path, PathBuf};

use super::known::{gone, listed};
use crate::error::{Context, Error, Result};
use crate::import::is_lost_run;
use crate::journal::{IndexedRun, Journal, RunIndex};
use crate::message;
use crate::terminal::quoted_path;

/// The run a user means.
pub(super) enum MeantRun {
    /// Its journal is in this folder.
    There(PathBuf),
    /// Its journal is gone; the index knows it still.
    Gone(Box<IndexedRun>),
    /// Its journal is gone, and nothing but the reports in this folder tells of it.
    Lost(PathBuf),
}

/// The folder of the run a user means.
pub(in crate::command) fn find(indexes: &[RunIndex], path: &Path) -> Result<PathBuf> {
    match find_meant(indexes, path)? {
        MeantRun::There(folder) => Ok(folder),
        MeantRun::Gone(run) => Err(gone_error(&run)),
        MeantRun::Lost(folder) => Err(lost_error(&folder)),
    }
}

pub(super) fn lost_error(folder: &Path) -> Error {
    let folder = quoted_path(folder);
    Error::usage(message!("memory.lost_journal", folder = folder))
        .hint(message!("memory.lost_journal_hint", folder = folder))
}

/// Why the folder of a run cannot be used whose journal is gone; none where no run was in it.
pub(in crate::command) fn why_gone(indexes: &[RunIndex], folder: &Path) -> Result<Option<Error>> {
    let folder = std::path::absolute(folder).context(|| folder.display().to_string())?;
    Ok(listed(indexes)?.iter().find(|run| run.folder == folder && !run.is_there).map(gone_error))
}

fn gone_error(run: &IndexedRun) -> Error {
    let folder = quoted_path(&run.folder);
    Error::usage(message!("runs.is_gone", what = gone(run), folder = folder))
        .hint(message!("runs.is_gone_hint", folder = folder))
}

pub(super) fn find_meant(indexes: &[RunIndex], path: &Path) -> Result<MeantRun> {
    let named = path.to_string_lossy();
    let absolute = std::path::absolute(path).context(|| named.clone().into_owned())?;
    if Journal::exists(path) {
        return Ok(MeantRun::There(absolute));
    }
    let runs = listed(indexes)?;
    let (there, gone): (Vec<_>, Vec<_>) = runs.iter().filter(|run| run.is_called(path)).partition(|run| run.is_there);
    match (there.as_slice(), gone.as_slice()) {
        ([run], _) => Ok(MeantRun::There(run.folder.clone())),
        ([], [run]) => Ok(MeantRun::Gone(Box::new((*run).clone()))),
        ([], []) if is_lost_run(&absolute) => Ok(MeantRun::Lost(absolute)),
        ([], []) => Err(Error::usage(message!("runs.unknown", run = named)).hint(message!("journal.none_hint"))),
        _ => Err(Error::usage(message!("runs.several", run = named)).hint(message!("runs.several_hint"))),
    }
}
