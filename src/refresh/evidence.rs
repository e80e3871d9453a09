//! Where the records are that the service counts and does not give. Three things can tell: pages that are asked for by other
//! borders, of which each comes back with what it has; a total without deleted records that is just what came; and a look at
//! the ids between those that came. Without evidence a list with a higher total is not whole.

use std::borrow::Cow;
use std::ops::Range;

use futures::{StreamExt, stream};
use serde_json::Value;

use super::beyond::Beyond;
use super::decision::Proof;
use super::details::is_denial;
use super::list_answer::records;
use super::list_query::ListQuery;
use super::pages::Page;
use super::record_key;
use super::refresher::Refresher;
use crate::api::{self, Document, Single};
use crate::entity::{Endpoint, Entity};
use crate::error::{ErrorKind, Result};
use crate::mirror::{Key, List, PageCursor, Wall};
use crate::projection::is_deleted;
use crate::t;

/// A page that came back empty is looked into by so many smaller ones.
const SMALLER_PAGES: u64 = 10;
/// Empty pages that are looked into; where none of them had anything after all, the others are taken for empty.
const MOST_LOOKED_INTO: usize = 10;
/// Pages in a row that fail before it is said that nothing is given there.
const FAILING_PAGES: usize = 3;
/// Pages for each one of the reading before that are asked for by other borders, when the total makes them likely.
const MOST_PAGES_EACH: u64 = 4;
/// Places behind those that are counted, each of which is looked at.
const PLACES_BEHIND: u64 = 3;
/// Ids that are looked at.
const MOST_IDS: usize = 300;
/// Ids behind the last one that are among them.
const IDS_BEHIND: i64 = 5;

/// What explains a total that is higher than what came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Evidence {
    /// How it is known.
    pub proof: Proof,
    /// Records that this login may not see; the others are deleted.
    pub hidden: u64,
}

/// What pages that come back short tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ShortPages {
    /// What is missing.
    Explain(Evidence),
    /// The same, if the list does not go on: what is missing at its end alone may as well have been withheld.
    ExplainFromBothEnds(Evidence),
    /// Nothing.
    ExplainNothing,
}

/// What came of looking into places.
#[derive(Debug, Default)]
pub(super) struct LookedInto {
    /// Records that came.
    pub came: u64,
    /// They fill the first of these places without a hole, and nothing lies behind them.
    pub is_cut_off: bool,
    /// One of them was there before the reading began.
    pub has_older: bool,
    /// Why a single place before others fails.
    pub fails: Option<String>,
    /// Single places fail, wherever they are.
    pub has_failing_places: bool,
}

/// What the pages of other borders came to.
#[derive(Debug, Default)]
struct Places {
    /// Records that came.
    came: u64,
    /// Places without a record before the last page that brought one.
    inner: u64,
    /// The same since the beginning of that page.
    tail: u64,
    /// The last page that brought a record.
    last: u64,
    /// Empty pages that were looked into, and whether one of them had anything.
    looked_into: usize,
    was_something: bool,
    /// Single places fail.
    fails: bool,
}

impl Refresher<'_> {
    /// Looks for what explains that the service counts more records than came. What comes to light is stored.
    ///
    /// # Errors
    /// The user stops, the host cannot be reached.
    pub(super) async fn evidence(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        cursor: &PageCursor,
    ) -> Result<Option<Evidence>> {
        let Some(count) = cursor.count_after else { return Ok(None) };
        let (label, read) = (self.label(query), cursor.records);
        self.progress.say(&t!("refresh.looking", entity = label, count = count, read = read));
        if self.goes_on_behind(query, list, cursor, count).await? {
            return Ok(None);
        }
        let found = self.short_pages(query, list, cursor, count).await?;
        if let ShortPages::Explain(evidence) = found {
            return Ok(Some(evidence));
        }
        if self.counts_deleted(query, list).await? {
            return Ok(Some(Evidence { proof: Proof::TotalCountsDeleted, hidden: 0 }));
        }
        if let Some(evidence) = self.ids_between(query, list, count).await? {
            return Ok(Some(evidence));
        }
        match found {
            ShortPages::ExplainFromBothEnds(evidence)
                if self.other_end(query, list, cursor).await? == Beyond::Nothing =>
            {
                Ok(Some(evidence))
            }
            _ => Ok(None),
        }
    }

    /// Whether records that were there before lie behind as many places as the total counts: it is too low then, and explains nothing.
    async fn goes_on_behind(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        cursor: &PageCursor,
        count: u64,
    ) -> Result<bool> {
        if !query.endpoint.paged || cursor.is_fixed {
            return Ok(false);
        }
        for place in count..count + PLACES_BEHIND {
            let page = Page { number: place + 1, size: 1 };
            let Single::Document(answer) = self.ask_briefly(self.page_address(query, cursor, Some(page))).await? else {
                continue;
            };
            let has_unseen = self
                .keys(query, &answer)
                .iter()
                .try_fold(false, |unseen, key| self.mirror.has_seen(list, key).map(|is_seen| unseen || !is_seen))?;
            if has_unseen && self.has_older(query, list, &answer) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks for all places of the list once more, by smaller pages that do not overlap. Each missing record then leaves a page
    /// short, unless it was only that the pages before came back wrong.
    async fn short_pages(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        cursor: &PageCursor,
        count: u64,
    ) -> Result<ShortPages> {
        let size = (self.size_of(cursor) / 2).max(1);
        let pages = count.div_ceil(size);
        let is_likely = pages <= (cursor.pages + 1) * MOST_PAGES_EACH;
        let is_cut_off = cursor.wall == Some(Wall::Repeated);
        if !query.endpoint.paged || cursor.is_fixed || !is_likely || is_cut_off {
            return Ok(ShortPages::ExplainNothing);
        }
        let places = self.places(query, list, cursor, count, size).await?;
        let seen = self.mirror.seen(list)?;
        let hidden = count.saturating_sub(seen);
        if seen == count {
            return Ok(ShortPages::Explain(Evidence { proof: Proof::TotalAgrees, hidden }));
        }
        let Some(places) = places.filter(|places| hidden > 0 && places.came == seen && !places.fails) else {
            return Ok(ShortPages::ExplainNothing);
        };
        let evidence = Evidence { proof: Proof::ShortPagesExplainTotal, hidden };
        Ok(match (places.inner > 0, places.last == pages) {
            (true, true) => ShortPages::Explain(evidence),
            (true, false) | (false, true) => ShortPages::ExplainFromBothEnds(evidence),
            (false, false) => ShortPages::ExplainNothing,
        })
    }

    /// Asks for the places of a list by pages of this size. None where the list has changed meanwhile or does not keep to pages.
    async fn places(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        cursor: &PageCursor,
        count: u64,
        size: u64,
    ) -> Result<Option<Places>> {
        let mut places = Places::default();
        let asked = (1..=count.div_ceil(size)).take_while(|_| !self.stop.is_set()).map(|number| {
            let page = Page { number, size };
            let answer = self.ask(self.page_address(query, cursor, Some(page)));
            async move { (page, answer.await) }
        });
        let mut answers = stream::iter(asked).buffered(self.client.read_ahead());
        while let Some((page, answer)) = answers.next().await {
            let document = match answer {
                Ok(Ok(document)) => Some(document),
                Err(error) if !matches!(error.kind(), ErrorKind::CannotRun | ErrorKind::Denied) => return Err(error),
                Ok(Err(_)) | Err(_) => None,
            };
            let expected = size.min(count - page.start());
            let mut came = 0;
            if let Some(document) = &document {
                came = self.store_records(query, list, document)?;
                if came > 0 && self.total(query, document) != Some(count) {
                    return Ok(None);
                }
            }
            let is_worth = places.was_something || places.looked_into < MOST_LOOKED_INTO;
            if came == 0 && expected > 1 && is_worth {
                let looked = self.look_into(query, list, cursor, page.start()..page.end().min(count), size).await?;
                came = looked.came;
                places.fails |= looked.has_failing_places;
                if came == 0 && document.is_none() {
                    return Ok(None);
                }
                places.looked_into += 1;
                places.was_something |= came > 0;
            }
            if came > expected {
                return Ok(None);
            }
            if came > 0 {
                places.inner += std::mem::take(&mut places.tail);
                places.last = page.number;
            }
            places.tail += expected - came;
            places.came += came;
        }
        self.stop.check()?;
        Ok(Some(places))
    }

    /// Asks for places that came back empty, as pages of this size, by smaller ones: one broken record may take a whole page with
    /// it.
    pub(super) async fn look_into(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        cursor: &PageCursor,
        places: Range<u64>,
        size: u64,
    ) -> Result<LookedInto> {
        let mut looked = LookedInto::default();
        let (mut failed, mut farthest, places_end) = (Vec::new(), 0, places.end);
        let began = places.start / smaller(size) * smaller(size);
        let mut filled = began;
        let mut open = vec![(places, smaller(size))];
        while let Some((places, size)) = open.pop() {
            let mut empty = Vec::new();
            let mut found = 0;
            for number in places.start / size + 1..=places.end.div_ceil(size) {
                self.stop.check()?;
                let page = Page { number, size };
                let why = match self.ask_briefly(self.page_address(query, cursor, Some(page))).await? {
                    Single::Document(answer) => match self.store_records(query, list, &answer)? {
                        0 => None,
                        came => {
                            looked.has_older |= self.has_older(query, list, &answer);
                            filled = filled.max(page.start() + came);
                            found += came;
                            farthest = farthest.max(page.start());
                            continue;
                        }
                    },
                    Single::Rejected(rejection) => Some(format!("{} {}", rejection.code, rejection.message)),
                    Single::Failing(error) => Some(error.message()),
                };
                empty.push((page.start()..page.end().min(places.end), smaller(size)));
                if let Some(why) = why {
                    failed.push((page, why));
                    // Nothing is given from here on.
                    if found == 0 && failed.len() >= FAILING_PAGES {
                        break;
                    }
                }
            }
            looked.came += found;
            if found > 0 && size > 1 {
                open.extend(empty);
            }
        }
        looked.is_cut_off = looked.came > 0 && looked.came == filled - began;
        failed.retain(|(page, _)| page.size == 1);
        looked.has_failing_places = !failed.is_empty();
        // What fails behind the last record is no place of one, unless the places behind it do not fail.
        if failed.iter().any(|(page, _)| page.start() >= farthest) {
            let next = Page { number: places_end + 1, size: 1 };
            if let Single::Document(_) = self.ask_briefly(self.page_address(query, cursor, Some(next))).await? {
                farthest = places_end;
            }
        }
        failed.retain(|(page, _)| page.start() < farthest);
        looked.fails = failed.pop().map(|(_, why)| why);
        Ok(looked)
    }

    /// Whether one of the records of an answer was there before the reading of a list began.
    fn has_older(&self, query: &ListQuery<'_>, list: &List, answer: &Document) -> bool {
        records(query, answer).is_ok_and(|records| records.iter().any(|record| self.is_older(query, list, &record)))
    }

    /// Stores the records of an answer and tells how many there are; none where it holds no list.
    fn store_records(&self, query: &ListQuery<'_>, list: &List, answer: &Document) -> Result<u64> {
        let Ok(records) = records(query, answer) else { return Ok(0) };
        let keys = self.keys(query, answer);
        self.mirror.together(|| {
            for (key, record) in keys.iter().zip(records.iter()) {
                self.store(query.entity, list, key, &record)?;
            }
            Ok(keys.len() as u64)
        })
    }

    /// Whether the total counts deleted records that the list leaves out: asked without them, it is just what came.
    async fn counts_deleted(&self, query: &ListQuery<'_>, list: &List) -> Result<bool> {
        let deleted = &self.client.service().filters.deleted;
        if query.entity.deleted.is_none() || query.value(deleted).is_none() {
            return Ok(false);
        }
        let [held, live] = self.seen_and_live(query, list)?;
        let count = match self.live_count(&query.clone().without(deleted)).await {
            Err(error) if error.kind() == ErrorKind::CannotRun => None,
            count => count?,
        };
        Ok(held == live && count == Some(held))
    }

    fn seen_and_live(&self, query: &ListQuery<'_>, list: &List) -> Result<[u64; 2]> {
        let seen = self.mirror.seen(list)?;
        Ok([seen, seen.saturating_sub(self.deleted(query, list)?)])
    }

    /// Looks at the ids between those that came, while they are few: a record that says it is deleted, or that this login may not
    /// see, is one that the service counts.
    async fn ids_between(&self, query: &ListQuery<'_>, list: &List, count: u64) -> Result<Option<Evidence>> {
        let Some(get) = query.entity.endpoint("get") else { return Ok(None) };
        let missing = count.saturating_sub(self.mirror.seen(list)?);
        let Some(ids) = self.ids_that_did_not_come(list)? else { return Ok(None) };
        if missing == 0 || (ids.len() as u64) < missing {
            return Ok(None);
        }
        self.announce(&self.label(query), ids.len() as u64);
        let mut left = ids.len() as u64;
        let is_everything = query.text(self.client.service()).is_empty();
        let (mut deleted, mut hidden, mut given) = (0, 0, 0);
        for id in ids {
            self.stop.check()?;
            match self.ask_briefly(self.address_of(get, &id.to_string())).await? {
                Single::Document(document) => {
                    match record_of(query.entity, get, &document, &id.to_string()) {
                        None => {}
                        Some(record) if is_deleted(query.entity, &record) => deleted += 1,
                        // The list does not give it: its own page does, as far as it belongs here.
                        Some(_) if !is_everything => return Ok(None),
                        Some(record) => {
                            self.store(query.entity, list, &Key::of(&id.to_string()), &record)?;
                            given += 1;
                        }
                    }
                }
                Single::Rejected(rejection) if is_denial(&rejection) => hidden += 1,
                Single::Failing(error) if error.kind() == ErrorKind::Denied => hidden += 1,
                Single::Rejected(_) | Single::Failing(_) => {}
            }
            left -= 1;
            if deleted + hidden + given + left < missing {
                break;
            }
            if deleted + hidden + given == missing {
                let proof = if given == missing { Proof::TotalAgrees } else { Proof::IdsExplainTotal };
                return Ok(Some(Evidence { proof, hidden }));
            }
        }
        Ok(None)
    }

    /// The ids between those that came and a few behind; none where they are no numbers or too many.
    fn ids_that_did_not_come(&self, list: &List) -> Result<Option<Vec<i64>>> {
        let mut ids = Vec::new();
        let (mut last, mut before) = (Key::first(), None);
        loop {
            let batch = self.mirror.after(list, &last, 1000)?;
            let Some((key, _)) = batch.records.last() else { break };
            last = key.clone();
            for (key, _) in &batch.records {
                let Ok(id) = key.text.parse::<i64>() else { return Ok(None) };
                let between = before.map_or(0..0, |before: i64| before + 1..id);
                if ids.len() + usize::try_from(between.end - between.start).unwrap_or(usize::MAX) > MOST_IDS {
                    return Ok(None);
                }
                ids.extend(between);
                before = Some(id);
            }
        }
        if let Some(last) = before {
            ids.extend(last + 1..=last + IDS_BEHIND);
        }
        Ok(Some(ids))
    }
}

/// The record of this id in the answer of its page; none where it is another one, or none.
pub(super) fn record_of(entity: &Entity, get: &Endpoint, document: &Document, id: &str) -> Option<Value> {
    let record = api::record(document, get.answer.as_deref().unwrap_or_default());
    record.filter(|record| record_key::key(entity, record).text == id).map(Cow::into_owned)
}

/// The size of pages that cover one of this size without a rest, about a tenth of it.
fn smaller(size: u64) -> u64 {
    (1..=size / SMALLER_PAGES).rev().find(|smaller| size.is_multiple_of(*smaller)).unwrap_or(1)
}
