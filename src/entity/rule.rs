//! Which fields a record must have filled in.

use serde::{Deserialize, Serialize};

use super::account_mode::AccountMode;
use super::confidence::Confidence;

/// A rule over several fields.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// At least one of these must be filled.
    #[serde(default)]
    pub one_of: Vec<String>,
    /// This field must be filled.
    #[serde(default)]
    pub require: Option<String>,
    /// Without this field a record is hardly what is meant: a person has to consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<String>,
    /// The rule holds in this account mode, or always when none is named.
    #[serde(default)]
    pub mode: Option<AccountMode>,
    /// How sure the rule is.
    #[serde(rename = "mark")]
    pub confidence: Confidence,
    /// Where it was seen.
    pub source: String,
}

impl Rule {
    /// Whether the rule holds for accounts of this mode.
    pub fn holds_in(&self, mode: AccountMode) -> bool {
        self.mode.is_none_or(|only| only == mode)
    }
}

/// Whether a field has to be filled in.
#[derive(Debug, Clone, Copy)]
pub enum Requirement<'a> {
    /// It has to be; and how sure that is.
    Always(Confidence),
    /// Without it a person has to consent.
    Wished,
    /// At least one of the fields of this rule has to be.
    OneOf(&'a Rule),
    /// It need not be.
    Never,
}
