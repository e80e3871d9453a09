//! Custom fields as the account defines them: the label of a key, what its values look like, and the words of its options.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::api::as_text;
use crate::entity::{Choice, Confidence, Custom, CustomKind, Field, Kind, fold, titled};

/// Stands between the options of a cascade, from the first level to the last.
const LEVELS: &str = "/";

/// One option of a field.
#[derive(Debug, Clone)]
struct FieldOption {
    /// What the service stores.
    id: String,
    /// Its own text.
    text: String,
    /// The texts of all levels down to it.
    path: String,
    /// Options below it.
    is_branch: bool,
}

/// One custom field.
#[derive(Debug, Clone, Default)]
struct Definition {
    /// Its label.
    label: String,
    /// What its values are; none when the account does not say it in words that are known.
    kind: Option<CustomKind>,
    /// It is one of the service's own fields.
    is_system: bool,
    /// Its options in their order, those of all levels of a cascade.
    options: Vec<FieldOption>,
    /// Where the option with an id stands among them.
    by_id: HashMap<String, usize>,
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
        let options = options(record, custom);
        let definition = Definition {
            label: text(&custom.label),
            kind: custom.kinds.get(&text(&custom.kind)).copied(),
            is_system: text(&custom.system) == "1",
            by_id: options.iter().enumerate().map(|(index, option)| (option.id.clone(), index)).collect(),
            options,
        };
        if self.by_key.insert(key.clone(), definition).is_none() {
            self.keys.push(key);
        }
    }

    /// Adds the options of another entity's field.
    pub fn add_other(&mut self, record: &Value, custom: &Custom) {
        self.others.extend(options(record, custom).into_iter().map(|option| (option.id, option.path)));
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

    /// The key of a label or key, or of a label with its key as headers tell them apart.
    pub fn key_of(&self, word: &str) -> Option<&str> {
        self.keys_of(word).first().copied()
    }

    /// The keys of all fields of a label, the account's own before those of the service; of a key or a header with one, that.
    pub fn keys_of(&self, word: &str) -> Vec<&str> {
        let wanted = fold(word);
        let all = || self.keys.iter().map(String::as_str);
        if let Some(key) = all().find(|key| *key == word || fold(&titled(self.label(key), key)) == wanted) {
            return vec![key];
        }
        let (system, own): (Vec<&str>, Vec<&str>) =
            all().filter(|key| fold(self.label(key)) == wanted).partition(|key| self.by_key[*key].is_system);
        if own.is_empty() { system.into_iter().take(1).collect() } else { own }
    }

    /// The labels of the account's own fields, each with its key.
    pub fn titles(&self) -> impl Iterator<Item = String> {
        let own = self.keys.iter().filter(|key| !self.by_key[*key].is_system);
        own.map(|key| format!("{} ({key})", self.label(key)))
    }

    /// Whether another custom field than the one of this key has a label, in its folded form.
    pub(super) fn has_other(&self, key: &str, label: &str) -> bool {
        let is_other = |(other, definition): (&String, &Definition)| {
            other != key && !definition.is_system && fold(&definition.label) == label
        };
        self.by_key.iter().any(is_other)
    }

    /// A value in words: option ids become their texts, anything else stays.
    pub fn words(&self, key: &str, text: String) -> String {
        let Some(definition) = self.by_key.get(key) else {
            return text;
        };
        let word = |id: &str| definition.option(id).map(|option| &option.path).or_else(|| self.others.get(id)).cloned();
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

    /// Whether the values of a field are options.
    pub fn has_options(&self, key: &str) -> bool {
        self.by_key.get(key).is_some_and(|definition| !definition.options.is_empty())
    }

    /// What the values of a field are; none when the account does not say it in words that are known.
    pub fn kind(&self, key: &str) -> Option<CustomKind> {
        self.by_key.get(key)?.kind
    }

    /// Whether a custom field is defined.
    pub fn has(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    /// The words of a field's options, where it has any and neither word nor id is among them.
    pub fn options_without(&self, key: &str, value: &str) -> Option<Vec<&str>> {
        let definition = self.by_key.get(key)?;
        let is_one = definition.option(value).is_some()
            || self.others.contains_key(value)
            || self.value_of(key, value).is_some();
        (!definition.options.is_empty() && !is_one).then(|| {
            let mut words: Vec<&str> = definition.options.iter().map(|option| option.path.as_str()).collect();
            words.sort_unstable();
            words
        })
    }

    /// The stored value a word stands for.
    pub fn value_of(&self, key: &str, word: &str) -> Option<&str> {
        let options = &self.by_key.get(key)?.options;
        let found = options.iter().find(|option| option.path == word);
        found.or_else(|| options.iter().find(|option| option.text == word)).map(|option| option.id.as_str())
    }

    /// All texts that a record may have where a word or an id stands for an option: its id, its words, and each option of the same
    /// name on several branches. A box that is checked has a word of its own in every service.
    pub fn spellings(&self, key: &str, word: &str) -> Vec<String> {
        let Some(definition) = self.by_key.get(key) else { return Vec::new() };
        if definition.kind == Some(CustomKind::Check) && definition.options.is_empty() {
            let wanted = fold(word);
            let said =
                |choice: &Choice| choice.aliases.iter().cloned().chain([choice.value.clone()]).collect::<Vec<_>>();
            return yes_and_no()
                .iter()
                .map(said)
                .find(|words| words.iter().any(|word| fold(word) == wanted))
                .unwrap_or_default();
        }
        let options = &definition.options;
        let mut found: Vec<&FieldOption> =
            options.iter().filter(|option| option.path == word || option.id == word).collect();
        if found.is_empty() {
            found = options.iter().filter(|option| option.text == word).collect();
        }
        found.iter().flat_map(|option| [option.id.clone(), option.path.clone()]).collect()
    }

    /// The words of all options below those that a word or an id stands for.
    pub fn below(&self, key: &str, word: &str) -> Vec<&str> {
        let above: Vec<String> = self.spellings(key, word).into_iter().map(|path| path + LEVELS).collect();
        let options = self.by_key.get(key).map(|definition| definition.options.as_slice()).unwrap_or_default();
        let paths = options.iter().map(|option| option.path.as_str());
        paths.filter(|path| above.iter().any(|above| path.starts_with(above))).collect()
    }

    /// The custom fields as the catalog would have them, for requests that take options by their ids or by their texts.
    pub fn fields(&self, option_ids: bool) -> Vec<Field> {
        let own = |key: &&String| !self.by_key[*key].is_system;
        self.keys.iter().filter(own).map(|key| self.by_key[key].field(key, option_ids)).collect()
    }
}

impl Definition {
    fn option(&self, id: &str) -> Option<&FieldOption> {
        self.by_id.get(id).map(|index| &self.options[*index])
    }

    fn field(&self, key: &str, option_ids: bool) -> Field {
        let label = if self.label.trim().is_empty() { key } else { self.label.trim() };
        let choices = match self.kind {
            Some(CustomKind::Check) if self.options.is_empty() => yes_and_no(),
            _ => self.choices(option_ids),
        };
        let kind = match self.kind {
            Some(CustomKind::Check) => Kind::Choice,
            _ if !choices.is_empty() => Kind::Choice,
            Some(CustomKind::Integer) => Kind::Integer,
            Some(CustomKind::Decimal) => Kind::Decimal,
            Some(CustomKind::Date) => Kind::Date,
            Some(_) | None => Kind::Text,
        };
        let several = !self.options.is_empty() && matches!(self.kind, Some(CustomKind::Check) | None);
        // Requests with texts have no room for a cascade, and none for a file.
        let is_unsendable = match self.kind {
            Some(CustomKind::Attachment) => true,
            Some(CustomKind::Cascade) => !option_ids,
            _ => false,
        };
        Field {
            name: key.to_owned(),
            zh: label.to_owned(),
            en: label.to_owned(),
            kind,
            aliases: Vec::new(),
            required: false,
            required_confidence: None,
            read_only: is_unsendable,
            write_only: false,
            form: None,
            instead: None,
            custom: true,
            secret: false,
            text_only: self.kind == Some(CustomKind::Code),
            max: None,
            choices,
            several,
            reference: None,
            zero_is_none: false,
            by: Default::default(),
            fallback_aliases: Vec::new(),
            is_looked_up: false,
            takes_words: false,
            clue: None,
            mode: None,
            example: None,
            example_en: None,
            learned: true,
            confidence: Confidence::Confirmed,
            source: "the account's field definitions".to_owned(),
        }
    }

    /// The options, each under the value that a request carries. One that has others below it may be meant, too.
    fn choices(&self, option_ids: bool) -> Vec<Choice> {
        let mut texts: HashMap<&str, usize> = HashMap::new();
        for option in &self.options {
            *texts.entry(&option.text).or_default() += 1;
        }
        let is_alone = |option: &FieldOption| texts[option.text.as_str()] == 1 && !option.is_branch;
        let words: HashSet<String> = self.options.iter().map(|option| fold(&option.path)).collect();
        let choice = |option: &FieldOption| {
            let (value, other) = match option_ids {
                true => (&option.id, option.path.clone()),
                false => (&option.path, option.id.clone()),
            };
            let other = Some(other).filter(|other| *other != option.path && !words.contains(&fold(other)));
            let last = Some(option.text.clone()).filter(|text| *text != option.path && is_alone(option));
            let arrows = Some(option.path.replace(LEVELS, ">")).filter(|path| *path != option.path);
            Choice {
                value: value.clone(),
                zh: option.path.clone(),
                en: option.path.clone(),
                aliases: [other, last, arrows].into_iter().flatten().collect(),
                offered: true,
            }
        };
        self.options.iter().map(choice).collect()
    }
}

fn yes_and_no() -> Vec<Choice> {
    let choice = |value: &str, aliases: &[&str]| Choice {
        value: value.to_owned(),
        zh: value.to_owned(),
        en: value.to_owned(),
        aliases: aliases.iter().map(|alias| (*alias).to_owned()).collect(),
        offered: true,
    };
    vec![
        choice("是", &["yes", "true", "y", "1", "√", "✓", "✔"]),
        choice("否", &["no", "false", "n", "0", "×", "✗", "✘"]),
    ]
}

/// The options of a definition, those below others behind them.
fn options(record: &Value, custom: &Custom) -> Vec<FieldOption> {
    let mut found = Vec::new();
    collect_options(record.get(&custom.options), custom, "", &mut found);
    found
}

fn collect_options(options: Option<&Value>, custom: &Custom, above: &str, into: &mut Vec<FieldOption>) {
    for option in options.and_then(Value::as_array).into_iter().flatten() {
        let text = |name: &str| option.get(name).map(as_text).unwrap_or_default().into_owned();
        let (id, text) = (text(&custom.option_key), text(&custom.option_text));
        let path = if above.is_empty() { text.clone() } else { format!("{above}{LEVELS}{text}") };
        let below = option.get(&custom.suboptions);
        let is_branch = below.and_then(Value::as_array).is_some_and(|below| !below.is_empty());
        into.push(FieldOption { id, text, path: path.clone(), is_branch });
        collect_options(below, custom, &path, into);
    }
}
