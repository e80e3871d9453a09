//! What a person decided about texts of which it is not clear which record they mean: read from a workbook, from the command
//! line, or kept from before.

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;

use super::answered_rows::{AnsweredRow, answered_rows};
use super::question::Question;
use crate::entity::fold;
use crate::error::{Error, Result};
use crate::mapping::is_word_key;
use crate::message;
use crate::message::Message;

/// What a person decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) enum Decided {
    /// This record is meant.
    Use(String),
    /// The record is not there, and is made.
    Create,
    /// The field stays empty.
    Blank,
    /// The rows are not sent.
    Refuse,
    /// A column of ids of another system tells nothing here: the other columns tell which records are meant.
    Others,
}

/// The words of an answer, those that are offered first.
pub(super) const CREATE: [&str; 3] = ["新建", "create", "new"];
pub(super) const BLANK: [&str; 4] = ["留空", "blank", "leave blank", "空"];
pub(super) const REFUSE: [&str; 6] = ["不导入", "refuse", "don't send", "do not send", "不发送", "skip"];
pub(super) const OTHERS: [&str; 3] = ["按其他列查找", "other columns", "其他列"];

impl Decided {
    /// The answer that a cell holds: a word of ours, the choice that a word of the file stands for, or an id with or without
    /// what describes it.
    fn of_cell(text: &str, is_word: bool) -> Option<Decided> {
        let folded = fold(text);
        let is_among = |words: &[&str]| words.iter().any(|word| fold(word) == folded);
        // It may be a choice of the field.
        if !is_word && is_among(&CREATE) {
            return Some(Decided::Create);
        }
        if is_among(&BLANK) {
            return Some(Decided::Blank);
        }
        if is_among(&REFUSE) {
            return Some(Decided::Refuse);
        }
        if !is_word && is_among(&OTHERS) {
            return Some(Decided::Others);
        }
        if is_word {
            return Some(Decided::Use(text.to_owned()));
        }
        let id: String = text.split_whitespace().next()?.nfkc().collect();
        id.bytes().all(|byte| byte.is_ascii_digit()).then_some(Decided::Use(id))
    }

    /// The answer as a journal keeps it.
    pub(in crate::import) fn to_text(&self) -> String {
        match self {
            Decided::Use(id) => format!("use {id}"),
            Decided::Create => "create".to_owned(),
            Decided::Blank => "blank".to_owned(),
            Decided::Refuse => "refuse".to_owned(),
            Decided::Others => "others".to_owned(),
        }
    }

    fn of_text(text: &str) -> Option<Decided> {
        match text {
            "create" => Some(Decided::Create),
            "blank" => Some(Decided::Blank),
            "refuse" => Some(Decided::Refuse),
            "others" => Some(Decided::Others),
            text => text.strip_prefix("use ").map(|id| Decided::Use(id.to_owned())),
        }
    }
}

/// An answer, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::import) struct Given {
    /// What was decided.
    pub decided: Decided,
    /// The file and cell it was read from; none of one that was kept from before.
    pub place: Option<Message>,
    /// What it says behind an id, where that was not offered so: filled downwards, a spreadsheet program counts the id up and leaves
    /// the name.
    pub called: Option<String>,
}

impl Given {
    /// What it says of a record that has another name.
    pub(super) fn miscalls(&self, name: &str) -> Option<&str> {
        let called = self.called.as_deref()?;
        let is_all = fold(called) == fold(name);
        // A line that was offered says more behind the name, and long names are cut there.
        let behind = called.strip_prefix(name.trim()).filter(|_| !name.trim().is_empty());
        let says_more = behind.is_some_and(|more| more.starts_with(char::is_whitespace));
        let is_cut = called.split_once('…').is_some_and(|(begin, _)| !begin.is_empty() && name.starts_with(begin));
        (!is_all && !says_more && !is_cut).then_some(called)
    }
}

/// What is asked about is known by this in every file and run.
pub(super) fn key_of(field: &str, said: &str) -> String {
    // What differs in width and case alone means the same.
    exact_key_of(field, &fold(said))
}

/// The key as versions before made it.
pub(super) fn exact_key_of(field: &str, said: &str) -> String {
    let digest = Sha256::digest(format!("{field}\u{1e}{said}").as_bytes());
    digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect()
}

/// A column with ids of another system is known by this in every file and run.
pub(super) fn column_key(field: &str, source: &str) -> String {
    exact_key_of(field, &format!("\u{1e}{source}"))
}

/// Answers by the keys of what they answer.
#[derive(Debug, Clone, Default)]
pub(in crate::import) struct Answers {
    given: HashMap<String, Given>,
}

impl Answers {
    /// Those that a run has kept, over these those in a workbook of its folder, over these those of a file that was named.
    ///
    /// # Errors
    /// A file that cannot be read, or a cell that says nothing that can be done.
    pub(in crate::import) fn gather(
        kept: Vec<(String, String)>,
        own: Option<&Path>,
        named: Option<&Path>,
    ) -> Result<Answers> {
        let mut answers = Answers::default();
        for (key, text) in kept {
            if let Some(decided) = Decided::of_text(&text) {
                answers.given.insert(key, Given { decided, place: None, called: None });
            }
        }
        for file in own.filter(|file| file.exists()).into_iter().chain(named) {
            answers.read(file)?;
        }
        Ok(answers)
    }

    /// All of them, by the keys of what they answer.
    pub(in crate::import) fn all(&self) -> impl Iterator<Item = (&String, &Given)> {
        self.given.iter()
    }

    /// The answer to what has this key.
    pub(super) fn get(&self, key: &str) -> Option<&Given> {
        self.given.get(key)
    }

    /// The answer to what has one of these keys.
    pub(super) fn of(&self, key: &str, exact_key: &str) -> Option<&Given> {
        self.given.get(key).or_else(|| self.given.get(exact_key))
    }

    /// Whether any of them names a record by its id.
    pub(in crate::import) fn hold_ids(&self) -> bool {
        self.given.iter().any(|(key, given)| !is_word_key(key) && matches!(given.decided, Decided::Use(_)))
    }

    /// Whether any of them makes a record.
    pub(super) fn creates(&self) -> bool {
        self.given.values().any(|given| given.decided == Decided::Create)
    }

    /// The answer to what has this key, to be changed.
    pub(super) fn given_before(&mut self, key: &str) -> Option<&mut Given> {
        self.given.get_mut(key)
    }

    fn read(&mut self, file: &Path) -> Result<()> {
        let shown = file.display().to_string();
        let mut here = HashMap::new();
        for AnsweredRow { question: Question { key, answer, candidates, .. }, cell } in answered_rows(file)? {
            let decided = Decided::of_cell(&answer, is_word_key(&key)).ok_or_else(|| {
                Error::usage(message!("lookup.bad_answer", file = shown, cell = cell, value = answer))
                    .hint(message!("lookup.bad_answer_hint"))
            })?;
            let other = here.insert(key.clone(), decided.clone()).filter(|before| *before != decided);
            if other.is_some() {
                return Err(Error::usage(message!("lookup.answered_twice", file = shown, cell = cell))
                    .hint(message!("lookup.bad_answer_hint")));
            }
            let place = message!("lookup.cell", file = shown, cell = cell);
            let is_offered = is_word_key(&key) || candidates.iter().any(|(_, offered)| *offered == answer);
            let behind = answer.split_once(char::is_whitespace).map(|(_, behind)| behind.trim().to_owned());
            let called = behind.filter(|_| !is_offered && matches!(decided, Decided::Use(_)));
            self.given.insert(key, Given { decided, place: Some(place), called });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_names_the_record_of_its_id_whole_or_is_another_one_s() {
        let miscalls = |called: &str, name: &str| {
            let given =
                Given { decided: Decided::Use("50001".to_owned()), place: None, called: Some(called.to_owned()) };
            given.miscalls(name).is_some()
        };
        for called in ["示例集团", "示例集团 13000000001", "示例 集团", "示例集…"] {
            assert!(!miscalls(called, "示例集团"), "{called}");
        }
        for (called, name) in [("示例集团", "示例集团上海"), ("示例集团上海", "示例集团"), ("示例", ""), ("甲", "乙")]
        {
            assert!(miscalls(called, name), "{called} {name}");
        }
    }
}
