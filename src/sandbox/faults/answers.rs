//! Faults that change an answer, or answer instead.

use serde_json::json;

use super::fault::{Fault, Kind};
use crate::sandbox::answer::Answer;
use crate::sandbox::routes::Route;

/// The web page of a proxy or portal.
const GATEWAY_PAGE: &str =
    "<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>Bad day</h1></body></html>";

/// The answer a fault gives before anything is carried out.
pub(crate) fn answer_instead(fault: &Fault, path: &str) -> Option<Answer> {
    let error = |status, text: &str| {
        Answer::json(status, &json!({"errcode": format!("SANDBOX-FAULT-{status}"), "errmsg": text}))
    };
    Some(match fault.kind {
        // Nothing is carried out, and nobody sees this answer.
        Kind::CloseRead => Answer::text(200, String::new()),
        Kind::Found => Answer::html(302, GATEWAY_PAGE).with("location", "https://portal.example.com/login"),
        Kind::TemporaryRedirect => {
            Answer::html(307, GATEWAY_PAGE).with("location", format!("https://other.example.com/api/v1{path}"))
        }
        Kind::Unauthorized => error(401, "authentication failed"),
        Kind::Forbidden => error(403, "no permission"),
        Kind::NotFound => error(404, "no such resource"),
        Kind::Conflict => error(409, "already exists"),
        Kind::Unprocessable => error(422, "cannot be processed"),
        Kind::TooMany => error(429, "too many requests").with("retry-after", retry_after(&fault.retry_after)),
        Kind::Internal => error(500, "internal error"),
        Kind::BadGateway => Answer::html(502, GATEWAY_PAGE),
        Kind::Unavailable => Answer::html(503, GATEWAY_PAGE),
        Kind::GatewayTimeout => Answer::html(504, GATEWAY_PAGE),
        Kind::Html => Answer::html(200, GATEWAY_PAGE),
        Kind::ErrorBody => {
            Answer::json(200, &json!({"errcode": "SANDBOX-FAULT-200", "errmsg": "refused under status 200"}))
        }
        _ => return None,
    })
}

fn retry_after(wanted: &str) -> String {
    match wanted {
        "date" => {
            let later = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(2);
            later.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
        }
        "garbage" => "soon, perhaps".to_owned(),
        "huge" => "1000000000".to_owned(),
        seconds => seconds.to_owned(),
    }
}

/// What a fault makes of the answer of a request that was carried out.
pub(crate) fn altered_answer(fault: &Fault, answer: Answer, route: Option<&Route>) -> Answer {
    let is_stored = answer.is_stored;
    let error = |status, text: &str| {
        Answer::json(status, &json!({"errcode": format!("SANDBOX-FAULT-{status}"), "errmsg": text}))
    };
    let altered = match fault.kind {
        Kind::ConflictStored => error(409, "already exists"),
        Kind::InternalStored => error(500, "internal error"),
        Kind::GatewayTimeoutStored => Answer::html(504, GATEWAY_PAGE),
        Kind::NoId if answer.status < 300 => {
            Answer::json(200, &json!({"status": "0", "message": "Insert ok", "data": false}))
        }
        Kind::Gzip => {
            let mut body = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
            body.extend(answer.body.iter().map(|byte| byte ^ 0xa5));
            Answer { body, ..answer }.with("content-encoding", "gzip")
        }
        Kind::Backslash => Answer { body: with_backslash(&answer.body, route), ..answer },
        _ => answer,
    };
    Answer { is_stored, ..altered }
}

/// Puts a bare backslash at the beginning of the first record's name, as answers were seen to have them.
fn with_backslash(body: &[u8], route: Option<&Route>) -> Vec<u8> {
    let body = String::from_utf8_lossy(body);
    let name = route.and_then(|route| route.entity).and_then(|entity| entity.display.as_deref()).unwrap_or("errmsg");
    let member_start = format!("\"{name}\":\"");
    body.replacen(&member_start, &format!("{member_start}C:\\data "), 1).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    #[test]
    fn faults_that_answer_instead_store_nothing() {
        for kind in Kind::ALL {
            let fault: Fault = kind.as_str().parse().unwrap();
            if let Some(answer) = answer_instead(&fault, "/users.json") {
                assert!(!answer.is_stored, "{}", kind.as_str());
                // A redirect never leads to the service itself.
                let location = answer.headers.iter().find(|(name, _)| *name == "location");
                let host = &Catalog::embedded().service.base_url;
                assert!(location.is_none_or(|(_, to)| !to.starts_with(host.as_str())), "{}", kind.as_str());
            }
        }
    }

    #[test]
    fn retry_after_comes_in_four_forms() {
        assert_eq!(retry_after("30"), "30");
        assert!(retry_after("date").ends_with(" GMT"));
        assert!(retry_after("garbage").parse::<u64>().is_err());
        assert_eq!(retry_after("huge"), "1000000000");
    }
}
