//! The records: one SQLite store, what is known of each record beside its JSON text, and where its ids begin.

pub mod ids;
pub mod indexed_fields;
pub mod record;
pub mod selection;
pub mod store;
