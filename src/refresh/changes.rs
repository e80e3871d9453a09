//! Brings a list that is whole up to date with what was created and changed since, and compares what is here with what the
//! service has: what no filter for changes shows, such as a record deleted for good, a backup that was put back or another
//! account behind the same login, shows in counts and in what is missing among the changes.

use serde_json::Value;

use super::list_query::ListQuery;
use super::refreshed_list::RefreshedList;
use super::refresher::Refresher;
use super::spans::Span;
use super::whole_list::is_resumable;
use crate::error::Result;
use crate::mirror::{Key, List, PageCursor};
use crate::projection::{moment, service_time};
use crate::t;

/// The service's filters know days only.
const OVERLAP_DAYS: i64 = 1;
/// Records changed on the last days anything was changed that are asked for again, also where that is long ago: they show a
/// backup that was put back, and a clock of the records that is not that of the answers.
const MOST_OF_LAST_DAYS: u64 = 300;
/// What a refresh that asked for changes alone came to.
enum Changes {
    /// The list is up to date.
    UpToDate,
    /// Everything has to be read, for this reason.
    ReadAll(String),
}

impl Refresher<'_> {
    /// Brings a whole list up to date with what was created and updated since; reads everything when that cannot be
    /// enough, and every so many times.
    ///
    /// # Errors
    /// As [`Refresher::read_all`].
    pub async fn read_changes(&self, query: &ListQuery<'_>) -> Result<RefreshedList> {
        let service = self.client.service();
        let list = self.mirror.list(&query.entity.name, &query.text(service))?;
        // Without a filter for changes only lists of things that happened once, such as calls, can be read in parts.
        let has_changes = query.updated(service).is_some() || query.endpoint.window.is_some();
        let (Some(complete), None, true) = (list.complete, list.began, has_changes) else {
            return self.read_all_and_compare(query).await;
        };
        if self.full_every > 0 && list.increments + 1 >= self.full_every {
            self.progress.say(&t!("refresh.full_again", entity = self.label(query), every = self.full_every));
            return self.read_all_and_compare(query).await;
        }
        let mut refreshed = RefreshedList::of(&list);
        match self.take_changes(query, &list, complete, &mut refreshed).await? {
            Changes::UpToDate => {
                refreshed.list = self.mirror.list(&list.entity, &list.query)?;
                Ok(refreshed)
            }
            Changes::ReadAll(why) => {
                self.progress.say(&why);
                let mut all = self.read_all_and_compare(query).await?;
                all.reports.splice(0..0, refreshed.reports);
                Ok(all)
            }
        }
    }

    /// Reads everything, and compares what no filter for changes shows later on.
    async fn read_all_and_compare(&self, query: &ListQuery<'_>) -> Result<RefreshedList> {
        let mut refreshed = self.read_all(query).await?;
        if !refreshed.is_incomplete {
            let offset = self.live_offset(query, &refreshed.list).await?;
            self.mirror.put_live_offset(&refreshed.list, offset)?;
            refreshed.list = self.mirror.list(&refreshed.list.entity, &refreshed.list.query)?;
        }
        Ok(refreshed)
    }

    async fn take_changes(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        complete: i64,
        refreshed: &mut RefreshedList,
    ) -> Result<Changes> {
        let service = self.client.service();
        let label = self.label(query);
        let excess = self.excess(query, list)?;
        let overlap = jiff::Span::new().days(OVERLAP_DAYS);
        let mut known_day = service_time(complete, service).date();
        let [_, _, changed_last] = self.mirror.moments(list)?;
        if let Some(day) = changed_last.as_deref().and_then(moment::parse).map(moment::Moment::day)
            && day < known_day
            && self.mirror.changed_since(list, &day.saturating_sub(overlap).to_string(), i64::MAX)? <= MOST_OF_LAST_DAYS
        {
            known_day = day;
        }
        let since = known_day.saturating_sub(overlap);
        self.progress.say(&t!("refresh.changes_since", entity = label, since = since));
        let mut began = self.now();
        let mut parts = Vec::new();
        let spans = [query.created(service), query.updated(service)];
        for names in spans.into_iter().flatten() {
            let since = match &query.endpoint.window {
                Some(_) => since.to_string(),
                None => format!("{since} 00:00:00"),
            };
            let part = query.clone().with(&names[0], &since);
            let list = self.resumed_or_new(&part)?;
            // What was read before it was broken off is of that time.
            began = began.min(list.began.unwrap_or(began));
            let read = self.read_query(&part, list, &PageCursor::default(), None, refreshed).await?;
            parts.push(read.list);
            if read.verdict.is_err() {
                parts.iter().try_for_each(|part| self.mirror.forget(part))?;
                return Ok(Changes::ReadAll(t!("refresh.changes_unproved", entity = label).into_owned()));
            }
        }
        self.mirror.together(|| parts.iter().try_for_each(|part| self.mirror.move_into(part, list)))?;
        let (count, first) = self.glance(query).await?;
        if let Some(first) = first
            && !self.is_known(query, list, &first)?
        {
            return Ok(Changes::ReadAll(t!("refresh.other_records", entity = label).into_owned()));
        }
        let Some(count) = count else {
            refreshed.warnings.push(t!("refresh.no_count", entity = label).into_owned());
            return self.up_to_date(list, began, None, None);
        };
        let held = self.mirror.held(list)?;
        if !excess.fits(count, held, self.deleted(query, list)?)
            && !self.compare_spans(query, list, 0, refreshed).await?
        {
            let why = t!("refresh.walk_all", entity = label, count = count, held = held);
            return Ok(Changes::ReadAll(why.into_owned()));
        }
        let live_offset = self.live_offset(query, list).await?;
        // Where both agreed once, they have to agree now.
        if list.live_offset == Some(0)
            && live_offset != Some(0)
            && !self.compare_spans(query, list, 1, refreshed).await?
        {
            return Ok(Changes::ReadAll(t!("refresh.deleted_unseen", entity = label).into_owned()));
        }
        // Each change that was here already and is not too old to be asked for must have come again.
        if self.mirror.changed_since(list, &format!("{known_day} 00:00:00"), began)? > 0 {
            return Ok(Changes::ReadAll(t!("refresh.put_back", entity = label).into_owned()));
        }
        self.up_to_date(list, began, Some(count), live_offset)
    }

    fn up_to_date(&self, list: &List, began: i64, count: Option<u64>, live_offset: Option<i64>) -> Result<Changes> {
        let complete = self.by_service_clock(began);
        self.mirror.together(|| {
            self.mirror.finish_refresh(list, Some(complete), count)?;
            self.mirror.note_increment(list, live_offset)
        })?;
        Ok(Changes::UpToDate)
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

    /// Whether a record of the service is the one that is kept under its id: another account may use the same ids.
    fn is_known(&self, query: &ListQuery<'_>, list: &List, (key, record): &(Key, Value)) -> Result<bool> {
        let Some(body) = self.mirror.get(list, key)? else { return Ok(false) };
        let kept: Value = serde_json::from_slice(&body).unwrap_or_default();
        let created = query.entity.created.as_deref().unwrap_or_default();
        Ok(kept.get(created) == record.get(created))
    }

    /// How many more records the service counts without deleted ones than are here; none where it cannot be asked so.
    async fn live_offset(&self, query: &ListQuery<'_>, list: &List) -> Result<Option<i64>> {
        let deleted = &self.client.service().filters.deleted;
        if query.entity.deleted.is_none() || query.value(deleted).is_none() {
            return Ok(None);
        }
        let live = query.clone().without(deleted);
        let [_, held] = self.mirror.held_between(list, None, None)?;
        let count = self.live_count(&live).await?;
        Ok(count.map(|count| i64::try_from(count).unwrap_or(i64::MAX) - i64::try_from(held).unwrap_or(i64::MAX)))
    }

    /// Finds the spans of the creation date whose counts differ from what is here, with deleted records (`which` 0) or without
    /// (1), and reads them again. Tells whether that explained the difference.
    async fn compare_spans(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        which: usize,
        refreshed: &mut RefreshedList,
    ) -> Result<bool> {
        let service = self.client.service();
        let Some(whole) = Span::of(query, service) else { return Ok(false) };
        if query.endpoint.window.is_some() {
            return Ok(false);
        }
        let counted = match which {
            0 => query.clone(),
            _ => query.clone().without(&service.filters.deleted),
        };
        let Some(spans) = self.differing_spans(&counted, list, which, whole).await? else { return Ok(false) };
        if spans.contains(&whole) {
            return Ok(false);
        }
        let mut gone = 0;
        for span in spans {
            let part_query = span.ask(query, service);
            let part = self.mirror.list(&query.entity.name, &part_query.text(service))?;
            let part = self.mirror.begin_generation(&part, self.now())?;
            let read = self.read_query(&part_query, part, &PageCursor::default(), None, refreshed).await?;
            if read.verdict.is_err() {
                self.mirror.forget(&read.list)?;
                return Ok(false);
            }
            let [from, to] = span.texts();
            gone += self.mirror.replace_between(&read.list, list, from.as_deref(), to.as_deref())?;
        }
        let [held, live] = self.mirror.held_between(list, None, None)?;
        let is_explained = self.live_count(&counted).await? == Some([held, live][which]);
        if is_explained {
            let word = t!("refresh.spans_read_again", entity = self.label(query), gone = gone);
            refreshed.warnings.push(word.into_owned());
        }
        Ok(is_explained)
    }
}
