//! The tags in use: there is no list of them, so they are counted from the records that carry them.

use std::collections::BTreeMap;

use rust_i18n::t;

use super::filter::RecordFilter;
use super::record_reader::RecordReader;
use super::table::{Table, Written};
use crate::api::as_text;
use crate::entity::{Catalog, Entity};
use crate::error::Result;
use crate::format::Column;
use crate::language::Language;
use crate::projection::RowBatch;

/// How many records of a type carry a tag.
#[derive(Debug)]
pub(super) struct TagCount {
    /// What the records are.
    entity: String,
    tag: String,
    records: u64,
}

/// Counts the tags of each list's records.
///
/// # Errors
/// A mirror that cannot be read, the user stops.
pub(super) fn count<'a>(
    lists: impl Iterator<Item = RecordReader<'a>>,
    catalog: &Catalog,
    filter: &RecordFilter<'_>,
    language: Language,
) -> Result<Vec<TagCount>> {
    let mut counted = Vec::new();
    for reader in lists {
        let Some(entity) = catalog.get(&reader.list.entity) else { continue };
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        reader.each(&filter.all_of(entity), |_, record, _| {
            for tag in tags_of(entity, record) {
                *counts.entry(tag).or_default() += 1;
            }
            Ok(())
        })?;
        let label = entity.label(language);
        counted.extend(counts.into_iter().map(|(tag, records)| TagCount { entity: label.to_owned(), tag, records }));
    }
    Ok(counted)
}

/// The tags of a record.
fn tags_of(entity: &Entity, record: &serde_json::Value) -> Vec<String> {
    let text = entity.tags.as_ref().and_then(|tags| record.get(tags)).map(as_text).unwrap_or_default();
    text.split([',', '，']).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// Record type, tag, number of records.
pub(super) fn columns(headers: Option<Language>) -> Vec<Column> {
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
pub(super) fn write(counts: &[TagCount], table: &Table) -> Result<Written> {
    let mut rows = RowBatch::new(table.columns.len());
    for count in counts {
        rows.push(&count.entity);
        rows.push(&count.tag);
        // Exact up to 2^53, far beyond any count of records.
        rows.push_number(count.records as f64);
    }
    let mut writer = table.create()?;
    rows.each(|values| writer.write(values))?;
    Written::finish(writer, None)
}
