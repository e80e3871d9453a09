//! The records: one SQLite store, what is known of each record beside its JSON text, and where its ids begin.

pub(super) mod ids;
pub(super) mod indexed_fields;
pub(super) mod record;
pub(super) mod selection;
pub(super) mod store;
