//! What the words of a mapping file made of the words of an input, and how often: whoever wrote them sees that they were taken.

use std::collections::HashMap;

use serde::Serialize;

use crate::check::record::Record;
use crate::entity::{Field, Kind};
use crate::format::column_letters;
use crate::language::Language;
use crate::mapping::{FieldSource, Mapping, ValueSource};
use crate::message;
use crate::message::Message;
use crate::t;
use crate::text::{clean, shorten};

/// Most words of a column that a line shows.
const SHOWN_WORDS: usize = 12;
/// Characters of a word that are shown.
const SHOWN_LENGTH: usize = 30;

/// A word that the mapping file replaced by another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replaced {
    /// The letters of its column; none where it is made of several or none.
    pub column: Option<String>,
    /// The field's name.
    pub field: String,
    /// The word in the file.
    pub written: String,
    /// What it became, as a person reads it.
    pub becomes: String,
    /// Rows with it.
    pub rows: u64,
    /// The field's label.
    #[serde(skip)]
    label: String,
}

/// Counts what was replaced, while all rows are read once. It holds no more words than the mapping file.
#[derive(Debug, Default)]
pub(super) struct ReplacedCounter {
    rows: HashMap<(usize, String), u64>,
}

impl ReplacedCounter {
    /// Takes what was replaced in a row.
    pub(super) fn see(&mut self, record: &mut Record) {
        for replaced in record.replaced.drain(..) {
            *self.rows.entry(replaced).or_default() += 1;
        }
    }

    /// What was replaced by something else than itself, field by field, the commonest first.
    pub(super) fn finish(self, mapping: &Mapping) -> Vec<Replaced> {
        let mut found: Vec<(usize, Replaced)> = self
            .rows
            .into_iter()
            .filter_map(|((index, written), rows)| {
                let source = &mapping.sources[index];
                let becomes = becomes(source, &written)?;
                let column = match &source.source {
                    ValueSource::Column(column) => Some(column_letters(*column)),
                    _ => None,
                };
                let label = source.field.label(Language::current()).to_owned();
                let written = shown(&written);
                Some((index, Replaced { column, field: source.field.name.clone(), written, becomes, rows, label }))
            })
            .collect();
        found.sort_by(|(one, a), (other, b)| {
            (one, std::cmp::Reverse(a.rows), &a.written).cmp(&(other, std::cmp::Reverse(b.rows), &b.written))
        });
        found.into_iter().map(|(_, replaced)| replaced).collect()
    }
}

/// What a word became; none where that is the word itself, or a secret.
fn becomes(source: &FieldSource, written: &str) -> Option<String> {
    let value = source.values.get(written)?;
    let label = label_of(&source.field, value);
    (!source.field.secret && value != written && label != written).then(|| match label.is_empty() {
        true => t!("replaced.nothing").into_owned(),
        false => shown(label),
    })
}

/// A choice as a person reads it, any other value as it is.
fn label_of<'a>(field: &'a Field, value: &'a str) -> &'a str {
    let choice = (field.kind == Kind::Choice).then(|| field.choice(value)).flatten();
    choice.map_or(value, |choice| choice.label(Language::current()))
}

fn shown(text: &str) -> String {
    clean(&shorten(text, SHOWN_LENGTH)).into_owned()
}

/// The replaced words of each field as a line: `开启 → 处理中，357 行`.
pub(super) fn lines(replaced: &[Replaced]) -> Vec<Message> {
    replaced
        .chunk_by(|one, other| one.field == other.field)
        .filter_map(|words| {
            let first = words.first()?;
            let shown = words.iter().take(SHOWN_WORDS).map(|Replaced { written, becomes, rows, .. }| {
                message!("replaced.word", written = written, becomes = becomes, rows = rows).to_string()
            });
            let mut shown: Vec<String> = shown.collect();
            if words.len() > SHOWN_WORDS {
                shown.push(message!("replaced.more", count = words.len() - SHOWN_WORDS).to_string());
            }
            let shown = shown.join(Language::current().pick("；", "; "));
            let column = first.column.as_deref().unwrap_or("–");
            Some(message!("replaced.line", column = column, label = first.label, words = shown))
        })
        .collect()
}
