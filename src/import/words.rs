//! Words that are no choices of their fields: one that stands in many rows is asked about once, and the rows wait for what a
//! person decides about it. What was decided counts whenever the rows are read, so that they are what they would be if the
//! file said it.

use std::collections::HashMap;

use super::options::ImportOptions;
use super::references::{Answers, Decided, Given, Question};
use crate::check::finding::Finding;
use crate::check::record::{Record, WrongWord};
use crate::entity::{Choice, Field, Requirement};
use crate::error::{Error, Result};
use crate::language::Language;
use crate::mapping::{FieldSource, Mapping, WordAnswers, is_word_key, word_key};
use crate::message;
use crate::message::Message;
use crate::problem::Severity;
use crate::text::clean;

/// So many rows that say a word are asked about together; fewer are put right one by one.
const MANY: u64 = 10;
/// Different words that are counted. A column with more of them is one of something else.
const COUNTED: usize = 5_000;
/// Most choices that are named.
const NAMED: usize = 200;

/// What a person decided about words.
#[derive(Debug, Clone, Default)]
pub struct Words {
    given: HashMap<String, Given>,
}

impl Words {
    /// Those of the file that a command names.
    ///
    /// # Errors
    /// A file that cannot be read, or says what cannot be done.
    pub fn named(options: &ImportOptions<'_>) -> Result<Words> {
        let answers = Answers::gather(Vec::new(), None, options.references.decisions.as_deref())?;
        Ok(Words::of(&answers))
    }

    /// Those among all that a person decided.
    pub(super) fn of(answers: &Answers) -> Words {
        let words = answers.all().filter(|(key, _)| is_word_key(key));
        Words { given: words.map(|(key, given)| (key.clone(), given.clone())).collect() }
    }

    /// Whether these decide the same.
    pub(super) fn decides_as(&self, other: &Words) -> bool {
        let decides = |of: &Words| {
            let mut all: Vec<(String, String)> =
                of.given.iter().map(|(key, given)| (key.clone(), given.decided.to_text())).collect();
            all.sort_unstable();
            all
        };
        decides(self) == decides(other)
    }

    /// What the words stand for.
    pub(super) fn meant(&self) -> WordAnswers {
        let meant = |(key, given): (&String, &Given)| match &given.decided {
            Decided::Use(choice) => Some((key.clone(), choice.clone())),
            Decided::Blank => Some((key.clone(), String::new())),
            Decided::Create | Decided::Refuse | Decided::Others => None,
        };
        self.given.iter().filter_map(meant).collect()
    }

    /// What is new among them, as a journal keeps it.
    pub(super) fn to_keep(&self) -> impl Iterator<Item = (&str, String)> {
        let new = self.given.iter().filter(|(_, given)| given.place.is_some());
        new.map(|(key, given)| (key.as_str(), given.decided.to_text()))
    }
}

/// Words that rows say, and how many rows.
#[derive(Debug, Default)]
pub(super) struct SaidWords {
    said: HashMap<String, SaidWord>,
}

#[derive(Debug)]
struct SaidWord {
    /// The place of the word among those that were met.
    place: usize,
    source: usize,
    text: String,
    rows: u64,
    why: Message,
}

/// What a row waits for, or why it does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weighed {
    /// It has other mistakes, or none of this kind, or a person decided not to send it.
    Otherwise,
    /// Nothing but words keep it from being sent, of which each is asked about.
    Waits,
}

impl SaidWords {
    /// Looks at the words of a row, and counts them. `asked` are those that are asked about.
    ///
    /// # Errors
    /// An answer that is no choice either.
    pub(super) fn weigh(
        &mut self,
        (mapping, record): (&Mapping, &Record),
        words: &Words,
        asked: &SaidWords,
    ) -> Result<Weighed> {
        if record.wrong_words.is_empty() {
            return Ok(Weighed::Otherwise);
        }
        let refused = record.findings.iter().filter(|finding| finding.severity == Severity::Refused).count();
        let mut is_asked = refused == record.wrong_words.len();
        for word in &record.wrong_words {
            let source = &mapping.sources[word.source];
            let key = word_key(&source.field.name, &word.text);
            if let Some(given) = words.given.get(&key) {
                is_asked &= !is_refused(source, given)?;
            }
            is_asked &= asked.said.is_empty() || asked.said.contains_key(&key);
        }
        if is_asked && asked.said.is_empty() {
            record.wrong_words.iter().for_each(|word| self.count(mapping, record, word));
        }
        Ok(if is_asked && !asked.said.is_empty() { Weighed::Waits } else { Weighed::Otherwise })
    }

    fn count(&mut self, mapping: &Mapping, record: &Record, word: &WrongWord) {
        let key = word_key(&mapping.sources[word.source].field.name, &word.text);
        if let Some(said) = self.said.get_mut(&key) {
            said.rows += 1;
            return;
        }
        if self.said.len() >= COUNTED {
            return;
        }
        let is_its = |finding: &&Finding| {
            finding.field.as_ref() == Some(&mapping.sources[word.source].field.name)
                && finding.severity == Severity::Refused
        };
        let why = record.findings.iter().find(is_its).map(|finding| finding.rule.clone()).unwrap_or_default();
        let place = self.said.len();
        self.said.insert(key, SaidWord { place, source: word.source, text: word.text.clone(), rows: 1, why });
    }

    /// Those that stand in many rows.
    pub(super) fn many(self) -> SaidWords {
        SaidWords { said: self.said.into_iter().filter(|(_, word)| word.rows >= MANY).collect() }
    }

    /// What a person is asked about them, in the order they were met.
    pub(super) fn questions(&self, mapping: &Mapping) -> Vec<Question> {
        let mut said: Vec<(&String, &SaidWord)> = self.said.iter().collect();
        said.sort_by_key(|(_, word)| word.place);
        said.into_iter().map(|(key, word)| question(mapping, key, word)).collect()
    }
}

fn question(mapping: &Mapping, key: &str, word: &SaidWord) -> Question {
    let field = &mapping.sources[word.source].field;
    let requirement = mapping.entity().requirement(field, mapping.mode);
    Question {
        key: key.to_owned(),
        label: field.labels().to_string(),
        text: clean(&word.text).into_owned(),
        rows: word.rows,
        why: word.why.to_string(),
        candidates: field.choices.iter().take(NAMED).map(|choice| offered(field, choice)).collect(),
        may_be_made: false,
        may_be_blank: !matches!(requirement, Requirement::Always(_) | Requirement::OneOf(_)),
        has_others: false,
        answer: String::new(),
    }
}

/// What is written for a choice, and what it is. Of two that are called alike each is written as its number.
fn offered(field: &Field, choice: &Choice) -> (String, String) {
    let label = choice.label(Language::current());
    let is_alone = field.choices.iter().filter(|other| other.zh == choice.zh || other.en == choice.en).count() == 1;
    let written = if is_alone { label } else { &choice.value };
    (written.to_owned(), format!("{label} ({})", choice.value))
}

/// Whether the rows that say a word are not to be sent. What was kept from before and is no choice any more is asked about
/// once more.
fn is_refused(source: &FieldSource, given: &Given) -> Result<bool> {
    let labels = source.field.labels();
    match (&given.decided, &given.place) {
        (Decided::Refuse, _) => Ok(true),
        (_, None) => Ok(false),
        (Decided::Blank, Some(place)) => {
            Err(Error::usage(message!("lookup.not_blank", place = place.clone(), label = labels))
                .hint(message!("lookup.bad_word_hint")))
        }
        (decided, Some(place)) => {
            let said = match decided {
                Decided::Use(text) => clean(text).into_owned(),
                _ => decided.to_text(),
            };
            Err(Error::usage(message!("lookup.no_such_option", place = place.clone(), label = labels, value = said))
                .hint(message!("lookup.bad_word_hint")))
        }
    }
}
