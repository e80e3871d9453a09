//! Which field a header means.

use std::collections::HashMap;

use super::vendors::Vendors;
use crate::entity::{Entity, fold};

/// The fields of an entity by the names that mean them. A name or label goes before an alias.
pub(super) struct HeaderIndex {
    exact: HashMap<String, usize>,
    aliases: HashMap<String, usize>,
    /// What tells about references: no heading means it, but a mapping file may.
    clues: HashMap<String, usize>,
}

impl HeaderIndex {
    /// The index of an entity's fields.
    pub(super) fn new(entity: &Entity) -> Self {
        let mut index = HeaderIndex { exact: HashMap::new(), aliases: HashMap::new(), clues: HashMap::new() };
        for (field_index, field) in entity.fields.iter().enumerate() {
            for name in [&field.name, &field.zh, &field.en] {
                if field.clue.is_some() {
                    index.clues.entry(fold(name)).or_insert(field_index);
                    continue;
                }
                index.exact.entry(fold(name)).or_insert(field_index);
            }
            for name in &field.aliases {
                index.aliases.entry(fold(name)).or_insert(field_index);
            }
        }
        index
    }

    /// The index of the field that a folded header means.
    pub(super) fn find(&self, folded: &str) -> Option<usize> {
        let known = |folded: &str| self.exact.get(folded).or_else(|| self.aliases.get(folded)).copied();
        known(folded).or_else(|| known(Vendors::embedded().without_prefix(folded)?))
    }

    /// The index of the field that a mapping file means by a folded name.
    pub(super) fn find_named(&self, folded: &str) -> Option<usize> {
        self.find(folded).or_else(|| self.clues.get(folded).copied())
    }

    /// Whether a folded header is a name or label, not an alias.
    pub(super) fn is_exact(&self, folded: &str) -> bool {
        self.exact.contains_key(folded)
    }
}
