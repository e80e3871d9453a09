//! One column of a sheet: its header, and where its text comes from.

use std::collections::{HashMap, HashSet};

use super::definitions::Definitions;
use crate::entity::{CustomKind, Entity, Field, fold, simplified, titled};
use crate::format;

/// Where a column's text comes from.
#[derive(Debug, Clone)]
pub enum ColumnSource<'a> {
    /// A member of the record.
    Field(&'a Field),
    /// The names of the ids in a member.
    Names(&'a Field, &'a str),
    /// A custom field.
    Custom(String),
    /// A member that the catalog does not know.
    Member(String),
}

/// One column.
#[derive(Debug, Clone)]
pub struct Column<'a> {
    /// Its header.
    pub title: String,
    /// Where its text comes from.
    pub from: ColumnSource<'a>,
}

impl Column<'_> {
    /// The member of the record that it shows; none of one with something else.
    pub fn own_field(&self) -> Option<&Field> {
        match &self.from {
            ColumnSource::Field(field) if !field.custom => Some(field),
            _ => None,
        }
    }

    /// Whether its text comes from a custom field.
    pub(super) fn is_custom(&self) -> bool {
        match &self.from {
            ColumnSource::Field(field) => field.custom,
            ColumnSource::Custom(_) => true,
            ColumnSource::Names(..) | ColumnSource::Member(_) => false,
        }
    }

    /// The column as a format wants it.
    pub fn format(&self, definitions: &Definitions) -> format::Column {
        let is_text = match &self.from {
            ColumnSource::Field(field) => field.is_text_column(),
            // A custom value may be a code where its definition does not say what it is.
            ColumnSource::Custom(key) => {
                !matches!(definitions.kind(key), Some(CustomKind::Integer | CustomKind::Decimal | CustomKind::Date))
            }
            ColumnSource::Member(_) => true,
            ColumnSource::Names(..) => false,
        };
        format::Column { title: self.title.clone(), is_text, required: false }
    }
}

/// Makes the headers differ from each other by adding what the column is called in the interface. A custom field whose label
/// another column has, or another field of the entity in whatever words, in the file or not, or that is reserved, has its key in
/// its header: that tells which one is meant where nothing else is known of the file.
pub fn tell_apart(
    columns: &mut [Column<'_>],
    entity: &Entity,
    definitions: &Definitions,
    is_reserved: fn(&str) -> bool,
) {
    let mut titles: HashMap<String, usize> = HashMap::new();
    for column in columns.iter() {
        *titles.entry(fold(&column.title)).or_default() += 1;
    }
    for column in columns.iter_mut() {
        let key = match &column.from {
            ColumnSource::Custom(key) => key,
            ColumnSource::Field(field) if field.custom => &field.name,
            ColumnSource::Field(_) | ColumnSource::Names(..) | ColumnSource::Member(_) => continue,
        };
        let folded = fold(&column.title);
        let of_other = |word: &str| entity.field_called(word).is_some_and(|other| other.name != *key);
        let is_shared = titles.get(&folded).is_some_and(|count| *count > 1)
            || is_reserved(&folded)
            || definitions.has_other(key, &folded)
            || of_other(&folded)
            || simplified(&folded).is_some_and(|word| of_other(&word));
        if is_shared && column.title != *key {
            column.title = titled(&column.title, key);
        }
    }
    let mut seen = HashSet::new();
    for column in columns {
        if !seen.insert(column.title.clone()) {
            let name = match &column.from {
                ColumnSource::Field(field) | ColumnSource::Names(field, _) => &field.name,
                ColumnSource::Custom(name) | ColumnSource::Member(name) => name,
            };
            column.title = format!("{}（{name}）", column.title);
            seen.insert(column.title.clone());
        }
    }
}
