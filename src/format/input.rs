//! Which file is read.

use std::path::PathBuf;

/// Which file to read, and what the user said of it.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// The file.
    pub path: PathBuf,
    /// How messages call it: the path as typed, or `standard input`.
    pub shown: String,
    /// Sheet to read, where the first one is not meant.
    pub sheet: Option<String>,
    /// Row of the header, from 1, where it is not the first row that is not blank.
    pub header_row: Option<u64>,
    /// Encoding of a text file, where detection is not wanted.
    pub encoding: Option<String>,
}
