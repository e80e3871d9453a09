//! The tags in use: there is no list of them, so they are counted from the records that carry them.

use std::collections::BTreeMap;

use rust_i18n::t;

use crate::entity::Catalog;
use crate::error::Result;
use crate::export::filter::Filter;
use crate::export::gather::tags_of;
use crate::export::rows::Pile;
use crate::export::shape::Rows;
use crate::export::write::{Table, Written};
use crate::format::Column;
use crate::language::Language;

/// Counts the tags of each list's records.
///
/// # Errors
/// A mirror that cannot be read.
pub fn count<'a>(
    piles: impl Iterator<Item = Pile<'a>>,
    catalog: &Catalog,
    filter: &Filter<'_>,
    language: Language,
) -> Result<Vec<(String, String, u64)>> {
    let mut rows = Vec::new();
    for pile in piles {
        let Some(entity) = catalog.get(&pile.list.entity) else { continue };
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        let filter = Filter { entity, spans: Vec::new(), terms: Vec::new(), ..filter.clone() };
        pile.each(&filter, |_, record, _| {
            for tag in tags_of(entity, record) {
                *counts.entry(tag).or_default() += 1;
            }
            Ok(())
        })?;
        rows.extend(counts.into_iter().map(|(tag, count)| (entity.label(language).to_owned(), tag, count)));
    }
    Ok(rows)
}

/// Record type, tag, number of records.
pub fn columns(headers: Option<Language>) -> Vec<Column> {
    let title = |key: &str, name: &str| match headers {
        Some(language) => t!(key, locale = language.pick("zh", "en")).into_owned(),
        None => name.to_owned(),
    };
    vec![
        Column { title: title("export.tag_entity", "entity"), is_text: true, required: false },
        Column { title: title("export.tag", "tag"), is_text: true, required: false },
        Column { title: title("export.tag_records", "records"), is_text: false, required: false },
    ]
}

/// Writes the counts.
///
/// # Errors
/// A full disk.
pub fn write(counts: &[(String, String, u64)], table: &Table) -> Result<(u64, Written)> {
    let mut rows = Rows::new(3);
    for (entity, tag, count) in counts {
        rows.push(entity);
        rows.push(tag);
        rows.push_count(*count);
    }
    let mut open = table.create()?;
    rows.each(|values| open.write(values))?;
    Ok((counts.len() as u64, open.finish(None)?))
}
