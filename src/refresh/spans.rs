//! Spans of the creation date, by which a long list is read in parts. Plain functions.

use jiff::civil::{Date, DateTime, Time};
use jiff::{Span as Length, ToSpan, Unit};

use super::list_query::ListQuery;
use crate::entity::Service;
use crate::message;
use crate::message::Message;
use crate::projection::moment;

/// A span longer than this is divided between months.
const MONTHS_FROM_DAYS: i64 = 62;
/// A span whose ends are fewer seconds apart is not divided: a single second.
const SHORTEST: i64 = 1;

/// From and to, both included to the second; none where there is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// The first moment.
    pub from: Option<DateTime>,
    /// The last moment.
    pub to: Option<DateTime>,
}

/// What is known of when records were created: the first and the last day there can be any.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extent {
    /// The first day.
    pub first: Date,
    /// The last day.
    pub last: Date,
}

impl Span {
    /// The span a query asks for by itself.
    pub(super) fn of(query: &ListQuery<'_>, service: &Service) -> Option<Span> {
        let [from, to] = query.created(service)?;
        let bound = |name: &str| query.value(name).and_then(moment::parse);
        let to = bound(to).map(moment::Moment::end);
        Some(Span { from: bound(from).map(moment::Moment::begin), to })
    }

    /// The same with a day more at each end.
    pub(super) fn widened(self) -> Span {
        Span {
            from: self.from.map(|from| from.saturating_sub(1.days())),
            to: self.to.map(|to| to.saturating_add(1.days())),
        }
    }

    /// Whether it begins and ends on the same day.
    pub(super) fn is_within_a_day(self) -> bool {
        self.from.zip(self.to).is_some_and(|(from, to)| from.date() == to.date())
    }

    /// Whether a moment lies inside; a day does when a part of it does.
    pub(super) fn holds(self, moment: moment::Moment) -> bool {
        self.from.is_none_or(|from| from <= moment.end()) && self.to.is_none_or(|to| moment.begin() <= to)
    }

    /// The same query for this span alone.
    pub(super) fn ask<'a>(self, query: &ListQuery<'a>, service: &Service) -> ListQuery<'a> {
        match query.created(service) {
            Some([from, to]) => self.ask_by(query, [from, to]),
            None => query.clone(),
        }
    }

    /// The same query for this span of what the filters of these names bound.
    pub(super) fn ask_by<'a>(self, query: &ListQuery<'a>, names: [&str; 2]) -> ListQuery<'a> {
        let has_own_window = query.endpoint.window.is_some();
        let mut asked = query.clone();
        for (name, bound) in names.into_iter().zip([self.from, self.to]) {
            if let Some(bound) = bound {
                let value = match has_own_window {
                    true => bound.date().to_string(),
                    false => bound.strftime("%Y-%m-%d %H:%M:%S").to_string(),
                };
                asked = asked.replace(name, &value);
            }
        }
        asked
    }

    /// Its bounds as the mirror keeps moments.
    pub(super) fn texts(self) -> [Option<String>; 2] {
        [self.from, self.to].map(|bound| bound.map(|bound| bound.strftime("%Y-%m-%d %H:%M:%S").to_string()))
    }

    /// The first and the last moment there can be records of.
    fn ends(self, extent: Extent) -> (DateTime, DateTime) {
        let from = self.from.unwrap_or(extent.first.to_datetime(Time::midnight()));
        let to = self.to.unwrap_or(end_of(extent.last));
        (from, to)
    }

    /// Two spans that are this one together: between two months, two days, or within a day where times count. None for
    /// what is not divided any more.
    pub(super) fn halves(self, extent: Extent, has_times: bool) -> Option<[Span; 2]> {
        let (from, to) = self.ends(extent);
        let days = from.date().until((Unit::Day, to.date())).ok()?.get_days();
        // A bound that is open reaches farther than what is known of it.
        let days = if from > to { 0 } else { days };
        let last = match i64::from(days) {
            0 if has_times && from <= to => {
                let seconds = from.until((Unit::Second, to)).ok()?.get_seconds();
                if seconds < SHORTEST {
                    return None;
                }
                from.checked_add(Length::new().seconds(seconds / 2)).ok()?
            }
            0 => return None,
            days => {
                let middle = from.date().saturating_add(Length::new().days((days - 1) / 2));
                let month = middle.first_of_month().saturating_sub(1.days());
                end_of(if days > MONTHS_FROM_DAYS && month >= from.date() { month } else { middle })
            }
        };
        let next = last.checked_add(1.seconds()).ok()?;
        Some([Span { from: self.from, to: Some(last) }, Span { from: Some(next), to: self.to }])
    }

    /// Two spans that are this one together, the first of which ends with a day; none where one of them would be empty.
    pub(super) fn at(self, day: Date) -> Option<[Span; 2]> {
        let last = end_of(day);
        let next = last.checked_add(1.seconds()).ok()?;
        let is_inside = self.from.is_none_or(|from| from <= last) && self.to.is_none_or(|to| next <= to);
        is_inside.then_some([Span { from: self.from, to: Some(last) }, Span { from: Some(next), to: self.to }])
    }

    /// The span for people and for the mirror: `2026-01-01..2026-01-31`, with times where it does not begin or end with a day.
    pub(super) fn name(self) -> String {
        let midnight = Time::midnight();
        let from = self.from.map_or_else(String::new, |from| match from.time() == midnight {
            true => from.date().to_string(),
            false => from.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        });
        let to = self.to.map_or_else(String::new, |to| match to == end_of(to.date()) {
            true => to.date().to_string(),
            false => to.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        });
        format!("{from}..{to}")
    }

    /// The span in words.
    pub(super) fn words(self) -> Message {
        let name = self.name();
        match name.split_once("..") {
            Some(("", "")) | None => message!("refresh.span_all"),
            Some(("", to)) => message!("refresh.span_until", to = to),
            Some((from, "")) => message!("refresh.span_since", from = from),
            Some((from, to)) if from == to => message!("refresh.span_day", day = from),
            Some((from, to)) => message!("refresh.span_between", from = from, to = to),
        }
    }

    /// The span of a name.
    pub(super) fn of_name(name: &str) -> Option<Span> {
        let (from, to) = name.split_once("..")?;
        let to = moment::parse(to).map(moment::Moment::end);
        Some(Span { from: moment::parse(from).map(moment::Moment::begin), to })
    }
}

fn end_of(day: Date) -> DateTime {
    day.at(23, 59, 59, 0)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    const EXTENT: Extent = Extent { first: date(2020, 1, 15), last: date(2026, 11, 24) };
    const ALL: Span = Span { from: None, to: None };

    fn divide(span: Span, turns: &[bool]) -> Span {
        turns.iter().fold(span, |span, turn| match span.halves(EXTENT, true) {
            Some([left, right]) => {
                if *turn {
                    right
                } else {
                    left
                }
            }
            None => span,
        })
    }

    proptest! {
        #[test]
        fn halves_join_and_are_named(turns in proptest::collection::vec(any::<bool>(), 0..25)) {
            let span = divide(ALL, &turns);
            prop_assert_eq!(Span::of_name(&span.name()), Some(span));
            if let Some([left, right]) = span.halves(EXTENT, true) {
                prop_assert_eq!((left.from, right.to), (span.from, span.to));
                prop_assert_eq!(left.to.unwrap().checked_add(1.seconds()).unwrap(), right.from.unwrap());
                prop_assert!(left.from.is_none_or(|from| from <= left.to.unwrap()));
                prop_assert!(right.to.is_none_or(|to| right.from.unwrap() <= to));
            }
        }
    }

    #[test]
    fn long_spans_are_divided_between_months_and_days_only_where_times_count() {
        let [left, right] = ALL.halves(EXTENT, true).unwrap();
        assert_eq!((left.name().as_str(), right.name().as_str()), ("..2023-05-31", "2023-06-01.."));
        let day = Span::of_name("2026-02-03..2026-02-03").unwrap();
        assert_eq!(day.halves(EXTENT, false), None);
        let [morning, _] = day.halves(EXTENT, true).unwrap();
        assert_eq!(morning.name(), "2026-02-03..2026-02-03 11:59:59");
    }
}
