//! The headings that rows of an entity may have, for whoever looks for the header of a file.

use std::collections::HashMap;

use super::file::{Entry, MappingFile};
use super::header_index::HeaderIndex;
use super::result_columns::RESULT_COLUMNS;
use super::vendors::Vendors;
use crate::entity::{Entity, Field, fold};
use crate::format::Headings;

/// The headings that name fields of an entity, and those that a mapping file names.
pub struct KnownHeadings {
    index: HeaderIndex,
    /// The example of each field of the entity, in either language.
    examples: Vec<Vec<String>>,
    /// Whether records are called by it or have to have it.
    telling: Vec<bool>,
    /// Headings that the mapping file names, those of no field numbered behind the fields; and those that mean a field for want of
    /// another column.
    of_file: HashMap<String, usize>,
}

impl KnownHeadings {
    /// The headings of an entity and of a mapping file.
    pub fn new(entity: &Entity, file: Option<&MappingFile>) -> Self {
        let entity = &entity.with_clues();
        let index = HeaderIndex::new(entity);
        let named = file.into_iter().flat_map(|file| file.columns.iter().chain(&file.drop));
        // Keys of another system are known, too, where they name no field.
        let keys = Vendors::embedded().key_headers().filter(|header| index.find(header).is_none());
        // A heading that names a field is that field's column, whose example is known.
        let of_entry = |entry: &Entry| {
            (fold(&entry.key), index.find_named(&fold(&entry.value)).or_else(|| index.find(&fold(&entry.key))))
        };
        let headings = named.map(of_entry).chain(keys.map(|key| (key.to_owned(), None)));
        let mut of_file = HashMap::new();
        for ((heading, field), own) in headings.zip(entity.fields.len()..) {
            of_file.entry(heading).or_insert(field.unwrap_or(own));
        }
        for (field_index, field) in entity.fields.iter().enumerate() {
            for alias in field.fallback_aliases.iter().map(|alias| fold(alias)) {
                if index.find(&alias).is_none() {
                    of_file.entry(alias).or_insert(field_index);
                }
            }
        }
        let examples = entity.fields.iter().map(examples_of).collect();
        let is_telling = |field: &Field| field.required || entity.display.as_ref() == Some(&field.name);
        let telling = entity.fields.iter().map(is_telling).collect();
        KnownHeadings { index, examples, telling, of_file }
    }
}

/// What the example row of a template holds of a field: of a choice its word, in the language of the template.
fn examples_of(field: &Field) -> Vec<String> {
    let Some(example) = &field.example else { return Vec::new() };
    let choice = field.choices.iter().find(|choice| choice.zh == *example || choice.en == *example);
    match choice {
        Some(choice) => vec![choice.zh.clone(), choice.en.clone()],
        None => std::iter::once(example).chain(&field.example_en).cloned().collect(),
    }
}

impl KnownHeadings {
    /// How many fields they may name.
    pub fn fields(&self) -> usize {
        self.examples.len()
    }

    /// The field that a heading means, by its index among those of [`Entity::with_clues`]; none where it is known for
    /// something else.
    pub fn field(&self, heading: &str) -> Option<usize> {
        self.find(heading).filter(|index| *index < self.fields())
    }

    /// What a mapping calls a field: its label, or another name of it where that one means another field.
    pub fn word_for<'a>(&self, index: usize, field: &'a Field) -> &'a str {
        let mut names = std::iter::once(&field.zh).chain(&field.aliases);
        names.find(|name| self.index.find_named(&fold(name)) == Some(index)).unwrap_or(&field.name)
    }
}

impl Headings for KnownHeadings {
    fn find(&self, heading: &str) -> Option<usize> {
        let folded = fold(heading);
        if folded.is_empty() {
            return None;
        }
        self.of_file.get(&folded).copied().or_else(|| self.index.find(&folded))
    }

    fn example(&self, known: usize) -> &[String] {
        self.examples.get(known).map_or(&[], Vec::as_slice)
    }

    fn is_telling(&self, known: usize) -> bool {
        self.telling.get(known).copied().unwrap_or_default()
    }

    fn status_and_reason(&self) -> [&'static str; 2] {
        [RESULT_COLUMNS[2], RESULT_COLUMNS[3]]
    }
}

impl std::fmt::Debug for KnownHeadings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KnownHeadings").field("fields", &self.examples.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    #[test]
    fn names_of_one_field_are_one_column() {
        let file =
            MappingFile::parse("drop = [\"导出人\"]\n[columns]\n\"客户 电话\" = \"mobile\"\n", "m.toml").unwrap();
        let headings = KnownHeadings::new(Catalog::embedded().get("customers").unwrap(), Some(&file));
        assert_eq!(headings.find("手机*"), headings.find("mobile"));
        assert_ne!(headings.find("客户电话"), headings.find("导出人"));
        assert_eq!(headings.find("客户电话"), headings.find("手机"));
        assert!(headings.find("客户电话").is_some());
        assert_eq!(headings.find("客户资料导出"), None);
        assert_eq!(headings.find(" "), None);
        assert_eq!(headings.example(headings.find("手机").unwrap()), ["13000000000"]);
    }
}
