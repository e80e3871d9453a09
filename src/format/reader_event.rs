//! What travels from the thread that reads a file to the one that looks at its rows.

use super::row::Row;
use super::sheet::Sheet;
use crate::error::Error;

/// Rows that follow one another.
pub(super) type Batch = Vec<Row>;

/// What the reading thread says.
pub(super) enum ReaderEvent {
    /// It has opened the file.
    Opened(Sheet),
    /// The next rows.
    Rows(Batch),
    /// It could not go on.
    Failed(Error),
}
