//! What a body that makes a record says, member by member.

use serde_json::{Map, Value};

use crate::api::as_text;
use crate::entity::{Custom, Entity};

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
