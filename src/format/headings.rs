//! What headings are known: how a header row is told from a title above it, and a delimiter from a mark in a text. The
//! formats know no fields; whoever opens a file does, and lends this.

use std::fmt::Debug;

/// Knows the headings that columns of a file may have.
pub trait Headings: Debug + Send + Sync {
    /// The column that this heading names, as a number that is the same for all its names; none when it is not known.
    fn find(&self, heading: &str) -> Option<usize>;

    /// What the template's own example row may hold in this column, in either language; nothing when it is empty there.
    fn example(&self, known: usize) -> &[String];

    /// Whether a table of records is hardly without this column: what a record is called, or has to have.
    fn is_telling(&self, _known: usize) -> bool {
        false
    }

    /// The headings of the columns that only files of failed rows have, in which what became of a row stands, and why.
    fn status_and_reason(&self) -> [&'static str; 2];
}
