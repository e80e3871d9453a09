//! Which members of a record lists and checks ask for often, and so stand in columns of their own.

use super::record::{Record, text};
use crate::entity::{Entity, Kind};

/// Which members of an entity's records stand in columns.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IndexedFields<'a> {
    /// Name of the entity.
    pub entity: &'a str,
    /// Member with the creation time.
    pub created: Option<&'a str>,
    /// Member with the time of the last change.
    pub updated: Option<&'a str>,
    /// Member with the natural key, when that is one member.
    pub lookup: Option<&'a str>,
    /// Member with the contact or company it belongs to.
    pub parent: Option<&'a str>,
    definition: Option<&'a Entity>,
}

impl<'a> IndexedFields<'a> {
    /// What the catalog says of this entity.
    pub(crate) fn of(definition: &'a Entity) -> Self {
        let labelled = |label: &str| {
            definition.fields.iter().find(|field| field.kind == Kind::DateTime && field.en == label).map(|f| &*f.name)
        };
        let owner = |field: &&crate::entity::Field| {
            field.kind == Kind::Id && matches!(field.reference.as_deref(), Some("customers" | "companies"))
        };
        IndexedFields {
            entity: &definition.name,
            created: definition.created.as_deref().or_else(|| labelled("Created at")),
            updated: definition.updated.as_deref().or_else(|| labelled("Updated at")),
            lookup: definition.keys.first().filter(|key| key.len() == 1).map(|key| &*key[0]),
            parent: definition.fields.iter().find(owner).map(|field| &*field.name),
            definition: Some(definition),
        }
    }

    /// The same with another member as natural key.
    pub(crate) fn with_lookup(self, member: &'a str) -> Self {
        IndexedFields { lookup: Some(member), ..self }
    }

    /// Records the catalog does not know as an entity.
    pub(crate) fn bare(entity: &'a str) -> Self {
        IndexedFields { entity, created: None, updated: None, lookup: None, parent: None, definition: None }
    }

    /// Whether the record says of itself that it is deleted.
    pub(crate) fn is_deleted(&self, record: &Record) -> bool {
        self.definition
            .and_then(|definition| definition.deleted.as_ref())
            .is_some_and(|rule| rule.values.iter().any(|v| v == text(record, &rule.field)))
    }
}
