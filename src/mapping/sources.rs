//! Which source feeds which field: decided once for a file, before its first row.

use std::collections::HashMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::expression::Template;
use super::report::MappingReport;
use super::result_columns::OwnColumns;
use super::word_answers::WordAnswers;
use crate::entity::{AccountMode, Entity, Field, Instead, Overwrite};
use crate::message;
use crate::message::{Detail, Message};
use crate::value::{Country, ValueOptions};

/// Where the text of a field comes from.
#[derive(Debug, Clone)]
pub(crate) enum ValueSource {
    /// A column, counted from 0.
    Column(usize),
    /// A column with ids of another system, which are never sent.
    OldId(usize),
    /// The column of any telephone numbers: those of mobile phones are moved to this field, row by row.
    Routed(usize),
    /// The same for every row.
    Constant(String),
    /// Made of several columns.
    Template(Box<Template>),
}

/// One field that gets a value.
#[derive(Debug, Clone)]
pub(crate) struct FieldSource {
    /// The field.
    pub field: Field,
    /// Where its text comes from.
    pub source: ValueSource,
    /// Whether it is part of a request's body; the record's own id is read and not sent.
    pub sent: bool,
    /// Whether it has to be filled in.
    pub required: bool,
    /// Whether a mapping file takes ids from a column that holds those of another system.
    pub foreign: bool,
    /// Stands in for an empty cell.
    pub default: Option<String>,
    /// What an update does where the account has another value.
    pub overwrite: Overwrite,
    /// Whether an empty cell empties the field of a record that is changed.
    pub clears: bool,
    /// Replaces one text of the file by another.
    pub values: HashMap<String, String>,
    /// What stands before its value in a request's body, as JSON.
    pub json_prefix: Vec<u8>,
    /// What begins the member that holds it, as JSON, where it is a nested one.
    pub json_parent: Option<Vec<u8>>,
}

/// A rule over several fields, by the positions of their sources.
#[derive(Debug, Clone)]
pub(crate) enum RowRule {
    /// At least one is filled. The labels are those of all fields of the rule, with a column or without.
    OneOf { sources: Vec<usize>, labels: Detail },
    /// Without one of these a person has to consent; none when nothing feeds it.
    Wished { sources: Vec<usize>, label: Detail },
    /// When the first is filled, none of the others is.
    Excludes { source: usize, others: Vec<usize> },
}

/// A natural key all of whose fields have a source.
#[derive(Debug, Clone)]
pub(crate) struct KeySources {
    /// Its index among the entity's keys.
    pub number: u8,
    pub fields: Vec<String>,
    pub sources: Vec<usize>,
}

/// The column with the ids that the records have in another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldIdColumn {
    /// The column, counted from 0.
    pub column: usize,
    /// What that system goes by.
    pub source: String,
}

/// A column with ids that other records have in another system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OldReference {
    /// The column, counted from 0.
    pub column: usize,
    /// The entity of those records.
    pub entity: String,
    /// What that system goes by.
    pub source: String,
}

/// What ids go by that records have in a third system, whose ids another one carries along.
pub(super) fn external(source: &str) -> String {
    format!("{source} external")
}

/// A column of which nothing comes over: nothing takes it, or the service sets what it means.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOutColumn {
    /// Counted from 0.
    #[serde(skip)]
    pub index: usize,
    /// Its letters.
    pub column: String,
    /// Its header.
    pub header: String,
    /// The field that the service sets; none when no field is known for the column.
    pub field: Option<String>,
    /// That field's label.
    #[serde(skip)]
    pub label: Detail,
    /// What new records have in it.
    pub instead: Option<Instead>,
    /// A mapping that is shipped leaves it out.
    #[serde(skip)]
    pub is_dropped: bool,
}

/// How the rows of one file become records of one entity.
#[derive(Debug, Clone)]
pub struct Mapping {
    pub(crate) entity: Entity,
    pub(crate) mode: AccountMode,
    /// How values are read.
    pub(crate) options: ValueOptions,
    pub(crate) header: Vec<String>,
    /// The columns that our file of failed rows adds.
    pub(crate) own: OwnColumns,
    /// The row of the header.
    pub(crate) header_row: u64,
    /// Whether most rows have more than one filled cell.
    pub(crate) lone_cells_are_rare: bool,
    pub(crate) sources: Vec<FieldSource>,
    /// Whether any of them is of a custom field.
    pub(crate) has_custom: bool,
    /// What stands before the list of custom fields in a body, as JSON.
    pub(crate) custom_json_prefix: Vec<u8>,
    pub(crate) rules: Vec<RowRule>,
    pub(crate) keys: Vec<KeySources>,
    /// The sources of a mobile number and of any other number, between which one may be moved that stands in the wrong column.
    pub(crate) phones: Option<(usize, usize)>,
    /// The source of any numbers, where no other column feeds the field for mobile numbers and none may be moved there.
    pub(crate) lone_phone: Option<usize>,
    /// Columns of which templates take parts, and the last part that one of them takes.
    pub(crate) parted: Vec<(usize, usize)>,
    /// Rows that the mapping file leaves out: a column, and the texts that leave a row out.
    pub(crate) skip: Vec<(usize, Vec<String>)>,
    /// Where the ids stand that the records have in another system; none where it is not known which.
    pub(crate) old_id: Option<OldIdColumn>,
    /// Where ids stand that records they refer to have there.
    pub(crate) old_references: Vec<OldReference>,
    /// What the other system goes by that the file comes from, where that is known.
    pub(crate) system: Option<String>,
    /// What the user says the other system goes by, where the headers do not say it.
    pub(crate) said_source: Option<String>,
    pub(crate) report: MappingReport,
    /// Columns of which nothing comes over.
    pub(crate) left_out: Vec<LeftOutColumn>,
    /// What a person decided about words that are no choices.
    pub(crate) words: WordAnswers,
}

impl Mapping {
    /// What was decided, to be shown before anything is sent.
    pub fn report(&self) -> &MappingReport {
        &self.report
    }

    /// The entity the rows are of.
    pub fn entity(&self) -> &Entity {
        &self.entity
    }

    /// Whether values tell of records that are looked up in the account.
    pub fn looks_up(&self) -> bool {
        self.sources.iter().any(|source| source.sent && source.field.tells_of_record())
    }

    /// The header of a column, counted from 0; empty beyond the last.
    pub fn header(&self, column: usize) -> &str {
        self.header.get(column).map_or("", |header| header.trim())
    }

    /// How many columns the header has.
    pub fn width(&self) -> usize {
        self.header.len()
    }

    /// A text that changes whenever a row would become another record: headers and their fields, constants, defaults,
    /// replaced values. The order of columns is not part of it.
    pub fn fingerprint(&self) -> String {
        let mut lines: Vec<String> = self
            .sources
            .iter()
            .filter(|field| !matches!(field.source, ValueSource::Routed(_)))
            .map(|field| {
                let source = match &field.source {
                    ValueSource::Column(column) => format!("column {:?}", self.header(*column)),
                    ValueSource::OldId(column) => format!("old id {:?}", self.header(*column)),
                    ValueSource::Routed(column) => format!("routed {:?}", self.header(*column)),
                    ValueSource::Constant(text) => format!("constant {text:?}"),
                    ValueSource::Template(template) => format!("template {:?}", template.source),
                };
                let mut values: Vec<_> = field.values.iter().collect();
                values.sort();
                let overwrite = field.overwrite.name().map(|name| format!(" overwrite {name}")).unwrap_or_default();
                let clears = if field.clears { " clears" } else { "" };
                let name = &field.field.name;
                format!("{name} {source} default {:?} values {values:?}{overwrite}{clears}", field.default)
            })
            .collect();
        lines.sort();
        lines.push(format!("{} {:?}", self.entity.name, self.mode));
        lines.extend(self.options_as_text());
        // One that is known by its headers has no say in what is sent.
        if let (Some(source), Some(old_id)) = (&self.said_source, &self.old_id) {
            lines.push(format!("old id {source:?} {:?}", self.header(old_id.column)));
        }
        lines.extend(self.skip.iter().map(|(column, texts)| format!("skip {:?} {texts:?}", self.header(*column))));
        Sha256::digest(lines.join("\n").as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }

    /// What the system goes by in which the records have the ids that are remembered.
    pub fn source(&self) -> Option<&str> {
        self.old_id.as_ref().map(|old_id| old_id.source.as_str())
    }

    /// What the system goes by whose ids stand in a column, of records that rows refer to.
    pub fn source_of_reference(&self, column: Option<usize>) -> Option<&str> {
        let known = self.old_references.iter().find(|reference| Some(reference.column) == column);
        known.map(|reference| reference.source.as_str()).or(self.system.as_deref())
    }

    /// Where ids stand that records they refer to have in another system.
    pub fn old_references(&self) -> &[OldReference] {
        &self.old_references
    }

    /// How values are read, where a user says it; nothing of what is so unless said.
    fn options_as_text(&self) -> impl Iterator<Item = String> {
        let ValueOptions { keep_raw, date_order, country } = self.options;
        let keep_raw = keep_raw.then(|| "keep raw".to_owned());
        let order = date_order.map(|order| format!("date order {order:?}"));
        let country = (country != Country::default()).then(|| format!("country {}", country.code));
        [keep_raw, order, country].into_iter().flatten()
    }

    /// The fields of one of the entity's natural keys.
    pub fn key_fields(&self, number: u8) -> &[String] {
        self.keys.iter().find(|key| key.number == number).map_or(&[], |key| &key.fields)
    }

    /// Whether rows are looked up in the account by their keys, or by ids where they name any: what becomes of a row is
    /// decided by what is found.
    pub fn is_found_by_key(&self) -> bool {
        let id = self.entity.id.as_ref().and_then(|id| self.position(id));
        // Changes of records that each row names are read one by one.
        let is_by_id_alone = id.is_some_and(|id| self.sources[id].required);
        self.entity.is_looked_up && !is_by_id_alone && !self.entity.is_asked_for()
    }

    /// Whether rows add something to records that no record shows afterwards.
    pub fn adds(&self) -> bool {
        self.sources.iter().any(|source| source.sent && source.field.write_only)
    }

    /// The labels of everything that a row can be found by.
    pub fn all_key_labels(&self) -> Message {
        let id = self.entity.id.as_ref().filter(|id| self.position(id).is_some());
        let id = id.and_then(|id| self.entity.field(id)).map(|id| message!("import.label", label = id.labels()));
        Message::joined(
            "memory.or_label",
            id.into_iter().chain(self.keys.iter().map(|key| self.key_labels(key.number))),
        )
        .unwrap_or_default()
    }

    pub(crate) fn position(&self, field: &str) -> Option<usize> {
        self.sources.iter().position(|source| source.field.name == field)
    }

    /// The labels of the fields of one of the entity's natural keys.
    pub fn key_labels(&self, number: u8) -> Message {
        let labels = self.key_fields(number).iter().map(|name| match self.entity.field(name) {
            Some(field) => message!("import.label", label = field.labels()),
            None => Message::from(name.as_str()),
        });
        Message::joined("import.and_label", labels).unwrap_or_default()
    }

    /// The column that feeds a field.
    pub fn column(&self, field: &str) -> Option<usize> {
        match self.sources.iter().find(|source| source.field.name == field)?.source {
            ValueSource::Column(column) => Some(column),
            _ => None,
        }
    }

    /// Whether a column of the input feeds a field that must stay text.
    pub fn is_text_column(&self, column: usize) -> bool {
        self.sources.iter().any(|source| {
            matches!(source.source, ValueSource::Column(from) | ValueSource::OldId(from) if from == column)
                && source.field.is_text_column()
        })
    }
}
