//! Reads a list in spans of the creation date: where it is long, where the service gives no page beyond some record, and
//! where one reading could not be proved to be whole. Spans are halved by their counts; the counts of all of them must add
//! up to that of the whole list, or something has no date and lies in none.

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};
use serde_json::Value;

use super::decision::{Doubt, Proof, contradicts, is_far_below, is_round};
use super::list_query::ListQuery;
use super::pages::Page;
use super::readings::ReadQuery;
use super::refreshed_list::RefreshedList;
use super::refresher::Refresher;
use super::spans::{Extent, Span};
use super::whole_list::{PAGES_OF_A_PART, is_suspicious};
use crate::api::as_text;
use crate::error::{ErrorKind, Result};
use crate::mirror::{Key, List, PageCursor, Wall};
use crate::projection::{moment, service_time};
use crate::t;

/// Times the counts of parts are compared with the total while both may change.
const MOST_COMPARISONS: u32 = 3;
/// Spans are divided from this year on, or from the first record seen where that is older.
const FIRST_YEAR: i16 = 2010;

/// Records that may come or go while spans are counted.
const FEW: u64 = 10;
/// Spans that are counted before a division is given up, and more of them for each that is to be read.
const COUNTS_OF_A_DIVISION: u64 = 200;
const COUNTS_OF_A_SPAN: u64 = 40;
/// The beginning of a list.
const FIRST: Page = Page { number: 1, size: 10 };
/// The last second of a day.
const END_OF_DAY: Time = Time::constant(23, 59, 59, 0);

/// What came of reading in parts.
type Verdict = std::result::Result<Vec<Proof>, Doubt>;

/// What is divided, and how far.
struct Division<'q, 'a> {
    query: &'q ListQuery<'a>,
    list: &'q List,
    /// What the reading in one piece found out about the service's pages.
    hint: &'q PageCursor,
    extent: Extent,
    /// Records a part may have.
    limit: u64,
    has_times: bool,
    /// The service may give so many and no more, of any list: that many in a part may not be all of it.
    wall: Option<u64>,
}

impl Refresher<'_> {
    /// Reads a query in spans of the creation date. None when the service takes no notice of that filter, or has records
    /// that are in no span.
    pub(super) async fn read_in_parts(
        &self,
        query: &ListQuery<'_>,
        read: &ReadQuery,
        doubt: &Doubt,
        refreshed: &mut RefreshedList,
    ) -> Result<Option<Verdict>> {
        let hint = &read.cursor;
        let size = hint.page_size.max(1);
        let limit = match doubt {
            Doubt::Wall(_) | Doubt::RoundTotal | Doubt::NotGiven => match hint.records * 4 / 5 {
                // Where nothing came at all, nothing tells how far the service gives.
                0 => size,
                records => (PAGES_OF_A_PART * size).min(records),
            },
            _ => PAGES_OF_A_PART * size,
        };
        let has_times = query.endpoint.window.is_none();
        let extent = self.extent(query, &read.list)?;
        // Where a reading in parts is gone on with, why it began is not known any more.
        let is_walled = hint.is_finished && !matches!(doubt, Doubt::Missing | Doubt::Changing);
        let wall = is_walled.then_some(hint.records).filter(|records| *records > 0);
        let division = Division { query, list: &read.list, hint, extent, limit, has_times, wall };
        let mut parts = self.mirror.cursors(&read.list, 1)?;
        if parts.is_empty() {
            let spans = match is_walled && self.leaves_out_its_bounds(query, &read.list).await? {
                true => None,
                false => self.divide(&division, doubt).await?,
            };
            let Some(spans) = spans else {
                self.progress.say(&t!("refresh.not_divided", entity = self.label(query)));
                return Ok(None);
            };
            // A round total that the counts of parts confirm.
            if spans.is_empty() {
                return Ok(Some(Ok(vec![Proof::TotalAgrees, Proof::PartitionsAddUp])));
            }
            parts = self.note_parts(&read.list, spans)?;
        }
        self.progress.say(&t!("refresh.in_parts", entity = self.label(query), parts = parts.len()));
        if let Some(doubt) = self.read_parts(&division, refreshed).await? {
            return Ok(Some(Err(doubt)));
        }
        self.add_up(&division, refreshed).await
    }

    /// Whether a filter leaves out what was created in the very moment it is asked for: between two spans that follow each other
    /// something would be in none. One that finds nothing around that moment either tells nothing.
    async fn leaves_out_its_bounds(&self, query: &ListQuery<'_>, list: &List) -> Result<bool> {
        let [Some(first), ..] = self.mirror.moments(list)? else { return Ok(false) };
        let Some(moment) = moment::parse(&first).map(moment::Moment::begin) else { return Ok(false) };
        let (before, after) = (moment.saturating_sub(1.seconds()), moment.saturating_add(1.seconds()));
        let mut is_found = Vec::new();
        for span in [Span { from: Some(moment), to: Some(moment) }, Span { from: Some(before), to: Some(after) }] {
            let found = self.brief_page(&span.ask(query, self.client.service()), &PageCursor::default(), FIRST).await?;
            is_found.push(found.is_some_and(|records| !records.is_empty()));
        }
        Ok(is_found == [false, true])
    }

    /// Between which days there can be records.
    fn extent(&self, query: &ListQuery<'_>, list: &List) -> Result<Extent> {
        let member = query.entity.created.as_deref().unwrap_or_default();
        let first = self.mirror.after(list, &Key::first(), 1)?.records.pop();
        let first = first.and_then(|(_, body)| serde_json::from_slice::<Value>(&body).ok());
        let service = self.client.service();
        let first = first.and_then(|record| moment::read(&as_text(record.get(member)?), service));
        let first = first.map(moment::Moment::day);
        let today = service_time(self.now(), service).date();
        // Not the first record's day: what was taken over from elsewhere may be older than what has smaller ids.
        let first = first.unwrap_or(today).min(Date::constant(FIRST_YEAR, 1, 1));
        Ok(Extent { first, last: today.tomorrow().unwrap_or(today) })
    }

    /// The spans to read, each with few enough records as far as counts tell; none when the filter is not honoured, or does
    /// not find everything. Empty when a round total turns out to be all there is.
    async fn divide(&self, division: &Division<'_, '_>, doubt: &Doubt) -> Result<Option<Vec<Span>>> {
        let Division { query, extent, limit, .. } = *division;
        let service = self.client.service();
        let Some(whole) = Span::of(query, service) else { return Ok(None) };
        let Some([left, right]) = whole.halves(extent, division.has_times) else { return Ok(None) };
        let Some(total) = self.usable_total(division).await? else {
            return Ok(self.finds_nothing_in_the_future(division).await?.then_some(vec![left, right]));
        };
        let counts = (self.span_count(query, left).await?, self.span_count(query, right).await?);
        let (Some(left_count), Some(right_count)) = counts else { return Ok(None) };
        let sum = left_count + right_count;
        // A filter that is not honoured finds everything twice. Where a total is cut short, its halves have more.
        let is_ignored = left_count == total && right_count == total;
        let may_be_cut = is_round(total) || matches!(doubt, Doubt::NotGiven | Doubt::RoundTotal);
        let is_cut = may_be_cut && sum > total;
        let is_at_most = |count: u64| may_be_cut && (is_round(count) || count == total);
        if is_ignored && (!may_be_cut || !self.finds_nothing_in_the_future(division).await?) {
            return Ok(None);
        }
        if *doubt == Doubt::RoundTotal && sum == total {
            return Ok(Some(Vec::new()));
        }
        if !is_cut && !is_ignored && sum.abs_diff(total) > total / 50 + FEW {
            return Ok(None);
        }
        let mut open = vec![(right, right_count), (left, left_count)];
        let mut spans = Vec::new();
        let mut counted = 0;
        while let Some((span, count)) = open.pop() {
            self.stop.check()?;
            counted += 1;
            if counted > COUNTS_OF_A_DIVISION + total / limit.max(1) * COUNTS_OF_A_SPAN {
                return Ok(None);
            }
            match span.halves(extent, division.has_times) {
                Some([left, right]) if count > limit || is_at_most(count) => {
                    let left_count = self.span_count(query, left).await?.unwrap_or(count);
                    let right_count = self.span_count(query, right).await?.unwrap_or(count);
                    // Of a filter that is honoured at one end only the halves have more than both of them together.
                    let is_one_sided = left_count + right_count > count + count / 50 + FEW;
                    if is_one_sided && !is_at_most(count) && left.to.map(DateTime::time) == Some(END_OF_DAY) {
                        return Ok(None);
                    }
                    // Half of a day that has all of the day: times are not honoured. Where a total is cut short, halves have it, too.
                    let is_one = left_count == count && right_count == count && count > 0;
                    let is_undivided = match is_one && is_at_most(count) {
                        true => span.is_within_a_day() && !self.are_different(division, [left, right]).await?,
                        false => true,
                    };
                    if is_one && is_undivided {
                        spans.push(span);
                    } else {
                        open.push((right, right_count));
                        open.push((left, left_count));
                    }
                }
                _ if count == 0 => {}
                _ => spans.push(span),
            }
        }
        Ok(Some(spans))
    }

    /// The total of the whole list; none where it is not one that spans can be compared with.
    async fn usable_total(&self, division: &Division<'_, '_>) -> Result<Option<u64>> {
        let total = self.live_count(division.query).await?;
        Ok(total.filter(|_| !contradicts(division.hint, division.hint.records)))
    }

    pub(super) async fn span_count(&self, query: &ListQuery<'_>, span: Span) -> Result<Option<u64>> {
        match self.live_count(&span.ask(query, self.client.service())).await {
            // A list whose filter is refused is not divided.
            Err(error) if error.kind() == ErrorKind::CannotRun => Ok(None),
            count => count,
        }
    }

    /// Whether the filter is honoured where there are no counts to tell it: nothing was created in days to come.
    async fn finds_nothing_in_the_future(&self, division: &Division<'_, '_>) -> Result<bool> {
        let from = division.extent.last.saturating_add(jiff::Span::new().days(7)).at(0, 0, 0, 0);
        let span = Span { from: Some(from), to: None };
        let query = span.ask(division.query, self.client.service());
        let page = Page { number: if division.hint.is_from_zero { 0 } else { 1 }, size: 1 };
        let url = query.address(self.client.target(), self.client.service(), Some(page));
        match self.ask(url).await? {
            Ok(answer) => Ok(self.keys(&query, &answer).is_empty()),
            Err(_) => Ok(false),
        }
    }

    /// Notes the parts to be read, so that a later command goes on with the same ones.
    fn note_parts(&self, list: &List, spans: Vec<Span>) -> Result<Vec<PageCursor>> {
        self.mirror.together(|| {
            let mut parts = Vec::new();
            for (number, span) in (1..).zip(spans) {
                let part = PageCursor { number, filter: span.name(), ..PageCursor::default() };
                self.mirror.put_cursor(list, &part)?;
                parts.push(part);
            }
            Ok(parts)
        })
    }

    /// Reads all parts that are not read yet. Tells why one cannot be proved to be whole.
    async fn read_parts(&self, division: &Division<'_, '_>, refreshed: &mut RefreshedList) -> Result<Option<Doubt>> {
        loop {
            let parts = self.mirror.cursors(division.list, 1)?;
            let Some(part) = parts.iter().find(|part| !part.is_finished) else { return Ok(None) };
            let Some(span) = Span::of_name(&part.filter) else { return Ok(Some(Doubt::Missing)) };
            let read = self.read_part(division, part, span, refreshed).await?;
            let doubt = match read.verdict {
                Ok(_) => continue,
                Err(doubt) => doubt,
            };
            let is_wall = matches!(doubt, Doubt::Wall(_) | Doubt::RoundTotal | Doubt::NotGiven)
                // Where pages fail that counts have made few, fewer would fail, too.
                && !matches!(doubt, Doubt::Wall(Wall::Unreadable(_) | Wall::Failing(_)));
            let halves = span.halves(division.extent, division.has_times).filter(|_| is_wall);
            let is_divided = match halves {
                // What gives nothing at all is no more than the service gives.
                Some(_) if read.cursor.records == 0 => false,
                Some(halves) => !span.is_within_a_day() || self.are_different(division, halves).await?,
                None => false,
            };
            if !is_divided {
                // What came of it is as good as the rest of an incomplete list.
                let has_records = read.cursor.records > 0;
                self.mirror.together(|| self.mirror.move_into(&read.list, division.list))?;
                return Ok(Some(match is_wall && has_records {
                    true => Doubt::Undivided(span),
                    false if is_wall => Doubt::Missing,
                    false => doubt,
                }));
            }
            self.mirror.forget(&read.list)?;
            match halves {
                Some([left, right]) => {
                    let last = parts.last().map_or(1, |part| part.number);
                    self.mirror.together(|| {
                        let left = PageCursor { number: part.number, filter: left.name(), ..PageCursor::default() };
                        self.mirror.put_cursor(division.list, &left)?;
                        let right = PageCursor { number: last + 1, filter: right.name(), ..PageCursor::default() };
                        self.mirror.put_cursor(division.list, &right)
                    })?;
                }
                None => return Ok(Some(doubt)),
            }
        }
    }

    /// Whether two halves of a day begin with different records: where times are not honoured both are the whole day.
    async fn are_different(&self, division: &Division<'_, '_>, halves: [Span; 2]) -> Result<bool> {
        let mut firsts = Vec::new();
        for half in halves {
            let (_, first) = self.glance(&half.ask(division.query, self.client.service())).await?;
            firsts.push(first.map(|(key, _)| key));
        }
        Ok(firsts[0].is_none() || firsts[0] != firsts[1])
    }

    /// Reads one part into a list of its own, and moves it into the whole one when it is whole itself.
    async fn read_part(
        &self,
        division: &Division<'_, '_>,
        part: &PageCursor,
        span: Span,
        refreshed: &mut RefreshedList,
    ) -> Result<ReadQuery> {
        let query = span.ask(division.query, self.client.service());
        let mut list = self.mirror.list(&query.entity.name, &query.text(self.client.service()))?;
        if list.began.is_none() || division.list.began > list.began {
            list = self.mirror.begin_generation(&list, division.list.began.unwrap_or_default())?;
        }
        let mut read = self.read_query(&query, list, division.hint, None, refreshed).await?;
        let is_same_total = read.cursor.count_after.is_some() && division.hint.count_after == read.cursor.count_after;
        if is_same_total && read.verdict.as_ref().is_ok_and(|proofs| is_suspicious(&read.cursor, proofs)) {
            read.verdict = Err(Doubt::RoundTotal);
        }
        // A total that goes on behind the wall is one of everything.
        let is_counted = division.hint.count_after > Some(division.hint.records)
            && read.cursor.count_after == Some(read.cursor.records);
        let is_at_wall = division.wall.is_some_and(|wall| read.cursor.records + read.cursor.page_size > wall);
        if is_at_wall && !is_counted && read.verdict.as_ref().is_ok_and(|proofs| !proofs.contains(&Proof::OtherEndRead))
        {
            read.verdict = Err(Doubt::RoundTotal);
        }
        if read.verdict.is_ok() {
            self.mirror.together(|| {
                self.mirror.move_into(&read.list, division.list)?;
                let done = PageCursor {
                    number: part.number,
                    filter: part.filter.clone(),
                    last_keys: Vec::new(),
                    is_finished: true,
                    ..read.cursor.clone()
                };
                self.mirror.put_cursor(division.list, &done)
            })?;
        }
        Ok(read)
    }

    /// Compares the counts of all parts with that of the whole list; a part whose count has changed since it was read is read
    /// once more.
    async fn add_up(&self, division: &Division<'_, '_>, refreshed: &mut RefreshedList) -> Result<Option<Verdict>> {
        let Division { query, list, hint, .. } = *division;
        for _ in 0..MOST_COMPARISONS {
            let parts = self.mirror.cursors(list, 1)?;
            let sum: u64 = parts.iter().map(|part| part.count_after.unwrap_or(part.records)).sum();
            let total = self.usable_total(division).await?;
            let seen = self.mirror.seen(list)?;
            // A total that stays below what came says how far the service counts.
            let is_cut = total.is_some_and(|total| hint.count_after == Some(total) && seen > total);
            // One that was told before, of more than what came, is not gone because the service has fallen silent about it.
            let is_silent = total.is_none() && !contradicts(hint, hint.records) && hint.count_after > Some(seen);
            // Two machines of the service, one of which lacks many records, may have told each count.
            let lacks_many = hint.told.highest.is_some_and(|highest| is_far_below(seen, highest));
            if hint.told.is_returning && lacks_many {
                return Ok(Some(Err(Doubt::Changing)));
            }
            if is_silent {
                return Ok(Some(Err(Doubt::Missing)));
            }
            let Some(total) = total.filter(|_| !is_cut) else {
                // There is no total to compare with. Where no record seen is without a date, none is taken to be.
                return Ok(Some(match self.mirror.undated(list)? {
                    0 => Ok(vec![Proof::PartitionsWhole]),
                    _ if is_cut => Err(Doubt::RoundTotal),
                    _ => Err(Doubt::Missing),
                }));
            };
            // A record that came with two parts was moved from one to the other, and one that was moved the other way may be missing.
            let is_moved = parts.iter().map(|part| part.records).sum::<u64>() > seen;
            if seen == total || sum == total && !is_moved {
                return Ok(Some(Ok(vec![Proof::PartitionsAddUp])));
            }
            let mut is_changed = false;
            for part in parts.iter().rev() {
                let Some(span) = Span::of_name(&part.filter) else { continue };
                if is_moved || self.span_count(query, span).await? != part.count_after {
                    is_changed = true;
                    let (number, filter) = (part.number, part.filter.clone());
                    self.mirror.put_cursor(list, &PageCursor { number, filter, ..PageCursor::default() })?;
                }
            }
            if !is_changed {
                break;
            }
            // One that has grown meanwhile may have to be divided.
            if let Some(doubt) = self.read_parts(division, refreshed).await? {
                return Ok(Some(Err(doubt)));
            }
        }
        let parts = self.mirror.cursors(list, 1)?;
        let sum: u64 = parts.iter().map(|part| part.count_after.unwrap_or(part.records)).sum();
        let seen = self.mirror.seen(list)?;
        match hint.wall.is_some() {
            // Records without a date are in no span, and lie beyond what is given without one.
            true => Ok(Some(Err(Doubt::Undated(sum.max(seen))))),
            false => {
                self.mirror.forget_cursors(list, 1)?;
                Ok(None)
            }
        }
    }
}
