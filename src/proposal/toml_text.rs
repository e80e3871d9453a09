//! A proposal as the text of a mapping file. What is certain stands there as it counts; all else is commented out.

use std::borrow::Cow;

use super::mapping_proposal::{ColumnProposal, FieldWords, MappingProposal, Meaning};
use crate::entity::Field;
use crate::format::column_letters;
use crate::language::Language;
use crate::mapping::toml_quoted;
use crate::t;
use crate::text::clean;

/// The text of a mapping file. `samples` tells how samples are shown; `command` is how the file is used.
pub fn toml_text(proposal: &MappingProposal<'_>, command: &str, samples: impl Fn(&str, &str) -> String) -> String {
    let mut lines: Vec<String> = t!("map.head", command = command).lines().map(comment).collect();
    lines.push("#".to_owned());
    lines.extend(decided(proposal));
    lines.push(String::new());
    lines.extend(drop_line(proposal));
    // Columns that come later are told by it.
    let header: Vec<String> = proposal.header().map(toml_quoted).collect();
    lines.push(format!("header = [{}]\n", header.join(", ")));
    lines.push("[columns]".to_owned());
    for (index, column) in proposal.columns.iter().enumerate() {
        lines.extend(column_line(proposal, index, column, &samples));
    }
    lines.extend(constants(proposal));
    proposal.words.iter().for_each(|words| lines.extend(word_lines(proposal, words)));
    lines.push(String::new());
    lines.join("\n")
}

/// The columns of which nothing has to be said.
fn decided(proposal: &MappingProposal<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    for (index, column) in proposal.columns.iter().enumerate() {
        let (letters, heading) = (column_letters(index), column.survey.heading.trim());
        let text = match &column.meaning {
            Meaning::Known { field } => {
                let field = proposal.field(*field);
                let known =
                    t!("map.known", column = letters, heading = heading, label = label(field), field = field.name);
                Cow::Owned(format!("{known}{}", routed(proposal, column)))
            }
            Meaning::NotSent { reason } => {
                let reason = reason.clone().map_or_else(|| t!("mapping.result_column"), Cow::Owned);
                t!("map.not_sent", column = letters, heading = heading, reason = reason)
            }
            Meaning::OtherSystem => {
                let reason = t!("map.other_system");
                t!("map.not_sent", column = letters, heading = heading, reason = reason)
            }
            Meaning::Twice { field, first } => {
                let (label, first) = (label(proposal.field(*field)), column_letters(*first));
                t!("map.twice", column = letters, heading = heading, label = label, first = first)
            }
            Meaning::Proposed { .. } | Meaning::Nothing => continue,
        };
        lines.push(comment(&text));
    }
    lines
}

/// Columns that may be left out, to be uncommented.
fn drop_line(proposal: &MappingProposal<'_>) -> Option<String> {
    let is_idle = |column: &&ColumnProposal<'_>| matches!(column.meaning, Meaning::Nothing | Meaning::Twice { .. });
    let names: Vec<String> = proposal
        .columns
        .iter()
        .filter(is_idle)
        .map(|column| match column.name.strip_prefix('#') {
            Some(number) => number.to_owned(),
            None => toml_quoted(&column.name),
        })
        .collect();
    (!names.is_empty()).then(|| format!("# drop = [{}] {}\n", names.join(", "), comment(&t!("map.drop"))))
}

fn column_line(
    proposal: &MappingProposal<'_>,
    index: usize,
    column: &ColumnProposal<'_>,
    samples: impl Fn(&str, &str) -> String,
) -> Option<String> {
    let name = toml_quoted(&column.name);
    let letters = column_letters(index);
    let shown: Vec<String> =
        column.survey.samples.iter().map(|sample| samples(&column.survey.heading, sample)).collect();
    let samples = match shown.is_empty() {
        true => t!("map.no_samples").into_owned(),
        false => shown.join(Language::current().pick("、", ", ")),
    };
    match column.meaning {
        Meaning::Proposed { field, confidence, is_certain } => {
            let field = proposal.field(field);
            let why =
                t!("map.proposed", column = letters, label = label(field), percent = confidence, samples = samples);
            let why = comment(&format!("{why}{}", routed(proposal, column)));
            let sign = if is_certain { "" } else { "# " };
            Some(format!("{sign}{name} = {} {why}", toml_quoted(&field.name)))
        }
        Meaning::Nothing => {
            let why = t!("map.nothing", column = letters, samples = samples);
            Some(format!("# {name} = \"\" {}", comment(&why)))
        }
        Meaning::Known { .. } | Meaning::Twice { .. } | Meaning::NotSent { .. } | Meaning::OtherSystem => None,
    }
}

/// That mobile numbers of a column go to their own field; nothing of any other column.
fn routed(proposal: &MappingProposal<'_>, column: &ColumnProposal<'_>) -> String {
    proposal.routed(column).map(|field| t!("map.routed", label = label(field)).into_owned()).unwrap_or_default()
}

/// Fields that every record needs and nothing feeds.
fn constants(proposal: &MappingProposal<'_>) -> Vec<String> {
    if proposal.missing.is_empty() && proposal.missing_one_of.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![String::new(), "[constants]".to_owned()];
    for field in proposal.missing.iter().map(|index| proposal.field(*index)) {
        lines.push(format!("# {} = \"\" {}", field.name, comment(&t!("map.missing", label = label(field)))));
    }
    for fields in &proposal.missing_one_of {
        let labels: Vec<&str> = fields.iter().map(|index| label(proposal.field(*index))).collect();
        let labels = labels.join(Language::current().pick("、", ", "));
        lines.push(comment(&t!("map.missing_one_of", labels = labels)));
    }
    lines
}

/// The words of a field that have to be said in other words.
fn word_lines(proposal: &MappingProposal<'_>, words: &FieldWords) -> Vec<String> {
    let field = proposal.field(words.field);
    let choices: Vec<&str> = field.offered_choices().map(|choice| choice.label(Language::current())).collect();
    let choices = choices.join(Language::current().pick("、", ", "));
    // A section of a field that nothing feeds would be a mistake.
    let sign = if words.is_fed { "" } else { "# " };
    let about = comment(&t!("map.words", label = label(field), choices = choices));
    let mut lines = vec![String::new(), format!("{sign}[values.{}] {about}", field.name)];
    for (word, count) in &words.words {
        lines.push(format!("# {} = \"\" {}", toml_quoted(word), comment(&t!("map.count", count = count))));
    }
    lines
}

fn label(field: &Field) -> &str {
    field.label(Language::current())
}

/// A comment, which stays one whatever it quotes.
fn comment(text: &str) -> String {
    format!("# {}", clean(text)).trim_end().to_owned()
}
