//! Reads the pages of one query to their end, several pages ahead, storing them in order. What is stored is enough to go
//! on from after a kill: the position, and the keys of the last page, which the next one has to join. What the pages prove,
//! and what they leave open, is noted in the cursor; `decision` weighs it.

use futures::{StreamExt, stream};

use super::closer_look::unfinished;
use super::decision::is_uncounted;
use super::list_answer::{records, refuse_without_ids};
use super::list_query::ListQuery;
use super::page_step::{Arrival, PageStep, agrees, anew, pass_over};
use super::pages::{self, Page};
use super::refresher::{Answer, Refresher};
use crate::api::{self, Document};
use crate::error::{Error, ErrorKind, Result};
use crate::message;
use crate::mirror::{Key, List, PageCursor, Wall};
use crate::t;

/// Full pages in a row that bring nothing new before the service is said to repeat itself.
const REPEATED_PAGES: u32 = 5;
/// Pages beyond twice what the service's own total makes likely before the list is said to have no end.
const SURPLUS_PAGES: u64 = 100;
/// Pages for each page of records that came, where nothing tells how many there are, before the same is said.
const PAGES_OF_HIDDEN: u64 = 30;
/// Times a page may fail to join, beyond half of the pages so far, before the list is said to have no order to hold on to.
const MOST_EARLIER_BEGINNINGS: u64 = 50;
/// Times it is looked behind the last record by smaller pages, where no total tells that it is the last.
const MOST_LOOKS_BEHIND: u32 = 3;
/// Empty pages in a row that are looked into by smaller ones.
const PAGES_LOOKED_INTO: u64 = 5;
/// Records by which two totals differ at least that two machines of a service may tell in turn: a few come and go between two requests.
const FEWEST_OF_A_MACHINE: u64 = 10;
/// Times a page may be given after all, before the next one is.
const MOST_STUMBLES: u32 = 10;

/// The reading of one query's pages by one command.
struct PageReading<'a> {
    refresher: &'a Refresher<'a>,
    list: &'a List,
    query: &'a ListQuery<'a>,
    /// Most records of a page.
    largest: u64,
    /// How far it has come.
    cursor: PageCursor,
    /// How many records the next page shares with those before it.
    overlap: u64,
    /// The same for the next page that does not join.
    earlier: u64,
    /// Pages that did not join.
    earlier_beginnings: u64,
    /// Full pages in a row that brought nothing new.
    repeated: u32,
    /// How often it was looked behind the last record.
    looked_behind: u32,
    /// How often a page was given after all since one brought something.
    stumbles: u32,
}

/// A page that was not given.
struct NotGiven {
    /// None for a list that has no pages.
    page: Option<Page>,
    why: Error,
    /// The service said no, in whatever words.
    is_rejected: bool,
    /// It was the service's own no.
    is_final: bool,
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
        let cursor = self.mirror.cursor(list, number)?.filter(|cursor| cursor.filter == filter).unwrap_or(PageCursor {
            number,
            filter,
            is_joined: true,
            ..PageCursor::default()
        });
        let mut reading = PageReading {
            refresher: self,
            list,
            query,
            largest,
            cursor,
            overlap: 1,
            earlier: 1,
            earlier_beginnings: 0,
            repeated: 0,
            looked_behind: 0,
            stumbles: 0,
        };
        while !reading.cursor.is_finished {
            self.stop.check()?;
            if most.is_some_and(|most| reading.cursor.page_size > 0 && reading.pages_in_all() > most) {
                break;
            }
            let step = match reading.read_ahead().await? {
                Ok(step) => step,
                Err(not_given) => reading.without(not_given).await?,
            };
            let step = reading.look_closer(step).await?;
            match step {
                PageStep::Finished => reading.finish()?,
                PageStep::BeginEarlier => reading.begin_earlier().await?,
                _ => {}
            }
        }
        Ok(reading.cursor)
    }
}

impl PageReading<'_> {
    /// How many pages the service's total makes.
    fn pages_in_all(&self) -> u64 {
        self.cursor.count_after.unwrap_or(0).div_ceil(self.cursor.page_size.max(1))
    }

    /// Asks for pages ahead of each other and takes them in order, until one of them changes what is to be asked for, or is not
    /// given.
    async fn read_ahead(&mut self) -> Result<std::result::Result<PageStep, NotGiven>> {
        let Refresher { client, progress, .. } = self.refresher;
        let gaining_pages = self.cursor.gaining_pages;
        let planned = self.plan();
        let (refresher, query, cursor) = (self.refresher, self.query, self.cursor.clone());
        let ahead = planned.map(|page| {
            let answer = refresher.ask(refresher.page_address(query, &cursor, page));
            async move { (page, answer.await) }
        });
        let mut answers = stream::iter(ahead).buffered(client.read_ahead());
        let mut came = Ok(PageStep::Continue);
        while let Some((page, answer)) = answers.next().await {
            let step = match self.take(page, answer)? {
                Ok(step) => step,
                Err(not_given) => {
                    came = Err(not_given);
                    break;
                }
            };
            let records = self.cursor.records;
            progress.set(records, self.cursor.count_after.filter(|count| *count >= records));
            self.repeated = if step == PageStep::NothingNew { self.repeated + 1 } else { 0 };
            let is_repeating = self.repeated >= REPEATED_PAGES;
            if is_repeating {
                self.cursor.wall = Some(Wall::Repeated);
            }
            came = Ok(if is_repeating { PageStep::Finished } else { step });
            self.overlap = 1;
            if !matches!(came, Ok(PageStep::Continue | PageStep::NothingNew)) {
                break;
            }
            refuse_endless(query, &self.cursor)?;
        }
        drop(answers);
        refuse_endless(query, &self.cursor)?;
        if self.cursor.gaining_pages > gaining_pages {
            self.earlier = 1;
            self.stumbles = 0;
        }
        Ok(came)
    }

    /// Takes one page, or what was answered instead of it.
    fn take(&mut self, page: Option<Page>, answer: Result<Answer>) -> Result<std::result::Result<PageStep, NotGiven>> {
        let is_rejected = matches!(answer, Ok(Err(_)));
        // A firewall's page may be one of a moment; the service's own no is not.
        let is_final = matches!(&answer, Ok(Err(rejection)) if !rejection.is_page);
        match self.refresher.document(self.query, answer) {
            Ok(document) => Ok(Ok(match page {
                Some(page) => self.take_page(page, &document)?,
                None => self.take_whole(&document)?,
            })),
            Err(why) => Ok(Err(NotGiven { page, why, is_rejected, is_final })),
        }
    }

    /// What to do without a page: a page of which one record is broken may fail as a whole, and is looked into; else it is a wall,
    /// or a stumble that is over.
    async fn without(&mut self, not_given: NotGiven) -> Result<PageStep> {
        let NotGiven { page, why, is_rejected, is_final } = not_given;
        let (refresher, cursor) = (self.refresher, &self.cursor);
        let is_worth = why.kind() == ErrorKind::CannotRun
            && (cursor.reached > 0 || !is_rejected && refresher.client.was_answered())
            && !agrees(cursor);
        let places = page.filter(|_| is_worth).map_or(0..0, |page| page.start().max(cursor.reached)..page.end());
        if refresher.go_through(self.list, self.query, &mut self.cursor, places).await? {
            return Ok(PageStep::PlanAnew);
        }
        match refresher.wall_of(self.query, &self.cursor, page, &why, is_final).await? {
            Some(wall) => {
                self.cursor.wall = self.cursor.wall.take().or(Some(wall));
                Ok(PageStep::Finished)
            }
            None if self.stumbles < MOST_STUMBLES => {
                self.stumbles += 1;
                Ok(PageStep::PlanAnew)
            }
            None => Err(unfinished(why, &self.cursor)),
        }
    }

    /// Looks closer at what a page left open, and tells what it comes to.
    async fn look_closer(&mut self, step: PageStep) -> Result<PageStep> {
        let (refresher, list, query) = (self.refresher, self.list, self.query);
        let size = refresher.size_of(&self.cursor);
        let reached = self.cursor.reached;
        let step = match step {
            PageStep::LookInto(end) => {
                let places = reached..end.min(reached + size * PAGES_LOOKED_INTO);
                refresher.go_through(list, query, &mut self.cursor, places).await?;
                PageStep::PlanAnew
            }
            PageStep::Probe => refresher.probe(list, query, &mut self.cursor).await?,
            // There is a record in the page's range, and it came empty.
            PageStep::Doubted(page) if refresher.still_ends_there(query, &self.cursor).await? => {
                self.cursor.is_withheld |= self.cursor.tail_gap == 0 && self.cursor.gaps == 0;
                pass_over(&mut self.cursor, page)
            }
            PageStep::Doubted(_) => PageStep::BeginEarlier,
            step => step,
        };
        if step == PageStep::Finished && self.is_end_open() && self.looked_behind < MOST_LOOKS_BEHIND {
            self.looked_behind += 1;
            if refresher.go_through(list, query, &mut self.cursor, reached..reached + size).await? {
                return Ok(PageStep::PlanAnew);
            }
        }
        Ok(step)
    }

    /// Whether the last page may be one that came back empty because of a single record.
    fn is_end_open(&self) -> bool {
        let cursor = &self.cursor;
        cursor.beyond > 0
            && matches!(cursor.wall, None | Some(Wall::Unreadable(_)))
            && cursor.count_after.is_none_or(|count| count < cursor.records)
    }

    /// Notes that the list was read to its end.
    fn finish(&mut self) -> Result<()> {
        let cursor = &mut self.cursor;
        if matches!(cursor.wall, Some(Wall::Unreadable(_))) && agrees(cursor) {
            cursor.wall = None;
        }
        // Of a list that has a total this is told by the total.
        if cursor.is_withheld && is_uncounted(cursor, cursor.records) && cursor.has_next.is_none() {
            cursor.wall = cursor.wall.take().or(Some(Wall::Empty));
        }
        cursor.is_finished = true;
        self.refresher.mirror.put_cursor(self.list, cursor)
    }

    /// Lets the next page begin earlier. At the beginning of the list everything joins, so this ends; where it does not, there is
    /// no order to hold on to.
    async fn begin_earlier(&mut self) -> Result<()> {
        self.cursor.position = self.cursor.reached;
        self.cursor.beyond = 0;
        self.earlier_beginnings += 1;
        let cursor = &self.cursor;
        let is_of_own_size =
            self.earlier_beginnings == 1 && self.refresher.ignores_page_size(self.query, cursor).await?;
        let was_all = self.earlier > 1 && self.earlier >= cursor.position;
        let likely = cursor.reached / cursor.page_size.max(1);
        if is_of_own_size || was_all || self.earlier_beginnings > MOST_EARLIER_BEGINNINGS + likely / 2 {
            self.cursor = anew(cursor, cursor.page_size, true);
            self.earlier = 1;
        } else {
            self.earlier = (self.earlier * 4).min(cursor.position.max(1));
            self.overlap = self.earlier;
        }
        Ok(())
    }

    /// The pages to ask for from here: one before anything is known, then as many as the total makes likely. None stands
    /// for a list that has no pages.
    fn plan(&self) -> impl Iterator<Item = Option<Page>> + use<> {
        let PageCursor { mut position, page_size, is_fixed, count_after: expected, .. } = self.cursor;
        let is_first = page_size == 0;
        let largest = if is_first { self.largest } else { page_size };
        let is_paged = self.query.endpoint.paged;
        let mut overlap = self.overlap;
        let mut is_planned = false;
        let stop = self.refresher.stop.clone();
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

    fn take_whole(&mut self, answer: &Document) -> Result<PageStep> {
        if answer.is_null() {
            self.cursor.pages += 1;
            return Ok(PageStep::Finished);
        }
        self.note_answer(answer, true);
        let keys = self.keys(answer)?;
        self.store_page(answer, &keys, |cursor| {
            cursor.position = keys.len() as u64;
            cursor.gaining_pages = 1;
        })?;
        // A list that should have no pages and says it holds more has some after all.
        match self.cursor.count_after.is_some_and(|count| count > keys.len() as u64) {
            true => Err(Error::cannot_run(message!("refresh.has_pages", path = self.query.endpoint.path))
                .hint(message!("refresh.has_pages_hint", entity = self.query.entity.name))),
            false => Ok(PageStep::Finished),
        }
    }

    fn take_page(&mut self, page: Page, answer: &Document) -> Result<PageStep> {
        let length = match records(self.query, answer) {
            Ok(records) => records.len() as u64,
            // Nothing at all is what some have where there are no records.
            Err(_) if answer.is_null() => 0,
            Err(error) => return Err(error),
        };
        if length > page.size && !self.cursor.is_fixed {
            // Whatever is asked for, pages have a size of their own; begin again with it.
            self.cursor = anew(&self.cursor, length, true);
            return Ok(PageStep::PlanAnew);
        }
        let keys = self.keys(answer)?;
        let arrival = Arrival::new(&self.cursor, page, &keys);
        self.note_answer(answer, length > 0);
        if let Some(step) = arrival.instead_of_keeping(&mut self.cursor) {
            return Ok(step);
        }
        self.store_page(answer, &keys, |cursor| arrival.note(cursor, &keys))?;
        Ok(arrival.next_step(&self.cursor))
    }

    /// The keys of the records of an answer.
    fn keys(&self, answer: &Document) -> Result<Vec<Key>> {
        let Refresher { client, .. } = self.refresher;
        let keys = self.refresher.keys(self.query, answer);
        if self.cursor.records == 0 {
            refuse_without_ids(self.query, client.service(), answer, &keys)?;
        }
        Ok(keys)
    }

    /// Notes what an answer says of the whole list. What stands beside no records at all is not believed over what stood
    /// beside some.
    fn note_answer(&mut self, answer: &Document, has_records: bool) {
        let (refresher, query, cursor) = (self.refresher, self.query, &mut self.cursor);
        let wrapper = query.endpoint.answer.as_deref().unwrap_or_default();
        let total = refresher.total(query, answer).filter(|_| !cursor.is_total_wrong);
        let count = total.filter(|count| has_records || *count > 0 || cursor.records == 0);
        if let (Some(count), Some(before)) = (count, cursor.count_after)
            && count != before
        {
            let is_far = |other: u64| count.abs_diff(other) >= FEWEST_OF_A_MACHINE;
            cursor.told.is_returning |= is_far(before) && cursor.told.other.is_some_and(|other| !is_far(other));
            cursor.told.other = Some(before);
        }
        cursor.told.highest = cursor.told.highest.max(count);
        let has_next = api::has_next(answer, wrapper, &refresher.catalog.service.paging.next);
        cursor.told.is_named |= api::is_named(answer, wrapper) || total.is_some() || has_next.is_some();
        cursor.count_after = count.or(cursor.count_after);
        if let (Some(count), None) = (count, cursor.count_before) {
            refresher.progress.stage(&t!("refresh.stage_count", entity = refresher.label(query), count = count));
        }
        cursor.count_before = cursor.count_before.or(count);
        cursor.has_next = has_next.filter(|_| !cursor.is_next_wrong);
    }

    /// Stores the records of a page and how far the reading has come, together.
    fn store_page(&mut self, answer: &Document, keys: &[Key], advance: impl FnOnce(&mut PageCursor)) -> Result<()> {
        let Refresher { mirror, .. } = self.refresher;
        let (list, cursor) = (self.list, &mut self.cursor);
        let records = records(self.query, answer)?;
        cursor.pages += 1;
        cursor.has_blanks |= records.has_blanks();
        advance(cursor);
        mirror.together(|| {
            for (key, record) in keys.iter().zip(records.iter()) {
                cursor.records += u64::from(self.refresher.store(self.query.entity, list, key, &record)?);
            }
            mirror.put_cursor(list, cursor)
        })
    }
}

/// Pages that never end are the service's mistake; reading on would never stop.
fn refuse_endless(query: &ListQuery<'_>, cursor: &PageCursor) -> Result<()> {
    let path = &query.endpoint.path;
    let size = cursor.page_size.max(1);
    let most = match cursor.count_before.max(cursor.count_after) {
        Some(count) => count / size * 2 + SURPLUS_PAGES,
        // Most of what its pages have room for may be hidden from this login.
        None => cursor.records / size * PAGES_OF_HIDDEN + SURPLUS_PAGES * 5,
    };
    if cursor.pages > most {
        return Err(Error::stopped(message!("refresh.endless", path = path, pages = cursor.pages))
            .hint(message!("refresh.endless_hint")));
    }
    Ok(())
}
