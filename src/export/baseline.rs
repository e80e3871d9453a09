//! What an export says in the cells that can be written back, kept while it is written: when the file is handed back, a cell
//! that nobody edited is known.

use serde_json::Value;
use uuid::Uuid;

use super::options::ExportOptions;
use crate::baseline::{About, BaselineWriter, CellMarks};
use crate::entity::Field;
use crate::error::Result;
use crate::format::{self, cut_text};
use crate::projection::{Column, ColumnSource, CustomValues, RowBatch, text_of, told};

/// Keeps what an export says.
#[derive(Debug)]
pub(super) struct KeptCells {
    writer: BaselineWriter,
    /// The fields, each with its column; none where records are written as they came.
    fields: Vec<(Field, Option<usize>)>,
    titles: Vec<String>,
    /// Columns that cannot be written back.
    unsent: Vec<usize>,
    /// Which of them says when a record was made.
    created: Option<usize>,
    /// Longer texts are cut.
    is_cut: bool,
}

impl KeptCells {
    /// Begins, where the entity's records can be changed and named; `custom` are the keys of its custom fields.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn begin(
        options: &ExportOptions<'_>,
        columns: &[Column<'_>],
        custom: &[String],
        is_whole: bool,
    ) -> Result<Option<KeptCells>> {
        let entity = options.entity;
        if entity.named_by().is_empty() || entity.endpoint("update").is_none() || entity.edits.is_some() {
            return Ok(None);
        }
        let is_named = |field: &Field| entity.named_by().contains(&field.name);
        let is_kept = |field: &&Field| !field.read_only && !field.secret && !is_named(field);
        let of_column = |(index, column): (usize, &Column<'_>)| match &column.from {
            ColumnSource::Field(field) => Some(*field).filter(is_kept).map(|field| (field.clone(), Some(index))),
            ColumnSource::Custom(key) => Some((Field::custom_text(key), Some(index))),
            ColumnSource::Names(..) | ColumnSource::Member(_) => None,
        };
        let fields: Vec<(Field, Option<usize>)> = match is_whole {
            true => {
                let others = custom.iter().filter(|key| entity.field(key).is_none()).map(|key| Field::custom_text(key));
                entity.fields.iter().filter(is_kept).cloned().chain(others).map(|field| (field, None)).collect()
            }
            false => columns.iter().enumerate().filter_map(of_column).collect(),
        };
        // What a record was changed for last tells it from none of the others.
        let is_unsent = |column: &Column<'_>| match &column.from {
            ColumnSource::Field(field) => {
                field.read_only && !field.secret && entity.updated.as_ref() != Some(&field.name) && !is_named(field)
            }
            ColumnSource::Names(..) => true,
            ColumnSource::Custom(_) | ColumnSource::Member(_) => false,
        };
        let unsent = columns.iter().enumerate().filter(|(_, column)| is_unsent(column)).map(|(index, _)| index);
        // Records without an id may share their key.
        let is_told = !options.is_as_it_came() && !entity.is_asked_for();
        let unsent = if is_told { unsent.collect() } else { Vec::new() };
        let is_created = |index: &usize| match &columns[*index].from {
            ColumnSource::Field(field) => entity.created.as_ref() == Some(&field.name),
            _ => false,
        };
        let created = unsent.iter().position(is_created);
        let titles = if is_whole { Vec::new() } else { columns.iter().map(|column| column.title.clone()).collect() };
        let writer = BaselineWriter::begin(&options.account.baseline_folder()?)?;
        Ok(Some(KeptCells { writer, fields, titles, unsent, created, is_cut: options.output.format.has_sheets }))
    }

    /// The same for tags of records, with what the file shows.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub(super) fn begin_tags(options: &ExportOptions<'_>, columns: &[format::Column]) -> Result<Option<KeptCells>> {
        let set = options.entity.edits.as_ref().and_then(|edits| options.entity.field(&edits.set));
        let Some(set) = set else { return Ok(None) };
        let writer = BaselineWriter::begin(&options.account.baseline_folder()?)?;
        let titles = columns.iter().map(|column| column.title.clone()).collect();
        Ok(Some(KeptCells {
            writer,
            fields: vec![(set.clone(), None)],
            titles,
            unsent: Vec::new(),
            created: None,
            is_cut: false,
        }))
    }

    /// Takes the tags of a record of this name.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn add_tags(&mut self, name: &str, tags: &str) -> Result<()> {
        let cells: Vec<CellMarks> = self.fields.iter().map(|(field, _)| CellMarks::of(field, tags, tags)).collect();
        self.writer.add(name, cells)
    }

    /// The export, as its file names it.
    pub(super) fn export(&self) -> Uuid {
        self.writer.export()
    }

    /// Takes a record, whose row was added last.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn add(
        &mut self,
        options: &ExportOptions<'_>,
        id: &str,
        record: &Value,
        detail: Option<&Value>,
        rows: &RowBatch,
    ) -> Result<()> {
        let get = |name: &str| told(record, detail, name);
        let values = CustomValues::of(record, detail, &options.catalog.service.custom);
        let cells = self.fields.iter().map(|(field, column)| {
            let value = if field.custom { values.get(&field.name) } else { get(&field.name) };
            // A custom field that is not among those of a record has no value.
            let is_hidden = value.is_none() && !field.custom;
            let value = value.map(text_of).unwrap_or_default();
            match column.filter(|_| !options.is_as_it_came()) {
                None => CellMarks::of(field, &value, &value),
                Some(column) if is_hidden && rows.last(column).is_empty() => CellMarks::HIDDEN,
                Some(column) => {
                    let shown = rows.last(column);
                    CellMarks::of(field, if self.is_cut { cut_text(&shown) } else { &shown }, &value)
                }
            }
        });
        let unsent = self.unsent.iter().map(|column| {
            let shown = rows.last(*column);
            CellMarks::of_unsent(if self.is_cut { cut_text(&shown) } else { &shown })
        });
        let cells = cells.chain(unsent);
        match options.entity.is_asked_for() {
            true => self.writer.add(&options.entity.key_name(|name| get(name).map(text_of).unwrap_or_default()), cells),
            false => self.writer.add(id, cells),
        }
    }

    /// Keeps it, now that the file is in place under a name.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn keep(self, options: &ExportOptions<'_>, file: &str) -> Result<()> {
        let unsent = self.unsent.iter().filter_map(|column| self.titles.get(*column).cloned()).collect();
        let mut about = About::new(
            &options.entity.name,
            file,
            &options.now.strftime("%Y-%m-%d %H:%M:%S").to_string(),
            self.titles,
            self.fields.into_iter().map(|(field, _)| field.name).collect(),
        );
        (about.unsent, about.created) = (unsent, self.created);
        self.writer.keep(&about)
    }
}
