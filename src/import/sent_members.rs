//! What a body that makes a record says, member by member.

use serde_json::{Map, Value};

use crate::api::as_text;
use crate::baseline::{is_unset, normal};
use crate::entity::{Custom, Entity, Field, Kind};
use crate::value::is_same_value;

/// Names and values of what a body sends that makes a record; custom fields under their keys.
pub(super) fn sent_members(entity: &Entity, body: &[u8], custom: &Custom) -> Vec<(String, String)> {
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    let record = match entity.endpoint("create").and_then(|create| create.wrap.as_ref()) {
        Some(wrap) => document.get(wrap),
        None => Some(&document),
    };
    record.and_then(Value::as_object).map(|members| values(members, custom)).unwrap_or_default()
}

/// Names and values of a record's members; custom fields under their keys.
pub(super) fn values(members: &Map<String, Value>, custom: &Custom) -> Vec<(String, String)> {
    let pair = |pair: &Value| {
        Some((pair.get(&custom.key)?.as_str()?.to_owned(), as_text(pair.get(&custom.value)?).into_owned()))
    };
    members
        .iter()
        .flat_map(|(name, value)| match value.as_array() {
            Some(pairs) if *name == custom.member => pairs.iter().filter_map(pair).collect(),
            _ if value.is_object() => nested(name, value),
            _ => vec![(name.clone(), as_text(value).into_owned())],
        })
        .collect()
}

/// Names and values of a member's own members: `ticketReply.replyMsg`.
fn nested(name: &str, value: &Value) -> Vec<(String, String)> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(member, value)| (format!("{name}.{member}"), as_text(value).into_owned())).collect()
}

/// The value a record has under this name, custom fields too.
pub(super) fn value_of(record: &Map<String, Value>, name: &str, custom: &Custom) -> Option<String> {
    if let Some(value) = record.get(name) {
        return Some(as_text(value).into_owned());
    }
    values(record, custom).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}

/// Whether a value is none, in the service's words or without any.
pub(super) fn is_blank(field: Option<&Field>, text: &str) -> bool {
    field.map_or_else(|| text.trim().is_empty(), |field| is_unset(field, text))
}

/// Whether what came back is what was sent. A choice may come back as its word.
pub(super) fn is_stored(field: Option<&Field>, sent: &str, got: Option<&str>) -> bool {
    let Some(got) = got else { return is_blank(field, sent) };
    let kind = field.map_or(Kind::Text, |field| field.kind);
    is_same_value(kind, sent, got)
        || is_blank(field, sent) && is_blank(field, got)
        || field.is_some_and(|field| field.several && normal(field, sent) == normal(field, got))
        || field
            .and_then(|field| Some((field.choice(sent)?, field.choice(got)?)))
            .is_some_and(|(a, b)| a.value == b.value)
}
