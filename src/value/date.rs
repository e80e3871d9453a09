//! Days and moments, in every form people in China write them, brought to the service's form: `2026-01-05` and
//! `2026-01-05 08:30:00`. No zone is ever involved. A form whose day and month could be swapped is refused, unless a user says
//! which of them comes first.

use std::fmt::Write;

use jiff::civil::{Date, DateTime, Time};

use super::digits::all_digits;
use super::half_width::half_width;
use super::options::{DateOrder, ValueOptions};
use super::restoring;
use crate::format::{Cell, CellKind};
use crate::problem::Problem;

/// Excel's day numbers from 1930 to 2100: outside of it a plain number is hardly a date.
const SERIALS: std::ops::RangeInclusive<f64> = 10_959.0..=73_415.0;

/// The first three letters of the months in English.
const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Appends the day a cell means.
pub(super) fn clean_date(
    cell: Cell<'_>,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    let (date, time) = parse(cell, "not_a_date", options, noticed)?;
    if stands_for_nothing(date) {
        // Consent to it is consent to an empty cell.
        noticed.push(Problem::held("null_word"));
        return Ok(());
    }
    if time.is_some_and(|time| time != Time::midnight()) {
        // What is dropped is for a person to say.
        noticed.push(Problem::held("date_with_time"));
    }
    write_date(date, out);
    Ok(())
}

/// Appends the moment a cell means; a day alone means its beginning.
pub(super) fn clean_datetime(
    cell: Cell<'_>,
    options: &ValueOptions,
    out: &mut String,
    noticed: &mut Vec<Problem>,
) -> Result<(), Problem> {
    let (date, time) = parse(cell, "not_a_datetime", options, noticed)?;
    if stands_for_nothing(date) {
        noticed.push(Problem::held("null_word"));
        return Ok(());
    }
    let time = time.unwrap_or(Time::midnight());
    write_date(date, out);
    let _ = write!(out, " {:02}:{:02}:{:02}", time.hour(), time.minute(), time.second());
    Ok(())
}

/// Whether a day is what programs write where there is none: the first one they can count.
fn stands_for_nothing(date: Date) -> bool {
    const FIRST_DAYS: [Date; 5] = [
        Date::constant(1, 1, 1),
        Date::constant(1753, 1, 1),
        Date::constant(1899, 12, 30),
        Date::constant(1899, 12, 31),
        Date::constant(1900, 1, 1),
    ];
    FIRST_DAYS.contains(&date)
}

/// The number that a date cell shows when its format is taken off; its text is `2036-11-22`, with a time or without.
pub(super) fn number_of(text: &str) -> Option<i64> {
    let date: Date = text.get(..10)?.parse().ok()?;
    let days = date.duration_since(Date::constant(1899, 12, 30)).as_hours() / 24;
    (days > 0).then_some(days)
}

/// Whether a text is what a spreadsheet program makes of a code such as `3-5`: `5-Mar`, `Mar-05`, `3月5日`.
pub(super) fn looks_like_short_date(text: &str) -> bool {
    // The longest is of two digits, a sign of three bytes, two digits and another one.
    if text.len() > 10 {
        return false;
    }
    if let Some((first, second)) = text.split_once('-') {
        let is_number = |part: &str| matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
        let is_month = |part: &str| part.len() == 3 && month_of(part).is_some();
        return (is_number(first) && is_month(second)) || (is_month(first) && is_number(second));
    }
    let is_number = |part: &str| matches!(part.len(), 1 | 2) && part.bytes().all(|byte| byte.is_ascii_digit());
    text.strip_suffix('日')
        .and_then(|rest| rest.split_once('月'))
        .is_some_and(|(month, day)| is_number(month) && is_number(day))
}

/// Whether a text is a day with its year, as a spreadsheet program makes it of a code such as `2026-1-5`.
pub(super) fn looks_like_whole_date(text: &str) -> bool {
    text.contains(['-', '/', '年'])
        && matches!(of_calendar(split(&in_plain_signs(text)).0, None), Day::Known(_) | Day::Proved(_))
}

/// Whether a text is a month or a time of day, as a spreadsheet program makes it of codes such as `2026-3` and `12:30`: in the
/// American order of days, too.
pub(super) fn looks_like_month_or_time(text: &str) -> bool {
    // Nearly every text is a word, or a number.
    if !text.starts_with(|c: char| c.is_ascii_digit()) || all_digits(text) {
        return false;
    }
    let is_number = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_month = text.strip_suffix('月').and_then(|rest| rest.split_once('年'));
    let day = || text.split('/').collect::<Vec<_>>();
    let time = || text.split(':').collect::<Vec<_>>();
    is_month.is_some_and(|(year, month)| is_number(year, 4..=4) && is_number(month, 1..=2))
        || matches!(day()[..], [month, day, year]
            if is_number(month, 1..=2) && is_number(day, 1..=2) && is_number(year, 4..=4))
        || matches!(time()[..], [hour, minute, second]
            if is_number(hour, 1..=2) && is_number(minute, 2..=2) && is_number(second, 2..=2))
}

fn write_date(date: Date, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
}

fn parse(
    cell: Cell<'_>,
    code: &'static str,
    options: &ValueOptions,
    noticed: &mut Vec<Problem>,
) -> Result<(Date, Option<Time>), Problem> {
    let wrong = || Problem::new(code);
    if let Some(moment) = of_serial(cell.text) {
        let problem = match cell.kind {
            CellKind::Number => Problem::word("date_serial"),
            // In a text nothing says from which year its days are counted.
            _ => Problem::held("date_serial"),
        };
        restoring::say(options, problem.with("date", moment.strftime("%Y-%m-%d")), noticed)?;
        return Ok((moment.date(), Some(moment.time())));
    }
    let text = in_plain_signs(cell.text);
    let (day, time) = split(&text);
    let time = match time {
        "" => None,
        time => Some(of_clock(time).ok_or_else(wrong)?),
    };
    match of_calendar(day, options.date_order) {
        Day::Known(date) => Ok((date, time)),
        Day::Proved(date) => {
            let problem = Problem::word("date_order_proved").with("date", date.strftime("%Y-%m-%d"));
            restoring::say(options, problem, noticed)?;
            Ok((date, time))
        }
        Day::Unknown => Err(wrong()),
        Day::Ambiguous => Err(Problem::new("ambiguous_date")),
        Day::OtherOrder => Err(Problem::new("date_order")),
        Day::ShortYear => Err(Problem::new("short_year")),
    }
}

/// `2026年1月5日 8时30分` with the signs of `2026-1-5 8:30`.
fn in_plain_signs(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in half_width(text).chars() {
        match c {
            '年' | '月' => {
                plain.truncate(plain.trim_end().len());
                plain.push('-');
            }
            '/' | '.' if !plain.contains([' ', 'T', ':']) => plain.push('-'),
            '日' | '号' => plain.push(' '),
            '时' | '点' | '分' => plain.push(':'),
            '秒' => {}
            ' ' if plain.ends_with('-') => {}
            c => plain.push(c),
        }
    }
    plain.truncate(plain.trim_end_matches([':', ' ']).len());
    plain
}

/// The day and the time of day; that is empty where there is none.
fn split(text: &str) -> (&str, &str) {
    let text = text.trim();
    // The time begins where the first colon's hour does; a day may hold spaces of its own: `5 Mar 2026 8:30`.
    let hour = match text.find(':') {
        None => return (text, ""),
        Some(colon) => text[..colon].trim_end_matches(|c: char| c.is_ascii_digit()).len(),
    };
    let day = text[..hour].trim_end_matches(['T', ' ']);
    // A word for the half of the day may stand before the hour.
    let half = ["上午", "下午", "晚上", "早上", "中午", "凌晨", "AM", "PM"]
        .into_iter()
        .find_map(|half| Some(day.strip_suffix(half)?.len()));
    match half {
        Some(end) => (day[..end].trim_end(), &text[end..]),
        None => (day, &text[hour..]),
    }
}

/// What a text says about a day.
enum Day {
    Known(Date),
    Unknown,
    /// One of its first two numbers can be no month, so the other one is it.
    Proved(Date),
    /// Day and month could be swapped.
    Ambiguous,
    /// It is no day in the order that the user named.
    OtherOrder,
    /// The year has two digits.
    ShortYear,
}

fn of_calendar(day: &str, order: Option<DateOrder>) -> Day {
    let number = |digits: &str| {
        ((1..=4).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()))
            .then(|| digits.parse::<i16>().ok())
            .flatten()
    };
    let date = |year: &str, month: i8, day: &str| {
        let (year, day) = (number(year)?, number(day)?);
        Date::new(year, month, i8::try_from(day).ok()?).ok()
    };
    let month = |text: &str| number(text).and_then(|month| i8::try_from(month).ok()).unwrap_or(0);
    let known = |date: Option<Date>| date.map_or(Day::Unknown, Day::Known);
    if day.len() == 8 && day.bytes().all(|byte| byte.is_ascii_digit()) {
        return known(date(&day[..4], month(&day[4..6]), &day[6..]));
    }
    let parts: Vec<&str> = day.split(['-', ' ', ',']).filter(|part| !part.is_empty()).collect();
    let [first, second, third] = parts[..] else { return Day::Unknown };
    if let Some(named) = month_of(second).filter(|_| third.len() == 4) {
        return known(date(third, named, first));
    }
    if let Some(named) = month_of(first).filter(|_| third.len() == 4) {
        return known(date(third, named, second));
    }
    if day.contains([' ', ',']) || day.split('-').count() != 3 {
        return Day::Unknown;
    }
    if first.len() == 4 {
        return known(date(first, month(second), third));
    }
    if ![first, second, third].iter().all(|part| number(part).is_some()) {
        return Day::Unknown;
    }
    match order {
        None if third.len() == 4 && month(first) > 12 => {
            date(third, month(second), first).map_or(Day::Unknown, Day::Proved)
        }
        None if third.len() == 4 && month(second) > 12 => {
            date(third, month(first), second).map_or(Day::Unknown, Day::Proved)
        }
        None => Day::Ambiguous,
        Some(_) if third.len() != 4 => Day::ShortYear,
        Some(DateOrder::Dmy) => date(third, month(second), first).map_or(Day::OtherOrder, Day::Known),
        Some(DateOrder::Mdy) => date(third, month(first), second).map_or(Day::OtherOrder, Day::Known),
    }
}

/// The month of an English name: `Mar`, `March`, `Sept.`
fn month_of(name: &str) -> Option<i8> {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let known = name.get(..3).filter(|_| name.bytes().all(|byte| byte.is_ascii_alphabetic()))?;
    let index = MONTHS.iter().position(|month| *month == known)?;
    i8::try_from(index + 1).ok()
}

/// `8:30`, `08:30:00.000`, `3:30 PM`, `下午3:30`.
fn of_clock(text: &str) -> Option<Time> {
    const HALVES: [&str; 10] = ["上午", "早上", "凌晨", "AM", "am", "下午", "PM", "pm", "晚上", "中午"];
    let text = text.trim();
    let without =
        |half: &&'static str| Some((text.strip_prefix(half).or_else(|| text.strip_suffix(half))?.trim(), Some(*half)));
    let (time, half) = HALVES.iter().find_map(without).unwrap_or((text, None));
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
    let (hour, minute, second) = match parts.as_slice() {
        [hour, minute] => (part(hour)?, part(minute)?, 0),
        [hour, minute, second] => (part(hour)?, part(minute)?, part(second)?),
        _ => return None,
    };
    let hour = match (half, hour) {
        (None, hour) => hour,
        // 晚上12:30 may be of the next day, and 中午11:30 is before noon.
        (Some("晚上"), 5..=11) => hour + 12,
        (Some("晚上"), 17..=23) => hour,
        (Some("中午"), 11..=14) => hour,
        (Some("中午"), 1..=2) => hour + 12,
        (Some("晚上" | "中午"), _) => return None,
        (Some("下午" | "PM" | "pm"), 0..=12) => hour % 12 + 12,
        // 下午15:30 says twice what it is.
        (Some("下午" | "PM" | "pm"), hour) => hour,
        // 12:30 in the first half of the day is half past midnight.
        (Some(_), 0..=12) => hour % 12,
        (Some(_), _) => return None,
    };
    Time::new(hour, minute, second, 0).ok()
}

/// The moment of a day number of the 1900 calendar, which a cell without a date format shows.
fn of_serial(text: &str) -> Option<DateTime> {
    if !text.starts_with(|c: char| c.is_ascii_digit()) || text.split('.').next()?.len() != 5 {
        return None;
    }
    let serial: f64 = text.parse().ok().filter(|serial| SERIALS.contains(serial))?;
    // The range leaves no room for overflow, and a spreadsheet's fraction is no finer than a second.
    let seconds = (serial * 86_400.0).round() as i64;
    Date::constant(1899, 12, 30).at(0, 0, 0, 0).checked_add(jiff::SignedDuration::from_secs(seconds)).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day_in(text: &str, kind: CellKind, options: ValueOptions) -> Result<String, &'static str> {
        let (mut out, mut noticed) = (String::new(), Vec::new());
        clean_date(Cell { text, kind }, &options, &mut out, &mut noticed).map_err(|problem| problem.code)?;
        // What has to be looked at is marked by a star.
        let held = noticed.iter().any(|problem| problem.severity == crate::problem::Severity::Held);
        Ok(if held { format!("*{out}") } else { out })
    }

    fn day(text: &str, kind: CellKind) -> Result<String, &'static str> {
        day_in(text, kind, ValueOptions::default())
    }

    fn moment(text: &str, kind: CellKind) -> Result<String, &'static str> {
        let mut out = String::new();
        clean_datetime(Cell { text, kind }, &ValueOptions::default(), &mut out, &mut Vec::new())
            .map(|()| out)
            .map_err(|problem| problem.code)
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
            "2026 年 1 月 5 日",
            "5 Jan 2026",
            "05-Jan-2026",
            "January 5, 2026",
        ] {
            assert_eq!(day(text, CellKind::Text), Ok("2026-01-05".into()), "{text}");
        }
        assert_eq!(day("13/06/2026", CellKind::Text), Ok("2026-06-13".into()));
        assert_eq!(day("06-13-2026", CellKind::Text), Ok("2026-06-13".into()));
        assert_eq!(day("13/13/2026", CellKind::Text), Err("not_a_date"));
        for text in ["05/06/2026", "13/06/26", "5-6-26", "26/1/5"] {
            assert_eq!(day(text, CellKind::Text), Err("ambiguous_date"), "{text}");
        }
        for text in ["2026-02-30", "2026-1", "明天", "202601", "2026-01-05-01", "5-Jan-26", "5 1 2026"] {
            assert_eq!(day(text, CellKind::Text), Err("not_a_date"), "{text}");
        }
        assert_eq!(day("2026-01-05 08:30", CellKind::Text), Ok("*2026-01-05".into()));
        assert_eq!(day("2026-12-31 23:59:59", CellKind::Text), Ok("*2026-12-31".into()));
        assert_eq!(day("2026-01-04T16:00:00Z", CellKind::Text), Err("not_a_date"));
    }

    #[test]
    fn day_and_month_are_told_apart_by_the_user_alone() {
        let of = |text: &str, order| {
            day_in(text, CellKind::Text, ValueOptions { date_order: Some(order), ..ValueOptions::default() })
        };
        assert_eq!(of("03/04/2026", DateOrder::Dmy), Ok("2026-04-03".into()));
        assert_eq!(of("03/04/2026", DateOrder::Mdy), Ok("2026-03-04".into()));
        assert_eq!(of("3.4.2026", DateOrder::Dmy), Ok("2026-04-03".into()));
        assert_eq!(of("13/06/2026", DateOrder::Mdy), Err("date_order"));
        assert_eq!(of("13/06/26", DateOrder::Dmy), Err("short_year"));
        assert_eq!(of("2026/1/5", DateOrder::Dmy), Ok("2026-01-05".into()));
    }

    #[test]
    fn codes_that_became_dates_are_seen() {
        for text in ["5-Mar", "Mar-05", "12-Dec", "3月5日"] {
            assert!(looks_like_short_date(text), "{text}");
        }
        for text in ["3-5", "A-Mar", "Market-5", "5-Mars", "2026-01", "5月", "周三5日"] {
            assert!(!looks_like_short_date(text), "{text}");
        }
        for text in ["2026年3月", "3/5/2026", "12:30:00"] {
            assert!(looks_like_month_or_time(text), "{text}");
        }
        for text in ["2026年", "3/5", "12:30", "a/b/2026", "1:2:3:4", "AA:BB:CC"] {
            assert!(!looks_like_month_or_time(text), "{text}");
        }
        assert_eq!(number_of("2036-11-22"), Some(50_001));
        assert_eq!(number_of("2026-01-05 08:30:00"), Some(46_027));
    }

    #[test]
    fn moments_have_seconds() {
        let spellings = [
            "2026-01-05 08:30",
            "2026/1/5 8:30:00",
            "2026-01-05T08:30:00.000",
            "2026年1月5日8时30分",
            "2026年1月5日 8:30",
            "2026/1/5 上午8:30",
            "2026/1/5 上午 8:30",
            "2026-01-05 8:30 AM",
            "5 Jan 2026 08:30",
        ];
        for text in spellings {
            assert_eq!(moment(text, CellKind::Text), Ok("2026-01-05 08:30:00".into()), "{text}");
        }
        assert_eq!(moment("2026-01-05", CellKind::Date), Ok("2026-01-05 00:00:00".into()));
        assert_eq!(moment("2026/1/5 下午3:30", CellKind::Text), Ok("2026-01-05 15:30:00".into()));
        assert_eq!(moment("2026-01-05 12:30:00 AM", CellKind::Text), Ok("2026-01-05 00:30:00".into()));
        for text in ["2026-01-05 25:00", "2026-01-05T08:30:00Z", "2026-01-05T08:30:00+08:00", "2026-01-05 8"] {
            assert_eq!(moment(text, CellKind::Text), Err("not_a_datetime"), "{text}");
        }
    }

    #[test]
    fn a_number_is_a_day_only_in_a_plausible_range() {
        assert_eq!(day("46027", CellKind::Number), Ok("2026-01-05".into()));
        assert_eq!(day("46027", CellKind::Text), Ok("*2026-01-05".into()));
        assert_eq!(day("4602", CellKind::Text), Err("not_a_date"));
        assert_eq!(day("20260105", CellKind::Number), Ok("2026-01-05".into()));
        assert_eq!(day("12", CellKind::Number), Err("not_a_date"));
        assert_eq!(moment("46027.354166666664", CellKind::Number), Ok("2026-01-05 08:30:00".into()));
        assert_eq!(day("46027.5", CellKind::Number), Ok("*2026-01-05".into()));
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
