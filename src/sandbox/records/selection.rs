//! Which records a list is made of.

use rusqlite::types::Value as Sql;

/// Which records a list is made of, in which order.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Selection {
    /// Name of the entity.
    pub entity: String,
    /// Conditions beside the entity, as SQL with `?` for each of `values`.
    pub conditions: Vec<String>,
    /// Values of the conditions.
    pub values: Vec<Sql>,
    /// `ORDER BY` terms before the id.
    pub orders: Vec<String>,
    /// Whether deleted records are in it.
    pub with_deleted: bool,
}

impl Selection {
    /// Whether it is every record of the entity that is not deleted, by id.
    pub(crate) fn is_plain(&self) -> bool {
        self.conditions.is_empty() && self.orders.is_empty() && !self.with_deleted
    }
}
