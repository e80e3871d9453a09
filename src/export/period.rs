//! Which span of time is meant: `--since`, `--until`, and words such as `last-week` (Monday to Sunday).

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{Span, ToSpan};

use crate::error::{Error, Result};
use crate::message;
use crate::projection::moment::{self, Moment};

/// The words for spans, in the order they are shown.
const WORDS: &[&str] = &[
    "today",
    "yesterday",
    "this-week",
    "last-week",
    "this-month",
    "last-month",
    "this-quarter",
    "last-quarter",
    "this-year",
    "last-year",
];

/// From and to, both included; none where there is no bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    /// The first moment.
    pub from: Option<DateTime>,
    /// The last moment.
    pub to: Option<DateTime>,
}

impl Bounds {
    /// The span a word means on `today`.
    ///
    /// # Errors
    /// A word that means nothing.
    pub fn of_period(word: &str, today: Date) -> Result<Self> {
        let days = |count: i64| Span::new().days(count);
        let monday = today.saturating_sub(days(i64::from(today.weekday().since(Weekday::Monday))));
        let month = today.first_of_month();
        let quarter = month.saturating_sub(((i32::from(month.month()) - 1) % 3).months());
        let year = today.first_of_year();
        let last_day_before = |first: Date| first.saturating_sub(days(1));
        let end = |first: Date, span: Span| last_day_before(first.saturating_add(span));
        let (from, to) = match word {
            "today" => (today, today),
            "yesterday" => (last_day_before(today), last_day_before(today)),
            "this-week" => (monday, monday.saturating_add(days(6))),
            "last-week" => (monday.saturating_sub(days(7)), last_day_before(monday)),
            "this-month" => (month, month.last_of_month()),
            "last-month" => (last_day_before(month).first_of_month(), last_day_before(month)),
            "this-quarter" => (quarter, end(quarter, 3.months())),
            "last-quarter" => (quarter.saturating_sub(3.months()), last_day_before(quarter)),
            "this-year" => (year, year.last_of_year()),
            "last-year" => (last_day_before(year).first_of_year(), last_day_before(year)),
            word => match moment::parse(&format!("{word}-01")) {
                Some(Moment::Day(first)) => (first, first.last_of_month()),
                _ => {
                    return Err(Error::usage(message!("export.unknown_period", period = word))
                        .hint(message!("export.unknown_period_hint", known = WORDS.join(", "))));
                }
            },
        };
        Ok(Bounds { from: Some(from.to_datetime(Time::midnight())), to: Some(end_of(to)) })
    }

    /// The span between two bounds as typed: days, or days with a time.
    ///
    /// # Errors
    /// What is no date, and an end before the beginning.
    pub fn between(since: Option<&str>, until: Option<&str>) -> Result<Self> {
        let from = since.map(parse).transpose()?.map(Moment::begin);
        let to = until.map(parse).transpose()?.map(|moment| match moment {
            Moment::Day(day) => end_of(day),
            Moment::Time(moment) => moment,
        });
        if let (Some(from), Some(to)) = (from, to)
            && from > to
        {
            return Err(Error::usage(message!("export.backwards", from = from.date(), to = to.date())));
        }
        Ok(Bounds { from, to })
    }

    /// Whether there is no bound at all.
    pub fn is_open(self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// Whether a moment lies inside. A day without a time lies inside when any part of it does.
    pub fn holds(self, moment: Moment) -> bool {
        let last = match moment {
            Moment::Day(day) => end_of(day),
            Moment::Time(moment) => moment,
        };
        self.from.is_none_or(|from| last >= from) && self.to.is_none_or(|to| moment.begin() <= to)
    }

    /// The span in a file's name: `2026-11-16_2026-11-22`.
    pub fn name(self) -> String {
        let day = |moment: Option<DateTime>| moment.map(|moment| moment.date().to_string()).unwrap_or_default();
        match (self.from, self.to) {
            (None, None) => "all".to_owned(),
            (Some(from), Some(to)) if from.date() == to.date() => from.date().to_string(),
            (from, to) => format!("{}_{}", day(from), day(to)),
        }
    }
}

fn parse(text: &str) -> Result<Moment> {
    moment::parse(text)
        .ok_or_else(|| Error::usage(message!("export.bad_date", text = text)).hint(message!("export.bad_date_hint")))
}

fn end_of(day: Date) -> DateTime {
    // A constant of three numbers that are in range.
    day.at(23, 59, 59, 0)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn words_mean_whole_weeks_months_and_years() {
        // A Tuesday.
        let today = date(2026, 11, 24);
        let name = |word: &str| Bounds::of_period(word, today).unwrap().name();
        assert_eq!(name("today"), "2026-11-24");
        assert_eq!(name("yesterday"), "2026-11-23");
        assert_eq!(name("this-week"), "2026-11-23_2026-11-29");
        assert_eq!(name("last-week"), "2026-11-16_2026-11-22");
        assert_eq!(name("last-month"), "2026-10-01_2026-10-31");
        assert_eq!(name("this-quarter"), "2026-10-01_2026-12-31");
        assert_eq!(name("last-quarter"), "2026-07-01_2026-09-30");
        assert_eq!(name("last-year"), "2025-01-01_2025-12-31");
        assert_eq!(name("2024-02"), "2024-02-01_2024-02-29");
        assert_eq!(Bounds::of_period("last-week", date(2026, 11, 23)).unwrap().name(), "2026-11-16_2026-11-22");
        assert_eq!(Bounds::of_period("last-week", date(2026, 11, 22)).unwrap().name(), "2026-11-09_2026-11-15");
        assert!(Bounds::of_period("sometime", today).is_err());
    }

    #[test]
    fn bounds_include_their_days() {
        let bounds = Bounds::between(Some("2026-01-05"), Some("2026-01-06")).unwrap();
        let holds = |text: &str| bounds.holds(moment::parse(text).unwrap());
        assert!(holds("2026-01-05 00:00:00") && holds("2026-01-06 23:59:59") && holds("2026-01-06"));
        assert!(!holds("2026-01-04 23:59:59") && !holds("2026-01-07 00:00:00") && !holds("2026-01-07"));
        assert!(Bounds::between(Some("2026-01-06"), Some("2026-01-05")).is_err());
        assert!(Bounds::between(Some("soon"), None).is_err());
    }
}
