//! What a page means for the reading of a list. Plain functions of the page and of how far the reading has come.

use super::pages::{self, Page};
use crate::mirror::{Key, PageCursor, PageOrder};

/// Pages in a row without anything new that end a list when neither total nor address says so.
const PAGES_BEYOND: u32 = 2;
/// Pages in a row without anything new after which it is looked whether anything comes at all.
const PAGES_BEFORE_PROBE: u32 = 3;
/// The same where only the address of the next page says that there is more: it leads on page by page.
const PAGES_BEFORE_PROBE_WITHOUT_TOTAL: u32 = 30;
/// Pages that are looked at one after the other rather than here and there.
const FEW_PAGES: u64 = 10;

/// What a page means for the reading.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PageStep {
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

/// A page that came, beside what came before it.
#[derive(Debug)]
pub(super) struct Arrival {
    page: Page,
    /// Records in it.
    length: u64,
    /// Nothing is known of the size of pages yet.
    is_first: bool,
    /// Nothing can lie between it and the page before.
    is_joined: bool,
    /// It gets beyond what came.
    gains: bool,
    /// It begins among places that were asked for, and the page before brought something.
    starts_inside: bool,
    /// The page before said that none follows.
    was_last: bool,
}

impl Arrival {
    /// A page with the records of these keys.
    pub(super) fn new(cursor: &PageCursor, page: Page, keys: &[Key]) -> Arrival {
        let last_keys: Vec<Key> = cursor.last_keys.iter().map(|id| Key::of(id)).collect();
        Arrival {
            page,
            length: keys.len() as u64,
            is_first: cursor.page_size == 0,
            is_joined: page.start() == 0 || pages::joins(&last_keys, keys),
            gains: pages::gains(&last_keys, keys),
            starts_inside: page.start() > 0 && page.start() < cursor.position && cursor.beyond == 0,
            was_last: cursor.has_next == Some(false) && cursor.gaining_pages > 0,
        }
    }

    /// What has to be done instead of keeping it; none where it is to be kept.
    pub(super) fn instead_of_keeping(&self, cursor: &mut PageCursor) -> Option<PageStep> {
        let Arrival { page, length, is_joined, gains, starts_inside, .. } = *self;
        if length == 0 {
            return Some(match starts_inside && page.start() < cursor.reached {
                true => PageStep::Doubted(page),
                false => pass_over(cursor, page),
            });
        }
        let is_behind_short_first = cursor.gaining_pages == 1 && cursor.reached < cursor.page_size && page.start() > 0;
        if is_behind_short_first && !cursor.is_fixed && !is_joined {
            // The first page was not full and not the last one either: the service caps its pages.
            *cursor = anew(cursor, cursor.reached, false);
            return Some(PageStep::PlanAnew);
        }
        if !is_joined && starts_inside {
            return Some(PageStep::BeginEarlier);
        }
        if gains && self.was_last {
            // What is said of the next page is the same on every page.
            cursor.is_next_wrong = true;
            cursor.has_next = None;
        }
        if gains && self.is_first && length < page.size && page.start() > 0 {
            // The first pages were empty and this one is not full: how many records they had room for is not known before.
            cursor.page_size = length;
            cursor.position = 0;
            cursor.beyond = 0;
            cursor.until = page.end();
            return Some(PageStep::PlanAnew);
        }
        if gains && cursor.beyond > 0 && !is_joined && !cursor.is_fixed && cursor.until < page.end() {
            // Something lies beyond pages that brought nothing: they are asked for once more, before it is called a gap.
            cursor.until = page.end();
            cursor.position = cursor.reached;
            cursor.beyond = 0;
            cursor.open_gaps = 0;
            return Some(PageStep::LookInto(page.start()));
        }
        None
    }

    /// Notes how far the reading has come with it.
    pub(super) fn note(&self, cursor: &mut PageCursor, keys: &[Key]) {
        let Arrival { page, length, is_first, is_joined, gains, .. } = *self;
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
        let is_capped = is_first && length < page.size && cursor.count_after != Some(length);
        cursor.tail_gap = if is_capped { 0 } else { page.size.saturating_sub(length) };
        cursor.position = if is_capped { cursor.reached } else { page.end() };
        if is_first {
            cursor.page_size = if is_capped { length } else { page.size };
        }
    }

    /// What to do once it is kept.
    pub(super) fn next_step(&self, cursor: &PageCursor) -> PageStep {
        match (self.length < self.page.size, self.is_first) {
            (true, _) => after_short_page(cursor, self.is_first),
            (false, true) => PageStep::PlanAnew,
            (false, false) if self.gains || self.page.end() <= cursor.reached => PageStep::Continue,
            (false, false) if agrees(cursor) => PageStep::Finished,
            (false, false) => PageStep::NothingNew,
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
        is_total_wrong: cursor.is_total_wrong,
        told: cursor.told,
        records: cursor.records,
        pages: cursor.pages,
        ..PageCursor::default()
    }
}

/// Goes beyond an empty page.
pub(super) fn pass_over(cursor: &mut PageCursor, page: Page) -> PageStep {
    cursor.pages += 1;
    cursor.beyond += 1;
    cursor.open_gaps += page.size;
    cursor.position = cursor.position.max(page.end());
    after_short_page(cursor, false)
}

/// Whether the service's total is what was read.
pub(super) fn agrees(cursor: &PageCursor) -> bool {
    cursor.count_after == Some(cursor.records)
}

/// Whether the service says that it has more than was read.
pub(super) fn expects_more(cursor: &PageCursor) -> bool {
    cursor.has_next == Some(true) || cursor.count_after.is_some_and(|count| count > cursor.records)
}

/// Whether the service's total moved: that it agrees with what came may be chance.
pub(super) fn is_unsteady(cursor: &PageCursor) -> bool {
    cursor.count_before.zip(cursor.count_after).is_some_and(|(before, after)| before != after)
}

/// What to do after a page that was not full.
fn after_short_page(cursor: &PageCursor, is_first: bool) -> PageStep {
    if cursor.position < cursor.until {
        return if is_first { PageStep::PlanAnew } else { PageStep::Continue };
    }
    if agrees(cursor) {
        return match cursor.has_next {
            Some(false) => PageStep::Finished,
            None if is_unsteady(cursor) => PageStep::Probe,
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

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: u64 = 4;

    fn keys(ids: std::ops::RangeInclusive<u64>) -> Vec<Key> {
        ids.map(|id| Key::of(&id.to_string())).collect()
    }

    /// Takes pages of these ids as a reading would, each as long as asked for or shorter, and tells what the last one means.
    fn take(cursor: &mut PageCursor, pages: &[(u64, std::ops::RangeInclusive<u64>)]) -> PageStep {
        let mut step = PageStep::Continue;
        for (number, ids) in pages {
            let keys = keys(ids.clone());
            let arrival = Arrival::new(cursor, Page { number: *number, size: SIZE }, &keys);
            step = match arrival.instead_of_keeping(cursor) {
                Some(step) => step,
                None => {
                    arrival.note(cursor, &keys);
                    cursor.records += keys.len() as u64;
                    arrival.next_step(cursor)
                }
            };
        }
        step
    }

    fn beginning() -> PageCursor {
        PageCursor { is_joined: true, ..PageCursor::default() }
    }

    #[test]
    fn full_pages_lead_on_and_a_short_one_ends_where_the_total_agrees() {
        let mut cursor = PageCursor { count_before: Some(6), count_after: Some(6), ..beginning() };
        assert_eq!(take(&mut cursor, &[(1, 1..=4)]), PageStep::PlanAnew);
        assert_eq!((cursor.page_size, cursor.reached, cursor.position), (4, 4, 4));
        assert_eq!(take(&mut cursor, &[(2, 5..=6)]), PageStep::Finished);
        assert_eq!((cursor.reached, cursor.tail_gap, cursor.records), (6, 2, 6));
    }

    #[test]
    fn a_total_that_moved_is_looked_behind() {
        let mut cursor = PageCursor { count_before: Some(7), count_after: Some(6), ..beginning() };
        assert_eq!(take(&mut cursor, &[(1, 1..=4), (2, 5..=6)]), PageStep::Probe);
    }

    #[test]
    fn a_page_that_does_not_join_is_asked_for_from_earlier_on() {
        let mut cursor = beginning();
        take(&mut cursor, &[(1, 1..=4)]);
        cursor.position = 6;
        assert_eq!(take(&mut cursor, &[(2, 6..=9)]), PageStep::BeginEarlier);
        assert_eq!(cursor.records, 4);
    }

    #[test]
    fn an_empty_page_inside_what_came_is_doubted_and_one_behind_it_passed_over() {
        let mut cursor = beginning();
        take(&mut cursor, &[(1, 1..=4), (2, 5..=8)]);
        cursor.position = 12;
        let empty = Page { number: 2, size: SIZE };
        assert_eq!(Arrival::new(&cursor, empty, &[]).instead_of_keeping(&mut cursor), Some(PageStep::Doubted(empty)));
        cursor.position = 8;
        let behind = Page { number: 3, size: SIZE };
        assert_eq!(Arrival::new(&cursor, behind, &[]).instead_of_keeping(&mut cursor), Some(PageStep::PlanAnew));
        assert_eq!((cursor.beyond, cursor.open_gaps), (1, 4));
    }

    #[test]
    fn what_lies_beyond_empty_pages_has_them_looked_into_once() {
        let mut cursor = PageCursor { count_after: Some(20), ..beginning() };
        take(&mut cursor, &[(1, 1..=4)]);
        let empty = Page { number: 2, size: SIZE };
        Arrival::new(&cursor, empty, &[]).instead_of_keeping(&mut cursor);
        assert_eq!(take(&mut cursor, &[(3, 9..=12)]), PageStep::LookInto(8));
        Arrival::new(&cursor, empty, &[]).instead_of_keeping(&mut cursor);
        assert_eq!(take(&mut cursor, &[(3, 9..=12)]), PageStep::Continue);
        assert!(!cursor.is_joined);
        assert_eq!(cursor.gaps, 4);
    }

    #[test]
    fn a_service_that_caps_its_pages_is_read_by_pages_of_that_size() {
        let mut cursor = PageCursor { count_after: Some(9), ..beginning() };
        assert_eq!(take(&mut cursor, &[(1, 1..=3)]), PageStep::PlanAnew);
        assert_eq!((cursor.page_size, cursor.position, cursor.tail_gap), (3, 3, 0));
    }

    #[test]
    fn records_behind_a_last_page_show_that_its_word_means_nothing() {
        let mut cursor = PageCursor { has_next: Some(false), ..beginning() };
        take(&mut cursor, &[(1, 1..=4), (2, 5..=8)]);
        assert!(cursor.is_next_wrong);
        assert_eq!(cursor.has_next, None);
    }
}
