//! Where runs lie, and what the index of them has to say.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::options::ImportOptions;
use crate::account::Account;
use crate::entity::Entity;
use crate::error::{Context, Result};
use crate::files;
use crate::journal::{RunIdentity, RunIndex};
use crate::message;
use crate::terminal::Printer;

/// Name of the folder that holds the folders of runs.
const RUNS: &str = "bw8-runs";

/// Folders in which runs may lie that the index does not know. The sandbox forgets its runs with its records.
pub(super) fn places(options: &ImportOptions<'_>, identity: &RunIdentity) -> Vec<PathBuf> {
    let parent = options.parent.as_ref().and_then(|parent| parent.folder.parent()).map(Path::to_owned);
    let mut places = run_places(&options.account, &identity.input_path, options.resume.runs_from.as_deref());
    places.extend(parent.filter(|_| !options.is_sandbox()));
    places.dedup();
    places
}

/// Folders in which runs may lie: `bw8-runs` here and beside an input, the input's own folder, and one that was named.
pub fn run_places(account: &Account, input: &Path, named: Option<&Path>) -> Vec<PathBuf> {
    if matches!(account, Account::Sandbox { .. }) {
        return Vec::new();
    }
    let absolute = |path: &Path| std::path::absolute(path).ok();
    let beside = absolute(input).and_then(|input| input.parent().map(Path::to_owned));
    let mut places = Vec::from_iter(absolute(Path::new(RUNS)));
    places.extend(beside.iter().map(|folder| folder.join(RUNS)));
    places.extend(beside);
    places.extend(named.and_then(absolute));
    places
}

/// Keeps commands that use another state folder from beginning in this folder meanwhile, until it is dropped.
pub(super) fn hold_here(options: &ImportOptions<'_>) -> Result<Option<std::fs::File>> {
    if options.is_sandbox() {
        return Ok(None);
    }
    let folder = Path::new(RUNS);
    let place = || folder.display().to_string();
    let begun = std::fs::create_dir_all(folder).and_then(|()| files::open_lock(&folder.join("begin.lock")));
    let file = match begun {
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            // Where nobody can write, nobody begins a run; one of another folder has no part in that.
            return match options.resume.folder {
                Some(_) => Ok(None),
                None => Err(error).context(place).map_err(|error| error.hint(message!("run.read_only_hint"))),
            };
        }
        // A file stands where the folder of the runs would be.
        Err(_) if folder.is_file() && options.resume.folder.is_some() => return Ok(None),
        Err(error) => {
            return Err(files::cannot_write(folder, error).and_hint(message!("journal.cannot_write_hint")));
        }
        Ok(begun) => begun,
    };
    files::lock(&file, &folder.join("begin.lock")).context(place)?;
    Ok(Some(file))
}

/// Says what there is to say of the index.
pub(super) fn tell_index(index: &mut RunIndex, printer: &Printer) {
    for word in index.take_words() {
        printer.warn(&word.to_string());
    }
}

/// Where the run is, or would be, that makes records of an entity which binds those of the run in `folder`.
pub(super) fn binding_folder(folder: &Path, entity: &Entity) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push(format!("-{}", entity.name));
    folder.with_file_name(name)
}

/// Whether an entity binds the records of another one.
pub(super) fn binds(entity: &Entity, records: &str) -> bool {
    entity.walk.as_ref().is_some_and(|walk| walk.entity == records)
}
