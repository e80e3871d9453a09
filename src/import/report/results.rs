//! `results.csv`: one line for each row of the input, in its order.

use std::path::PathBuf;

use super::content::RowContent;
use super::words;
use crate::error::Result;
use crate::format::{CSV, Column, Row, Value, WriteOptions, Writer};
use crate::import::cells::{CellReader, KeptCells};
use crate::journal::{JournalReader, Operation, OperationCursor, Status};
use crate::language::Language;
use crate::mapping::Mapping;
use crate::t;
use crate::text::{clean, shorten};
use crate::value::foreign_id;

const HEAD: [&str; 11] =
    ["row", "sheet", "status", "action", "id", "code", "field", "message", "attempts", "request_id", "time"];

/// The column of old ids, where rows have any.
const OLD_ID: &str = "old_id";

/// The column of records that were made before their rows, where any were.
const MADE_FIRST: &str = "made_first";

/// Writes the file and says where it stands.
///
/// # Errors
/// A full disk, a journal that cannot be read.
pub(super) fn write(content: &RowContent<'_>, mut operations: OperationCursor) -> Result<PathBuf> {
    let path = content.folder.join("results.csv");
    let mut head = HEAD.to_vec();
    head.extend(content.mapping.old_id.as_ref().map(|_| OLD_ID));
    // A reader of its own: another thread reads the journal for the other files.
    let past = JournalReader::open(content.folder)?;
    let made_first = if past.has_made_first()? { Some(&past) } else { None };
    head.extend(made_first.map(|_| MADE_FIRST));
    let mut results = CSV.create(&path, &WriteOptions::new(&Column::plain(&head)))?;
    // Of a row without an end the journal knows no number, and of one in doubt not what a person looks for.
    let cells = match content.counts.pending + content.counts.unknown {
        0 => None,
        _ => CellReader::open(content.folder, content.identity).ok(),
    };
    let mut cells = KeptCells::of(cells);
    for row_index in 0..content.identity.rows {
        let operation = operations.at(row_index)?;
        write_row(content, results.as_mut(), operation, (cells.next(), made_first))?;
    }
    // Their cells are not kept: a row without cells is no row of the input.
    let none = Row::default();
    past.each_gone(|gone| {
        let gone = words::as_gone(gone);
        write_row(content, results.as_mut(), Some(&gone), (&none, made_first))
    })?;
    results.finish()?;
    Ok(path)
}

fn write_row(
    content: &RowContent<'_>,
    results: &mut dyn Writer,
    operation: Option<&Operation>,
    (row, made_first): (&Row, Option<&JournalReader>),
) -> Result<()> {
    let sheet = content.identity.sheet.as_deref().unwrap_or_default();
    let Some(operation) = operation else {
        let number = if row.number > 0 { row.number.to_string() } else { String::new() };
        let old_id = content.mapping.old_id.as_ref();
        let old_id = old_id.map(|old_id| foreign_id(row.cell(old_id.column)).unwrap_or_default());
        let mut values = vec![Value::Empty; HEAD.len()];
        values[..4].copy_from_slice(&[
            Value::Text(&number),
            Value::Text(sheet),
            Value::Text("pending"),
            Value::Text(content.action(None)),
        ]);
        values.extend(old_id.as_deref().map(Value::Text));
        values.extend(made_first.map(|_| Value::Empty));
        return results.write(&values);
    };
    let number = operation.row.number.to_string();
    let attempts = operation.attempts.to_string();
    let request_id = if operation.attempts > 0 {
        operation.row.request_id(&content.identity.run).to_string()
    } else {
        String::new()
    };
    let time = moment(operation.at);
    let reason = operation.reason.as_deref();
    let without_id = words::without_id(content.mapping.entity(), operation);
    let mut message = reason.map(|reason| reason.message.to_string()).unwrap_or_default();
    message = without_id.unwrap_or(message);
    if operation.status == Status::Unknown
        && row.number == operation.row.number
        && let Some(name) = name_of(content.mapping, row)
    {
        message = t!("report.unknown_row", name = name, message = message).into_owned();
    }
    let mut values = vec![
        Value::Text(&number),
        Value::Text(sheet),
        Value::Text(operation.status.as_str()),
        Value::Text(content.action(Some(operation))),
        Value::Text(operation.id.as_deref().unwrap_or_default()),
        Value::Text(reason.map_or("", |reason| &reason.code)),
        Value::Text(reason.map_or("", |reason| &reason.field)),
        Value::Text(&message),
        Value::Text(&attempts),
        Value::Text(&request_id),
        Value::Text(&time),
    ];
    let old_id = operation.row.old_id.as_deref().map_or("", |old_id| &old_id.id);
    values.extend(content.mapping.old_id.as_ref().map(|_| Value::Text(old_id)));
    let made = match (made_first, operation.row.identity) {
        (Some(past), Some(identity)) => past.made_first(&identity)?,
        _ => None,
    };
    values.extend(made_first.map(|_| made.as_deref().map_or(Value::Empty, Value::Text)));
    results.write(&values)
}

/// What a person looks a row up by in the service: its natural key, else what it is shown by.
fn name_of(mapping: &Mapping, row: &Row) -> Option<String> {
    let entity = mapping.entity();
    let text = |field: &String| {
        let text = row.cell(mapping.column(field)?).text.trim();
        (!text.is_empty()).then(|| clean(&shorten(text, 60)).into_owned())
    };
    let labelled = |field: &String| {
        let label = entity.field(field).map_or(field.as_str(), |field| field.label(Language::current()));
        Some(format!("{label} {}", text(field)?))
    };
    let whole = |fields: &[String]| fields.iter().map(labelled).collect::<Option<Vec<_>>>();
    let key = entity.keys.iter().find_map(|key| whole(key));
    let name = key.or_else(|| whole(std::slice::from_ref(entity.display.as_ref()?)))?;
    Some(name.join(" "))
}

/// A moment in UTC, as scripts read it.
fn moment(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map(|moment| moment.to_string()).unwrap_or_default()
}
