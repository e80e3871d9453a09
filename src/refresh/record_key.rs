//! Under which key a record is kept, and how it is seen that a record has changed.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::entity::Entity;
use crate::mirror::Key;
use crate::projection::text_of;

/// The key of a record: its id, or a hash of all it says when it has none.
pub(super) fn key(entity: &Entity, record: &Value) -> Key {
    let id = entity.id.as_ref().and_then(|id| record.get(id)).map(text_of).filter(|id| !id.is_empty());
    match id {
        Some(id) => Key::of(&id),
        None => Key::of(&format!("#{}", hash(record))),
    }
}

/// A short hash of all a record says.
pub(super) fn hash(record: &Value) -> String {
    Sha256::digest(record.to_string().as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
