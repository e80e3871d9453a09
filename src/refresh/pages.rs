//! Which page to ask for next, and what a page proves. Plain functions.
//!
//! A list is asked for by page number and page size, so a record that vanishes between two requests moves every later one
//! forward, over a border that was just read, and is never seen. Totals do not tell: a record that is added
//! balances one that is deleted. So pages are asked for so that each **overlaps** the one before it: the sizes are varied
//! (`per_page` 100, then 99, …) until a page begins at or before the last record read. Every page is complete in itself
//! between its first and its last record, at the moment it was answered; when pages overlap there is nothing between
//! them, and a record that was there throughout is in one of them. That costs about one page in ten.

use crate::mirror::Key;

/// One page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// Its number, from 1.
    pub number: u64,
    /// How many records a page has.
    pub size: u64,
}

impl Page {
    /// Records before it.
    pub fn start(self) -> u64 {
        (self.number - 1) * self.size
    }

    /// Records up to its end, when it is full.
    pub fn end(self) -> u64 {
        self.number * self.size
    }
}

/// Page sizes below this have borders that no page crosses. Sizes up to twelve have some far into a list, where the pages
/// follow each other and totals have to prove the rest; from thirteen on none was found.
const SMALLEST_FOR_OVERLAP: u64 = 5;

/// The page that begins at least `overlap` records before `position` and reaches farthest beyond it, of at most `largest`
/// records. Where pages cannot overlap, the one that begins at `position` or last before it.
pub(super) fn next(position: u64, overlap: u64, largest: u64) -> Page {
    let largest = largest.max(1);
    let anchor = position.saturating_sub(overlap.max(1));
    // Without a page that overlaps, the one that follows; where one has to begin earlier, that goes first.
    let plain = Page { number: if overlap > 1 { anchor } else { position } / largest + 1, size: largest };
    if position == 0 || largest < SMALLEST_FOR_OVERLAP {
        return plain;
    }
    let sizes = || largest / 2 + 1..=largest;
    // A border that every size has could not be crossed from there.
    let is_dead_end = |end: u64| sizes().all(|size| end.is_multiple_of(size));
    sizes()
        .map(|size| Page { number: anchor / size + 1, size })
        .filter(|page| page.end() > position && !is_dead_end(page.end()))
        .max_by_key(|page| (page.end(), page.size))
        .unwrap_or(plain)
}

/// Whether nothing can lie between a page and the one before it. Without an order only the last record of the page before
/// proves it, when nothing but records of that page, in their order, stands above it: that both hold some record may be chance.
pub(super) fn joins(last_keys: &[Key], page: &[Key]) -> bool {
    let (Some(last), Some(first)) = (last_keys.last(), page.first()) else {
        return false;
    };
    if last_keys.is_sorted() && page.is_sorted() {
        return first <= last;
    }
    let Some(border) = page.iter().position(|key| key == last) else { return false };
    let mut before = last_keys.iter();
    page[..border].iter().all(|key| before.any(|other| other == key))
}

/// Whether a page gets beyond the ones before it.
pub(super) fn gains(last_keys: &[Key], page: &[Key]) -> bool {
    match (last_keys.last(), page.last()) {
        (Some(last), Some(page_last)) if last_keys.is_sorted() && page.is_sorted() => page_last > last,
        _ => page.iter().any(|key| !last_keys.contains(key)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pages_overlap_and_get_on(largest in 13u64..=120, steps in 1usize..300) {
            let mut position = largest;
            for _ in 0..steps {
                let page = next(position, 1, largest);
                prop_assert!(page.start() < position, "{page:?} at {position}");
                prop_assert!(page.end() > position, "{page:?} at {position}");
                prop_assert!(page.size <= largest);
                position = page.end();
            }
        }

        #[test]
        fn a_wider_overlap_begins_earlier(position in 100u64..100_000, overlap in 1u64..100) {
            prop_assert!(next(position, overlap, 100).start() <= position - overlap);
        }
    }

    #[test]
    fn the_price_of_overlap_is_about_a_tenth() {
        let mut position = 0;
        let mut pages = 0;
        while position < 100_000 {
            position = next(position, 1, 100).end();
            pages += 1;
        }
        assert!((1000..1150).contains(&pages), "{pages}");
    }

    #[test]
    fn pages_too_small_to_overlap_follow_each_other() {
        assert_eq!(next(0, 1, 3), Page { number: 1, size: 3 });
        assert_eq!(next(3, 1, 3), Page { number: 2, size: 3 });
        assert_eq!(next(7, 1, 1), Page { number: 8, size: 1 });
    }

    #[test]
    fn a_page_joins_when_it_begins_inside_the_one_before() {
        let keys = |ids: &[&str]| ids.iter().map(|id| Key::of(id)).collect::<Vec<_>>();
        assert!(joins(&keys(&["1", "2", "3"]), &keys(&["3", "4"])));
        // The record at the border is gone, but the page still begins before it.
        assert!(joins(&keys(&["1", "2", "5"]), &keys(&["4", "6"])));
        assert!(!joins(&keys(&["1", "2", "3"]), &keys(&["4", "5"])));
        // Without an order only the last record of the page before proves it.
        assert!(joins(&keys(&["9", "2", "5"]), &keys(&["5", "1"])));
        assert!(!joins(&keys(&["9", "2", "5"]), &keys(&["4", "1"])));
        assert!(joins(&keys(&["9", "2", "7", "5"]), &keys(&["2", "5", "1"])));
        // Both hold a record by chance.
        assert!(!joins(&keys(&["9", "2", "5"]), &keys(&["2", "1"])));
        assert!(!joins(&keys(&["9", "2", "5"]), &keys(&["2", "1", "5"])));
    }
}
