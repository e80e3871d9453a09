//! What a person decided about texts of which it is not clear which record they mean: read from a workbook, from the command
//! line, or kept from before.

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::entity::fold;
use crate::error::{Error, Result};
use crate::format::{self, Input, Row, column_letters};
use crate::mapping::is_word_key;
use crate::message;
use crate::message::Message;

/// The title of the column that a person fills in, in Chinese and in English.
pub(super) const ANSWER: [&str; 2] = ["处理", "answer"];
/// The title of the column by which an answer is known again.
pub(super) const KEY: &str = "bw8_key";

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
}

/// The words of an answer, those that are offered first.
pub(super) const CREATE: [&str; 3] = ["新建", "create", "new"];
pub(super) const BLANK: [&str; 4] = ["留空", "blank", "leave blank", "空"];
pub(super) const REFUSE: [&str; 6] = ["不导入", "refuse", "don't send", "do not send", "不发送", "skip"];

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
        if is_word {
            return Some(Decided::Use(text.to_owned()));
        }
        let id = text.split_whitespace().next()?;
        id.bytes().all(|byte| byte.is_ascii_digit()).then(|| Decided::Use(id.to_owned()))
    }

    /// The answer as a journal keeps it.
    pub(in crate::import) fn to_text(&self) -> String {
        match self {
            Decided::Use(id) => format!("use {id}"),
            Decided::Create => "create".to_owned(),
            Decided::Blank => "blank".to_owned(),
            Decided::Refuse => "refuse".to_owned(),
        }
    }

    fn of_text(text: &str) -> Option<Decided> {
        match text {
            "create" => Some(Decided::Create),
            "blank" => Some(Decided::Blank),
            "refuse" => Some(Decided::Refuse),
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

fn is_key(text: &str) -> bool {
    let text = if is_word_key(text) { &text[1..] } else { text };
    text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
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
                answers.given.insert(key, Given { decided, place: None });
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
        let input = Input { path: file.to_owned(), shown: shown.clone(), header_row: Some(1), ..Input::default() };
        let mut reader = format::open(&input)?;
        let sheet = reader.sheet().clone();
        let column = |titles: &[&str]| {
            let is_it = |had: &String| titles.iter().any(|title| fold(had) == fold(title));
            sheet.header.iter().position(is_it).ok_or_else(|| {
                Error::usage(message!("lookup.no_title", file = shown, title = titles.join(" / ")))
                    .hint(message!("lookup.no_title_hint"))
            })
        };
        let (answer, key) = (column(&ANSWER)?, column(&[KEY])?);
        let (mut row, mut here) = (Row::default(), HashMap::new());
        while reader.read(&mut row)? {
            let text = row.cell(answer).text.trim();
            if text.is_empty() {
                continue;
            }
            let cell = |column: usize| format!("{}{}", column_letters(column), row.number);
            let name = row.cell(key).text.trim();
            if !is_key(name) {
                return Err(Error::usage(message!("lookup.bad_key", file = shown, cell = cell(key)))
                    .hint(message!("lookup.bad_key_hint")));
            }
            let decided = Decided::of_cell(text, is_word_key(name)).ok_or_else(|| {
                Error::usage(message!("lookup.bad_answer", file = shown, cell = cell(answer), value = text))
                    .hint(message!("lookup.bad_answer_hint"))
            })?;
            let other = here.insert(name.to_owned(), decided.clone()).filter(|before| *before != decided);
            if other.is_some() {
                return Err(Error::usage(message!("lookup.answered_twice", file = shown, cell = cell(answer)))
                    .hint(message!("lookup.bad_answer_hint")));
            }
            let place = message!("lookup.cell", file = shown, cell = cell(answer));
            self.given.insert(name.to_owned(), Given { decided, place: Some(place) });
        }
        Ok(())
    }
}
