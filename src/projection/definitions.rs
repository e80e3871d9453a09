//! Custom fields as the account defines them: the label of a key, and the words of its options.

use std::collections::HashMap;

use serde_json::Value;

use crate::api::as_text;
use crate::entity::{Custom, fold};

/// One custom field.
#[derive(Debug, Clone, Default)]
pub(super) struct Definition {
    /// Its label.
    pub label: String,
    /// Words by option id, those of all levels of a cascade together.
    pub options: HashMap<String, String>,
}

/// The custom fields of an entity, in the account's order.
#[derive(Debug, Clone, Default)]
pub struct Definitions {
    keys: Vec<String>,
    by_key: HashMap<String, Definition>,
    /// Words of options of other entities' fields: a ticket's value may be one of a company's.
    others: HashMap<String, String>,
}

impl Definitions {
    /// Adds a definition as the service describes it.
    pub fn add(&mut self, record: &Value, custom: &Custom) {
        let text = |name: &str| record.get(name).map(as_text).unwrap_or_default().into_owned();
        let key = text(&custom.definition_key);
        if key.is_empty() {
            return;
        }
        let mut definition = Definition { label: text(&custom.label), options: HashMap::new() };
        collect_options(record.get(&custom.options), custom, &mut definition.options);
        if self.by_key.insert(key.clone(), definition).is_none() {
            self.keys.push(key);
        }
    }

    /// Adds the options of another entity's field.
    pub fn add_other(&mut self, record: &Value, custom: &Custom) {
        collect_options(record.get(&custom.options), custom, &mut self.others);
    }

    /// The keys that are in use, those that are defined first and in their order.
    pub fn order(&self, used: &[String]) -> Vec<String> {
        let defined = self.keys.iter().filter(|key| used.contains(key));
        let undefined = used.iter().filter(|key| !self.by_key.contains_key(*key));
        defined.chain(undefined).cloned().collect()
    }

    /// The label of a key; the key itself when it is not defined.
    pub fn label<'a>(&'a self, key: &'a str) -> &'a str {
        self.by_key
            .get(key)
            .map(|definition| definition.label.as_str())
            .filter(|label| !label.is_empty())
            .unwrap_or(key)
    }

    /// The key of a label or key.
    pub fn key_of(&self, word: &str) -> Option<&str> {
        let wanted = fold(word);
        let is_meant = |key: &&String| *key == word || fold(self.label(key)) == wanted;
        self.keys.iter().find(is_meant).map(String::as_str)
    }

    /// A value in words: option ids become their texts, anything else stays.
    pub fn words(&self, key: &str, text: String) -> String {
        let Some(definition) = self.by_key.get(key) else {
            return text;
        };
        let word = |id: &str| definition.options.get(id).or_else(|| self.others.get(id)).cloned();
        if definition.options.is_empty() {
            return text;
        }
        if let Some(word) = word(&text) {
            return word;
        }
        if !text.contains(',') {
            return text;
        }
        let words: Vec<String> =
            text.split(',').map(|part| word(part.trim()).unwrap_or_else(|| part.to_owned())).collect();
        words.join(",")
    }

    /// Whether nothing is known of any custom field.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The words of a field's options, where it has any and neither word nor id is among them.
    pub fn options_without(&self, key: &str, value: &str) -> Option<Vec<&str>> {
        let options = &self.by_key.get(key)?.options;
        let is_one =
            options.contains_key(value) || self.others.contains_key(value) || self.value_of(key, value).is_some();
        (!options.is_empty() && !is_one).then(|| {
            let mut words: Vec<&str> = options.values().map(String::as_str).collect();
            words.sort_unstable();
            words
        })
    }

    /// The stored value a word stands for.
    pub fn value_of(&self, key: &str, word: &str) -> Option<&str> {
        let options = &self.by_key.get(key)?.options;
        options.iter().find(|(_, text)| text.as_str() == word).map(|(id, _)| id.as_str())
    }
}

fn collect_options(options: Option<&Value>, custom: &Custom, into: &mut HashMap<String, String>) {
    for option in options.and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| option.get(name).map(as_text).unwrap_or_default().into_owned();
        into.insert(text(&custom.option_key), text(&custom.option_text));
        collect_options(option.get(&custom.suboptions), custom, into);
    }
}
