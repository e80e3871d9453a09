//! What an answer to a write proves. Success is said only on proof; a rejection only when the service plainly said no;
//! everything between is ambiguous and the write must not be repeated.
//!
//! The table this follows: a definite no (4xx, or an error body under any status below 500) is a rejection; 429 says the
//! write was not taken; 401 and 3xx end the run; 5xx and every answer that cannot be read leave the write in doubt.

use std::time::Duration;

use serde_json::Value;

use super::answer::Answer;
use super::envelope::{self, Document, Rejection, as_text, parse_needed, rejection};
use super::needed::Needed;
use crate::message;
use crate::message::Message;

/// Members of an answer that say how a write went.
const SAID: [&str; 8] = ["errcode", "errmsg", "error", "error_description", "state", "status", "message", "msg"];
/// Members beside the wrappers that may hold records, or tell how many there are.
const HELD: [&str; 2] = ["data", "count"];

/// What a write expects to come back.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// Members the written record may come under, best first: the answer key, the singular, the plural.
    pub wrappers: Vec<String>,
    /// The field that holds the record's id.
    pub id: Option<String>,
    /// The service's code for a path that does not exist.
    pub unknown_path_code: String,
    /// Members of a record whose values nobody may see.
    pub secrets: Vec<String>,
    /// The service's text for "it is there already", where what is there is looked at.
    pub conflict: Option<String>,
}

/// What came of one attempt to write, and what that proves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// No connection was made: it was certainly not processed.
    NotSent(Message),
    /// Written; the id when the answer holds it.
    Done {
        /// The new record's id.
        id: Option<String>,
    },
    /// The service said no: what was to be written is there already.
    AlreadyThere(Rejection),
    /// The service said no to this record.
    Rejected(Rejection),
    /// The service did not take the write and asks to wait.
    Busy {
        /// How long it asks to wait, when it says so sensibly.
        wait: Option<Duration>,
    },
    /// The login is rejected.
    LoginRejected(Rejection),
    /// The login may not do this.
    Forbidden(Rejection),
    /// The path does not exist on this host.
    NoSuchPath(Rejection),
    /// The answer sends the client elsewhere; the base address is wrong.
    Moved(String),
    /// It may or may not have been written.
    Unknown(Message),
}

/// What an answer to a write proves. Texts of the service that an outcome shows are shown without what `hide` hides; what
/// is hidden does not change what the answer means.
pub(super) fn classify(answer: &Answer, expected: &Expected, hide: impl Fn(&str) -> String) -> Outcome {
    let wrappers = expected.wrappers.iter().flat_map(|wrapper| wrapper.split('.'));
    // As many as there nearly always are, or the list grows twice for each answer.
    let mut parts = Vec::with_capacity(8);
    parts.extend(wrappers.chain(expected.id.as_deref()).chain(HELD));
    let document = parse_needed(&answer.body, Needed::new(&SAID, &parts));
    classify_document(document, answer, expected, hide)
}

fn classify_document(
    document: Option<Document>,
    answer: &Answer,
    expected: &Expected,
    hide: impl Fn(&str) -> String,
) -> Outcome {
    let described = document.as_ref().and_then(|document| rejection(document, true));
    let rejected = |otherwise: &str| match &described {
        Some(rejection) => rejection.shown(&hide),
        None => Rejection {
            code: answer.status.to_string(),
            message: page_text(&answer.body, &hide).unwrap_or_else(|| otherwise.to_owned()),
        },
    };
    let is_there = || says_there(described.as_ref(), &answer.body, expected);
    let rejected_or_there = |rejection: Rejection| match is_there() {
        true => Outcome::AlreadyThere(rejection),
        false => Outcome::Rejected(rejection),
    };
    match answer.status {
        300..=399 => return Outcome::Moved(answer.location.as_deref().map(&hide).unwrap_or_default()),
        401 => return Outcome::LoginRejected(rejected("Unauthorized")),
        // The bindings' own error shape says "403" of a single record, whatever the HTTP status.
        403 if document.as_ref().is_none_or(|document| document.get("state").is_none()) && !is_there() => {
            let rejection = rejected("Forbidden");
            return match document.is_none() && is_page(&answer.body) {
                // A firewall in front of the service minds this record, whatever the account may do.
                true => Outcome::Rejected(rejection),
                false => Outcome::Forbidden(rejection),
            };
        }
        429 => return Outcome::Busy { wait: answer.retry_after },
        408 | 500.. => return Outcome::Unknown(message!("api.status", status = answer.status)),
        _ => {}
    }
    if let Some(described) = &described {
        // An answer that holds both an error and the record contradicts itself, and proves nothing.
        let holds_record = answer.status < 300
            && document.as_ref().and_then(|document| proof(document, answer, expected)).flatten().is_some();
        if holds_record {
            return Outcome::Unknown(message!("api.contradiction", status = answer.status));
        }
        return match described.code == expected.unknown_path_code {
            true => Outcome::NoSuchPath(described.shown(&hide)),
            false => rejected_or_there(described.shown(&hide)),
        };
    }
    if answer.status >= 400 {
        // A 4xx without a readable word of the service: a proxy may have made it, but nobody above it processed the write.
        return rejected_or_there(rejected("request rejected"));
    }
    match document {
        None => Outcome::Unknown(match words(&String::from_utf8_lossy(&answer.body)).is_empty() {
            false => message!("api.page", status = answer.status),
            true => message!("api.unreadable", status = answer.status),
        }),
        Some(document) => match proof(&document, answer, expected) {
            Some(id) => Outcome::Done { id },
            None => Outcome::Unknown(message!("api.unknown_shape", status = answer.status)),
        },
    }
}

/// Whether a body is a page for people.
fn is_page(body: &[u8]) -> bool {
    let head = String::from_utf8_lossy(&body[..body.len().min(512)]).trim_start().to_ascii_lowercase();
    head.starts_with("<!doctype html") || head.starts_with("<html") || head.contains("<body") || head.contains("<head")
}

/// Whether the service's own words, before anything in them is hidden, say "it is there already".
fn says_there(described: Option<&Rejection>, body: &[u8], expected: &Expected) -> bool {
    let Some(conflict) = &expected.conflict else { return false };
    match described {
        Some(rejection) => rejection.message == *conflict,
        None => words(&String::from_utf8_lossy(body)) == *conflict,
    }
}

/// The proof that a write was done, and the id when it is there. Looked for in this order: the `Location` header, the
/// record under one of its wrappers, `data`, the plain words of success.
fn proof(document: &Document, answer: &Answer, expected: &Expected) -> Option<Option<String>> {
    let located = answer.location.as_deref().and_then(id_of_location);
    if located.is_some() {
        return Some(located);
    }
    let wrapped = expected.wrappers.iter().find_map(|wrapper| {
        let record = envelope::record(document, wrapper)?;
        // A list with a total is a list: a loose router took the write for a question.
        document.get("count").is_none().then_some(record)
    });
    if let Some(record) = wrapped {
        return Some(
            expected
                .id
                .as_ref()
                .and_then(|id| record.get(id))
                .map(|id| as_text(id).into_owned())
                .filter(|id| is_id(id)),
        );
    }
    if let Some(id) = document.get("data").and_then(|data| id_of_data(data, expected)) {
        return Some(Some(id));
    }
    let says_ok = document.get("status").is_some_and(|status| as_text(status) == "0")
        || document.get("errcode").is_some_and(|code| as_text(code) == "0")
        || (document.get("data") == Some(&Value::Bool(true)))
        || document.get("msg").is_some_and(|message| as_text(message).eq_ignore_ascii_case("success"));
    says_ok.then_some(None)
}

fn id_of_location(location: &str) -> Option<String> {
    let path = location.split(['?', '#']).next()?;
    let last = path.trim_end_matches('/').rsplit('/').next()?;
    let id = last.strip_suffix(".json").unwrap_or(last);
    is_id(id).then(|| id.to_owned())
}

fn id_of_data(data: &Value, expected: &Expected) -> Option<String> {
    let id = match data {
        Value::Object(record) => as_text(record.get(expected.id.as_ref()?)?).into_owned(),
        Value::Number(_) | Value::String(_) => as_text(data).into_owned(),
        _ => return None,
    };
    is_id(&id).then_some(id)
}

/// Ids of the service are whole numbers above zero; 18 digits are the most that a signed 64-bit number surely holds.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 18 && text != "0" && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The first words of a body that is not JSON, as they may be shown; none for an empty one. What is hidden is hidden in the
/// page while its tags are there and in its words before they are cut: half a secret would not be found.
fn page_text(body: &[u8], hide: impl Fn(&str) -> String) -> Option<String> {
    let words = hide(&words(&hide(&String::from_utf8_lossy(body))));
    (!words.is_empty()).then(|| crate::text::shorten(&words, 120).into_owned())
}

/// The words of a page, its tags left out.
fn words(page: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for c in page.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                plain.push(' ');
            }
            c if !inside => plain.push(c),
            _ => {}
        }
    }
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;

    fn expected() -> Expected {
        Expected {
            wrappers: vec!["user".into(), "users".into()],
            id: Some("cId".into()),
            unknown_path_code: "100047".into(),
            secrets: Vec::new(),
            conflict: Some("Bind Already exists".into()),
        }
    }

    fn outcome_hiding(status: u16, body: &str, hide: impl Fn(&str) -> String) -> Outcome {
        let body = Bytes::copy_from_slice(body.as_bytes());
        classify(&Answer { status, location: None, retry_after: None, body }, &expected(), hide)
    }

    fn outcome(status: u16, location: Option<&str>, body: &str) -> Outcome {
        let answer = Answer {
            status,
            location: location.map(str::to_owned),
            retry_after: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        classify(&answer, &expected(), str::to_owned)
    }

    fn done(id: Option<&str>) -> Outcome {
        Outcome::Done { id: id.map(str::to_owned) }
    }

    #[test]
    fn the_six_forms_of_created() {
        let location = Some("https://www.example.com/api/v1/users/50001.json");
        assert_eq!(outcome(200, location, r#"{"users":{"cId":50001}}"#), done(Some("50001")));
        assert_eq!(outcome(201, location, r#"{"user":{"cId":"50001"}}"#), done(Some("50001")));
        assert_eq!(outcome(200, None, r#"{"user":[{"cId":"50001"}]}"#), done(Some("50001")));
        assert_eq!(outcome(200, None, r#"{"status":"0","message":"Insert ok","data":50001}"#), done(Some("50001")));
        assert_eq!(
            outcome(200, None, r#"{"status":"0","message":"Insert ok","data":{"cId":50001}}"#),
            done(Some("50001"))
        );
        assert_eq!(outcome(200, None, r#"{"status":"0","message":"Insert ok","data":false}"#), done(None));
        assert_eq!(outcome(200, None, r#"{"data":true,"msg":"success"}"#), done(None));
        assert_eq!(outcome(200, None, r#"{"errcode":0,"errmsg":"ok"}"#), done(None));
    }

    #[test]
    fn success_needs_proof() {
        for body in [
            "",
            "{}",
            "<html>Welcome</html>",
            r#"{"user":{"cId":"5"#,
            r#"{"users":[{"cId":"1"},{"cId":"2"}],"count":"2"}"#,
            r#"{"users":[{"cId":"1"}],"count":"1"}"#,
        ] {
            assert!(matches!(outcome(200, None, body), Outcome::Unknown(_)), "{body}");
        }
    }

    #[test]
    fn a_success_status_can_still_be_a_rejection() {
        assert!(matches!(outcome(200, None, r#"{"errcode":"1","errmsg":"no"}"#), Outcome::Rejected(_)));
        assert!(matches!(outcome(200, None, r#"{"state":"403","message":"user error"}"#), Outcome::Rejected(_)));
        assert!(matches!(outcome(403, None, r#"{"state":"403","message":"user error"}"#), Outcome::Rejected(_)));
        assert!(matches!(
            outcome(200, None, r#"{"errcode":"100047","errmsg":"Invalid resource URI"}"#),
            Outcome::NoSuchPath(_)
        ));
    }

    #[test]
    fn what_is_there_already_is_known_by_the_true_answer() {
        let body = r#"{"state":"403","message":"Bind Already exists"}"#;
        for status in [200, 403, 409] {
            let shown = Rejection { code: "403".into(), message: "Bind ••• exists".into() };
            let hide = |text: &str| text.replace("Already", "•••");
            assert_eq!(outcome_hiding(status, body, hide), Outcome::AlreadyThere(shown), "{status}");
        }
        // What only reads like it once something is hidden is another no.
        let other =
            outcome_hiding(200, r#"{"state":"403","message":"Bind x exists"}"#, |_| "Bind Already exists".into());
        assert!(matches!(other, Outcome::Rejected(_)), "{other:?}");
    }

    #[test]
    fn an_answer_that_contradicts_itself_proves_nothing() {
        let both = [
            r#"{"status":200,"message":"Insert ok","user":{"cId":"50001"}}"#,
            r#"{"status":"success","message":"ok","data":50001}"#,
        ];
        for body in both {
            assert!(matches!(outcome(200, None, body), Outcome::Unknown(_)), "{body}");
        }
        for body in [r#"{"errcode":null,"user":{"cId":"50001"}}"#, r#"{"error":"","user":{"cId":"50001"}}"#] {
            assert_eq!(outcome(200, None, body), done(Some("50001")), "{body}");
        }
    }

    #[test]
    fn what_ends_a_run_and_what_is_in_doubt() {
        assert!(matches!(outcome(302, Some("/login"), ""), Outcome::Moved(_)));
        assert!(matches!(outcome(401, None, ""), Outcome::LoginRejected(_)));
        assert!(matches!(outcome(403, None, ""), Outcome::Forbidden(_)));
        assert!(matches!(outcome(403, None, "<html><body>Blocked</body></html>"), Outcome::Rejected(_)));
        assert!(matches!(outcome(429, None, ""), Outcome::Busy { .. }));
        assert!(matches!(outcome(422, None, ""), Outcome::Rejected(_)));
        for status in [500, 502, 503, 504] {
            assert!(matches!(outcome(status, None, r#"{"errcode":"1","errmsg":"x"}"#), Outcome::Unknown(_)));
        }
    }

    #[test]
    fn what_is_hidden_does_not_change_what_an_answer_means() {
        for (status, body) in [
            (200, r#"{"errcode":"100047","errmsg":"Invalid resource URI"}"#),
            (200, r#"{"errcode":"1","errmsg":"no"}"#),
            (200, r#"{"status":"0","message":"Insert ok","data":false}"#),
            (403, r#"{"state":"403","message":"user error"}"#),
            (200, r#"{"state":"403","message":"Bind Already exists"}"#),
            (409, "<p>Bind Already exists</p>"),
            (403, "<p>no</p>"),
            (401, ""),
            (422, "no"),
            (200, "<p>Welcome</p>"),
        ] {
            let (plain, hidden) = (outcome(status, None, body), outcome_hiding(status, body, |_| "•••".to_owned()));
            assert_eq!(std::mem::discriminant(&plain), std::mem::discriminant(&hidden), "{status} {body}");
        }
        let hidden = outcome_hiding(200, r#"{"errcode":"7","errmsg":"no"}"#, |_| "•••".to_owned());
        assert_eq!(hidden, Outcome::Rejected(Rejection { code: "•••".into(), message: "•••".into() }));
    }

    #[test]
    fn half_a_secret_is_not_shown_wherever_a_page_is_cut() {
        const SECRET: &str = "Geheim <b> 7391-acht";
        let shown = |page: &str| match outcome_hiding(400, page, |text| crate::text::mask(text, SECRET)) {
            Outcome::Rejected(rejection) => rejection.message,
            other => panic!("{other:?}"),
        };
        for before in 0..140 {
            for page in [
                format!("{} {SECRET} and more", "x".repeat(before)),
                format!("{} {SECRET} and more", "<i></i>".repeat(before)),
                format!("<input value=\"{SECRET}\">{}{SECRET}", "字".repeat(before)),
            ] {
                let message = shown(&page);
                assert!(!message.contains("Geh") && !message.contains("7391"), "{message}");
            }
        }
        assert_eq!(shown(&format!("bad {SECRET}!")), "bad •••!");
    }

    /// JSON of names that matter, names that do not, and values of every kind.
    fn any_json() -> impl Strategy<Value = String> {
        let number = prop::sample::select(vec!["0", "1", "403", "50001", "-0", "1.0", "1e400", "18446744073709551616"]);
        let text = prop::sample::select(vec![
            "",
            "0",
            "403",
            "50001",
            "success",
            "Bind Already exists",
            r"C:\dir\new",
            r"\u00e9",
            r"\ud800",
            "字",
        ]);
        let leaf = prop_oneof![
            number.prop_map(str::to_owned),
            text.prop_map(|text| format!("\"{text}\"")),
            prop::sample::select(vec!["null", "true", "false", "{", ""]).prop_map(str::to_owned),
        ];
        let names: Vec<&str> =
            SAID.into_iter().chain(HELD).chain(["user", "users", "cId", "name", "zip", r"c\u0049d"]).collect();
        leaf.prop_recursive(4, 24, 5, move |inner| {
            let members = prop::collection::vec((prop::sample::select(names.clone()), inner.clone()), 0..5);
            let object = members.prop_map(|members| {
                let members: Vec<String> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            });
            let list = prop::collection::vec(inner, 0..3).prop_map(|items| format!("[{}]", items.join(",")));
            prop_oneof![3 => object, 1 => list]
        })
    }

    proptest! {
        #[test]
        fn what_is_not_needed_of_an_answer_changes_nothing(
            body in any_json(),
            status in prop::sample::select(vec![200u16, 201, 403, 409, 422]),
        ) {
            let answer = Answer { status, location: None, retry_after: None, body: Bytes::from(body) };
            let expected = Expected { wrappers: vec!["user".into(), "users.data".into()], ..expected() };
            let whole = classify_document(envelope::parse(&answer.body), &answer, &expected, str::to_owned);
            prop_assert_eq!(classify(&answer, &expected, str::to_owned), whole);
        }
    }

    #[test]
    fn an_id_is_a_plain_number() {
        for bad in ["0", "", "-1", "1.5", "abc", "1234567890123456789"] {
            assert!(!is_id(bad), "{bad}");
        }
        assert_eq!(id_of_location("/api/v1/users/7.json?x=1"), Some("7".into()));
        assert_eq!(id_of_location("https://h/api/v1/users.json"), None);
    }
}
