//! An answer of the service, whatever it says: its status, what its head says that matters here, and its body.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use encoding_rs::GB18030;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, DATE, LOCATION, RETRY_AFTER};

/// A wait longer than this is no wait.
const LONGEST_WAIT: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// An answer, whatever it says.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Location` header.
    pub location: Option<String>,
    /// `Retry-After`, read as seconds or a date; none when it makes no sense.
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
            retry_after: header(RETRY_AFTER).and_then(|text| {
                let now = header(DATE).and_then(|date| httpdate::parse_http_date(date).ok());
                parse_retry_after(text, now.unwrap_or_else(SystemTime::now))
            }),
            body: match header(CONTENT_TYPE).is_some_and(says_gbk) {
                true => of_gbk(body),
                false => body,
            },
        }
    }
}

/// Whether a `Content-Type` names the encoding of the mainland, or its older and newer forms.
fn says_gbk(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    let charset = kind.split_once("charset=").map(|(_, charset)| charset.trim_start_matches(['"', ' ']));
    charset.is_some_and(|charset| ["gbk", "gb2312", "gb18030", "x-gbk"].iter().any(|name| charset.starts_with(name)))
}

/// A body in GBK as UTF-8. What is UTF-8 all the same, or no GBK either, stays as it is.
fn of_gbk(body: Bytes) -> Bytes {
    if std::str::from_utf8(&body).is_ok() {
        return body;
    }
    match GB18030.decode_without_bom_handling_and_without_replacement(&body) {
        Some(text) => Bytes::from(text.into_owned()),
        None => body,
    }
}

/// `Retry-After` as seconds, whole or not, or an HTTP date, by the service's own clock where its answer has a `Date`; none
/// for garbage and dates gone by.
fn parse_retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let is_number = !text.is_empty() && text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let wait = match text.parse::<f64>() {
        Ok(seconds) if is_number => Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_WAIT),
        _ => httpdate::parse_http_date(text).ok()?.duration_since(now).ok()?,
    };
    Some(wait.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_that_is_named_is_believed_unless_the_body_is_something_else() {
        let read = |kind: &str, body: &[u8]| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, kind.parse().unwrap());
            Answer::new(200, &headers, Bytes::copy_from_slice(body)).body
        };
        let (rare, ..) = GB18030.encode("\"鑫淼龘\"");
        for kind in ["application/json; charset=GBK", "text/html;charset=\"gb2312\"", "text/plain; charset=GB18030"] {
            assert_eq!(read(kind, &rare), "\"鑫淼龘\"".as_bytes(), "{kind}");
            assert_eq!(read(kind, "\"鑫\"".as_bytes()), "\"鑫\"".as_bytes(), "{kind}");
            assert_eq!(read(kind, b"\"\xff\xff\""), b"\"\xff\xff\""[..], "{kind}");
        }
        assert_eq!(read("application/json; charset=utf-8", &rare), rare[..]);
    }

    #[test]
    fn retry_after_is_read_as_seconds_or_date_and_bounded() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        assert_eq!(parse_retry_after("7", now), Some(Duration::from_secs(7)));
        assert_eq!(parse_retry_after(" 0.5 ", now), Some(Duration::from_millis(500)));
        assert_eq!(parse_retry_after("0", now), Some(Duration::ZERO));
        assert_eq!(parse_retry_after("1000000000", now), Some(LONGEST_WAIT));
        assert_eq!(parse_retry_after("99999999999999999999999999", now), Some(LONGEST_WAIT));
        assert_eq!(parse_retry_after("Tue, 14 Nov 2023 22:13:50 GMT", now), Some(Duration::from_secs(30)));
        assert_eq!(parse_retry_after("Tue, 14 Nov 2022 22:13:50 GMT", now), None);
        for garbage in ["soon", "", "-5", "1e9", ".", "1.2.3", "inf", "NaN"] {
            assert_eq!(parse_retry_after(garbage, now), None, "{garbage}");
        }
    }
}
