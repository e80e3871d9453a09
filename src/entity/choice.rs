//! One value of a field that has only certain ones.

use serde::{Deserialize, Serialize};

use crate::language::Language;
use crate::message::Detail;

/// One value of a choice field.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What the service stores.
    pub value: String,
    /// Chinese label.
    pub zh: String,
    /// English label.
    pub en: String,
    /// Other texts accepted on import.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whether it is offered for choosing; one that is not is taken all the same. No part of the fingerprint.
    #[serde(default = "offered", skip_serializing)]
    pub offered: bool,
}

fn offered() -> bool {
    true
}

impl Choice {
    /// The label in both languages.
    pub fn labels(&self) -> Detail {
        Detail::label(&self.zh, &self.en)
    }

    /// The label in `language`.
    pub fn label(&self, language: Language) -> &str {
        language.pick(&self.zh, &self.en)
    }
}
