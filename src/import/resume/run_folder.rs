//! The folder of a new run.

use std::path::{Path, PathBuf};

use crate::error::{Context, Error, Result};
use crate::files::{create_private_folder, cut_name};
use crate::journal::{Parent, RunIdentity};
use crate::message;

/// Makes a folder that was named.
pub(super) fn made(folder: &Path) -> Result<PathBuf> {
    create_private_folder(folder).map_err(elsewhere)?;
    Ok(folder.to_owned())
}

/// A run's folder that cannot be made may be another one.
fn elsewhere(error: Error) -> Error {
    error.and_hint(message!("journal.cannot_write_hint"))
}

/// `bw8-runs/<date>-<account>-<entity>-<input name>`, or the same with a number when that is taken.
pub(super) fn free_folder(identity: &RunIdentity, account: &str) -> Result<PathBuf> {
    let date = jiff::ZonedDateTime::now().date();
    let stem = identity.input_path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = match &identity.parent {
        Some(Parent { folder, .. }) => {
            let parent = folder.file_name().map(|name| name.to_string_lossy().into_owned());
            format!("{}-retry", portable(&parent.unwrap_or_default()))
        }
        None => portable(&format!("{date}-{account}-{}-{}", identity.entity, stem.unwrap_or_default())),
    };
    let base = PathBuf::from("bw8-runs").join(&name);
    for number in 1..10_000u32 {
        let folder = match number {
            1 => base.clone(),
            _ => base.with_file_name(format!("{}-{number}", base.file_name().unwrap_or_default().to_string_lossy())),
        };
        if !folder.exists() {
            create_private_folder(&folder).map_err(elsewhere)?;
            return std::path::absolute(&folder).context(|| folder.display().to_string());
        }
    }
    Err(Error::cannot_run(message!("resume.no_folder", folder = base.display())))
}

/// A file name that every system takes and that has room for an ending: reserved characters and control characters become
/// `_`.
fn portable(name: &str) -> String {
    // For `-retry`, `-9999`, and what a shell or a backup puts behind it.
    const ROOM: usize = 55;
    let is_reserved = |c: char| c.is_control() || "<>:\"/\\|?*\u{fffd}".contains(c);
    let safe: String = name.chars().map(|c| if is_reserved(c) { '_' } else { c }).take(120).collect();
    cut_name(&safe, ROOM).trim_end_matches(['.', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_are_portable() {
        assert_eq!(
            portable("2026-01-05-127.0.0.1:8808-customers-客户 名单."),
            "2026-01-05-127.0.0.1_8808-customers-客户 名单"
        );
        assert_eq!(portable("a/b\\c\u{7}"), "a_b_c_");
    }
}
