//! Where runs lie, and what the index of them has to say.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::options::ImportOptions;
use serde::Deserialize;
use uuid::Uuid;

use crate::account::{Account, SANDBOX};
use crate::entity::Entity;
use crate::error::{Context, Error, Result};
use crate::files;
use crate::journal::{Journal, RunIdentity, RunIndex};
use crate::message;
use crate::terminal::Printer;

/// Name of the folder that holds the folders of runs.
const RUNS: &str = "bw8-runs";
/// Name of a run's journal.
const JOURNAL: &str = "journal.db";

/// Folders in which runs may lie that the index does not know. The sandbox forgets its runs with its records.
///
/// # Errors
/// A folder that was named and holds no runs.
pub(super) fn places(options: &ImportOptions<'_>, identity: &RunIdentity) -> Result<Vec<PathBuf>> {
    let parent = options.parent.as_ref().and_then(|parent| parent.folder.parent()).map(Path::to_owned);
    let mut places = run_places(&options.account, &identity.input_path, options.resume.runs_from.as_deref())?;
    places.extend(parent.filter(|_| !options.is_sandbox()));
    places.dedup();
    Ok(places)
}

/// Folders in which runs may lie: `bw8-runs` here and beside an input, the input's own folder, and one that was named.
///
/// # Errors
/// What was named holds no runs.
pub fn run_places(account: &Account, input: &Path, named: Option<&Path>) -> Result<Vec<PathBuf>> {
    let named = named.map(named_places).transpose()?.unwrap_or_default();
    if matches!(account, Account::Sandbox { .. }) {
        return Ok(Vec::new());
    }
    let absolute = |path: &Path| std::path::absolute(path).ok();
    let beside = absolute(input).and_then(|input| input.parent().map(Path::to_owned));
    let mut places = Vec::from_iter(absolute(Path::new(RUNS)));
    places.extend(beside.iter().map(|folder| folder.join(RUNS)));
    places.extend(beside);
    places.extend(named);
    Ok(places)
}

/// Folders of runs for a person who looks at them: `bw8-runs` here, and what was named.
///
/// # Errors
/// What was named holds no runs.
pub fn places_here(named: Option<&Path>) -> Result<Vec<PathBuf>> {
    let mut places = named.map(named_places).transpose()?.unwrap_or_default();
    places.extend(std::path::absolute(RUNS));
    Ok(places)
}

/// The folders that hold the runs which a person means: those in a folder, in its `bw8-runs` or any other folder in it, one
/// run's own folder, or that of a journal.
fn named_places(named: &Path) -> Result<Vec<PathBuf>> {
    let place = std::path::absolute(named).context(|| named.display().to_string())?;
    let is_journal = place.is_file() && place.file_name().is_some_and(|name| name == JOURNAL);
    let place = if is_journal { files::folder_of(&place).to_owned() } else { place };
    if Journal::exists(&place) {
        return Ok(vec![place]);
    }
    let folders = |of: &Path| {
        let mut folders: Vec<PathBuf> =
            std::fs::read_dir(of).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
        folders.retain(|path| path.is_dir());
        folders.sort();
        folders
    };
    let holds_runs = |folder: &PathBuf| folders(folder).iter().any(|run| Journal::exists(run));
    let inside = folders(&place);
    let places: Vec<PathBuf> = std::iter::once(place).chain(inside).filter(holds_runs).collect();
    match places.is_empty() {
        true => Err(Error::usage(message!("accounts.no_runs", folder = named.display()))
            .hint(message!("accounts.no_runs_hint"))),
        false => Ok(places),
    }
}

/// What the summary of a run says that tells whether its journal is missed.
#[derive(Debug, Deserialize)]
struct LeftSummary {
    run: Uuid,
    account: String,
    rows: LeftRows,
}

#[derive(Debug, Deserialize)]
struct LeftRows {
    created: u64,
    unknown: u64,
}

/// Folders of runs whose journals are gone and which nothing else remembers, though their reports tell that they sent rows: what
/// these were nobody can know.
///
/// # Errors
/// A damaged index.
pub fn lost_runs(index: &RunIndex) -> Result<Vec<PathBuf>> {
    let mut lost = Vec::new();
    for place in index.places() {
        let inside = std::fs::read_dir(place).into_iter().flatten().flatten().map(|entry| entry.path());
        for folder in std::iter::once(place.clone()).chain(inside) {
            if let Some(run) = left_without_journal(&folder)
                && index.of_id(&run)?.is_none()
                && !lost.contains(&folder)
            {
                lost.push(folder);
            }
        }
    }
    lost.sort();
    Ok(lost)
}

/// Whether a folder holds the reports of a run that sent rows, and not its journal.
pub fn is_lost_run(folder: &Path) -> bool {
    left_without_journal(folder).is_some()
}

/// The run whose reports lie in a folder without its journal, when it sent rows to an account that made something new.
fn left_without_journal(folder: &Path) -> Option<Uuid> {
    if Journal::exists(folder) {
        return None;
    }
    let summary = std::fs::read(folder.join("summary.json")).ok()?;
    let LeftSummary { run, account, rows } = serde_json::from_slice(&summary).ok()?;
    (rows.created + rows.unknown > 0 && !account.starts_with(SANDBOX)).then_some(run)
}

/// Keeps commands that use another state folder from beginning in this folder meanwhile, until it is dropped.
pub(super) fn hold_here(options: &ImportOptions<'_>) -> Result<Option<std::fs::File>> {
    if options.is_sandbox() {
        return Ok(None);
    }
    let folder = Path::new(RUNS);
    let place = || folder.display().to_string();
    let begun = files::private_folders().create(folder).and_then(|()| files::open_lock(&folder.join("begin.lock")));
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
