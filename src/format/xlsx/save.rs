//! Puts a workbook on the disk.

use std::path::Path;

use rust_xlsxwriter::Workbook;

use super::error::cannot_write;
use crate::error::Result;
use crate::files::{Access, AtomicFile};

/// Saves a workbook, which appears under its name when it is whole.
///
/// # Errors
/// A full disk, a folder that cannot be written, a target that another program holds.
pub fn save(workbook: &mut Workbook, path: &Path, access: Access) -> Result<()> {
    let mut file = AtomicFile::beside(path, access).map_err(|error| cannot_write(path, &error))?;
    workbook.save_to_writer(&mut file).map_err(|error| cannot_write(path, &error))?;
    file.replace(path).map_err(|error| cannot_write(path, &error))
}
