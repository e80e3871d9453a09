//! The reports with a line for each row or finding.

use super::content::{Files, RunContent};
use super::{issues, results};

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
