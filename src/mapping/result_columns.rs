//! Columns that say what became of a row and are no part of it.

use super::vendors::Vendors;
use crate::entity::fold;
use crate::language::Language;
use crate::text::trimmed;

/// Columns that our file of failed rows has beside the input's own: the row's number there, the run, the end, the reason.
pub const RESULT_COLUMNS: [&str; 4] = ["bw8_row", "bw8_run", "bw8_status", "bw8_error"];

/// The column of the file of failed rows in which a person consents to a row that was held back, in either language.
pub const CONFIRM_COLUMNS: [&str; 2] = ["确认导入", "confirm import"];

/// The first columns of the workbook of failed rows: why a row failed, and what to do. In Chinese and English.
const REASON_COLUMNS: [[&str; 2]; 2] = [["原因", "建议"], ["reason", "what to do"]];

/// How the first two columns of the workbook of failed rows are called.
pub fn reason_columns(language: Language) -> [&'static str; 2] {
    let [zh, en] = &REASON_COLUMNS;
    [0, 1].map(|column| language.pick(zh[column], en[column]))
}

/// How many columns at the beginning of a header are ours. Their titles are words that a table may have anywhere, so only
/// both of them at the very beginning are, and the one for consent behind them.
pub fn leading_columns(header: &[String]) -> usize {
    let begins = |titles: &[&str; 2]| {
        header.len() > titles.len() && header.iter().zip(titles).all(|(title, own)| trimmed(title) == *own)
    };
    let confirms = header.get(2).is_some_and(|title| CONFIRM_COLUMNS.contains(&title.trim()));
    match REASON_COLUMNS.iter().any(begins) {
        true => 2 + usize::from(confirms),
        false => 0,
    }
}

/// Whether a header is that of a column which our file of failed rows adds.
pub fn is_own_column(header: &str) -> bool {
    RESULT_COLUMNS.contains(&header) || CONFIRM_COLUMNS.contains(&header)
}

/// Whether a cell of that column says yes.
pub fn is_confirmation(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "是" | "确认" | "对" | "√" | "✓" | "1" | "y" | "yes" | "true")
}

/// Whether a file with a column called so would be read as if that said what became of its rows.
pub fn is_reserved(header: &str) -> bool {
    let folded = fold(header);
    is_result_column(&folded) || REASON_COLUMNS.iter().flatten().any(|title| fold(title) == folded)
}

/// Whether a folded header is that of a column of results.
pub fn is_result_column(folded: &str) -> bool {
    RESULT_COLUMNS.iter().chain(&CONFIRM_COLUMNS).any(|name| fold(name) == folded)
        || Vendors::embedded().is_result(folded)
}
