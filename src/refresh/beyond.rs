//! Whether anything lies beyond what a list gave. A service that gives only so many records, and counts no further, looks like
//! one that has no more. So the list is asked from its other end, and the ids that follow the last one are asked for.

use std::collections::HashSet;

use serde_json::Value;

use super::list_query::ListQuery;
use super::pages::{self, Page};
use super::record_key;
use super::refresher::Refresher;
use crate::api::{self, Single, as_text};
use crate::error::Result;
use crate::mirror::{Key, List, PageCursor, PageOrder};
use crate::projection::{is_deleted, moment, service_time};

/// Ids that follow the last one and are asked for.
const IDS_BEYOND: i64 = 10;

/// What lies beyond what a list gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Beyond {
    /// Nothing: its other end was read.
    Nothing,
    /// A record that was there before the reading began.
    Something,
    /// That cannot be seen.
    Unknown,
}

impl Refresher<'_> {
    /// Asks the list from its other end by creation: whether the newest records, or the oldest of a list that begins with the
    /// newest, are among those that came. What came while the list was read is no matter.
    ///
    /// # Errors
    /// The user stops, the host cannot be reached.
    pub(super) async fn other_end(&self, query: &ListQuery<'_>, list: &List, cursor: &PageCursor) -> Result<Beyond> {
        let filters = &self.client.service().filters;
        let [order, newest_first] = &filters.newest_first;
        let is_descending = cursor.order == PageOrder::Descending;
        let value = if is_descending { &filters.order_value } else { newest_first };
        let (Some(created), true) = (&query.entity.created, query.endpoint.filters.contains(order)) else {
            return Ok(Beyond::Unknown);
        };
        if query.value(order) == Some(value) {
            return Ok(Beyond::Unknown);
        }
        let size = u64::from(self.catalog.service.paging.advised).min(cursor.page_size.max(1));
        let end = query.clone().replace(order, value);
        let Some(records) = self.brief_page(&end, cursor, Page { number: 1, size }).await? else {
            return Ok(Beyond::Unknown);
        };
        let moment_of = |record: &Value| Some(moment::parse(&as_text(record.get(created)?))?.begin());
        let mut unseen = Vec::new();
        for record in &records {
            let key = record_key::key(query.entity, record);
            if !self.mirror.has_seen(list, &key)? {
                unseen.push((key, moment_of(record)));
            }
        }
        let began = service_time(self.by_service_clock(list.began.unwrap_or_default()), self.client.service());
        unseen.retain(|(_, created)| created.is_none_or(|created| created < began));
        if !unseen.is_empty() {
            // A list that has grown meanwhile gives them now, too.
            let grown = self.ends_now(query, cursor).await?;
            return Ok(match unseen.iter().all(|(key, _)| grown.contains(&key.text)) {
                true => Beyond::Unknown,
                false => Beyond::Something,
            });
        }
        let [first, last, _] = self.mirror.moments(list)?;
        let moment = |text: &Option<String>| text.as_deref().and_then(moment::parse).map(moment::Moment::begin);
        let (Some(first), Some(last)) = (moment(&first), moment(&last)) else { return Ok(Beyond::Unknown) };
        let is_other_end = match records.first().and_then(moment_of) {
            // Where all were created at once, the order tells nothing.
            _ if first == last => false,
            Some(end) if is_descending => end <= first,
            Some(end) => end >= last,
            None => false,
        };
        Ok(if is_other_end { Beyond::Nothing } else { Beyond::Unknown })
    }

    /// Whether every answer is the whole list, whatever page of whatever size is asked for. An answer of exactly so many hundred
    /// may be cut off there.
    ///
    /// # Errors
    /// The user stops, the host cannot be reached.
    pub(super) async fn ignores_paging(&self, query: &ListQuery<'_>, list: &List, cursor: &PageCursor) -> Result<bool> {
        if cursor.gaining_pages != 1 || cursor.count_after.is_some() || cursor.page_size < 2 {
            return Ok(false);
        }
        let page = Page { number: 1, size: cursor.page_size / 2 };
        let Some(records) = self.brief_page(query, cursor, page).await? else { return Ok(false) };
        let is_all = records.len() as u64 == cursor.records && cursor.records > page.size;
        if !is_all || !cursor.records.is_multiple_of(u64::from(self.catalog.service.paging.advised)) {
            return Ok(is_all);
        }
        Ok(self.ids_beyond(query, list, cursor).await? == Beyond::Nothing)
    }

    /// The records of the first and the last page as they are now.
    async fn ends_now(&self, query: &ListQuery<'_>, cursor: &PageCursor) -> Result<HashSet<String>> {
        let mut keys = HashSet::new();
        let size = cursor.page_size.max(1);
        let tail = match cursor.is_fixed {
            true => Page { number: cursor.reached / size + 1, size },
            false => pages::next(cursor.reached, 1, size),
        };
        for page in [Page { number: 1, size }, tail, Page { number: tail.number + 1, size: tail.size }] {
            let records = self.brief_page(query, cursor, page).await?.unwrap_or_default();
            keys.extend(records.iter().map(|record| record_key::key(query.entity, record).text));
        }
        Ok(keys)
    }

    /// A page that the reading can do without.
    async fn brief_page(&self, query: &ListQuery<'_>, cursor: &PageCursor, page: Page) -> Result<Option<Vec<Value>>> {
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        Ok(match self.ask_briefly(self.page_address(query, cursor, Some(page))).await? {
            Single::Document(document) => {
                api::records_of(&document, wrapper, query.entity.id.as_deref()).map(api::Records::into_values)
            }
            Single::Rejected(_) | Single::Failing(_) => None,
        })
    }

    /// Asks for records whose ids follow the last one of a list that is in their order. Where the last one itself cannot be
    /// had by its id, that proves nothing.
    ///
    /// # Errors
    /// The user stops, the host cannot be reached.
    pub(super) async fn ids_beyond(&self, query: &ListQuery<'_>, list: &List, cursor: &PageCursor) -> Result<Beyond> {
        let highest = cursor.last_keys.iter().filter_map(|key| key.parse::<i64>().ok()).max();
        let is_in_order = matches!(cursor.order, PageOrder::Ascending | PageOrder::Unknown);
        let (Some(highest), true) = (highest, is_in_order && query.entity.endpoint("get").is_some()) else {
            return Ok(Beyond::Unknown);
        };
        let Some(Some(_)) = self.record_of(query, highest).await? else { return Ok(Beyond::Unknown) };
        let began = service_time(self.by_service_clock(list.began.unwrap_or_default()), self.client.service());
        for id in highest + 1..=highest + IDS_BEYOND {
            let Some(found) = self.record_of(query, id).await? else { return Ok(Beyond::Unknown) };
            let Some(record) = found.filter(|record| !is_deleted(query.entity, record)) else { continue };
            let created = query.entity.created.as_ref().and_then(|created| record.get(created));
            let created = created.and_then(|created| moment::parse(&as_text(created))).map(moment::Moment::begin);
            if created.is_none_or(|created| created < began)
                && !self.mirror.has_seen(list, &Key::of(&id.to_string()))?
            {
                return Ok(Beyond::Something);
            }
        }
        Ok(Beyond::Nothing)
    }

    /// A record by its id; none where it is not there, none at all where nobody can tell.
    async fn record_of(&self, query: &ListQuery<'_>, id: i64) -> Result<Option<Option<Value>>> {
        let Some(get) = query.entity.endpoint("get") else { return Ok(None) };
        let wrapper = get.answer.as_deref().unwrap_or_default();
        let id = id.to_string();
        Ok(match self.ask_briefly(self.address_of(get, &id)).await? {
            Single::Document(document) => {
                let record = api::record(&document, wrapper).map(std::borrow::Cow::into_owned);
                Some(record.filter(|record| record_key::key(query.entity, record).text == id))
            }
            Single::Rejected(_) => Some(None),
            Single::Failing(_) => None,
        })
    }
}
