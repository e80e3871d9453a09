//! What the service itself gives a record: its id, its times, and defaults for what a create does not name.

use serde_json::Value;

use crate::entity::Entity;
use crate::sandbox::clock::now;
use crate::sandbox::records::indexed_fields::IndexedFields;
use crate::sandbox::records::record::{Record, text};

/// Times a ticket gets when its status changes to a value.
const STATUS_TIMES: &[(&str, &str)] =
    &[("2", "openDT"), ("3", "waitDT"), ("4", "solveDT"), ("5", "closeDT"), ("6", "closeDT")];

/// The agent that the login of the invented account belongs to.
pub(crate) const FIRST_AGENT: &str = "7001";

/// What the service fills in where a create says nothing.
const DEFAULTS: &[(&str, &[(&str, &str)])] = &[
    ("customers", &[("state", "1"), ("default", "0"), ("userGroup", "0"), ("supportId", FIRST_AGENT)]),
    ("companies", &[("status", "1"), ("userGroup", "0"), ("supportId", FIRST_AGENT)]),
    ("agents", &[("gnder", "1"), ("isAdmin", "0"), ("isStat", "1")]),
    (
        "tickets",
        &[
            ("ticketType", "1"),
            ("priorityLevel", "2"),
            ("ticketStatus", "1"),
            ("ticketSource", "1"),
            ("customTemplateId", "0"),
            ("createrId", FIRST_AGENT),
            ("createrType", "0"),
            ("agentId", "18"),
            ("workflow_id", "0"),
            ("workflow_node_id", "0"),
            ("isDeleted", "0"),
            ("deleterId", "0"),
        ],
    ),
];

/// Fills in what the service itself gives a new record that an agent makes.
pub(crate) fn fill_defaults(entity: &Entity, id: i64, agent: &str, record: &mut Record) {
    let mut give = |name: &str, value: String| {
        record.entry(name).or_insert(Value::String(value));
    };
    if let Some(name) = &entity.id {
        give(name, id.to_string());
    }
    let indexed = IndexedFields::of(entity);
    let now = now();
    for name in [indexed.created, indexed.updated].into_iter().flatten() {
        give(name, now.clone());
    }
    for (name, value) in DEFAULTS.iter().filter(|(name, _)| *name == entity.name).flat_map(|(_, values)| *values) {
        give(name, if *value == FIRST_AGENT { agent } else { value }.to_owned());
    }
    set_status_time(entity, "", record);
}

/// Sets the time that belongs to a ticket's new status.
pub(crate) fn set_status_time(entity: &Entity, before: &str, record: &mut Record) {
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
