//! What to do about a row, in words.

use crate::check::findings::RowFinding;
use crate::journal::{Operation, Status};
use crate::mapping::Mapping;
use crate::message;
use crate::problem::Severity;
use crate::t;

/// What to do about a row; nothing where it is done.
pub(super) fn advice(operation: Option<&Operation>, findings: &[RowFinding], mapping: &Mapping) -> String {
    let Some(operation) = operation else { return t!("report.todo_pending").into_owned() };
    let (severity, otherwise) = match operation.status {
        Status::Refused => (Severity::Refused, "report.todo_fix"),
        Status::Held => (Severity::Held, "report.todo_confirm"),
        Status::Failed => return t!("report.todo_fix").into_owned(),
        Status::Unknown => return t!("report.todo_settle").into_owned(),
        Status::Created | Status::Updated | Status::Unchanged | Status::Skipped => return String::new(),
    };
    let of_row = findings.iter().filter(|finding| finding.severity == severity);
    let mut hints: Vec<(Option<u64>, String)> =
        of_row.map(|finding| (finding.column, finding.hint.to_string())).filter(|(_, hint)| !hint.is_empty()).collect();
    hints.dedup();
    let header = |column: u64| usize::try_from(column).map_or("", |column| mapping.header(column));
    // Where there is one alone, it is about what is wrong.
    let is_alone = hints.len() == 1;
    let lines = hints.into_iter().map(|(column, hint)| match column.map(header).filter(|header| !header.is_empty()) {
        Some(header) if !is_alone => message!("import.in_column", header = header, rule = hint).to_string(),
        _ => hint,
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { t!(otherwise).into_owned() } else { lines.join("\n") }
}
