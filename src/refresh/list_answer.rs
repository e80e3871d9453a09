//! What a list answers: the pages that are asked for, the records and the total in what comes.

use std::collections::{HashMap, HashSet};

use serde_json::Map;

use super::list_query::ListQuery;
use super::pages::Page;
use super::record_key;
use super::refresher::{Answer, Refresher};
use crate::api::{self, Document, Records};
use crate::entity::Service;
use crate::error::{Error, Result};
use crate::message;
use crate::mirror::{Key, PageCursor};
use crate::text::{clean, shorten};

/// Most records of one answer.
const MOST_RECORDS: usize = 10_000;
/// Members of a record that are named, and how many characters of them.
const MOST_NAMED: usize = 12;
const MOST_SHOWN: usize = 200;

impl Refresher<'_> {
    pub(super) fn page_address(&self, query: &ListQuery<'_>, cursor: &PageCursor, page: Option<Page>) -> url::Url {
        let from_zero = u64::from(cursor.is_from_zero);
        let page = page.map(|page| Page { number: page.number.saturating_sub(from_zero), ..page });
        query.address(self.client.target(), self.client.service(), page)
    }

    /// One page, asked for by itself.
    pub(super) async fn single_page(&self, query: &ListQuery<'_>, cursor: &PageCursor, page: Page) -> Result<Document> {
        self.document(query, self.ask(self.page_address(query, cursor, Some(page))).await)
    }

    /// The answer as a document; the error for one that says no.
    pub(super) fn document(&self, query: &ListQuery<'_>, answer: Result<Answer>) -> Result<Document> {
        answer?.map_err(|rejection| {
            let path = query.address(self.client.target(), self.client.service(), None).path().to_owned();
            api::read_rejected(&path, &rejection, &self.client.target().host())
        })
    }

    pub(super) fn keys(&self, query: &ListQuery<'_>, answer: &Document) -> Vec<Key> {
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        let Some(records) = api::records_of(answer, wrapper, query.entity.id.as_deref()) else { return Vec::new() };
        let Some(id) = &query.entity.id else {
            return records.iter().map(|record| record_key::key(query.entity, &record)).collect();
        };
        let has_ids = records.iter_with(id).all(|record| record_key::id(query.entity, &record).is_some());
        let mut keys: Vec<Key> = match has_ids {
            true => records.iter_with(id).map(|record| record_key::key(query.entity, &record)).collect(),
            false => records.iter().map(|record| record_key::key(query.entity, &record)).collect(),
        };
        let distinct: HashSet<&Key> = keys.iter().collect();
        if distinct.len() < keys.len() {
            tell_apart(&mut keys, &records);
        }
        keys
    }

    /// The service's own total of a list.
    pub(super) fn total(&self, query: &ListQuery<'_>, answer: &Document) -> Option<u64> {
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        api::total(answer, wrapper, &self.catalog.service.paging.count)
    }
}

/// Records of one answer that have the same id and say something else are several, and only the first of them has that id.
fn tell_apart(keys: &mut [Key], records: &Records<'_>) {
    let mut first: HashMap<Key, String> = HashMap::new();
    for (key, record) in keys.iter_mut().zip(records.iter()) {
        let hash = record_key::hash(&record);
        if *first.entry(key.clone()).or_insert_with(|| hash.clone()) != hash {
            *key = Key::without_id(&hash);
        }
    }
}

/// Refuses records none of which has its id, in the first answer of a list that has any: nothing could be found, compared or told
/// apart by it. A single one in a part of a list may be the only one.
pub(super) fn refuse_without_ids(
    query: &ListQuery<'_>,
    service: &Service,
    answer: &Document,
    keys: &[Key],
) -> Result<()> {
    let is_all = query.text(service).is_empty();
    let Some(id) = query.entity.id.as_ref().filter(|_| !keys.is_empty() && (is_all || keys.len() > 1)) else {
        return Ok(());
    };
    if keys.iter().any(Key::has_id) {
        return Ok(());
    }
    let records = records(query, answer)?;
    let first = records.iter().next();
    let names = first.as_ref().and_then(|record| record.as_object()).into_iter().flat_map(Map::keys);
    let names: Vec<String> = names.take(MOST_NAMED).map(|name| clean(name).into_owned()).collect();
    let members = shorten(&names.join(", "), MOST_SHOWN).into_owned();
    Err(Error::cannot_run(message!("refresh.no_ids", path = query.endpoint.path, id = id, members = members))
        .hint(message!("refresh.no_ids_hint", entity = query.entity.name)))
}

/// The records of an answer.
pub(super) fn records<'a>(query: &ListQuery<'_>, answer: &'a Document) -> Result<Records<'a>> {
    let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
    let records = api::records_of(answer, wrapper, query.entity.id.as_deref()).ok_or_else(|| no_list(query))?;
    match records.len() {
        ..=MOST_RECORDS => Ok(records),
        length => {
            let path = &query.endpoint.path;
            Err(Error::cannot_run(message!("refresh.too_many", path = path, records = length, most = MOST_RECORDS))
                .hint(message!("refresh.too_many_hint")))
        }
    }
}

fn no_list(query: &ListQuery<'_>) -> Error {
    Error::cannot_run(message!("refresh.no_list", path = query.endpoint.path))
        .hint(message!("refresh.no_list_hint", entity = query.entity.name))
}
