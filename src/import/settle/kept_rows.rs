//! The rows of a run as they were sent, made again from the cells that the run keeps.

use super::super::cells::CellReader;
use super::super::change::{HandedBack, unedited};
use super::super::notes::BASELINE_NOTE;
use super::super::notes::noted_fields;
use super::super::operation::{DraftWriter, OperationBuilder, WriteOperation};
use super::super::references::{Answers, Reference, give, take};
use super::super::words::Words;
use crate::check::record::Record;
use crate::entity::{Catalog, Entity, WriteMode};
use crate::error::{Error, Result};
use crate::files::path_of_text;
use crate::format::{Row, Sheet};
use crate::journal::{JournalReader, Operation};
use crate::mapping::{Mapping, MappingFile};
use crate::message;

/// What makes the rows of a run once more.
#[derive(Debug)]
pub(crate) struct KeptRun<'c> {
    /// What the rows are.
    pub entity: Entity,
    /// Which column feeds which field.
    pub mapping: Mapping,
    mode: WriteMode,
    catalog: &'c Catalog,
    /// The export of ours that the run's file was.
    handed_back: Option<HandedBack>,
    /// Until when rows were sent by another mapping or other answers.
    read_otherwise_until: Option<i64>,
}

/// Gives the rows of a run, in their order.
pub(crate) struct KeptRows<'a> {
    cells: CellReader,
    /// What its texts were taken to mean.
    past: &'a JournalReader,
    references: Vec<Reference<'a>>,
    operations: OperationBuilder<'a>,
    drafts: DraftWriter,
    mapping: &'a Mapping,
    handed_back: Option<&'a HandedBack>,
    row: Row,
    record: Record,
}

impl<'c> KeptRun<'c> {
    /// What the rows of a run mean: what they meant when it began.
    ///
    /// # Errors
    /// Cells that are not there any more, or a program that reads the columns in another way.
    pub(crate) fn of(past: &JournalReader, catalog: &'c Catalog) -> Result<KeptRun<'c>> {
        let identity = past.identity();
        let mode = WriteMode::of(&identity.mode);
        let entity = catalog.find(&identity.entity)?.with_account_fields(&noted_fields(past)?);
        let entity = mode.entity(&entity, &identity.key);
        let cells = CellReader::open(past.folder(), identity)?;
        let sheet = Sheet {
            name: cells.sheet().map(str::to_owned),
            header: cells.header().to_vec(),
            delimiter: cells.delimiter(),
            ..Sheet::default()
        };
        let mapping_file = identity.mapping_text.as_deref().map(|text| MappingFile::parse(text, "")).transpose()?;
        let values = mapping_file.as_ref().map(MappingFile::values).unwrap_or_default();
        let custom = &catalog.service.custom;
        let mapping = Mapping::new(&entity, custom, &sheet, mapping_file.as_ref(), identity.account_mode, values)?;
        // What is compared with the account's records has to be what was sent.
        if mapping.fingerprint() != identity.mapping {
            return Err(Error::usage(message!("settle.other_mapping", folder = past.folder().display()))
                .hint(message!("settle.other_mapping_hint")));
        }
        let words = Words::of(&Answers::gather(past.decisions()?, None, None)?);
        let mapping = Mapping { words: words.meant(), ..mapping };
        let place = past.note(BASELINE_NOTE)?;
        let handed_back = place.as_deref().and_then(|place| HandedBack::of_run(&mapping, &path_of_text(place)));
        let read_otherwise_until = past.read_otherwise_until()?;
        Ok(KeptRun { entity, mapping, mode, catalog, handed_back, read_otherwise_until })
    }

    /// Whether what is made of a row now is what was sent: it was not taken for something else since.
    pub(crate) fn tells_what_was_sent(&self, row: &Operation) -> bool {
        self.read_otherwise_until.is_none_or(|until| row.at > until)
    }

    /// How many of its rows nobody knows of, and how many made records that have ids nobody knows.
    ///
    /// # Errors
    /// A damaged journal.
    pub(crate) fn unsettled(&self, past: &JournalReader) -> Result<(u64, u64)> {
        let (unknown, without_id) = past.unsettled()?;
        // What has no id of its own misses none.
        Ok((unknown, if self.is_found_by_list() { without_id } else { 0 }))
    }

    /// Whether what its rows make is looked for in the account's list; else each record is asked for.
    pub(super) fn is_found_by_list(&self) -> bool {
        self.mode.makes_records(&self.entity)
    }

    /// Whether rows may have changed records that they do not name: those whose records are known were changes.
    pub(super) fn has_changes_besides(&self) -> bool {
        self.is_found_by_list() && self.entity.may_change
    }

    /// Whether all rows change records: none makes one.
    pub(crate) fn has_changes_alone(&self) -> bool {
        !self.is_found_by_list()
    }

    /// Whether rows may change records.
    pub(super) fn has_changes(&self) -> bool {
        self.has_changes_alone() || self.has_changes_besides()
    }

    /// The rows, from the first on.
    ///
    /// # Errors
    /// Cells that cannot be read.
    pub(crate) fn rows<'a>(&'a self, past: &'a JournalReader) -> Result<KeptRows<'a>> {
        Ok(KeptRows {
            cells: CellReader::open(past.folder(), past.identity())?,
            past,
            references: Reference::all(&self.mapping, self.catalog),
            operations: OperationBuilder::new(&self.entity, self.mode)?
                .looked_up(self.mapping.is_found_by_key())
                .of_drafts(self.mapping.looks_up()),
            drafts: DraftWriter::new(&self.entity, &self.catalog.service.custom),
            mapping: &self.mapping,
            handed_back: self.handed_back.as_ref(),
            row: Row::default(),
            record: Record::default(),
        })
    }
}

impl KeptRows<'_> {
    /// Goes on to the next row; false at the end.
    ///
    /// # Errors
    /// Cells that cannot be read.
    pub(crate) fn next(&mut self) -> Result<bool> {
        self.cells.read(&mut self.row)
    }

    /// What the row asked for; of a row that was looked up in the account, the record that it changed, if it changed one.
    ///
    /// # Errors
    /// A damaged journal.
    pub(crate) fn operation(&mut self, target: Option<&str>) -> Result<WriteOperation> {
        let cells = self.handed_back.map(|handed_back| handed_back.cells(self.mapping, &self.row));
        // Without what the export said every cell is one that may have been written.
        let baselines = cells.and_then(Result::ok).unwrap_or_default();
        self.mapping.check_edited(&self.row, &unedited(self.mapping, &self.row, &baselines), &mut self.record);
        let mut operation = self.operations.operation(self.mapping, &self.record, &self.row, &baselines);
        if let Some(mut members) = take(&mut operation, &self.references) {
            for reference in &self.references {
                let said = reference.said(&members);
                if let Some(id) = self.past.reference(&reference.field, &said)?.filter(|_| !said.is_empty()) {
                    reference.put(&mut members, &id);
                }
            }
            give(&mut operation, &self.references, members);
        }
        Ok(match (operation, target) {
            (WriteOperation::LookedUp { cells, .. }, Some(id)) => WriteOperation::Change { id: id.to_owned(), cells },
            (WriteOperation::LookedUp { members, .. }, None) => self.drafts.finished(WriteOperation::Draft(members)),
            (operation, _) => self.drafts.finished(operation),
        })
    }
}
