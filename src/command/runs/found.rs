//! Which rows of all runs held a value.

use serde_json::json;

use super::known::{all, label, started, what_is_gone};
use crate::entity::Catalog;
use crate::error::{Exit, Result};
use crate::import::report::words;
use crate::import::{FoundRow, Sought, find_in_run};
use crate::journal::{IndexedRun, JournalReader, RunIndex};
use crate::t;
use crate::terminal::{Printer, quoted_path};
use crate::text::clean;

/// Tells which rows held a value. A run that cannot be read is named: it may hold it, too.
pub(super) fn find_value(indexes: &[RunIndex], catalog: &Catalog, value: &str, printer: &Printer) -> Result<Exit> {
    let sought = Sought::new(value);
    let (mut runs, mut documents, mut unread, mut gone) = (0, Vec::new(), Vec::new(), Vec::new());
    for run in all(indexes)? {
        let folder = || run.folder.display().to_string();
        if !run.is_there {
            gone.push(folder());
            printer.warn(&t!("runs.find_gone", what = what_is_gone(&run.folder), folder = quoted_path(&run.folder)));
            continue;
        }
        let found = JournalReader::open_read_only(&run.folder)
            .and_then(|past| Ok((find_in_run(&past, &sought)?, past.forgotten()?.is_some())));
        let (found, is_forgotten) = match found {
            Ok(found) => found,
            Err(error) => {
                printer.warn(&error.message());
                unread.push(folder());
                continue;
            }
        };
        runs += 1;
        if is_forgotten {
            printer.warn(&t!("runs.find_forgotten", folder = quoted_path(&run.folder)));
        }
        for row in found {
            printer.result(&found_line(&run, &row, label(catalog, &run.entity)));
            documents.push(found_document(&run, &row));
        }
    }
    if documents.is_empty() {
        printer.result(&t!("runs.found_nothing", value = clean(value), runs = runs));
    }
    printer.json(&json!({
        "version": 1, "value": value, "runs": runs, "found": documents, "unread": unread, "gone": gone,
    }));
    // "Not found" would not be true of a run that nobody could read.
    Ok(if unread.is_empty() { Exit::Done } else { Exit::CannotRun })
}

fn found_line(run: &IndexedRun, row: &FoundRow, entity: &str) -> String {
    let operation = row.operation.as_ref();
    let status =
        operation.map_or_else(|| t!("status.pending").into_owned(), |operation| words::status(operation.status));
    let id = operation.and_then(|operation| operation.id.as_ref());
    let why = operation.and_then(|operation| operation.reason.as_deref()).map(|reason| reason.message.to_string());
    let parts = [
        row.header.as_ref().map(|header| t!("runs.found_in", header = clean(header)).into_owned()),
        Some(status),
        id.map(|id| t!("runs.found_id", id = id).into_owned()),
        why.filter(|why| !why.is_empty()),
    ];
    t!(
        "runs.found",
        time = started(operation.map_or(run.started, |operation| operation.at)),
        entity = entity,
        row = row.number,
        what = parts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        folder = quoted_path(&run.folder)
    )
    .into_owned()
}

fn found_document(run: &IndexedRun, row: &FoundRow) -> serde_json::Value {
    let operation = row.operation.as_ref();
    json!({
        "run": run.run, "folder": run.folder.display().to_string(), "host": run.host, "entity": run.entity, "row": row.number,
        "column": row.header, "status": operation.map_or("pending", |operation| operation.status.as_str()),
        "id": operation.and_then(|operation| operation.id.as_ref()), "request_id": row.request_id,
        "message": operation.and_then(|operation| operation.reason.as_deref()).map(|reason| reason.message.to_string()),
        "time": operation.map(|operation| operation.at),
    })
}
