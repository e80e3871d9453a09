//! Reading an answer without keeping all of it. The service repeats a whole record in answer to a write; what the answer
//! proves is in a few members of it.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// How serde_json hands on a number with all its digits: as an object with this member.
const NUMBER: &str = "$serde_json::private::Number";

/// Keeps members by their names, wherever they stand. All else is read as strictly as if it were kept, so that what is taken
/// for JSON stays the same, and forgotten.
#[derive(Debug, Clone, Copy)]
pub(super) struct Needed<'a> {
    whole: &'a [&'a str],
    parts: &'a [&'a str],
    /// Whether the value that is read is kept.
    is_kept: bool,
    /// What is needed of objects is kept of those at the top, whatever they are called.
    is_of_all: bool,
    /// Whether a needed member stands in one object twice and says two things: the last one would be taken without a word.
    is_twofold: Option<&'a Cell<bool>>,
}

impl<'a> Needed<'a> {
    /// Members that are needed: some as a whole, which are named in order, of others only what is needed in them.
    pub(super) fn new(whole: &'a [&'a str], parts: &'a [&'a str]) -> Self {
        Needed { whole, parts, is_kept: true, is_of_all: false, is_twofold: None }
    }

    /// The same, also in objects at the top that have other names; and it is told when a member says two things.
    pub(super) fn of_all(self, is_twofold: &'a Cell<bool>) -> Self {
        Needed { is_of_all: true, is_twofold: Some(is_twofold), ..self }
    }

    /// Nothing is needed: it is only read.
    pub(super) fn nothing() -> Needed<'static> {
        Needed { whole: &[], parts: &[], is_kept: false, is_of_all: false, is_twofold: None }
    }

    /// Whether an object whose first member is called so is a number.
    pub(super) fn is_number(name: &str) -> bool {
        name == NUMBER
    }
}

impl<'de> DeserializeSeed<'de> for Needed<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Needed<'_> {
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
        Ok(if self.is_kept { value.into() } else { Value::Null })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self)? {
            if self.is_kept {
                list.push(item);
            }
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut kept = Map::new();
        let inner = Needed { is_of_all: false, ..self };
        while let Some(name) = members.next_key_seed(Name(self))? {
            if name == Some(NUMBER) {
                let digits: String = members.next_value()?;
                return Ok(digits.parse().map_or(Value::Null, Value::Number));
            }
            let Some(name) = name.filter(|_| self.is_kept) else {
                let other = members.next_value_seed(Needed { is_kept: self.is_of_all, ..inner })?;
                if other.as_object().is_some_and(|other| self.is_of_all && !other.is_empty()) {
                    // No member that matters is called so.
                    kept.insert(format!("?{}", kept.len()), other);
                }
                continue;
            };
            let value = match self.whole.binary_search(&name) {
                Ok(_) => members.next_value()?,
                Err(_) => members.next_value_seed(inner)?,
            };
            let is_other = kept.insert(name.to_owned(), value).is_some_and(|before| kept.get(name) != Some(&before));
            if let Some(is_twofold) = self.is_twofold.filter(|_| is_other) {
                is_twofold.set(true);
            }
        }
        Ok(Value::Object(kept))
    }
}

/// The name of a member, when it is needed.
struct Name<'a>(Needed<'a>);

impl<'de, 'a> DeserializeSeed<'de> for Name<'a> {
    type Value = Option<&'a str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'_> for Name<'a> {
    type Value = Option<&'a str>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a name")
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        if name == NUMBER {
            return Ok(Some(NUMBER));
        }
        let whole = self.0.whole.binary_search(&name).ok().and_then(|at| self.0.whole.get(at));
        Ok(whole.or_else(|| self.0.parts.iter().find(|needed| **needed == name)).copied())
    }
}
