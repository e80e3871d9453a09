//! The rows of a workbook in which a person answered, each with what it answers. A person sees the text and answers that,
//! whatever the hidden column beside it says: sorting what is shown leaves what is hidden where it was.

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::question::{ANSWER, KEY, Question, TITLES};
use crate::entity::fold;
use crate::error::{Error, Result};
use crate::format::{self, Input, Row, column_letters};
use crate::mapping::is_word_key;
use crate::message;
use crate::text::{clean, shorten};

/// Between what a question is known by and the mark of the text that stands beside it.
const BESIDE: char = '-';
/// Most characters of a text that an error shows.
const SHOWN: usize = 60;

/// A row with an answer.
pub(super) struct AnsweredRow {
    /// What it answers, as it stands in the workbook.
    pub question: Question,
    /// The cell that the answer stands in.
    pub cell: String,
}

/// A row as it stands in the workbook.
struct ReadRow {
    number: u64,
    /// What the hidden cell says: a key, and the mark of the text that it was written beside.
    key: String,
    written_beside: Option<String>,
    /// The mark of the text that stands beside it now; none where the workbook shows no texts.
    beside: Option<String>,
    /// What else it says, in the order of the titles.
    texts: [String; TITLES.len()],
    answer: String,
}

/// What the hidden cell beside a question says.
pub(super) fn hidden(key: &str, label: &str, text: &str) -> String {
    format!("{key}{BESIDE}{}", mark_of(label, text))
}

/// What tells whether a text is the one that a question was written with. How its lines and spaces were kept makes no difference.
fn mark_of(label: &str, text: &str) -> String {
    let told = |text: &str| fold(&text.split_whitespace().collect::<Vec<_>>().join(" "));
    let digest = Sha256::digest(format!("{}\u{1e}{}", told(label), told(text)).as_bytes());
    digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The rows of a workbook that have answers.
///
/// # Errors
/// A file that cannot be read, or a row of which it is not clear which question it answers.
pub(super) fn answered_rows(file: &Path) -> Result<Vec<AnsweredRow>> {
    let shown = file.display().to_string();
    let input = Input { path: file.to_owned(), shown: shown.clone(), header_row: Some(1), ..Input::default() };
    let mut reader = format::open(&input)?;
    let sheet = reader.sheet().clone();
    let column = |titles: &[&str]| {
        let is_it = |had: &String| titles.iter().any(|title| fold(had) == fold(title));
        sheet.header.iter().position(is_it)
    };
    let needed = |titles: &[&str]| {
        column(titles).ok_or_else(|| {
            Error::usage(message!("lookup.no_title", file = shown, title = titles.join(" / ")))
                .hint(message!("lookup.no_title_hint"))
        })
    };
    let (answer, key) = (needed(&ANSWER)?, needed(&[KEY])?);
    let others = TITLES.map(|titles| column(&titles));
    let (mut row, mut rows) = (Row::default(), Vec::new());
    while reader.read(&mut row)? {
        let cell = |column: usize| row.cell(column).text.trim();
        let (name, written_beside) = match cell(key).split_once(BESIDE) {
            Some((name, mark)) => (name, Some(mark.to_owned())),
            None => (cell(key), None),
        };
        rows.push(ReadRow {
            number: row.number,
            key: name.to_owned(),
            written_beside,
            beside: others[0].zip(others[1]).map(|(label, text)| mark_of(cell(label), cell(text))),
            texts: others.map(|column| column.map(|column| cell(column).to_owned()).unwrap_or_default()),
            answer: cell(answer).to_owned(),
        });
    }
    let mut keys: HashMap<&str, Vec<&str>> = HashMap::new();
    for row in rows.iter().filter(|row| is_key(&row.key)) {
        if let Some(mark) = &row.written_beside {
            keys.entry(mark).or_default().push(&row.key);
        }
    }
    let answered = |row: &&ReadRow| !row.answer.is_empty();
    let place = |column: usize, row: &ReadRow| format!("{}{}", column_letters(column), row.number);
    let answered = rows.iter().filter(answered).map(|row| {
        let Some(name) = answered_by(row, &keys) else {
            return Err(match is_key(&row.key) {
                true => Error::usage(message!(
                    "lookup.other_text",
                    file = shown,
                    row = row.number,
                    text = clean(&shorten(&row.texts[1], SHOWN))
                ))
                .hint(message!("lookup.other_text_hint")),
                false => Error::usage(message!("lookup.bad_key", file = shown, cell = place(key, row)))
                    .hint(message!("lookup.bad_key_hint")),
            });
        };
        Ok(AnsweredRow { question: question_of(row, name), cell: place(answer, row) })
    });
    answered.collect()
}

/// Whether a text is what a question is known by.
fn is_key(text: &str) -> bool {
    let text = if is_word_key(text) { &text[1..] } else { text };
    text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What a row answers. What it offered is told no more than by its candidates: an answer that is changed may be any other.
fn question_of(row: &ReadRow, key: &str) -> Question {
    let [label, text, rows, why, candidates] = row.texts.clone();
    let described = candidates.lines().filter(|line| !line.trim().is_empty());
    // Of a choice its label stands first, of a record its id.
    let id_of = |line: &str| match line.rsplit_once(" (") {
        Some((label, _)) if is_word_key(key) => label.to_owned(),
        _ => line.split_whitespace().next().unwrap_or_default().to_owned(),
    };
    Question {
        key: key.to_owned(),
        label,
        text,
        rows: rows.parse().unwrap_or_default(),
        why,
        candidates: described.map(|line| (id_of(line), line.to_owned())).collect(),
        may_be_made: false,
        may_be_blank: false,
        has_others: false,
        answer: row.answer.clone(),
    }
}

/// The key of the question that a row answers: its own beside the text it was written with, else the one key in the workbook that
/// was written with the text that stands there.
fn answered_by<'r>(row: &'r ReadRow, keys: &HashMap<&str, Vec<&'r str>>) -> Option<&'r str> {
    let is_own = match (&row.written_beside, &row.beside) {
        (Some(written), Some(beside)) => written == beside,
        // A workbook of an earlier version has no marks, and one without texts shows nothing else.
        _ => true,
    };
    if is_own && is_key(&row.key) {
        return Some(&row.key);
    }
    match keys.get(row.beside.as_deref()?).map(Vec::as_slice) {
        Some([key]) => Some(key),
        _ => None,
    }
}
