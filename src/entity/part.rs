//! Records that belong to one record.

use serde::{Deserialize, Serialize};

use super::field::Field;

/// Records that belong to one record and are asked for with its id (a chat's messages).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its name, as in `--messages`.
    pub name: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// The endpoint of the entity that lists them.
    pub endpoint: String,
    /// Their fields.
    pub fields: Vec<Field>,
}
