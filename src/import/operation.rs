//! What a checked record asks of the service: which write, with which body, and what has to be
//! looked at before or after it.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::change::{CellBaseline, SaidCell};
use crate::check::record::Record;
use crate::entity::{Entity, WriteMode};
use crate::error::{Error, Result};
use crate::format::Row;
use crate::mapping::{Mapping, ValueSource};
use crate::message;
use crate::value;

/// What one row asks for.
#[derive(Debug, Clone)]
pub enum WriteOperation {
    /// One write with this body.
    Write {
        /// The JSON body.
        body: Bytes,
        /// What to look at when the service says "there already".
        look_up: Option<Box<LookUp>>,
    },
    /// A change of the record with this id, by what it says when it is its turn.
    Change {
        /// The record's id.
        id: String,
        /// What the row says.
        cells: Vec<SaidCell>,
    },
    /// A change of a record's tags: read, changed, written back.
    Tags(Box<TagEdit>),
}

/// What a change sends: each value under its field's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Members {
    /// Fields that are members of the record.
    pub fields: Vec<(String, String)>,
    /// Custom fields, which a record carries together.
    pub custom: Vec<(String, String)>,
}

impl Members {
    /// What cells send where nothing is known of their record: all that may be written.
    pub(super) fn of(cells: &[SaidCell]) -> Members {
        let mut members = Members::default();
        for cell in cells.iter().filter(|cell| cell.baseline.is_none_or(|baseline| !baseline.is_unedited)) {
            members.push(cell, cell.value.clone());
        }
        members
    }

    /// Adds a cell that is written.
    pub(super) fn push(&mut self, cell: &SaidCell, value: String) {
        let list = if cell.is_custom { &mut self.custom } else { &mut self.fields };
        list.push((cell.field.clone(), value));
    }

    /// Whether a member of the record is among them.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// Names and values, custom fields too.
    pub(super) fn iter(&self) -> impl Iterator<Item = &(String, String)> {
        self.fields.iter().chain(&self.custom)
    }
}

/// How to find what is there already.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LookUp {
    /// Query of the look-up.
    pub by: Vec<(String, String)>,
    /// Values that have to agree.
    pub same: Vec<(String, String)>,
}

/// A change of one record's tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagEdit {
    /// Name of the record's entity.
    pub entity: String,
    /// The record's id.
    pub id: String,
    /// Tags to add.
    pub add: Vec<String>,
    /// Tags to remove.
    pub remove: Vec<String>,
    /// Tags that replace all others; nothing is replaced when it is empty.
    pub set: Vec<String>,
}

impl TagEdit {
    /// The tag text after the change, in the order the tags were in; new ones at the end.
    pub fn apply(&self, current: &str) -> String {
        let kept = value::tags(current).filter(|_| self.set.is_empty());
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

/// Makes the write operations of one entity.
#[derive(Debug)]
pub(super) struct OperationBuilder<'a> {
    entity: &'a Entity,
    mode: WriteMode,
    wrap: Option<String>,
    scratch: Vec<u8>,
}

impl<'a> OperationBuilder<'a> {
    /// The operations that write records of `entity`.
    ///
    /// # Errors
    /// An entity that cannot be written so.
    pub(super) fn new(entity: &'a Entity, mode: WriteMode) -> Result<Self> {
        let endpoint = match mode {
            _ if entity.edits.is_some() => None,
            WriteMode::Create => Some(entity.endpoint("create").ok_or_else(|| cannot_write(entity))?),
            WriteMode::Update if entity.id.is_none() => return Err(cannot_update(entity)),
            WriteMode::Update => Some(entity.endpoint("update").ok_or_else(|| cannot_update(entity))?),
        };
        Ok(OperationBuilder {
            entity,
            mode,
            wrap: endpoint.and_then(|endpoint| endpoint.wrap.clone()),
            scratch: Vec::new(),
        })
    }

    /// What a record without findings asks for, made of a row of which `baselines` are what an export said.
    pub(super) fn operation(
        &mut self,
        mapping: &Mapping,
        record: &Record,
        row: &Row,
        baselines: &[Option<CellBaseline>],
    ) -> WriteOperation {
        if let Some(edits) = &self.entity.edits {
            let text = |field: &str| record.value(mapping, field).unwrap_or_default();
            let list = |field: &str| -> Vec<String> { value::tags(text(field)).map(str::to_owned).collect() };
            let owned = |tags: Vec<&str>| -> Vec<String> { tags.into_iter().map(str::to_owned).collect() };
            // A column of tags to add may take some away: `+老客户,-试用`.
            let (add, taken) = match value::signed_tags(text(&edits.add)) {
                Some((added, removed)) => (owned(added), owned(removed)),
                None => (list(&edits.add), Vec::new()),
            };
            return WriteOperation::Tags(Box::new(TagEdit {
                entity: text(&edits.entity).to_owned(),
                id: text(&edits.record).to_owned(),
                add,
                remove: list(&edits.remove).into_iter().chain(taken).collect(),
                set: list(&edits.set),
            }));
        }
        if self.mode == WriteMode::Update {
            let id = self.entity.id.as_ref().and_then(|id| record.value(mapping, id)).unwrap_or_default();
            return WriteOperation::Change { id: id.to_owned(), cells: cells(mapping, record, row, baselines) };
        }
        self.scratch.clear();
        record.write_body(mapping, self.wrap.as_deref(), &mut self.scratch);
        let values = |fields: &[String]| {
            fields
                .iter()
                .filter_map(|field| record.value(mapping, field).map(|value| (field.clone(), value.to_owned())))
                .collect()
        };
        let look_up = self
            .entity
            .conflict
            .as_ref()
            .map(|conflict| Box::new(LookUp { by: values(&conflict.by), same: values(&conflict.same) }));
        WriteOperation::Write { body: Bytes::copy_from_slice(&self.scratch), look_up }
    }
}

/// What a row says of the record it changes.
fn cells(mapping: &Mapping, record: &Record, row: &Row, baselines: &[Option<CellBaseline>]) -> Vec<SaidCell> {
    let mut cells = Vec::new();
    for (index, source) in mapping.sources.iter().enumerate().filter(|(_, source)| source.sent) {
        let (value, baseline) = (record.value_at(index), baselines.get(index).copied().flatten());
        let of_column = match source.source {
            ValueSource::Column(column) if source.values.is_empty() => row.cell(column).text.trim(),
            _ => "",
        };
        let shown = match (record.clears(index), of_column) {
            (true, _) => "",
            (false, "") => value,
            (false, text) => text,
        };
        let is_unedited = baseline.is_some_and(|baseline| baseline.is_unedited);
        // An empty cell says nothing.
        if value.is_empty() && !record.clears(index) && !(is_unedited && !shown.is_empty()) {
            continue;
        }
        cells.push(SaidCell {
            field: source.field.name.clone(),
            is_custom: source.field.custom,
            shown: shown.to_owned(),
            value: value.to_owned(),
            overwrite: source.overwrite,
            baseline,
        });
    }
    cells
}

fn cannot_write(entity: &Entity) -> Error {
    Error::usage(message!("import.cannot_write", entity = entity.name)).hint(message!("import.cannot_write_hint"))
}

fn cannot_update(entity: &Entity) -> Error {
    Error::usage(message!("import.cannot_update", entity = entity.name)).hint(message!("import.cannot_update_hint"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(add: &[&str], remove: &[&str], set: &[&str]) -> TagEdit {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        TagEdit { entity: "customers".into(), id: "1".into(), add: owned(add), remove: owned(remove), set: owned(set) }
    }

    #[test]
    fn tags_are_added_removed_and_set() {
        assert_eq!(edit(&["c", "a"], &[], &[]).apply("a, b"), "a,b,c");
        assert_eq!(edit(&["c"], &["a"], &[]).apply("a,b"), "b,c");
        assert_eq!(edit(&[], &["z"], &[]).apply("a,b"), "a,b");
        assert_eq!(edit(&[], &[], &["x", "y"]).apply("a,b"), "x,y");
        assert_eq!(edit(&[], &["a"], &[]).apply("a"), "");
    }
}
