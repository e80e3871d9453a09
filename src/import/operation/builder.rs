//! Makes what the rows of one entity ask for.

use bytes::Bytes;

use super::members::Members;
use super::tag_edit::TagEdit;
use super::write_operation::{LookUp, WriteOperation};
use crate::check::record::Record;
use crate::entity::{Edits, Entity, Overwrite, WriteMode};
use crate::error::{Error, Result};
use crate::format::{Row, Sheet};
use crate::import::change::{CellBaseline, SaidCell};
use crate::journal::OldId;
use crate::mapping::{Mapping, ValueSource};
use crate::message;
use crate::value;

/// Makes the write operations of one entity.
#[derive(Debug)]
pub(in crate::import) struct OperationBuilder<'a> {
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
    pub(in crate::import) fn new(entity: &'a Entity, mode: WriteMode) -> Result<Self> {
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
    pub(in crate::import) fn in_columns_of(self, sheet: &Sheet) -> Self {
        OperationBuilder { given: given_column(self.entity, sheet), ..self }
    }

    /// The same where new records are drafts: what is sent is decided once more is known of the row.
    pub(in crate::import) fn of_drafts(self, is_draft: bool) -> Self {
        OperationBuilder { is_draft, ..self }
    }

    /// The same where rows are looked up in the account before it is known what they ask for.
    pub(in crate::import) fn looked_up(self, is_looked_up: bool) -> Self {
        OperationBuilder { is_looked_up, ..self }
    }

    /// What a record without findings asks for, made of a row of which `baselines` are what an export said.
    pub(in crate::import) fn operation(
        &mut self,
        mapping: &Mapping,
        record: &Record,
        row: &Row,
        baselines: &[Option<CellBaseline>],
    ) -> WriteOperation {
        if let Some(edits) = &self.entity.edits {
            return WriteOperation::Tags(Box::new(tag_edit(edits, (mapping, record), row, baselines)));
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
        let is_given = self.given.is_some_and(|column| !row.cell(column).text.trim().is_empty());
        if self.is_draft {
            return WriteOperation::Draft(Members { is_given, ..Members::of_record(mapping, record) });
        }
        self.write(mapping, record, is_given)
    }

    /// The write that makes a new record.
    fn write(&mut self, mapping: &Mapping, record: &Record, is_given: bool) -> WriteOperation {
        self.scratch.clear();
        record.write_body(mapping, self.wrap.as_deref(), &mut self.scratch);
        let values = |fields: &[String]| {
            fields
                .iter()
                .filter_map(|field| record.value(mapping, field).map(|value| (field.clone(), value.to_owned())))
                .collect()
        };
        let look_up = self.entity.conflict.as_ref().map(|conflict| {
            Box::new(LookUp { by: values(&conflict.by), same: values(&conflict.same), is_first: is_given })
        });
        WriteOperation::Write { body: Bytes::copy_from_slice(&self.scratch), look_up }
    }
}

/// What a row does to the tags of a record.
fn tag_edit(
    edits: &Edits,
    (mapping, record): (&Mapping, &Record),
    row: &Row,
    baselines: &[Option<CellBaseline>],
) -> TagEdit {
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
    TagEdit {
        entity: text(&edits.entity).to_owned(),
        id: text(&edits.record).to_owned(),
        old_id: old_id_of(mapping, record),
        add,
        remove: list(&edits.remove).into_iter().chain(taken).collect(),
        set,
        is_emptied: place.is_some_and(|index| record.clears(index)),
        baseline,
    }
}

/// The column with what only records that are there have.
pub(in crate::import) fn given_column(entity: &Entity, sheet: &Sheet) -> Option<usize> {
    let given = entity.conflict.as_ref()?.given.as_ref()?;
    sheet.header.iter().position(|title| entity.field_called(title.trim()).is_some_and(|field| field.name == *given))
}

/// The name of a record that has no id, by the cells that say its key.
pub(in crate::import) fn name_of(key: &[String], cells: &[SaidCell]) -> String {
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
pub(in crate::import) fn old_id_of(mapping: &Mapping, record: &Record) -> Option<OldId> {
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
    use super::super::draft::DraftWriter;
    use super::*;
    use crate::entity::{AccountMode, Catalog};
    use crate::value::ValueOptions;

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
