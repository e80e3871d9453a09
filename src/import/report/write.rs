//! The reports with a line for each row or finding.

use super::content::{Files, RunContent};
use super::{failed_rows, issues, results, results_book};
use crate::error::Error;
use crate::journal::OperationCursor;
use crate::message;

/// Names of the reports beside the file of failed rows.
pub const REPORTS: [&str; 4] = ["results.xlsx", "results.csv", "issues.csv", "summary.json"];

/// Writes `results.xlsx`, `results.csv`, `issues.csv` and the files of failed rows, each of them whatever becomes of the others.
pub fn write(content: &RunContent<'_>) -> Files {
    let mut files = Files::default();
    let rows = content.rows();
    // The two that have a line for each row are made of one reading of the journal.
    let (book, results) = match OperationCursor::open_several(rows.folder) {
        Ok([for_results, for_book]) => std::thread::scope(|scope| {
            let results = scope.spawn(|| results::write(&rows, for_results));
            files.issues = files.written(issues::write(content));
            let book = results_book::write(content, for_book);
            (book, results.join().unwrap_or_else(|_| Err(broken())))
        }),
        Err(error) => {
            files.issues = files.written(issues::write(content));
            (Err(error.clone()), Err(error))
        }
    };
    files.book = files.written(book.map(Some));
    files.results = files.written(results.map(Some));
    let failed = files.written(failed_rows::write(content));
    (files.failed, files.failed_book) = (failed.own, failed.book);
    files
}

/// The thread of a file ended with a fault of this program.
fn broken() -> Error {
    Error::cannot_run(message!("run.broken"))
}
