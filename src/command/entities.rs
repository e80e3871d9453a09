//! `bw8 entities`: what can be imported and exported, and how sure each fact of it is. Everything shown is read from the
//! catalog, a user's `api.toml` included.

use serde::Serialize;
use serde_json::{Value, json};
use unicode_width::UnicodeWidthStr;

use crate::entity::{AccountMode, Catalog, Confidence, Entity, Field, Kind, Requirement, Rule};
use crate::error::{Exit, Result};
use crate::language::Language;
use crate::settings::{Settings, SettingsOptions};
use crate::t;
use crate::terminal::Printer;

/// Show what can be imported and exported, and how sure each endpoint is
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Show the fields of this one
    #[arg(value_name = "ENTITY")]
    entity: Option<String>,
    #[command(flatten)]
    settings: SettingsOptions,
}

/// Shows all entities, or one with its fields.
///
/// # Errors
/// A name that is no entity.
pub fn run(arguments: &Arguments, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let (text, entities) = match &arguments.entity {
        None => (overview(&settings.catalog), settings.catalog.entities().iter().map(summary).collect()),
        Some(name) => {
            let entity = settings.catalog.find(name)?;
            (detail(entity, settings.account_mode), vec![full(entity)])
        }
    };
    if printer.is_json() {
        printer.json(&json!({"version": 1, "entities": Value::Array(entities), "exit": Exit::Done as u8}));
    } else {
        printer.result(&text);
    }
    Ok(Exit::Done)
}

/// The parts that both JSON forms have.
fn summary(entity: &Entity) -> Value {
    json!({
        "name": entity.name, "zh": entity.zh, "en": entity.en, "aliases": entity.aliases,
        "import": entity.is_importable(), "export": entity.is_exportable(), "endpoints": entity.endpoints,
    })
}

/// The catalog's own entry beside the summary.
fn full(entity: &Entity) -> Value {
    let mut document = summary(entity);
    document["keys"] = json!(entity.keys);
    document["rules"] = json!(entity.rules);
    document["fields"] = json!(entity.fields);
    document
}

fn overview(catalog: &Catalog) -> String {
    let mut lines = vec![t!("entities.legend").into_owned()];
    for entity in catalog.entities() {
        lines.push(String::new());
        lines.push(head(entity));
        lines.extend(endpoints(entity));
    }
    lines.push(String::new());
    lines.push(t!("entities.more").into_owned());
    lines.join("\n")
}

/// `customers  联系人  import, export`
fn head(entity: &Entity) -> String {
    let ways = match (entity.is_importable(), entity.is_exportable()) {
        (true, true) => t!("entities.both"),
        (true, false) => t!("entities.import"),
        (false, true) => t!("entities.export"),
        (false, false) => t!("entities.neither"),
    };
    format!("{}  {}  {ways}", entity.name, entity.label(Language::current()))
}

fn endpoints(entity: &Entity) -> Vec<String> {
    let mut rows: Vec<Vec<String>> = entity
        .endpoints
        .iter()
        .map(|(name, endpoint)| {
            vec![
                name.clone(),
                format!("{} {}", name_of(&endpoint.method), endpoint.path),
                confidence_text(endpoint.confidence),
                source_text(&endpoint.source),
            ]
        })
        .collect();
    if let Some(edits) = &entity.edits {
        let what =
            t!("entities.edits", fields = [&edits.add, &edits.remove, &edits.set].map(|f| f.as_str()).join(", "));
        rows.push(vec![String::new(), what.into_owned()]);
    }
    aligned(&rows)
}

fn detail(entity: &Entity, mode: AccountMode) -> String {
    let mut lines = vec![head(entity)];
    if !entity.aliases.is_empty() {
        lines.push(format!("  {}", t!("entities.aliases", names = list(&entity.aliases))));
    }
    if !entity.keys.is_empty() {
        let keys: Vec<String> = entity.keys.iter().map(|key| labels(entity, key, " + ")).collect();
        lines.push(format!("  {}", t!("entities.keys", keys = list(&keys))));
    }
    if depends_on_mode(entity) {
        lines.push(format!("  {}", t!("entities.account_mode", mode = name_of(&mode))));
    }
    let rules = entity.rules.iter().filter(|rule| rule.holds_in(mode));
    lines.extend(rules.map(|rule| format!("  {}", rule_text(entity, rule))));
    lines.extend([String::new(), t!("entities.endpoints").into_owned()]);
    lines.extend(endpoints(entity));
    lines.extend([String::new(), t!("entities.fields").into_owned()]);
    let rows: Vec<Vec<String>> = entity.fields.iter().map(|field| field_row(entity, field, mode)).collect();
    for (field, row) in entity.fields.iter().zip(aligned(&rows)) {
        lines.push(row);
        lines.extend(field_notes(field).into_iter().map(|note| format!("      {note}")));
    }
    lines.join("\n")
}

/// Whether accounts of the two modes have other fields or need others.
fn depends_on_mode(entity: &Entity) -> bool {
    entity.fields.iter().any(|field| field.mode.is_some()) || entity.rules.iter().any(|rule| rule.mode.is_some())
}

fn field_row(entity: &Entity, field: &Field, mode: AccountMode) -> Vec<String> {
    let need = match entity.requirement(field, mode) {
        _ if field.read_only => t!("entities.read_only"),
        Requirement::Always(Confidence::Confirmed) => t!("template.required"),
        Requirement::Always(Confidence::Assumed) => t!("template.required_assumed"),
        Requirement::Wished => t!("template.wished"),
        Requirement::OneOf(_) | Requirement::Never => "".into(),
    };
    let kind = match field.kind {
        Kind::Choice => "entities.kind_choice".to_owned(),
        kind => format!("template.kind_{}", name_of(&kind)),
    };
    vec![
        field.name.clone(),
        field.zh.clone(),
        field.en.clone(),
        t!(&kind).into_owned(),
        need.into_owned(),
        confidence_text(field.confidence),
        source_text(&field.source),
    ]
}

/// What does not fit into a field's row: choices, other headers, limits.
fn field_notes(field: &Field) -> Vec<String> {
    let language = Language::current();
    let mut notes = Vec::new();
    if !field.choices.is_empty() {
        let choices: Vec<String> =
            field.choices.iter().map(|choice| format!("{}={}", choice.value, choice.label(language))).collect();
        notes.push(t!("entities.choices", choices = list(&choices)).into_owned());
    }
    if !field.aliases.is_empty() && !field.read_only {
        notes.push(t!("entities.headers", names = list(&field.aliases)).into_owned());
    }
    let mut limits = Vec::new();
    limits.extend(field.max.map(|max| t!("template.max", max = max).into_owned()));
    limits.extend(field.mode.map(|mode| t!("entities.only_mode", mode = name_of(&mode)).into_owned()));
    limits.extend(field.reference.as_ref().map(|name| t!("entities.reference", name = name).into_owned()));
    limits.extend(field.custom.then(|| t!("entities.custom").into_owned()));
    limits.extend(field.secret.then(|| t!("entities.secret").into_owned()));
    if !limits.is_empty() {
        notes.push(list(&limits));
    }
    notes
}

fn rule_text(entity: &Entity, rule: &Rule) -> String {
    let need = match &rule.require {
        Some(field) => t!("entities.rule_require", label = labels(entity, std::slice::from_ref(field), "")),
        None => t!("template.one_of", fields = labels(entity, &rule.one_of, separator())),
    };
    let language = Language::current();
    let (open, close) = (language.pick("（", " ("), language.pick("）", ")"));
    let mode = rule.mode.map(|mode| format!("{open}{}{close}", name_of(&mode))).unwrap_or_default();
    format!("{need}{mode}  {}  {}", confidence_text(rule.confidence), source_text(&rule.source))
}

/// Where something was seen. The notes of the catalog are in English: in Chinese the signs of the sources are left of them.
fn source_text(source: &str) -> String {
    let is_sign = |word: &&str| {
        let mut characters = word.chars();
        characters.next().is_some_and(|first| first.is_ascii_uppercase())
            && word.len() > 1
            && characters.all(|character| character.is_ascii_digit())
    };
    match Language::current() {
        Language::En => source.to_owned(),
        Language::Zh => {
            let mut signs: Vec<&str> = Vec::new();
            for sign in source.split(|character: char| !character.is_ascii_alphanumeric()).filter(is_sign) {
                if !signs.contains(&sign) {
                    signs.push(sign);
                }
            }
            signs.join("、")
        }
    }
}

fn labels(entity: &Entity, names: &[String], separator: &str) -> String {
    let language = Language::current();
    let label = |name: &String| entity.field(name).map_or(name.clone(), |field| field.label(language).to_owned());
    names.iter().map(label).collect::<Vec<_>>().join(separator)
}

fn confidence_text(confidence: Confidence) -> String {
    match confidence {
        Confidence::Confirmed => t!("template.confirmed").into_owned(),
        Confidence::Assumed => t!("template.assumed").into_owned(),
    }
}

/// The name by which the catalog calls a value of one of its enumerations.
fn name_of(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|name| Some(name.as_str()?.to_owned())).unwrap_or_default()
}

fn separator() -> &'static str {
    Language::current().pick("、", ", ")
}

fn list(texts: &[String]) -> String {
    texts.join(separator())
}

/// Rows as lines whose columns are aligned on a terminal, where a Chinese character takes two.
fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter()
        .map(|row| {
            let mut line = String::new();
            for (cell, width) in row.iter().zip(&widths) {
                line.push_str("  ");
                line.push_str(cell);
                line.push_str(&" ".repeat(width.saturating_sub(cell.width())));
            }
            line.truncate(line.trim_end().len());
            line
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_begin_at_the_same_place() {
        let rows = [["姓名", "a"], ["mobile", "b"]].map(|row| row.map(str::to_owned).to_vec());
        assert_eq!(aligned(&rows), ["  姓名    a", "  mobile  b"]);
    }
}
