//! What is kept of a row: which one it is, and what happened to it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::status::Status;
use crate::format::Content;
use crate::message::Message;

/// The id that a record has in another system.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OldId {
    /// What that system goes by.
    pub source: String,
    /// The id there.
    pub id: String,
}

impl OldId {
    /// Both as one text. What a source goes by holds no control characters.
    pub(super) fn to_text(&self) -> String {
        format!("{}\t{}", self.source, self.id)
    }

    /// What [`OldId::to_text`] wrote.
    pub(super) fn of_text(text: &str) -> Option<OldId> {
        let (source, id) = text.split_once('\t')?;
        Some(OldId { source: source.to_owned(), id: id.to_owned() })
    }

    /// What it is looked up by.
    pub fn hash(&self) -> Content {
        hash_of(&self.source, &self.id)
    }
}

/// What an old id is looked up by.
pub(super) fn hash_of(source: &str, id: &str) -> Content {
    let mut digest = Sha256::new();
    digest.update(source.as_bytes());
    // No text holds this byte: it is no part of UTF-8.
    digest.update([0xff]);
    digest.update(id.as_bytes());
    let digest = digest.finalize();
    std::array::from_fn(|index| digest[index])
}

/// Which row is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(test, derive(Default))]
pub struct RowKey {
    /// Its index among the rows of the input, from 0.
    pub row: u64,
    /// The row number a person sees.
    pub number: u64,
    /// The hash of what it says in the columns that are sent; none of rows from journals of version 1.
    pub identity: Option<Content>,
    /// The hash of all its cells.
    pub content: Content,
    /// Its occurrence among rows of the same identity, from 0; in journals of version 1, among rows of the same cells.
    pub copy: u32,
    /// Its occurrence among rows of the same cells, from 0.
    pub content_copy: u32,
    /// Hash of its natural key, when it has one.
    pub key: Option<u64>,
    /// For a retry: the row number it had in the run that is retried.
    pub origin: Option<u64>,
    /// Raised each time a proved rejection is sent again within this run.
    pub generation: u32,
    /// The id that its record has in another system, when the file says it.
    pub old_id: Option<Box<OldId>>,
    /// The hash of what its write adds to its record that no record shows; none once it is known that it did not.
    pub added: Option<Content>,
}

impl RowKey {
    /// The id of the row's write: the same for each attempt, in every process that continues the run.
    pub fn request_id(&self, run: &Uuid) -> Uuid {
        let mut name = [0u8; 24];
        name[..16].copy_from_slice(&self.identity.unwrap_or(self.content));
        name[16..20].copy_from_slice(&self.copy.to_be_bytes());
        name[20..].copy_from_slice(&self.generation.to_be_bytes());
        Uuid::new_v5(run, &name)
    }
}

/// What a row is found by, in journals of every version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowIdentity {
    /// The hash of what it says in the columns that are sent.
    pub identity: Content,
    /// Its occurrence among rows of the same identity, from 0.
    pub copy: u32,
    /// The hash of all its cells: what it goes by in journals of version 1.
    pub content: Content,
    /// Its occurrence among rows of the same cells, from 0.
    pub content_copy: u32,
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
    /// The records that they change, by the indexes of the rows.
    pub targets: Vec<(u64, String)>,
}

/// What the next attempt at a row is to the one before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextAttempt {
    /// As if there had been none: it was not done.
    First,
    /// The same once more: it may have arrived, and what comes of the next attempt tells nothing of it.
    Repeat,
    /// One under another request id: an equal row may have made its record under this one.
    Anew,
}

/// What was found out about a row of which nobody knew, or whose record had no id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settled {
    /// It is done: how, the record, and what there is to say of it.
    Done(Status, Option<String>, Reason),
    /// It has no end any more and may be sent: it was not done, or a person says so, or the service takes its request id for
    /// what it is.
    Free(NextAttempt),
    /// It is still not known; there is more to say of it.
    Unknown(Reason),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_depends_on_what_is_sent_not_on_the_position() {
        let run = Uuid::from_u128(1);
        let identity = Some([7; 16]);
        let key = RowKey { number: 2, identity, content: [9; 16], ..RowKey::default() };
        let moved = RowKey { row: 9, number: 11, content: [1; 16], content_copy: 4, ..key.clone() };
        assert_eq!(key.request_id(&run), moved.request_id(&run));
        for other in [
            RowKey { copy: 1, ..key.clone() },
            RowKey { generation: 1, ..key.clone() },
            RowKey { identity: Some([8; 16]), ..key.clone() },
        ] {
            assert_ne!(key.request_id(&run), other.request_id(&run));
        }
        assert_ne!(key.request_id(&run), key.request_id(&Uuid::from_u128(2)));
        // A row of version 1 keeps the id it was sent with.
        let old = RowKey { identity: None, ..key.clone() };
        assert_eq!(old.request_id(&run), RowKey { identity: Some([9; 16]), ..key }.request_id(&run));
    }
}
