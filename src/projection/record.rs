//! What a record says, read by the catalog: its texts, its custom fields, whether it is deleted.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use crate::api::as_text;
use crate::entity::{Custom, Entity};

/// The text of a member; lists of plain values are joined by commas, anything deeper stays JSON.
pub fn text_of(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Array(values) if values.iter().all(|value| !value.is_object() && !value.is_array()) => {
            Cow::Owned(values.iter().map(as_text).collect::<Vec<_>>().join(","))
        }
        value => as_text(value),
    }
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

/// The value of a custom field among `fields`, the member of a record that carries them; none when it is not there.
pub fn custom_value<'a>(fields: Option<&'a Value>, custom: &Custom, key: &str) -> Option<&'a Value> {
    let is_meant = |field: &&Value| field.get(&custom.key).is_some_and(|found| as_text(found) == key);
    fields?.as_array()?.iter().find(is_meant)?.get(&custom.value)
}

/// The text of a custom field.
pub fn custom_text<'a>(fields: Option<&'a Value>, custom: &Custom, key: &str) -> Option<Cow<'a, str>> {
    custom_value(fields, custom, key).map(text_of)
}

/// The values of a record's custom fields by their keys: a record may have hundreds of them, and a table as many columns.
#[derive(Debug, Default)]
pub struct CustomValues<'a>(HashMap<Cow<'a, str>, &'a Value>);

impl<'a> CustomValues<'a> {
    /// The values in `fields`, the member of a record that carries them. The first of a key counts.
    pub fn of(fields: Option<&'a Value>, custom: &Custom) -> Self {
        let mut values = HashMap::new();
        for field in fields.and_then(Value::as_array).into_iter().flatten() {
            if let (Some(key), Some(value)) = (field.get(&custom.key), field.get(&custom.value)) {
                values.entry(as_text(key)).or_insert(value);
            }
        }
        CustomValues(values)
    }

    /// The value of this key.
    pub fn get(&self, key: &str) -> Option<&'a Value> {
        self.0.get(key).copied()
    }
}

/// Takes the members out of a record that nobody may see, custom fields among them, but for those in `kept`.
pub fn remove_secrets(record: &mut Value, entity: &Entity, custom: &Custom, kept: &[String]) {
    let secrets: Vec<&str> = entity
        .fields
        .iter()
        .filter(|field| field.secret && !kept.contains(&field.name))
        .map(|field| field.name.as_str())
        .collect();
    let Some(members) = record.as_object_mut().filter(|_| !secrets.is_empty()) else { return };
    members.retain(|name, _| !secrets.contains(&name.as_str()));
    if let Some(fields) = members.get_mut(&custom.member).and_then(Value::as_array_mut) {
        let is_secret = |field: &Value| field.get(&custom.key).is_some_and(|key| secrets.contains(&&*as_text(key)));
        fields.retain(|field| !is_secret(field));
    }
}

/// The ids or words of a text that holds several, comma-separated; 0 stands for none.
pub fn ids_of(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '，']).map(str::trim).filter(|id| !id.is_empty() && *id != "0")
}
