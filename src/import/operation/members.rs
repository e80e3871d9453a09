//! What is sent of a record: names and values.

use crate::check::record::Record;
use crate::entity::Entity;
use crate::import::change::SaidCell;
use crate::import::pairs::Pairs;
use crate::language::Language;
use crate::mapping::Mapping;
use crate::text::clean;

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
    pub(in crate::import) fn of_record(mapping: &Mapping, record: &Record) -> Members {
        let mut members = Members::default();
        for (source, value) in record.sent_of_new(mapping) {
            let list = if source.field.custom { &mut members.custom } else { &mut members.fields };
            list.push(&source.field.name, &value);
            members.is_unresolved |= source.field.tells_of_record();
        }
        members
    }

    /// What cells send where nothing is known of their record: all that may be written.
    pub(in crate::import) fn of(cells: &[SaidCell]) -> Members {
        let mut members = Members::default();
        for cell in cells.iter().filter(|cell| cell.may_be_written()) {
            members.push(cell, &cell.value);
        }
        members
    }

    /// Adds a cell that is written.
    pub(in crate::import) fn push(&mut self, cell: &SaidCell, value: &str) {
        let list = if cell.is_custom { &mut self.custom } else { &mut self.fields };
        list.push(&cell.field, value);
    }

    /// Whether a member of the record is among them.
    pub(in crate::import) fn has(&self, name: &str) -> bool {
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
    pub(in crate::import) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().chain(self.custom.iter())
    }

    /// The same as a list of its own.
    pub(in crate::import) fn to_vec(&self) -> Vec<(String, String)> {
        self.iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}
