//! What is named where a file is wanted, and is none: standard input and pipes, which can be read once only, and devices, whose
//! content need not have an end.

use std::path::Path;

use crate::error::{Error, Result};
use crate::file_names;
use crate::message;

/// Whether a file can be read once only: standard input `-`, a pipe, or what a shell makes of `<(command)`.
pub fn is_read_once(path: &Path) -> bool {
    path.as_os_str() == "-"
        || cfg!(windows) && (is_named_pipe(&path.to_string_lossy()) || file_names::is_device(path))
        || path.metadata().is_ok_and(|file| !file.is_file() && !file.is_dir())
}

/// Refuses what can be read once only, where a file is needed that can be read again.
///
/// # Errors
/// It is such a thing.
pub fn refuse_pipe(path: &Path) -> Result<()> {
    refuse_device(path)?;
    match is_read_once(path) {
        true => Err(Error::usage(message!("files.pipe", file = path.display())).hint(message!("files.pipe_hint"))),
        false => Ok(()),
    }
}

/// Refuses a named pipe of Windows, which does not say where what comes through it ends.
///
/// # Errors
/// It is one.
pub fn refuse_named_pipe(path: &Path) -> Result<()> {
    match cfg!(windows) && is_named_pipe(&path.to_string_lossy()) {
        true => refuse_pipe(path),
        false => Ok(()),
    }
}

/// Refuses a device, which may be read for ever. A terminal that is standard input has an end, and so has the device in which there
/// is nothing.
///
/// # Errors
/// It is one.
pub fn refuse_device(path: &Path) -> Result<()> {
    if !is_device(path) {
        return Ok(());
    }
    let shown = match path.as_os_str() == "-" {
        true => message!("import.standard_input"),
        false => path.display().to_string().into(),
    };
    Err(Error::usage(message!("files.device", file = shown)).hint(message!("files.device_hint")))
}

#[cfg(unix)]
fn is_device(path: &Path) -> bool {
    use std::io::IsTerminal;
    use std::os::fd::AsFd;
    use std::os::unix::fs::{FileTypeExt, MetadataExt};
    let standard = std::io::stdin().as_fd().try_clone_to_owned().map(std::fs::File::from);
    let standard = standard.and_then(|file| file.metadata()).ok();
    let is_standard = path.as_os_str() == "-";
    let Some(about) = (if is_standard { standard.clone() } else { path.metadata().ok() }) else { return false };
    let kind = about.file_type();
    if kind.is_char_device() {
        let is_same = |other: Option<std::fs::Metadata>| other.is_some_and(|other| other.rdev() == about.rdev());
        let is_typed = is_same(standard) && std::io::stdin().is_terminal();
        return !is_typed && !is_same(Path::new("/dev/null").metadata().ok());
    }
    // Another program may have given one as standard input, where it is read as a pipe is.
    kind.is_block_device() || kind.is_socket() && !is_standard
}

#[cfg(not(unix))]
fn is_device(path: &Path) -> bool {
    cfg!(windows) && file_names::is_device(path)
}

/// Whether a path on Windows is that of a named pipe, of this machine or another one.
fn is_named_pipe(path: &str) -> bool {
    let path = path.replace('/', "\\").to_lowercase();
    let Some((_, behind)) = path.strip_prefix("\\\\").and_then(|rest| rest.split_once('\\')) else { return false };
    behind.starts_with("pipe\\")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_pipes_of_windows_are_known_by_their_paths() {
        for path in [r"\\.\pipe\rows", r"\\?\PIPE\rows", r"\\server\pipe\rows", "//./pipe/rows"] {
            assert!(is_named_pipe(path), "{path}");
        }
        for path in
            [r"C:\pipe\rows.csv", r"\\server\share\pipe\rows.csv", "pipe/rows.csv", "-", r"\\?\C:\pipe\rows.csv"]
        {
            assert!(!is_named_pipe(path), "{path}");
        }
    }
}
