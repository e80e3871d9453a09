//! Is a write acceptable? As strict as the documentation allows: whatever it does not name is rejected, and the rejection
//! names the member. What comes out is the record as it will be stored.

use serde_json::{Map, Value};

use super::rejection::{Checked, reject};
use crate::entity::{AccountMode, Entity, Field, Kind};
use crate::error::Result;
use crate::sandbox::custom_fields::{self, CustomField, CustomFields};
use crate::sandbox::records::indexed_fields::IndexedFields;
use crate::sandbox::records::record::{Record, text};
use crate::sandbox::records::store::Store;
use crate::sandbox::variants::{Dates, DuplicateMobile, Mode, Put, Template, UnknownTags, Variants};

/// Tags the invented account has set up.
pub(crate) const KNOWN_TAGS: &[&str] = &["示例标签", "示例重点", "示例回访", "vip", "north"];

/// What a write is checked against.
#[derive(Debug)]
pub(crate) struct Check<'a> {
    /// The entity written to.
    pub entity: &'a Entity,
    /// Where referenced records are.
    pub store: &'a Store,
    /// The account's custom fields.
    pub custom_fields: &'a CustomFields,
    /// The switches in force.
    pub variants: &'a Variants,
    /// Whether drop-downs are sent as option ids.
    pub by_id: bool,
    /// The record's id, for an update.
    pub id: Option<i64>,
}

impl Check<'_> {
    /// The record that `sent` makes of `before`.
    pub(crate) fn record(&self, before: Option<Record>, sent: &Map<String, Value>) -> Result<Checked<Record>> {
        let mut record = before.unwrap_or_default();
        if let Err(rejection) = self.merge(&mut record, sent) {
            return Ok(Err(rejection));
        }
        if self.id.is_none()
            && let Err(rejection) = self.is_complete(&record)
        {
            return Ok(Err(rejection));
        }
        self.is_unique(record)
    }

    fn merge(&self, record: &mut Record, sent: &Map<String, Value>) -> Checked<()> {
        if self.id.is_some() {
            self.remove_unnamed(record, sent);
        }
        for (name, value) in sent {
            if name == custom_fields::MEMBER && !self.custom_fields().is_empty() {
                self.merge_custom(record, value)?;
                continue;
            }
            let Some(field) = self.entity.field(name).filter(|field| field.nested().is_none()) else {
                return reject("SANDBOX-UNKNOWN-FIELD", format!("{name}: no such field"));
            };
            if let Some(value) = self.value(field, value)? {
                record.insert(name.clone(), Value::String(value));
            }
        }
        Ok(())
    }

    /// What an update does to what it does not name.
    fn remove_unnamed(&self, record: &mut Record, sent: &Map<String, Value>) {
        let resend = self.entity.endpoint("update").map_or(&[][..], |update| &update.resend);
        for field in &self.entity.fields {
            let is_blanked = self.variants.put == Put::Blanks && !field.read_only;
            let is_reset = self.variants.template == Template::Reset && resend.contains(&field.name);
            if (is_blanked || is_reset) && !sent.contains_key(&field.name) {
                record.remove(&field.name);
            }
        }
        if self.variants.put == Put::Blanks && !sent.contains_key(custom_fields::MEMBER) {
            record.remove(custom_fields::MEMBER);
        }
    }

    /// The text a field is set to; none when the sent value is ignored.
    fn value(&self, field: &Field, sent: &Value) -> Checked<Option<String>> {
        let name = &field.name;
        let value = match sent {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return reject("SANDBOX-WRONG-TYPE", format!("{name}: must be a string or a number")),
        };
        if self.is_read_only(field) {
            if self.entity.id.as_deref() == Some(name) && self.id.is_some_and(|id| id.to_string() == value) {
                return Ok(None);
            }
            match self.variants.dates {
                Dates::Kept if field.kind == Kind::DateTime => {}
                Dates::Ignored if field.kind == Kind::DateTime => return Ok(None),
                _ => return reject("SANDBOX-READ-ONLY", format!("{name}: is read-only")),
            }
        }
        self.is_in_mode(field, &value)?;
        if value.is_empty() {
            let is_needed = field.required && self.id.is_some();
            return if is_needed {
                reject("SANDBOX-REQUIRED", format!("{name}: is required"))
            } else {
                Ok(Some(value))
            };
        }
        if let Some(max) = field.max
            && value.chars().count() > max
        {
            return reject("SANDBOX-TOO-LONG", format!("{name}: longer than {max} characters"));
        }
        self.is_well_formed(field, &value)?;
        self.refers_to_existing(field, &value)?;
        Ok(Some(if field.kind == Kind::Tags { self.tags(&value) } else { value }))
    }

    /// Agents can be written although the catalog never lets a sheet do so: only what the service itself gives is closed.
    fn is_read_only(&self, field: &Field) -> bool {
        let is_given = self.entity.id.as_ref() == Some(&field.name)
            || field.name == "url"
            || field.kind == Kind::DateTime
            || self.entity.deleted.as_ref().is_some_and(|deleted| deleted.field == field.name);
        let is_closed = self.entity.fields.iter().all(|field| field.read_only);
        field.read_only && (is_given || !is_closed)
    }

    fn is_in_mode(&self, field: &Field, value: &str) -> Checked<()> {
        let mode = match self.variants.mode {
            Mode::Business => AccountMode::Business,
            Mode::Consumer => AccountMode::Consumer,
        };
        // The rules name a field that one mode requires; in the other it must be left out.
        let required_in = self.entity.rules.iter().find(|rule| rule.require.as_ref() == Some(&field.name));
        let only_in = field.mode.or_else(|| required_in.and_then(|rule| rule.mode));
        if only_in.is_some_and(|only| only != mode) && !matches!(value, "" | "0") {
            return reject("SANDBOX-MODE", format!("{}: does not exist in this account's mode", field.name));
        }
        Ok(())
    }

    fn is_well_formed(&self, field: &Field, value: &str) -> Checked<()> {
        let is_right = match field.kind {
            Kind::Choice => field.choices.iter().any(|choice| choice.value == value),
            Kind::Id => is_digits(value),
            Kind::Ids => value.split(',').all(is_digits),
            Kind::Integer => value.parse::<i64>().is_ok(),
            Kind::Decimal => value.parse::<f64>().is_ok_and(f64::is_finite),
            Kind::Date => value.len() == 10 && value.parse::<jiff::civil::Date>().is_ok(),
            Kind::DateTime => value.len() == 19 && value.parse::<jiff::civil::DateTime>().is_ok(),
            Kind::Tags => value.split(',').all(|tag| !tag.trim().is_empty()),
            Kind::Text | Kind::Html | Kind::Mobile | Kind::Phone | Kind::Email => true,
        };
        let wanted = match field.kind {
            Kind::Choice => "is none of the allowed values",
            Kind::Id => "must be an id",
            Kind::Ids => "must be ids divided by commas",
            Kind::Date => "must be a date such as 2018-02-03",
            Kind::DateTime => "must be a time such as 2018-02-03 00:00:00",
            Kind::Tags => "has an empty tag",
            _ => "must be a number",
        };
        if is_right { Ok(()) } else { reject("SANDBOX-WRONG-VALUE", format!("{}: {wanted}", field.name)) }
    }

    fn refers_to_existing(&self, field: &Field, value: &str) -> Checked<()> {
        let Some(entity) = field.reference.as_deref() else { return Ok(()) };
        for id in value.split(',').filter(|id| *id != "0") {
            if !id.parse().is_ok_and(|id| self.store.exists(entity, id)) {
                return reject("SANDBOX-NO-SUCH-RECORD", format!("{}: {id} does not exist", field.name));
            }
        }
        Ok(())
    }

    fn tags(&self, value: &str) -> String {
        let tags = value.split(',').map(str::trim);
        match self.variants.tags {
            UnknownTags::Kept => tags.collect::<Vec<_>>().join(","),
            UnknownTags::Dropped => tags.filter(|tag| KNOWN_TAGS.contains(tag)).collect::<Vec<_>>().join(","),
        }
    }

    fn custom_fields(&self) -> &[CustomField] {
        self.custom_fields.of(&self.entity.name)
    }

    fn merge_custom(&self, record: &mut Record, sent: &Value) -> Checked<()> {
        let member = custom_fields::MEMBER;
        let Some(pairs) = sent.as_array() else {
            return reject("SANDBOX-WRONG-TYPE", format!("{member}: must be a list"));
        };
        let mut custom = match record.remove(member) {
            Some(Value::Object(stored)) if self.variants.put == Put::Keeps => stored,
            _ => Map::new(),
        };
        let custom_fields = self.custom_fields();
        for pair in pairs {
            let (Some(key), Some(value), 2) =
                (pair.get("key").and_then(Value::as_str), pair.get("value"), pair.as_object().map_or(0, Map::len))
            else {
                return reject(
                    "SANDBOX-WRONG-TYPE",
                    format!("{member}: each item needs key and value and nothing else"),
                );
            };
            let custom_field = custom_fields.iter().find(|custom_field| custom_field.key == key);
            let Some(custom_field) = custom_field else {
                return reject("SANDBOX-UNKNOWN-FIELD", format!("{member}.{key}: no such field"));
            };
            match custom_field.read(value, self.by_id) {
                Ok(value) => custom.insert(key.to_owned(), value),
                Err(wrong) => return reject("SANDBOX-WRONG-VALUE", format!("{member}.{key}: {wrong}")),
            };
        }
        record.insert(member.to_owned(), Value::Object(custom));
        Ok(())
    }

    fn is_complete(&self, record: &Record) -> Checked<()> {
        let is_empty = |name: &str| text(record, name).is_empty();
        if let Some(field) = self.entity.fields.iter().find(|field| field.required && is_empty(&field.name)) {
            return reject("SANDBOX-REQUIRED", format!("{}: is required", field.name));
        }
        for rule in &self.entity.rules {
            let is_other_mode =
                rule.mode.is_some_and(|mode| (mode == AccountMode::Business) != (self.variants.mode == Mode::Business));
            if is_other_mode {
                continue;
            }
            if !rule.one_of.is_empty() && rule.one_of.iter().all(|name| is_empty(name)) {
                let names = rule.one_of.join(", ");
                return reject("SANDBOX-REQUIRED", format!("{names}: one of them is required"));
            }
            if let Some(name) = rule.require.as_deref().filter(|name| is_empty(name)) {
                return reject("SANDBOX-REQUIRED", format!("{name}: is required"));
            }
        }
        Ok(())
    }

    /// A mobile number belongs to one contact; other natural keys need not be unique.
    fn is_unique(&self, record: Record) -> Result<Checked<Record>> {
        let indexed = IndexedFields::of(self.entity);
        let key = indexed.lookup.and_then(|name| self.entity.field(name)).filter(|field| field.kind == Kind::Mobile);
        if let Some(field) = key
            && self.variants.mobile == DuplicateMobile::Refused
            && let Some(other) = self.store.find(indexed.entity, text(&record, &field.name))?
            && Some(other) != self.id
        {
            return Ok(reject("SANDBOX-DUPLICATE", format!("{}已被{} {other} 使用", field.zh, self.entity.zh)));
        }
        Ok(Ok(record))
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.len() < 19 && text.bytes().all(|byte| byte.is_ascii_digit())
}
