//! `results.csv`: one line for each row of the input, in its order; and beside it the file of failed rows.

use rust_i18n::t;

use super::content::{Files, RunContent};
use super::failed_rows::FailedRows;
use crate::error::Result;
use crate::format::{self, CSV, Column, Row, Value, WriteOptions, Writer};
use crate::journal::{Operation, OperationCursor, Status};

const HEAD: [&str; 11] =
    ["row", "sheet", "status", "action", "id", "code", "field", "message", "attempts", "request_id", "time"];

/// Writes both in one pass over the rows.
///
/// # Errors
/// A full disk, a journal that cannot be read.
pub(super) fn write(content: &RunContent<'_>, files: &mut Files) -> Result<()> {
    let open_rows = content.counts.refused + content.counts.failed;
    let mut reader = match (open_rows + content.counts.pending > 0).then(|| format::open(content.input)).transpose() {
        Ok(reader) => reader,
        Err(error) => {
            files.warnings.push(error.message());
            files.is_incomplete = true;
            None
        }
    };
    let mut results =
        CSV.create(&content.journal.folder().join("results.csv"), &WriteOptions::new(&Column::plain(&HEAD)))?;
    let mut failed = match &reader {
        Some(reader) if open_rows > 0 => Some(FailedRows::create(content, reader)?),
        _ => None,
    };
    let mut operations = OperationCursor::open(content.journal.folder())?;
    let mut row = Row::default();
    for row_index in 0..content.identity().rows {
        let operation = operations.at(row_index)?;
        if let Some(rows) = &mut reader {
            let is_there = rows.read(&mut row).unwrap_or(false);
            if !is_there || operation.as_ref().is_some_and(|operation| operation.row.content != row.content) {
                // Cells of another row beside this one's error would be worse than none.
                (reader, failed, row) = (None, None, Row::default());
                files.warnings.push(t!("report.input_changed", file = content.input.shown).into_owned());
            }
        }
        write_row(content, results.as_mut(), operation.as_ref(), &row)?;
        if let (Some(failed), Some(operation)) = (&mut failed, operation)
            && matches!(operation.status, Status::Refused | Status::Failed)
        {
            failed.write(&row, &operation, &content.identity().run.to_string())?;
        }
    }
    results.finish()?;
    match failed {
        Some(failed) => files.failed = Some(failed.finish(content.journal)?),
        None if open_rows == 0 => FailedRows::clear(content.journal)?,
        None => {}
    }
    Ok(())
}

fn write_row(
    content: &RunContent<'_>,
    results: &mut dyn Writer,
    operation: Option<&Operation>,
    row: &Row,
) -> Result<()> {
    let sheet = content.identity().sheet.as_deref().unwrap_or_default();
    let Some(operation) = operation else {
        let number = if row.number > 0 { row.number.to_string() } else { String::new() };
        let mut values = [Value::Empty; HEAD.len()];
        values[..4].copy_from_slice(&[
            Value::Text(&number),
            Value::Text(sheet),
            Value::Text("pending"),
            Value::Text(content.action()),
        ]);
        return results.write(&values);
    };
    let number = operation.row.number.to_string();
    let attempts = operation.attempts.to_string();
    let request_id = if operation.attempts > 0 {
        operation.row.request_id(&content.identity().run).to_string()
    } else {
        String::new()
    };
    let time = moment(operation.at);
    let reason = operation.reason.as_deref();
    let message = reason.map(|reason| reason.message.to_string()).unwrap_or_default();
    results.write(&[
        Value::Text(&number),
        Value::Text(sheet),
        Value::Text(operation.status.as_str()),
        Value::Text(content.action()),
        Value::Text(operation.id.as_deref().unwrap_or_default()),
        Value::Text(reason.map_or("", |reason| &reason.code)),
        Value::Text(reason.map_or("", |reason| &reason.field)),
        Value::Text(&message),
        Value::Text(&attempts),
        Value::Text(&request_id),
        Value::Text(&time),
    ])
}

/// A moment in UTC, as scripts read it.
fn moment(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at).map(|moment| moment.to_string()).unwrap_or_default()
}
