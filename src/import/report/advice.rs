//! What to do about a row, in words.

use crate::check::findings::RowFinding;
use crate::journal::{Operation, Status};
use crate::problem::Severity;
use crate::t;

/// What to do about a row; nothing where it is done.
pub(super) fn advice(operation: Option<&Operation>, findings: &[RowFinding]) -> String {
    let Some(operation) = operation else { return t!("report.todo_pending").into_owned() };
    let (severity, otherwise) = match operation.status {
        Status::Refused => (Severity::Refused, "report.todo_fix"),
        Status::Held => (Severity::Held, "report.todo_confirm"),
        Status::Failed => return t!("report.todo_fix").into_owned(),
        Status::Unknown => return t!("report.todo_settle").into_owned(),
        Status::Created | Status::Updated | Status::Unchanged | Status::Skipped => return String::new(),
    };
    let mut hints: Vec<String> = findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .map(|finding| finding.hint.to_string())
        .filter(|hint| !hint.is_empty())
        .collect();
    hints.dedup();
    if hints.is_empty() { t!(otherwise).into_owned() } else { hints.join("\n") }
}
