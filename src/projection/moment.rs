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
    let second = parts.next().map_or(Some(0), |text| number(text.split('.').next().unwrap_or_default()))?;
    let time = Time::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, i8::try_from(second).ok()?, 0).ok()?;
    Some(Moment::Time(day.to_datetime(time)))
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
}
