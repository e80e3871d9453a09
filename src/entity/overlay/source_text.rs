//! The user's text, and the errors about it.

use std::ops::Range;

use toml::de::DeTable;

use super::key_location::{KeyLocation, key_locations};
use crate::entity::validate::CatalogError;
use crate::error::{Error, Result};
use crate::message;
use crate::message::Message;
use crate::toml_words;

/// The user's text, and where each of its keys stands.
pub(super) struct SourceText<'a> {
    shown: &'a str,
    /// All of it.
    pub text: &'a str,
    keys: Vec<KeyLocation>,
}

impl<'a> SourceText<'a> {
    /// Parses a text, which messages call `shown`.
    ///
    /// # Errors
    /// Text that is not TOML.
    pub(super) fn parse(text: &'a str, shown: &'a str) -> Result<(SourceText<'a>, DeTable<'a>)> {
        let document = DeTable::parse(text).map_err(|error| {
            let (line, why) = toml_words::explain(text, &error);
            wrong(shown, line, "", why)
        })?;
        let keys = key_locations(document.get_ref());
        Ok((SourceText { shown, text, keys }, document.into_inner()))
    }

    /// An error about the key at a location of the user's text.
    pub(super) fn wrong_at(&self, span: Range<usize>, what: impl Into<Message>) -> Error {
        let holds = |key: &&KeyLocation| key.span.start <= span.start && span.start < key.span.end;
        let key = self.keys.iter().filter(holds).max_by_key(|key| key.span.start);
        wrong(self.shown, line_of(self.text, span.start), key.map_or("", |key| &key.path), what.into())
    }

    /// An error of the merged catalog: at the key that can be at fault, or the nearest above it.
    pub(super) fn wrong_for(&self, error: CatalogError) -> Error {
        let nearest = error.paths.iter().filter_map(|path| {
            let mut path = path.as_str();
            loop {
                if let Some(key) = self.keys.iter().find(|key| key.path == path) {
                    return Some(key);
                }
                path = path.rsplit_once('.')?.0;
            }
        });
        match nearest.max_by_key(|key| key.path.matches('.').count()) {
            Some(key) => wrong(self.shown, line_of(self.text, key.span.start), &key.path, error.what),
            None => wrong(self.shown, 1, "", error.what),
        }
    }
}

fn wrong(shown: &str, line: usize, path: &str, what: Message) -> Error {
    let key = if path.is_empty() { String::new() } else { format!("{path}: ") };
    Error::usage(message!("overlay.location", file = shown, line = line, key = key, what = what))
        .hint(message!("overlay.location_hint"))
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}
