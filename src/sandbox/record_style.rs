//! Records as JSON text, in the order of the catalog's fields.

use serde_json::{Value, json};

use super::custom_fields::{self, CustomField, CustomFields};
use super::records::record::Record;
use super::variants::{Numbers, Options, Single, UnsetTime, Variants};
use crate::entity::{Catalog, Entity, Field, Kind};

/// How records are written in an answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecordStyle<'a> {
    /// The switches in force.
    pub variants: &'a Variants,
    /// The account's custom fields.
    pub custom_fields: &'a CustomFields,
    /// Whether a `_v2` form was asked for.
    pub is_v2: bool,
    /// Whether `custom_fields` is left out.
    pub without_custom_fields: bool,
}

impl RecordStyle<'_> {
    /// Whether drop-downs carry option ids.
    pub(super) fn is_by_id(&self, entity: &Entity) -> bool {
        match self.variants.options {
            Options::ByEntity => self.is_v2 || entity.name == "tickets",
            Options::Text => false,
            Options::Id => true,
        }
    }

    /// Whether one record of `entity` is answered as a list of one.
    pub(super) fn is_list(&self, entity: &Entity) -> bool {
        match self.variants.single {
            Single::ByEntity => entity.name == "tickets",
            Single::Object => false,
            Single::List => true,
        }
    }

    /// Writes a record to `out`.
    pub(super) fn write(&self, out: &mut String, entity: &Entity, id: i64, record: &Record) {
        out.push('{');
        let mut is_first = true;
        for field in &entity.fields {
            // A password that nobody can set is not given back either.
            if field.write_only || field.secret && field.read_only || self.is_v2 && field.name == "uniqueId" {
                continue;
            }
            if !std::mem::take(&mut is_first) {
                out.push(',');
            }
            push_text(out, &field.name);
            out.push(':');
            self.write_value(out, entity, field, id, record);
        }
        let custom = self.custom_fields.of(&entity.name);
        if !self.without_custom_fields && !custom.is_empty() {
            out.push(',');
            push_text(out, custom_fields::MEMBER);
            out.push(':');
            self.write_custom(out, entity, custom, record);
        }
        out.push('}');
    }

    fn write_value(&self, out: &mut String, entity: &Entity, field: &Field, id: i64, record: &Record) {
        if field.name == "url" {
            return push_text(out, &address(entity, id));
        }
        match record.get(&field.name) {
            Some(Value::String(value)) if !value.is_empty() => {
                let is_number = matches!(field.kind, Kind::Id | Kind::Integer | Kind::Choice | Kind::Decimal);
                if is_number && self.variants.numbers == Numbers::Number && is_plain_number(value) {
                    out.push_str(value);
                } else {
                    push_text(out, value);
                }
            }
            Some(value) if !value.is_string() => out.push_str(&value.to_string()),
            _ if field.kind == Kind::DateTime => out.push_str(match self.variants.unset {
                UnsetTime::Empty => "\"\"",
                UnsetTime::Null => "null",
                UnsetTime::Zero => "\"0000-00-00 00:00:00\"",
            }),
            _ => out.push_str("\"\""),
        }
    }

    fn write_custom(&self, out: &mut String, entity: &Entity, custom: &[CustomField], record: &Record) {
        out.push('[');
        let stored = record.get(custom_fields::MEMBER).and_then(Value::as_object);
        let mut is_first = true;
        for field in custom.iter().filter(|field| self.is_v2 || entity.name == "tickets" || !field.is_cascade()) {
            let Some(value) = stored.and_then(|stored| stored.get(&field.key)) else { continue };
            if !std::mem::take(&mut is_first) {
                out.push(',');
            }
            let value = field.show(value, self.is_by_id(entity));
            out.push_str(&json!({"key": field.key, "value": value}).to_string());
        }
        out.push(']');
    }

    /// `{"<key>":{…}}`, or `{"<key>":[{…}]}` where one record is answered as a list.
    pub(super) fn wrapped(&self, key: &str, is_list: bool, entity: &Entity, id: i64, record: &Record) -> String {
        let mut out = String::with_capacity(1024);
        out.push('{');
        push_text(&mut out, key);
        out.push_str(if is_list { ":[" } else { ":" });
        self.write(&mut out, entity, id, record);
        out.push_str(if is_list { "]}" } else { "}" });
        out
    }
}

/// A record's public address, with the host of the real service.
pub(super) fn address(entity: &Entity, id: i64) -> String {
    let path = entity.endpoint("get").map_or("", |get| get.path.as_str());
    format!("{}{}", Catalog::embedded().service.base_url, path.replace("{id}", &id.to_string()))
}

/// The key that one record of `entity` is answered under.
pub(super) fn singular(entity: &Entity) -> &str {
    entity.endpoint("get").and_then(|get| get.answer.as_deref()).unwrap_or("data")
}

/// The key that a list of `entity` is answered under.
pub(super) fn plural(entity: &Entity) -> &str {
    entity.endpoint("list").and_then(|list| list.answer.as_deref()).unwrap_or("data")
}

/// Appends `value` as a JSON string.
pub(super) fn push_text(out: &mut String, value: &str) {
    // A string always serialises.
    out.push_str(&serde_json::to_string(value).unwrap_or_default());
}

/// Whether a text can be written as a JSON number without changing it.
fn is_plain_number(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
        || text.parse::<f64>().is_ok_and(|number| number.to_string() == text)
}
