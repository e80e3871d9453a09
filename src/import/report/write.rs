//! The reports with a line for each row or finding.

use super::content::{Files, RunContent};
use super::{failed_rows, issues, results};

/// Names of the reports beside the file of failed rows.
pub const REPORTS: [&str; 3] = ["results.csv", "issues.csv", "summary.json"];

/// Writes `results.csv`, `issues.csv` and the file of failed rows, each of them whatever becomes of the others.
pub fn write(content: &RunContent<'_>) -> Files {
    let mut files = Files::default();
    files.issues = files.written(issues::write(content));
    files.results = files.written(results::write(content).map(Some));
    files.failed = files.written(failed_rows::write(content));
    files
}
