//! What a person is helped with in a sheet of rows to fix: columns that stay in sight, lists to choose from, cells that are wrong.

/// How a sheet of rows is laid out for somebody who works in it. Formats without sheets leave it out.
#[derive(Debug, Clone, Default)]
pub struct Marking {
    /// Columns at the beginning that stay in sight.
    pub frozen: u16,
    /// Widths of columns whose texts are broken into lines.
    pub wrapped: Vec<(u16, f64)>,
    /// A text that is wider than a column gets is broken into lines in any column.
    pub wraps_long: bool,
    /// What can be chosen in a column.
    pub choices: Vec<(u16, Vec<String>)>,
    /// The first of the columns at the end that are for programs: they are folded away.
    pub technical: Option<u16>,
}

/// A cell that is wrong, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    /// Its column, from 0.
    pub column: usize,
    /// What is said beside it.
    pub note: String,
}
