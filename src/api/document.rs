//! A document of the service. A large one, such as a page of many records, is kept as text and its records are read one at a
//! time: as values all of them together take ten times the room.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::Deref;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::needed::Needed;

/// A text shorter than this is read at once.
const SMALL: usize = 128 * 1024;
/// The member with the whole of an answer, where what stands beside it only says that all is well.
pub(super) const ENVELOPE: &str = "data";
/// Objects within objects whose members an outline has.
const OUTLINE_DEPTH: usize = 3;

/// A document that could be read. It can be looked at as a value, in which the lists of a large one are only told to be empty
/// or not; [`records`](super::records) and [`record`](super::record) find what is in them.
#[derive(Debug, Clone)]
pub struct Document {
    value: Value,
    /// The whole of it, when it is large.
    text: Option<Box<str>>,
}

impl Deref for Document {
    type Target = Value;

    fn deref(&self) -> &Value {
        &self.value
    }
}

impl Document {
    /// Reads JSON; none when it is something else.
    pub(super) fn of_text(text: Cow<'_, str>) -> Option<Document> {
        let document = if text.len() < SMALL {
            serde_json::from_str::<Value>(&text).ok()?.into()
        } else {
            let mut json = serde_json::Deserializer::from_str(&text);
            let value = Outline(OUTLINE_DEPTH).deserialize(&mut json).ok()?;
            json.end().ok()?;
            Document { value, text: Some(text.as_ref().into()) }
        };
        // Of two lists under one name only one would be read.
        repeated_member(&text).is_none().then_some(document)
    }

    /// All of it as a value.
    pub(super) fn whole(&self) -> Cow<'_, Value> {
        match &self.text {
            None => Cow::Borrowed(&self.value),
            Some(text) => Cow::Owned(serde_json::from_str(text).unwrap_or_default()),
        }
    }

    /// The list under `wrapper` of a large document, or its only list when nothing has that name; none when the document is
    /// small, or has no such list.
    pub(super) fn long_list(&self, wrapper: &str) -> Option<Vec<&RawValue>> {
        let has_own = wrapper.split('.').next().is_some_and(|name| self.value.get(name).is_some());
        let is_envelope = !has_own && self.value.get(ENVELOPE).is_some_and(Value::is_object);
        let text = self.text.as_deref()?;
        let text = if is_envelope { member(text, ENVELOPE)? } else { text };
        let named = wrapper.split('.').try_fold(text, member);
        let list = match named {
            Some(list) => list,
            None if text.starts_with('[') => text,
            None => {
                let mut lists = members(text)?.into_iter().filter(|(_, value)| value.get().starts_with('['));
                lists.next().filter(|_| lists.next().is_none())?.1.get()
            }
        };
        serde_json::from_str(list).ok().filter(|_| list.starts_with('['))
    }
}

impl From<Value> for Document {
    fn from(value: Value) -> Self {
        Document { value, text: None }
    }
}

/// The records of a list.
#[derive(Debug)]
pub struct Records<'a> {
    parts: Vec<Part<'a>>,
    has_blanks: bool,
}

/// One of them.
#[derive(Debug)]
pub(super) enum Part<'a> {
    /// It is read.
    Value(Cow<'a, Value>),
    /// It is not read yet.
    Text(&'a RawValue),
}

impl<'a> Part<'a> {
    /// The only member of an object, where it is a record that carries the member `id`.
    fn unwrapped(&self, id: &str) -> Option<(String, Part<'a>)> {
        let only = |value: &Value| match value {
            Value::Object(members) if members.len() == 1 => members.keys().next().cloned(),
            _ => None,
        };
        let (name, record) = match self {
            Part::Value(Cow::Borrowed(value)) => {
                let name = only(value)?;
                let record = value.get(&name)?;
                (name, Part::Value(Cow::Borrowed(record)))
            }
            Part::Value(Cow::Owned(value)) => {
                let name = only(value)?;
                let record = value.get(&name)?.clone();
                (name, Part::Value(Cow::Owned(record)))
            }
            Part::Text(text) => {
                let mut members = members(text.get()).filter(|members| members.len() == 1)?;
                let (name, record) = members.pop()?;
                (name, Part::Text(record))
            }
        };
        let has_id = match &record {
            Part::Value(value) => value.get(id).is_some(),
            Part::Text(text) => members(text.get())?.iter().any(|(name, _)| name == id),
        };
        has_id.then_some((name, record))
    }

    /// Whether it is nothing at all, such as `null` or `{}`, where a record should be.
    fn is_blank(&self) -> bool {
        match self {
            Part::Value(value) => match value.as_ref() {
                Value::Null | Value::Bool(false) => true,
                Value::String(text) => text.trim().is_empty(),
                Value::Array(values) => values.is_empty(),
                Value::Object(members) => members.is_empty(),
                Value::Bool(true) | Value::Number(_) => false,
            },
            Part::Text(text) => {
                let text = text.get();
                let inner = text.get(1..text.len() - 1).unwrap_or_default();
                matches!(text, "null" | "false") || text.starts_with(['"', '[', '{']) && inner.trim().is_empty()
            }
        }
    }
}

impl<'a> Records<'a> {
    /// Those of a list. Places in it that hold nothing are no records.
    pub(super) fn of(mut parts: Vec<Part<'a>>) -> Self {
        let places = parts.len();
        parts.retain(|part| !part.is_blank());
        Records { has_blanks: parts.len() < places, parts }
    }

    /// The records in those that each are one member with a record in it, always of the same name: so programs in PHP give the
    /// rows of a table. All of them as they are where it is otherwise. A record carries the member `id`.
    pub(super) fn unwrapped(self, id: &str) -> Self {
        let mut inner = Vec::with_capacity(self.parts.len());
        let mut of_all: Option<String> = None;
        for part in &self.parts {
            let Some((name, record)) = part.unwrapped(id) else { return self };
            if of_all.get_or_insert_with(|| name.clone()) != &name {
                return self;
            }
            inner.push(record);
        }
        Records { parts: inner, ..self }
    }

    /// Whether some places of the list hold nothing.
    pub fn has_blanks(&self) -> bool {
        self.has_blanks
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.parts.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Each of them, read as it comes.
    pub fn iter(&self) -> impl Iterator<Item = Cow<'_, Value>> {
        self.parts.iter().map(|part| match part {
            Part::Value(value) => Cow::Borrowed(value.as_ref()),
            // It was looked at before, as a part of the document.
            Part::Text(text) => Cow::Owned(serde_json::from_str(text.get()).unwrap_or_default()),
        })
    }

    /// Each of them, of which only the member `name` is needed.
    pub fn iter_with<'b>(&'b self, name: &'b str) -> impl Iterator<Item = Cow<'b, Value>> {
        self.parts.iter().map(move |part| match part {
            Part::Value(value) => Cow::Borrowed(value.as_ref()),
            Part::Text(text) => {
                let whole = [name];
                let mut json = serde_json::Deserializer::from_str(text.get());
                Cow::Owned(Needed::new(&whole, &[]).deserialize(&mut json).unwrap_or_default())
            }
        })
    }

    /// All of them at once.
    pub fn into_values(self) -> Vec<Value> {
        self.iter().map(Cow::into_owned).collect()
    }
}

/// The name of a member that stands twice in a document or in its envelope, each time with other records in it.
pub(super) fn repeated_member(document: &str) -> Option<String> {
    let found = members(document)?;
    let holds_records = |value: &RawValue| value.get().starts_with(['[', '{']);
    let mut seen: HashMap<&str, &RawValue> = HashMap::new();
    for (name, value) in &found {
        let is_other = |before: &RawValue| holds_records(before) && holds_records(value) && before.get() != value.get();
        if seen.insert(name, value).is_some_and(is_other) {
            return Some(name.clone());
        }
    }
    seen.get(ENVELOPE).and_then(|value| repeated_member(value.get()))
}

/// A member of an object, as it stands there.
fn member<'a>(object: &'a str, name: &str) -> Option<&'a str> {
    members(object)?.into_iter().find(|(member, _)| member == name).map(|(_, value)| value.get())
}

/// The members of an object, as they stand there.
fn members(object: &str) -> Option<Vec<(String, &RawValue)>> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(String, &'de RawValue)>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(members)
        }
    }

    serde_json::Deserializer::from_str(object).deserialize_map(Members).ok()
}

/// Reads a document without what is in its lists, which is looked at as closely as if it were kept.
struct Outline(usize);

impl<'de> DeserializeSeed<'de> for Outline {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Outline {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut is_filled = false;
        while items.next_element_seed(Needed::nothing())?.is_some() {
            is_filled = true;
        }
        Ok(Value::Array(if is_filled { vec![Value::Null] } else { Vec::new() }))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut outline = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = match (Needed::is_number(&name), self.0) {
                (true, _) => {
                    let digits: String = members.next_value()?;
                    return Ok(digits.parse().map_or(Value::Null, Value::Number));
                }
                (false, 0) => members.next_value_seed(Needed::nothing()).map(|_| Value::Null)?,
                (false, depth) => members.next_value_seed(Outline(depth - 1))?,
            };
            outline.insert(name, value);
        }
        Ok(Value::Object(outline))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::envelope::{record, records, total};
    use super::*;

    /// A page of so many records with a long text each.
    fn page(count: usize) -> Value {
        let record = |id: usize| json!({"cId": id, "name": "示例".repeat(1000), "big": "x", "fields": [{"key": "a"}]});
        Value::Array((0..count).map(record).collect())
    }

    #[test]
    fn the_records_of_a_large_document_are_those_of_a_small_one() {
        let list = page(100);
        for (document, wrapper) in [
            (json!({"users": list, "count": 100, "next_page": null}), "users"),
            (json!({"tickets": {"results": list, "count": "100"}}), "tickets.results"),
            (json!({"other": list, "count": 100}), "users"),
            (json!({"code": 0, "data": {"users": list, "count": 100}}), "users"),
            (json!({"code": 0, "data": {"tickets": {"results": list, "count": "100"}}}), "tickets.results"),
            (json!({"users": {"0": list[0], "1": list[1]}, "count": 100, "note": "x".repeat(SMALL)}), "users"),
        ] {
            let small = Document::from(document.clone());
            let large = Document::of_text(document.to_string().into()).expect(wrapper);
            assert!(large.text.is_some());
            let read = |document: &Document| records(document, wrapper).expect(wrapper).into_values();
            assert_eq!(read(&large), read(&small));
            assert_eq!(total(&large, wrapper, "count"), Some(100));
            let ids: Vec<_> =
                records(&large, wrapper).unwrap().iter_with("cId").map(|one| one["cId"].clone()).collect();
            assert_eq!(ids[1], 1);
        }
        let list = Document::of_text(list.to_string().into()).unwrap();
        assert_eq!(records(&list, "users").unwrap().len(), 100);
        let one = json!({"ticket": [{"descript": "x".repeat(SMALL)}]});
        let large = Document::of_text(one.to_string().into()).unwrap();
        assert_eq!(record(&large, "ticket").unwrap().into_owned(), one["ticket"][0]);
    }

    #[test]
    fn two_lists_of_one_name_are_no_document() {
        for (text, name) in [
            (r#"{"users":[{"cId":1}],"count":2,"users":[{"cId":2}]}"#, Some("users")),
            (r#"{"code":0,"data":{"users":[1],"users":[]}}"#, Some("users")),
            (r#"{"data":{"users":[1]},"data":{"users":[2]}}"#, Some("data")),
            (r#"{"users":[1],"users":[1]}"#, None),
            (r#"{"count":1,"users":[1],"count":2}"#, None),
            (r#"{"users":null,"users":[1]}"#, None),
            (r#"{"users":[{"a":[1],"a":[2]}]}"#, None),
            ("[1,1]", None),
        ] {
            assert_eq!(repeated_member(text).as_deref(), name, "{text}");
            assert_eq!(Document::of_text(text.into()).is_none(), name.is_some(), "{text}");
        }
        let page = page(100);
        let large = format!("{{\"users\":{page},\"count\":101,\"users\":[{{\"cId\":101}}]}}");
        assert!(Document::of_text(large.into()).is_none());
    }

    #[test]
    fn a_large_document_is_read_as_closely_as_a_small_one() {
        let sound = json!({"users": page(100)}).to_string();
        for (from, to) in [("\"x\"", r#""\ud83d""#), ("\"x\"", r#""\q""#), ("\"x\"", "01")] {
            let text = sound.replacen(from, to, 1);
            assert!(Document::of_text(text.into()).is_none(), "{to}");
        }
        assert!(Document::of_text(sound[..sound.len() - 1].into()).is_none());
        assert!(Document::of_text(sound.into()).is_some());
    }
}
