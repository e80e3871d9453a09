//! What was decided about the columns of a file, for people and for scripts.

use serde::Serialize;

use super::toml_quoted::toml_quoted;
use super::vendors::Recognised;
use crate::format::column_number;
use crate::language::Language;
use crate::message;
use crate::message::{AsText, Detail, Message};
use crate::t;

/// What feeds a field.
#[derive(Debug, Clone, Serialize)]
pub struct Matched {
    /// Letters of the column; none for a constant or a template.
    pub column: Option<String>,
    /// The header, the constant in quotation marks, or the template.
    pub source: String,
    /// The field's name.
    pub field: String,
    /// The field's label in the user's language.
    pub label: String,
}

/// A column that feeds nothing.
#[derive(Debug, Clone, Serialize)]
pub struct Unused {
    /// Letters of the column.
    pub column: String,
    /// Its header.
    pub header: String,
    /// Why it is not sent; none when no field is known for it.
    pub reason: Option<String>,
}

/// A field that gets no value from this file.
#[derive(Debug, Clone, Serialize)]
pub struct Missing {
    /// The field's name.
    pub field: String,
    /// The field's label in the user's language.
    pub label: String,
}

/// A column as messages name it: `B 备注`, or `B` and that it has no header.
pub fn column_place(letters: &str, header: &str) -> String {
    match header.is_empty() {
        true => t!("mapping.no_header", column = letters).into_owned(),
        false => format!("{letters} {header}"),
    }
}

/// The same in a line of its own, in which letters and headers stand apart.
fn column_in_line(unused: &Unused) -> String {
    match unused.header.is_empty() {
        true => column_place(&unused.column, &unused.header),
        false => format!("{}  {}", unused.column, unused.header),
    }
}

/// What was decided, to be shown before anything is sent.
#[derive(Debug, Clone, Default, Serialize)]
pub struct MappingReport {
    /// The export of another system that the file looks like.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recognised: Option<Recognised>,
    /// Whether the mapping that is shipped for it would help.
    #[serde(skip)]
    pub proposes: bool,
    /// Fields that get a value, in the order of the columns.
    pub matched: Vec<Matched>,
    /// Columns for which no field is known.
    pub unmatched: Vec<Unused>,
    /// Columns that are left out for a reason.
    pub not_sent: Vec<Unused>,
    /// Fields that could be sent and have no source.
    pub missing: Vec<Missing>,
    /// What else a person should know of the columns.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<String>,
}

impl MappingReport {
    /// The columns that nothing takes and nobody left out: letters and header.
    pub fn taken_by_nothing(&self) -> Vec<String> {
        self.unmatched.iter().map(|unused| column_place(&unused.column, &unused.header)).collect()
    }

    /// Forgets the columns without a header, and that of the member which holds custom fields, but those of these letters: nothing
    /// stands in them. Of a record with custom fields each is a column of its own.
    pub fn forget_blank_columns(&mut self, member: &str, but: &[&str]) {
        let is_known = |header: &str| header.is_empty() || header == member;
        self.unmatched.retain(|unused| !is_known(&unused.header) || but.contains(&unused.column.as_str()));
    }

    /// How a mapping file leaves these columns out: by their headers, or by their numbers where these tell nothing.
    pub fn loss_hint(&self) -> Message {
        let is_telling = |unused: &Unused| {
            let same = self.unmatched.iter().filter(|other| other.header == unused.header).count();
            !unused.header.is_empty() && same == 1
        };
        let dropped = self.unmatched.iter().map(|unused| match column_number(&unused.column) {
            Some(column) if !is_telling(unused) => (column + 1).to_string(),
            _ => toml_quoted(&unused.header),
        });
        message!("mapping.taken_by_nothing_hint", columns = dropped.collect::<Vec<_>>().join(", "))
    }

    /// That there are such columns, in words; none without any.
    pub fn loss(&self) -> Option<Message> {
        let columns = self.taken_by_nothing();
        let list = Detail::List(columns.iter().map(|column| Detail::Text(column.clone())).collect());
        (!columns.is_empty()).then(|| {
            Message::new("mapping.taken_by_nothing", vec![("count", (&columns.len()).detail()), ("columns", list)])
        })
    }

    /// The decisions as lines for a terminal.
    pub fn text(&self) -> String {
        let mut lines: Vec<String> = self.recognised.iter().flat_map(|seen| seen.lines(self.proposes)).collect();
        for matched in &self.matched {
            let column = matched.column.as_deref().unwrap_or("–");
            lines.push(
                t!(
                    "mapping.matched",
                    column = column,
                    source = matched.source,
                    label = matched.label,
                    field = matched.field
                )
                .into_owned(),
            );
        }
        for unused in &self.unmatched {
            lines.push(t!("mapping.unmatched", column = column_in_line(unused)).into_owned());
        }
        for unused in &self.not_sent {
            let reason = unused.reason.as_deref().unwrap_or_default();
            lines.push(t!("mapping.not_sent", column = column_in_line(unused), reason = reason).into_owned());
        }
        lines.extend(self.words.iter().cloned());
        if !self.missing.is_empty() {
            let labels: Vec<&str> = self.missing.iter().map(|missing| missing.label.as_str()).collect();
            let labels = labels.join(Language::current().pick("、", ", "));
            lines.push(t!("mapping.without_source", labels = labels).into_owned());
        }
        lines.join("\n")
    }
}
