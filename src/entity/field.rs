//! One field of an entity.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::account_mode::AccountMode;
use super::choice::Choice;
use super::clue::Clue;
use super::confidence::Confidence;
use super::fold::fold;
use super::form::Form;
use super::kind::Kind;
use crate::language::Language;
use crate::message::Detail;

/// What the service puts into a new record, whatever a file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Instead {
    /// Whoever imports.
    Importer,
    /// The same, who has to take care of the records from then on: that is said of every file.
    #[serde(rename(deserialize = "owner", serialize = "importer"))]
    Owner,
    /// The time of the import.
    Now,
}

/// One field of an entity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The interface's own name; for a custom field its key (`field_12`). A request carries `ticketReply.replyMsg` as the
    /// member `replyMsg` of its member `ticketReply`.
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
    /// How sure it is that it is required, where that differs.
    #[serde(rename = "required_mark", default)]
    pub required_confidence: Option<Confidence>,
    /// The service sets it; it is never sent.
    #[serde(default)]
    pub read_only: bool,
    /// What a new record has in it whatever is sent, where the service sets it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead: Option<Instead>,
    /// A write carries it and no record has it: `ticketReply.replyMsg` adds a reply.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub write_only: bool,
    /// Carried in `custom_fields` as `{"key","value"}`.
    #[serde(default)]
    pub custom: bool,
    /// Must be masked wherever it is shown and left out of exports unless named.
    #[serde(default)]
    pub secret: bool,
    /// Text that looks like a number and must stay text in a spreadsheet.
    #[serde(default)]
    pub text_only: bool,
    /// What its texts look like: `name`, `organization`, `account`, `web`, `address`, `province`, `city`, `position`; others wait for
    /// a person.
    #[serde(default, skip_serializing)]
    pub form: Option<Form>,
    /// Longest text in characters (of the vendor's database column).
    #[serde(default)]
    pub max: Option<usize>,
    /// Allowed values of a choice.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// A value may be several of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub several: bool,
    /// The entity whose id this is.
    #[serde(default)]
    pub reference: Option<String>,
    /// For a reference: 0 says that there is none. No part of the fingerprint.
    #[serde(default, skip_serializing)]
    pub zero_is_none: bool,
    /// For a reference: headings of columns that hold what the record is known by, under the field of that record; those under
    /// `any` hold whatever it is known by. No part of the fingerprint either.
    #[serde(default, skip_serializing)]
    pub by: BTreeMap<String, Vec<String>>,
    /// Headings that mean this field, or for a reference what its record is called, where no other column does: other fields may be
    /// meant by them, too. No part of the fingerprint.
    #[serde(default, skip_serializing)]
    pub fallback_aliases: Vec<String>,
    /// The record it refers to is looked up in the account, by whatever it is known by.
    #[serde(skip)]
    pub is_looked_up: bool,
    /// Its column may hold whatever the record is known by: its heading does not say that it holds ids.
    #[serde(skip)]
    pub takes_words: bool,
    /// It is no field of the service: its text tells which record a reference means.
    #[serde(skip)]
    pub clue: Option<Clue>,
    /// Exists only in this account mode.
    #[serde(default)]
    pub mode: Option<AccountMode>,
    /// Value of the example row in the template.
    #[serde(default)]
    pub example: Option<String>,
    /// The same in English; none where the one above serves. No part of the fingerprint.
    #[serde(default, skip_serializing)]
    pub example_en: Option<String>,
    /// The account told of it; the catalog does not know it.
    #[serde(skip)]
    pub learned: bool,
    /// How sure it is that it exists so.
    #[serde(rename = "mark", default = "Confidence::unless_said")]
    pub confidence: Confidence,
    /// Where it was seen.
    pub source: String,
}

impl Field {
    /// The label in `language`.
    pub fn label(&self, language: Language) -> &str {
        language.pick(&self.zh, &self.en)
    }

    /// The labels of the record that its id stands for.
    pub fn record_labels(&self) -> Detail {
        Detail::label(self.zh.trim_end_matches("编号"), self.en.trim_end_matches(" ID"))
    }

    /// What an export calls the column of names beside one of ids, in a language or as the interface does.
    pub fn name_title(&self, language: Option<Language>) -> String {
        match language {
            None => format!("{}.name", self.name),
            Some(Language::Zh) => format!("{}（名称）", self.zh.trim_end_matches("编号")),
            Some(Language::En) => format!("{} (name)", self.en.trim_end_matches(" IDs").trim_end_matches(" ID")),
        }
    }

    /// The choices that a person is offered, of those that the field takes.
    pub fn offered_choices(&self) -> impl Iterator<Item = &Choice> {
        self.choices.iter().filter(|choice| choice.offered)
    }

    /// A custom field of which nothing but its key is known.
    pub fn custom_text(key: &str) -> Field {
        Field {
            name: key.to_owned(),
            zh: key.to_owned(),
            en: key.to_owned(),
            kind: Kind::Text,
            aliases: Vec::new(),
            required: false,
            required_confidence: None,
            read_only: false,
            write_only: false,
            instead: None,
            custom: true,
            secret: false,
            text_only: false,
            form: None,
            max: None,
            choices: Vec::new(),
            several: false,
            reference: None,
            zero_is_none: false,
            by: BTreeMap::new(),
            fallback_aliases: Vec::new(),
            is_looked_up: false,
            takes_words: false,
            clue: None,
            mode: None,
            example: None,
            example_en: None,
            learned: false,
            confidence: Confidence::Assumed,
            source: String::new(),
        }
    }

    /// The label in both languages.
    pub fn labels(&self) -> Detail {
        Detail::label(&self.zh, &self.en)
    }

    /// Whether a spreadsheet must keep this column as text, lest it eat zeros and digits.
    pub fn is_text_column(&self) -> bool {
        self.text_only || matches!(self.kind, Kind::Mobile | Kind::Phone | Kind::Id | Kind::Ids)
    }

    /// The member of a request that holds the one the field is in, and that one; none when the field is no nested one.
    pub fn nested(&self) -> Option<(&str, &str)> {
        self.name.split_once('.').filter(|_| !self.custom && self.clue.is_none())
    }

    /// Whether its text tells which record is referred to, and is looked up in the account.
    pub fn tells_of_record(&self) -> bool {
        self.is_looked_up || self.clue.is_some()
    }

    /// Whether what was sent can be compared with what the service has.
    pub fn is_comparable(&self) -> bool {
        !self.secret && !self.write_only
    }

    /// Whether it is a day or a moment.
    pub fn is_time(&self) -> bool {
        matches!(self.kind, Kind::Date | Kind::DateTime)
    }

    /// Whether accounts of this mode have the field.
    pub fn exists_in(&self, mode: AccountMode) -> bool {
        self.mode.is_none_or(|only| only == mode)
    }

    /// The choice that a cell's text names: by stored value, label or alias, case and width aside.
    pub fn choice(&self, text: &str) -> Option<&Choice> {
        let wanted = fold(text);
        let is_word = |choice: &&Choice| [&choice.zh, &choice.en].into_iter().any(|name| fold(name) == wanted);
        let is_other =
            |choice: &&Choice| choice.value == text || choice.aliases.iter().any(|name| fold(name) == wanted);
        // A word goes first: an option may be called as another one is numbered.
        self.choices.iter().find(is_word).or_else(|| self.choices.iter().find(is_other))
    }

    /// The only choice one of whose labels or aliases begins with a text of at least a Chinese character or two letters.
    pub fn choice_beginning(&self, text: &str) -> Option<&Choice> {
        let wanted = fold(text);
        // A single letter says enough where there are two to choose from.
        let shortest = if self.choices.len() == 2 { 1 } else { 2 };
        if wanted.len() < shortest || !wanted.chars().all(char::is_alphabetic) {
            return None;
        }
        let begins = |choice: &&Choice| {
            [&choice.zh, &choice.en].into_iter().chain(&choice.aliases).any(|name| fold(name).starts_with(&wanted))
        };
        let mut found = self.choices.iter().filter(begins);
        found.next().filter(|_| found.next().is_none())
    }
}

#[cfg(test)]
mod tests {
    use crate::entity::Catalog;

    #[test]
    fn a_choice_is_known_by_value_label_and_alias() {
        let status = Catalog::embedded().get("tickets").unwrap().field("ticketStatus").unwrap().clone();
        for text in ["4", "已解决", "Solved", "ＳＯＬＶＥＤ", "完结"] {
            assert_eq!(status.choice(text).unwrap().value, "4", "{text}");
        }
        assert!(status.choice("nonsense").is_none());
    }
}
