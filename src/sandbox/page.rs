//! Looking inside: `/sandbox/state.json` for programs, `/` for people.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::server::World;

/// What `/sandbox/state.json` can be asked for.
#[derive(Debug, serde::Deserialize)]
pub struct Asked {
    /// `1` adds every record of every entity; the name of an entity adds its records.
    records: Option<String>,
}

/// Counters, switches, the last requests and, when asked for, all records.
pub async fn state(State(world): State<Arc<World>>, Query(asked): Query<Asked>) -> Response {
    let (counts, last) = world.watch.look();
    let variants: serde_json::Map<String, Value> = world
        .variants
        .table()
        .into_iter()
        .map(|switch| (switch.name.to_owned(), Value::String(switch.value)))
        .collect();
    let faults: Vec<&str> = world.faults.faults().iter().map(|fault| fault.text.as_str()).collect();
    let mut state = {
        let store = world.store();
        let stored: serde_json::Map<String, Value> =
            store.counts().into_iter().map(|(entity, count)| (entity.to_owned(), json!(count))).collect();
        json!({"version": 1, "stored": stored, "counts": counts, "last": last, "variants": variants,
               "faults": faults})
    };
    if let Some(wanted) = asked.records {
        let records = match world.store().everything() {
            Ok(records) => records,
            Err(error) => return error.message().to_owned().into_response(),
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
        state["records"] = Value::Object(by_entity);
    }
    ([(CONTENT_TYPE, "application/json; charset=utf-8")], state.to_string()).into_response()
}

/// The page for people.
pub async fn page(State(_world): State<Arc<World>>) -> Response {
    ([(CONTENT_TYPE, "text/html; charset=utf-8")], "").into_response()
}
