//! The service's clock: times as records carry them, in the service's zone.

use crate::entity::Catalog;

/// The service's clock, `2018-02-03 00:00:00`.
pub fn now() -> String {
    moment(now_milliseconds() / 1000)
}

/// A Unix time in the service's zone.
pub fn moment(seconds: i64) -> String {
    let offset =
        jiff::tz::Offset::from_seconds(Catalog::embedded().service.utc_offset).unwrap_or(jiff::tz::Offset::UTC);
    let moment = offset.to_datetime(jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH));
    let (date, time) = (moment.date(), moment.time());
    format!("{date} {:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

/// Unix milliseconds.
pub fn now_milliseconds() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_in_the_services_zone() {
        assert_eq!(moment(1_736_040_600), "2025-01-05 09:30:00");
    }
}
