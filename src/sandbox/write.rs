//! Creating, changing and deleting records.

use serde_json::{Map, Value, json};

use super::answer::{Answer, address, plural, refusal, singular};
use super::call::Call;
use super::check::{Check, Checked, Refusal, refuse};
use super::seed;
use super::store::{Record, Shape, Store, now_milliseconds, text};
use super::variants::{Created, Updated};
use crate::entity::{Catalog, Entity};
use crate::error::Result;

/// The member of a ticket's update that adds a reply; it is no field of the ticket.
const REPLY: &str = "ticketReply";
/// Under which name replies are stored.
const REPLIES: &str = "ticket-replies";

/// Times a ticket gets when its status changes to a value.
const STATUS_TIMES: &[(&str, &str)] =
    &[("2", "openDT"), ("3", "waitDT"), ("4", "solveDT"), ("5", "closeDT"), ("6", "closeDT")];

/// What the service fills in where a create says nothing.
const DEFAULTS: &[(&str, &[(&str, &str)])] = &[
    ("customers", &[("state", "1"), ("default", "0"), ("userGroup", "0"), ("supportId", "7001")]),
    ("companies", &[("status", "1"), ("userGroup", "0"), ("supportId", "7001")]),
    ("agents", &[("gnder", "1"), ("isAdmin", "0"), ("isStat", "1")]),
    (
        "tickets",
        &[
            ("ticketType", "1"),
            ("priorityLevel", "2"),
            ("ticketStatus", "1"),
            ("ticketSource", "1"),
            ("customTemplateId", "0"),
            ("createrId", "7001"),
            ("createrType", "0"),
            ("agentId", "18"),
            ("workflow_id", "0"),
            ("workflow_node_id", "0"),
            ("isDeleted", "0"),
            ("deleterId", "0"),
        ],
    ),
];

/// Stores a new record.
pub fn create(call: &Call<'_>, entity: &Entity, store: &mut Store) -> Result<Answer> {
    let sent = match body(call) {
        Ok(sent) => sent,
        Err(refusal) => return Ok(refused(call, refusal)),
    };
    let check = Check { entity, store, variants: call.variants, by_id: call.look().is_by_id(entity), id: None };
    let mut record = match check.record(None, &sent)? {
        Ok(record) => record,
        Err(refusal) => return Ok(refused(call, refusal)),
    };
    let id = store.next_id(&entity.name, seed::first_id(&entity.name));
    complete(entity, id, &mut record);
    store.put(&Shape::of(entity), id, &record, call.request_id)?;
    Ok(created(call, entity, id, &record).stored())
}

/// Fills in what the service itself gives a new record.
pub fn complete(entity: &Entity, id: i64, record: &mut Record) {
    let mut give = |name: &str, value: String| {
        record.entry(name).or_insert(Value::String(value));
    };
    if let Some(name) = &entity.id {
        give(name, id.to_string());
    }
    let shape = Shape::of(entity);
    let now = now();
    for name in [shape.created, shape.updated].into_iter().flatten() {
        give(name, now.clone());
    }
    for (name, value) in DEFAULTS.iter().filter(|(name, _)| *name == entity.name).flat_map(|(_, values)| *values) {
        give(name, (*value).to_owned());
    }
    stamp(entity, "", record);
}

/// Sets the time that belongs to a ticket's new status.
fn stamp(entity: &Entity, before: &str, record: &mut Record) {
    if entity.solved.is_none() {
        return;
    }
    let status = text(record, "ticketStatus").to_owned();
    if let Some((_, name)) = STATUS_TIMES.iter().find(|(value, _)| *value == status && status != before) {
        let is_given = before.is_empty() && !text(record, name).is_empty();
        if !is_given {
            record.insert((*name).to_owned(), Value::String(now()));
        }
    }
}

/// Changes a record.
pub fn update(call: &Call<'_>, entity: &Entity, id: i64, store: &mut Store) -> Result<Answer> {
    let mut sent = match body(call) {
        Ok(sent) => sent,
        Err(refusal) => return Ok(refused(call, refusal)),
    };
    let Some(before) = existing(entity, id, store)? else { return Ok(missing(call, entity, id)) };
    let reply = match sent.remove(REPLY).filter(|_| entity.name == "tickets").map(reply) {
        None => None,
        Some(Ok(reply)) => Some(reply),
        Some(Err(refusal)) => return Ok(refused(call, refusal)),
    };
    let status = text(&before, "ticketStatus").to_owned();
    let check = Check { entity, store, variants: call.variants, by_id: call.look().is_by_id(entity), id: Some(id) };
    let mut record = match check.record(Some(before), &sent)? {
        Ok(record) => record,
        Err(refusal) => return Ok(refused(call, refusal)),
    };
    if let Some(name) = Shape::of(entity).updated {
        record.insert(name.to_owned(), Value::String(now()));
    }
    stamp(entity, &status, &mut record);
    store.put(&Shape::of(entity), id, &record, call.request_id)?;
    if let Some(message) = reply {
        keep_reply(store, id, message, call.request_id)?;
    }
    let answer = match call.variants.updated {
        Updated::Status => Answer::json(200, &json!({"status": "0", "message": "Update ok", "data": true})),
        Updated::Record => {
            let look = call.look();
            Answer::text(200, look.wrapped(singular(entity), look.is_list(entity), entity, id, &record))
        }
    };
    Ok(answer.stored())
}

/// Deletes a record: softly where its entity has a member that says so.
pub fn delete(call: &Call<'_>, entity: &Entity, id: i64, store: &mut Store) -> Result<Answer> {
    let Some(mut record) = existing(entity, id, store)? else { return Ok(missing(call, entity, id)) };
    match &entity.deleted {
        None => store.remove(&entity.name, id)?,
        Some(rule) => {
            record.insert(rule.field.clone(), Value::String(rule.values[0].clone()));
            let shape = Shape::of(entity);
            if let Some(name) = shape.updated {
                record.insert(name.to_owned(), Value::String(now()));
            }
            if entity.field("deleteDT").is_some() {
                record.insert("deleteDT".to_owned(), Value::String(now()));
                record.insert("deleterId".to_owned(), Value::String("7001".to_owned()));
            }
            store.put(&shape, id, &record, call.request_id)?;
        }
    }
    Ok(Answer::json(200, &json!({"status": "0", "message": "Delete ok", "data": true})).stored())
}

fn existing(entity: &Entity, id: i64, store: &Store) -> Result<Option<Record>> {
    if store.exists(&entity.name, id) { store.get(&entity.name, id) } else { Ok(None) }
}

fn missing(call: &Call<'_>, entity: &Entity, id: i64) -> Answer {
    let message = format!("{}: {id} does not exist", entity.id.as_deref().unwrap_or("id"));
    refusal(call.variants, 404, "SANDBOX-NO-SUCH-RECORD", &message)
}

/// A refused write.
pub fn refused(call: &Call<'_>, refusal: Refusal) -> Answer {
    let status = if refusal.code == "SANDBOX-DUPLICATE" { 409 } else { 400 };
    super::answer::refusal(call.variants, status, refusal.code, &refusal.message)
}

/// The record in a request's body, out of its wrapper.
pub fn body(call: &Call<'_>) -> Checked<Map<String, Value>> {
    let kind = call.content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case("application/json") {
        return refuse("SANDBOX-CONTENT-TYPE", "Content-Type: must be application/json");
    }
    let Ok(Value::Object(mut body)) = serde_json::from_slice(call.body) else {
        return refuse("SANDBOX-NOT-JSON", "body: must be a JSON object");
    };
    let Some(wrap) = call.route.endpoint.and_then(|endpoint| endpoint.wrap.as_deref()) else { return Ok(body) };
    match (body.remove(wrap), body.keys().next()) {
        (Some(Value::Object(record)), None) => Ok(record),
        (Some(_), None) => refuse("SANDBOX-WRAPPER", format!("{wrap}: must be an object")),
        (Some(_), Some(other)) => refuse("SANDBOX-WRAPPER", format!("{other}: does not belong beside {wrap}")),
        (None, _) => refuse("SANDBOX-WRAPPER", format!("{wrap}: the record must be wrapped in it")),
    }
}

fn created(call: &Call<'_>, entity: &Entity, id: i64, record: &Record) -> Answer {
    let look = call.look();
    let form = match call.variants.created {
        Created::ByEntity if entity.name == "agents" => Created::InsertOk,
        Created::ByEntity => Created::Wiki200,
        form => form,
    };
    let located = |status, text| Answer::text(status, text).with("location", address(entity, id));
    let inserted =
        |data: String| Answer::text(200, format!("{{\"status\":\"0\",\"message\":\"Insert ok\",\"data\":{data}}}"));
    match form {
        Created::ByEntity | Created::Wiki200 => located(200, look.wrapped(plural(entity), false, entity, id, record)),
        Created::Wiki201 => located(201, look.wrapped(singular(entity), false, entity, id, record)),
        Created::List => located(200, look.wrapped(singular(entity), true, entity, id, record)),
        Created::InsertOk => inserted("false".to_owned()),
        Created::DataId => inserted(format!("\"{id}\"")),
        Created::DataRecord => {
            let mut text = String::new();
            look.write(&mut text, entity, id, record);
            inserted(text)
        }
    }
}

fn reply(sent: Value) -> Checked<String> {
    match sent {
        Value::Object(reply) if reply.len() == 1 => match reply.get("replyMsg").and_then(Value::as_str) {
            Some(message) if !message.is_empty() => Ok(message.to_owned()),
            _ => refuse("SANDBOX-REQUIRED", format!("{REPLY}.replyMsg: is required")),
        },
        _ => refuse("SANDBOX-WRONG-TYPE", format!("{REPLY}: must be an object with replyMsg and nothing else")),
    }
}

fn keep_reply(store: &mut Store, ticket: i64, message: String, request: &str) -> Result<()> {
    let id = store.next_id(REPLIES, seed::first_id(REPLIES));
    let reply = json!({"ticketReplyId": id.to_string(), "ticketId": ticket.to_string(), "replyUserId": "7001",
                       "replyDT": now(), "replyMsg": message});
    let Value::Object(reply) = reply else { return Ok(()) };
    store.put(&Shape::bare(REPLIES), id, &reply, request)
}

/// The service's clock, `2018-02-03 00:00:00`.
pub fn now() -> String {
    moment(now_milliseconds() / 1000)
}

/// A Unix time in the service's zone.
pub fn moment(seconds: i64) -> String {
    let offset =
        jiff::tz::Offset::from_seconds(Catalog::embedded().service.utc_offset).unwrap_or(jiff::tz::Offset::UTC);
    let moment = offset.to_datetime(jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH));
    let (date, time) = (moment.date(), moment.time());
    format!("{date} {:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_in_the_services_zone() {
        assert_eq!(moment(1_736_040_600), "2025-01-05 09:30:00");
    }
}
