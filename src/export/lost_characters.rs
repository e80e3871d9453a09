//! Characters that the service gave only in part: U+FFFD stands for each. Which cells hold them is told, so that nobody writes
//! such a text back.

use serde::Serialize;
use serde_json::Value;

use crate::api::as_text;
use crate::entity::Custom;

/// Stands for a character that could not be read.
const LOST: char = '\u{fffd}';
/// Cells that are named; the others are counted.
const MOST_NAMED: usize = 1_000;

/// The members of records that hold such characters.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct LostCharacters {
    /// How many there are.
    pub cells: u64,
    /// The first of them.
    pub named: Vec<LostCell>,
}

/// A member of a record that holds a character that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct LostCell {
    /// The record's id.
    pub id: String,
    /// The member, or the key of the custom field.
    pub member: String,
}

impl LostCharacters {
    /// Looks through a record, which is what its own page says before what the list said.
    pub(super) fn look_through(&mut self, id: &str, record: &Value, detail: Option<&Value>, custom: &Custom) {
        let members = detail.into_iter().chain([record]).filter_map(Value::as_object).flatten();
        let mut seen: Vec<&str> = Vec::new();
        for (name, value) in members {
            if !(holds_lost(value) || name.contains(LOST)) || seen.contains(&name.as_str()) {
                continue;
            }
            seen.push(name);
            match value.as_array().filter(|_| *name == custom.member) {
                Some(fields) => {
                    for field in fields.iter().filter(|field| holds_lost(field)) {
                        self.add(id, &field.get(&custom.key).map(as_text).unwrap_or_default());
                    }
                }
                None => self.add(id, name),
            }
        }
    }

    /// These and others.
    pub(super) fn and(mut self, others: LostCharacters) -> Self {
        self.cells += others.cells;
        self.named.extend(others.named);
        self.named.truncate(MOST_NAMED);
        self
    }

    fn add(&mut self, id: &str, member: &str) {
        self.cells += 1;
        if self.named.len() < MOST_NAMED {
            self.named.push(LostCell { id: id.to_owned(), member: member.to_owned() });
        }
    }

    /// The ids of the first records, for a warning.
    pub(super) fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.named.iter().map(|cell| cell.id.as_str()).collect();
        ids.dedup();
        ids
    }
}

fn holds_lost(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(LOST),
        Value::Array(items) => items.iter().any(holds_lost),
        Value::Object(members) => members.iter().any(|(name, value)| name.contains(LOST) || holds_lost(value)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entity::Catalog;

    #[test]
    fn members_and_custom_fields_are_named_once() {
        let mut lost = LostCharacters::default();
        let record = json!({
            "cId": "1", "name": "x\u{fffd}", "note": "fine",
            "custom_fields": [{"key": "field_1", "value": "a"}, {"key": "field_2", "value": ["\u{fffd}"]}],
        });
        let detail = json!({"name": "x\u{fffd}"});
        lost.look_through("1", &record, Some(&detail), &Catalog::embedded().service.custom);
        let named: Vec<_> = lost.named.iter().map(|cell| cell.member.as_str()).collect();
        assert_eq!((lost.cells, named), (2, vec!["name", "field_2"]));
        assert_eq!(lost.ids(), ["1"]);
    }
}
