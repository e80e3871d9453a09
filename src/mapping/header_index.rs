//! Which field a header means.

use std::collections::HashMap;

use super::vendors::Vendors;
use crate::entity::{Entity, fold, simplified, titled};

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
            if field.custom {
                // So an export calls it where its label alone would be taken for another field.
                for label in [&field.zh, &field.en] {
                    index.aliases.entry(fold(&titled(label, &field.name))).or_insert(field_index);
                }
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
        known(folded)
            .or_else(|| known(Vendors::embedded().without_prefix(folded)?))
            .or_else(|| known(&simplified(folded)?))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    #[test]
    fn headings_in_traditional_chinese_mean_the_same_fields() {
        let of = |entity: &str, heading: &str| {
            let entity = Catalog::embedded().get(entity).unwrap();
            HeaderIndex::new(entity).find(&fold(heading)).map(|index| entity.fields[index].name.clone())
        };
        for (entity, heading, field) in [
            ("companies", "公司名稱", "companyName"),
            ("customers", "手機", "mobile"),
            ("customers", "行動電話", "mobile"),
            ("customers", "電話", "fixnumber"),
            ("customers", "聯絡電話", "fixnumber"),
            ("customers", "聯絡人", "name"),
            ("customers", "電子郵件", "email"),
            ("customers", "備註", "note"),
            ("tickets", "標題", "subject"),
            ("tickets", "優先級", "priorityLevel"),
        ] {
            assert_eq!(of(entity, heading).as_deref(), Some(field), "{heading}");
        }
        assert_eq!(of("customers", "電視"), None);
    }
}
