//! What of a file does not come over: columns that nothing takes and columns that the service sets itself, with how many rows
//! have something in them and what stands in its place.

use serde::Serialize;

use crate::entity::Instead;
use crate::format::Row;
use crate::mapping::{LeftOutColumn, Mapping, column_place};
use crate::message;
use crate::message::{Detail, Message};

/// A column that does not come over, and how many rows have something in it.
#[derive(Debug, Clone, Serialize)]
pub struct LeftOut {
    #[serde(flatten)]
    column: LeftOutColumn,
    /// Rows with something in it.
    rows: u64,
}

/// Counts what does not come over, while all rows are read once.
#[derive(Debug)]
pub(super) struct LeftOutCounter {
    columns: Vec<LeftOut>,
}

impl LeftOutCounter {
    /// For the columns of a mapping.
    pub(super) fn new(mapping: &Mapping) -> Self {
        let columns = mapping.left_out.iter().cloned();
        LeftOutCounter { columns: columns.map(|column| LeftOut { column, rows: 0 }).collect() }
    }

    /// Looks at a row.
    pub(super) fn see(&mut self, row: &Row) {
        for left_out in &mut self.columns {
            left_out.rows += u64::from(!row.cell(left_out.column.index).text.trim().is_empty());
        }
    }

    /// The columns that hold anything.
    pub(super) fn finish(self) -> Vec<LeftOut> {
        self.columns.into_iter().filter(|left_out| left_out.rows > 0).collect()
    }
}

impl LeftOut {
    /// The letters of the column.
    pub(super) fn column(&self) -> &str {
        &self.column.column
    }

    /// What does not come over, for a person who agrees to it. New records get something in its place, of this `account`.
    pub fn text(&self, makes_records: bool, account: &str) -> Message {
        let LeftOut { column, rows } = self;
        let place = || Detail::Text(column_place(&column.column, &column.header));
        let message = |key: &'static str| {
            Message::of_key(key.to_owned(), vec![("place", place()), ("rows", Detail::Text(rows.to_string()))])
        };
        match column.instead.filter(|_| makes_records) {
            Some(Instead::Importer) => {
                let (label, name) = (column.label.clone(), account);
                message!("left_out.importer", place = place(), rows = rows, label = label, account = name)
            }
            Some(Instead::Now) => {
                message!("left_out.now", place = place(), rows = rows, label = column.label.clone())
            }
            None if column.field.is_some() => message("left_out.read_only"),
            None => message("left_out.unknown"),
        }
    }
}
