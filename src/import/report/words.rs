//! Words for people about rows and runs.

use rust_i18n::t;

use crate::journal::{Counts, Status};
use crate::message::Message;

/// The word for how a row ended, to be put into a language later.
pub fn status_message(status: Status) -> Message {
    Message::of_key(format!("status.{}", status.as_str()), Vec::new())
}

/// The word for how a row ended.
pub fn status(status: Status) -> String {
    status_message(status).to_string()
}

/// How many rows ended how, those that are none left out: `已新建 10 · 未发送 2`.
pub fn counts(counts: &Counts) -> String {
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
    let mut parts: Vec<String> = Status::ALL
        .into_iter()
        .filter(|ended| of(*ended) > 0)
        .map(|ended| format!("{} {}", status(ended), of(ended)))
        .collect();
    if counts.pending > 0 {
        parts.push(format!("{} {}", t!("status.pending"), counts.pending));
    }
    if parts.is_empty() { t!("status.nothing").into_owned() } else { parts.join(" · ") }
}

/// One kind of reason with how many rows it holds for. Our own codes say nothing to a person; the service's do.
pub fn reason(ended: Status, code: &str, message: &Message, rows: u64) -> String {
    let message = message.to_string();
    // Of a run that was forgotten only the code is left.
    let why = if ended == Status::Failed || message.is_empty() { format!("{code} {message}") } else { message };
    t!("report.reason", status = status(ended), rows = rows, why = why.trim()).into_owned()
}
