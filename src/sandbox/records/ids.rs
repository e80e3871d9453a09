//! Where the ids of each kind of record begin, whatever the seed.

/// The first id of each kind of record.
const FIRST_IDS: &[(&str, i64)] = &[
    ("customers", 50_001),
    ("companies", 20_001),
    ("customer-groups", 1),
    ("tickets", 900_001),
    ("ticket-replies", 4_001),
    ("bindings", 600_001),
    ("agents", 7_001),
    ("agent-groups", 301),
    ("ticket-templates", 4),
    ("knowledge", 1_001),
    ("chats", 121),
    ("calls", 9_100_001),
];

/// The first id of an entity's records.
pub(crate) fn first_id(entity: &str) -> i64 {
    FIRST_IDS.iter().find(|(name, _)| *name == entity).map_or(1, |(_, id)| *id)
}
