//! How sure a fact of the interface is.

use serde::{Deserialize, Serialize};

/// How sure a fact of the interface is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Seen in the vendor's pages or in working public code.
    Confirmed,
    /// Inferred; an account may behave differently.
    Assumed,
}

impl Confidence {
    /// That of a fact whose description does not say it.
    pub(super) fn unless_said() -> Confidence {
        Confidence::Confirmed
    }
}
