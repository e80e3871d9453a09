//! Puts whole files in place: under the names that were meant, beside them where another program has them open, through a
//! device or pipe, or onto standard output.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::output::{Output, manifest_beside};
use super::stage::StagedFile;
use crate::error::{Context, Error, Result};
use crate::files::{Destination, folder_of, free_name_beside, take_over, write_through};
use crate::message;
use crate::refresh::Refresher;
use crate::t;

/// Where the files of an export ended up.
#[derive(Debug, Default)]
pub(super) struct Published {
    /// Their paths; `-` is standard output.
    pub files: Vec<String>,
    /// The file that what proves them stands beside; none when there is no file.
    pub first: Option<PathBuf>,
    /// What proves them; none for standard output, devices and pipes.
    pub sums: Vec<FileSum>,
    /// What the user should know.
    pub warnings: Vec<String>,
    /// The reader of a pipe left before all was written.
    pub is_cut: bool,
}

/// What proves a file.
#[derive(Debug, Clone, Serialize)]
pub(super) struct FileSum {
    /// Its name, beside the manifest.
    pub name: String,
    /// Rows below the header.
    pub rows: u64,
    /// Sheets the rows took.
    pub sheets: usize,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: String,
}

/// Puts all files in place.
///
/// # Errors
/// No name can be taken, standard output cannot be written.
pub(super) fn publish(staged: &[StagedFile], output: &Output, refresher: Refresher<'_>) -> Result<Published> {
    refuse_folders(staged, output)?;
    let mut published = Published::default();
    for file in staged {
        if file.written.cut > 0 {
            published.warnings.push(message!("export.cut", cells = file.written.cut).to_string());
        }
        let Some(target) = output.file_of(&file.suffix) else {
            published.is_cut |= !print(&file.path)?;
            published.files.push("-".to_owned());
            continue;
        };
        let cannot_write = || message!("export.cannot_write", file = target.display());
        let place = match Destination::of(&target).context(cannot_write)? {
            Destination::File(place) => place,
            Destination::Stream(stream) => {
                published.is_cut |= !pour(&file.path, stream, refresher)?;
                published.files.push(target.display().to_string());
                continue;
            }
        };
        let (sha256, bytes) = checksum(&file.path)?;
        let PublishedFile { path, is_beside } = put_in_place(&file.path, &target, &place)?;
        if is_beside {
            let beside = t!("export.beside", file = target.display(), beside = path.display());
            published.warnings.push(beside.into_owned());
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        published.sums.push(FileSum { name, rows: file.rows, sheets: file.written.sheets, bytes, sha256 });
        published.files.push(path.display().to_string());
        published.first = published.first.or(Some(path));
    }
    Ok(published)
}

/// Refuses names that folders have, of the files and of what proves them, before the first file is in place: whoever is told that the
/// export failed has the older one.
fn refuse_folders(staged: &[StagedFile], output: &Output) -> Result<()> {
    let targets: Vec<PathBuf> = staged.iter().filter_map(|file| output.file_of(&file.suffix)).collect();
    let manifest = targets.first().map(|first| manifest_beside(first));
    match targets.iter().chain(&manifest).find(|file| file.is_dir()) {
        Some(folder) => Err(Error::cannot_run(message!("export.is_folder", file = folder.display()))
            .hint(message!("export.is_folder_hint"))),
        None => Ok(()),
    }
}

/// Where a whole file ended up.
#[derive(Debug)]
struct PublishedFile {
    path: PathBuf,
    /// Its name is taken by a program that has it open, so it stands beside.
    is_beside: bool,
}

/// Puts a whole file in place, which is where the links of `target` lead to. When it is open in a spreadsheet program, beside
/// it.
fn put_in_place(whole: &Path, target: &Path, place: &Path) -> Result<PublishedFile> {
    let cannot_write = |file: &Path| message!("export.cannot_write", file = file.display());
    if let Ok(old) = std::fs::metadata(place) {
        take_over(whole, &old).context(|| cannot_write(target))?;
    }
    if !is_open_elsewhere(target) && !is_open_elsewhere(place) {
        match std::fs::rename(whole, place) {
            // Where a file is open the system may refuse to replace it.
            Err(_) if target.exists() => {}
            renamed => {
                renamed.context(|| cannot_write(target))?;
                return Ok(PublishedFile { path: target.to_owned(), is_beside: false });
            }
        }
    }
    let beside = free_name_beside(place)?;
    std::fs::rename(whole, &beside).context(|| cannot_write(&beside))?;
    Ok(PublishedFile { path: beside, is_beside: true })
}

/// Excel and WPS put an owner file beside a workbook they have open; to replace it then would let the user's next "save"
/// undo the export.
fn is_open_elsewhere(target: &Path) -> bool {
    let Some(name) = target.file_name() else {
        return false;
    };
    let owner = folder_of(target).join(format!("~${}", name.to_string_lossy()));
    target.exists() && owner.exists()
}

/// How often it is seen whether the user stops while nobody reads a pipe.
const PAUSE: Duration = Duration::from_millis(100);

/// Writes a whole file through a device or pipe. Nobody may be there to read a pipe, so that it is done on a thread which is
/// left alone when the user stops.
fn pour(whole: &Path, stream: PathBuf, refresher: Refresher<'_>) -> Result<bool> {
    let cannot_write = || message!("export.cannot_write", file = stream.display());
    let mut file = std::fs::File::open(whole).context(cannot_write)?;
    let (sender, receiver) = mpsc::channel();
    let place = stream.clone();
    std::thread::spawn(move || {
        // Whoever has stopped does not listen any more.
        let _ = sender.send(write_through(&mut file, &place));
    });
    let mut is_told = false;
    loop {
        match receiver.recv_timeout(PAUSE) {
            Ok(written) => return written.context(cannot_write),
            Err(_) => refresher.stop.check()?,
        }
        if !std::mem::replace(&mut is_told, true) {
            refresher.progress.say(&t!("export.waiting_for_reader", file = stream.display()));
        }
    }
}

/// Copies a whole file to standard output. A pipe that is closed early ends it without a fuss: its reader had enough. Tells
/// whether all was written.
fn print(whole: &Path) -> Result<bool> {
    let cannot_write = || message!("export.cannot_write", file = "-");
    let mut file = std::fs::File::open(whole).context(cannot_write)?;
    let mut out = std::io::stdout().lock();
    match std::io::copy(&mut file, &mut out).and_then(|_| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        result => result.context(cannot_write).map(|()| true),
    }
}

/// The SHA-256 of a file, and how long it is. It is read once more for it: the writer of workbooks goes back in the file
/// to fill in sizes, so what it writes cannot be hashed on its way.
fn checksum(file: &Path) -> Result<(String, u64)> {
    let unreadable = || message!("format.unreadable", file = file.display(), why = "");
    let mut hasher = Sha256::new();
    let mut source = std::fs::File::open(file).context(unreadable)?;
    let length = std::io::copy(&mut source, &mut HashWriter(&mut hasher)).context(unreadable)?;
    Ok((hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect(), length))
}

struct HashWriter<'a>(&'a mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_workbook_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let (whole, target) = (folder.path().join("whole"), folder.path().join("weekly.xlsx"));
        std::fs::write(&target, "old").unwrap();
        std::fs::write(folder.path().join("~$weekly.xlsx"), "").unwrap();
        std::fs::write(&whole, "new").unwrap();
        let published = put_in_place(&whole, &target, &target).unwrap();
        assert!(published.is_beside);
        assert_eq!(published.path, folder.path().join("weekly-2.xlsx"));
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "old");
        assert_eq!(std::fs::read_to_string(&published.path).unwrap(), "new");
    }

    #[test]
    fn a_file_takes_the_place_of_an_older_one() {
        let folder = tempfile::tempdir().unwrap();
        let (whole, target) = (folder.path().join("whole"), folder.path().join("weekly.csv"));
        std::fs::write(&target, "old").unwrap();
        std::fs::write(&whole, "new").unwrap();
        assert!(!put_in_place(&whole, &target, &target).unwrap().is_beside);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "new");
    }
}
