//! Where each key of the user's text stands.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// One key of the user's text.
pub(super) struct KeyLocation {
    /// `customers.endpoints.create.path`
    pub path: String,
    /// Where it stands, in bytes.
    pub span: Range<usize>,
}

/// Every key of a document with its location; items of a list go by their name.
pub(super) fn key_locations(document: &DeTable<'_>) -> Vec<KeyLocation> {
    fn walk(table: &DeTable<'_>, path: &str, locations: &mut Vec<KeyLocation>) {
        for (key, value) in table {
            let path = if path.is_empty() { key.get_ref().to_string() } else { format!("{path}.{}", key.get_ref()) };
            // A table's span is that of its head, and begins before the key in it.
            let (key_span, value_span) = (key.span(), value.span());
            let span = key_span.start.min(value_span.start)..key_span.end.max(value_span.end);
            locations.push(KeyLocation { path: path.clone(), span });
            match value.get_ref() {
                DeValue::Table(table) => walk(table, &path, locations),
                DeValue::Array(items) => {
                    for (number, item) in items.iter().enumerate() {
                        let Some(table) = item.get_ref().as_table() else { continue };
                        let name = ["key", "name"].iter().find_map(|key| table.get(*key)?.get_ref().as_str());
                        let path = format!("{path}.{}", name.map_or((number + 1).to_string(), str::to_owned));
                        locations.push(KeyLocation { path: path.clone(), span: item.span() });
                        walk(table, &path, locations);
                    }
                }
                _ => {}
            }
        }
    }
    let mut all = Vec::new();
    walk(document, "", &mut all);
    all
}
