//! The names of the ids in the records: whole lists of those they refer to, or single records where that costs less.

use std::collections::{BTreeSet, HashSet};

use super::filter::RecordFilter;
use super::options::MirrorUse;
use super::record_reader::RecordReader;
use crate::entity::{Entity, Field};
use crate::error::{ErrorKind, Result};
use crate::language::Language;
use crate::message;
use crate::mirror::{Key, List, Mirror};
use crate::projection::{ids_of, text_of, told};
use crate::refresh::{ListQuery, Refresher};
use crate::t;

/// Pages of a list of names that are always worth it.
const FEW_PAGES: u64 = 20;
/// Records of a page, roughly.
const PAGE: u64 = 90;
/// The query under which single records asked for their names are kept.
const NAMES_QUERY: &str = "?names";
/// How long an export that was broken off goes on with the names that it asked for one by one.
const NAMES_SECONDS: i64 = 24 * 60 * 60;

/// Lists with the names of all entities that the fields refer to. What cannot be had is told and left out. An export that reads
/// everything reads all names, too: a record may be called otherwise without a new time of its change.
///
/// # Errors
/// The user stops.
pub(super) async fn name_lists<'a>(
    refresher: &Refresher<'a>,
    fields: &[&Field],
    records: &RecordReader<'_>,
    filter: &RecordFilter<'_>,
    mirror: MirrorUse,
    warnings: &mut Vec<String>,
) -> Result<Vec<(&'a Entity, List)>> {
    let wanted: BTreeSet<&str> = fields.iter().filter_map(|field| field.reference.as_deref()).collect();
    let count = records.mirror.seen(records.list)?;
    let mut lists = Vec::new();
    for name in wanted {
        let Some(entity) = refresher.catalog.get(name) else { continue };
        if records.list.entity == name && records.list.query.is_empty() {
            lists.push((entity, records.list.clone()));
            continue;
        }
        let label = entity.label(Language::current());
        refresher.progress.stage(&t!("export.stage_names", entity = label));
        let found = match whole_list(refresher, entity, count, mirror).await {
            Ok(Some(list)) => Ok(list),
            Ok(None) => one_by_one(refresher, entity, fields, records, filter, warnings).await,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
            // A list that is only assumed, or not allowed: single records may still be.
            Err(_) => one_by_one(refresher, entity, fields, records, filter, warnings).await,
        };
        match found {
            Ok(list) => lists.push((entity, list)),
            Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
            Err(error) => {
                warnings.push(t!("export.no_names", entity = label, why = error.message()).into_owned());
            }
        }
    }
    Ok(lists)
}

/// Lets go of names that were asked for one by one, now that they are written: whoever is called otherwise since shows in no list.
///
/// # Errors
/// A full disk.
pub(super) fn let_go_of_names(mirror: &Mirror, lists: &[(&Entity, List)]) -> Result<()> {
    lists.iter().filter(|(_, list)| list.query == NAMES_QUERY).try_for_each(|(_, list)| mirror.mark_used(list))
}

/// The whole list of an entity, when that costs no more than asking for single records.
async fn whole_list(refresher: &Refresher<'_>, entity: &Entity, most: u64, mirror: MirrorUse) -> Result<Option<List>> {
    let Some(query) = ListQuery::new(entity, "list", refresher.client.service()) else {
        return Ok(None);
    };
    let known = refresher.mirror.list(&entity.name, &query.text(refresher.client.service()))?;
    let reads_changes = mirror == MirrorUse::ReadChanges;
    if !(reads_changes && known.complete.is_some()) && query.endpoint.paged {
        let count = refresher.live_count(&query).await?.unwrap_or(0);
        if count / PAGE > FEW_PAGES.max(most) {
            return Ok(None);
        }
    }
    // A name that is missing shows as an empty cell; half a list would make many of them.
    let refresher = Refresher { accepts_incomplete: false, ..*refresher };
    let refreshed = match reads_changes {
        true => refresher.read_changes(&query).await?,
        false => refresher.read_all(&query).await?,
    };
    refresher.mirror.mark_used(&refreshed.list)?;
    Ok(Some(refreshed.list))
}

/// Single records for the ids that are to be written.
async fn one_by_one(
    refresher: &Refresher<'_>,
    entity: &Entity,
    fields: &[&Field],
    records: &RecordReader<'_>,
    filter: &RecordFilter<'_>,
    warnings: &mut Vec<String>,
) -> Result<List> {
    let now = jiff::Timestamp::now().as_second();
    let mut list = refresher.mirror.list(&entity.name, NAMES_QUERY)?;
    if list.began.is_none_or(|began| now - began > NAMES_SECONDS) {
        list = refresher.mirror.begin_generation(&list, now)?;
    }
    let fields: Vec<&&Field> = fields.iter().filter(|field| field.reference.as_deref() == Some(&entity.name)).collect();
    let mut ids: HashSet<String> = HashSet::new();
    records.each(filter, |_, record, detail| {
        for field in &fields {
            let text = told(record, detail, &field.name).map(text_of).unwrap_or_default();
            ids.extend(ids_of(&text).map(str::to_owned));
        }
        Ok(())
    })?;
    let mut missing = Vec::new();
    for id in ids {
        if refresher.mirror.get(&list, &Key::of(&id))?.is_none() {
            missing.push(id);
        }
    }
    missing.sort_unstable();
    let failed = refresher.read_single(entity, &list, missing).await?;
    if failed > 0 {
        let label = entity.label(Language::current());
        warnings.push(message!("export.names_failed", count = failed, entity = label).to_string());
    }
    Ok(list)
}
