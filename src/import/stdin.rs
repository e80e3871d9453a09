//! Standard input, or a pipe, as a file: it can be read once only, and a run reads its input several times and may have to go
//! on.

use std::io::{IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};

use crate::error::{Context, Error, Result};
use crate::files::{self, AtomicFile, StagingDirectory};
use crate::format;
use crate::journal::{JournalReader, RunIdentity};
use crate::message;
use crate::message::Message;
use crate::pipes;
use crate::waiting::Wait;

/// Keeps standard input, `-`, or a pipe in the run's folder when that is named, else beside the runs, under a name made of its content so
/// that the same rows given again are the same file. A run that has its input already needs none again, and refuses other
/// rows than its own: they would be passed over without a word.
///
/// # Errors
/// Standard input that ends in an error, holds nothing, or differs from what the run has; a folder that cannot be written.
pub fn keep(named: &Path, run: Option<&Path>) -> Result<PathBuf> {
    let is_standard = named.as_os_str() == "-";
    pipes::refuse_named_pipe(named)?;
    pipes::refuse_device(named)?;
    let folder = run.map_or_else(|| PathBuf::from("bw8-runs").join("stdin"), Path::to_owned);
    let kept = run.and_then(kept);
    if let Some(kept) = &kept
        && is_standard
        && std::io::stdin().is_terminal()
    {
        return Ok(kept.clone());
    }
    let place = || message!("csv.cannot_write", file = folder.display());
    files::private_folders().create(&folder).context(place)?;
    files::sweep(&folder);
    let mut file = AtomicFile::new_in(&folder).context(place)?;
    let (hash, head) = receive(named, &mut file, place)?;
    if let Some(kept) = kept {
        return match head.is_empty() || hash_of(&kept)? == hash {
            true => Ok(kept),
            false => Err(Error::usage(message!("import.stdin_changed", folder = folder.display()))
                .hint(message!("import.stdin_changed_hint"))),
        };
    }
    if head.is_empty() {
        return Err(empty(named));
    }
    let extension = format::of_first_bytes(&head).unwrap_or(&format::CSV).extension();
    let name = match run {
        Some(_) => format!("input.{extension}"),
        None => format!("{hash}.{extension}"),
    };
    let path = folder.join(name);
    file.replace(&path).context(place)?;
    Ok(path)
}

/// Keeps standard input or a pipe for as long as a command looks it over.
///
/// # Errors
/// Input that ends in an error or holds nothing; no temporary file can be made.
pub fn keep_for_now(named: &Path) -> Result<KeptForNow> {
    let place = files::no_temporary_file;
    pipes::refuse_named_pipe(named)?;
    pipes::refuse_device(named)?;
    let folder = StagingDirectory::new_in(&std::env::temp_dir()).context(place)?;
    let path = folder.path().join("input");
    let mut file = std::fs::File::create_new(&path).context(place)?;
    let (_, head) = receive(named, &mut file, place)?;
    match head.is_empty() {
        true => Err(empty(named)),
        false => Ok(KeptForNow { path, _folder: folder }),
    }
}

/// Standard input or a pipe, in a folder that goes when this is dropped.
#[derive(Debug)]
pub struct KeptForNow {
    path: PathBuf,
    _folder: StagingDirectory,
}

impl KeptForNow {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// How messages call standard input or a pipe.
fn shown(named: &Path) -> Message {
    match named.as_os_str() == "-" {
        true => message!("import.standard_input"),
        false => named.display().to_string().into(),
    }
}

fn empty(named: &Path) -> Error {
    Error::usage(message!("format.empty", file = shown(named))).hint(message!("import.stdin_empty_hint"))
}

/// How much has come is said so often.
const TOLD_EVERY: Duration = Duration::from_secs(5);

/// Writes standard input or a pipe to a file, and tells its hash and its first bytes.
fn receive(named: &Path, file: &mut impl Write, place: impl Fn() -> Message) -> Result<(String, Vec<u8>)> {
    let is_standard = named.as_os_str() == "-";
    // Whoever is to write to it may not have begun.
    let waiting =
        |why| Wait { why, until: None, ends: message!("waiting.other"), is_retry: false, is_urgent: true }.begin();
    let mut _waiting = waiting(message!("import.waiting_for_input", file = shown(named)));
    let mut source: Box<dyn Read> = match is_standard {
        true => Box::new(std::io::stdin().lock()),
        false => Box::new(std::fs::File::open(named).context(|| shown(named))?),
    };
    let mut hasher = Sha256::new();
    let mut head = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let (mut all, mut told) = (0, Instant::now());
    loop {
        let read = source.read(&mut buffer).context(|| shown(named))?;
        if read == 0 {
            break;
        }
        hasher.update(&buffer[..read]);
        all += read;
        if told.elapsed() >= TOLD_EVERY {
            told = Instant::now();
            _waiting = waiting(message!("import.reading_input", file = shown(named), megabytes = all / 1_000_000));
        }
        if head.len() < 4 {
            head.extend_from_slice(&buffer[..read.min(4)]);
        }
        file.write_all(&buffer[..read]).context(&place)?;
    }
    let hash = hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Ok((hash, head))
}

/// The hash of a kept input, made as that of standard input.
fn hash_of(file: &Path) -> Result<String> {
    let place = || file.display().to_string();
    let mut hasher = Sha256::new();
    let mut source = std::fs::File::open(file).context(place)?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match source.read(&mut buffer).context(place)? {
            0 => break,
            read => hasher.update(&buffer[..read]),
        }
    }
    Ok(hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect())
}

/// The file that standard input was kept in, when it was the input of this run. A path that was typed ends in the name of its
/// file; the words for standard input, in whatever language, do not.
pub(super) fn kept_input(identity: &RunIdentity) -> Option<PathBuf> {
    let name = identity.input_path.file_name()?.to_string_lossy();
    (!identity.input_shown.ends_with(&*name)).then(|| identity.input_path.clone())
}

/// The input of the run in a folder: kept there when the run was named at its beginning, else where its journal says.
fn kept(folder: &Path) -> Option<PathBuf> {
    let mut names = format::readable().map(|format| format!("input.{}", format.extension()));
    let here = names.find_map(|name| Some(folder.join(name)).filter(|path| path.exists()));
    here.or_else(|| {
        let past = JournalReader::open(folder).ok()?;
        Some(past.identity().input_path.clone()).filter(|path| path.exists())
    })
}
