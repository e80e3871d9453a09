//! What makes a run the same run.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::files::path_as_text;

/// What makes a run the same run: where its rows come from, what they mean and where they go. Kept in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunIdentity {
    /// The run's id; request ids are made from it.
    pub run: Uuid,
    /// Name of the entity.
    pub entity: String,
    /// `create`, `skip-existing`, `update` or `upsert`.
    pub mode: String,
    /// The fields that records are known by, where the user says it.
    #[serde(default)]
    pub key: Vec<String>,
    /// Account and host.
    pub target: String,
    /// Host, as shown.
    pub host: String,
    /// Fingerprint of the decoded rows.
    pub input: String,
    /// Fingerprint of the mapping.
    pub mapping: String,
    /// Fingerprint of the catalog entry.
    pub catalog: String,
    /// The input's path, absolute.
    #[serde(with = "path_as_text")]
    pub input_path: PathBuf,
    /// The input as the user typed it.
    pub input_shown: String,
    /// Its sheet, when it has sheets.
    pub sheet: Option<String>,
    /// Row of the header, when the user gave it.
    pub header_row: Option<u64>,
    /// Encoding, when the user gave it.
    pub encoding: Option<String>,
    /// The mapping file's text, so that a retry needs nothing but the run's folder.
    pub mapping_text: Option<String>,
    /// `2B` or `2C`.
    pub account_mode: crate::entity::AccountMode,
    /// Rows of the input.
    pub rows: u64,
    /// The run whose failed rows this one sends again.
    pub parent: Option<Parent>,
    /// When it began, in milliseconds of Unix time.
    pub started: i64,
}

/// The run whose failed rows another one sends again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its id.
    pub run: Uuid,
    /// Its folder, absolute.
    #[serde(with = "path_as_text")]
    pub folder: PathBuf,
}
