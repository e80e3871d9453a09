//! Everything known of one kind of record.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::account_mode::AccountMode;
use super::conflict::Conflict;
use super::deleted::Deleted;
use super::edits::Edits;
use super::endpoint::{Endpoint, Method};
use super::field::Field;
use super::fold::fold;
use super::part::Part;
use super::rule::{Requirement, Rule};
use super::walk::Walk;
use crate::language::Language;
use crate::message::Detail;

/// Everything known of one kind of record.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// Plural English noun: the value on the command line.
    pub name: String,
    /// Chinese noun.
    pub zh: String,
    /// English noun.
    pub en: String,
    /// Other names for it on the command line.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The field that holds a record's id; none when records have no id that a write answers with.
    #[serde(default)]
    pub id: Option<String>,
    /// Natural keys, best first: the first whose fields are all filled identifies a row.
    #[serde(default)]
    pub keys: Vec<Vec<String>>,
    /// Fields that a person may name a record by instead of its id, those that tell most first. What becomes of a file is told
    /// by its mapping, so that this is no part of the fingerprint.
    #[serde(default, skip_serializing)]
    pub known_by: Vec<String>,
    /// What tells which record its references mean: no fields of the service.
    #[serde(skip)]
    pub clues: Vec<Field>,
    /// The field that names a record to a person.
    #[serde(default)]
    pub display: Option<String>,
    /// The field that holds its tags.
    #[serde(default)]
    pub tags: Option<String>,
    /// How a deleted record is recognised.
    #[serde(default)]
    pub deleted: Option<Deleted>,
    /// The field with the creation time.
    #[serde(default)]
    pub created: Option<String>,
    /// The field with the time of the last change.
    #[serde(default)]
    pub updated: Option<String>,
    /// The field with the time of solution.
    #[serde(default)]
    pub solved: Option<String>,
    /// Endpoints by what they do: `list`, `get`, `create`, `update`, `delete`, `many`, `search`, …
    #[serde(default)]
    pub endpoints: BTreeMap<String, Endpoint>,
    /// Rules over several fields.
    #[serde(default)]
    pub rules: Vec<Rule>,
    /// A rejection that means "there already".
    #[serde(default)]
    pub conflict: Option<Conflict>,
    /// Found by walking another entity.
    #[serde(default)]
    pub walk: Option<Walk>,
    /// Its records are read from all its endpoints; this field tells from which one a record came.
    #[serde(default)]
    pub origin: Option<String>,
    /// Fields by whose values an export's first sheet counts the records; a time counts by day.
    #[serde(default)]
    pub summary: Vec<String>,
    /// Rows edit the tags of other records.
    #[serde(default)]
    pub edits: Option<Edits>,
    /// Records that belong to one record.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Its rows may change records that are there. The write mode says so, not the catalog.
    #[serde(skip)]
    pub may_change: bool,
    /// Its rows are looked up in the account: the id that a row names is read. The write mode says so, not the catalog.
    #[serde(skip)]
    pub is_looked_up: bool,
}

impl Entity {
    /// The noun in `language`.
    pub fn label(&self, language: Language) -> &str {
        language.pick(&self.zh, &self.en)
    }

    /// The noun in both languages.
    pub fn labels(&self) -> Detail {
        Detail::label(&self.zh, &self.en)
    }

    /// The noun and how a command calls it: 联系人（customers）; in English they are the same word.
    pub fn named(&self) -> Detail {
        Detail::label(&format!("{}（{}）", self.zh, self.name), &self.name)
    }

    /// So many records, as people count them.
    pub fn counted(&self, records: u64, language: Language) -> String {
        let measure = match self.name.as_str() {
            "companies" => "家",
            "customers" | "agents" => "位",
            "tickets" | "chats" | "calls" => "条",
            "knowledge" => "篇",
            _ => "个",
        };
        match language {
            Language::Zh => format!("{records} {measure}{}", self.zh),
            Language::En if records == 1 => format!("1 {}", singular(&self.en.to_lowercase())),
            Language::En => format!("{records} {}", self.en.to_lowercase()),
        }
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The same with what tells which record its references mean among its fields.
    #[must_use]
    pub fn with_clues(&self) -> Entity {
        let mut entity = self.clone();
        entity.fields.append(&mut entity.clues);
        entity
    }

    /// The field that a word means: by its name or labels, else by another heading of it.
    pub fn field_called(&self, word: &str) -> Option<&Field> {
        let wanted = fold(word);
        let is_named =
            |field: &&Field| [&field.name, &field.zh, &field.en].into_iter().any(|name| fold(name) == wanted);
        let is_alias = |field: &&Field| field.aliases.iter().any(|alias| fold(alias) == wanted);
        self.fields.iter().find(is_named).or_else(|| self.fields.iter().find(is_alias))
    }

    /// Fields that can be filled in for accounts of this mode: they are sent, and exist there.
    pub fn offered(&self, mode: AccountMode) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| !field.read_only && field.clue.is_none() && field.exists_in(mode))
    }

    /// Whether a field has to be filled in for accounts of this mode. A field that is read-only and required is the id of
    /// a record to change.
    pub fn requirement(&self, field: &Field, mode: AccountMode) -> Requirement<'_> {
        if field.required {
            return Requirement::Always(field.required_confidence.unwrap_or(field.confidence));
        }
        let rules = || self.rules.iter().filter(|rule| !field.read_only && rule.holds_in(mode));
        if let Some(rule) = rules().find(|rule| rule.require.as_ref() == Some(&field.name)) {
            return Requirement::Always(rule.confidence);
        }
        if rules().any(|rule| rule.wish.as_ref() == Some(&field.name)) {
            return Requirement::Wished;
        }
        rules().find(|rule| rule.one_of.contains(&field.name)).map_or(Requirement::Never, Requirement::OneOf)
    }

    /// The endpoint of this name.
    pub fn endpoint(&self, name: &str) -> Option<&Endpoint> {
        self.endpoints.get(name)
    }

    /// Whether rows of it can be imported: it has something to write that is not only a list.
    pub fn is_importable(&self) -> bool {
        self.edits.is_some()
            || (self.endpoints.contains_key("create") && self.fields.iter().any(|field| !field.read_only))
    }

    /// Whether records of it can be exported.
    pub fn is_exportable(&self) -> bool {
        self.endpoints.values().any(|endpoint| endpoint.method == Method::Get) || self.edits.is_some()
    }

    /// The same entity for rows that change records: only the record's id is required.
    #[must_use]
    pub fn for_update(&self) -> Entity {
        let mut entity = self.clone();
        for field in &mut entity.fields {
            field.required = self.named_by().contains(&field.name);
        }
        entity.rules.clear();
        entity
    }

    /// The fields by which a record that is there is named: its id, or the key it is asked for by where it has none.
    pub fn named_by(&self) -> &[String] {
        match (&self.id, &self.conflict) {
            (Some(id), _) => std::slice::from_ref(id),
            (None, Some(conflict)) => &conflict.by,
            (None, None) => &[],
        }
    }

    /// Whether its records have no ids and are asked for by their keys, each by itself.
    pub fn is_asked_for(&self) -> bool {
        self.id.is_none() && self.conflict.is_some()
    }

    /// The name of a record that has no id: the values of its key, one after the other.
    pub fn key_name<'a>(&self, value: impl Fn(&str) -> Cow<'a, str>) -> String {
        self.named_by().iter().map(|field| value(field)).collect::<Vec<_>>().join("/")
    }

    /// Whether this is the field with a record's own id.
    pub fn is_own_id(&self, field: &Field) -> bool {
        self.id.as_ref() == Some(&field.name)
    }

    /// A text that changes whenever this entry of the catalog does; part of a run's identity.
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest, Sha256};
        // A plain struct of strings, numbers and maps with string keys always serialises.
        let text = serde_json::to_string(self).expect("a catalog entry serialises");
        Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// One of what an English plural names.
fn singular(plural: &str) -> String {
    match (plural.strip_suffix("ies"), plural.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, Some(stem)) => stem.to_owned(),
        (None, None) => plural.to_owned(),
    }
}
