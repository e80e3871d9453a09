//! The highest id that an entity's records had before a run's first write: what the run makes is above it.

use serde_json::Value;

use crate::api::{self, Client, as_text};
use crate::entity::Entity;
use crate::error::Result;
use crate::refresh::{ListQuery, Page};

/// Ids of a page, and how many records the list has where the service says so.
struct Ids {
    ids: Vec<u64>,
    total: Option<u64>,
}

impl Ids {
    fn is_rising(&self) -> bool {
        self.ids.is_sorted_by(|one, other| one < other)
    }

    fn is_falling(&self) -> bool {
        self.ids.is_sorted_by(|one, other| one > other)
    }

    fn highest(&self) -> u64 {
        self.ids.iter().copied().max().unwrap_or(0)
    }
}

/// The highest id there is now, 0 where there is no record; none where the list does not show it in two or three pages.
///
/// # Errors
/// The service cannot be reached or goes on failing.
pub(super) async fn highest(client: &Client, entity: &Entity) -> Result<Option<u64>> {
    let service = client.service();
    let Some(query) = ListQuery::new(entity, "list", service).filter(|_| entity.id.is_some()) else { return Ok(None) };
    let size = u64::from(service.paging.advised);
    let page = |number| query.endpoint.paged.then_some(Page { number, size });
    let Some(first) = ids(client, &query, page(1)).await? else { return Ok(None) };
    let length = first.ids.len() as u64;
    if length == 0 || !query.endpoint.paged || first.total == Some(length) || first.total.is_none() && length < size {
        return Ok(Some(first.highest()));
    }
    // Ids rise in the list unless it is asked for otherwise: the highest stands on the last page.
    if let Some(total) = first.total.filter(|_| first.is_rising()) {
        let number = total.div_ceil(length.min(size)).max(1);
        let last = ids(client, &query, Some(Page { number, size: length.min(size) })).await?;
        if let Some(last) = last.filter(|last| !last.ids.is_empty() && last.is_rising()) {
            return Ok(Some(last.highest()).filter(|highest| *highest > first.highest()));
        }
    }
    let [order, newest_first] = &service.filters.newest_first;
    if !query.endpoint.filters.contains(order) {
        return Ok(None);
    }
    let newest = ids(client, &query.clone().with(order, newest_first), page(1)).await?;
    let is_first = |newest: &Ids| newest.ids.len() > 1 && newest.is_falling() && newest.highest() >= first.highest();
    Ok(newest.filter(is_first).map(|newest| newest.highest()))
}

/// The ids of a page; none where the service has no such list, or records without ids that are numbers.
async fn ids(client: &Client, query: &ListQuery<'_>, page: Option<Page>) -> Result<Option<Ids>> {
    let service = client.service();
    let Ok(document) = client.ask(&query.address(client.target(), service, page)).await? else { return Ok(None) };
    let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
    let Some(records) = api::records(&document, wrapper) else { return Ok(None) };
    let name = query.entity.id.as_deref().unwrap_or_default();
    let id = |record: &Value| record.get(name).and_then(|id| as_text(id).parse().ok());
    let ids: Option<Vec<u64>> = records.iter_with(name).map(|record| id(&record)).collect();
    Ok(ids.map(|ids| Ids { ids, total: api::total(&document, wrapper, &service.paging.count) }))
}
