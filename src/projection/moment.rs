//! Days and moments as the service writes them: padded or not, with or without a time, or not set at all.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::Offset;

use crate::entity::Service;

/// A day, or a moment in the service's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// A day without a time.
    Day(Date),
    /// A day with a time.
    Time(DateTime),
}

impl Moment {
    /// Its beginning.
    pub fn begin(self) -> DateTime {
        match self {
            Moment::Day(day) => day.to_datetime(Time::midnight()),
            Moment::Time(moment) => moment,
        }
    }

    /// Its last second.
    pub fn end(self) -> DateTime {
        match self {
            Moment::Day(day) => day.at(23, 59, 59, 0),
            Moment::Time(moment) => moment,
        }
    }

    /// Its day.
    pub fn day(self) -> Date {
        match self {
            Moment::Day(day) => day,
            Moment::Time(moment) => moment.date(),
        }
    }
}

/// Reads `2018-02-03`, `2018-2-3 9:12:20`, `2018-02-03T09:12`; none for what is no date, and for the ways of the service
/// to say that a time is not set.
pub fn parse(text: &str) -> Option<Moment> {
    let text = text.trim();
    let (day, time) = match text.find([' ', 'T']) {
        Some(at) => (&text[..at], Some(text[at + 1..].trim())),
        None => (text, None),
    };
    let mut parts = day.split(['-', '/']);
    let (year, month, date) = (number(parts.next()?)?, number(parts.next()?)?, number(parts.next()?)?);
    if parts.next().is_some() || year < 1000 {
        return None;
    }
    let day = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(date).ok()?).ok()?;
    let Some(time) = time else {
        return Some(Moment::Day(day));
    };
    let mut parts = time.split(':');
    let (hour, minute) = (number(parts.next()?)?, number(parts.next()?)?);
    let second = parts.next().map_or(Some(0), |text| match text.split_once('.') {
        Some((second, fraction)) if fraction.bytes().all(|byte| byte.is_ascii_digit()) => number(second),
        Some(_) => None,
        None => number(text),
    })?;
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, 0).ok()?;
    Some(Moment::Time(day.to_datetime(time)))
}

/// Reads what [`parse`] does, and what other services write: a moment with its zone (`2018-02-03T01:12:20Z`), seconds or
/// milliseconds of Unix time, `2018年2月3日`.
pub fn read(text: &str, service: &Service) -> Option<Moment> {
    parse(text).or_else(|| {
        let text = text.trim();
        let seconds = match text.len() {
            _ if !text.bytes().all(|byte| byte.is_ascii_digit()) => None,
            10 => text.parse().ok(),
            13 => text[..10].parse().ok(),
            _ => None,
        };
        let zoned = || text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second);
        match seconds.or_else(zoned) {
            Some(seconds) => Some(Moment::Time(service_time(seconds, service))),
            None if text.contains('年') => parse(&in_figures(text)),
            None => None,
        }
    })
}

/// `2018年2月3日 9时12分` as `2018-2-3 9:12`.
fn in_figures(text: &str) -> String {
    let text = text.replace(['年', '月'], "-").replace('日', " ").replace(['时', '分'], ":").replace('秒', "");
    text.trim_end_matches([':', ' ']).to_owned()
}

fn number(text: &str) -> Option<u16> {
    let is_number = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.bytes().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')))
}

/// Whether the text is one of the ways to say that a time is not set.
pub fn is_unset(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || text == "0" || text.starts_with("0000-00-00") || text == "null"
}

/// A moment of Unix time where the service is.
pub fn service_time(seconds: i64, service: &Service) -> DateTime {
    let moment = jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Offset::from_seconds(service.utc_offset).unwrap_or(Offset::UTC).to_datetime(moment)
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, datetime};

    use super::*;

    #[test]
    fn the_service_writes_dates_in_several_ways() {
        assert_eq!(parse("2018-02-03"), Some(Moment::Day(date(2018, 2, 3))));
        assert_eq!(parse("2018-2-3 9:12:20"), Some(Moment::Time(datetime(2018, 2, 3, 9, 12, 20, 0))));
        assert_eq!(parse("2018-02-03T09:12"), Some(Moment::Time(datetime(2018, 2, 3, 9, 12, 0, 0))));
        for text in ["", "0000-00-00 00:00:00", "2018-02-30", "2018-02", "x", "2018-02-03 25:00:00", "12-1-1"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert!(is_unset("0000-00-00 00:00:00") && is_unset("") && !is_unset("soon"));
    }

    #[test]
    fn moments_of_other_services_are_read_where_the_service_is() {
        let catalog = crate::entity::Catalog::embedded();
        let moment = datetime(2024, 1, 20, 7, 4, 5, 0);
        for text in [
            "2024-01-19T23:04:05Z",
            "2024-01-19T23:04:05.000Z",
            "2024-01-20T07:04:05+08:00",
            "2024-01-20 07:04:05",
            "1705705445",
            "1705705445000",
            "2024年1月20日 07:04:05",
            "2024年01月20日7时4分5秒",
        ] {
            assert_eq!(read(text, &catalog.service), Some(Moment::Time(moment)), "{text}");
        }
        assert_eq!(read("2024年1月20日", &catalog.service), Some(Moment::Day(date(2024, 1, 20))));
        for text in ["", "0", "20240120", "13000000001", "soon", "去年", "2024-13-01"] {
            assert_eq!(read(text, &catalog.service), None, "{text}");
        }
    }
}
