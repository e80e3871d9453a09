//! An answer as an HTTP response: whole, slow, half, or none because the connection ends.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderValue;
use axum::response::Response;
use futures::stream;

use super::answer::Answer;
use super::faults::faulty_stream::{ConnectionControl, Cut};

/// The whole answer at once.
pub(super) fn whole(mut answer: Answer) -> Response {
    let body = Bytes::from(std::mem::take(&mut answer.body));
    with_body(&answer, Body::from(body))
}

/// The body one byte at a time.
pub(super) fn slow(answer: Answer, pause: Duration) -> Response {
    let bytes = answer.body.clone();
    let body = stream::unfold((bytes, 0), move |(bytes, at)| async move {
        let byte = *bytes.get(at)?;
        tokio::time::sleep(pause).await;
        Some((Ok::<_, std::io::Error>(Bytes::from(vec![byte])), (bytes, at + 1)))
    });
    with_length(&answer, Body::from_stream(body))
}

/// Half of the body, then the end of the connection.
pub(super) fn half(answer: Answer) -> Response {
    let half = Bytes::from(answer.body[..answer.body.len() / 2].to_vec());
    let body = stream::unfold(Some(half), |half| async move {
        match half {
            Some(half) => Some((Ok(half), None)),
            None => {
                // Lets hyper send the first half, which an error at once would drop.
                tokio::task::yield_now().await;
                Some((Err(std::io::Error::from(std::io::ErrorKind::ConnectionAborted)), None))
            }
        }
    });
    with_length(&answer, Body::from_stream(body))
}

/// Ends the connection; the response only makes hyper write, and so notice.
pub(super) fn cut(control: &ConnectionControl, cut: Cut) -> Response {
    control.cut(cut);
    Response::new(Body::empty())
}

fn with_length(answer: &Answer, body: Body) -> Response {
    let mut response = with_body(answer, body);
    response.headers_mut().insert("content-length", HeaderValue::from(answer.body.len()));
    response
}

fn with_body(answer: &Answer, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(answer.content_type));
    for (name, value) in &answer.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(*name, value);
        }
    }
    response
}
