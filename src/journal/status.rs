//! How rows ended, and how many ended how.

use serde::{Deserialize, Serialize};

/// The code of a row of which another run does not know what became: it is found out there.
pub const UNKNOWN_ELSEWHERE: &str = "unknown_elsewhere";
/// The code of a row whose record lacks tags that were sent.
pub const TAGS_DROPPED: &str = "tags_dropped";
/// The code of a row whose record says something else than was sent, though not what it said before.
pub const STORED_OTHERWISE: &str = "stored_otherwise";
/// The code of a row that is done by what was found in the account: its record says what the row says.
pub const SETTLED: &str = "settled";
/// The code of a row in doubt, which a run may have sent whose journal is gone: it is found out here.
pub const UNKNOWN_BEFORE: &str = "unknown_before";

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
    /// It may be right, and a person has to look; never sent.
    Held = 8,
}

impl Status {
    /// All ends, in the order of their numbers.
    pub const ALL: [Status; 8] = [
        Status::Created,
        Status::Updated,
        Status::Unchanged,
        Status::Skipped,
        Status::Refused,
        Status::Failed,
        Status::Unknown,
        Status::Held,
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
            Status::Held => "held",
        }
    }

    /// The end with this number in the journal.
    pub fn from_number(number: i64) -> Option<Status> {
        Status::ALL.into_iter().find(|status| *status as i64 == number)
    }

    /// Whether nothing is left to do for the row.
    pub fn is_done(self) -> bool {
        matches!(self, Status::Created | Status::Updated | Status::Unchanged | Status::Skipped)
    }
}

/// How many rows ended how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[allow(missing_docs, reason = "each counts the rows of the status it is called after")]
pub struct Counts {
    pub read: u64,
    pub created: u64,
    pub updated: u64,
    pub unchanged: u64,
    pub skipped: u64,
    pub refused: u64,
    #[serde(default)]
    pub held: u64,
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
            Status::Held => &mut self.held,
        } += rows;
    }

    /// Both together.
    pub fn and(&self, other: &Counts) -> Counts {
        let mut both = *self;
        both.read += other.read;
        both.pending += other.pending;
        let ends = [
            (Status::Created, other.created),
            (Status::Updated, other.updated),
            (Status::Unchanged, other.unchanged),
            (Status::Skipped, other.skipped),
            (Status::Refused, other.refused),
            (Status::Failed, other.failed),
            (Status::Unknown, other.unknown),
            (Status::Held, other.held),
        ];
        ends.into_iter().for_each(|(status, rows)| both.add(status, rows));
        both
    }

    /// Rows that have an end.
    pub fn ended(&self) -> u64 {
        self.done() + self.retriable() + self.unknown
    }

    /// Rows that were not done and can be sent again once they are mended: those of the file of failed rows.
    pub fn retriable(&self) -> u64 {
        self.refused + self.held + self.failed
    }

    /// Rows with nothing left to do.
    pub fn done(&self) -> u64 {
        self.created + self.updated + self.unchanged + self.skipped
    }
}
