//! Why a value cannot be sent.

use rust_i18n::t;

/// Why a cell cannot be sent: a stable code, and what the text of the rule needs to be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable name of the rule.
    pub code: &'static str,
    /// What the text of the rule needs to be filled in.
    pub details: Vec<(&'static str, String)>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(code: &'static str) -> Self {
        Problem { code, details: Vec::new() }
    }

    /// The same with a detail of its text.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.details.push((name, value.to_string()));
        self
    }

    /// What is wrong, in the user's language.
    pub fn rule(&self) -> String {
        self.text(&format!("check.{}", self.code))
    }

    /// What to do about it, in the user's language.
    pub fn hint(&self) -> String {
        self.text(&format!("check.{}_hint", self.code))
    }

    fn text(&self, key: &str) -> String {
        let (names, texts): (Vec<&str>, Vec<String>) = self.details.iter().cloned().unzip();
        rust_i18n::replace_patterns(&t!(key), &names, &texts)
    }
}
