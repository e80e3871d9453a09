//! Which file is read.

use std::path::PathBuf;
use std::sync::Arc;

use super::headings::Headings;

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
    /// Whether cells that are merged downwards take the value of their first one.
    pub fill_merged: bool,
    /// The headings that are known; none when a file is read for something else than its fields.
    pub headings: Option<Arc<dyn Headings>>,
}

impl Input {
    /// How many different known columns these cells name: what makes them a header row. None are, when no headings are known.
    pub fn named_columns<'a>(&self, cells: impl IntoIterator<Item = &'a str>) -> usize {
        let Some(headings) = &self.headings else { return 0 };
        let mut known: Vec<usize> = cells.into_iter().filter_map(|cell| headings.find(cell)).collect();
        known.sort_unstable();
        known.dedup();
        known.len()
    }
}
