//! What an answer shows of a write: what it has to show, and the record and id that it names.

use serde_json::Value;

use super::answer::Answer;
use super::envelope::{self, as_text};
use super::place::{Place, is_id};

/// What a write expects to come back.
#[derive(Debug, Clone, Default)]
pub struct Expected {
    /// Members the written record may come under, best first: the answer key, the singular, the plural.
    pub wrappers: Vec<String>,
    /// The field that holds the record's id.
    pub id: Option<String>,
    /// Where such records are.
    pub place: Place,
    /// The fields of the record's natural keys.
    pub keys: Vec<String>,
    /// The service's code for a path that does not exist.
    pub unknown_path_code: String,
    /// The whole record is needed that an answer holds, not only what tells it from others.
    pub is_whole: bool,
    /// Members of a record whose values nobody may see.
    pub secrets: Vec<String>,
    /// The service's text for "it is there already", where what is there is looked at.
    pub conflict: Option<String>,
}

/// What an answer has to show for a write that it says was done.
#[derive(Debug, Default)]
pub(super) struct Evidence<'a> {
    /// The record's id.
    pub id: Option<String>,
    /// The id stands in the `Location` alone.
    pub is_located: bool,
    /// No record can have the id, or two are named.
    pub is_impossible: bool,
    /// Words of success say it.
    pub is_plain: bool,
    /// What is needed of the record.
    pub record: Option<&'a Value>,
}

/// A created record whose place is named, in an answer without a body.
pub(super) fn created_at(answer: &Answer, expected: &Expected) -> Option<Evidence<'static>> {
    let is_empty = answer.body.iter().all(u8::is_ascii_whitespace);
    let id = located(answer, expected).filter(|_| is_empty || answer.status == 201)?;
    Some(Evidence { id: Some(id), is_located: true, ..Evidence::default() })
}

/// The id of the record that the `Location` names, where it is one of those that were written to.
fn located(answer: &Answer, expected: &Expected) -> Option<String> {
    answer.location.as_deref().and_then(|location| expected.place.id_in(location))
}

/// The proof that a write was done, and the id when it is there. Looked for in this order: the `Location` header, the
/// record under one of its wrappers, `data`, the plain words of success.
pub(super) fn proof<'a>(document: &'a Value, answer: &Answer, expected: &Expected) -> Option<Evidence<'a>> {
    let located = located(answer, expected);
    // A list with a total is a list: a loose router took the write for a question.
    let is_list = document.get("count").is_some();
    let wrapped = || expected.wrappers.iter().filter_map(|wrapper| envelope::record_in(document, wrapper));
    let held = |record: &'a Value| expected.id.as_ref().and_then(|id| record.get(id));
    let record = wrapped().find(|record| held(record).is_some()).or_else(|| wrapped().next()).filter(|_| !is_list);
    let data = document.get("data");
    if located.is_some() || record.is_some() {
        let held_id = record.and_then(held).map(|id| as_text(id).into_owned()).filter(|id| is_id(id));
        let ids = || wrapped().chain(data).filter_map(held).map(as_text).chain(located.as_deref().map(Into::into));
        let is_other = |id: &str| held_id.as_ref().is_some_and(|held| is_id(id) && held != id);
        let is_impossible = record.and_then(held).is_some_and(is_impossible_id) || ids().any(|id| is_other(&id));
        let is_located = held_id.is_none();
        return Some(Evidence { id: located.or(held_id), is_located, is_impossible, record, ..Evidence::default() });
    }
    let is_plain = document.get("status").is_some_and(|status| as_text(status) == "0")
        || document.get("errcode").is_some_and(|code| as_text(code) == "0")
        || (data == Some(&Value::Bool(true)))
        || document.get("msg").is_some_and(|message| as_text(message).eq_ignore_ascii_case("success"));
    // A number beside a no may be anything: seconds to wait, rows that were not made.
    let is_record = |data: &&Value| answer.status < 400 || is_plain || data.is_object();
    if let Some(id) = data.filter(is_record).and_then(|data| id_of_data(data, expected)) {
        let record = data.filter(|data| data.is_object());
        return Some(Evidence { id: Some(id), record, is_plain, ..Evidence::default() });
    }
    // A gateway that is busy counts in its own way.
    let is_plain = is_plain && !(answer.status >= 400 && envelope::busy(document).is_some());
    is_plain.then(|| Evidence { is_impossible: data.is_some_and(is_negative), is_plain, ..Evidence::default() })
}

/// Whether what stands for an id cannot be one. Words may be: an entity that a user describes may have such ids.
fn is_impossible_id(id: &Value) -> bool {
    let text = as_text(id);
    let is_number = text.trim().parse::<f64>().is_ok();
    match id {
        Value::Null => false,
        Value::String(_) => is_number && !is_id(&text),
        Value::Number(_) => !is_id(&text),
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => true,
    }
}

fn is_negative(data: &Value) -> bool {
    data.as_f64().is_some_and(|number| number < 0.0 || number.fract() != 0.0)
}

fn id_of_data(data: &Value, expected: &Expected) -> Option<String> {
    let id = match data {
        Value::Object(record) => as_text(record.get(expected.id.as_ref()?)?).into_owned(),
        Value::Number(_) | Value::String(_) => as_text(data).into_owned(),
        _ => return None,
    };
    is_id(&id).then_some(id)
}
