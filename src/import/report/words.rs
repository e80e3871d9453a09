//! Words for people about rows and runs.

use std::collections::BTreeMap;

use crate::check::consent::EXISTS;
use crate::entity::Entity;
use crate::error::Result;
use crate::journal::{Counts, JournalReader, Operation, Reason, Status};
use crate::message;
use crate::message::Message;
use crate::t;

/// The code of a row that was sent and is no longer in the input.
const GONE: &str = "no_longer_in_file";

/// The word for how a row ended, to be put into a language later.
pub fn status_message(status: Status) -> Message {
    Message::of_key(format!("status.{}", status.as_str()), Vec::new())
}

/// The word for how a row ended.
pub fn status(status: Status) -> String {
    status_message(status).to_string()
}

/// How many rows of a run ended how, with why those that were skipped were.
///
/// # Errors
/// A journal that cannot be read.
pub fn counts_of(past: &JournalReader, counts: &Counts) -> Result<String> {
    let reasons = if counts.skipped > 0 { past.reasons()? } else { Vec::new() };
    Ok(self::counts(counts, &reasons))
}

/// How many rows ended how, those that are none left out: `已新建 10 · 未发送 2`.
pub(super) fn counts(counts: &Counts, reasons: &[(Status, String, Message, u64)]) -> String {
    let parts: Vec<String> = parts(counts, reasons).iter().map(|(words, rows)| format!("{words} {rows}")).collect();
    if parts.is_empty() { t!("status.nothing").into_owned() } else { parts.join(" · ") }
}

/// The words for each end that rows came to, with how many they are.
pub(super) fn parts(counts: &Counts, reasons: &[(Status, String, Message, u64)]) -> Vec<(String, u64)> {
    let of = |status: Status| match status {
        Status::Created => counts.created,
        Status::Updated => counts.updated,
        Status::Unchanged => counts.unchanged,
        Status::Skipped => counts.skipped,
        Status::Refused => counts.refused,
        Status::Failed => counts.failed,
        Status::Unknown => counts.unknown,
        Status::Held => counts.held,
    };
    let mut parts: Vec<(String, u64)> = Status::ALL
        .into_iter()
        .filter(|ended| of(*ended) > 0)
        .flat_map(|ended| match ended {
            Status::Skipped => skipped(counts.skipped, reasons),
            _ => vec![(status(ended), of(ended))],
        })
        .collect();
    if counts.pending > 0 {
        parts.push((t!("status.pending").into_owned(), counts.pending));
    }
    parts
}

/// Rows that were skipped, by why they were.
fn skipped(rows: u64, reasons: &[(Status, String, Message, u64)]) -> Vec<(String, u64)> {
    let mut of: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, code, _, rows) in reasons.iter().filter(|(status, ..)| *status == Status::Skipped) {
        *of.entry(why_skipped(code)).or_default() += rows;
    }
    let told = of.values().sum::<u64>();
    if rows > told {
        of.insert("status.skipped", rows - told);
    }
    of.into_iter().map(|(why, rows)| (t!(why).into_owned(), rows)).collect()
}

/// The key of the words for a row that was skipped for the reason of this code.
fn why_skipped(code: &str) -> &'static str {
    match code {
        "sent_before" | "retried_before" => "status.skipped_before",
        "sent_before_changed" | "changed_since_sent" => "status.skipped_changed",
        "skip_condition" => "status.skipped_condition",
        "same_row" => "status.skipped_same",
        "example" | "header_repeated" | "ruler_row" | "totals_row" => "status.skipped_no_data",
        EXISTS => "status.skipped_exists",
        _ => "status.skipped",
    }
}

/// The word for how a row ended, with why it was skipped.
pub(super) fn status_of(ended: Status, code: &str) -> String {
    if ended == Status::Skipped { t!(why_skipped(code)).into_owned() } else { status(ended) }
}

/// One kind of reason with how many rows it holds for. Our own codes say nothing to a person; the service's do.
pub fn reason(ended: Status, code: &str, message: &Message, rows: u64) -> String {
    let why = why(ended, code, message);
    t!("report.reason", status = status_of(ended, code), rows = rows, why = why).into_owned()
}

/// A row that was sent and has left the input, with a word that it has.
pub(super) fn as_gone(operation: &Operation) -> Operation {
    let before = operation.reason.as_deref().cloned().unwrap_or_default();
    let message = match operation.reason {
        None => message!("report.gone_row"),
        Some(_) => message!("report.gone_row_and", before = before.message),
    };
    let code = if before.code.is_empty() { GONE.to_owned() } else { before.code };
    Operation { reason: Some(Box::new(Reason { code, message, ..before })), ..operation.clone() }
}

/// What there is to say of a row whose record the service said was made, and of which it has named none: nothing else shows that
/// it is there.
pub(super) fn without_id(entity: &Entity, operation: &Operation) -> Option<String> {
    let lacks_id = operation.status == Status::Created && operation.id.is_none() && entity.id.is_some();
    lacks_id.then(|| t!("report.without_id").into_owned())
}

/// Why a row ended so.
pub(super) fn why(ended: Status, code: &str, message: &Message) -> String {
    let message = message.to_string();
    // Of a run that was forgotten only the code is left.
    let why = if ended == Status::Failed || message.is_empty() { format!("{code} {message}") } else { message };
    why.trim().to_owned()
}
