//! What the user says, merged into what is embedded.

use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

use super::custom_field::custom_field;
use super::source_text::SourceText;
use super::toml_value::{Key, Value, items, key_at, with_source};
use crate::error::Result;

/// Changes an entity. Lists are replaced as a whole, but for fields, which are merged by name, and custom fields, which are
/// added.
///
/// # Errors
/// A custom field that is not one.
pub(super) fn merge_entity<'i>(text: &SourceText<'_>, base: &mut DeTable<'i>, change: DeTable<'i>) -> Result<()> {
    for (key, value) in change {
        match (key.get_ref().as_ref(), value.get_ref()) {
            ("custom_fields", DeValue::Array(_)) => {
                for item in items(value) {
                    fields_of(base).push(custom_field(text, item)?);
                }
            }
            ("fields", DeValue::Array(_)) => {
                for item in items(value) {
                    merge_field(fields_of(base), item);
                }
            }
            ("endpoints", DeValue::Table(_)) => {
                let empty = Spanned::new(value.span(), DeValue::Table(DeTable::new()));
                let endpoints = base.entry(key).or_insert(empty);
                if let (DeValue::Table(endpoints), DeValue::Table(changes)) = (endpoints.get_mut(), value.into_inner())
                {
                    for (name, endpoint) in changes {
                        merge_fact(endpoints, name, endpoint);
                    }
                }
            }
            ("rules", DeValue::Array(_)) => {
                let span = value.span();
                let mut rules = DeArray::new();
                items(value).for_each(|rule| rules.push(with_source(rule, Some("confirmed"))));
                base.insert(key, Spanned::new(span, DeValue::Array(rules)));
            }
            ("conflict", _) => merge_fact(base, key, value),
            _ => merge_key(base, key, value),
        }
    }
    Ok(())
}

/// Changes the keys that `change` names, tables within tables too.
pub(super) fn merge<'i>(base: &mut DeTable<'i>, change: DeTable<'i>) {
    for (key, value) in change {
        merge_key(base, key, value);
    }
}

fn merge_key<'i>(base: &mut DeTable<'i>, key: Key<'i>, value: Value<'i>) {
    if value.get_ref().is_table()
        && let Some(DeValue::Table(known)) = base.get_mut(key.get_ref().as_ref()).map(Spanned::get_mut)
        && let DeValue::Table(change) = value.clone().into_inner()
    {
        return merge(known, change);
    }
    base.insert(key, value);
}

/// Like [`merge_key`] for something that carries how sure it is and a source: what the user says is the user's fact.
fn merge_fact<'i>(base: &mut DeTable<'i>, key: Key<'i>, value: Value<'i>) {
    let confidence = (!base.contains_key(key.get_ref().as_ref())).then_some("confirmed");
    merge_key(base, key, with_source(value, confidence));
}

fn merge_field<'i>(fields: &mut DeArray<'i>, item: Value<'i>) {
    let name = |value: &Value<'i>| Some(value.get_ref().as_table()?.get("name")?.get_ref().as_str()?.to_owned());
    let wanted = name(&item);
    let known = fields.iter().position(|field| wanted.is_some() && name(field) == wanted);
    let item = with_source(item, None);
    match (known, item.get_ref()) {
        (Some(index), DeValue::Table(change)) => {
            if let DeValue::Table(known) = fields.as_mut()[index].get_mut() {
                merge(known, change.clone());
            }
        }
        _ => fields.push(item),
    }
}

/// The fields of an entity in the making.
fn fields_of<'a, 'i>(entity: &'a mut DeTable<'i>) -> &'a mut DeArray<'i> {
    let empty = Spanned::new(0..0, DeValue::Array(DeArray::new()));
    let fields = entity.entry(key_at(&(0..0), "fields")).or_insert(empty);
    if !fields.get_ref().is_array() {
        *fields.get_mut() = DeValue::Array(DeArray::new());
    }
    match fields.get_mut() {
        DeValue::Array(fields) => fields,
        _ => unreachable!("it was just made a list"),
    }
}
