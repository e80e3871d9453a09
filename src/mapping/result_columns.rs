//! Columns that say what became of a row and are no part of it.

use crate::entity::fold;

/// Columns that our file of failed rows has beside the input's own: the row's number there, the run, the end, the reason.
pub const RESULT_COLUMNS: [&str; 4] = ["bw8_row", "bw8_run", "bw8_status", "bw8_error"];

/// Those of the files that other importers hand back.
const OF_OTHERS: &[&str] =
    &["sf__Id", "sf__Created", "STATUS", "ERROR", "Errors", "Old Id", "失败原因", "错误原因", "错误信息", "导入结果"];

/// Whether a folded header is that of a column of results.
pub(super) fn is_result_column(folded: &str) -> bool {
    RESULT_COLUMNS.iter().chain(OF_OTHERS).any(|name| fold(name) == folded)
}
