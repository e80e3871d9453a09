//! What a list answers: the pages that are asked for, the records and the total in what comes.

use super::list_query::ListQuery;
use super::pages::Page;
use super::record_key;
use super::refresher::{Answer, Refresher};
use crate::api::{self, Document, Records};
use crate::error::{Error, Result};
use crate::message;
use crate::mirror::{Key, PageCursor};

/// Most records of one answer.
const MOST_RECORDS: usize = 10_000;

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
        let has_ids = records.iter_with(id).all(|record| record.get(id).is_some());
        match has_ids {
            true => records.iter_with(id).map(|record| record_key::key(query.entity, &record)).collect(),
            false => records.iter().map(|record| record_key::key(query.entity, &record)).collect(),
        }
    }

    /// The service's own total of a list.
    pub(super) fn total(&self, query: &ListQuery<'_>, answer: &Document) -> Option<u64> {
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        api::total(answer, wrapper, &self.catalog.service.paging.count)
    }
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
