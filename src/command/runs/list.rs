//! All runs and exports, a line each.

use serde_json::json;

use super::exports::{export_document, export_line, exports};
use super::known::{gone, label, listed, shown_host, started};
use super::state::State;
use crate::entity::Catalog;
use crate::error::{Exit, Result};
use crate::journal::{JournalReader, RunIndex};
use crate::t;
use crate::terminal::{Printer, quoted_path};

pub(super) fn list(indexes: &[RunIndex], catalog: &Catalog, printer: &Printer) -> Result<Exit> {
    let runs = listed(indexes)?;
    let exports = exports(indexes)?;
    if runs.is_empty() && exports.is_empty() {
        printer.result(&t!("runs.none"));
    }
    let mut older_exports = exports.iter().peekable();
    let mut documents = Vec::new();
    for run in &runs {
        while let Some(export) = older_exports.next_if(|export| export.started >= run.started) {
            printer.result(&export_line(export, catalog));
        }
        let state = JournalReader::open(&run.folder).and_then(|past| State::of(&past));
        let line = match &state {
            _ if !run.is_there => gone(run).to_string(),
            Ok(state) => state.line(),
            // One run that cannot be read does not hide the others.
            Err(error) => error.message(),
        };
        let state = state.ok().filter(|_| run.is_there);
        printer.result(&t!(
            "runs.line",
            started = started(run.started),
            host = shown_host(&run.host),
            entity = label(catalog, &run.entity),
            state = line,
            folder = quoted_path(&run.folder)
        ));
        documents.push(json!({
            "run": run.run, "folder": run.folder.display().to_string(), "host": run.host, "entity": run.entity, "mode": run.mode,
            "started": run.started, "rows": state.as_ref().map(|state| state.counts),
            "finished": state.as_ref().map(|state| state.finished), "folder_is_there": run.is_there, "remembered": run.sent,
        }));
    }
    older_exports.for_each(|export| printer.result(&export_line(export, catalog)));
    let exports: Vec<_> = exports.iter().map(export_document).collect();
    printer.json(&json!({"version": 1, "runs": documents, "exports": exports}));
    Ok(Exit::Done)
}
