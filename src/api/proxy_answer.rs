//! What a proxy says when it lets no connection through. The HTTP library only tells that it did not, so the proxy is asked once
//! more, and for nothing but that.

use std::time::Duration;

use http::HeaderValue;
use tokio::net::TcpStream;

use crate::message;
use crate::message::Message;

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// The longest first line that is read.
const LONGEST_LINE: usize = 512;

/// Why a proxy at this place does not connect to a host and port, by its own answer.
pub(super) async fn why(at: &str, host: &str, login: Option<&HeaderValue>) -> Message {
    let line = tokio::time::timeout(PATIENCE, first_line(at, host, login)).await.ok().flatten();
    let Some(line) = line else { return message!("api.proxy_refused") };
    match status_of(&line) {
        Some(403) => message!("api.proxy_forbids"),
        Some(status @ (200..=399 | 400 | 404 | 405 | 501)) => message!("api.proxy_is_none", status = status),
        Some(status @ 500..) => message!("api.proxy_not_through", status = status),
        Some(_) => message!("api.proxy_refused"),
        None => message!("api.proxy_no_http"),
    }
}

/// The first line of its answer.
async fn first_line(at: &str, host: &str, login: Option<&HeaderValue>) -> Option<Vec<u8>> {
    let stream = TcpStream::connect(at).await.ok()?;
    let mut question = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n").into_bytes();
    if let Some(login) = login {
        question.extend_from_slice(b"Proxy-Authorization: ");
        question.extend_from_slice(login.as_bytes());
        question.extend_from_slice(b"\r\n");
    }
    question.extend_from_slice(b"\r\n");
    let mut rest = question.as_slice();
    while !rest.is_empty() {
        stream.writable().await.ok()?;
        match stream.try_write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return None,
        }
    }
    let (mut line, mut buffer) = (Vec::new(), [0; LONGEST_LINE]);
    while line.len() < LONGEST_LINE && !line.contains(&b'\n') {
        stream.readable().await.ok()?;
        match stream.try_read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => line.extend_from_slice(&buffer[..read]),
            Err(why) if why.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => break,
        }
    }
    (!line.is_empty()).then_some(line)
}

/// The status of `HTTP/1.1 403 Forbidden`; none for anything else.
fn status_of(line: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(line.strip_prefix(b"HTTP/1.")?.get(..6)?).ok()?;
    line.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_and_nothing_else() {
        assert_eq!(status_of(b"HTTP/1.1 502 Bad Gateway\r\n"), Some(502));
        assert_eq!(status_of(b"HTTP/1.0 403\r\n"), Some(403));
        for other in [&b"SSH-2.0-OpenSSH\r\n"[..], b"\x05\xff", b"HTTP/1.1", b"HTTP/1.1 abc\r\n"] {
            assert_eq!(status_of(other), None);
        }
    }
}
