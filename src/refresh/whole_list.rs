//! Makes a list of the mirror whole: reads it, weighs what its pages prove, and reads again, or in parts, while that is not
//! enough.

use serde_json::Value;

use super::beyond::Beyond;
use super::decision::{Doubt, Proof, Reading, ReadingDecision, decide, explained, is_round, not_given};
use super::evidence::Evidence;
use super::list_query::ListQuery;
use super::not_whole::not_whole;
use super::pages::Page;
use super::refreshed_list::{ListReport, RefreshedList};
use super::refresher::Refresher;
use crate::api::{self, Single};
use crate::error::{ErrorKind, Result};
use crate::message;
use crate::mirror::{Key, List, PageCursor, PageOrder, Wall};
use crate::projection::is_deleted;
use crate::t;

/// A reading that began longer ago is begun anew, where the list cannot be asked for what changed since.
const RESUMABLE_SECONDS: i64 = 24 * 60 * 60;
/// A list of more pages than this is read in spans of the creation date, where the service takes notice of it.
pub(super) const PAGES_OF_A_PART: u64 = 50;

/// Records of a page where the service is not asked for a size; other lists have more.
const FEWEST_OF_A_PAGE: u64 = 10;
/// A number of pages after which services give no more.
const PAGES_AT_A_WALL: u64 = 100;

/// A query that was read to its end, once or several times.
#[derive(Debug)]
pub(super) struct ReadQuery {
    /// The list, in its last generation.
    pub list: List,
    /// How far the last reading came and what its pages proved.
    pub cursor: PageCursor,
    /// What proves that it is whole, or why it is not.
    pub verdict: std::result::Result<Vec<Proof>, Doubt>,
    /// The service was seen not to divide it by date.
    pub is_undivided: bool,
}

/// What was found of records that a total has more, when so many had come.
#[derive(Debug, Clone, Copy)]
struct Looked {
    at: (u64, Option<u64>),
    found: Option<Evidence>,
}

impl Looked {
    /// Whether it holds for another reading that brings as many: what came to light late has to come again.
    fn is_lasting(self) -> bool {
        self.found.is_none_or(|found| found.proof == Proof::ShortPagesExplainTotal)
    }
}

impl Refresher<'_> {
    /// Reads everything a query asks for, going on from where an earlier command was broken off.
    ///
    /// # Errors
    /// The user stops, the service fails, or the list cannot be proved to be whole.
    pub async fn read_all(&self, query: &ListQuery<'_>) -> Result<RefreshedList> {
        let read = self.read_all_as_asked(query).await;
        self.or_without_refused(query, read, async |query| self.read_all_as_asked(query).await).await
    }

    /// What was read; where the service refuses to be asked for deleted records too, what is read without asking for them.
    pub(super) async fn or_without_refused(
        &self,
        query: &ListQuery<'_>,
        read: Result<RefreshedList>,
        again: impl AsyncFn(&ListQuery<'_>) -> Result<RefreshedList>,
    ) -> Result<RefreshedList> {
        let deleted = &self.client.service().filters.deleted;
        let error = match read {
            Err(error) if error.kind() == ErrorKind::CannotRun && query.value(deleted).is_some() => error,
            read => return read,
        };
        let without = query.clone().without(deleted);
        if self.is_refused(query).await? && !self.is_refused(&without).await? {
            self.progress.say(&t!("refresh.no_deleted", entity = self.label(query)));
            return again(&without).await;
        }
        Err(error)
    }

    /// Whether the service answers the beginning of a list with no.
    async fn is_refused(&self, query: &ListQuery<'_>) -> Result<bool> {
        let page = query.endpoint.paged.then_some(Page { number: 1, size: 1 });
        let url = query.address(self.client.target(), self.client.service(), page);
        Ok(!matches!(self.ask_briefly(url).await?, Single::Document(_)))
    }

    pub(super) async fn read_all_as_asked(&self, query: &ListQuery<'_>) -> Result<RefreshedList> {
        let now = self.now();
        let list = self.mirror.list(&query.entity.name, &query.text(self.client.service()))?;
        let has_changes = self.has_changes(query);
        // What was read whole by an earlier command proves nothing now, unless it can be brought up to date.
        if !is_resumable(&list, now, has_changes) || list.is_read && !has_changes {
            return self.read_anew(query, &list).await;
        }
        let read = if list.is_read {
            self.already_read(query, &list, now)?
        } else {
            let done = self.mirror.seen(&list)?;
            if done > 0 {
                self.progress.say(&t!("refresh.resuming", entity = self.label(query), done = done));
            }
            self.read_until_whole(query, list).await?
        };
        if has_changes { self.catch_up(query, read).await } else { Ok(read) }
    }

    /// Reads a list from its beginning.
    pub(super) async fn read_anew(&self, query: &ListQuery<'_>, list: &List) -> Result<RefreshedList> {
        self.read_until_whole(query, self.mirror.begin_generation(list, self.now())?).await
    }

    /// The pages are all here and only a file was not written.
    fn already_read(&self, query: &ListQuery<'_>, list: &List, now: i64) -> Result<RefreshedList> {
        let minutes = list.began.map_or(0, |began| (now - began) / 60);
        self.progress.say(&t!("refresh.already_read", entity = self.label(query), minutes = minutes));
        let mut refreshed = RefreshedList::of(list);
        refreshed.reports = self.reports_of(list)?;
        Ok(refreshed)
    }

    /// What was told of a list when it was read.
    pub(super) fn reports_of(&self, list: &List) -> Result<Vec<ListReport>> {
        Ok(serde_json::from_str(&self.mirror.proof(list)?).unwrap_or_default())
    }

    async fn read_until_whole(&self, query: &ListQuery<'_>, list: List) -> Result<RefreshedList> {
        let mut refreshed = RefreshedList::of(&list);
        let is_in_parts = !self.mirror.cursors(&list, 1)?.is_empty();
        let read = match is_in_parts {
            true => {
                let cursor = self.mirror.cursor(&list, 0)?.unwrap_or_default();
                ReadQuery { list, cursor, verdict: Err(Doubt::TooLong), is_undivided: false }
            }
            false => {
                let most = query.created(self.client.service()).map(|_| PAGES_OF_A_PART);
                self.read_query(query, list, &PageCursor::default(), most, &mut refreshed).await?
            }
        };
        let read = self.in_parts_where_needed(query, read, &mut refreshed).await?;
        let list = read.list.clone();
        let doubt = match read.verdict {
            Ok(_) => None,
            Err(doubt) => {
                let takes_dates = query.created(self.client.service()).is_some() && !read.is_undivided;
                Some(not_whole(query, takes_dates, &read.cursor, &doubt))
            }
        };
        match doubt {
            None => {
                let complete = list.began.map(|began| self.by_service_clock(began));
                self.mirror.end_generation(&list, complete, read.cursor.count_after)?;
                self.mirror.put_proof(&list, &serde_json::to_string(&refreshed.reports).unwrap_or_default())?;
            }
            Some(error) if self.accepts_incomplete => {
                refreshed.warnings.push(error.message());
                refreshed.is_incomplete = true;
                self.mirror.mark_incomplete(&list)?;
            }
            // A later command begins anew: going on would find the same.
            Some(error) => {
                self.mirror.mark_incomplete(&list)?;
                return Err(error);
            }
        }
        refreshed.list = self.mirror.list(&list.entity, &list.query)?;
        Ok(refreshed)
    }

    /// Reads in parts what is too long for one, or could not be proved to be whole in one; where that cannot be, what was
    /// read stands as it is.
    async fn in_parts_where_needed(
        &self,
        query: &ListQuery<'_>,
        read: ReadQuery,
        refreshed: &mut RefreshedList,
    ) -> Result<ReadQuery> {
        let doubt = match &read.verdict {
            Err(doubt) => doubt.clone(),
            // A service may stop counting where it stops giving.
            Ok(proofs) if is_suspicious(&read.cursor, proofs) => Doubt::RoundTotal,
            Ok(_) => return Ok(read),
        };
        let is_divisible =
            query.created(self.client.service()).is_some() && !matches!(doubt, Doubt::Wall(Wall::Unreadable(_)));
        let in_parts = match is_divisible {
            true => self.read_in_parts(query, &read, &doubt, refreshed).await?,
            false => None,
        };
        match (in_parts, doubt) {
            (Some(verdict), _) => Ok(ReadQuery { verdict, ..read }),
            (None, Doubt::TooLong) => {
                // What was asked for the beginning stands; the rest is read on without a limit.
                let hint = read.cursor.clone();
                let read = self.read_query(query, read.list, &hint, None, refreshed).await?;
                self.look_beyond(query, ReadQuery { is_undivided: true, ..read }).await
            }
            (None, Doubt::RoundTotal) => self.look_beyond(query, ReadQuery { is_undivided: true, ..read }).await,
            (None, doubt) => Ok(ReadQuery { verdict: Err(doubt), is_undivided: is_divisible, ..read }),
        }
    }

    /// Looks whether a list whose total is a round number goes on behind its last record.
    async fn look_beyond(&self, query: &ListQuery<'_>, mut read: ReadQuery) -> Result<ReadQuery> {
        if let Ok(proofs) = &mut read.verdict
            && is_suspicious(&read.cursor, proofs)
        {
            match self.ids_beyond(query, &read.list, &read.cursor).await? {
                Beyond::Nothing => proofs.push(Proof::NoIdsFollow),
                Beyond::Something | Beyond::Unknown => read.verdict = Err(Doubt::RoundTotal),
            }
        }
        Ok(read)
    }

    /// Reads a query until it is whole, or cannot be proved to be. What an earlier reading of the same service found out
    /// about its pages is taken over from `hint`. A list of more than `most` pages is left after the first one.
    pub(super) async fn read_query(
        &self,
        query: &ListQuery<'_>,
        mut list: List,
        hint: &PageCursor,
        most: Option<u64>,
        refreshed: &mut RefreshedList,
    ) -> Result<ReadQuery> {
        let mut readings = 1;
        let (mut before, mut was_alike) = (None, false);
        let mut looked: Option<Looked> = None;
        let mut is_from_zero = hint.is_from_zero;
        let service = self.client.service();
        let asked = query;
        let mut query = asked.clone();
        let (mut is_in_our_order, mut takes_order) = (false, true);
        if hint.filter.contains(&service.filters.order) {
            query = asked.clone().in_order(service);
            is_in_our_order = true;
        }
        loop {
            self.progress.begin(&self.label(&query), 0, None);
            self.progress.stage(&match query.filter().as_str() {
                "" => t!("refresh.stage_list", entity = self.label(&query)),
                filter => t!("refresh.stage_part", entity = self.label(&query), part = filter),
            });
            if self.mirror.cursor(&list, 0)?.is_none() {
                let cursor = PageCursor {
                    filter: query.filter(),
                    is_joined: true,
                    is_from_zero,
                    is_behind_wall: hint.wall.is_some(),
                    ..PageCursor::default()
                };
                self.mirror.put_cursor(&list, &cursor)?;
            }
            // Other borders between pages than last time: what one reading loses there, the other does not.
            let largest = u64::from(self.catalog.service.paging.advised).saturating_sub(u64::from(readings) - 1);
            let mut cursor = match self.read_pages(&list, &query, 0, largest, most).await {
                // A list in no order that it can be asked for is read as it is.
                Err(error)
                    if is_in_our_order
                        && matches!(error.kind(), ErrorKind::CannotRun | ErrorKind::Stopped)
                        && !api::asks_for_patience(&error) =>
                {
                    (query, is_in_our_order, takes_order) = (asked.clone(), false, false);
                    list = self.mirror.begin_generation(&list, list.began.unwrap_or_default())?;
                    continue;
                }
                read => read?,
            };
            if !cursor.is_finished {
                return Ok(ReadQuery { list, cursor, verdict: Err(Doubt::TooLong), is_undivided: false });
            }
            let mut records = self.mirror.seen(&list)?;
            cursor.records = records;
            let (label, pages) = (self.label(&query), cursor.pages);
            let read = message!("refresh.stage_read", entity = label, records = records, pages = pages);
            self.progress.stage(&read.to_string());
            let mut is_confirmed = cursor.count_after == Some(records);
            if !is_confirmed && self.begins_at_zero(&list, &query, &cursor).await? {
                is_from_zero = true;
                let from_zero =
                    PageCursor { is_from_zero, page_size: 0, ..super::page_reader::anew(&cursor, 0, false) };
                self.mirror.put_cursor(&list, &from_zero)?;
                continue;
            }
            let mut evidence = None;
            if is_higher(&cursor) {
                let at = (records, cursor.count_after);
                evidence = match looked.filter(|looked| looked.at == at && looked.is_lasting()) {
                    Some(looked) => looked.found,
                    None => self.evidence(&query, &list, &cursor).await?,
                };
                looked = Some(Looked { at, found: evidence });
                records = self.mirror.seen(&list)?;
                cursor.records = records;
                is_confirmed = cursor.count_after == Some(records);
            }
            let deleted = if is_confirmed { 0 } else { self.deleted(&query, &list)? };
            let is_alike = before == Some(records) && self.mirror.seen_only_before(&list)? == 0;
            let is_alike_twice = std::mem::replace(&mut was_alike, is_alike) && is_alike;
            // Where no total says that these are all, it is looked for more before that is said.
            let beyond = match is_worth_a_look(&cursor) && !is_confirmed && cursor.count_after <= Some(records) {
                true => Some(self.look_behind(&query, &list, &cursor).await?),
                false => None,
            };
            let decision = decide(Reading {
                cursor: &cursor,
                records,
                deleted,
                is_alike,
                is_alike_twice,
                number: readings,
                evidence: evidence.map(|evidence| evidence.proof),
                beyond: beyond.unwrap_or(Beyond::Unknown),
            });
            let decision = match decision {
                ReadingDecision::NotWhole(Doubt::Wall(Wall::Repeated))
                    if self.ignores_paging(&query, &list, &cursor).await? =>
                {
                    ReadingDecision::Whole(vec![Proof::OnePage])
                }
                decision => decision,
            };
            let decision = match decision {
                ReadingDecision::Whole(proofs) if is_worth_a_look(&cursor) => {
                    let beyond = match beyond {
                        Some(beyond) => beyond,
                        None => self.look_behind(&query, &list, &cursor).await?,
                    };
                    match self.with_its_end(&query, &list, &cursor, proofs, beyond).await? {
                        Ok(proofs) => ReadingDecision::Whole(proofs),
                        Err(Doubt::NotGiven) => not_given(&cursor, readings),
                        Err(doubt) => ReadingDecision::NotWhole(doubt),
                    }
                }
                decision => decision,
            };
            let mut report = self.report(&query, &list, &cursor, records, readings);
            report.hidden = evidence.map_or(report.hidden, |evidence| evidence.hidden);
            let verdict = match decision {
                ReadingDecision::Whole(proofs) => Ok(proofs),
                ReadingDecision::NotWhole(doubt) => Err(doubt),
                ReadingDecision::ReadAgain => {
                    refreshed.reports.push(report);
                    let label = self.label(&query);
                    let warning = match cursor.count_after.filter(|count| *count > records) {
                        Some(count) => t!("refresh.read_again", entity = label, count = count, read = records),
                        None => t!("refresh.read_again_order", entity = label),
                    };
                    self.progress.say(&warning);
                    // Of a list that is in another order it may be asked to be in that of creation.
                    if cursor.order != PageOrder::Ascending && takes_order {
                        query = query.in_order(service);
                        is_in_our_order = true;
                    }
                    before = Some(records);
                    readings += 1;
                    let began = list.began.unwrap_or_default();
                    list = self.mirror.begin_generation(&list, began)?;
                    continue;
                }
            };
            if let Ok(proofs) = &verdict {
                report.proof.clone_from(proofs);
                refreshed.warnings.extend(self.words(&query, &cursor, proofs));
                if cursor.has_blanks {
                    let word = t!("refresh.blanks", entity = self.label(&query));
                    refreshed.warnings.push(word.into_owned());
                }
            }
            refreshed.reports.push(report);
            return Ok(ReadQuery { list, cursor, verdict, is_undivided: false });
        }
    }

    /// What proves a list that seems whole, once it was looked for more behind it.
    async fn with_its_end(
        &self,
        query: &ListQuery<'_>,
        list: &List,
        cursor: &PageCursor,
        mut proofs: Vec<Proof>,
        beyond: Beyond,
    ) -> Result<std::result::Result<Vec<Proof>, Doubt>> {
        let (beyond, proof) = match beyond {
            // A total beside it is that of the list as far as anything tells.
            Beyond::Unknown if cursor.count_after.is_none() && self.gives_one_page(query, cursor).await? => {
                (self.ids_beyond(query, list, cursor).await?, Proof::NoIdsFollow)
            }
            Beyond::Unknown => return Ok(Ok(proofs)),
            known => (known, Proof::OtherEndRead),
        };
        Ok(match beyond {
            Beyond::Something => Err(Doubt::NotGiven),
            // So many are what a service gives that knows neither the number of a page nor its size.
            Beyond::Unknown if cursor.records == FEWEST_OF_A_PAGE => Err(Doubt::Missing),
            Beyond::Nothing if !proofs.contains(&proof) => {
                proofs.push(proof);
                Ok(proofs)
            }
            Beyond::Nothing | Beyond::Unknown => Ok(proofs),
        })
    }

    /// What the user should know of a list that is whole.
    fn words(&self, query: &ListQuery<'_>, cursor: &PageCursor, proofs: &[Proof]) -> Option<String> {
        let (label, read, count) = (self.label(query), cursor.records, cursor.count_after?);
        let more = count.saturating_sub(read);
        if proofs.contains(&Proof::ShortPagesExplainTotal) {
            return Some(t!("refresh.hidden", entity = label, count = count, hidden = more).into_owned());
        }
        if proofs.contains(&Proof::TotalCountsDeleted) {
            return Some(t!("refresh.counts_deleted", entity = label, count = count, deleted = more).into_owned());
        }
        if proofs.contains(&Proof::IdsExplainTotal) {
            return Some(t!("refresh.ids_explain", entity = label, count = count, more = more).into_owned());
        }
        // While the total moves, records were deleted that had been read before.
        let is_wrong = count < read
            && cursor.count_before == cursor.count_after
            && !proofs.contains(&Proof::TotalAgreesWithoutDeleted);
        is_wrong.then(|| t!("refresh.count_differs", entity = label, count = count, read = read).into_owned())
    }

    /// How many records of a list are marked as deleted.
    pub(super) fn deleted(&self, query: &ListQuery<'_>, list: &List) -> Result<u64> {
        if query.entity.deleted.is_none() {
            return Ok(0);
        }
        let mut deleted = 0;
        let mut last = Key::first();
        loop {
            let batch = self.mirror.after(list, &last, 1000)?;
            let Some((key, _)) = batch.records.last() else {
                return Ok(deleted);
            };
            last = key.clone();
            let is_deleted = |body: &[u8]| {
                serde_json::from_slice::<Value>(body).is_ok_and(|record| is_deleted(query.entity, &record))
            };
            deleted += batch.records.iter().filter(|(_, body)| is_deleted(body)).count() as u64;
        }
    }
}

/// Whether the total of a list, or its length, is one that a service may stop at, and nothing shows that it did not.
pub(super) fn is_suspicious(cursor: &PageCursor, proofs: &[Proof]) -> bool {
    let total = cursor.count_after.unwrap_or(cursor.records);
    // A limit of so many pages, of whatever size.
    let is_page_limit = cursor.page_size > 1 && total > 0 && total.is_multiple_of(cursor.page_size * PAGES_AT_A_WALL);
    (is_round(total) || is_page_limit) && !proofs.contains(&Proof::OtherEndRead)
}

/// Whether a list may go on behind what came of it. A single page that is not full, or that a total confirms, is all there is,
/// unless every page is the same.
fn is_worth_a_look(cursor: &PageCursor) -> bool {
    let is_open = cursor.tail_gap == 0 && cursor.count_after != Some(cursor.records);
    cursor.records > 0 && (cursor.gaining_pages > 1 || cursor.is_repeated || is_open)
}

/// Whether the service counts more than it gave and nothing explains that yet, while its total stands still.
fn is_higher(cursor: &PageCursor) -> bool {
    cursor.count_after.is_some_and(|count| count > cursor.records)
        && cursor.count_before == cursor.count_after
        && cursor.wall != Some(Wall::Repeated)
        && (explained(cursor).is_none() || matches!(cursor.wall, Some(Wall::Unreadable(_))))
}

/// Whether a reading that was broken off is gone on with: however old it is, where it can be asked for what changed since.
fn is_resumable(list: &List, now: i64, has_changes: bool) -> bool {
    let longest = if has_changes { i64::MAX } else { RESUMABLE_SECONDS };
    list.began.is_some_and(|began| (0..longest).contains(&(now - began)))
}
