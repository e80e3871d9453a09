//! Looking inside: `/sandbox/state.json` for programs, `/` for people.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::auth::LOGIN;
use super::state::AppState;
use super::variants::Variants;
use crate::entity::Catalog;
use crate::language::Language;
use crate::t;

/// What `/sandbox/state.json` can be asked for.
#[derive(Debug, serde::Deserialize)]
pub(super) struct StateQuery {
    /// `1` adds every record of every entity; the name of an entity adds its records.
    records: Option<String>,
    /// What opens it.
    key: Option<String>,
}

/// What is said to whoever has no key.
fn closed() -> Response {
    (StatusCode::FORBIDDEN, format!("{}\n", t!("sandbox.page.closed"))).into_response()
}

/// Counters, switches, the last requests and, when asked for, all records.
pub(super) async fn state_json(State(state): State<Arc<AppState>>, Query(query): Query<StateQuery>) -> Response {
    if query.key.as_deref() != Some(state.key()) {
        return closed();
    }
    let (counts, last) = state.request_log.snapshot();
    let variants: serde_json::Map<String, Value> = state
        .variants
        .table()
        .into_iter()
        .map(|switch| (switch.name.to_owned(), Value::String(switch.value)))
        .collect();
    let mut document = {
        let store = state.store();
        let stored: serde_json::Map<String, Value> =
            store.counts().into_iter().map(|(entity, count)| (entity.to_owned(), json!(count))).collect();
        json!({"version": 1, "stored": stored, "counts": counts, "last": last, "variants": variants,
               "faults": fault_texts(&state), "assumed": state.assumed()})
    };
    if let Some(wanted) = query.records {
        let records = match state.store().all_records() {
            Ok(records) => records,
            Err(error) => return error.message().into_response(),
        };
        let mut by_entity = serde_json::Map::new();
        for (entity, id, request, record) in records {
            if wanted == "1" || wanted == entity {
                let list = by_entity.entry(entity).or_insert_with(|| json!([]));
                if let Some(list) = list.as_array_mut() {
                    list.push(json!({"id": id, "request_id": request, "record": record}));
                }
            }
        }
        document["records"] = Value::Object(by_entity);
    }
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], document.to_string()).into_response()
}

/// The page for people: what is stored, which switches are on, the last requests.
pub(super) async fn page(State(state): State<Arc<AppState>>, Query(query): Query<StateQuery>) -> Response {
    if query.key.as_deref() != Some(state.key()) {
        return closed();
    }
    let language = Language::current();
    let (counts, mut last) = state.request_log.snapshot();
    last.reverse();
    let stored: Vec<Value> = {
        let store = state.store();
        let counts: std::collections::BTreeMap<_, _> = store.counts().into_iter().collect();
        let known = Catalog::embedded().entities().iter();
        known
            .filter_map(|entity| counts.get(entity.name.as_str()).map(|count| (entity, count)))
            .map(|(entity, count)| json!({"name": entity.name, "label": entity.label(language), "count": count}))
            .collect()
    };
    let usual = Variants::default().table();
    let switches: Vec<Value> = state
        .variants
        .table()
        .into_iter()
        .zip(usual)
        .map(|(now, usual)| json!({"name": now.name, "value": now.value, "changed": now.value != usual.value}))
        .collect();
    let context = json!({
        "key": state.key(), "lang": language.pick("zh-CN", "en"), "words": words(), "base": state.base_url(), "user": LOGIN.user,
        "password": LOGIN.password, "client_id": LOGIN.client_id, "client_secret": LOGIN.client_secret,
        "stored": stored, "counts": counts, "switches": switches, "faults": fault_texts(&state),
        "assumed": state.assumed(), "last": last,
    });
    // The name's ending makes the template escape what it shows: paths and ids come from outside.
    let context = minijinja::Value::from(minijinja::value::Serde(context));
    let html = minijinja::Environment::new().render_named_str("status.html", include_str!("status.html"), context);
    match html {
        Ok(html) => ([(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn fault_texts(state: &AppState) -> Vec<&str> {
    state.faults.faults().iter().map(|fault| fault.text.as_str()).collect()
}

/// The page's own words, by the names the template uses.
fn words() -> Value {
    json!({
        "title": t!("sandbox.page.title"), "about": t!("sandbox.page.about"), "base": t!("sandbox.page.base"),
        "reload": t!("sandbox.page.reload"), "all_records": t!("sandbox.page.all_records"),
        "stored": t!("sandbox.page.stored"), "counts": t!("sandbox.page.counts"),
        "requests": t!("sandbox.page.requests"), "connections": t!("sandbox.page.connections"),
        "most": t!("sandbox.page.most"), "writes": t!("sandbox.page.writes"), "repeated": t!("sandbox.page.repeated"),
        "by_endpoint": t!("sandbox.page.by_endpoint"), "faults": t!("sandbox.page.faults"),
        "played": t!("sandbox.page.played"), "assumed": t!("sandbox.page.assumed"),
        "switches": t!("sandbox.page.switches"), "last": t!("sandbox.page.last"), "time": t!("sandbox.page.time"),
        "request": t!("sandbox.page.request"), "status": t!("sandbox.page.status"), "fault": t!("sandbox.page.fault"),
        "cut": t!("sandbox.page.cut"), "was_stored": t!("sandbox.page.was_stored"), "none": t!("sandbox.page.none"),
    })
}
