//! What a person decided about words that are no choices of their fields. It is no part of what makes a mapping the one it is:
//! a run whose words were decided about is the same run.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use crate::entity::fold;

/// The choices that words stand for, by the keys of both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WordAnswers {
    meant: HashMap<String, String>,
}

impl WordAnswers {
    /// The choice that a word of a field stands for, empty for none; nothing where nobody has decided.
    pub(crate) fn get(&self, field: &str, said: &str) -> Option<&str> {
        if self.meant.is_empty() {
            return None;
        }
        self.meant.get(&word_key(field, said)).map(String::as_str)
    }
}

impl FromIterator<(String, String)> for WordAnswers {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(meant: I) -> Self {
        WordAnswers { meant: meant.into_iter().collect() }
    }
}

/// What a word of a field is known by in every file and run.
pub fn word_key(field: &str, said: &str) -> String {
    let digest = Sha256::digest(format!("{field}\u{1e}word\u{1e}{}", fold(said)).as_bytes());
    let hex: String = digest.iter().take(10).map(|byte| format!("{byte:02x}")).collect();
    format!("w{hex}")
}

/// Whether a key is that of a word.
pub fn is_word_key(key: &str) -> bool {
    key.starts_with('w')
}
