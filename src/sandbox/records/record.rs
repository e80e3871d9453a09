//! A record as it is stored.

use serde_json::{Map, Value};

/// A record's members; every scalar is kept as text, as the service does.
pub(crate) type Record = Map<String, Value>;

/// The text of a member; empty when it is not there or no text.
pub(crate) fn text<'a>(record: &'a Record, name: &str) -> &'a str {
    record.get(name).and_then(Value::as_str).unwrap_or_default()
}
