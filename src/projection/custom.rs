//! The custom fields of a record, in whatever form a service gives them: as a list of keys and values, as one object of them, or
//! as a text that holds either.

use std::borrow::Cow;
use std::collections::HashMap;

use serde_json::Value;

use super::record::text_of;
use crate::api::as_text;
use crate::entity::Custom;

/// The keys of a record's custom fields.
pub fn custom_keys<'a>(record: &'a Value, custom: &Custom) -> Vec<Cow<'a, str>> {
    let mut keys = Vec::new();
    each_custom(record.get(&custom.member), custom, &mut |key, _| keys.push(key));
    keys
}

/// The value of a custom field among `fields`, the member of a record that carries them; none when it is not there.
pub fn custom_value<'a>(fields: Option<&'a Value>, custom: &Custom, key: &str) -> Option<Cow<'a, Value>> {
    let mut found = None;
    each_custom(fields, custom, &mut |name, value| {
        if found.is_none() && name == key {
            found = Some(value);
        }
    });
    found
}

/// The text of a custom field.
pub fn custom_text<'a>(fields: Option<&'a Value>, custom: &Custom, key: &str) -> Option<Cow<'a, str>> {
    Some(match custom_value(fields, custom, key)? {
        Cow::Borrowed(value) => text_of(value),
        Cow::Owned(value) => Cow::Owned(text_of(&value).into_owned()),
    })
}

/// The values of a record's custom fields by their keys: a record may have hundreds of them, and a table as many columns.
#[derive(Debug, Default)]
pub struct CustomValues<'a>(HashMap<Cow<'a, str>, Cow<'a, Value>>);

impl<'a> CustomValues<'a> {
    /// The values of a record: those on its own page, and those of the list that the page leaves out. The first of a key counts.
    pub fn of(record: &'a Value, detail: Option<&'a Value>, custom: &Custom) -> Self {
        let mut values: HashMap<Cow<'a, str>, Cow<'a, Value>> = HashMap::new();
        for record in detail.into_iter().chain([record]) {
            each_custom(record.get(&custom.member), custom, &mut |key, value| match values.get_mut(&key) {
                Some(told) if told.is_null() => *told = value,
                Some(_) => {}
                None => drop(values.insert(key, value)),
            });
        }
        CustomValues(values)
    }

    /// The value of this key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.get(key).map(AsRef::as_ref)
    }
}

/// The custom fields of a record's own page with those that the list alone tells, in the form of the page; none where the list
/// tells no other.
pub fn joined_custom(record: &Value, detail: &Value, custom: &Custom) -> Option<Value> {
    let own: Vec<Cow<'_, str>> = told_keys(detail, custom);
    let mut others = Vec::new();
    each_custom(record.get(&custom.member), custom, &mut |key, value| {
        if !value.is_null() && !own.contains(&key) {
            others.push((key.into_owned(), value.into_owned()));
        }
    });
    if others.is_empty() {
        return None;
    }
    match detail.get(&custom.member)? {
        fields if is_blank(fields) => record.get(&custom.member).cloned(),
        Value::Array(fields) => {
            let field = |(key, value)| serde_json::json!({ &custom.key: Value::String(key), &custom.value: value });
            Some(fields.iter().cloned().chain(others.into_iter().map(field)).collect())
        }
        Value::Object(fields) if pair(&Value::Object(fields.clone()), custom).is_none() => {
            Some(Value::Object(fields.iter().map(|(key, value)| (key.clone(), value.clone())).chain(others).collect()))
        }
        _ => None,
    }
}

/// The keys of a record's custom fields that have a value.
fn told_keys<'a>(record: &'a Value, custom: &Custom) -> Vec<Cow<'a, str>> {
    let mut keys = Vec::new();
    each_custom(record.get(&custom.member), custom, &mut |key, value| {
        if !value.is_null() {
            keys.push(key);
        }
    });
    keys
}

/// Calls `with` on each custom field in `fields`, the member of a record that carries them. Tells whether that is all it says.
pub fn each_custom<'a>(
    fields: Option<&'a Value>,
    custom: &Custom,
    with: &mut dyn FnMut(Cow<'a, str>, Cow<'a, Value>),
) -> bool {
    match fields {
        Some(Value::Array(items)) => {
            let mut is_all = true;
            let mut told = HashMap::new();
            for item in items.iter().filter(|item| !is_blank(item)) {
                let Some((key, value)) = pair(item, custom) else {
                    is_all = false;
                    continue;
                };
                // A key that comes again with another value.
                is_all &= told.insert(key.clone(), value).is_none_or(|other| other == value);
                with(key, Cow::Borrowed(value));
            }
            is_all
        }
        Some(Value::Object(members)) => {
            if let Some((key, value)) = fields.and_then(|field| pair(field, custom)) {
                with(key, Cow::Borrowed(value));
                return true;
            }
            let mut is_all = true;
            let mut told = HashMap::new();
            for (name, value) in members {
                // A list is the value of a field of several choices.
                let (key, value) = match pair(value, custom).filter(|_| value.is_object()) {
                    Some(pair) => pair,
                    None => (Cow::Borrowed(name.as_str()), value),
                };
                is_all &= !key.is_empty() && told.insert(key.clone(), value).is_none_or(|other| other == value);
                with(key, Cow::Borrowed(value));
            }
            is_all
        }
        Some(Value::String(text)) if !is_blank(&Value::String(text.clone())) => match serde_json::from_str(text) {
            Ok(fields @ (Value::Array(_) | Value::Object(_))) => {
                each_custom(Some(&fields), custom, &mut |key, value| {
                    with(Cow::Owned(key.into_owned()), Cow::Owned(value.into_owned()));
                })
            }
            _ => false,
        },
        Some(value) => is_blank(value),
        None => true,
    }
}

/// The key and the value of one custom field.
fn pair<'a>(field: &'a Value, custom: &Custom) -> Option<(Cow<'a, str>, &'a Value)> {
    let (key, value) = match field {
        Value::Object(members) => (members.get(&custom.key)?, members.get(&custom.value).unwrap_or(&Value::Null)),
        Value::Array(pair) => match pair.as_slice() {
            [key @ Value::String(_), value] => (key, value),
            _ => return None,
        },
        _ => return None,
    };
    Some(as_text(key)).filter(|key| !key.is_empty()).map(|key| (key, value))
}

/// Whether this is how a service says that there is nothing.
pub(super) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => matches!(text.trim(), "" | "0" | "null" | "[]" | "{}"),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entity::Catalog;

    fn read(fields: &Value) -> (Vec<(String, Value)>, bool) {
        let mut told = Vec::new();
        let is_all = each_custom(Some(fields), &Catalog::embedded().service.custom, &mut |key, value| {
            told.push((key.into_owned(), value.into_owned()));
        });
        (told, is_all)
    }

    #[test]
    fn a_list_in_an_object_is_the_value_of_a_field() {
        let (told, is_all) = read(&json!({"field_1": ["金", "银"], "field_7": 7}));
        assert_eq!(told, [("field_1".to_owned(), json!(["金", "银"])), ("field_7".to_owned(), json!(7))]);
        assert!(is_all);
    }

    #[test]
    fn a_key_that_comes_again_with_another_value_is_not_read_whole() {
        let one = |key: &str, value: u8| json!({"key": key, "value": value});
        assert!(read(&json!([one("a", 1), one("b", 2), one("a", 1)])).1);
        assert!(!read(&json!([one("a", 1), one("b", 2), one("a", 3)])).1);
        assert!(!read(&json!({"0": one("a", 1), "1": one("b", 2), "2": one("a", 3)})).1);
    }
}
