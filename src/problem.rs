//! What is found in a file, and how much it weighs.

use serde::{Deserialize, Serialize};

use crate::message::{AsText, Detail, Message};

/// What a finding means for its row, the lightest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[repr(u8)]
pub enum Severity {
    /// Restored, converted or left out provably: said, and the row is sent.
    Word = 1,
    /// Provably no row of data: said, and left out.
    Skipped = 2,
    /// It may be right, and a person has to look: not sent without consent.
    Held = 3,
    /// It is wrong: never sent.
    Refused = 4,
}

impl Severity {
    /// All of them, the lightest first.
    pub const ALL: [Severity; 4] = [Severity::Word, Severity::Skipped, Severity::Held, Severity::Refused];

    /// The word in files for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Word => "word",
            Severity::Skipped => "skipped",
            Severity::Held => "held",
            Severity::Refused => "refused",
        }
    }

    /// The severity with this number.
    pub fn from_number(number: i64) -> Option<Severity> {
        Severity::ALL.into_iter().find(|severity| *severity as i64 == number)
    }
}

/// What is found of a cell or a row: a stable code, how much it weighs, and what the text of the rule needs to be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable name of the rule; its texts are `check.CODE` and `check.CODE_hint`.
    pub code: &'static str,
    /// What it means for the row.
    pub severity: Severity,
    /// What the text of the rule needs to be filled in.
    pub details: Vec<(&'static str, Detail)>,
}

impl Problem {
    /// A mistake: the row is never sent.
    pub fn new(code: &'static str) -> Self {
        Problem::of(Severity::Refused, code)
    }

    /// A warning: the row is held back until a person consents.
    pub fn held(code: &'static str) -> Self {
        Problem::of(Severity::Held, code)
    }

    /// The row is provably no data.
    pub fn skipped(code: &'static str) -> Self {
        Problem::of(Severity::Skipped, code)
    }

    /// Something was restored or left out provably, which is said.
    pub fn word(code: &'static str) -> Self {
        Problem::of(Severity::Word, code)
    }

    fn of(severity: Severity, code: &'static str) -> Self {
        Problem { code, severity, details: Vec::new() }
    }

    /// The same with a detail of its text.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl std::fmt::Display) -> Self {
        self.with_detail(name, (&value).detail())
    }

    /// The same with a detail that is put into words later.
    #[must_use]
    pub fn with_detail(mut self, name: &'static str, detail: Detail) -> Self {
        self.details.push((name, detail));
        self
    }

    /// What is wrong.
    pub fn rule(&self) -> Message {
        Message::of_key(format!("check.{}", self.code), self.details.clone())
    }

    /// What to do about it.
    pub fn hint(&self) -> Message {
        Message::of_key(format!("check.{}_hint", self.code), self.details.clone())
    }
}
