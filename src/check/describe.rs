//! Findings in words, for the terminal.

use rust_i18n::t;

use super::findings::FindingKind;
use crate::format::column_letters;
use crate::mapping::Mapping;

/// Findings for the terminal: one paragraph a kind, the commonest first, at most `limit` of them.
pub fn describe(kinds: &[FindingKind], mapping: &Mapping, limit: usize) -> String {
    let mut lines = Vec::new();
    for kind in kinds.iter().take(limit) {
        let rows: Vec<String> = kind.rows.iter().map(u64::to_string).collect();
        let more = if kind.count > kind.rows.len() as u64 { "…" } else { "" };
        let rows = format!("{}{more}", rows.join(", "));
        let location = match kind.example.column {
            Some(column) => {
                let column = usize::try_from(column).unwrap_or_default();
                t!(
                    "import.finding_column",
                    letters = column_letters(column),
                    header = mapping.header(column),
                    rows = rows
                )
            }
            None => t!("import.finding_rows", rows = rows),
        };
        lines.push(
            t!("import.finding_kind", count = kind.count, location = location, rule = kind.example.rule).into_owned(),
        );
        if !kind.example.hint.is_empty() {
            lines.push(format!("    → {}", kind.example.hint));
        }
    }
    if kinds.len() > limit {
        lines.push(t!("import.finding_more", count = kinds.len() - limit).into_owned());
    }
    lines.join("\n")
}
