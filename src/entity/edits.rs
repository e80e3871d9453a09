//! Rows that change the tags of other records.

use serde::{Deserialize, Serialize};

/// Rows that change the tag text of a record of another entity. Each value names a field of this entity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edits {
    /// Which entity the record is of.
    pub entity: String,
    /// The record's id.
    pub record: String,
    /// Tags to add.
    pub add: String,
    /// Tags to remove.
    pub remove: String,
    /// Tags to replace all others.
    pub set: String,
}
