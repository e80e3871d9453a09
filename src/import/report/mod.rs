//! What became of every row, for people and for scripts: `results.csv`, `issues.csv`, the file of failed rows in the
//! input's own format, `summary.json`. All of it is read from the journal; the input is read once more only where its own
//! cells are needed.

mod content;
mod failed_rows;
mod issues;
mod results;
mod summary;
pub mod words;

pub use content::{Files, RunContent, exit_of};
pub use issues::write_issues_beside;
pub use summary::{describe, summary, write_summary};

/// Writes `results.csv`, `issues.csv` and the file of failed rows. What cannot be written is a warning: the journal holds
/// it all.
pub fn write(content: &RunContent<'_>) -> Files {
    let mut files = Files::default();
    for written in [issues::write(content), results::write(content, &mut files)] {
        if let Err(error) = written {
            files.warnings.push(error.message());
            files.is_incomplete = true;
        }
    }
    files
}
