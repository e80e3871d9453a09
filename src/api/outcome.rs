//! What an answer to a write proves. Success is said only on proof; a rejection only when the service plainly said no;
//! everything between is ambiguous and the write must not be repeated. What an answer says is read here; what that proves
//! is decided by the table in [`super::proof`].

use std::cell::Cell;
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::answer::Answer;
use super::envelope::{Rejection, as_text, parse, parse_needed, rejection};
use super::evidence::{Evidence, Expected, created_at, proof};
use super::needed::Needed;
use super::page::{is_page, json_text, page_text, plain_words, text_of};
use super::proof::{Came, Honours, NotDone, Proof, Says, Sent, prove};
use super::refusal_words::{self, says_no};
use crate::message;
use crate::message::Message;
use crate::t;

/// Members beside the wrappers that may hold records, or tell how many there are.
const HELD: [&str; 2] = ["data", "count"];

/// Who knows what was sent, and which records other rows have.
pub trait Witness: fmt::Debug {
    /// Whether an answer that says "done" may be about this write: the id it names, and what is needed of the record it holds.
    fn may_be_ours(&self, id: Option<&str>, record: Option<&Value>) -> bool;

    /// Whether an answer may be about this write that names the place of the record with this id.
    fn may_be_at(&self, id: &str) -> bool;
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
    /// The answer sends the client elsewhere: the base address is wrong. Whether it was written is not known.
    Moved(String),
    /// It may or may not have been written.
    Unknown {
        /// Why nobody knows.
        why: Message,
        /// How long the service asks to wait, when it says so sensibly.
        wait: Option<Duration>,
        /// The service is up: it decided about the request that was sent last, and what became of an earlier one is open, or it
        /// took the request without a word.
        is_up: bool,
    },
}

impl Outcome {
    /// What an attempt that was not answered comes to, where the table says so of this one.
    pub(super) fn unanswered(came: Came, sent: Sent, honours: Honours, why: Message) -> Outcome {
        match prove(sent, came, honours) {
            Proof::NotDone(_) => Outcome::NotSent(why),
            Proof::Done | Proof::Ambiguous => Outcome::Unknown { why, wait: None, is_up: false },
        }
    }
}

/// What was sent, as far as it matters for what an answer proves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    /// What comes back when it is done.
    pub expected: &'a Expected,
    /// What was sent.
    pub sent: Sent,
    /// What the service does with a request id that it has seen before.
    pub honours: Honours,
    /// Who knows what was sent.
    pub witness: &'a dyn Witness,
}

/// What an answer to a write proves. Texts of the service that an outcome shows are shown without what `hide` hides; what
/// is hidden does not change what the answer means.
pub(super) fn classify(answer: &Answer, question: Question<'_>, hide: impl Fn(&str) -> String) -> Outcome {
    let expected = question.expected;
    let wrappers = expected.wrappers.iter().flat_map(|wrapper| wrapper.split('.'));
    // As many as there nearly always are, or the list grows twice for each answer.
    let mut parts = Vec::with_capacity(12);
    parts.extend(wrappers.chain(expected.id.as_deref()).chain(expected.keys.iter().map(String::as_str)).chain(HELD));
    let is_twofold = Cell::new(false);
    let needed = parse_needed(&answer.body, Needed::new(&refusal_words::MEMBERS, &parts).of_all(&is_twofold));
    let document = if expected.is_whole { parse(&answer.body) } else { needed };
    classify_document(document, is_twofold.get(), answer, question, hide)
}

/// The same of a body that was read, in which one member says two things or none does.
fn classify_document(
    document: Option<Value>,
    is_twofold: bool,
    answer: &Answer,
    question: Question<'_>,
    hide: impl Fn(&str) -> String,
) -> Outcome {
    let Question { sent, honours, .. } = question;
    let described = document.as_ref().and_then(|document| rejection(document, true));
    let rejected = || match &described {
        Some(rejection) => rejection.shown(&hide),
        None => Rejection {
            code: answer.status.to_string(),
            message: page_text(&answer.body, &hide).unwrap_or_else(|| t!("api.no_words").into_owned()),
            is_page: is_page(&answer.body),
        },
    };
    let status = answer.status;
    let (says, id) = match is_twofold {
        true => (Says::Contradiction, None),
        false => said(document.as_ref(), described.as_ref(), answer, question),
    };
    match prove(sent, Came::Answer { status, says }, honours) {
        Proof::Done => Outcome::Done { id },
        Proof::NotDone(why) => match why {
            NotDone::ForNow => Outcome::Busy { wait: answer.retry_after },
            NotDone::Rejected => Outcome::Rejected(rejected()),
            NotDone::AlreadyThere => Outcome::AlreadyThere(rejected()),
            NotDone::Login => Outcome::LoginRejected(rejected()),
            NotDone::Forbidden => Outcome::Forbidden(rejected()),
            NotDone::NoSuchPath => Outcome::NoSuchPath(rejected()),
        },
        Proof::Ambiguous if (300..400).contains(&status) => {
            Outcome::Moved(answer.location.as_deref().map(&hide).unwrap_or_default())
        }
        Proof::Ambiguous => {
            let has_page_words = || document.is_none() && !plain_words(&text_of(&answer.body)).is_empty();
            let why = match says {
                _ if sent.is_repeat => message!("api.repeat", status = status),
                Says::Contradiction | Says::Done => message!("api.contradiction", status = status),
                _ if status >= 400 => message!("api.status", status = status),
                _ if has_page_words() => message!("api.page", status = status),
                _ if document.is_none() => message!("api.unreadable", status = status),
                _ => message!("api.unknown_shape", status = status),
            };
            let words = match &document {
                Some(_) => json_text(&answer.body, &hide),
                None => page_text(&answer.body, &hide),
            };
            // A page without words is still one of somebody in between.
            let is_silent = (200..300).contains(&status) && words.is_none() && !is_page(&answer.body);
            let why = match words {
                Some(words) => message!("api.with_words", why = why, words = words),
                None => why,
            };
            let alone = prove(Sent { is_repeat: false }, Came::Answer { status, says }, honours);
            let is_up = is_silent || matches!(alone, Proof::NotDone(NotDone::Rejected | NotDone::AlreadyThere));
            Outcome::Unknown { why, wait: answer.retry_after, is_up }
        }
    }
}

/// What an answer says, and the id it says it of.
fn said(
    document: Option<&Value>,
    described: Option<&Rejection>,
    answer: &Answer,
    question: Question<'_>,
) -> (Says, Option<String>) {
    let Question { expected, witness, .. } = question;
    if document.is_some_and(|document| contradicts(document, answer.status)) {
        return (Says::Contradiction, None);
    }
    let done = match document {
        Some(document) => proof(document, answer, expected),
        None => created_at(answer, expected),
    };
    // What was there before may be named in a conflict; elsewhere a no that names a record says that it was made.
    let names_record = done.as_ref().is_some_and(|done| done.id.is_some()) && answer.status != 409;
    let is_there = || says_there(described, &answer.body, expected);
    if let Some(described) = described {
        let says = match () {
            () if answer.status >= 300 && is_there() => Says::AlreadyThere,
            // An answer that holds both an error and the record contradicts itself, and proves nothing.
            () if names_record => Says::Contradiction,
            () if described.code == expected.unknown_path_code => Says::NoSuchPath,
            () if is_there() => Says::AlreadyThere,
            () => {
                let is_of_record = document.is_some_and(|document| document.get("state").is_some());
                Says::No { is_of_record }
            }
        };
        return (says, None);
    }
    if is_there() {
        return (Says::AlreadyThere, None);
    }
    let is_ours = |done: &Evidence<'_>| {
        let located = done.id.as_deref().filter(|_| done.is_located);
        located.is_none_or(|id| witness.may_be_at(id)) && witness.may_be_ours(done.id.as_deref(), done.record)
    };
    let is_refused = |done: &Evidence<'_>| {
        let is_record = |name: &str| expected.wrappers.iter().any(|wrapper| wrapper.split('.').next() == Some(name));
        document.is_some_and(|document| says_no(document, done.record, is_record))
    };
    match done {
        // A firewall in front of the service minds this record, whatever the account may do.
        None if answer.status == 403 && document.is_none() && is_page(&answer.body) => {
            (Says::No { is_of_record: true }, None)
        }
        None => (Says::Nothing, None),
        // Of what was not done it is no proof that the record that was sent is repeated, or that in a conflict one is named.
        Some(done)
            if answer.status >= 400 && !done.is_plain && (done.id.is_none() || done.is_located && !names_record) =>
        {
            (Says::Nothing, None)
        }
        Some(done) if done.is_impossible || is_refused(&done) || !is_ours(&done) => (Says::Contradiction, None),
        Some(done) => (Says::Done, done.id),
    }
}

/// Whether an answer says yes and no, or no with two codes.
fn contradicts(document: &Value, status: u16) -> bool {
    let Some(members) = document.as_object() else { return false };
    let said = |name: &str| members.get(name).filter(|said| !said.is_array() && !said.is_object());
    let text = |name: &str| said(name).map(as_text).filter(|text| !text.is_empty());
    let has_message = members.contains_key("message");
    let is_no = |name: &str, code: &str| match name {
        "state" => code.parse::<i64>().is_ok_and(|code| code >= 400),
        "status" => has_message && code != "0",
        "error" => !matches!(code, "0" | "false"),
        _ => code != "0",
    };
    let mut no = ["errcode", "error", "state", "status"]
        .into_iter()
        .filter_map(|name| Some((name, text(name)?)))
        .filter(|(name, code)| is_no(name, code))
        .map(|(_, code)| code);
    let Some(first) = no.next() else { return false };
    // Words beside a code say the same in another way.
    let is_number = |code: &str| code.parse::<i64>().is_ok();
    let own_status = status.to_string();
    let is_other = |code: &str| is_number(code) && is_number(&first) && code != first && code != own_status;
    let says_yes = text("errcode").is_some_and(|code| code == "0")
        || has_message && text("status").is_some_and(|code| code == "0")
        || members.get("data") == Some(&Value::Bool(true))
        || text("msg").is_some_and(|text| text.eq_ignore_ascii_case("success"));
    says_yes || first != own_status && no.any(|code| is_other(&code))
}

/// Whether the service's own words, before anything in them is hidden, say "it is there already".
fn says_there(described: Option<&Rejection>, body: &[u8], expected: &Expected) -> bool {
    let Some(conflict) = &expected.conflict else { return false };
    match described {
        Some(rejection) => rejection.message == *conflict,
        None => plain_words(&String::from_utf8_lossy(body)) == *conflict,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use proptest::prelude::*;

    use super::*;
    use crate::api::place::{Place, is_id};

    fn expected() -> Expected {
        Expected {
            wrappers: vec!["user".into(), "users".into()],
            id: Some("cId".into()),
            place: Place::new(
                ["http://127.0.0.1:8808/api/v1/users.json", "https://www.example.com/api/v1/users.json"]
                    .map(|address| url::Url::parse(address).unwrap()),
            ),
            keys: vec!["mobile".into()],
            unknown_path_code: "100047".into(),
            is_whole: false,
            secrets: Vec::new(),
            conflict: Some("Bind Already exists".into()),
        }
    }

    /// Takes every answer but those about record 50009 for one about the write.
    #[derive(Debug)]
    struct AllButOne;

    impl Witness for AllButOne {
        fn may_be_ours(&self, id: Option<&str>, record: Option<&Value>) -> bool {
            id != Some("50009")
                && record.and_then(|record| record.get("mobile")).is_none_or(|mobile| mobile != "13000000009")
        }

        fn may_be_at(&self, _id: &str) -> bool {
            true
        }
    }

    fn question(expected: &Expected) -> Question<'_> {
        Question { expected, sent: Sent::default(), honours: Honours::Nothing, witness: &AllButOne }
    }

    fn outcome_hiding(status: u16, body: &str, hide: impl Fn(&str) -> String) -> Outcome {
        let body = Bytes::copy_from_slice(body.as_bytes());
        classify(&Answer { status, location: None, retry_after: None, body }, question(&expected()), hide)
    }

    fn outcome(status: u16, location: Option<&str>, body: &str) -> Outcome {
        let answer = Answer {
            status,
            location: location.map(str::to_owned),
            retry_after: None,
            body: Bytes::copy_from_slice(body.as_bytes()),
        };
        classify(&answer, question(&expected()), str::to_owned)
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
    fn a_place_is_proof_without_a_body() {
        for location in
            ["https://www.example.com/api/v1/users/50001.json", "/api/v1/users/50001", "/users/50001.json?x=1"]
        {
            assert_eq!(outcome(201, Some(location), ""), done(Some("50001")), "{location}");
            assert_eq!(outcome(201, Some(location), " \r\n"), done(Some("50001")));
            assert_eq!(outcome(204, Some(location), ""), done(Some("50001")));
            assert_eq!(outcome(201, Some(location), "Created"), done(Some("50001")));
        }
        for (status, location, body) in [
            (201, "/api/v1/users.json", ""),
            (201, "/api/v1/users/0.json", ""),
            (200, "/login/7", "<html>please log in</html>"),
            (202, "/jobs/7", "accepted"),
            (201, "/jobs/7", ""),
            (201, "/error/500", ""),
            (200, "/error/500", "{}"),
            (201, "/api/v1/companies/77.json", ""),
            (201, "https://other.example/users/77.json", ""),
        ] {
            assert!(matches!(outcome(status, Some(location), body), Outcome::Unknown { .. }), "{status} {location}");
        }
        // Of what is there already the place may be named as well.
        let there = outcome(409, Some("/users/50001.json"), r#"{"errcode":"7","errmsg":"there"}"#);
        assert!(matches!(there, Outcome::Rejected(_)), "{there:?}");
    }

    #[test]
    fn the_service_is_heard_in_its_own_words() {
        let said = |status, body: &str| match outcome(status, None, body) {
            Outcome::Unknown { why, .. } => why.to_string(),
            other => panic!("{other:?}"),
        };
        for (status, body) in [
            (200, r#"{"code":500,"msg":"系统繁忙"}"#),
            (200, r#"{"code":500,"msg":"\u7cfb\u7edf\u7e41\u5fd9"}"#),
            (200, r#"["系统繁忙"]"#),
            (200, "<p>系统繁忙</p>"),
            (500, r#"{"errcode":"1","errmsg":"系统繁忙"}"#),
            (503, "系统繁忙"),
            (409, "系统繁忙"),
        ] {
            assert!(said(status, body).contains("系统繁忙"), "{}", said(status, body));
        }
        let long = said(200, &format!("[\"\u{1b}[2J{}\"]", "长".repeat(5000)));
        assert!(!long.contains('\u{1b}') && (1000..1100).contains(&long.chars().count()), "{long}");
        assert_eq!(said(200, "{}"), "HTTP 200 with an answer of an unknown shape");
    }

    #[test]
    fn whoever_takes_a_write_without_a_word_is_up_and_a_page_is_somebody_elses() {
        for (status, body, up) in [
            (200, "", true),
            (201, " \n", true),
            (204, "", true),
            (200, "{}", true),
            (200, "<html><body></body></html>", false),
            (200, "<html>Please log in</html>", false),
            (200, r#"{"code":500,"msg":"busy"}"#, false),
            (500, "", false),
            (409, "", false),
        ] {
            let came = outcome(status, None, body);
            assert!(matches!(came, Outcome::Unknown { is_up, .. } if is_up == up), "{status} {body}: {came:?}");
        }
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
            assert!(matches!(outcome(200, None, body), Outcome::Unknown { .. }), "{body}");
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
            let shown = Rejection { code: "403".into(), message: "Bind ••• exists".into(), is_page: false };
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
            assert!(matches!(outcome(200, None, body), Outcome::Unknown { .. }), "{body}");
        }
        for (status, location, body) in [
            // Yes and no; no twice.
            (200, None, r#"{"errcode":"0","errmsg":"ok","error":"invalid"}"#),
            (200, None, r#"{"status":"0","message":"Insert ok","errcode":"100103"}"#),
            (200, None, r#"{"data":true,"msg":"success","state":"403"}"#),
            (200, None, r#"{"errcode":"100103","errmsg":"no","state":"403","message":"user error"}"#),
            (400, None, r#"{"errcode":"100103","errmsg":"no","state":"403","message":"user error"}"#),
            // Ids that cannot be, or that do not agree.
            (200, None, r#"{"user":{"cId":"0"}}"#),
            (200, None, r#"{"user":{"cId":-5}}"#),
            (200, None, r#"{"user":{"cId":1e400}}"#),
            (200, None, r#"{"user":{"cId":1.5}}"#),
            (200, None, r#"{"user":{"cId":{"a":1}}}"#),
            (200, None, r#"{"user":{"cId":"1234567890123456789"}}"#),
            (200, None, r#"{"status":"0","message":"Insert ok","data":-1}"#),
            (201, Some("/users/50001.json"), r#"{"user":{"cId":"50002"}}"#),
            // Another row's id, another row's record.
            (200, None, r#"{"user":{"cId":"50009"}}"#),
            (201, Some("/users/50009.json"), ""),
            (200, None, r#"{"status":"0","message":"Insert ok","data":50009}"#),
            (200, None, r#"{"user":{"cId":"50001","mobile":"13000000009"}}"#),
            // A no that holds the record, names its place or says that it was made.
            (422, None, r#"{"user":{"cId":"50001"}}"#),
            (400, None, r#"{"errcode":"7","errmsg":"no","user":{"cId":"50001"}}"#),
            (401, None, r#"{"user":{"cId":"50001"}}"#),
            (403, None, r#"{"data":{"cId":"50001"}}"#),
            (404, Some("/api/v1/users/50001.json"), "{}"),
            (404, Some("/api/v1/users/50001.json"), ""),
            (429, None, r#"{"user":{"cId":"50001"}}"#),
            (429, None, r#"{"user":[{"cId":"50001"}],"errcode":"429","errmsg":"slow down"}"#),
            (429, Some("/api/v1/users/50001.json"), "{}"),
            (429, Some("/api/v1/users/50001.json"), ""),
            (429, None, r#"{"status":"0","message":"Insert ok","data":false}"#),
            (429, None, r#"{"status":"0","message":"Insert ok","data":50001}"#),
            (401, None, r#"{"errcode":0,"errmsg":"ok"}"#),
            // A yes beside a plain no.
            (200, None, r#"{"success":false,"user":{"cId":"50001"}}"#),
            (200, None, r#"{"ok":false,"user":{"cId":"50001"}}"#),
            (200, None, r#"{"code":500,"message":"系统错误","user":{"cId":"50001"}}"#),
            (200, None, r#"{"result":"fail","user":{"cId":"50001"}}"#),
            (200, None, r#"{"result":{"success":false},"user":{"cId":"50001"}}"#),
            (200, None, r#"{"errors":[{"code":1,"message":"手机号已存在"}],"user":{"cId":"50001"}}"#),
            (200, None, r#"{"error_code":"100103","error_msg":"no","user":{"cId":"50001"}}"#),
            (200, None, r#"{"errcode":0,"errmsg":"ok","success":false}"#),
            (201, Some("/api/v1/users/50001.json"), r#"{"success":false}"#),
            (200, None, r#"{"status":"0","message":"Insert ok","data":50001,"code":500}"#),
            (200, None, r#"{"data":{"cId":"50001"},"info":{"code":500,"message":"系统错误"}}"#),
            // Two records.
            (200, None, r#"{"user":{"cId":"50001"},"users":[{"cId":"50901"}]}"#),
            (200, None, r#"{"user":{"cId":"50001"},"data":{"cId":"50901"}}"#),
            (200, None, r#"{"user":{"cId":"50001","cId":"50901"}}"#),
            (200, None, r#"{"user":{"cId":"50001"},"user":{"cId":"50901"}}"#),
            (200, None, r#"{"errcode":0,"errcode":"7","errmsg":"ok"}"#),
        ] {
            let came = outcome(status, location, body);
            assert!(matches!(came, Outcome::Unknown { .. }), "{status} {body}: {came:?}");
        }
        // A no that names nothing that was made, and a record with members of its own.
        for (status, location, body) in [
            (429, None, r#"{"user":{"mobile":"13000000001"}}"#),
            (429, None, r#"{"code":429,"message":"too many","data":30}"#),
            (429, None, r#"{"status":0,"message":"Too many requests"}"#),
            (429, Some("/api/v1/users.json"), ""),
            (429, Some("https://other.example/users/50001.json"), "{}"),
        ] {
            assert!(matches!(outcome(status, location, body), Outcome::Busy { .. }), "{status} {body}");
        }
        for (location, body) in [
            (None, r#"{"user":{"cId":"50001","status":"2","state":"500","code":"KH-404","success":false}}"#),
            (None, r#"{"user":{"cId":"50001"},"users":[{"cId":"50001"}],"code":200,"errors":[]}"#),
            (None, r#"{"user":{"cId":"50001"},"error":[],"errcode":"0"}"#),
            (None, r#"{"user":{"cId":"50001"},"company":{"cId":7,"code":"500","state":"404"}}"#),
            (None, r#"{"user":{"cId":"50001","cId":"50001"},"data":1}"#),
            (Some("/api/v1/companies/77.json"), r#"{"user":{"cId":"50001"}}"#),
            (Some("https://other.example/users/77.json"), r#"{"user":{"cId":"50001"}}"#),
        ] {
            assert_eq!(outcome(200, location, body), done(Some("50001")), "{body}");
        }
        // One code said in two ways, and with its words.
        for body in [
            r#"{"status":400,"error":"Bad Request","message":"no"}"#,
            r#"{"errcode":"7","errmsg":"no","status":400,"message":"no"}"#,
        ] {
            assert!(matches!(outcome(400, None, body), Outcome::Rejected(_)), "{body}");
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
            assert!(matches!(outcome(status, None, r#"{"errcode":"1","errmsg":"x"}"#), Outcome::Unknown { .. }));
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
        assert_eq!(hidden, Outcome::Rejected(Rejection { code: "•••".into(), message: "•••".into(), is_page: false }));
    }

    #[test]
    fn half_a_secret_is_not_shown_wherever_a_page_is_cut() {
        const SECRET: &str = "Geheim <b> 7391-acht";
        let shown = |page: &str| match outcome_hiding(400, page, |text| crate::text::mask(text, SECRET)) {
            Outcome::Rejected(rejection) => rejection.message,
            other => panic!("{other:?}"),
        };
        for before in (0..40).chain(960..1020) {
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
        let names: Vec<&str> = refusal_words::MEMBERS
            .into_iter()
            .step_by(2)
            .chain(["errcode", "status", "message", "errors", "success"])
            .chain(HELD)
            .chain(["user", "users", "cId", "name", "zip", "info", r"c\u0049d"])
            .collect();
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
            let is_twofold = Cell::new(false);
            let needed = Needed::new(&refusal_words::MEMBERS, &["user", "users", "data", "cId", "mobile", "count"]);
            drop(parse_needed(&answer.body, needed.of_all(&is_twofold)));
            let whole =
                classify_document(parse(&answer.body), is_twofold.get(), &answer, question(&expected), str::to_owned);
            prop_assert_eq!(classify(&answer, question(&expected), str::to_owned), whole);
        }
    }

    #[test]
    fn an_id_is_a_plain_number() {
        for bad in ["0", "", "-1", "1.5", "abc", "1234567890123456789"] {
            assert!(!is_id(bad), "{bad}");
        }
    }
}
