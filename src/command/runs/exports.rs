//! The exports among the runs.

use std::path::Path;

use serde_json::json;

use super::known::{label, shown_host, started};
use crate::account::shown_identity;
use crate::entity::Catalog;
use crate::error::{Context, Exit, Result};
use crate::journal::{IndexedExport, Journal, RunIndex};
use crate::message;
use crate::message::Message;
use crate::t;
use crate::terminal::{Printer, quoted_path};
use crate::text::clean;

/// All exports, newest first.
pub(super) fn exports(indexes: &[RunIndex]) -> Result<Vec<IndexedExport>> {
    let mut exports = Vec::new();
    for index in indexes {
        exports.extend(index.exports()?);
    }
    exports.sort_by_key(|export| std::cmp::Reverse(export.started));
    Ok(exports)
}

/// The last export into a file that is named; none for what names a run.
pub(super) fn export_of(indexes: &[RunIndex], named: &Path) -> Result<Option<IndexedExport>> {
    let path = std::path::absolute(named).context(|| named.display().to_string())?;
    if Journal::exists(&path) {
        return Ok(None);
    }
    let is_name = named.components().count() == 1;
    let is_meant = |export: &IndexedExport| {
        let file = export.file.as_deref();
        file.is_some_and(|file| file == path || is_name && file.file_name() == Some(named.as_os_str()))
    };
    Ok(exports(indexes)?.into_iter().find(is_meant))
}

/// Where an export's records went, for people.
fn file_of(export: &IndexedExport) -> String {
    export.file.as_deref().map_or_else(|| t!("runs.export_printed").into_owned(), quoted_path)
}

/// How an export ended, for people.
fn end_of(export: &IndexedExport) -> String {
    let is_gone = export.file.as_deref().is_some_and(|file| !file.exists());
    match (export.records, export.is_complete) {
        (Some(records), true) if is_gone => t!("runs.export_gone", records = records).into_owned(),
        (Some(records), true) => message!("runs.export_complete", records = records).to_string(),
        (Some(records), false) => message!("runs.export_incomplete", records = records).to_string(),
        (None, _) => {
            let why = export.why.as_ref().map(Message::to_string).unwrap_or_default();
            t!("runs.export_failed", why = clean(&why)).into_owned()
        }
    }
}

pub(super) fn export_line(export: &IndexedExport, catalog: &Catalog) -> String {
    t!(
        "runs.export_line",
        started = started(export.started),
        host = shown_host(&export.host),
        entity = label(catalog, &export.entity),
        end = end_of(export),
        file = file_of(export)
    )
    .into_owned()
}

pub(super) fn export_document(export: &IndexedExport) -> serde_json::Value {
    json!({
        "file": export.file.as_ref().map(|file| file.display().to_string()), "host": export.host, "account": export.target,
        "entity": export.entity, "started": export.started, "seconds": export.lasted as f64 / 1000.0,
        "records": export.records, "complete": export.is_complete, "why": export.why.as_ref().map(Message::to_string),
        "exit": export.exit,
    })
}

pub(super) fn show_export(export: &IndexedExport, catalog: &Catalog, printer: &Printer) -> Result<Exit> {
    printer.result(&t!(
        "runs.export_show",
        file = file_of(export),
        entity = label(catalog, &export.entity),
        account = shown_identity(&export.target),
        started = started(export.started),
        end = end_of(export),
        exit = export.exit,
        seconds = format!("{:.1}", export.lasted as f64 / 1000.0)
    ));
    let mut document = export_document(export);
    document["version"] = json!(1);
    printer.json(&document);
    Ok(Exit::Done)
}
