//! The summary of a run: `summary.json` for scripts, a few lines for a person.

use std::io::Write;
use std::path::PathBuf;

use serde_json::{Value as Json, json};

use super::super::notes::SAMPLE_NOTE;
use super::content::{Files, RunContent};
use super::settle_line::SettleLine;
use super::words;
use crate::error::{Context, Exit, Result};
use crate::files::{self, Access};
use crate::journal::Status;
use crate::message;
use crate::message::Message;
use crate::t;
use crate::terminal::quoted_path;
use crate::text::clean_document;

/// Kinds of errors that `summary.json` names.
const ERROR_KINDS: usize = 50;

/// Kinds of errors that a person is told at the end.
const SHOWN_REASONS: usize = 5;

/// The summary, as it stands in `summary.json` and on standard output.
///
/// # Errors
/// A journal that cannot be read.
pub fn summary(
    content: &RunContent<'_>,
    exit: Exit,
    finished: bool,
    files: &Files,
    next: Option<&str>,
) -> Result<Json> {
    let (requests, retries, seconds) = content.past.totals()?;
    let errors = errors(&content.reasons);
    let identity = content.identity();
    let sample = content.past.note(SAMPLE_NOTE)?;
    Ok(json!({
        "version": 1,
        "run": identity.run,
        "entity": identity.entity,
        "finished": finished,
        "rows": content.counts,
        "ids_pending": content.ids_pending,
        "no_longer_in_file": content.gone.read,
        "not_in_failed_file": content.left.as_ref().map_or(0, |(rows, _)| *rows),
        "service_kept": content.kept,
        "stored_otherwise": content.otherwise,
        "sample": sample.and_then(|sample| serde_json::from_str::<Json>(&sample).ok()),
        "requests": requests,
        "retries": retries,
        "seconds": (seconds * 1000.0).round() / 1000.0,
        "errors": errors,
        "exit": exit,
        "folder": content.journal.folder().display().to_string(),
        "failed_file": files.failed.as_ref().map(|file| file.display().to_string()),
        "account": identity.target,
        "input": identity.input_path.display().to_string(),
        "input_fingerprint": identity.input,
        "rows_per_second": if seconds > 0.0 { (content.counts.ended() as f64 / seconds * 10.0).round() / 10.0 } else { 0.0 },
        "parent": identity.parent.as_ref().map(|parent| parent.run),
        "columns_not_imported": content.mapping.report().taken_by_nothing(),
        "next": next,
    }))
}

/// Why rows were not done, once for each code, the commonest first.
fn errors(reasons: &[(Status, String, Message, u64)]) -> Vec<Json> {
    let mut errors: Vec<(Status, &str, &Message, u64)> = Vec::new();
    for (status, code, message, rows) in reasons.iter().filter(|(status, ..)| *status != Status::Skipped) {
        match errors.iter_mut().find(|(of, known, ..)| of == status && known == code) {
            Some((.., counted)) => *counted += rows,
            None => errors.push((*status, code, message, *rows)),
        }
    }
    errors.sort_by_key(|(_, code, _, rows)| (std::cmp::Reverse(*rows), *code));
    let document = |(status, code, message, rows): &(Status, &str, &Message, u64)| json!({"code": code, "message": message.to_string(), "rows": rows, "status": status});
    errors.iter().take(ERROR_KINDS).map(document).collect()
}

/// Each file of the run with what it is for, the path as short as the working folder allows so that it can be copied.
fn file_lines(content: &RunContent<'_>, files: &Files) -> Vec<String> {
    let folder = content.journal.folder();
    let own = [("summary.json", "report.file_summary"), ("journal.db", "report.file_journal")];
    let own = own.map(|(name, purpose)| (Some(folder.join(name)), purpose));
    let Files { book, results, failed, failed_book, issues, .. } = files;
    let is_text = failed_book.is_some();
    let decisions = Some(folder.join("decisions.xlsx")).filter(|path| content.counts.pending > 0 && path.is_file());
    let all = [
        (&decisions, "report.file_decisions"),
        (failed_book, "report.file_failed_book"),
        (failed, if is_text { "report.file_failed_text" } else { "report.file_failed_book" }),
        (book, "report.file_book"),
        (results, "report.file_results"),
        (issues, "report.file_issues"),
    ];
    let all = all.map(|(path, purpose)| (path.clone(), purpose));
    let line = |(path, purpose): (Option<PathBuf>, &str)| {
        let path = path?;
        Some(t!("report.file", file = quoted_path(&path), purpose = t!(purpose)).into_owned())
    };
    std::iter::once(t!("report.files").into_owned()).chain(all.into_iter().chain(own).filter_map(line)).collect()
}

/// Writes `summary.json`.
///
/// # Errors
/// A full disk.
pub fn write_summary(content: &RunContent<'_>, summary: &Json) -> Result<()> {
    let path = content.journal.folder().join("summary.json");
    let place = || message!("csv.cannot_write", file = path.display());
    files::whole(&path, Access::Owner, |file| {
        serde_json::to_writer_pretty(&mut *file, &clean_document(summary))
            .map_err(std::io::Error::from)
            .context(place)?;
        file.write_all(b"\n").context(place)
    })
}

/// The summary for a person.
pub fn describe(
    content: &RunContent<'_>,
    files: &Files,
    cause: Option<&str>,
    next: Option<&str>,
    settle: Option<&SettleLine>,
) -> String {
    let mut lines = Vec::new();
    if let Some(cause) = cause {
        lines.push(cause.to_owned());
    }
    lines.push(
        message!("report.rows", read = content.counts.read, counts = words::counts(&content.counts, &content.reasons))
            .to_string(),
    );
    if let Some((_, words)) = &content.left {
        lines.push(words.to_string());
    }
    if content.gone.read > 0 {
        lines.push(message!("report.gone", rows = content.gone.read).to_string());
    }
    if content.gone.unknown > 0 {
        lines.push(message!("report.gone_unknown", rows = content.gone.unknown).to_string());
    }
    if content.counts.unknown > 0 {
        lines.push(message!("report.unknown", rows = content.counts.unknown).to_string());
    }
    if content.otherwise > 0 {
        lines.push(message!("report.otherwise", rows = content.otherwise).to_string());
    }
    if content.kept > 0 {
        lines.push(message!("report.kept", rows = content.kept).to_string());
    }
    if content.ids_pending > 0 {
        lines.push(message!("report.ids_pending", rows = content.ids_pending).to_string());
    }
    lines.extend(content.mapping.report().loss().map(|loss| loss.to_string()));
    for (status, code, message, rows) in content.reasons.iter().take(SHOWN_REASONS) {
        lines.push(words::reason(*status, code, message, *rows));
    }
    if content.reasons.len() > SHOWN_REASONS {
        lines.push(message!("report.more_reasons", kinds = content.reasons.len() - SHOWN_REASONS).to_string());
    }
    lines.extend(file_lines(content, files));
    for error in &files.unwritten {
        lines.push(t!("report.unwritten", why = error.message()).into_owned());
    }
    if let Some(next) = next {
        lines.push(t!("report.next", command = next).into_owned());
    }
    // The last words are those about what must not be done twice.
    lines.extend(settle.map(SettleLine::text));
    lines.join("\n")
}
