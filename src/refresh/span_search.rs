//! The search for spans of the creation date whose counts differ from what is here: halves of those that differ, until they are
//! short enough to be read. A plain function of counts.

use super::spans::{Extent, Span};

/// Spans that may differ before everything is read: so many are no single deletions.
const MOST_SPANS: usize = 8;

/// How far a search has come.
#[derive(Debug)]
pub(super) struct SpanSearch {
    extent: Extent,
    /// Records of a span that is read and not divided.
    few: u64,
    open: Vec<Span>,
    differing: Vec<Span>,
}

impl SpanSearch {
    /// Begins with everything, as one span or several.
    pub(super) fn new(open: Vec<Span>, extent: Extent, few: u64) -> SpanSearch {
        SpanSearch { extent, few, open, differing: Vec::new() }
    }

    /// The next span to be counted.
    pub(super) fn next(&mut self) -> Option<Span> {
        self.open.pop()
    }

    /// Takes how many records of a span the service has and how many are here. False when too many differ.
    pub(super) fn take(&mut self, span: Span, count: u64, held: u64) -> bool {
        if count == held {
            return true;
        }
        match span.halves(self.extent, false) {
            Some(halves) if count.max(held) > self.few => self.open.extend(halves),
            _ => self.differing.push(span),
        }
        self.differing.len() + self.open.len() <= MOST_SPANS * 2 && self.differing.len() <= MOST_SPANS
    }

    /// The smallest spans worth reading whose counts differ; none where none does.
    pub(super) fn differing(self) -> Vec<Span> {
        self.differing
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::{Date, date};

    use super::super::pages;
    use super::super::whole_list::PAGES_OF_A_PART;
    use super::*;

    const FIRST: Date = date(2016, 11, 1);
    const DAYS: u64 = 3650;
    const TICKETS: u64 = 1_000_000;
    const PAGE: u64 = 100;

    /// Pages of so many records, as they are asked for.
    fn pages_of(records: u64) -> u64 {
        let (mut position, mut pages) = (0, 0);
        while position < records {
            position = pages::next(position, 1, PAGE).end();
            pages += 1;
        }
        // One more shows that nothing follows.
        pages + 1
    }

    /// Tickets of a span; they came evenly.
    fn count(span: Span) -> u64 {
        let day = |date: Date| u64::try_from(date.duration_since(FIRST).as_hours() / 24).unwrap_or(0).min(DAYS);
        let (from, to) = (span.from.map_or(0, |from| day(from.date())), span.to.map_or(DAYS, |to| day(to.date()) + 1));
        to.min(DAYS) * TICKETS / DAYS - from * TICKETS / DAYS
    }

    fn holds(span: Span, day: Date) -> bool {
        span.from.is_none_or(|from| from.date() <= day) && span.to.is_none_or(|to| day <= to.date())
    }

    /// A week of a long list: one ticket is gone for good, one in a hundred was changed, the usual number came.
    #[test]
    fn a_week_with_a_deletion_costs_at_most_three_of_a_hundred_requests_of_a_full_reading() {
        let extent = Extent { first: FIRST, last: FIRST.saturating_add((DAYS as i64 - 1).days()) };
        let full = pages_of(TICKETS);
        for number in 0..200 {
            let gone = FIRST.saturating_add((number * 18).days());
            let mut search = SpanSearch::new(vec![Span { from: None, to: None }], extent, PAGES_OF_A_PART * PAGE);
            let mut counts = 0;
            while let Some(span) = search.next() {
                counts += 1;
                let held = count(span);
                assert!(search.take(span, held - u64::from(holds(span, gone)), held));
            }
            let differing = search.differing();
            assert_eq!(differing.len(), 1);
            let read_again: u64 = differing.iter().map(|span| pages_of(count(*span))).sum();
            let changes = pages_of(TICKETS / 100) + pages_of(TICKETS / DAYS * 8);
            // The whole list is counted before and after, with and without what is marked as deleted.
            let requests = changes + counts + read_again + 4;
            assert!(
                requests * 100 <= full * 3,
                "{gone}: {requests} of {full}: {counts} counts, {read_again} pages again"
            );
        }
    }

    #[test]
    fn too_many_differences_are_no_single_deletions() {
        let extent = Extent { first: FIRST, last: FIRST.saturating_add((DAYS as i64 - 1).days()) };
        let mut search = SpanSearch::new(vec![Span { from: None, to: None }], extent, 1000);
        let mut is_few = true;
        while let Some(span) = search.next().filter(|_| is_few) {
            is_few = search.take(span, count(span) / 2, count(span));
        }
        assert!(!is_few);
    }
}
