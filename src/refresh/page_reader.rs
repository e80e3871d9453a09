//! Reads the pages of one query to their end, several pages ahead, storing them in order. What is stored is enough to go
//! on from after a kill: the position, and the keys of the last page, which the next one has to join.

use futures::{StreamExt, stream};

use super::list_query::ListQuery;
use super::pages::{self, Page};
use super::record_key;
use super::refresher::Refresher;
use crate::api::{self, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::language::Language;
use crate::message;
use crate::mirror::{Key, List, PageCursor};

/// Pages in a row that bring nothing new before the service is said to repeat itself.
const REPEATED_PAGES: u32 = 5;
/// Pages beyond twice what the service's own total makes likely before the list is said to have no end.
const SURPLUS_PAGES: u64 = 50;
/// Times a page may fail to join, beyond half of all pages, before the list is said to have no order.
const MOST_EARLIER_BEGINNINGS: u64 = 50;

/// What a page means for the reading.
#[derive(Debug, PartialEq, Eq)]
enum PageStep {
    /// Go on.
    Continue,
    /// Go on, although nothing new was in it.
    NothingNew,
    /// That was the last one.
    Finished,
    /// It does not join the page before: begin earlier.
    BeginEarlier,
    /// What is known of the page size has changed: plan anew.
    PlanAnew,
}

impl Refresher<'_> {
    /// Reads all pages of a query into a list's generation, from where an earlier command left it. A list that is read by
    /// several queries has a cursor for each, of this `number`.
    ///
    /// # Errors
    /// The user stops, the service fails, or its pages repeat or never end.
    pub(super) async fn read_pages(&self, list: &List, query: &ListQuery<'_>, number: i64) -> Result<PageCursor> {
        let filter = query.filter();
        let mut cursor = self
            .mirror
            .cursor(list, number)?
            .filter(|cursor| cursor.filter == filter)
            .unwrap_or(PageCursor { number, filter, is_joined: true, ..PageCursor::default() });
        let mut overlap = 1;
        let mut repeated = 0;
        let mut earlier_beginnings = 0;
        while !cursor.is_finished {
            self.stop.check()?;
            let ahead = self.plan(&cursor, overlap, query).map(|page| {
                let url = query.address(self.client.target(), self.client.service(), page);
                let answer = self.fetch(url);
                async move { (page, answer.await) }
            });
            let mut answers = stream::iter(ahead).buffered(self.client.limiter().ceiling());
            let mut step = PageStep::Continue;
            while let Some((page, answer)) = answers.next().await {
                let answer = answer.map_err(|error| unfinished(error, &cursor))?;
                step = match page {
                    Some(page) => self.take_page(list, query, &mut cursor, page, &answer)?,
                    None => self.take_whole(list, query, &mut cursor, &answer)?,
                };
                self.progress.set(cursor.position, cursor.count_after);
                repeated = if step == PageStep::NothingNew { repeated + 1 } else { 0 };
                if !matches!(step, PageStep::Continue | PageStep::NothingNew) {
                    break;
                }
                overlap = 1;
                refuse_endless(query, &cursor, repeated)?;
            }
            match step {
                PageStep::Continue | PageStep::NothingNew | PageStep::PlanAnew => {}
                PageStep::Finished => {
                    cursor.is_finished = true;
                    self.mirror.put_cursor(list, &cursor)?;
                }
                // At the beginning of the list everything joins, so this ends; where it does not, there is no order to hold on to.
                PageStep::BeginEarlier => {
                    overlap = (overlap * 4).min(cursor.position.max(1));
                    earlier_beginnings += 1;
                    if earlier_beginnings > MOST_EARLIER_BEGINNINGS + cursor.pages / 2 {
                        return Err(changing(query));
                    }
                }
            }
        }
        Ok(cursor)
    }

    /// The pages to ask for from here: one before anything is known, then as many as the total makes likely. None stands
    /// for a list that has no pages.
    fn plan(
        &self,
        cursor: &PageCursor,
        overlap: u64,
        query: &ListQuery<'_>,
    ) -> impl Iterator<Item = Option<Page>> + use<> {
        let largest = match cursor.page_size {
            0 => u64::from(self.catalog.service.paging.advised),
            size => size,
        };
        let is_first = cursor.page_size == 0;
        let is_paged = query.endpoint.paged;
        let is_fixed = cursor.is_fixed;
        let expected = cursor.count_after;
        let mut position = cursor.position;
        let mut overlap = overlap;
        let mut is_planned = false;
        let stop = self.stop.clone();
        std::iter::from_fn(move || {
            if is_planned && (is_first || stop.is_set() || expected.is_some_and(|count| position >= count)) {
                return None;
            }
            is_planned = true;
            if !is_paged {
                return Some(None);
            }
            let page = match is_fixed {
                true => Page { number: position / largest + 1, size: largest },
                false => pages::next(position, overlap, largest),
            };
            overlap = 1;
            position = page.end();
            Some(Some(page))
        })
    }

    fn take_whole(
        &self,
        list: &List,
        query: &ListQuery<'_>,
        cursor: &mut PageCursor,
        answer: &Document,
    ) -> Result<PageStep> {
        let keys = self.store_page(list, query, cursor, answer, |cursor, keys| {
            cursor.position = keys.len() as u64;
        })?;
        // A list that should have no pages and says it holds more has some after all.
        match cursor.count_after.is_some_and(|count| count > keys as u64) {
            true => Err(Error::cannot_run(message!("refresh.has_pages", path = query.endpoint.path))
                .hint(message!("refresh.has_pages_hint", entity = query.entity.name))),
            false => Ok(PageStep::Finished),
        }
    }

    fn take_page(
        &self,
        list: &List,
        query: &ListQuery<'_>,
        cursor: &mut PageCursor,
        page: Page,
        answer: &Document,
    ) -> Result<PageStep> {
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        let records = api::records(answer, wrapper).ok_or_else(|| no_list(query))?;
        let length = records.len() as u64;
        let is_first = cursor.pages == 0;
        if length > page.size && !cursor.is_fixed {
            // Whatever is asked for, pages have a size of their own; begin again with it.
            let (number, filter) = (cursor.number, std::mem::take(&mut cursor.filter));
            *cursor = PageCursor {
                number,
                filter,
                page_size: length,
                is_fixed: true,
                is_joined: true,
                ..PageCursor::default()
            };
            return Ok(PageStep::PlanAnew);
        }
        let count = self.total(query, answer);
        if length == 0 {
            cursor.count_after = count.or(cursor.count_after);
            cursor.count_before = cursor.count_before.or(count);
            let should_hold_one = page.start() > 0 && page.start() < cursor.position;
            return Ok(if should_hold_one { PageStep::BeginEarlier } else { PageStep::Finished });
        }
        let keys: Vec<Key> = records.iter().map(|record| record_key::key(query.entity, record)).collect();
        let last_keys: Vec<Key> = cursor.last_keys.iter().map(|id| Key::of(id)).collect();
        let is_joined = page.start() == 0 || pages::joins(&last_keys, &keys);
        if !is_joined && page.start() < cursor.position {
            return Ok(PageStep::BeginEarlier);
        }
        let gains = pages::gains(&last_keys, &keys);
        self.store_page(list, query, cursor, answer, |cursor, keys| {
            cursor.is_joined &= is_joined;
            cursor.position = page.start() + length;
            if gains {
                cursor.last_keys = keys.iter().map(|key| key.text.clone()).collect();
            }
            if cursor.page_size == 0 {
                // A first page shorter than asked for, of a longer list: the service caps its pages.
                cursor.page_size = if count == Some(length) { page.size } else { length };
            }
        })?;
        let is_short = length < page.size;
        let is_all = count.is_some_and(|count| cursor.position >= count);
        Ok(match (is_first, is_short) {
            (true, true) if is_all => PageStep::Finished,
            (true, _) => PageStep::PlanAnew,
            // The service may have more than it gave only if its own total says so.
            (false, true) if is_all || count.is_none() || !gains => PageStep::Finished,
            _ if gains => PageStep::Continue,
            _ => PageStep::NothingNew,
        })
    }

    /// Stores the records of a page and how far the reading has come, together.
    fn store_page(
        &self,
        list: &List,
        query: &ListQuery<'_>,
        cursor: &mut PageCursor,
        answer: &Document,
        advance: impl FnOnce(&mut PageCursor, &[Key]),
    ) -> Result<usize> {
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        let records = api::records(answer, wrapper).ok_or_else(|| no_list(query))?;
        let keys: Vec<Key> = records.iter().map(|record| record_key::key(query.entity, record)).collect();
        cursor.count_after = self.total(query, answer);
        if cursor.pages == 0 {
            cursor.count_before = cursor.count_after;
        }
        cursor.pages += 1;
        advance(cursor, &keys);
        self.mirror.together(|| {
            for (key, record) in keys.iter().zip(records) {
                self.store(query.entity, list, key, record)?;
            }
            self.mirror.put_cursor(list, cursor)
        })?;
        Ok(keys.len())
    }

    /// The service's own total of a list.
    pub(super) fn total(&self, query: &ListQuery<'_>, answer: &Document) -> Option<u64> {
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        api::total(answer, wrapper, &self.catalog.service.paging.count)
    }
}

fn no_list(query: &ListQuery<'_>) -> Error {
    Error::cannot_run(message!("refresh.no_list", path = query.endpoint.path))
        .hint(message!("refresh.no_list_hint", entity = query.entity.name))
}

/// The error for a list that cannot be held on to.
pub(super) fn changing(query: &ListQuery<'_>) -> Error {
    let label = query.entity.label(Language::current());
    Error::stopped(message!("refresh.changing", entity = label)).hint(message!("refresh.changing_hint"))
}

/// Pages that repeat or never end are the service's mistake; reading on would never stop.
fn refuse_endless(query: &ListQuery<'_>, cursor: &PageCursor, repeated: u32) -> Result<()> {
    let path = &query.endpoint.path;
    if repeated >= REPEATED_PAGES {
        return Err(Error::stopped(message!("refresh.repeating", path = path, pages = cursor.pages))
            .hint(message!("refresh.endless_hint")));
    }
    let likely = cursor.count_before.max(cursor.count_after).map(|count| count / cursor.page_size.max(1));
    if likely.is_some_and(|pages| cursor.pages > pages * 2 + SURPLUS_PAGES) {
        return Err(Error::stopped(message!("refresh.endless", path = path, pages = cursor.pages))
            .hint(message!("refresh.endless_hint")));
    }
    Ok(())
}

/// A failure after some pages are stored: the same command goes on from them.
fn unfinished(error: Error, cursor: &PageCursor) -> Error {
    if error.kind() != ErrorKind::CannotRun || cursor.pages == 0 {
        return error;
    }
    Error::stopped(error.into_message()).hint(message!("refresh.continue_hint"))
}
