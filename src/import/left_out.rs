//! What of a file does not come over: columns that nothing takes and columns that the service sets itself, with how many rows
//! have something in them and what stands in its place.

use serde::Serialize;

use crate::entity::{Entity, Field, Instead};
use crate::format::Row;
use crate::mapping::{LeftOutColumn, Mapping, column_place};
use crate::message;
use crate::message::{Detail, Message};
use crate::t;

/// Columns that are named together.
const NAMED: usize = 12;

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
            let index = left_out.column.index;
            // Something of another form than a cell has no text.
            let is_remarked = || row.remarks.iter().any(|remark| remark.column == Some(index));
            left_out.rows += u64::from(!row.cell(index).text.trim().is_empty() || is_remarked());
        }
    }

    /// The columns that hold anything.
    pub(super) fn finish(self) -> Vec<LeftOut> {
        self.columns.into_iter().filter(|left_out| left_out.rows > 0).collect()
    }
}

/// Which rows make records, of those that something becomes of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Makes {
    /// None: all of them change what is there.
    None,
    /// Some, and others change what is there.
    Some,
    /// All of them.
    All,
}

/// What of a file does not come over, in words: columns that the service sets or that nothing takes, one by one, and those that a
/// mapping which is shipped leaves out, together. Whoever new records will belong to is named in any case.
pub(super) fn what_stays_behind(columns: &[LeftOut], entity: &Entity, makes: Makes, account: &str) -> Vec<String> {
    let is_apart = |column: &&LeftOut| !column.column.is_dropped || column.column.field.is_some();
    let mut lines: Vec<String> =
        columns.iter().filter(is_apart).map(|column| column.text(makes, account).to_string()).collect();
    let dropped: Vec<&LeftOut> = columns.iter().filter(|column| !is_apart(column)).collect();
    if !dropped.is_empty() {
        let named = dropped.iter().take(NAMED).map(|LeftOut { column, rows }| {
            let place = column_place(&column.column, &column.header);
            Detail::Message(message!("left_out.dropped_column", place = place, rows = rows))
        });
        let named = Detail::List(named.collect());
        let more = dropped.len().saturating_sub(NAMED);
        lines.push(match more {
            0 => t!("left_out.dropped", columns = named.to_string()).into_owned(),
            more => message!("left_out.dropped_more", columns = named, more = more).to_string(),
        });
    }
    let is_told = |field: &&Field| !columns.iter().any(|column| column.column.field.as_ref() == Some(&field.name));
    let owners = entity.fields.iter().filter(|field| field.instead == Some(Instead::Owner));
    for field in owners.filter(is_told).filter(|_| makes != Makes::None) {
        let (entity, label) = (entity.labels(), field.record_labels());
        lines.push(match makes {
            Makes::Some => message!("left_out.all_new", entity = entity, label = label, account = account).to_string(),
            _ => message!("left_out.all", entity = entity, label = label, account = account).to_string(),
        });
    }
    lines
}

impl LeftOut {
    /// The letters of the column.
    pub(super) fn column(&self) -> &str {
        &self.column.column
    }

    /// Its letters and header, where nothing takes it and nobody left it out.
    pub(super) fn of_no_field(&self) -> Option<String> {
        let LeftOutColumn { column, header, field, is_dropped, .. } = &self.column;
        (field.is_none() && !is_dropped).then(|| column_place(column, header))
    }

    /// What does not come over, for a person who agrees to it. New records get something in its place, of this `account`.
    fn text(&self, makes: Makes, account: &str) -> Message {
        let LeftOut { column, rows } = self;
        let place = || Detail::Text(column_place(&column.column, &column.header));
        let message = |key: &'static str| {
            Message::of_key(key.to_owned(), vec![("place", place()), ("rows", Detail::Text(rows.to_string()))])
        };
        match column.instead.filter(|_| makes != Makes::None) {
            Some(Instead::Importer | Instead::Owner) => {
                let (label, name) = (column.label.clone(), account);
                match makes {
                    Makes::Some => {
                        message!("left_out.importer_new", place = place(), rows = rows, label = label, account = name)
                    }
                    _ => message!("left_out.importer", place = place(), rows = rows, label = label, account = name),
                }
            }
            Some(Instead::Now) if makes == Makes::Some => {
                message!("left_out.now_new", place = place(), rows = rows, label = column.label.clone())
            }
            Some(Instead::Now) => {
                message!("left_out.now", place = place(), rows = rows, label = column.label.clone())
            }
            None if column.field.is_some() => message("left_out.read_only"),
            None => message("left_out.unknown"),
        }
    }
}
