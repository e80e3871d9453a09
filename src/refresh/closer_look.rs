//! A closer look where the pages of a list leave something open: whether a page that was not given is a wall, whether anything
//! lies beyond empty pages, or in them.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::decision::contradicts;
use super::list_answer::records;
use super::list_query::ListQuery;
use super::page_step::{PageStep, agrees, expects_more, is_unsteady};
use super::pages::Page;
use super::refresher::Refresher;
use crate::api::{self, Single};
use crate::error::{Error, ErrorKind, Result};
use crate::message;
use crate::mirror::{List, PageCursor, PageOrder, Wall};

/// How many pages ahead it is looked for more where nothing says how many there are.
const PROBED_AHEAD: [u64; 4] = [3, 7, 15, 31];
/// So many pages are looked at, each, where the service counts more and they lie behind as many places as it counts.
const PAGES_BEHIND_COUNT: u64 = 31;

/// How long a page is asked for again that fails while others are given, before it is taken for a wall.
const STUMBLE: Duration = Duration::from_secs(30);

impl Refresher<'_> {
    /// Records of a page, as far as is known.
    pub(super) fn size_of(&self, cursor: &PageCursor) -> u64 {
        match cursor.page_size {
            0 => u64::from(self.catalog.service.paging.advised),
            size => size,
        }
    }

    /// What a page that was not given means: a wall, when the service goes on giving the pages before it and says no for
    /// good, or fails for as long as stumbles last. None when it is given after all.
    pub(super) async fn wall_of(
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

    /// Looks into places behind the last record that came, which came back empty or not at all, by smaller pages, and goes on behind
    /// them when there were any. Notes why a single one fails.
    pub(super) async fn go_through(
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
        // What came by smaller pages joins nothing: a total has to prove it, and one that is too low proves nothing.
        let is_total_low = cursor.is_behind_wall && contradicts(cursor, cursor.records + came);
        cursor.is_joined &= cursor.count_after.is_some() && !is_total_low;
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

    /// Looks whether anything lies beyond pages that brought nothing new: here and there up to the service's own total, or
    /// farther and farther on.
    pub(super) async fn probe(&self, list: &List, query: &ListQuery<'_>, cursor: &mut PageCursor) -> Result<PageStep> {
        let size = self.size_of(cursor);
        let here = cursor.position / size + 1;
        let numbers: Vec<u64> = match cursor.count_after.filter(|count| *count > cursor.position) {
            Some(count) => {
                let last = count.div_ceil(size);
                let rest = last.saturating_sub(here);
                let far = [last, here + rest / 4, here + rest / 2, here + rest * 3 / 4];
                let near = if rest < PAGES_BEHIND_COUNT { PAGES_BEHIND_COUNT } else { 0 };
                far.into_iter().chain(here + 1..=here + near).collect()
            }
            // Records that may not be seen take places and are not counted: others may lie anywhere behind them.
            None if is_unsteady(cursor) || cursor.count_after > Some(cursor.records) => {
                (here + 1..=here + PAGES_BEHIND_COUNT).collect()
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

    /// Whether the last page that brought something new still ends with the same record.
    pub(super) async fn still_ends_there(&self, query: &ListQuery<'_>, cursor: &PageCursor) -> Result<bool> {
        let Some((number, size)) = cursor.last_page else { return Ok(true) };
        let answer = self.single_page(query, cursor, Page { number, size }).await?;
        let last = self.keys(query, &answer).pop();
        Ok(last.is_some_and(|key| Some(&key.text) == cursor.last_keys.last()))
    }

    /// Whether a page has a size of its own, whatever is asked for.
    pub(super) async fn ignores_page_size(&self, query: &ListQuery<'_>, cursor: &PageCursor) -> Result<bool> {
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
        let Ok(records) = records(query, &answer) else { return Ok(false) };
        let (mut came, mut new, mut leading) = (0, 0, 0);
        for (key, record) in self.keys(query, &answer).iter().zip(records.iter()) {
            // What came there meanwhile is no matter.
            if self.is_older(query, list, &record) {
                let is_new = !self.mirror.has_seen(list, key)?;
                leading += usize::from(is_new && new == came);
                came += 1;
                new += usize::from(is_new);
            }
        }
        // A few may have gone on to the next page, or come back. What smaller pages brought of the first one is the end of it.
        let is_beginning = cursor.order == PageOrder::Ascending && leading == new && new * 4 >= came;
        Ok(new * 2 > came || is_beginning && new > 0)
    }
}

/// A failure after some pages are stored: the same command goes on from them.
pub(super) fn unfinished(error: Error, cursor: &PageCursor) -> Error {
    if error.kind() != ErrorKind::CannotRun || cursor.pages == 0 {
        return error;
    }
    // Where the login may not see the rest, to run it again is not enough.
    let rights = error.hint_message().filter(|hint| hint.code() == "api.forbidden_hint");
    let unfinished = Error::stopped(error.into_message());
    match rights {
        Some(rights) => unfinished.hint(rights).and_hint(message!("refresh.continue_hint")),
        None => unfinished.hint(message!("refresh.continue_hint")),
    }
}
