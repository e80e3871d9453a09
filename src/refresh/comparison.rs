//! Compares how many records the service has with how many are here: of the whole list, and of spans of the creation date.

use std::borrow::Cow;

use jiff::civil::Date;
use serde_json::Value;

use super::list_query::ListQuery;
use super::pages::Page;
use super::record_key;
use super::refresher::Refresher;
use super::span_search::SpanSearch;
use super::spans::{Extent, Span};
use super::whole_list::PAGES_OF_A_PART;
use crate::api;
use crate::error::Result;
use crate::mirror::{Key, List};
use crate::projection::{moment, service_time};

/// A list is compared in spans of so many records, two at least.
const RECORDS_OF_A_COUNT: u64 = 25_000;

/// How the service's total differed from what was here when the list was whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Excess {
    /// It leaves out records that are marked as deleted, although they are in its list.
    LeavesOutDeleted,
    /// It counted so many more: records this login may not see.
    Hidden(u64),
}

impl Excess {
    /// Whether there are just as many.
    pub(super) fn fits_exactly(self) -> bool {
        self == Excess::Hidden(0)
    }

    /// Whether a count is explained by what is here.
    pub(super) fn fits(self, count: u64, held: u64, deleted: u64) -> bool {
        match self {
            Excess::LeavesOutDeleted => count + deleted == held,
            Excess::Hidden(hidden) => count == held + hidden,
        }
    }
}

impl Refresher<'_> {
    /// The service's total of a list now.
    ///
    /// # Errors
    /// The service fails.
    pub async fn live_count(&self, query: &ListQuery<'_>) -> Result<Option<u64>> {
        Ok(self.glance(query).await?.0)
    }

    /// The service's total of a list now, and the first record in it.
    pub(super) async fn glance(&self, query: &ListQuery<'_>) -> Result<(Option<u64>, Option<(Key, Value)>)> {
        let page = query.endpoint.paged.then_some(Page { number: 1, size: 1 });
        let url = query.address(self.client.target(), self.client.service(), page);
        let answer = self.document(query, self.ask(url).await)?;
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        let first = api::records_of(&answer, wrapper, query.entity.id.as_deref());
        let first = first.and_then(|records| records.iter().next().map(Cow::into_owned));
        let first = first.map(|record| (record_key::key(query.entity, &record), record));
        Ok((self.total(query, &answer), first))
    }

    /// How the service's total differed from what is here when the list was whole.
    pub(super) fn excess(&self, query: &ListQuery<'_>, list: &List) -> Result<Excess> {
        let held = self.mirror.held(list)?;
        Ok(match list.total {
            Some(total) if total < held && total + self.deleted(query, list)? == held => Excess::LeavesOutDeleted,
            Some(total) => Excess::Hidden(total.saturating_sub(held)),
            None => Excess::Hidden(0),
        })
    }

    /// The smallest spans worth reading whose counts differ from what is here. None where there are too many, or counts
    /// cannot be had.
    pub(super) async fn differing_spans(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        which: usize,
        open: Vec<Span>,
    ) -> Result<Option<Vec<Span>>> {
        let few = PAGES_OF_A_PART * u64::from(self.catalog.service.paging.advised);
        let mut search = SpanSearch::new(open, self.extent_held(list)?, few);
        while let Some(span) = search.next() {
            self.stop.check()?;
            let Some(count) = self.live_count(&span.ask(query, self.client.service())).await? else { return Ok(None) };
            let [from, to] = span.texts();
            let held = self.mirror.held_between(list, from.as_deref(), to.as_deref())?[which];
            if !search.take(span, count, held) {
                return Ok(None);
            }
        }
        Ok(Some(search.differing()))
    }

    /// Spans of the creation date of about as many records each, that are everything together: where one has more than is here
    /// and another one less, the whole tells nothing.
    pub(super) fn even_spans(&self, list: &List, whole: Span) -> Result<Vec<Span>> {
        let dated = self.mirror.held(list)?;
        let parts = 2 + dated / RECORDS_OF_A_COUNT;
        let mut spans = Vec::new();
        let mut rest = whole;
        for part in 1..parts {
            let created = self.mirror.created_at(list, dated * part / parts)?;
            let Some(day) = created.as_deref().and_then(moment::parse).map(moment::Moment::day) else { continue };
            if let Some([before, after]) = rest.at(day) {
                spans.push(before);
                rest = after;
            }
        }
        spans.push(rest);
        Ok(spans)
    }

    /// Between which days the records that are here were created.
    fn extent_held(&self, list: &List) -> Result<Extent> {
        let [first, last, _] = self.mirror.moments(list)?;
        let day = |text: Option<String>| text.as_deref().and_then(moment::parse).map(moment::Moment::day);
        let today: Date = service_time(self.now(), self.client.service()).date();
        Ok(Extent { first: day(first).unwrap_or(today), last: day(last).unwrap_or(today).max(today) })
    }
}
