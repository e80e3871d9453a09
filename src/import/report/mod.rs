//! What became of every row, for people and for scripts: `results.csv`, `issues.csv`, the file of failed rows in the
//! input's own format, `summary.json`. All of it is read from the journal and the kept cells; nobody opens the input again.

mod content;
mod failed_rows;
mod issues;
mod results;
mod settle_line;
mod summary;
pub mod words;
mod write;

pub use content::{Files, RunContent, exit_of};
pub use failed_rows::failed_number;
pub use issues::{write_issues_beside, write_issues_to};
pub use settle_line::SettleLine;
pub use summary::{describe, summary, write_summary};
pub use write::{REPORTS, write};
