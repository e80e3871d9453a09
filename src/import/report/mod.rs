//! What became of every row, for people and for scripts: `results.xlsx` and `results.csv`, `issues.csv`, the files of failed
//! rows, `summary.json`. All of it is read from the journal and the kept cells; nobody opens the input again.

mod advice;
mod content;
mod failed_files;
mod failed_rows;
mod issues;
mod results;
mod results_book;
mod row_findings;
mod settle_line;
mod summary;
pub mod words;
mod write;
mod written_rows;

pub use content::{Files, RunContent, exit_of};
pub use failed_files::{failed_number, file_to_retry};
pub(super) use failed_rows::write_left;
pub use issues::{remove_issues_beside, write_issues_beside, write_issues_to};
pub use settle_line::SettleLine;
pub use summary::{describe, summary, write_summary};
pub use write::{REPORTS, write};
