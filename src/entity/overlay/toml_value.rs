//! Parsed TOML that knows its locations, and how it is made.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// What a fact of the overlay names as its source, where the user names none.
const SOURCE: &str = "api.toml";

/// A key with its location.
pub(super) type Key<'i> = Spanned<DeString<'i>>;
/// A value with its location.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// The items of a list; none when it is something else.
pub(super) fn items(list: Value<'_>) -> impl Iterator<Item = Value<'_>> {
    let items = match list.into_inner() {
        DeValue::Array(items) => items.to_vec(),
        _ => Vec::new(),
    };
    items.into_iter()
}

/// Names the overlay as the source, and says how sure it is, where the user says neither.
pub(super) fn with_source<'i>(mut value: Value<'i>, confidence: Option<&str>) -> Value<'i> {
    let span = value.span();
    if let DeValue::Table(table) = value.get_mut() {
        table.entry(key_at(&span, "source")).or_insert(text_at(&span, SOURCE));
        if let Some(confidence) = confidence {
            table.entry(key_at(&span, "mark")).or_insert(text_at(&span, confidence));
        }
    }
    value
}

/// A key of ours at a location of the user's text.
pub(super) fn key_at<'i>(span: &Range<usize>, key: &'static str) -> Key<'i> {
    Spanned::new(span.clone(), key.into())
}

/// A text of ours at a location of the user's text.
pub(super) fn text_at<'i>(span: &Range<usize>, text: &str) -> Value<'i> {
    Spanned::new(span.clone(), DeValue::String(text.to_owned().into()))
}

/// The location of a key of a table, when it has it.
pub(super) fn location_of(table: &DeTable<'_>, key: &str) -> Option<Range<usize>> {
    table.get_key_value(key).map(|(key, _)| key.span())
}
