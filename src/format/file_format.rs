//! What is known of one format: an entry of the table in `formats.rs`.

use std::path::Path;

use super::input::Input;
use super::reader::Reader;
use super::write_options::WriteOptions;
use super::writer::Writer;
use crate::error::Result;

/// Opens a file and reads its header; the rows follow.
pub(super) type Open = fn(&Input) -> Result<Reader>;
/// Begins a file that will stand at a path.
pub(super) type Create = fn(&Path, &WriteOptions<'_>) -> Result<Box<dyn Writer>>;

/// A format that rows are written in, and that they may be read from.
#[derive(Debug)]
pub struct FileFormat {
    /// Its name on the command line.
    pub name: &'static str,
    /// Extensions of files that are written in it, the usual one first.
    pub extensions: &'static [&'static str],
    /// Further extensions of files that are read as it.
    pub read_extensions: &'static [&'static str],
    /// Extensions of its relatives, which are not read: a file with one promises to be no plain text.
    pub related_extensions: &'static [&'static str],
    /// What its files begin with, one or the other; none when they are plain text.
    pub signatures: &'static [&'static [u8]],
    /// Whether numbers, dates and texts stay apart in it.
    pub keeps_types: bool,
    /// Whether it has sheets, which have names and may be summed up by one of their own.
    pub has_sheets: bool,
    /// Whether it is made for programs, which want the interface's names and values rather than labels.
    pub is_for_programs: bool,
    /// Opens a file of it; none when it is only written.
    pub open: Option<Open>,
    /// Begins a file of it.
    pub create: Create,
}

impl FileFormat {
    /// The extension its files usually have.
    pub fn extension(&self) -> &'static str {
        self.extensions.first().copied().unwrap_or(self.name)
    }

    /// Whether files can be read as it.
    pub fn is_readable(&self) -> bool {
        self.open.is_some()
    }

    /// Extensions of files that are read as it.
    pub fn readable_extensions(&self) -> impl Iterator<Item = &'static str> {
        self.extensions.iter().chain(self.read_extensions).copied()
    }

    /// Whether the extension of a file, in any case, promises this format or a relative of it.
    pub fn is_promised_by(&self, extension: &str) -> bool {
        self.readable_extensions()
            .chain(self.related_extensions.iter().copied())
            .any(|known| known.eq_ignore_ascii_case(extension))
    }

    /// Begins a file that will stand at `path`.
    ///
    /// # Errors
    /// A folder that cannot be written, more columns than the format has.
    pub fn create(&self, path: &Path, options: &WriteOptions<'_>) -> Result<Box<dyn Writer>> {
        (self.create)(path, options)
    }
}

impl PartialEq for FileFormat {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for FileFormat {}
