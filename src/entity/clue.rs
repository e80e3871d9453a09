//! What tells which record a reference means.

/// Stands for whatever a record is known by.
pub const ANY: &str = "any";

/// What a text tells of the record that a reference means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clue {
    /// The field that holds the reference.
    pub reference: String,
    /// The field of the record that the text is of, or [`ANY`].
    pub key: String,
}
