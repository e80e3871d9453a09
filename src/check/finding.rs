//! What is found in a row.

use crate::mapping::FieldSource;
use crate::message::Message;
use crate::problem::{Problem, Severity};
use crate::text;

/// The longest part of a value that a finding shows, in characters.
const SHOWN: usize = 60;

/// What is found in a row: a mistake, a doubt, or a word about what was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The column, counted from 0; none when the row as a whole or a constant is at fault.
    pub column: Option<usize>,
    /// The name of the field; none when the mistake is not about one.
    pub field: Option<String>,
    /// What kind of finding, for scripts.
    pub code: &'static str,
    /// What it means for the row.
    pub severity: Severity,
    /// The cell's text: safe to show, shortened, masked when the field is secret.
    pub value: String,
    /// What is found.
    pub rule: Message,
    /// What to do about it.
    pub hint: Message,
}

impl Finding {
    /// A finding in the text of a source, or in the row as a whole.
    pub(crate) fn new(source: Option<&FieldSource>, column: Option<usize>, text: &str, problem: Problem) -> Self {
        let value = if source.is_some_and(|source| source.field.secret) && !text.is_empty() {
            "•••".to_owned()
        } else {
            text::clean(&text::shorten(text, SHOWN)).into_owned()
        };
        Finding {
            column,
            field: source.map(|source| source.field.name.clone()),
            code: problem.code,
            severity: problem.severity,
            value,
            rule: problem.rule(),
            hint: problem.hint(),
        }
    }
}
