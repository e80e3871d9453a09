//! Bindings: the one resource without wrapper, list or id, with an error shape of its own.

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::call::Call;
use super::rejection::{Checked, Rejection, reject};
use super::request_body;
use crate::entity::{Entity, Kind};
use crate::error::Result;
use crate::sandbox::answer::{Answer, binding_error};
use crate::sandbox::records::ids::first_id;
use crate::sandbox::records::indexed_fields::IndexedFields;
use crate::sandbox::records::record::{Record, text};
use crate::sandbox::records::store::Store;
use crate::sandbox::variants::{Unbound, WorkWechat};

const USER_ERROR: &str = "user error";

/// Adds a binding.
pub(crate) fn create(call: &Call<'_>, entity: &Entity, store: &mut Store) -> Result<Answer> {
    let mut sent = match sent(call, entity, &required(entity)) {
        Ok(sent) => sent,
        Err(rejection) => return Ok(binding_error(call.variants, &rejection.message)),
    };
    let contact = contact(&sent);
    if !store.exists("customers", contact) {
        return Ok(binding_error(call.variants, USER_ERROR));
    }
    let exists = entity.conflict.as_ref().map_or("", |conflict| conflict.message.as_str());
    let source = text(&sent, "account_source").to_owned();
    let is_bound = of_source(store, entity, contact, &source)?.is_some()
        || holder(store, entity, text(&sent, "openId"), &source)?.is_some();
    if is_bound {
        return Ok(binding_error(call.variants, exists));
    }
    let id = store.next_id(&entity.name, first_id(&entity.name));
    fill_defaults(id, &mut sent);
    store.put(&indexed_fields(entity), id, &sent, call.request_id)?;
    Ok(success(&json!(true)).stored())
}

/// Gives a new binding the members the service sets.
pub(crate) fn fill_defaults(id: i64, binding: &mut Record) {
    let digest: String = Sha256::digest(id.to_le_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    for (name, value) in [
        ("aId", id.to_string()),
        ("account", format!("u2_{id}_{digest}")),
        ("remark", String::new()),
        ("templateId", "0".to_owned()),
    ] {
        binding.insert(name.to_owned(), Value::String(value));
    }
    identify(binding);
}

/// The stored member a binding is looked up by; no answer shows it.
const IDENTITY: &str = "identity";

fn identify(binding: &mut Record) {
    let identity = identity(text(binding, "openId"), text(binding, "account_source"));
    binding.insert(IDENTITY.to_owned(), Value::String(identity));
}

/// Bindings are looked up by contact and by identity.
pub(crate) fn indexed_fields(entity: &Entity) -> IndexedFields<'_> {
    IndexedFields::of(entity).with_lookup(IDENTITY)
}

/// Looks bindings up by contact, by identity, or by both when they belong together.
pub(crate) fn query(call: &Call<'_>, entity: &Entity, store: &Store) -> Result<Answer> {
    let reject = |message: &str| Ok(binding_error(call.variants, message));
    let source = match source(call, entity) {
        Ok(source) => source,
        Err(rejection) => return reject(&rejection.message),
    };
    if source == "workWechat" && call.variants.work_wechat == WorkWechat::Refused {
        return reject("account_source: is none of the allowed values");
    }
    let found = match find(call, entity, source, store)? {
        Ok(found) => found,
        Err(rejection) => return reject(&rejection.message),
    };
    if found.is_none() && call.variants.unbound == Unbound::Failure {
        return reject(USER_ERROR);
    }
    let style = call.record_style();
    let mut text = String::from("{\"data\":[");
    if let Some((id, binding)) = &found {
        style.write(&mut text, entity, *id, binding);
    }
    text.push_str("],\"msg\":\"success\"}");
    Ok(Answer::text(200, text))
}

/// Changes the identity of a contact's binding.
pub(crate) fn update(call: &Call<'_>, entity: &Entity, store: &mut Store) -> Result<Answer> {
    let sent = match sent(call, entity, &["cId", "account_source"]) {
        Ok(sent) => sent,
        Err(rejection) => return Ok(binding_error(call.variants, &rejection.message)),
    };
    let source = text(&sent, "account_source");
    let Some((id, mut binding)) = of_source(store, entity, contact(&sent), source)? else {
        return Ok(binding_error(call.variants, USER_ERROR));
    };
    if holder(store, entity, text(&sent, "openId"), source)?.is_some_and(|other| other != id) {
        let exists = entity.conflict.as_ref().map_or("", |conflict| conflict.message.as_str());
        return Ok(binding_error(call.variants, exists));
    }
    binding.extend(sent);
    identify(&mut binding);
    store.put(&indexed_fields(entity), id, &binding, call.request_id)?;
    Ok(success(&json!(true)).stored())
}

/// Removes a binding, asked for with the parameters of the query.
pub(crate) fn delete(call: &Call<'_>, entity: &Entity, store: &mut Store) -> Result<Answer> {
    let found = match source(call, entity) {
        Ok(source) => find(call, entity, source, store)?,
        Err(rejection) => Err(rejection),
    };
    match found {
        Ok(Some((id, _))) => {
            store.remove(&entity.name, id)?;
            Ok(success(&json!(true)).stored())
        }
        Ok(None) => Ok(binding_error(call.variants, USER_ERROR)),
        Err(rejection) => Ok(binding_error(call.variants, &rejection.message)),
    }
}

fn success(data: &Value) -> Answer {
    Answer::json(200, &json!({"data": data, "msg": "success"}))
}

fn required(entity: &Entity) -> Vec<&str> {
    entity.fields.iter().filter(|field| field.required).map(|field| field.name.as_str()).collect()
}

/// The bare body, checked.
fn sent(call: &Call<'_>, entity: &Entity, required: &[&str]) -> Checked<Map<String, Value>> {
    let mut record = request_body::record(call)?;
    for (name, value) in &mut record {
        let Some(field) = entity.field(name).filter(|field| !field.read_only) else {
            return reject("", format!("{name}: no such field"));
        };
        let text = match &*value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return reject("", format!("{name}: must be a string or a number")),
        };
        let is_known = field.kind != Kind::Choice || field.choices.iter().any(|choice| choice.value == text);
        if !is_known {
            return reject("", format!("{name}: is none of the allowed values"));
        }
        *value = Value::String(text);
    }
    match required.iter().find(|name| text(&record, name).is_empty()) {
        Some(name) => reject("", format!("{name}: is required")),
        None => Ok(record),
    }
}

fn source<'a>(call: &'a Call<'_>, entity: &Entity) -> Checked<&'a str> {
    let filters = call.route.endpoint.map_or(&[][..], |endpoint| &endpoint.filters);
    if let Some((name, _)) = call.query.iter().find(|(name, _)| !filters.contains(name)) {
        return reject("", format!("{name}: no such parameter"));
    }
    let choices = entity.field("account_source").map_or(&[][..], |field| &field.choices);
    match call.parameter("account_source") {
        None | Some("") => reject("", "account_source: is required"),
        Some(source) if choices.iter().any(|choice| choice.value == source) => Ok(source),
        Some(_) => reject("", "account_source: is none of the allowed values"),
    }
}

/// The binding that `cId` and `openId` of a query mean.
fn find(call: &Call<'_>, entity: &Entity, source: &str, store: &Store) -> Result<Checked<Option<(i64, Record)>>> {
    let open = call.parameter("openId").filter(|open| !open.is_empty());
    let user_error = || Err(Rejection { code: "", message: USER_ERROR.to_owned() });
    let binding = match (call.parameter("cId").filter(|id| !id.is_empty()), open) {
        (None, None) => return Ok(reject("", "cId, openId: one of them is required")),
        (Some(contact), open) => {
            let contact = contact.parse().unwrap_or_default();
            if !store.exists("customers", contact) {
                return Ok(user_error());
            }
            let binding = of_source(store, entity, contact, source)?;
            match (&binding, open) {
                (Some((_, binding)), Some(open)) if text(binding, "openId") != open => return Ok(user_error()),
                (None, Some(_)) => return Ok(user_error()),
                _ => binding,
            }
        }
        (None, Some(open)) => match holder(store, entity, open, source)? {
            Some(id) => store.get(&entity.name, id)?.map(|binding| (id, binding)),
            None => return Ok(user_error()),
        },
    };
    Ok(Ok(binding))
}

fn contact(binding: &Record) -> i64 {
    text(binding, "cId").parse().unwrap_or_default()
}

fn of_source(store: &Store, entity: &Entity, contact: i64, source: &str) -> Result<Option<(i64, Record)>> {
    let bindings = store.children(&entity.name, contact)?;
    Ok(bindings.into_iter().find(|(_, binding)| text(binding, "account_source") == source))
}

/// The binding that holds an identity of another system.
fn holder(store: &Store, entity: &Entity, open: &str, source: &str) -> Result<Option<i64>> {
    store.find(&entity.name, &identity(open, source))
}

/// One identity of one other system.
fn identity(open: &str, source: &str) -> String {
    if open.is_empty() { String::new() } else { format!("{source}:{open}") }
}
