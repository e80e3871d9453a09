//! Reading an answer's body: JSON as the service writes it, illegal backslashes and all; the four shapes of an error; and
//! the records under their wrapper, whether as one object, a list of one, or a list.

use std::borrow::Cow;
use std::marker::PhantomData;

use serde::de::DeserializeSeed;
use serde_json::Value;

use super::needed::Needed;
use crate::text::{clean, shorten};

/// Characters of the service's words that are shown.
const MOST_SHOWN: usize = 1000;

/// A body that could be read.
pub type Document = Value;

/// The service's no, as its answer describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// Its code, or the HTTP status when the body has none.
    pub code: String,
    /// Its text.
    pub message: String,
}

impl Rejection {
    /// The rejection as it may be shown: what `hide` hides is in neither text, nor is what a terminal acts on.
    pub fn shown(&self, hide: impl Fn(&str) -> String) -> Self {
        let shown = |text: &str| shorten(&clean(&hide(text)), MOST_SHOWN).into_owned();
        Rejection { code: shown(&self.code), message: shown(&self.message) }
    }
}

/// Parses a body. Backslashes that begin no escape are taken as backslashes: the service is known to send them.
/// None for HTML, half a body, or anything else that is not JSON.
pub(super) fn parse(body: &[u8]) -> Option<Document> {
    parse_as(body, PhantomData::<Document>)
}

/// Like [`parse`], keeping only what is needed.
pub(super) fn parse_needed(body: &[u8], needed: Needed<'_>) -> Option<Document> {
    parse_as(body, needed)
}

fn parse_as(body: &[u8], kept: impl for<'de> DeserializeSeed<'de, Value = Document> + Copy) -> Option<Document> {
    let read = |text: &str| {
        let mut json = serde_json::Deserializer::from_str(text);
        let document = kept.deserialize(&mut json).ok()?;
        json.end().ok().map(|()| document)
    };
    let text = std::str::from_utf8(body).ok()?;
    read(text).or_else(|| read(&double_stray_backslashes(text)?))
}

/// The text with every backslash doubled that does not begin a valid escape; none when there is nothing to mend.
fn double_stray_backslashes(text: &str) -> Option<String> {
    let mut mended = String::with_capacity(text.len() + 16);
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = rest.find('\\') {
        mended.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let length = match after.as_bytes().first() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => 1,
            Some(b'u') if after.len() >= 5 && after.as_bytes()[1..5].iter().all(u8::is_ascii_hexdigit) => 5,
            _ => 0,
        };
        mended.push('\\');
        if length == 0 {
            mended.push('\\');
            changed = true;
        }
        mended.push_str(&after[..length]);
        rest = &after[length..];
    }
    mended.push_str(rest);
    changed.then_some(mended)
}

/// The error in a document, in any of the four shapes: `errcode`/`errmsg`, `error`/`error_description`,
/// `state`/`message`, and for answers to writes `status`/`message`. Only top-level members count: contacts and companies
/// have fields called `state` and `status` of their own.
pub(super) fn rejection(document: &Document, is_write: bool) -> Option<Rejection> {
    let members = document.as_object()?;
    let text = |name: &str| members.get(name).map(as_text).unwrap_or_default();
    let rejection = |code: Cow<'_, str>, message: Cow<'_, str>| {
        Some(Rejection { code: code.into_owned(), message: message.into_owned() })
    };
    let is_error = |name: &str| members.get(name).is_some_and(|code| !matches!(as_text(code).as_ref(), "" | "0"));
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

/// A scalar as text: the service gives numbers as JSON numbers or as strings.
pub fn as_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed(""),
        other => Cow::Owned(other.to_string()),
    }
}

/// The value at a wrapper such as `users` or `tickets.results`.
fn at<'a>(document: &'a Document, wrapper: &str) -> Option<&'a Value> {
    wrapper.split('.').try_fold(document, |value, member| value.get(member))
}

/// The list of records under `wrapper`. When the wrapper is not there (its name is assumed for some lists), the only
/// top-level list of the answer, or the answer itself when it is a list.
pub fn records<'a>(document: &'a Document, wrapper: &str) -> Option<&'a Vec<Value>> {
    if let Some(list) = at(document, wrapper).and_then(Value::as_array) {
        return Some(list);
    }
    if let Some(list) = document.as_array() {
        return Some(list);
    }
    let mut lists = document.as_object()?.values().filter_map(Value::as_array);
    lists.next().filter(|_| lists.next().is_none())
}

/// The total a list gives beside its records, as a number or as text: the member `name` beside the innermost member of
/// `wrapper`, or at the top.
pub fn total(document: &Document, wrapper: &str, name: &str) -> Option<u64> {
    let beside = match wrapper.rsplit_once('.') {
        Some((outer, _)) => at(document, outer),
        None => Some(document),
    };
    let value = beside.and_then(|members| members.get(name)).or_else(|| document.get(name))?;
    as_text(value).trim().parse().ok()
}

/// Whether a list says that another page follows: by the member `name` beside the innermost member of `wrapper`, or at the
/// top. None when it has no such member.
pub fn has_next(document: &Document, wrapper: &str, name: &str) -> Option<bool> {
    let beside = wrapper.rsplit_once('.').and_then(|(outer, _)| at(document, outer)?.get(name));
    let value = beside.or_else(|| document.get(name))?;
    Some(!matches!(value, Value::Null | Value::Bool(false)) && !matches!(as_text(value).trim(), "" | "0" | "null"))
}

/// The one record under `wrapper`, given as an object or as a list of one. An empty list is an unknown id.
pub fn record<'a>(document: &'a Document, wrapper: &str) -> Option<&'a Value> {
    match at(document, wrapper)? {
        Value::Array(list) if list.len() == 1 => list.first().filter(|record| record.is_object()),
        record @ Value::Object(_) => Some(record),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn stray_backslashes_are_mended() {
        assert_eq!(parse(br#"{"a":"C:\dir\new"}"#).unwrap()["a"], "C:\\dir\new");
        assert_eq!(parse(br#"{"a":"\u00e9 \q \u12"}"#).unwrap()["a"], "é \\q \\u12");
        assert_eq!(parse(br#"{"a":"fine \\ \n"}"#).unwrap()["a"], "fine \\ \n");
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
        assert_eq!(total(&json!({"users":[],"count":"many"}), "users", "count"), None);
    }

    #[test]
    fn a_list_is_found_under_its_name_or_as_the_only_one() {
        assert_eq!(records(&json!({"tickets":{"results":[1,2]}}), "tickets.results").unwrap().len(), 2);
        assert_eq!(records(&json!({"other":[1],"count":"1"}), "histories").unwrap().len(), 1);
        assert_eq!(records(&json!([1, 2, 3]), "fields").unwrap().len(), 3);
        assert!(records(&json!({"a":[1],"b":[2]}), "histories").is_none());
    }
}
