//! Reading an answer's body: JSON as the service writes it, mended where it is not quite that; the four shapes of an error;
//! and the records under their wrapper, whether as one object, a list of one, or a list in any form that PHP gives one.

use std::borrow::Cow;

use serde::de::DeserializeSeed;
use serde_json::{Map, Value};

use super::document::{Document, ENVELOPE, Part, Records, repeated_member};
use super::mend::{Mends, mended};
use super::needed::Needed;
use crate::message;
use crate::message::Message;
use crate::text::{clean, shorten};

/// Characters shown before the place where an answer is no JSON.
const CHARACTERS_BEFORE: usize = 20;
/// Characters of the service's words that are shown.
const MOST_SHOWN: usize = 1000;

/// The service's no, as its answer describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Its code, or the HTTP status when the body has none.
    pub code: String,
    /// Its text.
    pub message: String,
    /// It came as a page for people, which is none of the service's: something on the way there said no.
    pub is_page: bool,
}

impl Rejection {
    /// The rejection as it may be shown: what `hide` hides is in neither text, nor is what a terminal acts on.
    pub fn shown(&self, hide: impl Fn(&str) -> String) -> Self {
        let shown = |text: &str| shorten(&clean(&hide(text)), MOST_SHOWN).into_owned();
        Rejection { code: shown(&self.code), message: shown(&self.message), is_page: self.is_page }
    }
}

/// Words of a service that does not show what is there.
const DENIALS: [&str; 5] = ["权限", "permission", "forbidden", "denied", "not allowed"];

/// Whether the words of a no say that this login may not see something, not that there is nothing.
pub fn says_denied(words: &str) -> bool {
    let words = words.to_lowercase();
    DENIALS.iter().any(|word| words.contains(word))
}

/// Parses a body, mending what the service is known to write that is not JSON. None for HTML, half a body, or anything else.
pub(super) fn parse(body: &[u8]) -> Option<Value> {
    parse_as(body, |text| serde_json::from_str(&text).ok()).map(|(value, _)| value)
}

/// Like [`parse`] for what may be large, and tells what had to be mended.
pub(super) fn parse_document(body: &[u8]) -> Option<(Document, Mends)> {
    parse_as(body, Document::of_text)
}

/// Like [`parse`], keeping only what is needed.
pub(super) fn parse_needed(body: &[u8], needed: Needed<'_>) -> Option<Value> {
    let read = |text: Cow<'_, str>| {
        let mut json = serde_json::Deserializer::from_str(&text);
        let value = needed.deserialize(&mut json).ok()?;
        json.end().ok().map(|()| value)
    };
    parse_as(body, read).map(|(value, _)| value)
}

fn parse_as<T>(body: &[u8], read: impl Fn(Cow<'_, str>) -> Option<T>) -> Option<(T, Mends)> {
    if let Some(read) = std::str::from_utf8(body).ok().and_then(|text| read(Cow::Borrowed(text))) {
        return Some((read, Mends::default()));
    }
    let (text, mends) = mended(body);
    read(Cow::Owned(text)).map(|read| (read, mends))
}

/// The error in a document, in any of the four shapes: `errcode`/`errmsg`, `error`/`error_description`,
/// `state`/`message`, and for answers to writes `status`/`message`. Only top-level members count: contacts and companies
/// have fields called `state` and `status` of their own.
pub(super) fn rejection(document: &Value, is_write: bool) -> Option<Rejection> {
    let members = document.as_object()?;
    let text = |name: &str| members.get(name).map(as_text).unwrap_or_default();
    let rejection = |code: Cow<'_, str>, message: Cow<'_, str>| {
        Some(Rejection { code: code.into_owned(), message: message.into_owned(), is_page: false })
    };
    let is_empty = |code: &Value| matches!(code, Value::Array(_) | Value::Object(_)) && is_nothing(code);
    let is_code = |code: &Value| !matches!(as_text(code).as_ref(), "" | "0") && !is_empty(code);
    let is_error = |name: &str| members.get(name).is_some_and(is_code);
    if is_error("errcode") {
        return rejection(text("errcode"), text("errmsg"));
    }
    if is_error("error") && members.get("error") != Some(&Value::Bool(false)) {
        return rejection(text("error"), text("error_description"));
    }
    if members.get("state").and_then(|state| as_text(state).parse::<i64>().ok()).is_some_and(|state| state >= 400) {
        return rejection(text("state"), text("message"));
    }
    if is_write && members.contains_key("message") && members.get("status").is_some_and(|status| as_text(status) != "0")
    {
        return rejection(text("status"), text("message"));
    }
    None
}

/// Words by which a service says that all is well, or that there is nothing …
const FINE: [&str; 8] = ["success", "成功", "正常", "no data found", "暂无数据", "无数据", "没有数据", "没有记录"];
/// … and those that make something else of them.
const NOT_FINE: [&str; 6] = ["unsuccess", "not success", "不成功", "未成功", "不正常", "权限"];

/// The no of an answer to a question that holds no record at all: a list may be empty because something failed. The code of a no
/// stands under any name there, or it says that it did not succeed.
pub(super) fn empty_rejection(document: &Value) -> Option<Rejection> {
    let members = document.as_object()?;
    let is_list = members.values().any(|value| value.is_null() || value.is_array() || value.is_object());
    if !is_list || holds_records(document) {
        return None;
    }
    let texts = |names: &[&str]| -> Vec<String> {
        let texts = names.iter().filter_map(|name| members.get(*name)).map(|text| as_text(text).trim().to_owned());
        texts.filter(|text| !text.is_empty()).collect()
    };
    let words =
        texts(&["errmsg", "msg", "message", "error_description", "info"]).into_iter().next().unwrap_or_default();
    let lower = words.to_lowercase();
    let says = |any: &[&str]| any.iter().any(|part| lower.contains(part));
    if matches!(lower.as_str(), "ok" | "no data") || says(&FINE) && !says(&NOT_FINE) {
        return None;
    }
    let is_no = |code: &String| match code.parse::<i64>() {
        Ok(code) => !(0..400).contains(&code) || !words.is_empty() && !matches!(code, 0 | 200),
        Err(_) => !words.is_empty() && !matches!(code.to_lowercase().as_str(), "ok" | "true" | "false"),
    };
    let has_failed = members.get("success").is_some_and(is_nothing);
    let code = texts(&CODES).into_iter().find(is_no).or(has_failed.then(|| "success: false".to_owned()))?;
    Some(Rejection { code, message: words, is_page: false })
}

/// Words by which a service says that it cannot answer now.
const BUSY: [&str; 17] = [
    "busy",
    "try again",
    "too many",
    "too frequent",
    "rate limit",
    "overload",
    "temporarily",
    "timeout",
    "timed out",
    "maintenance",
    "繁忙",
    "稍后",
    "稍候",
    "频繁",
    "限流",
    "超时",
    "维护",
];
/// Members with a service's words, and those with its code.
const WORDS: [&str; 7] = ["errmsg", "msg", "message", "error_description", "error", "info", "data"];
const CODES: [&str; 5] = ["errcode", "code", "error", "state", "status"];

/// Those of them that say that it is asked too often, and by which code.
const LIMIT: [&str; 5] = ["too many requests", "too frequent", "rate limit", "频繁", "限流"];

/// Whether an answer without any record says that the service is asked too often, under whatever HTTP status.
pub(super) fn is_limit(document: &Value) -> bool {
    let Some(said) = busy(document) else { return false };
    let said = said.to_lowercase();
    said.split(' ').next() == Some("429") || LIMIT.iter().any(|words| said.contains(words))
}

/// Why an answer that begins as JSON cannot be read: it breaks off, is no JSON at some place, or has two lists of one name. None
/// for anything else.
pub(super) fn broken_json(body: &[u8], hide: impl Fn(&str) -> String) -> Option<Message> {
    if !body.trim_ascii_start().starts_with(b"{") && !body.trim_ascii_start().starts_with(b"[") {
        return None;
    }
    let (text, _) = mended(body);
    let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&text) else {
        let name = repeated_member(&text)?;
        return Some(message!("api.repeated_member", name = clean(&hide(&name))));
    };
    if error.is_eof() {
        return Some(message!("api.cut_json", bytes = body.len()));
    }
    let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
    let before = error.column().saturating_sub(CHARACTERS_BEFORE);
    let near: String =
        line.char_indices().filter(|(at, _)| *at >= before).map(|(_, c)| c).take(2 * CHARACTERS_BEFORE).collect();
    Some(message!("api.bad_json", near = clean(&hide(&near))))
}

/// What an answer without any record says, when that is that the service cannot answer now, under whatever HTTP status.
pub(super) fn busy(document: &Value) -> Option<String> {
    let members = document.as_object()?;
    if holds_records(document) {
        return None;
    }
    let texts = |names: &[&str]| -> Vec<String> {
        let texts = names.iter().filter_map(|name| members.get(*name)).filter(|value| !value.is_array());
        texts.map(|text| as_text(text).trim().to_owned()).filter(|text| !text.is_empty()).collect()
    };
    let codes = texts(&CODES);
    let words = texts(&WORDS);
    let is_code = codes.iter().any(|code| matches!(code.as_str(), "429" | "500" | "502" | "503" | "504"));
    let is_word = words.iter().chain(&codes).any(|text| {
        let text = text.to_lowercase();
        BUSY.iter().any(|word| text.contains(word))
    });
    (is_code || is_word).then(|| codes.into_iter().chain(words).collect::<Vec<_>>().join(" "))
}

/// Whether there is a list or object in a document that holds anything.
pub(super) fn holds_records(document: &Value) -> bool {
    let is_filled = |value: &Value| match value {
        Value::Array(list) => !list.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => false,
    };
    match document {
        Value::Object(members) => members.values().any(is_filled),
        other => is_filled(other),
    }
}

/// A scalar as text: the service gives numbers as JSON numbers or as strings. A whole number that a program kept as a float is
/// that number: `44.0` is 44.
pub fn as_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed(""),
        Value::Number(number) => {
            let mut text = number.to_string();
            let whole = text.strip_suffix(".0").map(str::len);
            let is_whole = |digits: &str| digits.trim_start_matches('-').bytes().all(|digit| digit.is_ascii_digit());
            if let Some(length) = whole.filter(|length| is_whole(&text[..*length])) {
                text.truncate(length);
            }
            Cow::Owned(text)
        }
        other => Cow::Owned(other.to_string()),
    }
}

/// Whether a member of a record says nothing; no and 0 are something.
pub fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Whether nothing stands there.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(is_so) => !is_so,
        Value::Array(list) => list.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Number(_) | Value::String(_) => {
            let text = as_text(value);
            let text = text.trim();
            let is_zero = !text.is_empty() && text.chars().all(|digit| digit == '0');
            is_zero || matches!(text.to_ascii_lowercase().as_str(), "" | "null" | "none" | "false")
        }
    }
}

/// What a list stands in: the document itself or, where it has no member of the wrapper's name, the object in its envelope.
fn within<'a>(document: &'a Value, wrapper: &str) -> &'a Value {
    let has_own = wrapper.split('.').next().is_some_and(|name| document.get(name).is_some());
    document.get(ENVELOPE).filter(|inner| !has_own && inner.is_object()).unwrap_or(document)
}

/// The value at a wrapper such as `users` or `tickets.results`.
fn at<'a>(document: &'a Value, wrapper: &str) -> Option<&'a Value> {
    wrapper.split('.').try_fold(document, |value, member| value.get(member))
}

/// The list of records under `wrapper`. When the wrapper is not there (its name is assumed for some lists), the only
/// top-level list of the answer, or the answer itself when it is a list.
///
/// All of it may stand in an envelope, under `data`. PHP gives a list in several forms: `null` or `""` for an empty list, `{"0":…,"1":…}` for one with gaps in its numbers, and
/// a single record without a list around it.
pub fn records<'a>(document: &'a Document, wrapper: &str) -> Option<Records<'a>> {
    if let Some(list) = document.long_list(wrapper) {
        return Some(Records::of(list.into_iter().map(Part::Text).collect()));
    }
    let parts = match document.whole() {
        Cow::Borrowed(value) => list(value, wrapper)?.into_iter().map(|one| Part::Value(Cow::Borrowed(one))).collect(),
        Cow::Owned(value) => {
            list(&value, wrapper)?.into_iter().map(|one| Part::Value(Cow::Owned(one.clone()))).collect()
        }
    };
    Some(Records::of(parts))
}

/// Like [`records`], of an entity whose records carry the member `id`: under another name than `wrapper` that is what shows
/// that they are its records, and not those of another collection.
pub fn records_of<'a>(document: &'a Document, wrapper: &str, id: Option<&str>) -> Option<Records<'a>> {
    let records = match (records(document, wrapper)?, id) {
        (records, Some(id)) => records.unwrapped(id),
        (records, None) => records,
    };
    match id {
        Some(id) if !is_named(document, wrapper) && records.iter_with(id).any(|record| record.get(id).is_none()) => {
            None
        }
        _ => Some(records),
    }
}

/// The records of [`records`].
fn list<'a>(document: &'a Value, wrapper: &str) -> Option<Vec<&'a Value>> {
    let document = within(document, wrapper);
    match at(document, wrapper) {
        Some(Value::Null | Value::Bool(false)) => return Some(Vec::new()),
        Some(Value::String(text)) if text.is_empty() => return Some(Vec::new()),
        Some(Value::Array(list)) => return Some(list.iter().collect()),
        Some(value @ Value::Object(members)) => {
            let inner = members.get("count").and(members.values().find_map(Value::as_array));
            return match (inner, numbered(members)) {
                (Some(list), _) => Some(list.iter().collect()),
                (None, Some(records)) => Some(records),
                (None, None) => rejection(value, false).is_none().then(|| vec![value]),
            };
        }
        _ => {}
    }
    if let Some(list) = document.as_array() {
        return Some(list.iter().collect());
    }
    let members = document.as_object()?;
    let mut lists = members.values().filter_map(Value::as_array);
    match (lists.next(), lists.next()) {
        (Some(list), None) => Some(list.iter().collect()),
        (None, _) => numbered(members).filter(|records| !records.is_empty()),
        _ => None,
    }
}

/// The records among members that are named by numbers, in the order of those; none when something else is among them. What
/// stands beside them in the same object, such as a total, is no record.
fn numbered(members: &Map<String, Value>) -> Option<Vec<&Value>> {
    let mut records: Vec<(u64, &Value)> = Vec::new();
    for (name, value) in members.iter().filter(|(_, value)| value.is_object() || value.is_array()) {
        records.push((name.parse().ok()?, value));
    }
    if records.is_empty() && !members.is_empty() {
        return None;
    }
    records.sort_by_key(|(number, _)| *number);
    Some(records.into_iter().map(|(_, record)| record).collect())
}

/// The total a list gives beside its records, as a number or as text: the member `name` beside the innermost member of
/// `wrapper`, or at the top.
pub fn total(document: &Value, wrapper: &str, name: &str) -> Option<u64> {
    let document = within(document, wrapper);
    let beside = match wrapper.rsplit_once('.') {
        Some((outer, _)) => at(document, outer),
        None => Some(document),
    };
    let value = beside.and_then(|members| members.get(name)).or_else(|| document.get(name))?;
    whole_number(&as_text(value))
}

/// A number that is written as `1230`, `1,230` or `1230.0`.
fn whole_number(text: &str) -> Option<u64> {
    let text = text.trim();
    let whole = text
        .split_once('.')
        .filter(|(_, part)| part.bytes().all(|digit| digit == b'0'))
        .map_or(text, |(whole, _)| whole);
    let mut groups = whole.split(',');
    let first = groups.next()?;
    let is_grouped = (1..=3).contains(&first.len()) && groups.all(|group| group.len() == 3);
    match whole.contains(',') {
        true if is_grouped => whole.replace(',', "").parse().ok(),
        _ => whole.parse().ok(),
    }
}

/// Whether a document has the member that the list under `wrapper` stands in, whatever is in it.
pub fn is_named(document: &Value, wrapper: &str) -> bool {
    wrapper.split('.').next().is_some_and(|name| within(document, wrapper).get(name).is_some())
}

/// Whether a list says that another page follows: by the member `name` beside the innermost member of `wrapper`, or at the
/// top. None when it has no such member.
pub fn has_next(document: &Value, wrapper: &str, name: &str) -> Option<bool> {
    let document = within(document, wrapper);
    let beside = wrapper.rsplit_once('.').and_then(|(outer, _)| at(document, outer)?.get(name));
    let value = beside.or_else(|| document.get(name))?;
    Some(!matches!(value, Value::Null | Value::Bool(false)) && !matches!(as_text(value).trim(), "" | "0" | "null"))
}

/// The one record under `wrapper`, given as an object or as a list of one. An empty list is an unknown id.
pub fn record<'a>(document: &'a Document, wrapper: &str) -> Option<Cow<'a, Value>> {
    match document.whole() {
        Cow::Borrowed(value) => record_in(value, wrapper).map(Cow::Borrowed),
        Cow::Owned(value) => record_in(&value, wrapper).cloned().map(Cow::Owned),
    }
}

/// The same of a value.
pub(super) fn record_in<'a>(document: &'a Value, wrapper: &str) -> Option<&'a Value> {
    match at(document, wrapper)? {
        Value::Array(list) if list.len() == 1 => list.first().filter(|record| record.is_object()),
        Value::Object(members) if members.len() == 1 && members.get("0").is_some_and(Value::is_object) => {
            members.get("0")
        }
        record @ Value::Object(_) => Some(record),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn records(document: &Value, wrapper: &str) -> Option<Vec<Value>> {
        super::records(&document.clone().into(), wrapper).map(Records::into_values)
    }

    fn record(document: &Value, wrapper: &str) -> Option<Value> {
        record_in(document, wrapper).cloned()
    }

    #[test]
    fn what_is_not_quite_json_is_mended() {
        assert_eq!(parse(br#"{"a":"C:\dir\new"}"#).unwrap()["a"], "C:\\dir\new");
        assert_eq!(parse(br#"{"a":"\u00e9 \q \u12"}"#).unwrap()["a"], "é \\q \\u12");
        assert_eq!(parse(br#"{"a":"fine \\ \n"}"#).unwrap()["a"], "fine \\ \n");
        assert_eq!(parse(br#"{"a":"\ud83d"}"#).unwrap()["a"], "\u{fffd}");
        assert!(parse(b"<html>busy</html>").is_none());
        assert!(parse(br#"{"a":"half"#).is_none());
    }

    #[test]
    fn the_four_shapes_of_an_error_are_seen() {
        let code = |value: Value, write| rejection(&value, write).map(|rejection| rejection.code);
        assert_eq!(code(json!({"errcode":"100047","errmsg":"Invalid resource URI"}), false).unwrap(), "100047");
        assert_eq!(code(json!({"errcode":0,"errmsg":"ok"}), true), None);
        assert_eq!(code(json!({"error":"invalid_client","error_description":"…"}), true).unwrap(), "invalid_client");
        assert_eq!(code(json!({"state":"403","message":"user error"}), true).unwrap(), "403");
        assert_eq!(code(json!({"status":"1","message":"no"}), true).unwrap(), "1");
        assert_eq!(code(json!({"status":"0","message":"Insert ok","data":false}), true), None);
        assert_eq!(code(json!({"user":{"state":"403","status":"2"}}), true), None);
        assert_eq!(code(json!({"status":"1","message":"x"}), false), None);
    }

    #[test]
    fn one_record_is_an_object_or_a_list_of_one() {
        assert_eq!(record(&json!({"ticket":[{"a":1}]}), "ticket").unwrap()["a"], 1);
        assert_eq!(record(&json!({"ticket":{"a":1}}), "ticket").unwrap()["a"], 1);
        assert!(record(&json!({"ticket":[]}), "ticket").is_none());
        assert!(record(&json!({"ticket":[{},{}]}), "ticket").is_none());
    }

    #[test]
    fn a_total_is_a_number_or_text_beside_the_records() {
        assert_eq!(total(&json!({"users":[],"count":"10"}), "users", "count"), Some(10));
        assert_eq!(total(&json!({"tickets":{"results":[],"count":7}}), "tickets.results", "count"), Some(7));
        assert_eq!(total(&json!({"users":[]}), "users", "count"), None);
        for (text, number) in [
            ("1,230", Some(1230)),
            ("12,345,678", Some(12_345_678)),
            (" 230.00 ", Some(230)),
            ("many", None),
            ("1,23", None),
            ("1234,567", None),
            ("2.5", None),
            ("-1", None),
            (",230", None),
        ] {
            assert_eq!(total(&json!({"users":[],"count":text}), "users", "count"), number, "{text}");
        }
    }

    #[test]
    fn an_empty_list_beside_a_no_is_that_no() {
        let code = |document: Value| empty_rejection(&document).map(|rejection| rejection.code);
        for (document, no) in [
            (json!({"code": 401, "msg": "token expired", "users": [], "count": 0}), "401"),
            (json!({"code": "-1", "users": null}), "-1"),
            (json!({"status": "1", "message": "no database", "users": {}}), "1"),
            (json!({"status": "fail", "message": "no database", "users": []}), "fail"),
            (json!({"success": false, "message": "internal", "users": [], "count": 0}), "success: false"),
            (json!({"success": "false", "data": []}), "success: false"),
            (json!({"code": 1, "msg": "查询不成功", "users": []}), "1"),
            (json!({"code": 1, "msg": "暂无数据权限", "users": []}), "1"),
        ] {
            assert_eq!(code(document.clone()).as_deref(), Some(no), "{document}");
        }
        for document in [
            json!({"users": [], "count": 0}),
            json!({"code": 0, "msg": "", "users": []}),
            json!({"code": 200, "msg": "done", "users": []}),
            json!({"code": 1, "msg": "查询成功", "users": []}),
            json!({"code": 404, "msg": "暂无数据", "users": []}),
            json!({"code": 1, "users": []}),
            json!({"status": "ok", "message": "1 ms", "users": []}),
            json!({"code": 500, "msg": "half", "users": [{"cId": "1"}]}),
            json!({"uId": "5", "status": "2", "message": "x"}),
            json!([]),
            json!(null),
        ] {
            assert_eq!(code(document.clone()), None, "{document}");
        }
    }

    #[test]
    fn a_list_is_found_under_its_name_or_as_the_only_one() {
        assert_eq!(records(&json!({"tickets":{"results":[1,2]}}), "tickets.results").unwrap().len(), 2);
        assert_eq!(records(&json!({"other":[1],"count":"1"}), "histories").unwrap().len(), 1);
        assert_eq!(records(&json!([1, 2, 3]), "fields").unwrap().len(), 3);
        assert!(records(&json!({"a":[1],"b":[2]}), "histories").is_none());
    }

    #[test]
    fn records_of_another_collection_are_not_taken_for_those_asked_for() {
        let of =
            |document: Value, id| records_of(&document.into(), "users", id).map(|records| records.into_values().len());
        let tickets = json!({"tickets": [{"ticketId": "1"}, {"ticketId": "2"}], "count": 2});
        assert_eq!(of(tickets.clone(), Some("cId")), None);
        assert_eq!(of(tickets, None), Some(2));
        assert_eq!(of(json!({"data": [{"cId": "1"}]}), Some("cId")), Some(1));
        assert_eq!(of(json!([{"sId": "1"}]), Some("cId")), None);
        assert_eq!(of(json!({"users": [{"name": "a"}]}), Some("cId")), Some(1));
    }

    #[test]
    fn records_one_deeper_are_read_as_what_they_hold() {
        let of = |document: &Value, document_of: fn(&Value) -> Document| {
            records_of(&document_of(document), "users", Some("cId")).map(|records| Value::Array(records.into_values()))
        };
        let small: fn(&Value) -> Document = |value| value.clone().into();
        let large: fn(&Value) -> Document = |value| {
            let mut value = value.clone();
            value["note"] = Value::from("x".repeat(200_000));
            Document::of_text(value.to_string().into()).unwrap()
        };
        let two = json!([{"cId": "1"}, {"cId": "2", "name": "a"}]);
        let deeper = json!({"users": [{"user": two[0]}, null, {"user": two[1]}], "count": 2});
        let other = json!({"list": [{"user": two[0]}, {"user": two[1]}], "count": 2});
        for read in [small, large] {
            assert_eq!(of(&deeper, read), Some(two.clone()));
            assert_eq!(of(&other, read), Some(two.clone()));
            for list in [
                json!([{"user": two[0]}, {"company": two[1]}]),
                json!([{"user": two[0]}, two[1]]),
                json!([{"user": {"name": "a"}}]),
                json!([{"user": two[0], "company": {"uId": "1"}}]),
                json!([{"user": "cId"}]),
            ] {
                assert_eq!(of(&json!({"users": list}), read), Some(list.clone()), "{list}");
            }
        }
    }

    #[test]
    fn a_list_has_every_form_that_php_gives_one() {
        let records = |document: Value| records(&document, "users").map(Value::Array);
        for empty in [json!(null), json!(""), json!(false), json!([]), json!({})] {
            assert_eq!(records(json!({"users": empty, "count": 0})), Some(json!([])), "{empty}");
        }
        let two = json!([{"cId": "1"}, {"cId": "2"}]);
        for blank in [json!(null), json!(""), json!(false), json!([]), json!({})] {
            assert_eq!(records(json!({"users": [two[0], blank, two[1]]})), Some(two.clone()), "{blank}");
        }
        assert_eq!(records(json!({"users": {"0": two[0], "1": two[1]}})), Some(two.clone()));
        // By number, not by text.
        assert_eq!(records(json!({"users": {"10": two[1], "9": two[0]}})), Some(two.clone()));
        assert_eq!(records(json!({"0": two[0], "1": two[1], "count": "2"})), Some(two.clone()));
        assert_eq!(records(json!({"users": two[0], "count": 1})), Some(json!([{"cId": "1"}])));
        let record = json!({"cId": "1", "custom_fields": [{"key": "field_1"}]});
        assert_eq!(records(json!({"users": record})), Some(json!([record])));
        assert_eq!(records(json!({"users": {"count": 2, "results": two}})), Some(two));
        assert_eq!(records(json!({"users": {"errcode": "1", "errmsg": "no"}})), None);
        for other in [json!({"status": "0", "data": false}), json!({}), json!({"message": null}), json!("users")] {
            assert_eq!(records(other.clone()), None, "{other}");
        }
    }

    #[test]
    fn a_list_in_an_envelope_is_read_with_what_stands_beside_it() {
        let two = json!([{"cId": "1"}, {"cId": "2"}]);
        for (inner, wrapper) in [
            (json!({"users": two, "count": "2", "next_page": null}), "users"),
            (json!({"list": two, "count": 2, "next_page": ""}), "users"),
            (json!({"tickets": {"results": two, "count": 2, "next_page": false}}), "tickets.results"),
        ] {
            let document = json!({"code": 0, "msg": "ok", "data": inner});
            assert_eq!(records(&document, wrapper).map(Value::Array), Some(two.clone()), "{document}");
            assert_eq!(total(&document, wrapper, "count"), Some(2), "{document}");
            assert_eq!(has_next(&document, wrapper, "next_page"), Some(false), "{document}");
        }
        // What has the name that was asked for is no envelope's, and what is in one may be something else.
        let beside = json!({"users": two, "count": 2, "data": {"count": 9}});
        assert_eq!(total(&beside, "users", "count"), Some(2));
        let other = json!({"code": 0, "data": {"list": [{"ticketId": "1"}]}});
        assert!(records_of(&other.into(), "users", Some("cId")).is_none());
        assert_eq!(records(&json!({"code": 0, "data": {"user": {"cId": "1"}}}), "users"), None);
    }

    #[test]
    fn busy_is_known_by_its_words_where_there_are_no_records() {
        for document in [
            json!({"errcode": "1", "errmsg": "系统繁忙，请稍后再试"}),
            json!({"code": 500, "msg": "系统异常", "data": null}),
            json!({"status": "-1", "message": "System Busy", "data": []}),
            json!({"error": "Too Many Requests"}),
        ] {
            assert!(busy(&document).is_some(), "{document}");
        }
        for document in [
            json!({"users": [{"name": "busy"}], "msg": "try again"}),
            json!({"users": [], "count": 0}),
            json!({"errcode": "1", "errmsg": "no"}),
            json!({"user": {"state": "500"}, "message": "busy"}),
        ] {
            assert_eq!(busy(&document), None, "{document}");
        }
    }

    #[test]
    fn numbers_keep_all_their_digits() {
        let document = parse(br#"{"a":18446744073709551617,"b":1.10,"c":-0.0000000000000000000001}"#).unwrap();
        let texts: Vec<_> = ["a", "b", "c"].map(|name| as_text(&document[name]).into_owned()).into();
        assert_eq!(texts, ["18446744073709551617", "1.10", "-0.0000000000000000000001"]);
        let document = parse(br#"[44.0,-1.0,10.50,100.00,1.0e+25,"44.0"]"#).unwrap();
        let texts: Vec<_> = document.as_array().unwrap().iter().map(as_text).collect();
        assert_eq!(texts, ["44", "-1", "10.50", "100.00", "1.0e+25", "44.0"]);
    }
}
