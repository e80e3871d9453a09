//! The reports with a line for each row or finding.

use super::content::{Files, RunContent};
use super::{failed_rows, issues, results, results_book};

/// Names of the reports beside the file of failed rows.
pub const REPORTS: [&str; 4] = ["results.xlsx", "results.csv", "issues.csv", "summary.json"];

/// Writes `results.xlsx`, `results.csv`, `issues.csv` and the files of failed rows, each of them whatever becomes of the others.
pub fn write(content: &RunContent<'_>) -> Files {
    let mut files = Files::default();
    files.issues = files.written(issues::write(content));
    files.book = files.written(results_book::write(content).map(Some));
    files.results = files.written(results::write(content).map(Some));
    let failed = files.written(failed_rows::write(content));
    (files.failed, files.failed_book) = (failed.own, failed.book);
    files
}
