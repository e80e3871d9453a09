//! The values of one row: what is sent, and the key it is known by.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::finding::Finding;
use crate::entity::{Field, Kind, Overwrite};
use crate::language::Language;
use crate::mapping::{FieldSource, KeySources, Mapping};
use crate::problem::{Problem, Severity};
use crate::text::{self, push_json};
use crate::value::{edited_tags, push_number};

/// The values of one row, reused from row to row so that checking does not allocate.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// One cleaned text for each source of the mapping; empty when nothing is to be sent.
    pub(super) values: Vec<String>,
    /// Whether the cell of a source held anything, be it good or not.
    pub(super) filled: Vec<bool>,
    /// Whether the row says that the field of a source is to be emptied.
    pub(super) clears: Vec<bool>,
    /// What is found in the row.
    pub findings: Vec<Finding>,
    /// The id that the record has in another system; empty when the file does not say it.
    pub old_id: String,
    /// What the mapping file replaced by other words: the indices of the sources, and the texts of the file.
    pub replaced: Vec<(usize, String)>,
    /// Words that are no choices of their fields.
    pub wrong_words: Vec<WrongWord>,
    /// What the cleaning of a value noticed, reused from value to value.
    pub(super) noticed: Vec<Problem>,
}

/// A word that is no choice of its field.
#[derive(Debug, Clone)]
pub struct WrongWord {
    /// The index of the source that it came from.
    pub source: usize,
    /// What the file says.
    pub text: String,
}

impl Record {
    /// Forgets the row before: so many sources, and nothing in them.
    pub(super) fn reset(&mut self, sources: usize) {
        self.values.resize_with(sources, String::new);
        self.values.iter_mut().for_each(String::clear);
        self.filled.clear();
        self.filled.resize(sources, false);
        self.clears.clear();
        self.clears.resize(sources, false);
        self.findings.clear();
        self.old_id.clear();
        self.replaced.clear();
        self.wrong_words.clear();
    }

    /// What the findings mean for the row; none without any.
    pub fn severity(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// Whether the row says nothing of the source at this index.
    pub fn says_nothing(&self, index: usize) -> bool {
        self.filled.get(index) != Some(&true)
    }

    /// The cleaned value of the source at this index; empty when there is none.
    pub fn value_at(&self, index: usize) -> &str {
        self.values.get(index).map_or("", String::as_str)
    }

    /// Whether the row says that the field of the source at this index is to be emptied.
    pub fn clears(&self, index: usize) -> bool {
        self.clears.get(index).copied().unwrap_or_default()
    }

    /// The cleaned value of a field; none when the file has no source for it or the cell is empty.
    pub fn value(&self, mapping: &Mapping, field: &str) -> Option<&str> {
        let value = self.values.get(mapping.position(field)?)?;
        (!value.is_empty()).then_some(value.as_str())
    }

    /// Whether any of its natural keys is filled.
    pub fn has_key(&self, mapping: &Mapping) -> bool {
        self.keys(mapping).next().is_some()
    }

    /// The natural keys whose fields are all filled, the strongest first.
    pub(super) fn keys<'m>(&self, mapping: &'m Mapping) -> impl Iterator<Item = &'m KeySources> {
        mapping.keys.iter().filter(|key| key.sources.iter().all(|index| !self.values[*index].is_empty()))
    }

    /// Writes a natural key into `out`, in a form in which equal keys are equal bytes.
    pub(super) fn write_key(&self, mapping: &Mapping, key: &KeySources, out: &mut Vec<u8>) {
        out.clear();
        out.push(key.number);
        for index in &key.sources {
            push_key_part(mapping.sources[*index].field.kind, &self.values[*index], out);
            // No text holds this byte: it is no part of UTF-8.
            out.push(0xff);
        }
    }

    /// Appends the record as the JSON body of a request, inside the member `wrap` when there is one. Every value is a
    /// JSON string; fields without a value are left out, so that nothing is cleared by an empty cell.
    pub fn write_body(&self, mapping: &Mapping, wrap: Option<&str>, out: &mut Vec<u8>) {
        out.push(b'{');
        if let Some(wrap) = wrap {
            push_json(wrap, out);
            out.extend_from_slice(b":{");
        }
        let mut first = true;
        let is_plain = |source: &FieldSource| !source.field.custom && source.json_parent.is_none();
        for (source, value) in self.sent(mapping).filter(|(source, _)| is_plain(source)) {
            let Some(value) = of_new(source, value) else { continue };
            push_separator(&mut first, out);
            out.extend_from_slice(&source.json_prefix);
            push_json(&value, out);
        }
        self.write_nested(mapping, &mut first, out);
        let mut first_custom = true;
        let custom = mapping.has_custom.then(|| self.sent(mapping).filter(|(source, _)| source.field.custom));
        for (source, value) in custom.into_iter().flatten() {
            if first_custom {
                push_separator(&mut first, out);
                out.extend_from_slice(&mapping.custom_json_prefix);
            }
            push_separator(&mut first_custom, out);
            out.extend_from_slice(&source.json_prefix);
            push_json(value, out);
            out.push(b'}');
        }
        if !first_custom {
            out.push(b']');
        }
        if wrap.is_some() {
            out.push(b'}');
        }
        out.push(b'}');
    }

    /// Appends the members that stand in members of their own; those of one parent are neighbours.
    fn write_nested(&self, mapping: &Mapping, first: &mut bool, out: &mut Vec<u8>) {
        if mapping.sources.last().is_none_or(|source| source.json_parent.is_none()) {
            return;
        }
        let mut open: Option<&Vec<u8>> = None;
        for (source, value) in self.sent(mapping) {
            let Some(parent) = &source.json_parent else { continue };
            if open == Some(parent) {
                out.push(b',');
            } else {
                if open.is_some() {
                    out.push(b'}');
                }
                push_separator(first, out);
                out.extend_from_slice(parent);
                open = Some(parent);
            }
            out.extend_from_slice(&source.json_prefix);
            push_json(value, out);
        }
        if open.is_some() {
            out.push(b'}');
        }
    }

    /// Which sources a request carries something of.
    pub(crate) fn sent_indexes<'a>(&'a self, mapping: &'a Mapping) -> impl Iterator<Item = usize> {
        let all = mapping.sources.iter().zip(&self.values).enumerate();
        all.filter(|(_, (source, value))| source.sent && !value.is_empty()).map(|(index, _)| index)
    }

    /// What a request carries: fields and values, empty ones left out.
    pub(crate) fn sent<'a>(&'a self, mapping: &'a Mapping) -> impl Iterator<Item = (&'a FieldSource, &'a str)> {
        mapping
            .sources
            .iter()
            .zip(&self.values)
            .filter(|(source, value)| source.sent && !value.is_empty())
            .map(|(source, value)| (source, value.as_str()))
    }

    /// What a request carries that makes a record.
    pub(crate) fn sent_of_new<'a>(
        &'a self,
        mapping: &'a Mapping,
    ) -> impl Iterator<Item = (&'a FieldSource, Cow<'a, str>)> {
        self.sent(mapping).filter_map(|(source, value)| Some((source, of_new(source, value)?)))
    }

    /// What will be sent, for a person to look at: labels and values, secrets masked. `is_new` where it makes a record.
    pub fn shown(&self, mapping: &Mapping, is_new: bool) -> Vec<(String, String)> {
        let language = Language::current();
        let value = |field: &Field, text: &str| match field.choice(text) {
            _ if field.secret => "•••".to_owned(),
            Some(choice) => choice.label(language).to_owned(),
            None => text::clean(text).into_owned(),
        };
        let as_sent = |(source, text): (&'_ FieldSource, &str)| {
            let text = if is_new { of_new(source, text)? } else { Cow::Borrowed(text) };
            Some((source.field.label(language).to_owned(), value(&source.field, &text)))
        };
        self.sent(mapping).filter_map(as_sent).collect()
    }
}

/// What a new record gets of a value: it has no tags that could be taken away, nor anything in its lists.
fn of_new<'v>(source: &FieldSource, value: &'v str) -> Option<Cow<'v, str>> {
    if !matches!(source.field.kind, Kind::Tags | Kind::Ids) {
        return Some(Cow::Borrowed(value));
    }
    let edited = if source.field.kind == Kind::Tags { edited_tags(value, "") } else { None };
    match edited {
        Some(tags) => (!tags.is_empty()).then_some(Cow::Owned(tags)),
        None => Some(Cow::Borrowed(value)).filter(|_| source.overwrite != Overwrite::Remove),
    }
}

fn push_separator(first: &mut bool, out: &mut Vec<u8>) {
    if !std::mem::take(first) {
        out.push(b',');
    }
}

/// Whether a text is ASCII and common Chinese signs alone, which have one form and one width; as nearly every name is.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\u{21}'..='\u{7e}' | ' ' | '\u{4e00}'..='\u{9fff}'))
}

/// Appends a text without some signs of ASCII, most of which it rarely has.
fn push_without(value: &str, signs: &[u8], out: &mut Vec<u8>) {
    match value.bytes().any(|byte| signs.contains(&byte)) {
        false => out.extend_from_slice(value.as_bytes()),
        true => out.extend(value.bytes().filter(|byte| !signs.contains(byte))),
    }
}

/// Width, case and spaces do not make another key, nor does how a telephone number is written.
pub(super) fn push_key_part(kind: Kind, value: &str, out: &mut Vec<u8>) {
    match kind {
        Kind::Mobile | Kind::Phone => push_number(value, out),
        _ if value.is_ascii() || is_plain(value) => {
            let start = out.len();
            push_without(value, b" ", out);
            out[start..].make_ascii_lowercase();
        }
        _ => {
            let mut buffer = [0; 4];
            for c in value.nfkc().flat_map(char::to_lowercase).filter(|c| !c.is_whitespace()) {
                out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
            }
        }
    }
}
