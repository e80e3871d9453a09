//! Headings that mean a field where no other column does: `客户` may be a person or a company.

use super::builder::MappingBuilder;
use super::vendors::Vendors;
use crate::entity::{Field, fold};

impl MappingBuilder<'_> {
    /// The columns that mean a field for want of another one, each with that field.
    pub(super) fn fallbacks(&self) -> Vec<(usize, usize)> {
        let mut found: Vec<(usize, usize)> = Vec::new();
        for (index, field) in self.entity.fields.iter().enumerate() {
            // Of a reference it is what tells which record is meant.
            let is_wanted = field.by.is_empty() && !field.fallback_aliases.is_empty();
            if !is_wanted || self.sources[index].is_some() || self.is_told_otherwise(index, field) {
                continue;
            }
            let column_of = |alias: &String| {
                let columns = 0..self.sheet.header.len();
                columns.into_iter().find(|column| {
                    fold(&self.sheet.header[*column]) == fold(alias)
                        && !self.is_decided(*column)
                        && !self.without_field.contains(column)
                        && found.iter().all(|(taken, _)| taken != column)
                })
            };
            if let Some(column) = field.fallback_aliases.iter().find_map(column_of) {
                found.push((column, index));
            }
        }
        found
    }

    /// Whether another column of the file means the field, or what it is part of.
    fn is_told_otherwise(&self, index: usize, field: &Field) -> bool {
        let names = &Vendors::embedded().names;
        let is_part = |folded: &String| {
            field.name == names.field && (names.first.contains(folded) || names.last.contains(folded))
        };
        let reference = field.clue.as_ref().map(|clue| clue.reference.as_str());
        let means_same = |other: usize| {
            let other = &self.entity.fields[other];
            let is_told = |reference: &str| {
                other.name == reference || other.clue.as_ref().is_some_and(|clue| clue.reference == reference)
            };
            other.name == field.name || reference.is_some_and(is_told)
        };
        let of_reference = || {
            let fields = self.entity.fields.iter().enumerate();
            fields.filter(|(other, _)| means_same(*other)).any(|(other, _)| self.sources[other].is_some())
        };
        let headers = self.sheet.header.iter().map(|header| fold(header));
        self.sources[index].is_some()
            || of_reference()
            || headers.into_iter().any(|folded| is_part(&folded) || self.headers.find(&folded).is_some_and(means_same))
    }
}
