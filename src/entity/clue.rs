//! What tells which record a reference means.

/// Stands for whatever a record is known by.
pub const ANY: &str = "any";

/// Stands for the id that a record has in another system.
pub const OLD_ID: &str = "old_id";

/// What a text tells of the record that a reference means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clue {
    /// The field that holds the reference.
    pub reference: String,
    /// The field of the record that the text is of, [`ANY`] or [`OLD_ID`].
    pub key: String,
}
