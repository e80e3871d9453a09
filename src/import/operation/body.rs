//! The body of a request that makes or changes a record.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Serialize;

use super::members::Members;
use crate::entity::Custom;
use crate::text::push_json;

/// The body of a request that carries these members, inside `wrap` when there is one: every value a JSON string, custom fields
/// together as pairs.
pub(in crate::import) fn body_of(members: &Members, custom: &Custom, wrap: Option<&String>) -> Bytes {
    let mut body = Vec::with_capacity(512);
    body.push(b'{');
    if let Some(wrap) = wrap {
        push_json(wrap, &mut body);
        body.extend_from_slice(b":{");
    }
    push_record(members, custom, &mut body);
    if wrap.is_some() {
        body.push(b'}');
    }
    body.push(b'}');
    Bytes::from(body)
}

/// Appends the members of a record, without the braces around them.
fn push_record(members: &Members, custom: &Custom, out: &mut Vec<u8>) {
    let mut is_first = true;
    let mut push_name = |name: &str, out: &mut Vec<u8>| {
        if !std::mem::replace(&mut is_first, false) {
            out.push(b',');
        }
        push_json(name, out);
        out.push(b':');
    };
    let mut nested: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for (name, value) in members.fields.iter() {
        match name.split_once('.') {
            Some((parent, member)) => drop(nested.entry(parent).or_default().insert(member, value)),
            None => {
                push_name(name, out);
                push_json(value, out);
            }
        }
    }
    for (parent, members) in nested {
        push_name(parent, out);
        push_value(&members, out);
    }
    if !members.custom.is_empty() {
        let pair = |(name, value)| BTreeMap::from([(&custom.key, name), (&custom.value, value)]);
        let pairs: Vec<_> = members.custom.iter().map(pair).collect();
        push_name(&custom.member, out);
        push_value(&pairs, out);
    }
}

fn push_value(value: &impl Serialize, out: &mut Vec<u8>) {
    // Texts under texts always serialise, and writing to memory cannot fail.
    let _ = serde_json::to_writer(out, value);
}
