//! Brings a list that is whole up to date with what was created and changed since, and compares how many records there
//! are: a record that was deleted for good shows in the total alone.

use rust_i18n::t;

use super::list_query::ListQuery;
use super::pages::Page;
use super::refreshed_list::RefreshedList;
use super::refresher::Refresher;
use super::whole_list::is_resumable;
use crate::error::Result;
use crate::mirror::{List, PageCursor};
use crate::projection::service_time;

/// The service's filters know days only, and its clock is not ours.
const OVERLAP_DAYS: i64 = 1;

impl Refresher<'_> {
    /// Brings a whole list up to date with what was created and updated since; reads everything when that cannot be
    /// enough.
    ///
    /// # Errors
    /// As [`Refresher::read_all`].
    pub async fn read_changes(&self, query: &ListQuery<'_>) -> Result<RefreshedList> {
        let service = self.client.service();
        let list = self.mirror.list(&query.entity.name, &query.text(service))?;
        let spans = [query.created(service), query.updated(service)];
        // Without a filter for changes only lists of things that happened once, such as calls, can be read in parts.
        let has_changes = spans[1].is_some() || query.endpoint.window.is_some();
        let (Some(complete), None, true) = (list.complete, list.began, has_changes) else {
            return self.read_all(query).await;
        };
        let mut refreshed = RefreshedList::of(&list);
        let leaves_out_deleted = self.leaves_out_deleted(query, &list)?;
        let day = service_time(complete, service).date();
        let since = day.saturating_sub(jiff::Span::new().days(OVERLAP_DAYS));
        self.progress.say(&t!("refresh.changes_since", entity = self.label(query), since = since));
        let mut began = self.now();
        let mut parts = Vec::new();
        for names in spans.into_iter().flatten() {
            let since = match &query.endpoint.window {
                Some(_) => since.to_string(),
                None => format!("{since} 00:00:00"),
            };
            let part = query.clone().with(&names[0], &since);
            let list = self.resumed_or_new(&part)?;
            // What was read before it was broken off is of that time.
            began = began.min(list.began.unwrap_or(began));
            let read = self.read_query(&part, list, &PageCursor::default(), None, &mut refreshed).await?;
            parts.push(read.list);
            if read.verdict.is_err() {
                for part in &parts {
                    self.mirror.forget(part)?;
                }
                return self.read_all(query).await;
            }
        }
        self.mirror.together(|| parts.iter().try_for_each(|part| self.mirror.move_into(part, &list)))?;
        let held = self.mirror.held(&list)?;
        let count = self.live_count(query).await?;
        let is_equal = match count {
            None => {
                refreshed.warnings.push(t!("refresh.no_count", entity = self.label(query)).into_owned());
                true
            }
            Some(count) if leaves_out_deleted => count + self.deleted(query, &list)? == held,
            Some(count) => count == held,
        };
        if !is_equal {
            self.progress.say(&t!(
                "refresh.walk_all",
                entity = self.label(query),
                count = count.unwrap_or(0),
                held = held
            ));
            let mut all = self.read_all(query).await?;
            all.reports.splice(0..0, refreshed.reports);
            return Ok(all);
        }
        let complete = self.by_service_clock(began);
        self.mirror.together(|| self.mirror.finish_refresh(&list, Some(complete), count))?;
        refreshed.list = self.mirror.list(&list.entity, &list.query)?;
        Ok(refreshed)
    }

    /// The list of a query for changes, as an earlier command left it when it was broken off not long ago.
    fn resumed_or_new(&self, query: &ListQuery<'_>) -> Result<List> {
        let now = self.now();
        let list = self.mirror.list(&query.entity.name, &query.text(self.client.service()))?;
        match is_resumable(&list, now) {
            true => Ok(list),
            false => self.mirror.begin_generation(&list, now),
        }
    }

    /// The service's total of a list now.
    ///
    /// # Errors
    /// The service fails.
    pub async fn live_count(&self, query: &ListQuery<'_>) -> Result<Option<u64>> {
        let page = Page { number: 1, size: 1 };
        let url = query.address(self.client.target(), self.client.service(), Some(page));
        Ok(self.total(query, &self.fetch(url).await?))
    }

    /// Whether the service's total was seen to leave out deleted records although they are in its list.
    fn leaves_out_deleted(&self, query: &ListQuery<'_>, list: &List) -> Result<bool> {
        let held = self.mirror.held(list)?;
        match list.total {
            Some(total) if total < held => Ok(total + self.deleted(query, list)? == held),
            _ => Ok(false),
        }
    }
}
