//! What proves an export: counts, questions, checksums, warnings, in a small JSON file beside it.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::error::{Context, Result};
use crate::message;
use crate::refresh::Report;

/// Version of the manifest.
pub const VERSION: u32 = 1;

/// What was exported, and how it is known to be all.
#[derive(Debug, Serialize)]
pub struct Manifest {
    /// Version of this shape.
    pub version: u32,
    /// The entity.
    pub entity: String,
    /// The program that wrote it.
    pub program: String,
    /// When, in the service's time zone.
    pub exported: String,
    /// The host and the account.
    pub account: String,
    /// The filters as typed.
    pub filter: Vec<String>,
    /// Everything asked for is in the files.
    pub complete: bool,
    /// Records written.
    pub records: u64,
    /// The service's total of what was asked for.
    pub server_count: Option<u64>,
    /// Deleted records that were left out.
    pub deleted_left_out: u64,
    /// What was asked and what came.
    pub windows: Vec<Report>,
    /// The files.
    pub files: Vec<FileSum>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// One file.
#[derive(Debug, Clone, Serialize)]
pub struct FileSum {
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

/// `weekly.xlsx` has `weekly.manifest.json`.
pub fn path_of(file: &Path) -> PathBuf {
    file.with_extension("manifest.json")
}

impl Manifest {
    /// Writes it whole or not at all.
    ///
    /// # Errors
    /// A full disk.
    pub fn write(&self, path: &Path) -> Result<()> {
        let place = || message!("export.cannot_write", file = path.display());
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).context(place)?;
        serde_json::to_writer_pretty(&mut file, self).context(place)?;
        file.as_file().sync_all().context(place)?;
        file.persist(path).map_err(|error| error.error).context(place)?;
        Ok(())
    }
}
