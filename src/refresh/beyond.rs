//! Whether anything lies beyond what a list gave. A service that gives only so many records, and counts no further, looks like
//! one that has no more. So the list is asked from its other end, and the ids that follow the last one are asked for.

use std::collections::HashSet;

use jiff::ToSpan;
use jiff::civil::DateTime;
use serde_json::Value;

use super::list_query::ListQuery;
use super::pages::{self, Page};
use super::record_key;
use super::refresher::Refresher;
use super::spans::Span;
use crate::api::{self, Single, as_text};
use crate::entity::Entity;
use crate::error::Result;
use crate::mirror::{Key, List, PageCursor, PageOrder};
use crate::projection::moment::{self, Moment};
use crate::projection::{is_deleted, service_time, text_of};

/// Ids that follow the last one and are asked for.
const IDS_BEYOND: i64 = 10;

/// So far behind the last record there is none.
const ID_OF_NOTHING: i64 = 1_000_000_000;

/// Pages that are compared from the end of a list: of records that were created at once there may be many.
const PAGES_OF_AN_END: u64 = 200;

/// Times it is looked behind a list whose total goes to and fro.
const LOOKS_AT_SEVERAL: u32 = 5;

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
    /// Looks whether a list goes on behind what came of it: from its other end, or, where it takes no order, by date.
    ///
    /// # Errors
    /// The user stops, the host cannot be reached.
    pub(super) async fn look_behind(&self, query: &ListQuery<'_>, list: &List, cursor: &PageCursor) -> Result<Beyond> {
        // Each of several machines may answer.
        let lacks_some = cursor.told.is_returning && cursor.told.highest > Some(cursor.records);
        for _ in 1..if lacks_some { LOOKS_AT_SEVERAL } else { 1 } {
            if self.look_behind_once(query, list, cursor).await? == Beyond::Something {
                return Ok(Beyond::Something);
            }
        }
        self.look_behind_once(query, list, cursor).await
    }

    async fn look_behind_once(&self, query: &ListQuery<'_>, list: &List, cursor: &PageCursor) -> Result<Beyond> {
        match self.other_end(query, list, cursor).await? {
            Beyond::Unknown => Ok(match self.by_dates(query, list, cursor).await? {
                // Where pages come short whose records are not all shown, one that is short or empty is no end.
                Beyond::Nothing if cursor.gaps > 0 => Beyond::Unknown,
                known => known,
            }),
            known => Ok(known),
        }
    }

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
        if !query.endpoint.filters.contains(order) || query.value(order) == Some(value) {
            return Ok(Beyond::Unknown);
        }
        let size = u64::from(self.catalog.service.paging.advised).min(cursor.page_size.max(1));
        let end = query.clone().replace(order, value);
        let Some(records) = self.brief_page(&end, cursor, Page { number: 1, size }).await? else {
            return Ok(Beyond::Unknown);
        };
        if let Some(beyond) = self.unseen(query, list, cursor, &records).await? {
            return Ok(beyond);
        }
        let Some([first, last]) = self.first_and_last(list)? else { return Ok(Beyond::Unknown) };
        let moments: Vec<Moment> = records.iter().filter_map(|record| self.created_of(query, record)).collect();
        let newest = moments.first().copied().map(Moment::begin);
        let is_other_end = match newest {
            // Where all were created at once, the order tells nothing.
            _ if first == last => false,
            Some(moment) if is_descending => moment <= first,
            Some(moment) => moment >= last,
            None => false,
        };
        if !is_other_end {
            return Ok(Beyond::Unknown);
        }
        let is_another = |moment: &Moment| Some(moment.begin()) != newest;
        if (records.len() as u64) < size || moments.iter().any(is_another) {
            return Ok(Beyond::Nothing);
        }
        // A page of one moment alone may be followed by others of it, which did not come.
        self.compare(query, list, cursor, &end, |_| true, |moments| moments.iter().any(is_another)).await
    }

    /// Asks for what was created since the day of the newest record, or until that of the oldest in a list that begins with the
    /// newest. A filter that gives what it should leave out, or finds nothing of what came, tells nothing. Others may have been
    /// created in the very second of that record, and a filter may leave out its own bounds: so it is asked for a second more.
    async fn by_dates(&self, query: &ListQuery<'_>, list: &List, cursor: &PageCursor) -> Result<Beyond> {
        let Some(whole) = Span::of(query, self.client.service()) else { return Ok(Beyond::Unknown) };
        let Some([first, last]) = self.first_and_last(list)? else { return Ok(Beyond::Unknown) };
        let is_descending = cursor.order == PageOrder::Descending;
        let (day, behind) = match is_descending {
            true => (
                Span { to: Some(first.date().at(23, 59, 59, 0).saturating_add(1.seconds())), ..whole },
                Span { to: Some(first.saturating_add(1.seconds())), ..whole },
            ),
            false => (
                Span { from: Some(last.date().at(0, 0, 0, 0).saturating_sub(1.seconds())), ..whole },
                Span { from: Some(last.saturating_sub(1.seconds())), ..whole },
            ),
        };
        let size = u64::from(self.catalog.service.paging.advised).min(cursor.page_size.max(1));
        let asked = |span: Span| span.ask(query, self.client.service());
        let page = Page { number: 1, size };
        let Some(records) = self.brief_page(&asked(day), cursor, page).await? else { return Ok(Beyond::Unknown) };
        let moments: Vec<Moment> = records.iter().filter_map(|record| self.created_of(query, record)).collect();
        // The zone of the service's filters may be another one.
        if moments.is_empty() || !moments.iter().all(|moment| day.widened().holds(*moment)) {
            return Ok(Beyond::Unknown);
        }
        // Where all were created at about the same time, nothing shows yet that the filter is honoured.
        let leaves_out = !day.widened().holds(Moment::Time(if is_descending { last } else { first }));
        if leaves_out {
            if let Some(beyond) = self.unseen(query, list, cursor, &records).await? {
                return Ok(beyond);
            }
            if (records.len() as u64) < size {
                return Ok(Beyond::Nothing);
            }
        }
        // Where all were created at once, what was created then shows no end: only what was created since shows a wall.
        let edges = [first, last].map(Moment::Time);
        if edges.iter().all(|edge| behind.holds(*edge)) {
            let since = match is_descending {
                true => Span { to: Some(first.saturating_sub(1.seconds())), ..whole },
                false => Span { from: Some(last.saturating_add(1.seconds())), ..whole },
            };
            let Some(records) = self.brief_page(&asked(since), cursor, page).await? else { return Ok(Beyond::Unknown) };
            let mut moments = records.iter().filter_map(|record| self.created_of(query, record));
            return Ok(match moments.all(|moment| since.holds(moment)) {
                true => self.unseen(query, list, cursor, &records).await?.unwrap_or(Beyond::Unknown),
                false => Beyond::Unknown,
            });
        }
        // More on that day than a page has.
        let is_behind = |moment| behind.holds(moment);
        let beyond = self.compare(query, list, cursor, &asked(behind), is_behind, |_| false).await?;
        if beyond != Beyond::Unknown || !leaves_out {
            return Ok(beyond);
        }
        // A filter that knows days alone, or those of another zone.
        let is_of_day = |moment| day.widened().holds(moment);
        self.compare(query, list, cursor, &asked(day), is_of_day, |_| false).await
    }

    /// Compares what a list gives from its end, as it is `asked` for there, with what came: page by page until one tells that
    /// it is enough, or there are no more. It tells nothing where something comes that does not fit.
    async fn compare(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        cursor: &PageCursor,
        asked: &ListQuery<'_>,
        fits: impl Fn(Moment) -> bool,
        is_enough: impl Fn(&[Moment]) -> bool,
    ) -> Result<Beyond> {
        let size = u64::from(self.catalog.service.paging.advised).min(cursor.page_size.max(1));
        let mut came = HashSet::new();
        for number in 1..=PAGES_OF_AN_END {
            self.stop.check()?;
            let Some(records) = self.brief_page(asked, cursor, Page { number, size }).await? else {
                // So it is with a page that reaches beyond a wall.
                return self.places_behind(query, list, cursor, asked, came).await;
            };
            let moments: Vec<Moment> = records.iter().filter_map(|record| self.created_of(query, record)).collect();
            if came.is_empty() && records.is_empty() || !moments.iter().all(|moment| fits(*moment)) {
                break;
            }
            if let Some(beyond) = self.unseen(query, list, cursor, &records).await? {
                return Ok(beyond);
            }
            if is_enough(&moments) {
                return Ok(Beyond::Nothing);
            }
            let before = came.len();
            came.extend(records.iter().map(|record| record_key::key(query.entity, record).text));
            let read = came.len() as u64;
            // As many as came at all end at the same wall, if there is one.
            if read >= cursor.records {
                break;
            }
            match came.len() - before {
                // So it is behind the end, or there, too.
                0 => return self.places_behind(query, list, cursor, asked, came).await,
                // Pages that share records leave out others.
                gained if gained < records.len() => break,
                gained if (gained as u64) < size => return Ok(Beyond::Nothing),
                _ => {}
            }
        }
        Ok(Beyond::Unknown)
    }

    /// Compares the places behind what came of an end one by one: the last one of a list lies before the wall that hides a page.
    async fn places_behind(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        cursor: &PageCursor,
        asked: &ListQuery<'_>,
        mut came: HashSet<String>,
    ) -> Result<Beyond> {
        while (came.len() as u64) < cursor.records {
            self.stop.check()?;
            let place = Page { number: came.len() as u64 + 1, size: 1 };
            let Some(records) = self.brief_page(asked, cursor, place).await? else { break };
            if let Some(beyond) = self.unseen(query, list, cursor, &records).await? {
                return Ok(beyond);
            }
            let before = came.len();
            came.extend(records.iter().map(|record| record_key::key(query.entity, record).text));
            if came.len() == before {
                return Ok(Beyond::Nothing);
            }
        }
        Ok(Beyond::Unknown)
    }

    /// What it means that some of these records did not come; none where all of them did, or were created since.
    async fn unseen(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        cursor: &PageCursor,
        records: &[Value],
    ) -> Result<Option<Beyond>> {
        let mut unseen = Vec::new();
        for record in records {
            let key = record_key::key(query.entity, record);
            if self.is_older(query, list, record) && !self.mirror.has_seen(list, &key)? {
                unseen.push(key);
            }
        }
        if unseen.is_empty() {
            return Ok(None);
        }
        if cursor.told.is_returning {
            return Ok(Some(Beyond::Something));
        }
        // A list that has grown meanwhile gives them now, too.
        let grown = self.ends_now(query, cursor).await?;
        let is_grown = unseen.iter().all(|key| grown.contains(&key.text));
        Ok(Some(if is_grown { Beyond::Unknown } else { Beyond::Something }))
    }

    /// Whether a record was there before the reading of a list began; one that does not tell was.
    pub(super) fn is_older(&self, query: &ListQuery<'_>, list: &List, record: &Value) -> bool {
        let began = service_time(self.by_service_clock(list.began.unwrap_or_default()), self.client.service());
        self.created_of(query, record).is_none_or(|created| created.end() < began)
    }

    /// When a record was created.
    fn created_of(&self, query: &ListQuery<'_>, record: &Value) -> Option<Moment> {
        moment::read(&as_text(record.get(query.entity.created.as_ref()?)?), self.client.service())
    }

    /// When the first and the last record of a list were created.
    fn first_and_last(&self, list: &List) -> Result<Option<[DateTime; 2]>> {
        let [first, last, _] = self.mirror.moments(list)?;
        let moment = |text: Option<String>| text.as_deref().and_then(moment::parse).map(Moment::begin);
        Ok(moment(first).zip(moment(last)).map(|(first, last)| [first, last]))
    }

    /// Whether every page is the same one: then its own total tells nothing either.
    ///
    /// # Errors
    /// The user stops, the host cannot be reached.
    pub(super) async fn gives_one_page(&self, query: &ListQuery<'_>, cursor: &PageCursor) -> Result<bool> {
        let half = cursor.last_keys.len() / 2;
        if cursor.gaining_pages != 1 || !cursor.is_repeated || half == 0 {
            return Ok(false);
        }
        // Behind its end a service may give the last page again. Within it, it gives what is asked for.
        let page = Page { number: 2, size: half as u64 };
        let records = self.brief_page(query, cursor, page).await?.unwrap_or_default();
        let first = records.first().map(|record| record_key::key(query.entity, record).text);
        Ok(first.as_ref() != cursor.last_keys.get(half))
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
        // What was deleted meanwhile moves the end before the place where it was.
        let before = Page { number: (tail.number - 1).max(1), size: tail.size };
        let behind = Page { number: tail.number + 1, size: tail.size };
        for page in [Page { number: 1, size }, before, tail, behind] {
            let records = self.brief_page(query, cursor, page).await?.unwrap_or_default();
            keys.extend(records.iter().map(|record| record_key::key(query.entity, record).text));
        }
        Ok(keys)
    }

    /// A page that the reading can do without.
    pub(super) async fn brief_page(
        &self,
        query: &ListQuery<'_>,
        cursor: &PageCursor,
        page: Page,
    ) -> Result<Option<Vec<Value>>> {
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        Ok(match self.ask_briefly(self.page_address(query, cursor, Some(page))).await? {
            Single::Document(document) => api::records_of(&document, wrapper, query.entity.id.as_deref())
                .map(|records| records.iter().map(|record| of_one_line(query.entity, record.into_owned())).collect()),
            Single::Rejected(_) | Single::Failing(_) => None,
        })
    }

    /// Asks for records whose ids follow the last one of a list that is in their order, or come before the smallest of one that begins
    /// with the newest. Where the last one itself cannot be had by its id, that proves nothing.
    ///
    /// # Errors
    /// The user stops, the host cannot be reached.
    pub(super) async fn ids_beyond(&self, query: &ListQuery<'_>, list: &List, cursor: &PageCursor) -> Result<Beyond> {
        let Some([first, last]) = self.mirror.ends(list)? else { return Ok(Beyond::Unknown) };
        let (end, towards) = match cursor.order {
            PageOrder::Ascending | PageOrder::Unknown => (last, 1),
            PageOrder::Descending => (first, -1),
            PageOrder::Other => return Ok(Beyond::Unknown),
        };
        let last = end.parse::<i64>().ok();
        let Some(last) = last.filter(|_| query.entity.endpoint("get").is_some()) else { return Ok(Beyond::Unknown) };
        let Some(Some(_)) = self.record_of(query, last).await? else { return Ok(Beyond::Unknown) };
        // A service that has a record for whatever id it is asked for tells nothing.
        if self.record_of(query, last.saturating_add(ID_OF_NOTHING)).await?.flatten().is_some() {
            return Ok(Beyond::Unknown);
        }
        let ids = (1..=IDS_BEYOND).map(|distance| last + towards * distance);
        for id in ids.filter(|id| *id > 0) {
            let Some(found) = self.record_of(query, id).await? else { return Ok(Beyond::Unknown) };
            let Some(record) = found.filter(|record| !is_deleted(query.entity, record)) else { continue };
            if self.is_older(query, list, &record) && !self.mirror.has_seen(list, &Key::of(&id.to_string()))? {
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

/// A record without its lists and objects, of which there may be hundreds: what it is known by and when it was made are texts. One
/// without an id is known by all it says.
fn of_one_line(entity: &Entity, mut record: Value) -> Value {
    let has_id = entity.id.as_ref().and_then(|id| record.get(id)).is_some_and(|id| !text_of(id).is_empty());
    if let Some(members) = record.as_object_mut().filter(|_| has_id) {
        members.retain(|_, value| !value.is_array() && !value.is_object());
    }
    record
}
