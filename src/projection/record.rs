//! What a record says, read by the catalog: its texts, whether it is deleted.

use std::borrow::Cow;

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

/// What a member says: on the record's own page, or in the list where that page leaves it out or has nothing for it.
pub fn told<'a>(record: &'a Value, detail: Option<&'a Value>, name: &str) -> Option<&'a Value> {
    let own = detail.and_then(|detail| detail.get(name));
    own.filter(|value| !value.is_null()).or_else(|| record.get(name)).or(own)
}

/// Whether the record is marked as deleted.
pub fn is_deleted(entity: &Entity, record: &Value) -> bool {
    is_told_deleted(entity, record, None)
}

/// Whether the record is marked as deleted, by its own page or by the list.
pub fn is_told_deleted(entity: &Entity, record: &Value, detail: Option<&Value>) -> bool {
    entity.deleted.as_ref().is_some_and(|deleted| {
        told(record, detail, &deleted.field)
            .is_some_and(|value| deleted.values.iter().any(|word| *word == as_text(value)))
    })
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
    if let Some(fields) = members.get_mut(&custom.member) {
        remove_custom(fields, custom, &secrets);
    }
}

/// Takes custom fields out of the member that carries them, in whatever form; tells whether any was there.
fn remove_custom(fields: &mut Value, custom: &Custom, secrets: &[&str]) -> bool {
    let is_named = |name: &Value| secrets.contains(&&*as_text(name));
    let is_secret = |field: &Value| match field {
        Value::Array(pair) => matches!(pair.as_slice(), [name, _] if is_named(name)),
        field => field.get(&custom.key).is_some_and(is_named),
    };
    match fields {
        Value::Array(fields) => {
            let before = fields.len();
            fields.retain(|field| !is_secret(field));
            fields.len() < before
        }
        Value::Object(_) if is_secret(fields) => {
            *fields = Value::Null;
            true
        }
        Value::Object(fields) => {
            let before = fields.len();
            fields.retain(|name, field| !(secrets.contains(&name.as_str()) || field.is_object() && is_secret(field)));
            fields.len() < before
        }
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(mut inner @ (Value::Array(_) | Value::Object(_))) => {
                let has_some = remove_custom(&mut inner, custom, secrets);
                if has_some {
                    *text = inner.to_string();
                }
                has_some
            }
            _ => false,
        },
        _ => false,
    }
}

/// The ids or words of a text that holds several, comma-separated; 0 stands for none.
pub fn ids_of(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', '，']).map(str::trim).filter(|id| !id.is_empty() && *id != "0")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entity::Catalog;

    #[test]
    fn a_secret_among_custom_fields_goes_in_whatever_form_they_come_and_nothing_else_does() {
        let custom = &Catalog::embedded().service.custom;
        let left = |mut fields: Value| {
            let had_some = remove_custom(&mut fields, custom, &["field_1"]);
            (fields, had_some)
        };
        let pair = |key: &str| json!({"key": key, "value": "示例"});
        let cases = [
            (json!([pair("field_1"), pair("field_10")]), json!([pair("field_10")])),
            (json!([["field_1", "示例"], ["field_10", "示例"]]), json!([["field_10", "示例"]])),
            (json!({"field_1": "示例", "field_10": ["field_1", "示例"]}), json!({"field_10": ["field_1", "示例"]})),
            (json!({"0": pair("field_1"), "1": pair("field_10")}), json!({"1": pair("field_10")})),
            (pair("field_1"), Value::Null),
            (json!("{\"field\\u005f1\": 1, \"field_10\": 2}"), json!("{\"field_10\":2}")),
        ];
        for (fields, rest) in cases {
            assert_eq!(left(fields), (rest, true));
        }
        for fields in [json!([pair("field_10")]), json!("{ \"field_10\": \"field_1\" }"), json!("field_1"), Value::Null]
        {
            assert_eq!(left(fields.clone()), (fields, false));
        }
    }
}
