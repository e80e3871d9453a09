//! How a deleted record is recognised.

use serde::{Deserialize, Serialize};

/// How a deleted record is recognised.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deleted {
    /// The field that tells.
    pub field: String,
    /// Its values that mean deleted.
    pub values: Vec<String>,
}
