//! Entities that are found by way of another one.

use serde::{Deserialize, Serialize};

/// An entity without a list of its own, found by asking for each record of another one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Walk {
    /// The entity whose records are walked.
    pub entity: String,
    /// The parameter that takes their id.
    pub parameter: String,
    /// The choice field of which every value is asked for.
    pub each: String,
}
