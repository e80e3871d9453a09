//! Whether the filters by date of a list find what is in it. One that leaves out what it should find shows nowhere else: what it
//! gives looks like a list of its own.

use super::list_query::ListQuery;
use super::pages::Page;
use super::record_key;
use super::refresher::Refresher;
use super::spans::Span;
use crate::api::as_text;
use crate::error::Result;
use crate::mirror::PageCursor;
use crate::projection::moment::{self, Moment};
use crate::t;

/// Times a record has to be missed: it may just have been changed or deleted.
const TRIES: usize = 2;

impl Refresher<'_> {
    /// A query as it is to be asked: without its filters by date, where they miss a record that the list is seen to have.
    ///
    /// # Errors
    /// The user stops, the host cannot be reached.
    pub async fn with_filters_that_find<'q>(&self, query: &ListQuery<'q>) -> Result<ListQuery<'q>> {
        let service = self.client.service();
        let filters =
            [(query.created(service), &query.entity.created), (query.updated(service), &query.entity.updated)];
        let mut asked = query.clone();
        for (names, member) in filters {
            let (Some([from, to]), Some(member)) = (names, member) else { continue };
            if query.value(from).or(query.value(to)).is_some() && self.misses(query, from, to, member).await? {
                self.progress.say(&t!("refresh.filter_misses", entity = self.label(query)));
                asked = asked.without(from).without(to);
            }
        }
        Ok(asked)
    }

    /// Whether a filter of these names leaves out a record of the day it is asked for.
    async fn misses(&self, query: &ListQuery<'_>, from: &str, to: &str, member: &str) -> Result<bool> {
        let service = self.client.service();
        let mut all = query.clone();
        for name in
            service.filters.created.iter().chain(&service.filters.updated).chain([&from.to_owned(), &to.to_owned()])
        {
            all = all.without(name);
        }
        let size = u64::from(self.catalog.service.paging.advised);
        let page = Page { number: 1, size };
        let cursor = PageCursor::default();
        for _ in 0..TRIES {
            let records = self.brief_page(&all, &cursor, page).await?.unwrap_or_default();
            let day_of = |record: &serde_json::Value, name: &str| {
                moment::read(&as_text(record.get(name)?), service).map(Moment::day)
            };
            let days = |record: &serde_json::Value| {
                [&query.entity.created, &query.entity.updated].map(|name| day_of(record, name.as_deref()?))
            };
            // A record whose days differ shows a filter that goes by the other one.
            let differs =
                |record: &&serde_json::Value| matches!(days(record), [Some(one), Some(other)] if one != other);
            let sample = records.iter().rfind(differs).or(records.last());
            let Some((sample, day)) = sample.and_then(|record| Some((record, day_of(record, member)?))) else {
                return Ok(false);
            };
            let span = Span { from: Some(day.at(0, 0, 0, 0)), to: Some(day.at(23, 59, 59, 0)) }.widened();
            let asked = span.ask_by(&all, [from, to]);
            let Some(found) = self.brief_page(&asked, &cursor, page).await? else { return Ok(false) };
            let key = record_key::key(query.entity, sample);
            let is_found = found.iter().any(|record| record_key::key(query.entity, record) == key);
            if is_found || found.len() as u64 >= size {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
