//! Names and places of files: short, free, and with another ending.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::message;

/// The folder a file lies in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A path as short as the working folder allows.
pub fn short_path(path: &Path) -> &Path {
    match std::env::current_dir() {
        Ok(here) => path.strip_prefix(&here).unwrap_or(path),
        Err(_) => path,
    }
}

/// The first of `name-2.xlsx`, `name-3.xlsx` … that is not taken; `name.xlsx` itself is not looked at.
///
/// # Errors
/// None of a thousand is free.
pub fn free_name_beside(path: &Path) -> Result<PathBuf> {
    (2..1000)
        .map(|number| numbered(path, number))
        .find(|path| !path.exists())
        .ok_or_else(|| Error::cannot_run(message!("csv.cannot_write", file = path.display())))
}

/// `weekly.xlsx` becomes `weekly-2.xlsx`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

/// Most bytes of a file's name; a Chinese character takes three of them.
const LONGEST_NAME: usize = 255;

/// A name, cut between characters where it would leave less than so many bytes for what is put behind it.
pub fn cut_name(name: &str, room: usize) -> &str {
    &name[..name.floor_char_boundary(LONGEST_NAME.saturating_sub(room))]
}

/// The name of a file with another ending in the place of its extension.
pub fn name_with_ending(path: &Path, ending: &str) -> OsString {
    let stem = path.file_stem().unwrap_or_default();
    let mut name = stem.to_str().map_or(stem, |stem| OsStr::new(cut_name(stem, ending.len()))).to_owned();
    name.push(ending);
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_before_the_extension() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weekly.xlsx");
        std::fs::write(folder.path().join("weekly-2.xlsx"), "").unwrap();
        assert_eq!(free_name_beside(&path).unwrap(), folder.path().join("weekly-3.xlsx"));
    }

    #[test]
    fn long_names_are_cut_between_characters_and_leave_room() {
        let name = name_with_ending(Path::new(&format!("{}.csv", "名".repeat(83))), ".issues.csv");
        assert_eq!(name.to_str().unwrap(), format!("{}.issues.csv", "名".repeat(81)));
        assert_eq!(name_with_ending(Path::new("a/b.c.csv"), ".issues.csv"), "b.c.issues.csv");
    }
}
