//! WHAT is moved: the catalog. Everything the program knows of the service's interface is data in `catalog/*.toml`, one
//! file per entity: endpoints, fields, choices, rules, keys, each with a mark of how sure it is. Command values,
//! templates, header matching, checks, request bodies, export columns and the rehearsal server all read it.
//!
//! `confirmed` and `assumed` are the two [`Confidence`]s; `source` names where a fact was seen (`docs/api-sources.md`).

mod overlay;
mod service;
mod validate;
mod write_mode;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

pub use service::{Account, Custom, Filters, Paging, RequestId, Service, ServiceError, Token};
pub use write_mode::WriteMode;

use crate::error::{Error, Result};
use crate::language::Language;
use crate::message;
use crate::message::Detail;

/// The service as a whole.
const SERVICE: &str = include_str!("catalog/service.toml");

/// The catalog files, in the order they are listed to a user.
const FILES: &[(&str, &str)] = &[
    ("customers", include_str!("catalog/customers.toml")),
    ("companies", include_str!("catalog/companies.toml")),
    ("customer-groups", include_str!("catalog/customer-groups.toml")),
    ("tickets", include_str!("catalog/tickets.toml")),
    ("tags", include_str!("catalog/tags.toml")),
    ("bindings", include_str!("catalog/bindings.toml")),
    ("agents", include_str!("catalog/agents.toml")),
    ("agent-groups", include_str!("catalog/agent-groups.toml")),
    ("ticket-templates", include_str!("catalog/ticket-templates.toml")),
    ("knowledge", include_str!("catalog/knowledge.toml")),
    ("chats", include_str!("catalog/chats.toml")),
    ("calls", include_str!("catalog/calls.toml")),
    ("fields", include_str!("catalog/fields.toml")),
];

/// How sure a fact of the interface is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// Seen in the vendor's pages or in working public code.
    Confirmed,
    /// Inferred; an account may behave differently.
    Assumed,
}

/// Whether contacts belong to companies (2B) or stand alone (2C). The service does not tell; it is a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, clap::ValueEnum)]
pub enum AccountMode {
    /// Contacts belong to companies; groups hold companies.
    #[default]
    #[serde(rename = "2B", alias = "2b")]
    #[value(name = "2b")]
    Business,
    /// No companies; groups hold contacts.
    #[serde(rename = "2C", alias = "2c")]
    #[value(name = "2c")]
    Consumer,
}

/// HTTP method of an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

/// One endpoint of an entity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Endpoint {
    /// HTTP method.
    pub method: Method,
    /// Path under the base address; `{id}` stands for a record's id.
    pub path: String,
    /// The member a request's record is wrapped in; none means the bare record is sent.
    #[serde(default)]
    pub wrap: Option<String>,
    /// The member an answer carries its records in; `tickets.results` is a path of two.
    #[serde(default)]
    pub answer: Option<String>,
    /// Whether a list takes `page` and `per_page` and answers with `count`.
    #[serde(default = "yes")]
    pub paged: bool,
    /// Records a page when `per_page` is not given, where it is not the service's usual 100.
    #[serde(default)]
    pub per_page: Option<u32>,
    /// Query parameters it takes beside those of paging.
    #[serde(default)]
    pub filters: Vec<String>,
    /// The two filters that bound creation time, where they are not `created_start` and `created_end`.
    #[serde(default)]
    pub window: Option<[String; 2]>,
    /// Fields an update has to send again with the value they have.
    #[serde(default)]
    pub resend: Vec<String>,
    /// How sure it is that this endpoint exists so.
    pub mark: Confidence,
    /// Where it was seen.
    pub source: String,
}

/// What a field's text must look like, and how a spreadsheet should keep it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One line or more of text.
    Text,
    /// Text that may hold HTML.
    Html,
    /// Mobile number.
    Mobile,
    /// Any telephone number.
    Phone,
    /// Mail address.
    Email,
    /// Id of one record; digits.
    Id,
    /// Ids of several records, comma-separated.
    Ids,
    /// Whole number.
    Integer,
    /// Number with a fraction.
    Decimal,
    /// One of the field's choices.
    Choice,
    /// Day, `2018-02-03`.
    Date,
    /// Moment, `2018-02-03 00:00:00`, in the service's time zone.
    DateTime,
    /// Tag names, comma-separated.
    Tags,
}

/// One value of a choice field.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What the service stores.
    pub value: String,
    /// Chinese word.
    pub zh: String,
    /// English word.
    pub en: String,
    /// Other words accepted on import.
    #[serde(default)]
    pub aliases: Vec<String>,
}

impl Choice {
    /// The word in both languages.
    pub fn labels(&self) -> Detail {
        Detail::label(&self.zh, &self.en)
    }

    /// The word for it in `language`.
    pub fn label(&self, language: Language) -> &str {
        language.pick(&self.zh, &self.en)
    }
}

/// One field of an entity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The interface's own name; for a custom field its key (`field_12`).
    pub name: String,
    /// Chinese label.
    pub zh: String,
    /// English label.
    pub en: String,
    /// What its text must look like.
    pub kind: Kind,
    /// Other headers that mean this field.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whether creating a record needs it.
    #[serde(default)]
    pub required: bool,
    /// How sure it is that it is required, where that differs from `mark`.
    #[serde(default)]
    pub required_mark: Option<Confidence>,
    /// The service sets it; it is never sent.
    #[serde(default)]
    pub read_only: bool,
    /// Carried in `custom_fields` as `{"key","value"}`.
    #[serde(default)]
    pub custom: bool,
    /// Must be masked wherever it is shown and left out of exports unless named.
    #[serde(default)]
    pub secret: bool,
    /// Text that looks like a number and must stay text in a spreadsheet.
    #[serde(default)]
    pub text_only: bool,
    /// Longest text in characters (of the vendor's database column).
    #[serde(default)]
    pub max: Option<usize>,
    /// Allowed values of a choice.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// The entity whose id this is.
    #[serde(default)]
    pub reference: Option<String>,
    /// Exists only in this account mode.
    #[serde(default)]
    pub mode: Option<AccountMode>,
    /// Value of the example row in the template.
    #[serde(default)]
    pub example: Option<String>,
    /// How sure it is that it exists so.
    #[serde(default = "confirmed")]
    pub mark: Confidence,
    /// Where it was seen.
    pub source: String,
}

impl Field {
    /// The label in `language`.
    pub fn label(&self, language: Language) -> &str {
        language.pick(&self.zh, &self.en)
    }

    /// The label in both languages.
    pub fn labels(&self) -> Detail {
        Detail::label(&self.zh, &self.en)
    }

    /// Whether a spreadsheet must keep this column as text, lest it eat zeros and digits.
    pub fn is_text_column(&self) -> bool {
        self.text_only || matches!(self.kind, Kind::Mobile | Kind::Phone | Kind::Id | Kind::Ids)
    }

    /// Whether accounts of this mode have the field.
    pub fn exists_in(&self, mode: AccountMode) -> bool {
        self.mode.is_none_or(|only| only == mode)
    }

    /// The choice that a cell's text names: by stored value, word or alias, case and width aside.
    pub fn choice(&self, text: &str) -> Option<&Choice> {
        let wanted = fold(text);
        self.choices.iter().find(|choice| {
            choice.value == text
                || [&choice.zh, &choice.en].into_iter().chain(&choice.aliases).any(|word| fold(word) == wanted)
        })
    }
}

/// A rule over several fields.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// At least one of these must be filled.
    #[serde(default)]
    pub one_of: Vec<String>,
    /// This field must be filled …
    #[serde(default)]
    pub require: Option<String>,
    /// … in this account mode, or always when none is named.
    #[serde(default)]
    pub mode: Option<AccountMode>,
    /// How sure the rule is.
    pub mark: Confidence,
    /// Where it was seen.
    pub source: String,
}

/// How a deleted record is recognised.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deleted {
    /// The field that tells.
    pub field: String,
    /// Its values that mean deleted.
    pub values: Vec<String>,
}

/// A refusal that means "it is there already", and how to see whether what is there is the same.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conflict {
    /// The service's text.
    pub message: String,
    /// The endpoint that finds what is there.
    pub endpoint: String,
    /// Fields of the row it is asked with.
    pub by: Vec<String>,
    /// Fields that must agree for the row to count as unchanged.
    pub same: Vec<String>,
    /// How sure the text is.
    pub mark: Confidence,
    /// Where it was seen.
    pub source: String,
}

/// An entity without a list of its own, found by asking for each record of another one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Walk {
    /// The entity whose records are walked.
    pub entity: String,
    /// The parameter that takes their id.
    pub parameter: String,
    /// The choice field of which every value is asked for.
    pub each: String,
}

/// Rows that change the tag text of a record of another entity. Each value names a field of this entity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edits {
    /// Which entity the record is of.
    pub entity: String,
    /// The record's id.
    pub record: String,
    /// Tags to add.
    pub add: String,
    /// Tags to remove.
    pub remove: String,
    /// Tags to replace all others.
    pub set: String,
}

/// Records that belong to one record and are asked for with its id (a chat's messages).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// Its name, as in `--messages`.
    pub name: String,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// The endpoint of the entity that lists them.
    pub endpoint: String,
    /// Their fields.
    pub fields: Vec<Field>,
}

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
    /// Other words for it on the command line.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// The field that holds a record's id; none when records have no id that a write answers with.
    #[serde(default)]
    pub id: Option<String>,
    /// Natural keys, best first: the first whose fields are all filled identifies a row.
    #[serde(default)]
    pub keys: Vec<Vec<String>>,
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
    /// A refusal that means "there already".
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
}

/// Whether a field has to be filled in.
#[derive(Debug, Clone, Copy)]
pub enum Requirement<'a> {
    /// It has to be; and how sure that is.
    Always(Confidence),
    /// At least one of the fields of this rule has to be.
    OneOf(&'a Rule),
    /// It need not be.
    Never,
}

impl Rule {
    /// Whether the rule holds for accounts of this mode.
    pub fn holds_in(&self, mode: AccountMode) -> bool {
        self.mode.is_none_or(|only| only == mode)
    }
}

impl Entity {
    /// The noun in `language`.
    pub fn label(&self, language: Language) -> &str {
        language.pick(&self.zh, &self.en)
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Fields that can be filled in for accounts of this mode: they are sent, and exist there.
    pub fn offered(&self, mode: AccountMode) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(move |field| !field.read_only && field.exists_in(mode))
    }

    /// Whether a field has to be filled in for accounts of this mode. A field that is read-only and required is the id of
    /// a record to change.
    pub fn requirement(&self, field: &Field, mode: AccountMode) -> Requirement<'_> {
        if field.required {
            return Requirement::Always(field.required_mark.unwrap_or(field.mark));
        }
        let rules = || self.rules.iter().filter(|rule| !field.read_only && rule.holds_in(mode));
        if let Some(rule) = rules().find(|rule| rule.require.as_ref() == Some(&field.name)) {
            return Requirement::Always(rule.mark);
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

    /// The same entity for rows that change records: only the record's id is required, and a record may be named twice.
    #[must_use]
    pub fn for_update(&self) -> Entity {
        let mut entity = self.clone();
        for field in &mut entity.fields {
            field.required = Some(&field.name) == self.id.as_ref();
        }
        entity.rules.clear();
        entity.keys.clear();
        entity
    }

    /// A text that changes whenever this entry of the catalog does; part of a run's identity.
    pub fn fingerprint(&self) -> String {
        use sha2::{Digest, Sha256};
        // A plain struct of strings, numbers and maps with string keys always serialises.
        let text = serde_json::to_string(self).expect("a catalog entry serialises");
        Sha256::digest(text.as_bytes()).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// All entities and the service they belong to.
#[derive(Debug, Clone)]
pub struct Catalog {
    /// The service as a whole.
    pub service: Service,
    entities: Vec<Entity>,
}

static EMBEDDED: LazyLock<Catalog> = LazyLock::new(|| {
    // The files are part of the binary and a test parses every one of them, so this cannot fail for a user.
    let service = toml::from_str(SERVICE).expect("service.toml is valid");
    let entities = FILES
        .iter()
        .map(|(name, text)| toml::from_str(text).unwrap_or_else(|error| panic!("catalog entry {name}: {error}")))
        .collect();
    Catalog { service, entities }
});

impl Catalog {
    /// The catalog inside the binary, without a user's changes.
    pub fn embedded() -> &'static Catalog {
        &EMBEDDED
    }

    /// All entities, in the order they are shown.
    pub fn entities(&self) -> &[Entity] {
        &self.entities
    }

    /// The entity of exactly this name.
    pub fn get(&self, name: &str) -> Option<&Entity> {
        self.entities.iter().find(|entity| entity.name == name)
    }

    /// The entity a user means by `word`, in English or Chinese.
    ///
    /// # Errors
    /// A word that means nothing is answered with the list of words; a bare 客户 with a question.
    pub fn find(&self, word: &str) -> Result<&Entity> {
        let wanted = fold(word);
        if matches!(wanted.as_str(), "客户" | "clients" | "client") {
            return Err(Error::usage(message!("entity.ambiguous", word = word)).hint(message!("entity.ambiguous_hint")));
        }
        let means = |entity: &&Entity| {
            [&entity.name, &entity.zh, &entity.en].into_iter().chain(&entity.aliases).any(|name| fold(name) == wanted)
        };
        self.entities.iter().find(means).ok_or_else(|| {
            let known: Vec<String> =
                self.entities.iter().map(|entity| format!("{}（{}）", entity.name, entity.zh)).collect();
            Error::usage(message!("entity.unknown", word = word))
                .hint(message!("entity.unknown_hint", known = known.join(", ")))
        })
    }
}

/// One form for texts that a person would call the same: width, case, spaces, stars and bracketed marks aside.
pub fn fold(text: &str) -> String {
    use unicode_normalization::UnicodeNormalization;
    let mut folded: String = text
        .nfkc()
        .flat_map(char::to_lowercase)
        .filter(|c| !c.is_whitespace() && !matches!(c, '*' | '\u{feff}' | '_' | '-'))
        .collect();
    for mark in ["(必填)", "(选填)", "(required)", "(optional)"] {
        if let Some(rest) = folded.strip_suffix(mark) {
            folded.truncate(rest.len());
        }
    }
    folded
}

fn yes() -> bool {
    true
}

fn confirmed() -> Confidence {
    Confidence::Confirmed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_valid_and_named_after_its_entity() {
        let catalog = Catalog::embedded();
        for ((file, _), entity) in FILES.iter().zip(catalog.entities()) {
            assert_eq!(*file, entity.name);
        }
    }

    #[test]
    fn a_choice_is_known_by_value_word_and_alias() {
        let status = Catalog::embedded().get("tickets").unwrap().field("ticketStatus").unwrap().clone();
        for text in ["4", "已解决", "Solved", "ＳＯＬＶＥＤ", "完结"] {
            assert_eq!(status.choice(text).unwrap().value, "4", "{text}");
        }
        assert!(status.choice("nonsense").is_none());
    }

    #[test]
    fn a_bare_word_for_client_is_a_question() {
        assert!(Catalog::embedded().find("客户").is_err());
        assert_eq!(Catalog::embedded().find("联系人").unwrap().name, "customers");
        assert_eq!(Catalog::embedded().find(" Customer Groups ").unwrap().name, "customer-groups");
    }

    #[test]
    fn folding_forgives_what_people_do_to_headers() {
        assert_eq!(fold(" ＊手机（必填） "), "手机");
        assert_eq!(fold("Mobile Phone *"), fold("mobilephone"));
    }
}
