//! What a checked record asks of the service: which write, with which body, and what has to be
//! looked at before or after it.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::change::{CellBaseline, SaidCell};
use super::looks::WriteKind;
use super::pairs::Pairs;
use crate::check::record::Record;
use crate::entity::{Conflict, Custom, Entity, Overwrite, WriteMode};
use crate::error::{Error, Result};
use crate::format::{Row, Sheet};
use crate::journal::OldId;
use crate::language::Language;
use crate::mapping::{Mapping, ValueSource};
use crate::message;
use crate::text::{clean, push_json};
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
    /// A new record whose request is made when it is its turn.
    Draft(Members),
    /// A new record, or a change of one that is there: what the account has decides which.
    LookedUp {
        /// What a new record says.
        members: Members,
        /// What a record that is there is to say.
        cells: Vec<SaidCell>,
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

impl WriteOperation {
    /// What kind of write it is, of a record of this entity.
    pub(super) fn kind(&self, entity: &Entity) -> WriteKind {
        let is_new = matches!(self, WriteOperation::Write { .. } | WriteOperation::Draft(_));
        WriteKind { entity: entity.name.clone(), is_new }
    }

    /// Whether what it adds to its record was added before: then it need not be written for that to be so.
    pub(super) fn was_added(&self) -> bool {
        let WriteOperation::Change { cells, .. } = self else { return false };
        cells.iter().any(|cell| cell.added_before.as_ref().is_some_and(|before| !before.is_in_doubt))
    }

    /// Whether it may write something, whatever its record says: what nobody edited in an export of ours writes nothing.
    pub(super) fn may_write(&self) -> bool {
        let may_be_written = |cell: &SaidCell| {
            let is_unedited = cell.baseline.is_some_and(|baseline| baseline.is_unedited);
            cell.added_before.is_none() && (!is_unedited || cell.overwrite == Overwrite::Always)
        };
        match self {
            WriteOperation::Change { cells, .. } | WriteOperation::LookedUp { cells, .. } => {
                cells.iter().any(may_be_written)
            }
            WriteOperation::Tags(edit) => {
                let is_unedited = edit.baseline.is_some_and(|baseline| baseline.is_unedited);
                !is_unedited || !edit.add.is_empty() || !edit.remove.is_empty()
            }
            WriteOperation::Write { .. } | WriteOperation::Draft(_) => true,
        }
    }

    /// Whether it says which records it refers to, and these were not looked up yet: it cannot be sent as it is.
    pub(super) fn is_unresolved(&self) -> bool {
        match self {
            WriteOperation::Draft(members) => members.is_unresolved,
            WriteOperation::LookedUp { members, cells } => {
                members.is_unresolved || cells.iter().any(|cell| cell.is_unresolved)
            }
            WriteOperation::Change { cells, .. } => cells.iter().any(|cell| cell.is_unresolved),
            WriteOperation::Tags(edit) => edit.id.is_empty(),
            WriteOperation::Write { .. } => false,
        }
    }

    /// Takes ids as they stand.
    #[cfg(test)]
    pub(super) fn take_as_written(&mut self) {
        match self {
            WriteOperation::Draft(members) => members.is_unresolved = false,
            WriteOperation::LookedUp { members, cells } => {
                members.is_unresolved = false;
                cells.iter_mut().for_each(|cell| cell.is_unresolved = false);
            }
            WriteOperation::Change { cells, .. } => cells.iter_mut().for_each(|cell| cell.is_unresolved = false),
            WriteOperation::Write { .. } | WriteOperation::Tags(_) => {}
        }
    }
}

/// What a change sends: each value under its field's name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// Fields that are members of the record.
    pub fields: Pairs,
    /// Custom fields, which a record carries together.
    pub custom: Pairs,
    /// It says which records it refers to, and these were not looked up yet: it cannot be sent as it is.
    pub is_unresolved: bool,
    /// It says what only a record that is there has.
    pub is_given: bool,
}

impl Members {
    /// What a checked record sends that is new.
    pub(super) fn of_record(mapping: &Mapping, record: &Record) -> Members {
        let mut members = Members::default();
        for (source, value) in record.sent_of_new(mapping) {
            let list = if source.field.custom { &mut members.custom } else { &mut members.fields };
            list.push(&source.field.name, &value);
            members.is_unresolved |= source.field.tells_of_record();
        }
        members
    }

    /// What cells send where nothing is known of their record: all that may be written.
    pub(super) fn of(cells: &[SaidCell]) -> Members {
        let mut members = Members::default();
        for cell in cells.iter().filter(|cell| cell.baseline.is_none_or(|baseline| !baseline.is_unedited)) {
            members.push(cell, &cell.value);
        }
        members
    }

    /// Adds a cell that is written.
    pub(super) fn push(&mut self, cell: &SaidCell, value: &str) {
        let list = if cell.is_custom { &mut self.custom } else { &mut self.fields };
        list.push(&cell.field, value);
    }

    /// Whether a member of the record is among them.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(field, _)| field == name)
    }

    /// What is sent, for a person to look at: labels and values, secrets masked.
    pub fn shown(&self, entity: &Entity) -> Vec<(String, String)> {
        let language = Language::current();
        let pair = |(name, text): (&str, &str)| match entity.field(name) {
            Some(field) if field.secret => (field.label(language).to_owned(), "•••".to_owned()),
            Some(field) => {
                let choice = field.choice(text).map(|choice| choice.label(language).to_owned());
                (field.label(language).to_owned(), choice.unwrap_or_else(|| clean(text).into_owned()))
            }
            None => (name.to_owned(), clean(text).into_owned()),
        };
        self.iter().map(pair).collect()
    }

    /// The value that is sent for a field.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// Names and values, custom fields too.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().chain(self.custom.iter())
    }

    /// The same as a list of its own.
    pub(super) fn to_vec(&self) -> Vec<(String, String)> {
        self.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// How to find what is there already.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LookUp {
    /// Query of the look-up.
    pub by: Vec<(String, String)>,
    /// Values that have to agree.
    pub same: Vec<(String, String)>,
    /// The row says what only a record that is there has, so that is looked for before anything is sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_first: bool,
}

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
    pub(super) fn cell(&self, field: &str) -> SaidCell {
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
    pub(super) fn cell_of_edits(&self, field: &str) -> SaidCell {
        let (added, removed) =
            (self.add.iter().map(|tag| format!("+{tag}")), self.remove.iter().map(|tag| format!("-{tag}")));
        let shown = self.set.iter().cloned().chain(added).chain(removed).collect::<Vec<_>>().join(",");
        SaidCell { field: field.to_owned(), shown, ..SaidCell::default() }
    }

    /// Whether it says what the tags are to be, whatever they were.
    pub(super) fn replaces(&self) -> bool {
        self.is_emptied || !self.set.is_empty()
    }

    /// What it asks for, for a person to look at: labels and values.
    pub(super) fn shown(&self, entity: &Entity) -> Vec<(String, String)> {
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
    pub(super) fn opposed(&self) -> Option<&str> {
        let is_there = |tag: &&String| self.add.contains(tag) || self.set.contains(tag);
        self.remove.iter().find(is_there).map(String::as_str)
    }

    /// Whether it says what the tags are to be, all of them and nothing else.
    pub(super) fn is_list(&self) -> bool {
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

/// The body of a request that carries these members, inside `wrap` when there is one: every value a JSON string, custom fields
/// together as pairs.
pub(super) fn body_of(members: &Members, custom: &Custom, wrap: Option<&String>) -> Bytes {
    let mut body = Vec::with_capacity(512);
    body.push(b'{');
    if let Some(wrap) = wrap {
        push_json(wrap, &mut body);
        body.extend_from_slice(b":{");
    }
    push_record(members, custom, &mut body);
    if wrap.is_some() {
        body.push(b'}');
    }
    body.push(b'}');
    Bytes::from(body)
}

/// Appends the members of a record, without the braces around them.
fn push_record(members: &Members, custom: &Custom, out: &mut Vec<u8>) {
    let mut is_first = true;
    let mut push_name = |name: &str, out: &mut Vec<u8>| {
        if !std::mem::replace(&mut is_first, false) {
            out.push(b',');
        }
        push_json(name, out);
        out.push(b':');
    };
    let mut nested: BTreeMap<&str, BTreeMap<&str, &str>> = BTreeMap::new();
    for (name, value) in members.fields.iter() {
        match name.split_once('.') {
            Some((parent, member)) => drop(nested.entry(parent).or_default().insert(member, value)),
            None => {
                push_name(name, out);
                push_json(value, out);
            }
        }
    }
    for (parent, members) in nested {
        push_name(parent, out);
        push_value(&members, out);
    }
    if !members.custom.is_empty() {
        let pair = |(name, value)| BTreeMap::from([(&custom.key, name), (&custom.value, value)]);
        let pairs: Vec<_> = members.custom.iter().map(pair).collect();
        push_name(&custom.member, out);
        push_value(&pairs, out);
    }
}

fn push_value(value: &impl Serialize, out: &mut Vec<u8>) {
    // Texts under texts always serialise, and writing to memory cannot fail.
    let _ = serde_json::to_writer(out, value);
}

/// Makes drafts of new records into writes.
#[derive(Debug, Clone)]
pub(super) struct DraftWriter {
    custom: Custom,
    wrap: Option<String>,
    conflict: Option<Conflict>,
    /// The fields whose values name a record that has no id.
    key: Vec<String>,
}

impl DraftWriter {
    /// What makes drafts of records of `entity` into writes.
    pub(super) fn new(entity: &Entity, custom: &Custom) -> DraftWriter {
        let wrap = entity.endpoint("create").and_then(|create| create.wrap.clone());
        let key = if entity.is_asked_for() { entity.named_by().to_vec() } else { Vec::new() };
        DraftWriter { custom: custom.clone(), wrap, conflict: entity.conflict.clone(), key }
    }

    /// How records carry custom fields.
    pub(super) fn custom(&self) -> &Custom {
        &self.custom
    }

    /// The operation as it is sent: a draft has its body now; none of one that says which records it refers to and whose
    /// references were never looked up.
    pub(super) fn ready(&self, operation: WriteOperation) -> Option<WriteOperation> {
        (!operation.is_unresolved()).then(|| self.finished(operation))
    }

    /// The operation as it is sent: a draft has its body now.
    pub(super) fn finished(&self, operation: WriteOperation) -> WriteOperation {
        let members = match operation {
            WriteOperation::Draft(members) => members,
            // What it refers to is known now.
            WriteOperation::Change { cells, .. } if !self.key.is_empty() => {
                return WriteOperation::Change { id: name_of(&self.key, &cells), cells };
            }
            operation => return operation,
        };
        let values = |fields: &[String]| {
            let pair = |field: &String| Some((field.clone(), members.value(field)?.to_owned()));
            fields.iter().filter_map(pair).collect()
        };
        let look_up = self.conflict.as_ref().map(|conflict| {
            let (by, same) = (values(&conflict.by), values(&conflict.same));
            Box::new(LookUp { by, same, is_first: members.is_given })
        });
        WriteOperation::Write { body: self.body(&members), look_up }
    }

    /// The body of the request that makes a record of these members.
    pub(super) fn body(&self, members: &Members) -> Bytes {
        body_of(members, &self.custom, self.wrap.as_ref())
    }
}

/// Makes the write operations of one entity.
#[derive(Debug)]
pub(super) struct OperationBuilder<'a> {
    entity: &'a Entity,
    mode: WriteMode,
    /// New records are drafts.
    is_draft: bool,
    /// The account tells whether a row makes a record or changes one.
    is_looked_up: bool,
    wrap: Option<String>,
    /// The column with what only records that are there have.
    given: Option<usize>,
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
            WriteMode::Update if entity.named_by().is_empty() => return Err(cannot_update(entity)),
            WriteMode::Update => Some(entity.endpoint("update").ok_or_else(|| cannot_update(entity))?),
            WriteMode::SkipExisting | WriteMode::Upsert => {
                let is_found = entity.id.is_some() && entity.endpoint("list").is_some();
                if !is_found || mode == WriteMode::Upsert && entity.endpoint("update").is_none() {
                    return Err(cannot_look_up(entity, mode));
                }
                Some(entity.endpoint("create").ok_or_else(|| cannot_write(entity))?)
            }
        };
        if mode != WriteMode::Create && mode != WriteMode::Update && entity.edits.is_some() {
            return Err(cannot_look_up(entity, mode));
        }
        Ok(OperationBuilder {
            entity,
            mode,
            is_draft: false,
            is_looked_up: false,
            wrap: endpoint.and_then(|endpoint| endpoint.wrap.clone()),
            given: None,
            scratch: Vec::new(),
        })
    }

    /// The same where rows that say what only records that are there have are looked for before they are sent.
    pub(super) fn in_columns_of(self, sheet: &Sheet) -> Self {
        OperationBuilder { given: given_column(self.entity, sheet), ..self }
    }

    /// The same where new records are drafts: what is sent is decided once more is known of the row.
    pub(super) fn of_drafts(self, is_draft: bool) -> Self {
        OperationBuilder { is_draft, ..self }
    }

    /// The same where rows are looked up in the account before it is known what they ask for.
    pub(super) fn looked_up(self, is_looked_up: bool) -> Self {
        OperationBuilder { is_looked_up, ..self }
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
            let (mut add, mut taken) = match value::signed_tags(text(&edits.add)) {
                Some((added, removed)) => (owned(added), owned(removed)),
                None => (list(&edits.add), Vec::new()),
            };
            let place = mapping.position(&edits.set);
            let baseline = place.and_then(|index| baselines.get(index).copied().flatten());
            let is_unedited = baseline.is_some_and(|baseline| baseline.is_unedited);
            // So may one that says what they are to be. What an export said there is what it says.
            let column = mapping.column(&edits.set).filter(|_| is_unedited);
            let (set, baseline) = match value::signed_tags(text(&edits.set)) {
                _ if let Some(column) = column => {
                    let tags = value::tags(row.cell(column).text);
                    (tags.map(str::to_owned).collect(), baseline)
                }
                None => (list(&edits.set), baseline),
                Some((added, removed)) => {
                    add.extend(owned(added));
                    taken.extend(owned(removed));
                    (Vec::new(), None)
                }
            };
            return WriteOperation::Tags(Box::new(TagEdit {
                entity: text(&edits.entity).to_owned(),
                id: text(&edits.record).to_owned(),
                old_id: old_id_of(mapping, record),
                add,
                remove: list(&edits.remove).into_iter().chain(taken).collect(),
                set,
                is_emptied: place.is_some_and(|index| record.clears(index)),
                baseline,
            }));
        }
        if self.is_looked_up {
            let members = Members::of_record(mapping, record);
            return WriteOperation::LookedUp { members, cells: cells(mapping, record, row, baselines) };
        }
        if self.mode == WriteMode::Update {
            let cells = cells(mapping, record, row, baselines);
            let id = match &self.entity.id {
                Some(id) => record.value(mapping, id).unwrap_or_default().to_owned(),
                None => name_of(self.entity.named_by(), &cells),
            };
            return WriteOperation::Change { id, cells };
        }
        if self.is_draft {
            let is_given = self.given.is_some_and(|column| !row.cell(column).text.trim().is_empty());
            return WriteOperation::Draft(Members { is_given, ..Members::of_record(mapping, record) });
        }
        self.scratch.clear();
        record.write_body(mapping, self.wrap.as_deref(), &mut self.scratch);
        let values = |fields: &[String]| {
            fields
                .iter()
                .filter_map(|field| record.value(mapping, field).map(|value| (field.clone(), value.to_owned())))
                .collect()
        };
        let look_up = self.entity.conflict.as_ref().map(|conflict| {
            let is_first = self.given.is_some_and(|column| !row.cell(column).text.trim().is_empty());
            Box::new(LookUp { by: values(&conflict.by), same: values(&conflict.same), is_first })
        });
        WriteOperation::Write { body: Bytes::copy_from_slice(&self.scratch), look_up }
    }
}

/// The column with what only records that are there have.
pub(super) fn given_column(entity: &Entity, sheet: &Sheet) -> Option<usize> {
    let given = entity.conflict.as_ref()?.given.as_ref()?;
    sheet.header.iter().position(|title| entity.field_called(title.trim()).is_some_and(|field| field.name == *given))
}

/// The name of a record that has no id, by the cells that say its key.
pub(super) fn name_of(key: &[String], cells: &[SaidCell]) -> String {
    let value = |field: &String| cells.iter().find(|cell| cell.field == *field).map_or("", |cell| cell.value.as_str());
    key.iter().map(value).collect::<Vec<_>>().join("/")
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
        let is_blank = value.is_empty() && shown.is_empty() && !record.clears(index) && !source.field.secret;
        if is_blank && baseline.is_some_and(|baseline| baseline.was_blank()) {
            // It writes nothing, but somebody may have filled it in the service.
            let field = source.field.name.clone();
            let (is_custom, overwrite) = (source.field.custom, Overwrite::Never);
            cells.push(SaidCell { field, is_custom, overwrite, baseline, ..SaidCell::default() });
            continue;
        }
        // An empty cell says nothing, nor does one with what no value was made of.
        let says_something = !value.is_empty() || record.clears(index) || is_unedited && !shown.is_empty();
        if !says_something {
            continue;
        }
        cells.push(SaidCell {
            field: source.field.name.clone(),
            is_custom: source.field.custom,
            shown: shown.to_owned(),
            value: value.to_owned(),
            overwrite: source.overwrite,
            is_unresolved: source.field.tells_of_record() && !is_unedited && !value.is_empty(),
            baseline,
            added_before: None,
        });
    }
    cells
}

/// The id that a record has in another system.
pub(super) fn old_id_of(mapping: &Mapping, record: &Record) -> Option<OldId> {
    let source = mapping.source().filter(|_| !record.old_id.is_empty())?;
    Some(OldId { source: source.to_owned(), id: record.old_id.clone() })
}

fn cannot_write(entity: &Entity) -> Error {
    Error::usage(message!("import.cannot_write", entity = entity.name)).hint(message!("import.cannot_write_hint"))
}

fn cannot_look_up(entity: &Entity, mode: WriteMode) -> Error {
    Error::usage(message!("import.cannot_look_up", entity = entity.labels(), mode = mode.as_str()))
        .hint(message!("import.cannot_look_up_hint", mode = mode.as_str()))
}

fn cannot_update(entity: &Entity) -> Error {
    Error::usage(message!("import.cannot_update", entity = entity.name)).hint(message!("import.cannot_update_hint"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{AccountMode, Catalog};
    use crate::value::ValueOptions;

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

    #[test]
    fn a_draft_is_sent_as_the_body_that_is_ready_at_once() {
        let catalog = Catalog::embedded();
        let entity = catalog.get("customers").unwrap();
        let sheet = Sheet { header: ["姓名", "手机", "备注"].map(str::to_owned).to_vec(), ..Sheet::default() };
        let custom = &catalog.service.custom;
        let mapping =
            Mapping::new(entity, custom, &sheet, None, AccountMode::Consumer, ValueOptions::default()).unwrap();
        let cells = vec!["示例 \"一\"", "13000000001", ""];
        let row = Row { number: 2, cells: cells.into(), ..Row::default() };
        let mut record = Record::default();
        mapping.check(&row, &mut record);
        let operation = |is_draft| {
            let mut operations = OperationBuilder::new(entity, WriteMode::Create).unwrap().of_drafts(is_draft);
            DraftWriter::new(entity, custom).finished(operations.operation(&mapping, &record, &row, &[]))
        };
        assert_eq!(format!("{:?}", operation(true)), format!("{:?}", operation(false)));
    }
}
