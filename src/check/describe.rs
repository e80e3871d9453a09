//! Findings in words, for the terminal.

use super::consent::can_be_consented;
use super::findings::{FindingKind, Findings};
use crate::error::Result;
use crate::format::column_letters;
use crate::language::Language;
use crate::mapping::Mapping;
use crate::message;
use crate::problem::Severity;
use crate::t;

/// The hint of what somebody agreed to.
pub const CONFIRMED: &str = "import.confirmed";

/// Kinds of findings that are shown before anything is sent.
pub const SHOWN_KINDS: usize = 8;

/// Findings for the terminal: a part for each severity, the weightiest first; in it one paragraph a kind, the commonest first,
/// at most `limit` of them. Empty without findings.
///
/// # Errors
/// A temporary file that cannot be read.
pub fn describe(findings: &Findings, mapping: &Mapping, limit: usize) -> Result<String> {
    let kinds = findings.kinds()?;
    let mut lines = Vec::new();
    for severity in Severity::ALL.into_iter().rev() {
        let kinds: Vec<&FindingKind> = kinds.iter().filter(|kind| kind.example.severity == severity).collect();
        if kinds.is_empty() {
            continue;
        }
        // What somebody agreed to is sent as it stands, and nothing was put right there.
        let (confirmed, others): (Vec<&FindingKind>, Vec<&FindingKind>) =
            kinds.iter().copied().partition(|kind| kind.example.hint.code() == CONFIRMED);
        let parts = [(message!("import.confirmed_rows").to_string(), confirmed), (heading(severity, findings), others)];
        for (heading, kinds) in parts.into_iter().filter(|(_, kinds)| !kinds.is_empty()) {
            lines.push(heading);
            kinds.iter().take(limit).for_each(|kind| lines.extend(paragraph(kind, mapping)));
            if kinds.len() > limit {
                lines.push(message!("import.finding_more", count = kinds.len() - limit).to_string());
            }
        }
        if severity == Severity::Held && findings.held > 0 {
            let codes = kinds.iter().map(|kind| kind.example.code.as_str());
            let codes: Vec<&str> = codes.filter(|code| can_be_consented(code)).collect();
            if !codes.is_empty() {
                lines.push(t!("import.held_ways", codes = distinct(codes).join(",")).into_owned());
            }
        }
    }
    Ok(lines.join("\n"))
}

fn heading(severity: Severity, findings: &Findings) -> String {
    match severity {
        Severity::Refused => message!("import.refused_rows", rows = findings.refused),
        // Its rows are refused for something else.
        Severity::Held if findings.held == 0 => message!("import.held_besides"),
        Severity::Held => message!("import.held_rows", rows = findings.held),
        Severity::Skipped => message!("import.skipped_rows", rows = findings.skipped),
        Severity::Word => message!("import.words"),
    }
    .to_string()
}

fn paragraph(kind: &FindingKind, mapping: &Mapping) -> Vec<String> {
    let numbers: Vec<String> = kind.rows.iter().map(u64::to_string).collect();
    let more = if kind.count > kind.rows.len() as u64 { "…" } else { "" };
    let rows = match numbers.as_slice() {
        [row] => t!("import.finding_row", row = format!("{row}{more}")),
        rows => t!("import.finding_rows", rows = rows.join(Language::current().pick("、", ", ")) + more),
    };
    let location = match kind.example.column {
        Some(column) => {
            let column = usize::try_from(column).unwrap_or_default();
            let (letters, header) = (column_letters(column), mapping.header(column));
            match header.is_empty() {
                true => t!("import.finding_column_unnamed", letters = letters, rows = rows),
                false => t!("import.finding_column", letters = letters, header = header, rows = rows),
            }
        }
        None => rows,
    };
    let rule = if kind.count > 1 { kind.example.rule.kind() } else { kind.example.rule.clone() };
    let mut lines = vec![t!("import.finding_kind", count = kind.count, location = location, rule = rule).into_owned()];
    let hint = kind.example.hint.to_string();
    if !hint.is_empty() && kind.example.hint.code() != CONFIRMED {
        lines.push(format!("    → {hint}"));
    }
    lines
}

fn distinct(mut codes: Vec<&str>) -> Vec<&str> {
    codes.sort_unstable();
    codes.dedup();
    codes
}
