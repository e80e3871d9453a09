//! Under which key a record is kept, and how it is seen that a record has changed.

use std::borrow::Cow;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::entity::Entity;
use crate::mirror::Key;
use crate::projection::text_of;

/// The key of a record: its id, or a hash of all it says when it has none.
pub(super) fn key(entity: &Entity, record: &Value) -> Key {
    match id(entity, record) {
        Some(id) => Key::of(&id),
        None => Key::without_id(&hash(record)),
    }
}

/// The id of a record, where it has one.
pub(super) fn id<'a>(entity: &Entity, record: &'a Value) -> Option<Cow<'a, str>> {
    let id = entity.id.as_ref().and_then(|id| record.get(id)).map(text_of)?;
    let id = match id {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    (!id.is_empty()).then_some(id)
}

/// A short hash of all a record says.
pub(super) fn hash(record: &Value) -> String {
    Sha256::digest(record.to_string().as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}
