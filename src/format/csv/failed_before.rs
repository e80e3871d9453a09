//! Rows that failed before, in the file that is handed back. What was seen of them between their neighbours cannot be seen
//! there, so it is read from what the file says of them.

use super::neighbours::{self, with_widths};
use crate::format::headings::Headings;
use crate::format::row::Row;
use crate::problem::{Problem, Severity};
use crate::t;

/// The columns that say what became of rows before.
#[derive(Debug, Clone, Copy)]
pub(super) struct FailedBefore {
    status: usize,
    reason: usize,
}

impl FailedBefore {
    /// The columns of a file of failed rows; none in any other file.
    pub(super) fn of(header: &[String], headings: &dyn Headings) -> Option<FailedBefore> {
        let column = |wanted: &str| header.iter().position(|title| title.trim() == wanted);
        let [status, reason] = headings.status_and_reason();
        Some(FailedBefore { status: column(status)?, reason: column(reason)? })
    }

    /// Holds back again what was held back for its neighbours: whether it was mended shows nowhere, so a person has to say
    /// so.
    pub(super) fn judge(&self, row: &mut Row, columns: usize) {
        if row.cell(self.status).text.trim() != Severity::Held.as_str() {
            return;
        }
        let reason = row.cell(self.reason).text;
        let codes = neighbours::CODES.into_iter();
        let held: Vec<&'static str> = codes.filter(|code| ["en", "zh"].iter().any(|l| says(reason, code, l))).collect();
        for code in held {
            row.remark(None, with_widths(Problem::held(code), row, columns));
        }
    }
}

/// Whether a reason holds the text of a finding, whatever it was filled in with.
fn says(reason: &str, code: &str, locale: &str) -> bool {
    let text = t!(format!("check.{code}"), locale = locale);
    let fixed = text.split("%{").map(|part| part.split_once('}').map_or(part, |(_, fixed)| fixed));
    let mut rest = Some(reason);
    for part in fixed {
        rest = rest.and_then(|rest| rest.split_once(part)).map(|(_, behind)| behind);
    }
    rest.is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_known_in_either_language() {
        for locale in ["en", "zh"] {
            for code in neighbours::CODES {
                let problem =
                    Problem::held(code).with("line", 3).with("cells", 1).with("columns", 2).with("first", "甲");
                let names: Vec<&str> = problem.details.iter().map(|(name, _)| *name).collect();
                let values: Vec<String> = problem.details.iter().map(|(_, detail)| detail.to_string()).collect();
                let said = rust_i18n::replace_patterns(&t!(format!("check.{code}"), locale = locale), &names, &values);
                let known: Vec<&str> = neighbours::CODES.into_iter().filter(|code| says(&said, code, locale)).collect();
                assert_eq!(known, [code], "{said}");
            }
        }
        assert!(!says("not a mail address", "broken_line", "en"));
    }
}
