//! A rejection that means "it is there already".

use serde::{Deserialize, Serialize};

use super::confidence::Confidence;

/// A rejection that means "it is there already", and how to see whether what is there is the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conflict {
    /// The service's text.
    pub message: String,
    /// The endpoint that finds what is there.
    pub endpoint: String,
    /// Fields of the row it is asked with.
    pub by: Vec<String>,
    /// Fields that must agree for the row to count as unchanged.
    pub same: Vec<String>,
    /// The field that only records that are there have: rows that say it are asked for before anything is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<String>,
    /// The service's text where that endpoint finds nothing, if it says no instead of showing nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nothing: Option<String>,
    /// How sure the texts are.
    #[serde(rename = "mark")]
    pub confidence: Confidence,
    /// Where it was seen.
    pub source: String,
}
