//! The service's clock: times as records carry them, in the service's zone.

use crate::entity::Catalog;

/// The time now, as in `2018-02-03 00:00:00`.
pub(super) fn now() -> String {
    service_time(now_milliseconds() / 1000)
}

/// Unix seconds as a time in the service's zone.
pub(super) fn service_time(seconds: i64) -> String {
    let offset =
        jiff::tz::Offset::from_seconds(Catalog::embedded().service.utc_offset).unwrap_or(jiff::tz::Offset::UTC);
    let moment = offset.to_datetime(jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH));
    let (date, time) = (moment.date(), moment.time());
    format!("{date} {:02}:{:02}:{:02}", time.hour(), time.minute(), time.second())
}

/// Unix milliseconds now.
pub(super) fn now_milliseconds() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_the_services_zone() {
        assert_eq!(service_time(1_736_040_600), "2025-01-05 09:30:00");
    }
}
