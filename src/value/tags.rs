//! The tags of a record, which the service keeps as one text.

/// The tags of a record's tag text.
pub fn tags(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty())
}
