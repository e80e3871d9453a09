//! The short form of a custom field.

use toml::Spanned;
use toml::de::DeValue;

use super::source_text::SourceText;
use super::toml_value::{Value, key_at, location_of, text_at, with_source};
use crate::error::Result;
use crate::message;

/// The keys of a custom field, beside which nothing is known there.
const CUSTOM_KEYS: &[&str] = &[
    "key",
    "label",
    "label_en",
    "kind",
    "choices",
    "required",
    "aliases",
    "max",
    "text_only",
    "secret",
    "example",
    "example_en",
    "mark",
    "source",
];

/// A custom field's own short form, as a field of the catalog.
///
/// # Errors
/// A key that is not known or missing; each with its location.
pub(super) fn custom_field<'i>(text: &SourceText<'_>, item: Value<'i>) -> Result<Value<'i>> {
    let span = item.span();
    let DeValue::Table(mut table) = item.into_inner() else {
        return Err(text.wrong_at(span, message!("overlay.not_a_table")));
    };
    if let Some(key) = table.keys().find(|key| !CUSTOM_KEYS.contains(&key.get_ref().as_ref())) {
        let known = CUSTOM_KEYS.join(", ");
        return Err(text.wrong_at(key.span(), message!("overlay.unknown_key", known = known)));
    }
    for key in ["key", "label"] {
        if location_of(&table, key).is_none() {
            return Err(text.wrong_at(span, message!("overlay.missing_key", key = key)));
        }
    }
    let label = table.remove("label");
    let label_en = table.remove("label_en").or_else(|| label.clone());
    for (name, value) in [("name", table.remove("key")), ("zh", label), ("en", label_en)] {
        table.extend(value.map(|value| (key_at(&span, name), value)));
    }
    if let Some(choices) = table.remove("choices") {
        table.insert(key_at(&span, "choices"), texts_as_choices(choices));
    }
    table.insert(key_at(&span, "custom"), Spanned::new(span.clone(), DeValue::Boolean(true)));
    table.entry(key_at(&span, "kind")).or_insert(text_at(&span, "text"));
    Ok(with_source(Spanned::new(span, DeValue::Table(table)), None))
}

/// A choice that is only a text is stored as that text.
fn texts_as_choices<'i>(mut choices: Value<'i>) -> Value<'i> {
    if let DeValue::Array(array) = choices.get_mut() {
        for choice in array.iter_mut() {
            let span = choice.span();
            let Some(text) = choice.get_ref().as_str().map(str::to_owned) else { continue };
            let table =
                ["value", "zh", "en"].into_iter().map(|key| (key_at(&span, key), text_at(&span, &text))).collect();
            *choice.get_mut() = DeValue::Table(table);
        }
    }
    choices
}
