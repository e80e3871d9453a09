//! The tags in use: there is no list of them, so they are read from the records that carry them. Each of these is a row, which
//! can be edited and handed back; how many records carry a tag is counted beside.

use std::collections::BTreeMap;

use super::baseline::KeptCells;
use super::filter::RecordFilter;
use super::record_reader::RecordReader;
use super::table::{Table, Written};
use super::table_writer::Send;
use crate::api::as_text;
use crate::entity::{Catalog, Entity, Field};
use crate::error::Result;
use crate::format::Column;
use crate::language::Language;
use crate::projection::RowBatch;
use crate::t;

/// How many records of a type carry a tag.
#[derive(Debug)]
pub(super) struct TagCount {
    /// What the records are.
    entity: String,
    tag: String,
    records: u64,
}

/// What the records' tags are written with.
pub(super) struct TagRows<'a> {
    /// The entity of the rows, which change tags.
    pub entity: &'a Entity,
    pub catalog: &'a Catalog,
    pub filter: &'a RecordFilter<'a>,
    pub language: Language,
    /// Record types are written as codes.
    pub is_coded: bool,
    pub kept: Option<KeptCells>,
    /// Lists that do not show the tags of all their records: their names, and how many they show and do not show.
    pub untold: Vec<(String, u64, u64)>,
}

impl TagRows<'_> {
    /// Writes the tags of each list's records, a row for each that carries any, and counts them.
    ///
    /// # Errors
    /// A mirror that cannot be read, the user stops.
    pub(super) fn write<'r>(
        &mut self,
        lists: impl Iterator<Item = RecordReader<'r>>,
        rows: &mut RowBatch,
        send: &mut Send<'_>,
    ) -> Result<(u64, Vec<TagCount>)> {
        let (mut written, mut counted) = (0, Vec::new());
        let TagRows { entity: own, catalog, filter, language, is_coded, kept, untold } = self;
        for reader in lists {
            let Some(entity) = catalog.get(&reader.list.entity) else { continue };
            let mut counts: BTreeMap<String, u64> = BTreeMap::new();
            let choice = own.edits.as_ref().and_then(|edits| own.field(&edits.entity)?.choice(&entity.name));
            let kind = match choice {
                Some(choice) if !*is_coded => choice.label(*language),
                _ => entity.name.as_str(),
            };
            let (mut shown, mut hidden) = (0, 0);
            reader.each(&filter.all_of(entity), |key, record, _| {
                let is_shown = entity.tags.as_ref().is_some_and(|tags| record.get(tags).is_some());
                *(if is_shown { &mut shown } else { &mut hidden }) += 1;
                let tags = tags_of(entity, record);
                if tags.is_empty() {
                    return Ok(());
                }
                let text = tags.join(",");
                [kind, &key.text, &text].iter().for_each(|text| rows.push(text));
                if let Some(kept) = kept {
                    kept.add_tags(&format!("{}/{}", entity.name, key.text), &text)?;
                }
                tags.into_iter().for_each(|tag| *counts.entry(tag).or_default() += 1);
                written += 1;
                send(rows)
            })?;
            let label = entity.label(*language);
            untold.extend((hidden > 0).then(|| (label.to_owned(), shown, hidden)));
            let of_entity = |(tag, records)| TagCount { entity: label.to_owned(), tag, records };
            counted.extend(counts.into_iter().map(of_entity));
        }
        Ok((written, counted))
    }
}

/// Record type, record, its tags: the columns of a file of tags.
pub(super) fn columns(entity: &Entity, headers: Option<Language>) -> Vec<Column> {
    let Some(edits) = &entity.edits else { return Vec::new() };
    let fields = [&edits.entity, &edits.record, &edits.set].into_iter().filter_map(|name| entity.field(name));
    let title = |field: &Field| headers.map_or(field.name.as_str(), |language| field.label(language)).to_owned();
    fields.map(|field| Column { title: title(field), is_text: true, required: false }).collect()
}

/// The tags of a record.
fn tags_of(entity: &Entity, record: &serde_json::Value) -> Vec<String> {
    let text = entity.tags.as_ref().and_then(|tags| record.get(tags)).map(as_text).unwrap_or_default();
    text.split([',', '，']).map(str::trim).filter(|tag| !tag.is_empty()).map(str::to_owned).collect()
}

/// Record type, tag, number of records.
pub(super) fn count_columns(headers: Option<Language>) -> Vec<Column> {
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
pub(super) fn write_counts(counts: &[TagCount], table: &Table) -> Result<Written> {
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
