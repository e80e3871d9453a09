//! Which exports of an account were imported again: an older one than the last would change back what was changed since.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::store::About;
use crate::error::{Context, Result};
use crate::files::{self, Access, create_private_folder};

/// When the newest export of an entity was made of those that were imported, in milliseconds of Unix time; none when none was.
pub fn last_imported(folder: &Path, entity: &str) -> Option<i64> {
    read(folder).get(entity).copied()
}

/// Keeps that an export is imported.
///
/// # Errors
/// A full disk, a folder that cannot be written.
pub fn note_import(folder: &Path, about: &About) -> Result<()> {
    let mut imported = read(folder);
    let last = imported.entry(about.entity.clone()).or_insert(about.at);
    *last = about.at.max(*last);
    create_private_folder(folder)?;
    // Texts and numbers always serialise.
    let text = serde_json::to_vec(&imported).unwrap_or_default();
    let path = file(folder);
    files::whole(&path, Access::Owner, |file| file.write_all(&text).context(|| path.display().to_string()))
}

fn file(folder: &Path) -> PathBuf {
    folder.join("imported.json")
}

/// By entity; a file that cannot be understood says nothing.
fn read(folder: &Path) -> BTreeMap<String, i64> {
    std::fs::read(file(folder)).ok().and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default()
}
