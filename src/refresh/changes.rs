//! Brings a list that is whole up to date with what was created and changed since, and compares what is here with what the
//! service has: what no filter for changes shows, such as a record deleted for good, a backup that was put back or another
//! account behind the same login, shows in counts and in what is missing among the changes.

use std::cmp::Ordering;

use jiff::ToSpan;
use jiff::civil::Date;
use serde_json::Value;

use super::comparison::Excess;
use super::list_query::ListQuery;
use super::readings::ReadQuery;
use super::refreshed_list::RefreshedList;
use super::refresher::Refresher;
use super::spans::Span;
use crate::api;
use crate::error::{ErrorKind, Result};
use crate::mirror::{Key, List, PageCursor};
use crate::projection::{moment, service_time};
use crate::t;

/// The service's filters know days only.
const OVERLAP_DAYS: i64 = 1;
/// Records changed on the last days anything was changed that are asked for again, also where that is long ago: they show a
/// backup that was put back, and a clock of the records that is not that of the answers.
const MOST_OF_LAST_DAYS: u64 = 300;
/// Days that the clock of the records may be behind that of the answers.
const CLOCK_DAYS: i64 = 7;

/// Before anything was changed.
const EVER: &str = "1990-01-01 00:00:00";

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
        let read = self.read_changes_as_asked(query).await;
        self.or_without_refused(query, read, async |query| self.read_changes_as_asked(query).await).await
    }

    async fn read_changes_as_asked(&self, query: &ListQuery<'_>) -> Result<RefreshedList> {
        let list = self.mirror.list(&query.entity.name, &query.text(self.client.service()))?;
        let (Some(complete), None, true) = (list.complete, list.began, self.has_changes(query)) else {
            return self.read_and_compare(query).await;
        };
        if self.full_every > 0 && list.increments + 1 >= self.full_every {
            self.progress.say(&t!("refresh.full_again", entity = self.label(query), every = self.full_every));
            return self.read_and_compare(query).await;
        }
        let mut refreshed = RefreshedList::of(&list);
        match self.take_changes(query, &list, complete, false, &mut refreshed).await? {
            Changes::UpToDate => {
                refreshed.list = self.mirror.list(&list.entity, &list.query)?;
                Ok(refreshed)
            }
            Changes::ReadAll(why) => {
                self.progress.say(&why);
                let mut all = self.read_and_compare(query).await?;
                all.reports.splice(0..0, refreshed.reports);
                Ok(all)
            }
        }
    }

    /// Whether a list can be asked for what changed. Without a filter for that only lists of things that happened once, such as
    /// calls, can.
    pub(super) fn has_changes(&self, query: &ListQuery<'_>) -> bool {
        query.updated(self.client.service()).is_some() || query.endpoint.window.is_some()
    }

    /// Brings a list up to date that an earlier command has read in part or whole and not written out: what it read is of that
    /// time.
    ///
    /// # Errors
    /// As [`Refresher::read_all`].
    pub(super) async fn catch_up(&self, query: &ListQuery<'_>, read: RefreshedList) -> Result<RefreshedList> {
        let mut refreshed = read;
        let list = refreshed.list.clone();
        let (Some(complete), false) = (list.complete, refreshed.is_incomplete) else { return Ok(refreshed) };
        match self.take_changes(query, &list, complete, true, &mut refreshed).await? {
            Changes::UpToDate => {
                refreshed.list = self.mirror.list(&list.entity, &list.query)?;
                Ok(refreshed)
            }
            Changes::ReadAll(why) => {
                self.progress.say(&why);
                let mut all = self.read_anew(query, &list).await?;
                all.reports.splice(0..0, refreshed.reports);
                Ok(all)
            }
        }
    }

    /// Reads everything, and compares what no filter for changes shows later on.
    ///
    /// # Errors
    /// As [`Refresher::read_all`].
    pub async fn read_whole(&self, query: &ListQuery<'_>) -> Result<RefreshedList> {
        let read = self.read_and_compare(query).await;
        self.or_without_refused(query, read, async |query| self.read_and_compare(query).await).await
    }

    async fn read_and_compare(&self, query: &ListQuery<'_>) -> Result<RefreshedList> {
        let mut refreshed = self.read_all_as_asked(query).await?;
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
        is_resumed: bool,
        refreshed: &mut RefreshedList,
    ) -> Result<Changes> {
        let label = self.label(query);
        let excess = self.excess(query, list)?;
        if let (Excess::Hidden(hidden @ 1..), false) = (excess, is_resumed) {
            let why = t!("refresh.hidden_may_change", entity = label, hidden = hidden);
            return Ok(Changes::ReadAll(why.into_owned()));
        }
        if query.entity.id.is_some() && self.mirror.without_id(list)? > 0 {
            return Ok(Changes::ReadAll(t!("refresh.without_id_may_change", entity = label).into_owned()));
        }
        let known_day = self.known_day(list, complete)?;
        let since = known_day.saturating_sub(OVERLAP_DAYS.days());
        self.progress.say(&t!("refresh.changes_since", entity = label, since = since));
        let began = self.now();
        let parts = match self.ask_changes(query, list, since, began, refreshed).await? {
            Ok(parts) => parts,
            Err(why) => return Ok(Changes::ReadAll(why)),
        };
        let (count, first) = self.glance(query).await?;
        // Among the changes, too, may be a record of another account.
        let is_another = match &first {
            Some(first) if self.mirror.get(list, &first.0)?.is_some() => !self.is_known(query, list, first)?,
            _ => false,
        };
        let other_members = self.shows_otherwise(query, list, &parts)?;
        self.mirror.together(|| parts.iter().try_for_each(|part| self.mirror.move_into(part, list)))?;
        if let Some(first) = first
            && (is_another || !self.is_known(query, list, &first)?)
        {
            return Ok(Changes::ReadAll(t!("refresh.other_records", entity = label).into_owned()));
        }
        if let Some(why) = other_members {
            return Ok(Changes::ReadAll(why));
        }
        let Some(count) = count else {
            return Ok(Changes::ReadAll(t!("refresh.no_count", entity = label).into_owned()));
        };
        let live_offset = match self.compare_counts(query, list, count, excess, is_resumed, refreshed).await? {
            Ok(live_offset) => live_offset,
            Err(why) => return Ok(Changes::ReadAll(why)),
        };
        // Each change that was here already and is not too old to be asked for must have come again.
        if self.mirror.changed_since(list, &format!("{known_day} 00:00:00"), began)? > 0 {
            return Ok(Changes::ReadAll(t!("refresh.put_back", entity = label).into_owned()));
        }
        self.up_to_date(list, began, count, live_offset, is_resumed)
    }

    /// The day until which all changes are known; those of its last days are asked for again.
    fn known_day(&self, list: &List, complete: i64) -> Result<Date> {
        let complete = service_time(complete, self.client.service()).date();
        let [_, _, changed_last] = self.mirror.moments(list)?;
        let Some(changed) = changed_last.as_deref().and_then(moment::parse).map(moment::Moment::day) else {
            return Ok(complete);
        };
        let is_behind = changed < complete && changed >= complete.saturating_sub(CLOCK_DAYS.days());
        let is_earlier = changed < complete && {
            let since = changed.saturating_sub(OVERLAP_DAYS.days()).to_string();
            self.mirror.changed_since(list, &since, i64::MAX)? <= MOST_OF_LAST_DAYS
        };
        Ok(if is_behind || is_earlier { changed } else { complete })
    }

    /// Asks for what was created, and for what was changed since a day, each as a list of its own; the reason why everything has
    /// to be read where that tells nothing.
    async fn ask_changes(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        since: Date,
        began: i64,
        refreshed: &mut RefreshedList,
    ) -> Result<std::result::Result<Vec<List>, String>> {
        let service = self.client.service();
        let since = match &query.endpoint.window {
            Some(_) => since.to_string(),
            None => format!("{since} 00:00:00"),
        };
        let mut parts = Vec::new();
        for names in [query.created(service), query.updated(service)].into_iter().flatten() {
            // What a list is asked for may end before that day, or begin on a later one.
            match (query.value(&names[0]), query.value(&names[1])) {
                (_, Some(to)) if to < &since[..to.len().min(since.len())] => continue,
                (Some(from), _) if from >= &since[..from.len().min(since.len())] => {
                    parts.iter().try_for_each(|part| self.mirror.forget(part))?;
                    return Ok(Err(t!("refresh.changes_are_all", entity = self.label(query)).into_owned()));
                }
                _ => {}
            }
            let part = query.clone().replace(&names[0], &since);
            // What was read of it before it was broken off may have changed since.
            let new = self.mirror.list(&query.entity.name, &part.text(service))?;
            let new = self.mirror.begin_generation(&new, began)?;
            parts.push(new.clone());
            let is_for_changes = query.updated(service).is_some_and(|updated| updated == names);
            let known = if is_for_changes { self.mirror.changed_since(list, &since, i64::MAX)? } else { 0 };
            match self.ask_part(query, &part, new, known, refreshed).await? {
                Ok(read) => {
                    parts.pop();
                    parts.push(read);
                }
                Err(why) => {
                    for part in parts {
                        self.mirror.forget(&self.mirror.list(&part.entity, &part.query)?)?;
                    }
                    return Ok(Err(why));
                }
            }
        }
        Ok(Ok(parts))
    }

    /// Asks for a part of the changes, of which so many records are known; the reason why everything has to be read where it tells
    /// nothing.
    async fn ask_part(
        &self,
        query: &ListQuery<'_>,
        part: &ListQuery<'_>,
        list: List,
        known: u64,
        refreshed: &mut RefreshedList,
    ) -> Result<std::result::Result<List, String>> {
        let label = self.label(query);
        let why = match self.read_query(part, list, &PageCursor::default(), None, refreshed).await {
            // A filter that never finds anything shows no change either.
            Ok(ReadQuery { cursor, verdict: Ok(_), .. })
                if cursor.records == 0 && (known > 0 || self.never_finds(query, part).await?) =>
            {
                t!("refresh.changes_not_found", entity = label)
            }
            Ok(ReadQuery { list, verdict: Ok(_), .. }) => return Ok(Ok(list)),
            Ok(_) => t!("refresh.changes_unproved", entity = label),
            // The list itself may be answered although this filter is not.
            Err(error)
                if matches!(error.kind(), ErrorKind::CannotRun | ErrorKind::Stopped)
                    && !api::asks_for_patience(&error) =>
            {
                self.glance(query).await?;
                t!("refresh.changes_refused", entity = label, why = error.message())
            }
            Err(error) => return Err(error),
        };
        Ok(Err(why.into_owned()))
    }

    /// Whether a filter by change finds nothing however long ago it may be, of records that do not tell it themselves.
    async fn never_finds(&self, query: &ListQuery<'_>, part: &ListQuery<'_>) -> Result<bool> {
        let service = self.client.service();
        let list = self.mirror.list(&query.entity.name, &query.text(service))?;
        let [_, _, changed_last] = self.mirror.moments(&list)?;
        let Some([from, _]) = part.updated(service).filter(|names| part.value(&names[0]).is_some()) else {
            return Ok(false);
        };
        if changed_last.is_some() || self.mirror.held(&list)? == 0 {
            return Ok(false);
        }
        let ever = part.clone().replace(from, EVER);
        Ok(self.live_count(&ever).await?.is_none_or(|count| count == 0))
    }

    /// Compares what is here with what the service counts, and reads again what differs. Comes to the offset of the records that
    /// are not deleted, or to the reason why everything has to be read.
    async fn compare_counts(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        count: u64,
        excess: Excess,
        is_resumed: bool,
        refreshed: &mut RefreshedList,
    ) -> Result<std::result::Result<Option<i64>, String>> {
        let label = self.label(query);
        let held = self.mirror.held(list)?;
        if !excess.fits(count, held, self.deleted(query, list)?)
            && !self.compare_spans(query, list, 0, None, refreshed).await?
        {
            return Ok(Err(t!("refresh.walk_all", entity = label, count = count, held = held).into_owned()));
        }
        let live_offset = self.live_offset(query, list).await?;
        // Where both agreed once, they have to agree now.
        let agreed = if is_resumed { live_offset.is_some() } else { list.live_offset == Some(0) };
        if agreed && live_offset != Some(0) && !self.compare_spans(query, list, 1, None, refreshed).await? {
            return Ok(Err(t!("refresh.deleted_unseen", entity = label).into_owned()));
        }
        // What is gone from one span and came back to another one with its old date shows in no total.
        let is_even = [excess.fits_exactly(), live_offset == Some(0)];
        for which in (0..2).filter(|which| is_even[*which]) {
            if !self.compare_evenly(query, list, which, refreshed).await? {
                return Ok(Err(t!("refresh.balanced", entity = label).into_owned()));
            }
        }
        Ok(Ok(live_offset))
    }

    fn up_to_date(
        &self,
        list: &List,
        began: i64,
        count: u64,
        live_offset: Option<i64>,
        is_resumed: bool,
    ) -> Result<Changes> {
        let complete = self.by_service_clock(began);
        self.mirror.together(|| {
            self.mirror.finish_refresh(list, Some(complete), Some(count))?;
            match is_resumed {
                true => self.mirror.put_live_offset(list, live_offset),
                false => self.mirror.note_increment(list, live_offset),
            }
        })?;
        Ok(Changes::UpToDate)
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

    /// Compares spans of about as many records each although the whole has as many as are here, with deleted records (`which` 0)
    /// or without (1), and reads again what differs. Tells whether all is as it should be.
    async fn compare_evenly(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        which: usize,
        refreshed: &mut RefreshedList,
    ) -> Result<bool> {
        let whole = Span::of(query, self.client.service()).filter(|_| query.endpoint.window.is_none());
        let Some(whole) = whole else { return Ok(true) };
        let spans = self.even_spans(list, whole)?;
        let Some((last, others)) = spans.split_last() else { return Ok(true) };
        let counted = self.counted(query, which);
        let held = self.mirror.held_between(list, None, None)?[which];
        // Some filters leave out their last moment, or the day of it: those find it all a second later.
        for late in 0..=1 {
            let asked = |span: Span| Span { to: span.to.map(|to| to.saturating_add(late.seconds())), ..span };
            let mut sum = 0;
            let mut differing = Vec::new();
            for span in others {
                let Some(count) = self.span_count(&counted, asked(*span)).await? else { return Ok(true) };
                let [from, to] = span.texts();
                if count != self.mirror.held_between(list, from.as_deref(), to.as_deref())?[which] {
                    differing.push(*span);
                }
                sum += count;
            }
            if differing.is_empty() {
                return Ok(true);
            }
            sum += self.span_count(&counted, asked(*last)).await?.unwrap_or(u64::MAX / 2);
            differing.push(*last);
            match sum.cmp(&held) {
                Ordering::Equal if late == 0 => {
                    return self.compare_spans(query, list, which, Some(differing), refreshed).await;
                }
                // Spans are read as they are named, without what such a filter leaves out.
                Ordering::Equal => return Ok(false),
                Ordering::Less => {}
                // The filter is not honoured.
                Ordering::Greater => return Ok(true),
            }
        }
        // Some records have no date.
        Ok(true)
    }

    /// What is counted: with deleted records (`which` 0) or without (1).
    fn counted<'q>(&self, query: &ListQuery<'q>, which: usize) -> ListQuery<'q> {
        match which {
            0 => query.clone(),
            _ => query.clone().without(&self.client.service().filters.deleted),
        }
    }

    /// Finds the spans of the creation date whose counts differ from what is here, with deleted records (`which` 0) or without
    /// (1), and reads them again. Tells whether that explained the difference.
    async fn compare_spans(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        which: usize,
        open: Option<Vec<Span>>,
        refreshed: &mut RefreshedList,
    ) -> Result<bool> {
        let service = self.client.service();
        let Some(whole) = Span::of(query, service) else { return Ok(false) };
        if query.endpoint.window.is_some() {
            return Ok(false);
        }
        let counted = self.counted(query, which);
        let open = open.unwrap_or_else(|| vec![whole]);
        let Some(spans) = self.differing_spans(&counted, list, which, open).await? else { return Ok(false) };
        if spans.is_empty() {
            return Ok(false);
        }
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
