//! What a write adds to a record that no record shows afterwards, such as a reply to a ticket: kept as a hash, so that no later
//! command adds it once more. What a record shows is decided by the record as it is now, and needs no memory.

use rusqlite::types::Value;
use sha2::{Digest, Sha256};

use super::database::{failed, get_targets};
use super::reader::JournalReader;
use super::status::Status;
use crate::error::Result;
use crate::format::Content;

/// What a write has added, or may have.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AddedRow {
    /// What was added to which record, as [`hash_for`] makes it.
    pub hash: Content,
    /// `Unknown` where nobody knows whether it arrived; else it did.
    pub status: Status,
    /// The record's id.
    pub id: Value,
}

/// The hash of what is added, by the names of fields and what each is told, in their order.
pub fn hash_of_added<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Content> {
    let mut digest = Sha256::new();
    let mut is_empty = true;
    for (field, text) in texts {
        is_empty = false;
        // No text holds this byte: it is no part of UTF-8.
        for part in [field, text] {
            digest.update(part.as_bytes());
            digest.update([0xff]);
        }
    }
    (!is_empty).then(|| first_half(&digest.finalize()))
}

/// The hash of what is added to this record.
pub fn hash_for(record: &str, added: &Content) -> Content {
    let mut digest = Sha256::new();
    digest.update(added);
    digest.update(record.as_bytes());
    first_half(&digest.finalize())
}

fn first_half(digest: &[u8]) -> Content {
    std::array::from_fn(|index| digest.get(index).copied().unwrap_or_default())
}

impl JournalReader {
    /// Calls `take` with all that rows have added to records whose ids are known, or may have: what was added by one that was
    /// rejected later or waits for something else, too.
    ///
    /// # Errors
    /// A damaged file, or whatever `take` says.
    pub(super) fn each_added(&self, mut take: impl FnMut(AddedRow) -> Result<()>) -> Result<()> {
        if !self.keeps_added() {
            return Ok(());
        }
        let broken = |error| failed(self.folder(), error);
        let targets = get_targets(self.connection()).map_err(broken)?;
        for key in self.reserved()? {
            if let (Some(added), Some(id)) = (&key.added, targets.get(&key.row)) {
                take(AddedRow { hash: hash_for(id, added), status: Status::Unknown, id: Value::Text(id.clone()) })?;
            }
        }
        for table in ["earlier", "operation"] {
            let sql = format!(
                "SELECT added, status, CAST(id AS TEXT) FROM {table} WHERE added IS NOT NULL AND id IS NOT NULL"
            );
            let rows = self
                .query(&sql, |row| Ok((row.get::<_, Content>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?)))?;
            for (added, status, id) in rows {
                let is_in_doubt = status == Status::Unknown as i64;
                let status = if is_in_doubt { Status::Unknown } else { Status::Updated };
                take(AddedRow { hash: hash_for(&id, &added), status, id: Value::Text(id) })?;
            }
        }
        Ok(())
    }
}
