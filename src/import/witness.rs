//! Whether an answer that says "done" may be about the row that was sent: gateways are known to hand out answers of others.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::fmt::Formatter;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::skeleton::Skeleton;
use crate::api::{Witness, as_text};
use crate::check::duplicates::is_same_key_value;
use crate::entity::Entity;
use crate::value::tags;

/// Ids of records that rows of a run made or change, 64 in a row together: most of an account's ids follow one another, so that
/// they take next to no room.
#[derive(Debug, Default)]
pub(super) struct HandedOut {
    blocks: RefCell<BTreeMap<u64, u64>>,
}

impl HandedOut {
    /// A row has this id.
    pub(super) fn add(&self, id: &str) {
        let Ok(id) = id.parse::<u64>() else { return };
        *self.blocks.borrow_mut().entry(id / 64).or_default() |= 1 << (id % 64);
    }

    /// Whether a row has it.
    pub(super) fn has(&self, id: u64) -> bool {
        self.blocks.borrow().get(&(id / 64)).is_some_and(|block| block >> (id % 64) & 1 == 1)
    }
}

/// Knows what one row has sent.
#[derive(Debug)]
pub(super) struct RowWitness<'a> {
    /// What kind of record it writes.
    pub entity: &'a Entity,
    /// What it has sent.
    pub body: &'a Bytes,
    /// The id of the record it changes, when it does.
    pub id: Option<&'a str>,
    /// Ids that other rows have.
    pub handed_out: &'a HandedOut,
    /// The new record came back without tags that were sent.
    pub lacks_tags: Cell<bool>,
    /// The record that was changed, as the answer has it.
    pub echo: RefCell<Option<Map<String, Value>>>,
}

impl Witness for RowWitness<'_> {
    fn may_be_ours(&self, id: Option<&str>, record: Option<&Value>) -> bool {
        let is_handed_out = |id: &str| id.parse().is_ok_and(|id| self.handed_out.has(id));
        if let Some(own) = self.id {
            // A number that no row has may count what was written; most of all, one record.
            if id.is_some_and(|id| id != own && id != "1" && is_handed_out(id)) {
                return false;
            }
            let held = record.zip(self.entity.id.as_ref()).and_then(|(record, id)| record.get(id)).map(as_text);
            if held.as_ref().is_some_and(|held| held == own) {
                *self.echo.borrow_mut() = record.and_then(Value::as_object).cloned();
            }
            return held.is_none_or(|held| held.is_empty() || held == own);
        }
        if let Some(record) = record {
            self.lacks_tags.set(self.comes_without_tags(record));
        }
        !id.is_some_and(is_handed_out) && record.is_none_or(|record| self.is_echo(record))
    }

    fn may_be_at(&self, id: &str) -> bool {
        self.id.is_none_or(|own| own == id)
    }
}

impl RowWitness<'_> {
    /// Whether a record that was read is what was sent, by its key.
    pub(super) fn is_echo_of(&self, record: &Map<String, Value>) -> bool {
        self.is_echo(&Value::Object(record.clone()))
    }

    /// Whether a record that comes back has the key that was sent, as far as it says one: the first one that both have.
    fn is_echo(&self, record: &Value) -> bool {
        let echo = |name: &String| record.get(name).map(as_text).filter(|text| !text.is_empty());
        let is_said = |key: &&Vec<String>| key.iter().all(|name| echo(name).is_some() && self.sends(name));
        let agrees = |name: &String| echo(name).is_none_or(|echo| self.agrees(name, &echo));
        match self.entity.keys.iter().find(is_said) {
            Some(key) => key.iter().all(agrees),
            // What people know it by has to do.
            None => self.entity.display.iter().all(agrees),
        }
    }

    /// Whether a field was sent.
    fn sends(&self, name: &str) -> bool {
        std::str::from_utf8(self.body).is_ok_and(|body| is_quoted(body, name))
    }

    fn sent(&self, name: &str) -> Option<String> {
        sent_member(self.entity, self.body, name)
    }

    /// Whether a record that comes back says its tags, and not all that were sent.
    fn comes_without_tags(&self, record: &Value) -> bool {
        let Some(name) = &self.entity.tags else { return false };
        let Some(echo) = record.get(name).filter(|echo| !echo.is_null()).map(as_text) else { return false };
        let lacks = |sent: String| tags(&sent).any(|tag| !tags(&echo).any(|there| there == tag));
        self.sends(name) && self.sent(name).is_some_and(lacks)
    }

    fn agrees(&self, name: &str, echo: &str) -> bool {
        // Nearly always the very text was sent, and nothing needs to be parsed.
        if std::str::from_utf8(self.body).is_ok_and(|body| is_quoted(body, echo)) {
            return true;
        }
        let Some(sent) = self.sent(name) else { return true };
        // What is masked or cut says nothing of another row, nor do marks that a service writes in its own way.
        let is_cut = echo.chars().count() >= 4 && sent.starts_with(echo);
        is_cut
            || echo.contains('*')
            || is_same_key_value(self.entity, name, &sent, echo)
            || Skeleton::of(&sent) == Skeleton::of(echo)
    }
}

/// The value of a field in a body that makes a record.
pub(super) fn sent_member(entity: &Entity, body: &[u8], name: &str) -> Option<String> {
    let wrap = entity.endpoint("create").and_then(|create| create.wrap.as_deref());
    let path: Vec<&str> = wrap.into_iter().chain([name]).collect();
    let value = At(&path).deserialize(&mut serde_json::Deserializer::from_slice(body)).ok()??;
    Some(as_text(&value).into_owned())
}

/// Where in a document a value stands. All others are passed over: this is done for each row with tags.
struct At<'p>(&'p [&'p str]);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, document: D) -> Result<Option<Value>, D::Error> {
        match self.0 {
            [] => Value::deserialize(document).map(Some),
            _ => document.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Option<Value>;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a record")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Option<Value>, A::Error> {
        let mut found = None;
        let Some((name, path)) = self.0.split_first() else { return Ok(None) };
        while let Some(is_it) = members.next_key_seed(Is(name))? {
            if is_it {
                found = members.next_value_seed(At(path))?;
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Whether a name is this one.
struct Is<'n>(&'n str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, name: D) -> Result<bool, D::Error> {
        name.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, formatter: &mut Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

/// Whether a text stands in JSON as a name or a value.
fn is_quoted(json: &str, text: &str) -> bool {
    let is_quote = |at: Option<usize>| at.and_then(|at| json.as_bytes().get(at)) == Some(&b'"');
    json.match_indices(text).any(|(at, _)| is_quote(at.checked_sub(1)) && is_quote(Some(at + text.len())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entity::Catalog;

    #[test]
    fn ids_that_were_handed_out_are_known_whatever_their_order() {
        let handed_out = HandedOut::default();
        for id in ["7", "9", "8", "50001", "6", "50001", "x"] {
            handed_out.add(id);
        }
        assert_eq!(handed_out.blocks.borrow().len(), 2);
        for (id, is_there) in [(5, false), (6, true), (7, true), (8, true), (9, true), (10, false), (50_001, true)] {
            assert_eq!(handed_out.has(id), is_there, "{id}");
        }
    }

    #[test]
    fn what_was_sent_is_found_wherever_it_stands() {
        let entity = Catalog::embedded().get("customers").unwrap();
        let sent = |body: &str, name: &str| sent_member(entity, body.as_bytes(), name);
        let body = r#"{"a":{"name":"x"},"user":{"n":{"name":1},"n\u0061me":"示例 \"一\"","cId":7,"l":[{"name":2}]},"name":"y"}"#;
        assert_eq!(sent(body, "name").as_deref(), Some("示例 \"一\""));
        assert_eq!(sent(body, "cId").as_deref(), Some("7"));
        for (body, name) in
            [(body, "mobile"), (r#"{"user":[]}"#, "name"), ("{}", "name"), ("", "name"), ("[1]", "name")]
        {
            assert_eq!(sent(body, name), None, "{body}");
        }
    }

    #[test]
    fn an_answer_is_about_the_row_unless_it_names_another() {
        let entity = Catalog::embedded().get("customers").unwrap();
        let handed_out = HandedOut::default();
        handed_out.add("50001");
        let body = Bytes::from(r#"{"user":{"name":"示例一","mobile":"13000000001","fixnumber":"010-00000000"}}"#);
        let witness = RowWitness {
            entity,
            body: &body,
            id: None,
            handed_out: &handed_out,
            lacks_tags: Cell::default(),
            echo: RefCell::default(),
        };
        let record = |mobile: &str| json!({"cId": "50002", "mobile": mobile, "name": "示例一"});
        for mobile in ["13000000001", "", "+8613000000001", "130****0001", "1300000"] {
            assert!(witness.may_be_ours(Some("50002"), Some(&record(mobile))), "{mobile}");
        }
        assert!(!witness.may_be_ours(Some("50002"), Some(&record("13000000002"))));
        assert!(!witness.may_be_ours(Some("50001"), None));
        // Where no key is said, the name tells.
        assert!(witness.may_be_ours(Some("50002"), Some(&json!({"cId": "50002", "name": "示例 一"}))));
        assert!(!witness.may_be_ours(Some("50002"), Some(&json!({"cId": "50002", "name": "示例二"}))));
        assert!(witness.may_be_ours(None, None));
        let body = Bytes::from(r#"{"user":{"name":"示例一","tableName":"甲,乙"}}"#);
        let tagged = RowWitness {
            entity,
            body: &body,
            id: None,
            handed_out: &handed_out,
            lacks_tags: Cell::default(),
            echo: RefCell::default(),
        };
        for (echo, lacks) in [(json!("乙,甲,丙"), false), (json!("甲"), true), (json!(""), true), (json!(null), false)]
        {
            assert!(tagged.may_be_ours(None, Some(&json!({"cId": "50002", "tableName": echo}))));
            assert_eq!(tagged.lacks_tags.get(), lacks, "{echo}");
        }
        let changes = RowWitness { id: Some("50001"), ..witness };
        assert!(changes.may_be_ours(Some("50001"), Some(&json!({"cId": 50001}))));
        // A count of what was written, and a number that nobody knows.
        for id in ["50001", "1", "2", "50009"] {
            assert!(changes.may_be_ours(Some(id), None), "{id}");
        }
        handed_out.add("1");
        handed_out.add("50002");
        assert!(changes.may_be_at("50001") && !changes.may_be_at("50009"));
        assert!(changes.may_be_ours(Some("1"), None) && !changes.may_be_ours(Some("50002"), None));
        assert!(changes.may_be_ours(None, Some(&json!({"cId": ""}))));
        assert!(!changes.may_be_ours(None, Some(&record("13000000001"))));
    }
}
