//! The highest id that an entity's records had before a run's first write: what the run makes is above it.

use serde_json::Value;

use crate::api::{self, Client, as_text};
use crate::entity::Entity;
use crate::error::{ErrorKind, Result};
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

    fn are_all_in(&self, other: &Ids) -> bool {
        self.ids.iter().all(|id| other.ids.contains(id))
    }

    fn highest(&self) -> u64 {
        self.ids.iter().copied().max().unwrap_or(0)
    }
}

/// The highest id there is now, 0 where there is no record; none where the list does not show it in a few pages. A total, a
/// short page or an order proves nothing by itself: some services count the page alone, cap their pages, or begin at page 0.
///
/// # Errors
/// The service cannot be reached or goes on failing.
pub(super) async fn highest(client: &Client, entity: &Entity) -> Result<Option<u64>> {
    let service = client.service();
    let Some(query) = ListQuery::new(entity, "list", service).filter(|_| entity.id.is_some()) else { return Ok(None) };
    let size = u64::from(service.paging.advised);
    if !query.endpoint.paged {
        return Ok(ids(client, &query, None).await?.map(|all| all.highest()));
    }
    let page = |number| Some(Page { number, size });
    let Some(first) = ids(client, &query, page(1)).await? else { return Ok(None) };
    let length = first.ids.len() as u64;
    let is_all = first.total.map_or(length < size, |total| total == length);
    if is_all && is_end(client, &query, page(2), &first).await? {
        let is_counted = length > 0 && first.total.is_some();
        let is_first = is_counted || is_first(client, &query, page(0), &first).await?;
        return Ok(is_first.then(|| first.highest()));
    }
    // Ids rise in the list unless it is asked for otherwise: the highest stands on the last page.
    if let Some(total) = first.total.filter(|_| first.is_rising() && length > 0) {
        let size = length.min(size);
        let number = total.div_ceil(size).max(1);
        let last = ids(client, &query, Some(Page { number, size })).await?;
        let is_last = |last: &Ids| !last.ids.is_empty() && last.is_rising() && last.highest() > first.highest();
        if let Some(last) = last.filter(is_last) {
            let next = Some(Page { number: number + 1, size });
            return Ok(is_end(client, &query, next, &last).await?.then_some(last.highest()));
        }
    }
    let [order, newest_first] = &service.filters.newest_first;
    if !query.endpoint.filters.contains(order) {
        return Ok(None);
    }
    let query = query.with(order, newest_first);
    let is_newest = |newest: &Ids| newest.ids.len() > 1 && newest.is_falling() && newest.highest() >= first.highest();
    match ids(client, &query, page(1)).await?.filter(is_newest) {
        Some(newest) if is_first(client, &query, page(0), &newest).await? => Ok(Some(newest.highest())),
        _ => Ok(None),
    }
}

/// Whether page 1 is the first one. Where pages are counted from 0, that one brings something else.
async fn is_first(client: &Client, query: &ListQuery<'_>, before: Option<Page>, first: &Ids) -> Result<bool> {
    match ids(client, query, before).await {
        Ok(before) => Ok(before.is_none_or(|before| before.are_all_in(first))),
        // There is no such page.
        Err(error) if error.kind() == ErrorKind::CannotRun => Ok(true),
        Err(error) => Err(error),
    }
}

/// Whether a page brings nothing that was not on the one before it: it is refused, empty, or the same once more.
async fn is_end(client: &Client, query: &ListQuery<'_>, page: Option<Page>, last: &Ids) -> Result<bool> {
    Ok(ids(client, query, page).await?.is_none_or(|beyond| beyond.are_all_in(last)))
}

/// The ids of a page; none where the service has no such list, or records without ids that are numbers.
async fn ids(client: &Client, query: &ListQuery<'_>, page: Option<Page>) -> Result<Option<Ids>> {
    let service = client.service();
    let Ok(document) = client.ask(&query.address(client.target(), service, page)).await? else { return Ok(None) };
    let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
    let Some(records) = api::records_of(&document, wrapper, query.entity.id.as_deref()) else { return Ok(None) };
    let name = query.entity.id.as_deref().unwrap_or_default();
    let id = |record: &Value| record.get(name).and_then(|id| as_text(id).parse().ok());
    let ids: Option<Vec<u64>> = records.iter_with(name).map(|record| id(&record)).collect();
    Ok(ids.map(|ids| Ids { ids, total: api::total(&document, wrapper, &service.paging.count) }))
}
