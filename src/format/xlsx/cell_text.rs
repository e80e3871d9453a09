//! What a cell holds as text: numbers as a spreadsheet program shows them when nobody formats them, dates and times as the
//! service writes them.

use std::fmt::Write;

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, ToSpan};

use crate::format::cell::CellKind;

/// Numbers from here on have more digits than a spreadsheet program keeps; whoever checks them has to see them all.
const MANY_DIGITS: f64 = 1e15;
/// Days behind the last day of the year 9999.
const LAST_DAY: f64 = 2_958_466.0;

/// Seconds of a day.
const SECONDS_OF_DAY: i64 = 86_400;

/// The shortest decimal that is exactly this number: `13000000001`, `1.5`, `1e21`.
pub(in crate::format) fn shortest(number: f64) -> String {
    let size = number.abs();
    match size {
        0.0 => "0".to_owned(),
        1e-7..1e21 => format!("{number}"),
        _ if number.is_finite() => format!("{number:e}"),
        _ => format!("{number}"),
    }
}

/// The decimal of at most 15 digits that a spreadsheet program shows for this number: 0.1 + 0.2 is `0.3` there.
pub(in crate::format) fn of_15_digits(number: f64) -> String {
    if !number.is_finite() || number.abs() >= MANY_DIGITS {
        return shortest(number);
    }
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    match rounded.abs() {
        0.0 => "0".to_owned(),
        1e-15.. => format!("{rounded}"),
        _ => format!("{rounded:e}"),
    }
}

/// Days between the first days of the two calendars that workbooks count from.
pub(in crate::format) const DAYS_TO_1904: i64 = 1_462;

/// Appends a number that its format shows as a date or a time, and tells what it was. One that has no date stays a number.
pub(in crate::format) fn push_moment(number: f64, is_1904: bool, text: &mut String) -> CellKind {
    if !(0.0..LAST_DAY).contains(&number) {
        text.push_str(&of_15_digits(number));
        return CellKind::Number;
    }
    let (day, first) = match is_1904 {
        true => (number, Date::constant(1904, 1, 1)),
        // Excel believes in 29 February 1900; no check will.
        false if number.floor() == 60.0 => {
            text.push_str("1900-02-29");
            return CellKind::Date;
        }
        false if number < 60.0 => (number, Date::constant(1899, 12, 31)),
        false => (number, Date::constant(1899, 12, 30)),
    };
    // Milliseconds; the range leaves no room for overflow. Halves of them are lost in the fraction of a day: 08:00:00 may be
    // kept as 07:59:59.9999.
    // Days and seconds apart: a moment and what lies before it add up to the last day but one at most.
    let milliseconds = (day * 86_400_000.0).round();
    let seconds = (milliseconds / 1_000.0).round() as i64;
    let (days, rest) = (seconds / SECONDS_OF_DAY, seconds % SECONDS_OF_DAY);
    let time = Time::midnight() + SignedDuration::from_secs(rest);
    let Ok(moment) = first.checked_add(days.days()).map(|date| date.to_datetime(time)) else {
        text.push_str(&of_15_digits(number));
        return CellKind::Number;
    };
    if number < 1.0 {
        // A time of day without a day. Writing to a string cannot fail, here and below.
        let _ = write!(text, "{}", moment.time().strftime("%H:%M:%S"));
        return CellKind::Text;
    }
    push_date_time(moment, text)
}

/// Appends a date as programs write it that keep to the standard's strict form.
pub(in crate::format) fn push_iso(iso: &str, text: &mut String) -> CellKind {
    let iso = iso.trim_end_matches('Z');
    if let Ok(moment) = iso.parse::<DateTime>() {
        return push_date_time(moment, text);
    }
    match iso.parse::<Date>() {
        Ok(date) => push_date_time(date.at(0, 0, 0, 0), text),
        Err(_) => {
            text.push_str(iso);
            CellKind::Text
        }
    }
}

fn push_date_time(moment: DateTime, text: &mut String) -> CellKind {
    if moment.time() == Time::midnight() {
        let _ = write!(text, "{}", moment.date());
        CellKind::Date
    } else {
        let _ = write!(text, "{}", moment.strftime("%Y-%m-%d %H:%M:%S"));
        CellKind::DateTime
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(number: f64, is_1904: bool) -> (String, CellKind) {
        let mut text = String::new();
        let kind = push_moment(number, is_1904, &mut text);
        (text, kind)
    }

    #[test]
    fn numbers_are_as_short_as_they_are_exact() {
        for (number, text) in [
            (13_000_000_001.0, "13000000001"),
            (0.1, "0.1"),
            (-0.0, "0"),
            (1.5, "1.5"),
            (999_999_999_999_999.0, "999999999999999"),
            (1.010_119_900_307_851_2e17, "101011990030785120"),
            (1e21, "1e21"),
            (-2.5e-9, "-2.5e-9"),
        ] {
            assert_eq!(shortest(number), text);
        }
    }

    #[test]
    fn a_binary_fraction_is_shown_as_it_was_meant() {
        for (number, text) in [
            (0.1 + 0.2, "0.3"),
            (0.799_999_999_999_999_9, "0.8"),
            (9.899_999_999_999_999, "9.9"),
            (-(3_702.2 + 0.1), "-3702.3"),
            (5e-7, "0.0000005"),
            (123_456_789.123_456_78, "123456789.123457"),
            (999_999_999_999_999.0, "999999999999999"),
            (1_234_567_890_123_456.0, "1234567890123456"),
            (1e21, "1e21"),
            (-0.0, "0"),
        ] {
            assert_eq!(of_15_digits(number), text);
        }
    }

    #[test]
    fn dates_have_no_zone_and_times_are_whole_seconds() {
        assert_eq!(moment(43_134.0, false), ("2018-02-03".into(), CellKind::Date));
        assert_eq!(moment(43_134.333_333_3, false), ("2018-02-03 08:00:00".into(), CellKind::DateTime));
        assert_eq!(moment(43_134.999_999_99, false), ("2018-02-04".into(), CellKind::Date));
        assert_eq!(moment(41_672.0, true), ("2018-02-03".into(), CellKind::Date));
        assert_eq!(moment(60.0, false), ("1900-02-29".into(), CellKind::Date));
        assert_eq!(moment(59.0, false), ("1900-02-28".into(), CellKind::Date));
        assert_eq!(moment(61.0, false), ("1900-03-01".into(), CellKind::Date));
        assert_eq!(moment(2_958_465.0, false), ("9999-12-31".into(), CellKind::Date));
        assert_eq!(moment(2_958_465.5, false), ("9999-12-31 12:00:00".into(), CellKind::DateTime));
        assert_eq!(moment(2_957_003.0, true), ("9999-12-31".into(), CellKind::Date));
        assert_eq!(moment(0.5, false), ("12:00:00".into(), CellKind::Text));
        assert_eq!(moment(-1.0, false), ("-1".into(), CellKind::Number));
        assert_eq!(moment(1e300, false), ("1e300".into(), CellKind::Number));
        let iso = |iso: &str| {
            let mut text = String::new();
            let kind = push_iso(iso, &mut text);
            (text, kind)
        };
        assert_eq!(iso("2018-02-03T08:00:00"), ("2018-02-03 08:00:00".into(), CellKind::DateTime));
        assert_eq!(iso("2018-02-03T08:00:00Z").0, "2018-02-03 08:00:00");
        assert_eq!(iso("2018-02-03"), ("2018-02-03".into(), CellKind::Date));
        assert_eq!(iso("whenever"), ("whenever".into(), CellKind::Text));
    }
}
