//! The run's checkpoint: what was intended and what happened, in one SQLite file in the run's folder. Reports, resuming,
//! retrying and settling are queries over it.
//!
//! **Rows in doubt are bounded.** Intent is durable before a request leaves: a window of rows ahead of the sender is
//! reserved in one transaction ([`Reservation`]); an outcome replaces its place in the window. A row that is reserved and
//! has no outcome when a journal is opened was perhaps sent, so it becomes `unknown` and is never sent again by itself.
//! A window holds what is sent in 50 ms, at least what may be in flight, at most [`LARGEST_WINDOW`]; two windows may be
//! open at a time, so a crash leaves at most twice that many rows in doubt.
//!
//! **A row is known by its content**, not its place: the hash of its cells and its occurrence among equal rows. Its place
//! is kept too, as the file of an unchanged run has not moved.
//!
//! The journal knows no HTTP, and of spreadsheets only what a row is known by.

mod database;
mod index;
mod lock;
mod reader;
mod rows;
mod writer;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use index::{IndexedRun, RunIndex};
pub use lock::Lock;
pub use reader::{JournalReader, OperationCursor};
pub use writer::Journal;

use crate::format::Content;
use crate::message::Message;

/// Most rows that one window may reserve.
pub const LARGEST_WINDOW: usize = 1024;
/// Name of the journal in a run's folder.
pub const FILE_NAME: &str = "journal.db";

/// How a row ended, or that it did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Status {
    /// A record was made.
    Created = 1,
    /// A record was changed.
    Updated = 2,
    /// The record was as the row says already.
    Unchanged = 3,
    /// The row is not for sending, or was done before.
    Skipped = 4,
    /// Our checks found fault; never sent.
    Refused = 5,
    /// The service said no.
    Failed = 6,
    /// Sent, and what became of it is not proved.
    Unknown = 7,
}

impl Status {
    /// All ends, in the order they are reported.
    pub const ALL: [Status; 7] = [
        Status::Created,
        Status::Updated,
        Status::Unchanged,
        Status::Skipped,
        Status::Refused,
        Status::Failed,
        Status::Unknown,
    ];

    /// The word in files for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Created => "created",
            Status::Updated => "updated",
            Status::Unchanged => "unchanged",
            Status::Skipped => "skipped",
            Status::Refused => "refused",
            Status::Failed => "failed",
            Status::Unknown => "unknown",
        }
    }

    fn from_number(number: i64) -> Option<Status> {
        Status::ALL.into_iter().find(|status| *status as i64 == number)
    }

    /// Whether nothing is left to do for the row.
    pub fn is_done(self) -> bool {
        matches!(self, Status::Created | Status::Updated | Status::Unchanged | Status::Skipped)
    }
}

/// Which row is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowKey {
    /// Its place among the rows of the input, from 0.
    pub row: u64,
    /// The row number a person sees.
    pub number: u64,
    /// What it holds.
    pub content: Content,
    /// Its occurrence among equal rows, from 0.
    pub copy: u32,
    /// Hash of its natural key, when it has one.
    pub key: Option<u64>,
    /// For a retry: the row number it had in the run that is retried.
    pub origin: Option<u64>,
    /// Raised each time a proved rejection is sent again within this run.
    pub generation: u32,
}

impl RowKey {
    /// The id of the row's write: the same for each attempt, in every process that continues the run.
    pub fn request_id(&self, run: &Uuid) -> Uuid {
        let mut name = [0u8; 24];
        name[..16].copy_from_slice(&self.content);
        name[16..20].copy_from_slice(&self.copy.to_be_bytes());
        name[20..].copy_from_slice(&self.generation.to_be_bytes());
        Uuid::new_v5(run, &name)
    }
}

/// What happened to a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Which row.
    pub row: RowKey,
    /// How it ended.
    pub status: Status,
    /// The record's id, when it is known.
    pub id: Option<String>,
    /// Requests that were made for it.
    pub attempts: u32,
    /// When it ended, in milliseconds of Unix time.
    pub at: i64,
    /// Why, for ends that need a reason.
    pub reason: Option<Box<Reason>>,
}

/// Why a row was not done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reason {
    /// The service's code, or ours.
    pub code: String,
    /// The field it is about, when one is.
    pub field: String,
    /// What is said of it: our own text, or the service's words.
    pub message: Message,
}

/// Who has taken over a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The run that took it.
    pub run: Uuid,
    /// That run's folder.
    pub folder: PathBuf,
}

/// Rows whose sending is about to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reservation {
    /// The rows, in input order.
    pub rows: Vec<RowKey>,
}

/// How many rows ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs)]
pub struct Counts {
    pub read: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub refused: u64,
    pub failed: u64,
    pub unknown: u64,
    pub pending: u64,
}

impl Counts {
    /// Counts one more row that ended so.
    pub fn add(&mut self, status: Status, rows: u64) {
        *match status {
            Status::Created => &mut self.created,
            Status::Updated => &mut self.updated,
            Status::Unchanged => &mut self.unchanged,
            Status::Skipped => &mut self.skipped,
            Status::Refused => &mut self.refused,
            Status::Failed => &mut self.failed,
            Status::Unknown => &mut self.unknown,
        } += rows;
    }

    /// Rows that have an end.
    pub fn ended(&self) -> u64 {
        self.done() + self.refused + self.failed + self.unknown
    }

    /// Rows with nothing left to do.
    pub fn done(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.skipped
    }
}

/// What makes a run the same run: where its rows come from, what they mean and where they go. Kept in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The run's id; request ids are made from it.
    pub run: Uuid,
    /// Name of the entity.
    pub entity: String,
    /// `create` or `update`.
    pub mode: String,
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
    pub input_path: String,
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
    pub folder: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_depends_on_content_not_on_place() {
        let run = Uuid::from_u128(1);
        let key = RowKey { row: 0, number: 2, content: [7; 16], copy: 0, key: None, origin: None, generation: 0 };
        let moved = RowKey { row: 9, number: 11, ..key.clone() };
        assert_eq!(key.request_id(&run), moved.request_id(&run));
        for other in [
            RowKey { copy: 1, ..key.clone() },
            RowKey { generation: 1, ..key.clone() },
            RowKey { content: [8; 16], ..key.clone() },
        ] {
            assert_ne!(key.request_id(&run), other.request_id(&run));
        }
        assert_ne!(key.request_id(&run), key.request_id(&Uuid::from_u128(2)));
    }
}
