//! Why a value cannot be sent.

use crate::message::{AsText, Detail, Message};

/// Why a cell cannot be sent: a stable code, and what the text of the rule needs to be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Stable name of the rule.
    pub code: &'static str,
    /// What the text of the rule needs to be filled in.
    pub details: Vec<(&'static str, Detail)>,
}

impl Problem {
    /// A problem of this kind.
    pub fn new(code: &'static str) -> Self {
        Problem { code, details: Vec::new() }
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
