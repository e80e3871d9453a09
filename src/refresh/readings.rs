//! Reads a query as often as it takes to find it whole, or to say that it cannot be proved to be: what one reading left open is
//! explained, looked for behind the last record, or compared with what another reading brings.

use super::beyond::Beyond;
use super::decision::{Doubt, Proof, Reading, ReadingDecision, contradicts, decide, explained, not_given};
use super::evidence::Evidence;
use super::list_query::ListQuery;
use super::page_step::{agrees, anew};
use super::refreshed_list::{ListReport, RefreshedList};
use super::refresher::Refresher;
use crate::api;
use crate::error::{ErrorKind, Result};
use crate::message;
use crate::mirror::{List, PageCursor, PageOrder, ToldTotals, Wall};
use crate::t;

/// Records of a page where the service is not asked for a size; other lists have more.
const FEWEST_OF_A_PAGE: u64 = 10;
/// The pages of services are a multiple of so many.
const FULL_PAGE: u64 = 50;
/// Services cut a list that has no pages at a multiple of so many.
const SHORTEST_PAGES: u64 = 10;

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

/// The order that a list is read in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ReadOrder {
    /// As the service gives it.
    Own,
    /// That of creation, which it is asked for.
    OfCreation,
    /// As the service gives it: it does not take the other one.
    OwnAlone,
}

/// The readings of one query.
struct Readings<'a> {
    refresher: &'a Refresher<'a>,
    /// What was asked for, in the service's order.
    asked: &'a ListQuery<'a>,
    /// What an earlier reading of the same service found out about its pages.
    hint: &'a PageCursor,
    /// What is asked for in this reading.
    query: ListQuery<'a>,
    order: ReadOrder,
    /// The list, in the generation of this reading.
    list: List,
    /// Which reading it is, from 1.
    number: u32,
    /// Pages are counted from 0.
    is_from_zero: bool,
    /// Records that the reading before brought.
    before: Option<u64>,
    /// It brought the same as the one before it.
    was_alike: bool,
    looked: Option<Looked>,
    /// What the readings before were told of totals.
    told: ToldTotals,
}

/// What a reading came to.
struct Weighed {
    cursor: PageCursor,
    decision: ReadingDecision,
    report: ListReport,
}

impl Refresher<'_> {
    /// Reads a query until it is whole, or cannot be proved to be. What an earlier reading of the same service found out
    /// about its pages is taken over from `hint`. A list of more than `most` pages is left after the first one.
    ///
    /// # Errors
    /// The user stops, the service fails, or its pages never end.
    pub(super) async fn read_query(
        &self,
        query: &ListQuery<'_>,
        list: List,
        hint: &PageCursor,
        most: Option<u64>,
        refreshed: &mut RefreshedList,
    ) -> Result<ReadQuery> {
        let service = self.client.service();
        let is_known_in_order = hint.filter.contains(&service.filters.order);
        let mut readings = Readings {
            refresher: self,
            asked: query,
            hint,
            query: if is_known_in_order { query.clone().in_order(service) } else { query.clone() },
            order: if is_known_in_order { ReadOrder::OfCreation } else { ReadOrder::Own },
            list,
            number: 1,
            is_from_zero: hint.is_from_zero,
            before: None,
            was_alike: false,
            looked: None,
            told: ToldTotals::default(),
        };
        loop {
            readings.begin()?;
            let Some(cursor) = readings.read_pages(most).await? else { continue };
            if !cursor.is_finished {
                let verdict = Err(Doubt::TooLong);
                return Ok(ReadQuery { list: readings.list, cursor, verdict, is_undivided: false });
            }
            let Some(cursor) = readings.unless_counted_from_zero(cursor).await? else { continue };
            let Weighed { cursor, decision, mut report } = readings.weigh(cursor).await?;
            let verdict = match decision {
                ReadingDecision::Whole(proofs) => {
                    report.proof.clone_from(&proofs);
                    refreshed.warnings.extend(self.words(&readings.query, &cursor, &proofs));
                    Ok(proofs)
                }
                ReadingDecision::NotWhole(doubt) => Err(doubt),
                ReadingDecision::ReadAgain => {
                    refreshed.reports.push(report);
                    readings.again(&cursor)?;
                    continue;
                }
            };
            refreshed.reports.push(report);
            return Ok(ReadQuery { list: readings.list, cursor, verdict, is_undivided: false });
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
        let (beyond, proof, is_one_page) = match beyond {
            // A total beside it is that of the list as far as anything tells.
            Beyond::Unknown if cursor.count_after.is_none() && self.gives_one_page(query, cursor).await? => {
                (self.ids_beyond(query, list, cursor).await?, Proof::NoIdsFollow, true)
            }
            // Of a part of the list other ids tell nothing.
            Beyond::Unknown
                if (is_longer_than_a_page(cursor) || is_a_full_page(cursor))
                    && query.text(self.client.service()).is_empty() =>
            {
                (self.ids_beyond(query, list, cursor).await?, Proof::NoIdsFollow, false)
            }
            Beyond::Unknown => return Ok(Ok(proofs)),
            known => (known, Proof::OtherEndRead, false),
        };
        Ok(match beyond {
            Beyond::Something => Err(Doubt::NotGiven),
            // So many are what a service gives that knows neither the number of a page nor its size.
            Beyond::Unknown if is_one_page && cursor.records == FEWEST_OF_A_PAGE => Err(Doubt::Missing),
            Beyond::Nothing if !proofs.contains(&proof) => {
                proofs.push(proof);
                Ok(proofs)
            }
            Beyond::Nothing | Beyond::Unknown => Ok(proofs),
        })
    }

    /// What the user should know of a list that is whole.
    fn words(&self, query: &ListQuery<'_>, cursor: &PageCursor, proofs: &[Proof]) -> Vec<String> {
        let label = self.label(query);
        let blanks = cursor.has_blanks.then(|| t!("refresh.blanks", entity = label).into_owned());
        self.words_of_total(&label, cursor, proofs).into_iter().chain(blanks).collect()
    }

    fn words_of_total(&self, label: &str, cursor: &PageCursor, proofs: &[Proof]) -> Option<String> {
        let (read, count) = (cursor.records, cursor.count_after?);
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
}

impl Readings<'_> {
    /// Says what is read, and notes where it begins unless an earlier command began it.
    fn begin(&self) -> Result<()> {
        let Refresher { mirror, progress, .. } = self.refresher;
        let label = self.refresher.label(&self.query);
        let filter = self.query.filter();
        progress.begin(&label, 0, None);
        progress.stage(&match filter.as_str() {
            "" => t!("refresh.stage_list", entity = label),
            part => t!("refresh.stage_part", entity = label, part = part),
        });
        if mirror.cursor(&self.list, 0)?.is_some() {
            return Ok(());
        }
        let cursor = PageCursor {
            filter,
            is_joined: true,
            is_from_zero: self.is_from_zero,
            is_behind_wall: self.hint.wall.is_some(),
            is_total_wrong: contradicts(self.hint, self.hint.records),
            told: self.told,
            ..PageCursor::default()
        };
        mirror.put_cursor(&self.list, &cursor)
    }

    /// Reads the pages; none where they have to be read in another order.
    async fn read_pages(&mut self, most: Option<u64>) -> Result<Option<PageCursor>> {
        let Refresher { mirror, catalog, progress, .. } = self.refresher;
        // Other borders between pages than last time: what one reading loses there, the other does not.
        let largest = u64::from(catalog.service.paging.advised).saturating_sub(u64::from(self.number) - 1);
        let mut cursor = match self.refresher.read_pages(&self.list, &self.query, 0, largest, most).await {
            // A list in no order that it can be asked for is read as it is.
            Err(error)
                if self.order == ReadOrder::OfCreation
                    && matches!(error.kind(), ErrorKind::CannotRun | ErrorKind::Stopped)
                    && !api::asks_for_patience(&error) =>
            {
                (self.query, self.order) = (self.asked.clone(), ReadOrder::OwnAlone);
                self.list = mirror.begin_generation(&self.list, self.list.began.unwrap_or_default())?;
                return Ok(None);
            }
            read => read?,
        };
        if cursor.is_finished {
            cursor.records = mirror.seen(&self.list)?;
            let (label, records, pages) = (self.refresher.label(&self.query), cursor.records, cursor.pages);
            let read = message!("refresh.stage_read", entity = label, records = records, pages = pages);
            progress.stage(&read.to_string());
        }
        Ok(Some(cursor))
    }

    /// What was read; none where the service counts its pages from 0, so that it has to be read from there.
    async fn unless_counted_from_zero(&mut self, cursor: PageCursor) -> Result<Option<PageCursor>> {
        if agrees(&cursor) || !self.refresher.begins_at_zero(&self.list, &self.query, &cursor).await? {
            return Ok(Some(cursor));
        }
        self.is_from_zero = true;
        let from_zero = PageCursor { is_from_zero: true, page_size: 0, ..anew(&cursor, 0, false) };
        self.refresher.mirror.put_cursor(&self.list, &from_zero)?;
        Ok(None)
    }

    /// Weighs what a reading brought.
    async fn weigh(&mut self, mut cursor: PageCursor) -> Result<Weighed> {
        let evidence = if is_higher(&cursor) { self.explain(&mut cursor).await? } else { None };
        let (refresher, query, list) = (self.refresher, &self.query, &self.list);
        let records = cursor.records;
        let is_alike = self.before == Some(records) && refresher.mirror.seen_only_before(list)? == 0;
        let is_alike_twice = std::mem::replace(&mut self.was_alike, is_alike) && is_alike;
        let deleted = if agrees(&cursor) { 0 } else { refresher.deleted(query, list)? };
        // Where no total says that these are all, it is looked for more before that is said.
        let is_open = !agrees(&cursor) && cursor.count_after <= Some(records);
        let beyond = match is_worth_a_look(&cursor) && is_open {
            true => Some(refresher.look_behind(query, list, &cursor).await?),
            false => None,
        };
        let decision = decide(Reading {
            cursor: &cursor,
            records,
            deleted,
            is_alike,
            is_alike_twice,
            number: self.number,
            evidence: evidence.map(|evidence| evidence.proof),
            beyond: beyond.unwrap_or(Beyond::Unknown),
        });
        let decision = self.look_again(decision, &cursor, beyond).await?;
        let mut report = refresher.report(query, list, &cursor, records, self.number);
        report.hidden = evidence.map_or(report.hidden, |evidence| evidence.hidden);
        Ok(Weighed { cursor, decision, report })
    }

    /// Looks for what explains that the total is higher than what came. Records that come to light are kept and counted.
    async fn explain(&mut self, cursor: &mut PageCursor) -> Result<Option<Evidence>> {
        let (refresher, list) = (self.refresher, &self.list);
        let at = (cursor.records, cursor.count_after);
        let found = match self.looked.filter(|looked| looked.at == at && looked.is_lasting()) {
            Some(looked) => looked.found,
            None => refresher.evidence(&self.query, list, cursor).await?,
        };
        self.looked = Some(Looked { at, found });
        let records = refresher.mirror.seen(list)?;
        // What came late was between pages that seemed to join, and others may be: a list in order of its ids apart, where it
        // shows.
        let is_ascending = matches!(cursor.order, PageOrder::Ascending | PageOrder::Unknown);
        cursor.is_joined &= is_ascending || records == cursor.records;
        cursor.records = records;
        Ok(found)
    }

    /// Looks once more before a list is said to be whole, or to be no list.
    async fn look_again(
        &self,
        decision: ReadingDecision,
        cursor: &PageCursor,
        beyond: Option<Beyond>,
    ) -> Result<ReadingDecision> {
        let (refresher, query, list) = (self.refresher, &self.query, &self.list);
        let proofs = match decision {
            ReadingDecision::NotWhole(Doubt::Wall(Wall::Repeated))
                if refresher.ignores_paging(query, list, cursor).await? =>
            {
                vec![Proof::OnePage]
            }
            ReadingDecision::Whole(proofs) => proofs,
            decision => return Ok(decision),
        };
        if !is_worth_a_look(cursor) {
            return Ok(ReadingDecision::Whole(proofs));
        }
        let beyond = match beyond {
            Some(beyond) => beyond,
            None => refresher.look_behind(query, list, cursor).await?,
        };
        Ok(match refresher.with_its_end(query, list, cursor, proofs, beyond).await? {
            Ok(proofs) => ReadingDecision::Whole(proofs),
            Err(Doubt::NotGiven) => not_given(cursor, self.number),
            Err(doubt) => ReadingDecision::NotWhole(doubt),
        })
    }

    /// Gets ready for another reading, and says why there is one. Of a list that is in another order it is asked to be in that of
    /// creation.
    fn again(&mut self, cursor: &PageCursor) -> Result<()> {
        let Refresher { client, mirror, progress, .. } = self.refresher;
        let (label, records) = (self.refresher.label(&self.query), cursor.records);
        progress.say(&match cursor.count_after.filter(|count| *count > records) {
            Some(count) => t!("refresh.read_again", entity = label, count = count, read = records),
            None => t!("refresh.read_again_order", entity = label),
        });
        if cursor.order != PageOrder::Ascending && self.order != ReadOrder::OwnAlone {
            self.query = self.query.clone().in_order(client.service());
            self.order = ReadOrder::OfCreation;
        }
        self.before = Some(records);
        self.number += 1;
        self.told = cursor.told;
        self.list = mirror.begin_generation(&self.list, self.list.began.unwrap_or_default())?;
        Ok(())
    }
}

/// Whether a list may go on behind what came of it. A single page that is not full, or that a total confirms, is all there is,
/// unless every page is the same, or it is of a length that a service may have cut it at.
fn is_worth_a_look(cursor: &PageCursor) -> bool {
    let is_open = cursor.tail_gap == 0 && cursor.count_after != Some(cursor.records);
    let may_be_cut = cursor.records.is_multiple_of(SHORTEST_PAGES);
    cursor.records > 0 && (is_longer_than_a_page(cursor) || cursor.is_repeated || is_open || may_be_cut)
}

/// Whether as much came as a service gives that knows one page alone and counts no further.
fn is_a_full_page(cursor: &PageCursor) -> bool {
    cursor.gaining_pages == 1 && cursor.records.is_multiple_of(FULL_PAGE)
}

/// Whether more came of a list than a page has.
fn is_longer_than_a_page(cursor: &PageCursor) -> bool {
    cursor.gaining_pages > 1 || cursor.records > cursor.page_size
}

/// Whether the service counts more than it gave and nothing explains that yet, while its total stands still.
fn is_higher(cursor: &PageCursor) -> bool {
    cursor.count_after.is_some_and(|count| count > cursor.records)
        && cursor.count_before == cursor.count_after
        && cursor.wall != Some(Wall::Repeated)
        && (explained(cursor).is_none() || matches!(cursor.wall, Some(Wall::Unreadable(_))))
}
