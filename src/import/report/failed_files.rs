//! Where files of failed rows stand, which of them a person changed, and which of them is meant by a run's folder.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::{Context, Error, Result};
use crate::files::{self, short_path};
use crate::format::{self, FileFormat, XLSX};
use crate::journal::{Journal, JournalReader};
use crate::message;

/// Under which a journal keeps what was written: in the input's format, and as a workbook where that is another one.
const NOTES: [&str; 2] = ["failed", "failed_book"];

/// The files of failed rows of a run.
#[derive(Debug, Default)]
pub(super) struct FailedFiles {
    /// In the input's format.
    pub own: Option<PathBuf>,
    /// The workbook, where the input is none.
    pub book: Option<PathBuf>,
}

impl FailedFiles {
    /// No row failed: files of failed rows that nobody touched go.
    ///
    /// # Errors
    /// A file that cannot be removed.
    pub(super) fn clear(journal: &Journal) -> Result<FailedFiles> {
        for note in NOTES {
            if let Some(path) = ours(journal, note)? {
                files::remove(&path)?;
            }
        }
        Ok(FailedFiles::default())
    }

    /// Remembers what was written, to know later whether a person changed it.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn remember(journal: &Journal, note: &str, path: &Path) -> Result<()> {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let written = hash(path).context(|| path.display().to_string())?;
        journal.set_note(note, &format!("{written} {name}"))
    }
}

/// The file of failed rows that this run wrote, when nobody changed it since.
fn ours(journal: &Journal, note: &str) -> Result<Option<PathBuf>> {
    Ok(journal.note(note)?.and_then(|note| unchanged(journal.folder(), &note)))
}

/// The file that a note tells of, when it is as it was written.
fn unchanged(folder: &Path, note: &str) -> Option<PathBuf> {
    let (written, name) = note.split_once(' ')?;
    let path = folder.join(name);
    hash(&path).is_ok_and(|hash| hash == written).then_some(path)
}

/// `failed.xlsx`, or `failed-2.xlsx` and so on when a person changed that one or another program holds it.
///
/// # Errors
/// None of so many names is free.
pub(super) fn free_name(journal: &Journal, format: &FileFormat, note: &str) -> Result<PathBuf> {
    let extension = format.extension();
    if let Some(path) = ours(journal, note)?.filter(|path| path.extension().is_some_and(|had| had == extension))
        && is_replaceable(&path)
    {
        return Ok(path);
    }
    let folder = journal.folder();
    let names = std::iter::once(format!("failed.{extension}"))
        .chain((2..10_000).map(|number| format!("failed-{number}.{extension}")));
    names
        .map(|name| folder.join(name))
        .find(|path| !path.exists())
        .ok_or_else(|| Error::cannot_run(message!("csv.cannot_write", file = folder.join("failed").display())))
}

/// The file of failed rows that is meant by a run's folder: the newest, and of a workbook and a text file the one that a
/// person changed. None when there is none.
///
/// # Errors
/// Both were changed, or only one that is older than the newest: nobody knows which is meant.
pub fn file_to_retry(past: &JournalReader) -> Result<Option<PathBuf>> {
    let folder = past.folder();
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let (mut books, mut texts) = (Vec::new(), Vec::new());
    for path in entries.filter(|path| path.is_file()) {
        let Some(number) = failed_number(&path) else { continue };
        let is_book = path.extension().is_some_and(|extension| extension == XLSX.extension());
        if is_book { books.push((number, path)) } else { texts.push((number, path)) }
    }
    let mut written = Vec::new();
    for note in NOTES {
        written.extend(past.note(note)?.and_then(|note| unchanged(folder, &note)));
    }
    books.sort_unstable();
    texts.sort_unstable();
    let newest: Vec<PathBuf> = [books.pop(), texts.pop()].into_iter().flatten().map(|(_, path)| path).collect();
    let changed: Vec<&PathBuf> = newest.iter().filter(|path| !written.contains(path)).collect();
    // There is an older one only where somebody had changed it before another was written.
    let older = books.iter().chain(&texts).map(|(_, path)| path).next_back();
    let why = match (changed.as_slice(), newest.last(), older) {
        (_, None, _) => return Ok(None),
        ([one], ..) => return Ok(Some((*one).clone())),
        ([], Some(last), None) => return Ok(Some(last.clone())),
        ([], Some(last), Some(older)) => {
            message!("retry.older_changed", older = short_path(older).display(), newest = short_path(last).display())
        }
        ([book, text, ..], ..) => {
            message!("retry.two_changed", book = short_path(book).display(), text = short_path(text).display())
        }
    };
    Err(Error::usage(why).hint(message!("retry.two_changed_hint")))
}

/// The number of a file of failed rows: 1 for `failed.xlsx`, 2 for `failed-2.xlsx`; none for any other file.
pub fn failed_number(path: &Path) -> Option<u32> {
    format::of_extension(path.extension()?.to_str()?).filter(|format| format.is_readable())?;
    match path.file_stem()?.to_str()?.strip_prefix("failed")? {
        "" => Some(1),
        rest => rest.strip_prefix('-')?.parse().ok(),
    }
}

/// Whether a file can be written over: Excel and WPS hold an open one on Windows.
fn is_replaceable(path: &Path) -> bool {
    std::fs::OpenOptions::new().write(true).open(path).is_ok()
}

/// The hash of a file, which may be large.
fn hash(path: &Path) -> std::io::Result<String> {
    let mut file = BufReader::with_capacity(64 * 1024, File::open(path)?);
    let mut hasher = Sha256::new();
    loop {
        let bytes = file.fill_buf()?;
        if bytes.is_empty() {
            break;
        }
        hasher.update(bytes);
        let read = bytes.len();
        file.consume(read);
    }
    Ok(hasher.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect())
}
