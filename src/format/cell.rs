//! One cell of a row that was read.

/// What a cell was in the file, beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CellKind {
    /// Text, or nothing.
    #[default]
    Text,
    /// A number; the text is its shortest exact form (`13000000001`, `1.5`, `1.38e+20`).
    Number,
    /// A date-time cell at midnight; the text is `2018-02-03`.
    Date,
    /// A date-time cell; the text is `2018-02-03 08:00:00`.
    DateTime,
    /// TRUE or FALSE.
    Bool,
    /// A formula that ended in an error; the text is `#N/A` and its like.
    Error,
}

/// One cell of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a> {
    /// Its text, as the user wrote it.
    pub text: &'a str,
    /// What it was in the file.
    pub kind: CellKind,
}
