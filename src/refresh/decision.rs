//! What a list that was read to its end is worth: whether it is whole, and by which proof, or has to be read again. Plain
//! functions.

use super::beyond::Beyond;
use super::spans::Span;
use crate::mirror::{PageCursor, PageOrder, Wall};

/// Times a list is read before it is said to change too fast.
const MOST_READINGS: u32 = 3;
/// Times it is read while only the total says that a few records are missing: they may have come back behind the reader.
const MOST_READINGS_FOR_TOTAL: u32 = 6;

/// The smallest of the round numbers at which services stop counting.
const FEWEST_AT_A_WALL: u64 = 500;

/// Records that may be deleted while a short list is read.
const SLACK: u64 = 10;

/// What proves that a list is whole, for scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// It came in one answer.
    OnePage,
    /// Every page was seen to join the one before it.
    PagesJoined,
    /// Two readings in a row brought the same records.
    ReadTwiceAlike,
    /// The service's total is what was read.
    TotalAgrees,
    /// The service's total is what was read without those that are marked as deleted.
    TotalAgreesWithoutDeleted,
    /// What the total has more falls in pages that came back short.
    ShortPagesExplainTotal,
    /// What the total has more is deleted: without deleted records it is what was read.
    TotalCountsDeleted,
    /// What the total has more is deleted, or may not be seen by this login: each of those records says so itself.
    IdsExplainTotal,
    /// The service said that no page follows, and none did.
    NoPageFollows,
    /// Pages beyond the last record were empty.
    NothingBeyond,
    /// Its newest records, asked for first or by their date, are among those that came.
    OtherEndRead,
    /// No record has one of the ids that follow the last one.
    NoIdsFollow,
    /// The counts of all partitions add up to the service's total.
    PartitionsAddUp,
    /// Every partition is whole; there is no total to compare them with.
    PartitionsWhole,
}

/// What to do with a list that was read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReadingDecision {
    /// It is whole.
    Whole(Vec<Proof>),
    /// It may not be whole.
    ReadAgain,
    /// It is not whole, or cannot be proved to be.
    NotWhole(Doubt),
}

/// Why a list cannot be said to be whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The service gives no more.
    Wall(Wall),
    /// A record that is there is not among those that the list gives.
    NotGiven,
    /// Most of what was there before did not come, and the record of this id is there.
    Vanished(String),
    /// The service's total is higher than what came.
    Missing,
    /// No two readings are alike.
    Changing,
    /// It is longer than what is read in one part.
    TooLong,
    /// The total is a round number, as of a service that counts no further.
    RoundTotal,
    /// A single span of the creation date, which cannot be divided, is more than the service gives.
    Undivided(Span),
    /// The spans of the creation date have fewer records than there are.
    Undated(u64),
}

/// One reading of a list.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reading<'a> {
    /// How far it came and what its pages proved.
    pub cursor: &'a PageCursor,
    /// Records that came, each counted once.
    pub records: u64,
    /// How many of them are marked as deleted.
    pub deleted: u64,
    /// The reading before brought the same records.
    pub is_alike: bool,
    /// The two readings before did.
    pub is_alike_twice: bool,
    /// Which one it is, from 1.
    pub number: u32,
    /// What explains that the total is higher than what came.
    pub evidence: Option<Proof>,
    /// What lies behind the last record, where that was looked for.
    pub beyond: Beyond,
}

/// Decides on a reading that lacks a record which is there. In a list that changes it may have come back, and gone, since: another
/// reading tells.
pub(super) fn not_given(cursor: &PageCursor, number: u32) -> ReadingDecision {
    let is_moving = cursor.told.is_returning || cursor.count_before != cursor.count_after;
    match is_moving && number < MOST_READINGS_FOR_TOTAL {
        true => ReadingDecision::ReadAgain,
        false => ReadingDecision::NotWhole(Doubt::NotGiven),
    }
}

/// Decides on a reading.
pub(super) fn decide(reading: Reading<'_>) -> ReadingDecision {
    let Reading { cursor, records, is_alike, is_alike_twice, number, .. } = reading;
    let again = |doubt, most| match number < most {
        true => ReadingDecision::ReadAgain,
        false => ReadingDecision::NotWhole(doubt),
    };
    let Some(end) = end_proof(reading) else {
        return match &cursor.wall {
            None if reading.beyond == Beyond::Something => not_given(cursor, number),
            // Where nothing tells how many there are, another reading would end there again, seen or not.
            Some(Wall::Empty) if is_withheld_uncounted(cursor, records) => {
                ReadingDecision::NotWhole(Doubt::Wall(Wall::Empty))
            }
            Some(Wall::Empty) | None if is_alike => ReadingDecision::NotWhole(Doubt::Missing),
            Some(wall) if *wall != Wall::Empty || missing(cursor, records) > cursor.page_size => {
                ReadingDecision::NotWhole(Doubt::Wall(wall.clone()))
            }
            _ => again(Doubt::Missing, MOST_READINGS_FOR_TOTAL),
        };
    };
    let is_still = cursor.count_before == cursor.count_after && end == Proof::TotalAgrees;
    let order_holds = match cursor.order {
        PageOrder::Ascending | PageOrder::Unknown => true,
        // What changes may move to the front of such a list, and stays unseen where nothing is added up.
        PageOrder::Descending => is_still,
        PageOrder::Other => false,
    };
    if cursor.gaining_pages <= 1 {
        return ReadingDecision::Whole(vec![Proof::OnePage, end]);
    }
    if cursor.is_joined && order_holds {
        return ReadingDecision::Whole(vec![Proof::PagesJoined, end]);
    }
    // The borders between pages are unproven: readings that are alike have to do. Where no total says how many there are, two
    // may be so by chance.
    let is_counted = !matches!(end, Proof::NothingBeyond | Proof::NoPageFollows);
    if is_alike && (is_counted || cursor.is_joined || is_alike_twice) {
        return ReadingDecision::Whole(vec![Proof::ReadTwiceAlike, end]);
    }
    again(Doubt::Changing, MOST_READINGS)
}

/// What proves that nothing lies beyond the last record.
fn end_proof(reading: Reading<'_>) -> Option<Proof> {
    let Reading { cursor, records, deleted, evidence, beyond, .. } = reading;
    match cursor.count_after {
        // What was counted and did not come may be there still: a login may have lost rights meanwhile.
        _ if has_fallen(cursor, records) => None,
        Some(count) if count == records => Some(Proof::TotalAgrees),
        Some(count) if deleted > 0 && count + deleted == records => Some(Proof::TotalAgreesWithoutDeleted),
        // A place that fails is no place of a record that may not be seen.
        Some(count) if count > records && matches!(cursor.wall, Some(Wall::Unreadable(_))) => {
            evidence.filter(|proof| *proof != Proof::ShortPagesExplainTotal)
        }
        Some(count) if count > records => evidence.or(explained(cursor).map(|_| Proof::ShortPagesExplainTotal)),
        _ if is_withheld_uncounted(cursor, records) && beyond == Beyond::Nothing => Some(Proof::OtherEndRead),
        _ if matches!(cursor.wall, Some(Wall::Empty | Wall::Repeated | Wall::Unreadable(_)))
            || cursor.has_next == Some(true) =>
        {
            None
        }
        _ if beyond == Beyond::Nothing && cursor.order != PageOrder::Other => Some(Proof::OtherEndRead),
        // A page beyond the end may be refused; that it is refused is no end.
        _ if cursor.has_next == Some(false) && (cursor.wall.is_none() || cursor.tail_gap > 0) => {
            Some(Proof::NoPageFollows)
        }
        _ if cursor.wall.is_some() || contradicts(cursor, records) => None,
        _ => Some(Proof::NothingBeyond),
    }
}

/// Whether pages come empty that should not, and no total tells how much there is.
fn is_withheld_uncounted(cursor: &PageCursor, records: u64) -> bool {
    cursor.is_withheld && cursor.wall == Some(Wall::Empty) && is_uncounted(cursor, records)
}

/// Whether there is no total, or one that is of something else: however much is deleted meanwhile, it is not half of a list.
pub(super) fn is_uncounted(cursor: &PageCursor, records: u64) -> bool {
    cursor.count_after.is_none_or(|count| count * 2 < records)
}

/// Whether the service's total is so far below what came that it is none: that of a page, or how many pages there are. What is
/// deleted while a list is read makes no such difference.
pub(super) fn contradicts(cursor: &PageCursor, records: u64) -> bool {
    cursor.count_after.is_some_and(|count| is_far_below(count, records))
}

/// Whether the service counted more than came, and far less than that at the end: that is not what a few people delete meanwhile.
fn has_fallen(cursor: &PageCursor, records: u64) -> bool {
    let fallen = cursor.count_before.zip(cursor.count_after).is_some_and(|(before, after)| is_far_below(after, before));
    cursor.count_before > Some(records) && fallen
}

/// Whether so many records are far fewer than there were.
pub(super) fn is_far_below(records: u64, before: u64) -> bool {
    records + SLACK + before / 50 < before
}

/// How many records the service's total has beyond those that came.
pub(super) fn missing(cursor: &PageCursor, records: u64) -> u64 {
    cursor.count_after.unwrap_or(0).saturating_sub(records)
}

/// How many records of the service's total fall in pages that came back short, when those are all that did not come and
/// the last page that brought something reaches up to the total: records that this login may not see.
pub(super) fn explained(cursor: &PageCursor) -> Option<u64> {
    let (number, size) = cursor.last_page?;
    let count = cursor.count_after?;
    let (end, missing) = (number * size, missing(cursor, cursor.records));
    // What is missing at the end alone may as well have been withheld.
    let tail = if cursor.gaps > 0 { cursor.tail_gap.saturating_sub(end.saturating_sub(count)) } else { 0 };
    (missing > 0 && end >= count && missing <= cursor.gaps + tail).then_some(missing)
}

/// Whether a total is one that a service may stop counting at.
pub(super) fn is_round(count: u64) -> bool {
    count >= FEWEST_AT_A_WALL
        && (count.is_multiple_of(FEWEST_AT_A_WALL) || count.is_power_of_two() || (count + 1).is_power_of_two())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(is_joined: bool, before: Option<u64>, after: Option<u64>) -> PageCursor {
        PageCursor {
            is_joined,
            count_before: before,
            count_after: after,
            order: PageOrder::Ascending,
            gaining_pages: 3,
            page_size: 4,
            beyond: 2,
            ..PageCursor::default()
        }
    }

    fn decide_on(cursor: &PageCursor, deleted: u64, is_alike: bool, number: u32) -> ReadingDecision {
        decide(Reading {
            cursor,
            records: 10,
            deleted,
            is_alike,
            is_alike_twice: is_alike && number > 2,
            number,
            evidence: None,
            beyond: Beyond::Unknown,
        })
    }

    #[test]
    fn a_refusal_is_an_end_only_where_something_else_says_so() {
        let refused = PageCursor { wall: Some(Wall::Refused("no".to_owned())), ..cursor(true, None, None) };
        let doubt = ReadingDecision::NotWhole(Doubt::Wall(Wall::Refused("no".to_owned())));
        assert_eq!(decide_on(&refused, 0, false, 1), doubt);
        // Whatever a short last page tells: the wall may be there.
        assert_eq!(decide_on(&PageCursor { tail_gap: 2, ..refused.clone() }, 0, false, 1), doubt);
        let said = PageCursor { tail_gap: 2, has_next: Some(false), ..refused.clone() };
        assert!(matches!(decide_on(&said, 0, false, 1), ReadingDecision::Whole(_)));
        let looked = |beyond| {
            let reading = Reading {
                cursor: &refused,
                records: 10,
                deleted: 0,
                is_alike: false,
                is_alike_twice: false,
                number: 1,
                evidence: None,
                beyond,
            };
            decide(reading)
        };
        let whole = ReadingDecision::Whole(vec![Proof::PagesJoined, Proof::OtherEndRead]);
        assert_eq!(looked(Beyond::Nothing), whole);
        assert_eq!(looked(Beyond::Unknown), doubt);
    }

    #[test]
    fn what_was_not_given_is_looked_for_again_while_the_list_changes() {
        let decide_on = |before, after, number| {
            let cursor = PageCursor { tail_gap: 2, ..cursor(true, Some(before), Some(after)) };
            decide(Reading {
                cursor: &cursor,
                records: 10,
                deleted: 0,
                is_alike: false,
                is_alike_twice: false,
                number,
                evidence: None,
                beyond: Beyond::Something,
            })
        };
        let not_given = ReadingDecision::NotWhole(Doubt::NotGiven);
        assert_eq!(decide_on(14, 14, 1), not_given);
        assert_eq!(decide_on(14, 13, 1), ReadingDecision::ReadAgain);
        assert_eq!(decide_on(14, 13, MOST_READINGS_FOR_TOTAL), not_given);
    }

    #[test]
    fn a_total_far_below_what_came_proves_nothing_and_neither_do_empty_pages_behind_it() {
        let of_a_page = PageCursor { count_before: Some(4), count_after: Some(2), ..cursor(true, None, None) };
        let decide_on = |records: u64| {
            let reading = Reading {
                cursor: &of_a_page,
                records,
                deleted: 0,
                is_alike: false,
                is_alike_twice: false,
                number: 1,
                evidence: None,
                beyond: Beyond::Unknown,
            };
            decide(reading)
        };
        assert_eq!(decide_on(40), ReadingDecision::ReadAgain);
        // A few may have been deleted meanwhile.
        assert!(matches!(decide_on(10), ReadingDecision::Whole(_)));
    }

    #[test]
    fn a_total_that_told_more_than_came_and_far_less_at_the_end_proves_nothing() {
        let decide_on = |before, after| {
            let cursor = cursor(true, Some(before), Some(after));
            let reading = Reading {
                cursor: &cursor,
                records: 40,
                deleted: 0,
                is_alike: false,
                is_alike_twice: false,
                number: 1,
                evidence: None,
                beyond: Beyond::Nothing,
            };
            decide(reading)
        };
        assert_eq!(decide_on(73, 14), ReadingDecision::ReadAgain);
        // Those of a page, or a few that were deleted meanwhile.
        for (before, after) in [(4, 2), (48, 38), (40, 14)] {
            assert!(matches!(decide_on(before, after), ReadingDecision::Whole(_)), "{before} {after}");
        }
    }

    #[test]
    fn joined_pages_are_whole_once_their_end_is_proved() {
        let whole = |proof| ReadingDecision::Whole(vec![Proof::PagesJoined, proof]);
        assert_eq!(decide_on(&cursor(true, Some(10), Some(10)), 0, false, 1), whole(Proof::TotalAgrees));
        assert_eq!(decide_on(&cursor(true, None, None), 0, false, 1), whole(Proof::NothingBeyond));
        assert_eq!(decide_on(&cursor(true, Some(10), Some(9)), 0, false, 1), whole(Proof::NothingBeyond));
        assert_eq!(decide_on(&cursor(true, Some(9), Some(9)), 1, false, 1), whole(Proof::TotalAgreesWithoutDeleted));
        let said = PageCursor { has_next: Some(false), ..cursor(true, None, None) };
        assert_eq!(decide_on(&said, 0, false, 1), whole(Proof::NoPageFollows));
    }

    #[test]
    fn a_total_that_is_higher_is_explained_or_nothing_is_proved() {
        let higher = cursor(true, Some(12), Some(12));
        assert_eq!(decide_on(&higher, 0, false, 1), ReadingDecision::ReadAgain);
        assert_eq!(decide_on(&higher, 0, true, 2), ReadingDecision::NotWhole(Doubt::Missing));
        let short = PageCursor { gaps: 2, last_page: Some((3, 4)), records: 10, ..higher.clone() };
        let proof = vec![Proof::PagesJoined, Proof::ShortPagesExplainTotal];
        assert_eq!(decide_on(&short, 0, false, 1), ReadingDecision::Whole(proof));
        // The pages that came back short are all at the end.
        let cut = PageCursor { last_page: Some((2, 4)), ..short };
        assert_eq!(decide_on(&cut, 0, false, 1), ReadingDecision::ReadAgain);
        let wall = PageCursor { wall: Some(Wall::Repeated), ..higher };
        assert_eq!(decide_on(&wall, 0, false, 1), ReadingDecision::NotWhole(Doubt::Wall(Wall::Repeated)));
    }

    #[test]
    fn unproven_borders_and_other_orders_need_two_equal_readings() {
        for open in [
            cursor(false, Some(10), Some(10)),
            PageCursor { order: PageOrder::Other, ..cursor(true, Some(10), Some(10)) },
            PageCursor { order: PageOrder::Descending, ..cursor(true, None, None) },
        ] {
            assert_eq!(decide_on(&open, 0, false, 1), ReadingDecision::ReadAgain);
            assert!(matches!(decide_on(&open, 0, true, 2), ReadingDecision::Whole(_)));
            assert_eq!(decide_on(&open, 0, false, 3), ReadingDecision::NotWhole(Doubt::Changing));
        }
        let uncounted = cursor(false, None, None);
        assert_eq!(decide_on(&uncounted, 0, true, 2), ReadingDecision::ReadAgain);
        assert!(matches!(decide_on(&uncounted, 0, true, 3), ReadingDecision::Whole(_)));
        let still = PageCursor { order: PageOrder::Descending, ..cursor(true, Some(10), Some(10)) };
        assert!(matches!(decide_on(&still, 0, false, 1), ReadingDecision::Whole(_)));
    }
}
