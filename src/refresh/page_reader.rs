//! Reads the pages of one query to their end, several pages ahead, storing them in order. What is stored is enough to go
//! on from after a kill: the position, and the keys of the last page, which the next one has to join. What the pages prove,
//! and what they leave open, is noted in the cursor; `decision` weighs it.

use std::ops::Range;
use std::time::{Duration, Instant};

use futures::{StreamExt, stream};

use super::decision::is_uncounted;
use super::list_query::ListQuery;
use super::pages::{self, Page};
use super::record_key;
use super::refresher::Refresher;
use crate::api::{self, Document, Records, Rejection, Single};
use crate::error::{Error, ErrorKind, Result};
use crate::message;
use crate::mirror::{Key, List, PageCursor, PageOrder, Wall};
use crate::t;

/// Full pages in a row that bring nothing new before the service is said to repeat itself.
const REPEATED_PAGES: u32 = 5;
/// Pages beyond twice what the service's own total makes likely before the list is said to have no end.
const SURPLUS_PAGES: u64 = 50;
/// Pages for each page of records that came, where nothing tells how many there are, before the same is said.
const PAGES_OF_HIDDEN: u64 = 30;
/// Times a page may fail to join, beyond half of the pages so far, before the list is said to have no order to hold on to.
const MOST_EARLIER_BEGINNINGS: u64 = 50;
/// Pages in a row without anything new that end a list when neither total nor address says so.
const PAGES_BEYOND: u32 = 2;
/// Pages in a row without anything new after which it is looked whether anything comes at all.
const PAGES_BEFORE_PROBE: u32 = 3;
/// The same where only the address of the next page says that there is more: it leads on page by page.
const PAGES_BEFORE_PROBE_WITHOUT_TOTAL: u32 = 30;
/// Pages that are looked at one after the other rather than here and there.
const FEW_PAGES: u64 = 10;
/// Times it is looked behind the last record by smaller pages, where no total tells that it is the last.
const MOST_LOOKS_BEHIND: u32 = 3;
/// Empty pages in a row that are looked into by smaller ones.
const PAGES_LOOKED_INTO: u64 = 5;
/// How many pages ahead it is looked for more where nothing says how many there are.
const PROBED_AHEAD: [u64; 4] = [3, 7, 15, 31];

/// How long a page is asked for again that fails while others are given, before it is taken for a wall.
const STUMBLE: Duration = Duration::from_secs(30);
/// Times a page may be given after all, before the next one is.
const MOST_STUMBLES: u32 = 10;

/// Most records of one answer.
const MOST_RECORDS: usize = 10_000;

/// What a page means for the reading.
#[derive(Debug, PartialEq, Eq)]
enum PageStep {
    /// Go on.
    Continue,
    /// Go on, although a full page had nothing new in it.
    NothingNew,
    /// That was the last one.
    Finished,
    /// It does not join the page before: begin earlier.
    BeginEarlier,
    /// It should hold a record of the page before and does not: look whether that one is still there.
    Doubted(Page),
    /// Look whether anything lies farther on.
    Probe,
    /// What is known of the pages has changed: plan anew.
    PlanAnew,
    /// Something lies beyond empty pages, from here on: look into them before they are called a gap.
    LookInto(u64),
}

impl Refresher<'_> {
    /// Reads all pages of a query into a list's generation, from where an earlier command left it. A list that is read by
    /// several queries has a cursor for each, of this `number`. Pages of another `largest` size have other borders. A list of
    /// more than `most` pages is left after the first one.
    ///
    /// # Errors
    /// The user stops, the service fails, or its pages never end.
    pub(super) async fn read_pages(
        &self,
        list: &List,
        query: &ListQuery<'_>,
        number: i64,
        largest: u64,
        most: Option<u64>,
    ) -> Result<PageCursor> {
        let filter = query.filter();
        let mut cursor = self
            .mirror
            .cursor(list, number)?
            .filter(|cursor| cursor.filter == filter)
            .unwrap_or(PageCursor { number, filter, is_joined: true, ..PageCursor::default() });
        let mut overlap = 1;
        let mut earlier = 1;
        let mut repeated = 0;
        let mut earlier_beginnings = 0;
        let mut looked_behind = 0;
        let mut stumbles = 0;
        while !cursor.is_finished {
            self.stop.check()?;
            let pages = cursor.count_after.unwrap_or(0).div_ceil(cursor.page_size.max(1));
            if most.is_some_and(|most| cursor.page_size > 0 && pages > most) {
                return Ok(cursor);
            }
            let ahead = self.plan(&cursor, overlap, query, largest).map(|page| {
                let answer = self.ask(self.page_address(query, &cursor, page));
                async move { (page, answer.await) }
            });
            let mut answers = stream::iter(ahead).buffered(self.client.read_ahead());
            let mut taken = cursor.clone();
            let mut step = PageStep::Continue;
            let mut refused = None;
            while let Some((page, answer)) = answers.next().await {
                let is_rejected = matches!(answer, Ok(Err(_)));
                // A firewall's page may be one of a moment; the service's own no is not.
                let is_final = matches!(&answer, Ok(Err(rejection)) if !rejection.is_page);
                let document = match self.document(query, answer) {
                    Ok(document) => document,
                    Err(error) => {
                        refused = Some((page, error, is_rejected, is_final));
                        break;
                    }
                };
                step = match page {
                    Some(page) => self.take_page(list, query, &mut taken, page, &document)?,
                    None => self.take_whole(list, query, &mut taken, &document)?,
                };
                self.progress.set(taken.records, taken.count_after.filter(|count| *count >= taken.records));
                repeated = if step == PageStep::NothingNew { repeated + 1 } else { 0 };
                if repeated >= REPEATED_PAGES {
                    taken.wall = Some(Wall::Repeated);
                    step = PageStep::Finished;
                }
                overlap = 1;
                if !matches!(step, PageStep::Continue | PageStep::NothingNew) {
                    break;
                }
                refuse_endless(query, &taken)?;
            }
            drop(answers);
            refuse_endless(query, &taken)?;
            if taken.gaining_pages > cursor.gaining_pages {
                earlier = 1;
                stumbles = 0;
            }
            cursor = taken;
            if let Some((page, error, is_rejected, is_final)) = refused {
                // A page of which one record is broken may fail as a whole.
                let is_worth = error.kind() == ErrorKind::CannotRun
                    && (cursor.reached > 0 || !is_rejected && self.client.was_answered())
                    && !agrees(&cursor);
                let places =
                    page.filter(|_| is_worth).map_or(0..0, |page| page.start().max(cursor.reached)..page.end());
                step = match self.go_through(list, query, &mut cursor, places).await? {
                    true => PageStep::PlanAnew,
                    false => match self.wall_of(query, &cursor, page, &error, is_final).await? {
                        Some(wall) => {
                            cursor.wall = cursor.wall.take().or(Some(wall));
                            PageStep::Finished
                        }
                        // It was a stumble, and is over.
                        None if stumbles < MOST_STUMBLES => {
                            stumbles += 1;
                            PageStep::PlanAnew
                        }
                        None => return Err(unfinished(error, &cursor)),
                    },
                };
            }
            if let PageStep::LookInto(end) = step {
                let end = end.min(cursor.reached + self.size_of(&cursor) * PAGES_LOOKED_INTO);
                let places = cursor.reached..end;
                self.go_through(list, query, &mut cursor, places).await?;
            }
            if step == PageStep::Probe {
                step = self.probe(list, query, &mut cursor).await?;
            }
            if let PageStep::Doubted(page) = step {
                step = match self.still_ends_there(query, &cursor).await? {
                    // There is a record in the page's range, and it came empty.
                    true => {
                        cursor.is_withheld |= cursor.tail_gap == 0 && cursor.gaps == 0;
                        pass_over(&mut cursor, page)
                    }
                    false => PageStep::BeginEarlier,
                };
            }
            // The last page may be one that came back empty because of a single record.
            let is_open = cursor.beyond > 0
                && matches!(cursor.wall, None | Some(Wall::Unreadable(_)))
                && cursor.count_after.is_none_or(|count| count < cursor.records);
            if step == PageStep::Finished && is_open && looked_behind < MOST_LOOKS_BEHIND {
                looked_behind += 1;
                let places = cursor.reached..cursor.reached + self.size_of(&cursor);
                if self.go_through(list, query, &mut cursor, places).await? {
                    step = PageStep::PlanAnew;
                }
            }
            match step {
                PageStep::Finished => {
                    if matches!(cursor.wall, Some(Wall::Unreadable(_))) && agrees(&cursor) {
                        cursor.wall = None;
                    }
                    // Of a list that has a total this is told by the total.
                    if cursor.is_withheld && is_uncounted(&cursor, cursor.records) && cursor.has_next.is_none() {
                        cursor.wall = cursor.wall.take().or(Some(Wall::Empty));
                    }
                    cursor.is_finished = true;
                    self.mirror.put_cursor(list, &cursor)?;
                }
                // At the beginning of the list everything joins, so this ends; where it does not, there is no order to hold on to.
                PageStep::BeginEarlier => {
                    cursor.position = cursor.reached;
                    cursor.beyond = 0;
                    earlier_beginnings += 1;
                    let is_of_own_size = earlier_beginnings == 1 && self.ignores_page_size(query, &cursor).await?;
                    let was_all = earlier > 1 && earlier >= cursor.position;
                    let likely = cursor.reached / cursor.page_size.max(1);
                    if is_of_own_size || was_all || earlier_beginnings > MOST_EARLIER_BEGINNINGS + likely / 2 {
                        cursor = anew(&cursor, cursor.page_size, true);
                        earlier = 1;
                    } else {
                        earlier = (earlier * 4).min(cursor.position.max(1));
                        overlap = earlier;
                    }
                }
                _ => {}
            }
        }
        Ok(cursor)
    }

    /// Looks into places behind the last record that came, which came back empty or not at all, by smaller pages, and goes on behind
    /// them when there were any. Notes why a single one fails.
    async fn go_through(
        &self,
        list: &List,
        query: &ListQuery<'_>,
        cursor: &mut PageCursor,
        places: Range<u64>,
    ) -> Result<bool> {
        let size = self.size_of(cursor);
        if cursor.is_fixed || size < 2 || places.is_empty() {
            return Ok(false);
        }
        let (before, end) = (self.mirror.seen(list)?, places.end);
        let looked = self.look_into(query, list, cursor, places, size).await?;
        let came = self.mirror.seen(list)?.saturating_sub(before);
        if came == 0 {
            return Ok(false);
        }
        // Pages that reach beyond a place come empty, and smaller ones up to it do not: so it is with a wall.
        cursor.is_withheld = looked.is_cut_off && looked.has_older;
        // What came by smaller pages joins nothing.
        cursor.is_joined &= cursor.count_after.is_some();
        cursor.wall = looked.fails.map(Wall::Unreadable).or(cursor.wall.take());
        cursor.records += came;
        cursor.gaps += (end - cursor.reached).saturating_sub(came);
        cursor.position = end;
        cursor.reached = end;
        cursor.page_size = size;
        cursor.tail_gap = 0;
        cursor.open_gaps = 0;
        // No page joins what came one by one.
        cursor.beyond = cursor.beyond.max(1);
        cursor.until = cursor.until.max(end + 2 * size);
        self.mirror.put_cursor(list, cursor)?;
        Ok(true)
    }

    /// Records of a page, as far as is known.
    pub(super) fn size_of(&self, cursor: &PageCursor) -> u64 {
        match cursor.page_size {
            0 => u64::from(self.catalog.service.paging.advised),
            size => size,
        }
    }

    /// The answer as a document; the error for one that says no.
    pub(super) fn document(
        &self,
        query: &ListQuery<'_>,
        answer: Result<std::result::Result<Document, Rejection>>,
    ) -> Result<Document> {
        answer?.map_err(|rejection| {
            let path = query.address(self.client.target(), self.client.service(), None).path().to_owned();
            api::read_rejected(&path, &rejection, &self.client.target().host())
        })
    }

    pub(super) fn page_address(&self, query: &ListQuery<'_>, cursor: &PageCursor, page: Option<Page>) -> url::Url {
        let from_zero = u64::from(cursor.is_from_zero);
        let page = page.map(|page| Page { number: page.number.saturating_sub(from_zero), ..page });
        query.address(self.client.target(), self.client.service(), page)
    }

    /// One page, asked for by itself.
    async fn single_page(&self, query: &ListQuery<'_>, cursor: &PageCursor, page: Page) -> Result<Document> {
        self.document(query, self.ask(self.page_address(query, cursor, Some(page))).await)
    }

    pub(super) fn keys(&self, query: &ListQuery<'_>, answer: &Document) -> Vec<Key> {
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        let Some(records) = api::records_of(answer, wrapper, query.entity.id.as_deref()) else { return Vec::new() };
        let Some(id) = &query.entity.id else {
            return records.iter().map(|record| record_key::key(query.entity, &record)).collect();
        };
        let has_ids = records.iter_with(id).all(|record| record.get(id).is_some());
        match has_ids {
            true => records.iter_with(id).map(|record| record_key::key(query.entity, &record)).collect(),
            false => records.iter().map(|record| record_key::key(query.entity, &record)).collect(),
        }
    }

    /// What a page that was not given means: a wall, when the service goes on giving the pages before it and says no for
    /// good, or fails for as long as stumbles last. None when it is given after all.
    async fn wall_of(
        &self,
        query: &ListQuery<'_>,
        cursor: &PageCursor,
        page: Option<Page>,
        error: &Error,
        is_final: bool,
    ) -> Result<Option<Wall>> {
        // Of a list that is empty the first page is the last one that was given.
        let first = page.filter(|page| cursor.reached == 0 && page.number > 1).map(|page| (1, page.size));
        let (Some(page), Some((number, size))) = (page, cursor.last_page.or(first)) else {
            return Err(unfinished(error.clone(), cursor));
        };
        // A login may be refused single pages.
        if !matches!(error.kind(), ErrorKind::CannotRun | ErrorKind::Denied) {
            return Err(error.clone());
        }
        // Whatever stands in the way of all pages is no wall.
        if self.single_page(query, cursor, Page { number, size }).await.is_err() {
            return Err(unfinished(error.clone(), cursor));
        }
        if is_final {
            let again = self.single_page(query, cursor, page).await;
            return Ok(again.err().map(|again| Wall::Refused(again.message())));
        }
        // Behind a page that came short there need not be another one.
        let may_be_end = cursor.tail_gap > 0 && !expects_more(cursor) || agrees(cursor);
        let is_known_wall = cursor.is_behind_wall || may_be_end;
        let longest = if is_known_wall { Duration::ZERO } else { STUMBLE.min(self.client.target().patience) };
        let until = Instant::now() + longest;
        let url = self.page_address(query, cursor, Some(page));
        let mut tries = 0;
        loop {
            let why = match self.client.ask_once(&url).await? {
                Single::Document(_) => return Ok(None),
                Single::Rejected(rejection) if !rejection.is_page => {
                    let error = api::read_rejected(url.path(), &rejection, &self.client.target().host());
                    return Ok(Some(Wall::Refused(error.message())));
                }
                Single::Rejected(rejection) => format!("{} {}", rejection.code, rejection.message),
                Single::Failing(error) if error.kind() == ErrorKind::Denied && Instant::now() >= until => {
                    return Ok(Some(Wall::Refused(error.message())));
                }
                Single::Failing(error) => error.message(),
            };
            if Instant::now() >= until {
                return Ok(Some(Wall::Failing(why)));
            }
            tries += 1;
            let why = message!("refresh.page_fails", why = why);
            self.client.wait_before_asking_again(tries, why).await?;
        }
    }

    /// Whether the last page that brought something new still ends with the same record.
    async fn still_ends_there(&self, query: &ListQuery<'_>, cursor: &PageCursor) -> Result<bool> {
        let Some((number, size)) = cursor.last_page else { return Ok(true) };
        let answer = self.single_page(query, cursor, Page { number, size }).await?;
        let last = self.keys(query, &answer).pop();
        Ok(last.is_some_and(|key| Some(&key.text) == cursor.last_keys.last()))
    }

    /// Whether a page has a size of its own, whatever is asked for.
    async fn ignores_page_size(&self, query: &ListQuery<'_>, cursor: &PageCursor) -> Result<bool> {
        if cursor.page_size < 2 || cursor.is_fixed {
            return Ok(false);
        }
        let page = Page { number: 1, size: cursor.page_size / 2 };
        let answer = self.single_page(query, cursor, page).await?;
        Ok(self.keys(query, &answer).len() as u64 > page.size)
    }

    /// Whether the service counts its pages from 0: then the page of that number has records that no other page had.
    pub(super) async fn begins_at_zero(&self, list: &List, query: &ListQuery<'_>, cursor: &PageCursor) -> Result<bool> {
        if cursor.is_from_zero || !query.endpoint.paged {
            return Ok(false);
        }
        let size = self.size_of(cursor);
        let answer = match self.ask(self.page_address(query, cursor, Some(Page { number: 0, size }))).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => return Ok(false),
            Err(error) if error.kind() == ErrorKind::CannotRun => return Ok(false),
            Err(error) => return Err(error),
        };
        let keys = self.keys(query, &answer);
        let mut new = 0;
        for key in &keys {
            new += usize::from(!self.mirror.has_seen(list, key)?);
        }
        // A few may have come there meanwhile, or gone on to the next page.
        Ok(new * 2 > keys.len())
    }

    /// Looks whether anything lies beyond pages that brought nothing new: here and there up to the service's own total, or
    /// farther and farther on.
    async fn probe(&self, list: &List, query: &ListQuery<'_>, cursor: &mut PageCursor) -> Result<PageStep> {
        let size = self.size_of(cursor);
        let here = cursor.position / size + 1;
        let numbers: Vec<u64> = match cursor.count_after.filter(|count| *count > cursor.position) {
            Some(count) => {
                let last = count.div_ceil(size);
                let rest = last.saturating_sub(here);
                vec![last, here + rest / 4, here + rest / 2, here + rest * 3 / 4]
            }
            None => PROBED_AHEAD.iter().map(|ahead| here + ahead).collect(),
        };
        for number in numbers {
            let page = Page { number, size };
            // What refuses to look so far ahead has nothing there to give.
            let Ok(answer) = self.single_page(query, cursor, page).await else { continue };
            for key in self.keys(query, &answer) {
                if !self.mirror.has_seen(list, &key)? {
                    cursor.until = cursor.until.max(page.end());
                    return Ok(PageStep::PlanAnew);
                }
            }
        }
        if expects_more(cursor) && cursor.wall.is_none() {
            cursor.wall = Some(Wall::Empty);
        }
        Ok(PageStep::Finished)
    }

    /// The pages to ask for from here: one before anything is known, then as many as the total makes likely. None stands
    /// for a list that has no pages.
    fn plan(
        &self,
        cursor: &PageCursor,
        overlap: u64,
        query: &ListQuery<'_>,
        largest: u64,
    ) -> impl Iterator<Item = Option<Page>> + use<> {
        let is_first = cursor.page_size == 0;
        let largest = if is_first { largest } else { cursor.page_size };
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
        if answer.is_null() {
            cursor.pages += 1;
            return Ok(PageStep::Finished);
        }
        self.note_answer(query, cursor, answer, true);
        let keys = self.store_page(list, query, cursor, answer, |cursor, keys| {
            cursor.position = keys.len() as u64;
            cursor.gaining_pages = 1;
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
        let length = match records(query, answer) {
            Ok(records) => records.len() as u64,
            // Nothing at all is what some have where there are no records.
            Err(_) if answer.is_null() => 0,
            Err(error) => return Err(error),
        };
        if length > page.size && !cursor.is_fixed {
            // Whatever is asked for, pages have a size of their own; begin again with it.
            *cursor = anew(cursor, length, true);
            return Ok(PageStep::PlanAnew);
        }
        let was_last = cursor.has_next == Some(false) && cursor.gaining_pages > 0;
        let starts_inside = page.start() > 0 && page.start() < cursor.position && cursor.beyond == 0;
        self.note_answer(query, cursor, answer, length > 0);
        if length == 0 {
            return Ok(match starts_inside && page.start() < cursor.reached {
                true => PageStep::Doubted(page),
                false => pass_over(cursor, page),
            });
        }
        let keys = self.keys(query, answer);
        let last_keys: Vec<Key> = cursor.last_keys.iter().map(|id| Key::of(id)).collect();
        let is_joined = page.start() == 0 || pages::joins(&last_keys, &keys);
        if cursor.gaining_pages == 1
            && cursor.reached < cursor.page_size
            && !cursor.is_fixed
            && page.start() > 0
            && !is_joined
        {
            // The first page was not full and not the last one either: the service caps its pages.
            *cursor = anew(cursor, cursor.reached, false);
            return Ok(PageStep::PlanAnew);
        }
        if !is_joined && starts_inside {
            return Ok(PageStep::BeginEarlier);
        }
        let gains = pages::gains(&last_keys, &keys);
        if gains && was_last {
            // What is said of the next page is the same on every page.
            cursor.is_next_wrong = true;
            cursor.has_next = None;
        }
        if gains && cursor.beyond > 0 && !is_joined && !cursor.is_fixed && cursor.until < page.end() {
            // Something lies beyond pages that brought nothing: they are asked for once more, before it is called a gap.
            cursor.until = page.end();
            cursor.position = cursor.reached;
            cursor.beyond = 0;
            cursor.open_gaps = 0;
            return Ok(PageStep::LookInto(page.start()));
        }
        if gains && cursor.page_size == 0 && length < page.size && page.start() > 0 {
            // The first pages were empty and this one is not full: how many records they had room for is not known before.
            cursor.page_size = length;
            cursor.position = 0;
            cursor.beyond = 0;
            cursor.until = page.end();
            return Ok(PageStep::PlanAnew);
        }
        let is_first = cursor.page_size == 0;
        let is_short = length < page.size;
        self.store_page(list, query, cursor, answer, |cursor, keys| {
            if !gains && page.end() <= cursor.reached {
                // On the way back to where the pages joined.
                cursor.position = page.end();
                return;
            }
            if !gains {
                cursor.is_repeated |= page.start() >= cursor.reached;
                cursor.beyond += 1;
                cursor.open_gaps += page.size.saturating_sub(length);
                cursor.position = cursor.position.max(page.end());
                return;
            }
            cursor.is_joined &= is_joined && cursor.beyond == 0;
            cursor.order = order_of(cursor.order, keys);
            cursor.gaps += cursor.tail_gap + cursor.open_gaps;
            cursor.open_gaps = 0;
            cursor.beyond = 0;
            cursor.is_withheld = false;
            cursor.gaining_pages += 1;
            cursor.last_keys = keys.iter().map(|key| key.text.clone()).collect();
            cursor.last_page = Some((page.number, page.size));
            cursor.reached = page.start() + length;
            // A first page shorter than asked for, of a longer list: the service caps its pages.
            let is_capped = is_first && is_short && cursor.count_after != Some(length);
            cursor.tail_gap = if is_capped { 0 } else { page.size.saturating_sub(length) };
            cursor.position = if is_capped { cursor.reached } else { page.end() };
            if is_first {
                cursor.page_size = if is_capped { length } else { page.size };
            }
        })?;
        Ok(match (is_short, is_first) {
            (true, _) => after_short_page(cursor, is_first),
            (false, true) => PageStep::PlanAnew,
            (false, false) if gains || page.end() <= cursor.reached => PageStep::Continue,
            (false, false) if agrees(cursor) => PageStep::Finished,
            (false, false) => PageStep::NothingNew,
        })
    }

    /// Notes what an answer says of the whole list. What stands beside no records at all is not believed over what stood
    /// beside some.
    fn note_answer(&self, query: &ListQuery<'_>, cursor: &mut PageCursor, answer: &Document, has_records: bool) {
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        let count = self.total(query, answer).filter(|count| has_records || *count > 0 || cursor.records == 0);
        cursor.count_after = count.or(cursor.count_after);
        if let (Some(count), None) = (count, cursor.count_before) {
            self.progress.stage(&t!("refresh.stage_count", entity = self.label(query), count = count));
        }
        cursor.count_before = cursor.count_before.or(count);
        cursor.has_next =
            api::has_next(answer, wrapper, &self.catalog.service.paging.next).filter(|_| !cursor.is_next_wrong);
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
        let records = records(query, answer)?;
        let keys = self.keys(query, answer);
        cursor.pages += 1;
        cursor.has_blanks |= records.has_blanks();
        advance(cursor, &keys);
        self.mirror.together(|| {
            for (key, record) in keys.iter().zip(records.iter()) {
                cursor.records += u64::from(self.store(query.entity, list, key, &record)?);
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

/// The records of an answer.
pub(super) fn records<'a>(query: &ListQuery<'_>, answer: &'a Document) -> Result<Records<'a>> {
    let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
    let records = api::records_of(answer, wrapper, query.entity.id.as_deref()).ok_or_else(|| no_list(query))?;
    match records.len() {
        ..=MOST_RECORDS => Ok(records),
        length => {
            let path = &query.endpoint.path;
            Err(Error::cannot_run(message!("refresh.too_many", path = path, records = length, most = MOST_RECORDS))
                .hint(message!("refresh.too_many_hint")))
        }
    }
}

/// The same list from its beginning, by pages of this size; what was stored of it stays.
pub(super) fn anew(cursor: &PageCursor, page_size: u64, is_fixed: bool) -> PageCursor {
    PageCursor {
        number: cursor.number,
        filter: cursor.filter.clone(),
        page_size,
        is_fixed,
        is_joined: true,
        is_from_zero: cursor.is_from_zero,
        is_behind_wall: cursor.is_behind_wall,
        records: cursor.records,
        pages: cursor.pages,
        ..PageCursor::default()
    }
}

/// Goes beyond an empty page.
fn pass_over(cursor: &mut PageCursor, page: Page) -> PageStep {
    cursor.pages += 1;
    cursor.beyond += 1;
    cursor.open_gaps += page.size;
    cursor.position = cursor.position.max(page.end());
    after_short_page(cursor, false)
}

/// Whether the service's total is what was read.
fn agrees(cursor: &PageCursor) -> bool {
    cursor.count_after == Some(cursor.records)
}

/// Whether the service says that it has more than was read.
fn expects_more(cursor: &PageCursor) -> bool {
    cursor.has_next == Some(true) || cursor.count_after.is_some_and(|count| count > cursor.records)
}

/// What to do after a page that was not full.
fn after_short_page(cursor: &PageCursor, is_first: bool) -> PageStep {
    if cursor.position < cursor.until {
        return if is_first { PageStep::PlanAnew } else { PageStep::Continue };
    }
    if agrees(cursor) {
        return match cursor.has_next {
            Some(false) => PageStep::Finished,
            // A total of a single page may be that of the page, not of the list.
            None if cursor.gaining_pages > 1 => PageStep::Finished,
            _ if cursor.beyond > 0 => PageStep::Finished,
            _ => PageStep::PlanAnew,
        };
    }
    if expects_more(cursor) {
        let size = cursor.page_size.max(1);
        let left = cursor.count_after.map_or(u64::MAX, |count| count.saturating_sub(cursor.position)).div_ceil(size);
        let patience = match cursor.count_after {
            Some(_) => PAGES_BEFORE_PROBE,
            None => PAGES_BEFORE_PROBE_WITHOUT_TOTAL,
        };
        return match cursor.beyond >= patience && (left == 0 || left > FEW_PAGES) {
            true => PageStep::Probe,
            false => PageStep::PlanAnew,
        };
    }
    match cursor.has_next {
        Some(_) if cursor.beyond >= 1 => PageStep::Finished,
        None if cursor.beyond >= PAGES_BEYOND && cursor.count_after.is_some() => PageStep::Finished,
        None if cursor.beyond >= PAGES_BEYOND => PageStep::Probe,
        _ => PageStep::PlanAnew,
    }
}

/// The order of ids that pages so far and this one have in common.
fn order_of(before: PageOrder, keys: &[Key]) -> PageOrder {
    let order = match (keys.is_sorted(), keys.is_sorted_by(|a, b| a >= b)) {
        (true, true) => return before,
        (true, false) => PageOrder::Ascending,
        (false, true) => PageOrder::Descending,
        (false, false) => PageOrder::Other,
    };
    match before {
        PageOrder::Unknown => order,
        before if before == order => order,
        _ => PageOrder::Other,
    }
}

fn no_list(query: &ListQuery<'_>) -> Error {
    Error::cannot_run(message!("refresh.no_list", path = query.endpoint.path))
        .hint(message!("refresh.no_list_hint", entity = query.entity.name))
}

/// Pages that never end are the service's mistake; reading on would never stop.
fn refuse_endless(query: &ListQuery<'_>, cursor: &PageCursor) -> Result<()> {
    let path = &query.endpoint.path;
    let size = cursor.page_size.max(1);
    let most = match cursor.count_before.max(cursor.count_after) {
        Some(count) => count / size * 2 + SURPLUS_PAGES,
        // Most of what its pages have room for may be hidden from this login.
        None => cursor.records / size * PAGES_OF_HIDDEN + SURPLUS_PAGES * 10,
    };
    if cursor.pages > most {
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
