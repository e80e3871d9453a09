//! Creating, changing and deleting records.

use serde_json::{Value, json};

use super::answer::{Answer, address, plural, refusal, singular};
use super::call::Call;
use super::check::{Check, Checked, Refusal, refuse};
use super::clock::now;
use super::defaults::{fill_defaults, set_status_time};
use super::ids::first_id;
use super::request_body;
use super::store::{Record, Shape, Store, text};
use super::variants::{Created, Updated};
use crate::entity::Entity;
use crate::error::Result;

/// The member of a ticket's update that adds a reply; it is no field of the ticket.
const REPLY: &str = "ticketReply";
/// Under which name replies are stored.
const REPLIES: &str = "ticket-replies";

/// Stores a new record.
pub fn create(call: &Call<'_>, entity: &Entity, store: &mut Store) -> Result<Answer> {
    let sent = match request_body::record(call) {
        Ok(sent) => sent,
        Err(refusal) => return Ok(refused(call, refusal)),
    };
    let check = Check { entity, store, variants: call.variants, by_id: call.look().is_by_id(entity), id: None };
    let mut record = match check.record(None, &sent)? {
        Ok(record) => record,
        Err(refusal) => return Ok(refused(call, refusal)),
    };
    let id = store.next_id(&entity.name, first_id(&entity.name));
    fill_defaults(entity, id, &mut record);
    store.put(&Shape::of(entity), id, &record, call.request_id)?;
    Ok(created(call, entity, id, &record).stored())
}

/// Changes a record.
pub fn update(call: &Call<'_>, entity: &Entity, id: i64, store: &mut Store) -> Result<Answer> {
    let mut sent = match request_body::record(call) {
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
    set_status_time(entity, &status, &mut record);
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
    let id = store.next_id(REPLIES, first_id(REPLIES));
    let reply = json!({"ticketReplyId": id.to_string(), "ticketId": ticket.to_string(), "replyUserId": "7001",
                       "replyDT": now(), "replyMsg": message});
    let Value::Object(reply) = reply else { return Ok(()) };
    store.put(&Shape::bare(REPLIES), id, &reply, request)
}
