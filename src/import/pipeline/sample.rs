//! Some records that a run wrote, by chance, read back at its end: what the service made of what was sent.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value};

use crate::error::Result;
use crate::import::comparison::{Difference, word_of_missing};
use crate::import::operation::WriteOperation;
use crate::import::plan::PendingWrite;
use crate::import::read_back::{self, Comparison};
use crate::import::row_sender::{RowEnd, RowSender};
use crate::journal::{Operation, Settled, Status};
use crate::message;
use crate::t;

/// Rows that are read back at the end.
#[derive(Debug, Default)]
pub(super) struct Sample {
    most: usize,
    /// Rows that could have been taken.
    seen: usize,
    rows: Vec<Taken>,
}

/// A row that was taken.
#[derive(Debug)]
struct Taken {
    pending: PendingWrite,
    operation: Operation,
    /// The record that it changed, as that was before.
    before: Option<Map<String, Value>>,
}

/// What was found of them.
#[derive(Debug)]
pub(super) struct Found {
    /// It in words, by field.
    pub lines: Vec<String>,
    /// It in figures.
    pub figures: SampleFigures,
    /// What is known better of rows than when they ended.
    pub words: Vec<(Operation, Settled)>,
}

/// What was found of them, for programs.
#[derive(Debug, Default, Serialize)]
pub(super) struct SampleFigures {
    /// Records that were read back and compared.
    compared: usize,
    /// Those of them that say something else than was sent.
    differing: usize,
    /// Records that were not there.
    missing: usize,
    /// Records that could not be read.
    unread: usize,
    /// The fields in which they differ, by name.
    fields: Vec<FieldFigures>,
}

/// In how many records a field differs.
#[derive(Debug, Serialize)]
struct FieldFigures {
    field: String,
    records: usize,
    /// All have the same there, as a rule of the service makes it.
    is_rule: bool,
}

impl Sample {
    /// Whether rows are read back at all.
    pub(super) fn is_wanted(&self) -> bool {
        self.most > 0
    }

    /// At most so many rows.
    pub(super) fn of(most: usize) -> Self {
        Sample { most, ..Sample::default() }
    }

    /// A row has ended. Each that wrote a record is as likely to be taken as any other.
    pub(super) fn offer(&mut self, pending: &PendingWrite, end: &RowEnd) {
        let RowEnd { operation, before } = end;
        let is_written = match operation.status {
            Status::Created => matches!(pending.operation, WriteOperation::Write { .. }),
            Status::Updated => true,
            // A part of it was written.
            Status::Held => before.is_some(),
            _ => false,
        };
        if self.most == 0 || !is_written || operation.id.is_none() {
            return;
        }
        self.seen += 1;
        let is_full = self.rows.len() >= self.most;
        let place = if is_full { fastrand::usize(..self.seen) } else { self.rows.len() };
        if place >= self.most {
            return;
        }
        let taken = Taken { pending: pending.clone(), operation: operation.clone(), before: before.clone() };
        match self.rows.get_mut(place) {
            Some(place) => *place = taken,
            None => self.rows.push(taken),
        }
    }

    /// Reads the rows back and tells what differs, by field and by row.
    ///
    /// # Errors
    /// The service cannot be reached.
    pub(super) async fn compare(self, sender: &RowSender<'_>) -> Result<Found> {
        let mut rows = self.rows;
        rows.sort_by_key(|taken| taken.operation.row.row);
        let mut found: BTreeMap<String, Vec<(u64, Difference)>> = BTreeMap::new();
        let (mut compared, mut unread, mut missing) = (0, 0, 0);
        let mut words = Vec::new();
        let mut differing: Vec<(Vec<String>, Operation, Settled)> = Vec::new();
        for Taken { pending, operation, before } in &rows {
            match read_back::compare(sender, pending, operation, before.as_ref()).await? {
                Comparison::Same { .. } => compared += 1,
                Comparison::None(_) => unread += 1,
                Comparison::Missing => {
                    missing += 1;
                    words.push((operation.clone(), Settled::Unknown(word_of_missing())));
                }
                Comparison::Differs { differences, end: (status, reason), .. } => {
                    compared += 1;
                    let names = differences.iter().filter(|it| it.is_sent || it.is_loss()).map(|it| it.label.clone());
                    differing.push((names.collect(), operation.clone(), Settled::Done(status, None, reason)));
                    // What was not sent may have been changed by somebody meanwhile, unless it is gone.
                    for difference in differences.into_iter().filter(|it| it.is_sent || it.is_loss()) {
                        found.entry(difference.label.clone()).or_default().push((operation.row.number, difference));
                    }
                }
            }
        }
        let rows: BTreeSet<u64> = found.values().flatten().map(|(row, _)| *row).collect();
        let figures = SampleFigures {
            compared,
            differing: rows.len(),
            missing,
            unread,
            fields: found.values().filter_map(|differences| figures_of(differences, compared)).collect(),
        };
        let mut lines = Vec::new();
        if compared > 0 && found.is_empty() {
            lines.push(t!("canary.sample_good", rows = compared).into_owned());
        }
        lines.extend(found.iter().map(|(field, differences)| differs(field, differences, compared)));
        // What a rule of the service makes of all of them is said once, and is no fault of a row.
        let is_fault = |field: &String| found.get(field).is_some_and(|found| rule(found, compared).is_none());
        differing.retain(|(fields, ..)| fields.iter().any(is_fault));
        words.extend(differing.into_iter().map(|(_, operation, word)| (operation, word)));
        if missing > 0 {
            lines.push(t!("canary.sample_missing", rows = missing).into_owned());
        }
        if unread > 0 {
            lines.push(t!("canary.sample_unread", rows = unread).into_owned());
        }
        Ok(Found { lines, figures, words })
    }
}

/// What the service has in a field of all records, whatever was sent: that is hardly an accident.
fn rule(differences: &[(u64, Difference)], compared: usize) -> Option<&str> {
    let (_, first) = differences.first()?;
    let is_rule = compared > 1
        && differences.len() == compared
        && differences.iter().all(|(_, difference)| !difference.is_loss() && difference.got == first.got);
    first.got.as_deref().filter(|_| is_rule)
}

/// The figures of a field.
fn figures_of(differences: &[(u64, Difference)], compared: usize) -> Option<FieldFigures> {
    let (_, first) = differences.first()?;
    let is_rule = rule(differences, compared).is_some();
    Some(FieldFigures { field: first.name.clone(), records: differences.len(), is_rule })
}

/// What the service changed in a field.
fn differs(field: &str, differences: &[(u64, Difference)], compared: usize) -> String {
    let Some((row, first)) = differences.first() else { return String::new() };
    match rule(differences, compared) {
        Some(got) => t!("canary.sample_rule", field = field, rows = compared, got = got).into_owned(),
        None => {
            let count = differences.len();
            let example = first.text();
            message!(
                "canary.sample_differs",
                field = field,
                count = count,
                rows = compared,
                row = row,
                example = example
            )
            .to_string()
        }
    }
}
