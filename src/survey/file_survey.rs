//! A file, looked over from its first row to its last.

use std::collections::BTreeMap;

use super::column::ColumnSurvey;
use crate::error::Result;
use crate::format::{self, Input, Row, Sheet};
use crate::message::Message;
use crate::problem::Severity;

/// Rows that are named of a kind of remark.
const NAMED_ROWS: usize = 5;

/// What was found in a file.
#[derive(Debug, Clone)]
pub struct FileSurvey {
    /// What its reader says of it.
    pub sheet: Sheet,
    /// Rows of data.
    pub rows: u64,
    /// Rows that are provably none.
    pub skipped: u64,
    /// Its columns, in their order.
    pub columns: Vec<ColumnSurvey>,
    /// What the reader noticed, by code, in alphabetical order.
    pub remarks: BTreeMap<&'static str, RemarkCount>,
}

/// One kind of thing that the reader noticed.
#[derive(Debug, Clone)]
pub struct RemarkCount {
    /// What the first of them means for its row.
    pub severity: Severity,
    /// What the first of them says.
    pub rule: Message,
    /// How many there are.
    pub count: u64,
    /// The first rows they are about.
    pub rows: Vec<u64>,
}

impl FileSurvey {
    /// Reads a file to its end.
    ///
    /// # Errors
    /// A file that cannot be read, at any of its rows.
    pub fn read(input: &Input) -> Result<FileSurvey> {
        FileSurvey::look(input, |_, _| ())
    }

    /// The same with what somebody says of each row of data.
    ///
    /// # Errors
    /// A file that cannot be read, at any of its rows.
    pub fn look(input: &Input, mut says: impl FnMut(&Row, &mut FileSurvey)) -> Result<FileSurvey> {
        let mut reader = format::open(input)?;
        let sheet = reader.sheet().clone();
        let columns = sheet.header.iter().map(|heading| ColumnSurvey::new(heading)).collect();
        let mut survey = FileSurvey { sheet, rows: 0, skipped: 0, columns, remarks: BTreeMap::new() };
        let mut row = Row::default();
        while reader.read(&mut row)? {
            if survey.add(&row) {
                says(&row, &mut survey);
            }
        }
        Ok(survey)
    }

    /// Counts what is said of a row.
    pub fn remark(&mut self, row: u64, code: &'static str, severity: Severity, rule: impl FnOnce() -> Message) {
        let new = || RemarkCount { severity, rule: rule(), count: 0, rows: Vec::new() };
        let counted = self.remarks.entry(code).or_insert_with(new);
        counted.count += 1;
        if counted.rows.len() < NAMED_ROWS && counted.rows.last() != Some(&row) {
            counted.rows.push(row);
        }
    }

    /// Adds a row; false when it is provably none.
    fn add(&mut self, row: &Row) -> bool {
        for remark in &row.remarks {
            let problem = &remark.problem;
            self.remark(row.number, problem.code, problem.severity, || problem.rule());
        }
        if row.remarks.iter().any(|remark| remark.problem.severity == Severity::Skipped) {
            self.skipped += 1;
            return false;
        }
        self.rows += 1;
        for (index, column) in self.columns.iter_mut().enumerate() {
            column.add(row.cell(index), row.shown.iter().find(|shown| shown.column == index));
        }
        true
    }

    /// The headings that say something.
    pub fn headings(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.heading.trim()).filter(|heading| !heading.is_empty()).collect()
    }
}
