//! Creating, changing and deleting records.

use serde_json::{Value, json};

use super::call::Call;
use super::check::Check;
use super::defaults::{fill_defaults, set_status_time};
use super::rejection::{Checked, Rejection, reject};
use super::request_body;
use crate::entity::Entity;
use crate::error::Result;
use crate::sandbox::answer::{Answer, error_answer};
use crate::sandbox::clock::now;
use crate::sandbox::record_style::{address, plural, singular};
use crate::sandbox::records::ids::first_id;
use crate::sandbox::records::indexed_fields::IndexedFields;
use crate::sandbox::records::record::{Record, text};
use crate::sandbox::records::store::Store;
use crate::sandbox::variants::{Created, Updated};

/// The member of a ticket's write that adds a reply; it is no field of the ticket.
const REPLY: &str = "ticketReply";
/// Under which name replies are stored.
const REPLIES: &str = "ticket-replies";

/// Stores a new record.
pub(crate) fn create(call: &Call<'_>, entity: &Entity, store: &mut Store) -> Result<Answer> {
    let mut sent = match request_body::record(call) {
        Ok(sent) => sent,
        Err(rejection) => return Ok(rejected(call, rejection)),
    };
    let reply = match take_reply(entity, &mut sent) {
        Ok(reply) => reply,
        Err(rejection) => return Ok(rejected(call, rejection)),
    };
    let check = check(call, entity, None, store);
    let mut record = match check.record(None, &sent)? {
        Ok(record) => record,
        Err(rejection) => return Ok(rejected(call, rejection)),
    };
    let id = store.next_id(&entity.name, first_id(&entity.name));
    fill_defaults(entity, id, &store.main_agent(), &mut record);
    store.put(&IndexedFields::of(entity), id, &record, call.request_id)?;
    if let Some(message) = reply {
        keep_reply(store, id, message, call.request_id)?;
    }
    Ok(created(call, entity, id, &record).stored())
}

/// Changes a record.
pub(crate) fn update(call: &Call<'_>, entity: &Entity, id: i64, store: &mut Store) -> Result<Answer> {
    let mut sent = match request_body::record(call) {
        Ok(sent) => sent,
        Err(rejection) => return Ok(rejected(call, rejection)),
    };
    let Some(before) = existing(entity, id, store)? else { return Ok(missing(call, entity, id)) };
    let reply = match take_reply(entity, &mut sent) {
        Ok(reply) => reply,
        Err(rejection) => return Ok(rejected(call, rejection)),
    };
    let status = text(&before, "ticketStatus").to_owned();
    let check = check(call, entity, Some(id), store);
    let mut record = match check.record(Some(before), &sent)? {
        Ok(record) => record,
        Err(rejection) => return Ok(rejected(call, rejection)),
    };
    if let Some(name) = IndexedFields::of(entity).updated {
        record.insert(name.to_owned(), Value::String(now()));
    }
    set_status_time(entity, &status, &mut record);
    store.put(&IndexedFields::of(entity), id, &record, call.request_id)?;
    if let Some(message) = reply {
        keep_reply(store, id, message, call.request_id)?;
    }
    let answer = match call.variants.updated {
        Updated::Status => Answer::json(200, &json!({"status": "0", "message": "Update ok", "data": true})),
        Updated::Record => {
            let style = call.record_style();
            Answer::text(200, style.wrapped(singular(entity), style.is_list(entity), entity, id, &record))
        }
    };
    Ok(answer.stored())
}

/// Deletes a record: softly where its entity has a member that says so.
pub(crate) fn delete(call: &Call<'_>, entity: &Entity, id: i64, store: &mut Store) -> Result<Answer> {
    let Some(mut record) = existing(entity, id, store)? else { return Ok(missing(call, entity, id)) };
    match &entity.deleted {
        None => store.remove(&entity.name, id)?,
        Some(rule) => {
            record.insert(rule.field.clone(), Value::String(rule.values[0].clone()));
            let indexed = IndexedFields::of(entity);
            if let Some(name) = indexed.updated {
                record.insert(name.to_owned(), Value::String(now()));
            }
            if entity.field("deleteDT").is_some() {
                record.insert("deleteDT".to_owned(), Value::String(now()));
                record.insert("deleterId".to_owned(), Value::String(store.main_agent()));
            }
            store.put(&indexed, id, &record, call.request_id)?;
        }
    }
    Ok(Answer::json(200, &json!({"status": "0", "message": "Delete ok", "data": true})).stored())
}

fn check<'a>(call: &Call<'a>, entity: &'a Entity, id: Option<i64>, store: &'a Store) -> Check<'a> {
    let by_id = call.record_style().is_by_id(entity);
    Check { entity, store, custom_fields: call.custom_fields, variants: call.variants, by_id, id }
}

fn existing(entity: &Entity, id: i64, store: &Store) -> Result<Option<Record>> {
    if store.exists(&entity.name, id) { store.get(&entity.name, id) } else { Ok(None) }
}

fn missing(call: &Call<'_>, entity: &Entity, id: i64) -> Answer {
    let message = format!("{}: {id} does not exist", entity.id.as_deref().unwrap_or("id"));
    error_answer(call.variants, 404, "SANDBOX-NO-SUCH-RECORD", &message)
}

/// A rejected write.
pub(crate) fn rejected(call: &Call<'_>, rejection: Rejection) -> Answer {
    let status = if rejection.code == "SANDBOX-DUPLICATE" { 409 } else { 400 };
    error_answer(call.variants, status, rejection.code, &rejection.message)
}

fn created(call: &Call<'_>, entity: &Entity, id: i64, record: &Record) -> Answer {
    let style = call.record_style();
    let form = match call.variants.created {
        Created::ByEntity if entity.name == "agents" => Created::InsertOk,
        Created::ByEntity => Created::Wiki200,
        form => form,
    };
    let located = |status, text| Answer::text(status, text).with("location", address(entity, id));
    let inserted =
        |data: String| Answer::text(200, format!("{{\"status\":\"0\",\"message\":\"Insert ok\",\"data\":{data}}}"));
    match form {
        Created::ByEntity | Created::Wiki200 => located(200, style.wrapped(plural(entity), false, entity, id, record)),
        Created::Wiki201 => located(201, style.wrapped(singular(entity), false, entity, id, record)),
        Created::List => located(200, style.wrapped(singular(entity), true, entity, id, record)),
        Created::InsertOk => inserted("false".to_owned()),
        Created::DataId => inserted(format!("\"{id}\"")),
        Created::DataRecord => {
            let mut text = String::new();
            style.write(&mut text, entity, id, record);
            inserted(text)
        }
    }
}

/// The reply that a write adds to a ticket.
fn take_reply(entity: &Entity, sent: &mut serde_json::Map<String, Value>) -> Checked<Option<String>> {
    match entity.name.as_str() {
        "tickets" => sent.remove(REPLY).map(reply).transpose(),
        _ => Ok(None),
    }
}

fn reply(sent: Value) -> Checked<String> {
    match sent {
        Value::Object(reply) if reply.len() == 1 => match reply.get("replyMsg").and_then(Value::as_str) {
            Some(message) if !message.is_empty() => Ok(message.to_owned()),
            _ => reject("SANDBOX-REQUIRED", format!("{REPLY}.replyMsg: is required")),
        },
        _ => reject("SANDBOX-WRONG-TYPE", format!("{REPLY}: must be an object with replyMsg and nothing else")),
    }
}

fn keep_reply(store: &mut Store, ticket: i64, message: String, request: &str) -> Result<()> {
    let id = store.next_id(REPLIES, first_id(REPLIES));
    let reply = json!({"ticketReplyId": id.to_string(), "ticketId": ticket.to_string(), "replyUserId": store.main_agent(),
                       "replyDT": now(), "replyMsg": message});
    let Value::Object(reply) = reply else { return Ok(()) };
    store.put(&IndexedFields::bare(REPLIES), id, &reply, request)
}
