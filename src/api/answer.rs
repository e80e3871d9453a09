//! An answer of the service, whatever it says: its status, what its head says that matters here, and its body.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::HeaderMap;
use http::header::{LOCATION, RETRY_AFTER};

/// The longest wait that is kept when the service asks for one.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// An answer, whatever it says.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Location` header.
    pub location: Option<String>,
    /// `Retry-After`, read as seconds or a date and cut to two minutes; none when it makes no sense.
    pub retry_after: Option<Duration>,
    /// The body.
    pub body: Bytes,
}

impl Answer {
    /// An answer with this head and body.
    pub(super) fn new(status: u16, headers: &HeaderMap, body: Bytes) -> Self {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        Answer {
            status,
            location: header(LOCATION).map(str::to_owned),
            retry_after: header(RETRY_AFTER).and_then(|text| parse_retry_after(text, SystemTime::now())),
            body,
        }
    }
}

/// `Retry-After` as seconds or an HTTP date, cut to what is sensible; none for garbage and dates gone by.
fn parse_retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(Duration::from_secs(seconds).min(LONGEST_WAIT));
    }
    let date = httpdate::parse_http_date(text.trim()).ok()?;
    date.duration_since(now).ok().map(|wait| wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_as_seconds_or_date_and_bounded() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(parse_retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(parse_retry_after("1000000000", now), Some(LONGEST_WAIT));
        assert_eq!(parse_retry_after("Tue, 14 Nov 2023 22:13:50 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(parse_retry_after("Tue, 14 Nov 2022 22:13:50 GMT", now), None);
        for garbage in ["soon", "", "-5", "1e9"] {
            assert_eq!(parse_retry_after(garbage, now), None, "{garbage}");
        }
    }
}
