//! What a record says, read by the catalog: its key, its texts, its custom fields, whether it is deleted.

use std::borrow::Cow;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::api::as_text;
use crate::entity::{Custom, Entity};
use crate::mirror::Key;

/// The text of a member; lists of plain values are joined by commas, anything deeper stays JSON.
pub fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Array(values) if values.iter().all(|value| !value.is_object() && !value.is_array()) => {
            Cow::Owned(values.iter().map(as_text).collect::<Vec<_>>().join(","))
        }
        value => as_text(value),
    }
}

/// The key of a record: its id, or a hash of all it says when it has none.
pub fn key(entity: &Entity, record: &Value) -> Key {
    let id = entity.id.as_ref().and_then(|id| record.get(id)).map(text_of).filter(|id| !id.is_empty());
    match id {
        Some(id) => Key::of(&id),
        None => Key::of(&format!("#{}", hash(record))),
    }
}

/// A short hash of all a record says.
pub fn hash(record: &Value) -> String {
    Sha256::digest(record.to_string().as_bytes()).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the record is marked as deleted.
pub fn is_deleted(entity: &Entity, record: &Value) -> bool {
    entity.deleted.as_ref().is_some_and(|deleted| {
        record.get(&deleted.field).is_some_and(|value| deleted.values.iter().any(|word| *word == as_text(value)))
    })
}

/// The keys of a record's custom fields.
pub fn custom_keys<'a>(record: &'a Value, custom: &'a Custom) -> impl Iterator<Item = Cow<'a, str>> {
    let fields = record.get(&custom.member).and_then(Value::as_array);
    fields.into_iter().flatten().filter_map(|field| field.get(&custom.key)).map(as_text).filter(|key| !key.is_empty())
}
