//! A change of a record's tags.

use serde::{Deserialize, Serialize};

use super::members::Members;
use crate::entity::Entity;
use crate::import::change::{CellBaseline, SaidCell};
use crate::journal::OldId;
use crate::value;

/// A change of one record's tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagEdit {
    /// Name of the record's entity.
    pub entity: String,
    /// The record's id; empty where only its old id is known.
    pub id: String,
    /// The id that the record has in another system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_id: Option<OldId>,
    /// Tags to add.
    pub add: Vec<String>,
    /// Tags to remove.
    pub remove: Vec<String>,
    /// Tags that replace all others; nothing is replaced when it is empty …
    pub set: Vec<String>,
    /// … unless this says that all are taken away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_emptied: bool,
    /// What the export said in the cell with those, from which the file comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<CellBaseline>,
}

impl TagEdit {
    /// The tags that replace all others, as a cell of the field that holds a record's tags.
    pub(in crate::import) fn cell(&self, field: &str) -> SaidCell {
        let text = self.set.join(",");
        SaidCell {
            field: field.to_owned(),
            shown: text.clone(),
            value: text,
            baseline: self.baseline,
            ..SaidCell::default()
        }
    }

    /// What is done to the tags, as such a cell says it.
    pub(in crate::import) fn cell_of_edits(&self, field: &str) -> SaidCell {
        let (added, removed) =
            (self.add.iter().map(|tag| format!("+{tag}")), self.remove.iter().map(|tag| format!("-{tag}")));
        let shown = self.set.iter().cloned().chain(added).chain(removed).collect::<Vec<_>>().join(",");
        SaidCell { field: field.to_owned(), shown, ..SaidCell::default() }
    }

    /// Whether it says what the tags are to be, whatever they were.
    pub(in crate::import) fn replaces(&self) -> bool {
        self.is_emptied || !self.set.is_empty()
    }

    /// What it asks for, for a person to look at: labels and values.
    pub(in crate::import) fn shown(&self, entity: &Entity) -> Vec<(String, String)> {
        let Some(edits) = &entity.edits else { return Vec::new() };
        let pairs = [
            (&edits.entity, self.entity.clone()),
            (&edits.record, self.id.clone()),
            (&edits.add, self.add.join(",")),
            (&edits.remove, self.remove.join(",")),
            (&edits.set, self.set.join(",")),
        ];
        let said = pairs.into_iter().filter(|(_, value)| !value.is_empty());
        let fields = said.map(|(name, value)| (name.as_str(), value)).collect::<Vec<_>>();
        Members { fields: fields.into_iter().collect(), ..Members::default() }.shown(entity)
    }

    /// A tag that it adds, or sets, and takes away.
    pub(in crate::import) fn opposed(&self) -> Option<&str> {
        let is_there = |tag: &&String| self.add.contains(tag) || self.set.contains(tag);
        self.remove.iter().find(is_there).map(String::as_str)
    }

    /// Whether it says what the tags are to be, all of them and nothing else.
    pub(in crate::import) fn is_list(&self) -> bool {
        self.replaces() && self.add.is_empty() && self.remove.is_empty()
    }

    /// The tag text after the change, in the order the tags were in; new ones at the end.
    pub fn apply(&self, current: &str) -> String {
        let kept = value::tags(current).filter(|_| !self.replaces());
        let mut tags: Vec<&str> = Vec::new();
        for tag in kept.chain(self.set.iter().map(String::as_str)).chain(self.add.iter().map(String::as_str)) {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags.retain(|tag| !self.remove.iter().any(|removed| removed == tag));
        tags.join(",")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(add: &[&str], remove: &[&str], set: &[&str]) -> TagEdit {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        TagEdit {
            entity: "customers".into(),
            id: "1".into(),
            old_id: None,
            add: owned(add),
            remove: owned(remove),
            set: owned(set),
            is_emptied: false,
            baseline: None,
        }
    }

    #[test]
    fn tags_are_added_removed_and_set() {
        assert_eq!(edit(&["c", "a"], &[], &[]).apply("a, b"), "a,b,c");
        assert_eq!(edit(&["c"], &["a"], &[]).apply("a,b"), "b,c");
        assert_eq!(edit(&[], &["z"], &[]).apply("a,b"), "a,b");
        assert_eq!(edit(&[], &[], &["x", "y"]).apply("a,b"), "x,y");
        assert_eq!(edit(&[], &["a"], &[]).apply("a"), "");
        assert_eq!(TagEdit { is_emptied: true, ..edit(&[], &[], &[]) }.apply("a,b"), "");
    }
}
