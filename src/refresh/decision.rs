//! What a list that was read to its end is worth: whether it is whole, or has to be read again. A plain function.

use crate::mirror::PageCursor;

/// Times a list is read before it is said to change too fast.
const MOST_READINGS: u32 = 3;

/// What to do with a list that was read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ReadingDecision {
    /// It is whole.
    Accept,
    /// It is whole, although the service's total says otherwise.
    AcceptAgainstCount,
    /// Its pages do not all join, but two readings in a row brought as much.
    AcceptAlike,
    /// It may not be whole.
    ReadAgain,
    /// It cannot be made whole.
    GiveUp,
}

/// One reading of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    /// Records that came, each counted once.
    pub records: u64,
    /// The service's total at its end.
    pub count: Option<u64>,
}

/// Decides on the `readings`-th reading: `records` came of which `deleted` are marked so, `before` is the reading before.
pub(super) fn decide(
    cursor: &PageCursor,
    records: u64,
    deleted: u64,
    before: Option<Reading>,
    readings: u32,
) -> ReadingDecision {
    let agrees = cursor.count_after.is_some_and(|count| count == records || count + deleted == records);
    let is_exact = cursor.count_after == Some(records);
    let is_steady = before == Some(Reading { records, count: cursor.count_after });
    match (cursor.is_joined, cursor.count_after) {
        // Nothing lies between the pages: the total can only confirm it.
        (true, None) => ReadingDecision::Accept,
        (true, Some(_)) if agrees => ReadingDecision::Accept,
        (true, Some(_)) if readings >= 2 => ReadingDecision::AcceptAgainstCount,
        (false, Some(_)) if is_exact && cursor.count_before == cursor.count_after => ReadingDecision::Accept,
        // The borders between pages are unproven: two readings that are alike have to do.
        (false, _) if is_steady => ReadingDecision::AcceptAlike,
        (false, _) if readings >= MOST_READINGS => ReadingDecision::GiveUp,
        _ => ReadingDecision::ReadAgain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(is_joined: bool, before: Option<u64>, after: Option<u64>) -> PageCursor {
        PageCursor { is_joined, count_before: before, count_after: after, ..PageCursor::default() }
    }

    fn before(records: u64, count: Option<u64>) -> Option<Reading> {
        Some(Reading { records, count })
    }

    #[test]
    fn joined_pages_are_whole_once_the_total_agrees_or_is_proved_wrong() {
        assert_eq!(decide(&cursor(true, Some(10), Some(10)), 10, 0, None, 1), ReadingDecision::Accept);
        assert_eq!(decide(&cursor(true, None, None), 10, 0, None, 1), ReadingDecision::Accept);
        assert_eq!(decide(&cursor(true, Some(10), Some(9)), 10, 0, None, 1), ReadingDecision::ReadAgain);
        assert_eq!(decide(&cursor(true, Some(10), Some(9)), 10, 1, None, 1), ReadingDecision::Accept);
        let again = decide(&cursor(true, Some(9), Some(9)), 10, 0, before(10, Some(9)), 2);
        assert_eq!(again, ReadingDecision::AcceptAgainstCount);
    }

    #[test]
    fn unproven_borders_need_a_total_that_stands_still_or_two_equal_readings() {
        assert_eq!(decide(&cursor(false, Some(10), Some(10)), 10, 0, None, 1), ReadingDecision::Accept);
        assert_eq!(decide(&cursor(false, Some(11), Some(10)), 10, 0, None, 1), ReadingDecision::ReadAgain);
        assert_eq!(decide(&cursor(false, None, None), 10, 0, None, 1), ReadingDecision::ReadAgain);
        let again = decide(&cursor(false, None, None), 10, 0, before(10, None), 2);
        assert_eq!(again, ReadingDecision::AcceptAlike);
        let third = decide(&cursor(false, Some(9), Some(9)), 10, 0, before(11, Some(9)), 3);
        assert_eq!(third, ReadingDecision::GiveUp);
    }
}
