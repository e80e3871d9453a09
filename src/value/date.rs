//! Days and moments, in every form people in China write them, brought to the service's form: `2026-01-05` and
//! `2026-01-05 08:30:00`. No zone is ever involved. A form whose day and month could be swapped is refused.

use std::fmt::Write;

use jiff::civil::{Date, DateTime, Time};

use super::half_width::half_width;
use crate::format::{Cell, CellKind};
use crate::problem::Problem;

/// Excel's day numbers from 1930 to 2100: outside of it a plain number is hardly a date.
const SERIALS: std::ops::RangeInclusive<f64> = 10_959.0..=73_415.0;

/// Appends the day a cell means.
pub(super) fn clean_date(cell: Cell<'_>, out: &mut String) -> Result<(), Problem> {
    let (date, time) = parse(cell, "not_a_date")?;
    if time.is_some_and(|time| time != Time::midnight()) {
        return Err(Problem::new("date_with_time"));
    }
    write_date(date, out);
    Ok(())
}

/// Appends the moment a cell means; a day alone means its beginning.
pub(super) fn clean_datetime(cell: Cell<'_>, out: &mut String) -> Result<(), Problem> {
    let (date, time) = parse(cell, "not_a_datetime")?;
    let time = time.unwrap_or(Time::midnight());
    write_date(date, out);
    let _ = write!(out, " {:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    Ok(())
}

fn write_date(date: Date, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
}

fn parse(cell: Cell<'_>, code: &'static str) -> Result<(Date, Option<Time>), Problem> {
    let wrong = || Problem::new(code);
    if cell.kind == CellKind::Number
        && let Some(moment) = of_serial(cell.text)
    {
        return Ok((moment.date(), Some(moment.time())));
    }
    let text = in_plain_signs(cell.text);
    let (day, time) = match text.trim().split_once([' ', 'T']) {
        Some((day, time)) => (day, Some(of_clock(time.trim()).ok_or_else(wrong)?)),
        None => (text.trim(), None),
    };
    Ok((of_calendar(day).map_err(|ambiguous| if ambiguous { Problem::new("ambiguous_date") } else { wrong() })?, time))
}

/// `2026年1月5日 8时30分` with the signs of `2026-1-5 8:30`.
fn in_plain_signs(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in half_width(text).chars() {
        match c {
            '年' | '月' | '/' | '.' if !plain.contains([' ', 'T', ':']) => plain.push('-'),
            '日' | '号' => plain.push(' '),
            '时' | '点' | '分' => plain.push(':'),
            '秒' => {}
            c => plain.push(c),
        }
    }
    plain.truncate(plain.trim_end_matches([':', ' ']).len());
    plain
}

/// A day written year first. The error tells whether it could be read in two ways.
fn of_calendar(day: &str) -> Result<Date, bool> {
    let number = |digits: &str| {
        (digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| digits.parse::<i16>().ok())
            .flatten()
    };
    let date = |year: &str, month: &str, day: &str| {
        let (year, month, day) = (number(year)?, number(month)?, number(day)?);
        Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    };
    if day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()) {
        return date(&day[..4], &day[4..6], &day[6..]).ok_or(false);
    }
    let parts: Vec<&str> = day.split('-').collect();
    match parts.as_slice() {
        [year, month, day] if year.len() == 4 => date(year, month, day).ok_or(false),
        [_, _, _] => Err(parts.iter().all(|part| number(part).is_some())),
        _ => Err(false),
    }
}

fn of_clock(time: &str) -> Option<Time> {
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    if fraction.is_empty() || !fraction.bytes().all(|byte| byte == b'0') {
        return None;
    }
    let part = |digits: &str| {
        (matches!(digits.len(), 1 | 2) && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| digits.parse::<i8>().ok())
            .flatten()
    };
    let parts: Vec<&str> = time.split(':').collect();
    match parts.as_slice() {
        [hour, minute] => Time::new(part(hour)?, part(minute)?, 0, 0).ok(),
        [hour, minute, second] => Time::new(part(hour)?, part(minute)?, part(second)?, 0).ok(),
        _ => None,
    }
}

/// The moment of a day number of the 1900 calendar, which a cell without a date format shows.
fn of_serial(text: &str) -> Option<DateTime> {
    let serial: f64 = text.parse().ok().filter(|serial| SERIALS.contains(serial))?;
    // The range leaves no room for overflow, and a spreadsheet's fraction is no finer than a second.

    let seconds = (serial * 86_400.0).round() as i64;
    Date::constant(1899, 12, 30).at(0, 0, 0, 0).checked_add(jiff::SignedDuration::from_secs(seconds)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str, kind: CellKind) -> Result<String, &'static str> {
        let mut out = String::new();
        clean_date(Cell { text, kind }, &mut out).map(|()| out).map_err(|problem| problem.code)
    }

    fn moment(text: &str, kind: CellKind) -> Result<String, &'static str> {
        let mut out = String::new();
        clean_datetime(Cell { text, kind }, &mut out).map(|()| out).map_err(|problem| problem.code)
    }

    #[test]
    fn days_are_read_year_first() {
        for text in [
            "2026-01-05",
            "2026/1/5",
            "2026.1.5",
            "2026年1月5日",
            "20260105",
            "２０２６年１月５日",
            "2026-01-05 00:00:00",
            "2026年1月5号",
        ] {
            assert_eq!(day(text, CellKind::Text), Ok("2026-01-05".into()), "{text}");
        }
        for text in ["05/06/2026", "13/06/2026", "5-6-26", "26/1/5"] {
            assert_eq!(day(text, CellKind::Text), Err("ambiguous_date"), "{text}");
        }
        for text in ["2026-02-30", "2026-1", "明天", "46027", "202601", "2026-01-05-01"] {
            assert_eq!(day(text, CellKind::Text), Err("not_a_date"), "{text}");
        }
        assert_eq!(day("2026-01-05 08:30", CellKind::Text), Err("date_with_time"));
    }

    #[test]
    fn moments_have_seconds() {
        let spellings = [
            "2026-01-05 08:30",
            "2026/1/5 8:30:00",
            "2026-01-05T08:30:00.000",
            "2026年1月5日8时30分",
            "2026年1月5日 8:30",
        ];
        for text in spellings {
            assert_eq!(moment(text, CellKind::Text), Ok("2026-01-05 08:30:00".into()), "{text}");
        }
        assert_eq!(moment("2026-01-05", CellKind::Date), Ok("2026-01-05 00:00:00".into()));
        for text in ["2026-01-05 25:00", "2026-01-05T08:30:00Z", "2026-01-05T08:30:00+08:00", "2026-01-05 8"] {
            assert_eq!(moment(text, CellKind::Text), Err("not_a_datetime"), "{text}");
        }
    }

    #[test]
    fn a_number_is_a_day_only_in_a_plausible_range() {
        assert_eq!(day("46027", CellKind::Number), Ok("2026-01-05".into()));
        assert_eq!(day("20260105", CellKind::Number), Ok("2026-01-05".into()));
        assert_eq!(day("12", CellKind::Number), Err("not_a_date"));
        assert_eq!(moment("46027.354166666664", CellKind::Number), Ok("2026-01-05 08:30:00".into()));
        assert_eq!(day("46027.5", CellKind::Number), Err("date_with_time"));
    }

    proptest! {
        #[test]
        fn every_day_survives_every_form(days in 0i32..60_000) {
            let date = Date::constant(1930, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let (y, m, d) = (date.year(), date.month(), date.day());
            let form = date.to_string();
            for text in [form.clone(), format!("{y}/{m}/{d}"), format!("{y}年{m}月{d}日"), format!("{y:04}{m:02}{d:02}")] {
                prop_assert_eq!(day(&text, CellKind::Text), Ok(form.clone()));
            }
            let serial = (10_959 + days).to_string();
            prop_assert_eq!(day(&serial, CellKind::Number), Ok(form));
        }

        #[test]
        fn no_text_is_too_strange(text in ".{0,40}", kind in 0..3) {
            let kind = [CellKind::Text, CellKind::Number, CellKind::DateTime][usize::try_from(kind).unwrap()];
            let _ = (day(&text, kind), moment(&text, kind));
        }
    }
}
