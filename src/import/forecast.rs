//! What would be written of a row to a record as it is now: a plain function. Whoever sends the row reads the record once more.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::change::{
    CONFLICT, DELETED, NOT_SHOWN, ORIGIN_UNKNOWN, RESPELLED, RecordChange, SaidCell, field_of, value_now,
};
use super::decision::There;
use super::operation::WriteOperation;
use crate::check::consent::SENT_BEFORE;
use crate::check::finding::Finding;
use crate::entity::{Custom, Entity, Overwrite};
use crate::error::Result;
use crate::journal::{Status, UNKNOWN_ELSEWHERE};
use crate::lookup::KnownList;
use crate::message::Message;
use crate::problem::Severity;

/// What would be written of a row about a record that is there, as the record is now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Would {
    /// What differs, or nothing because nothing does.
    #[default]
    Write,
    /// What differs, if anything does: what is known of the record does not show all that the row says.
    MayWrite,
    /// Nothing: the service keeps its values.
    Keep,
    /// Nothing: an earlier run did it, or may have.
    Done,
    /// Nothing before a person decides, and why.
    Ask(Message),
    /// Nothing: the record is deleted, in these words.
    Deleted(Message),
    /// Nothing: the record is not there, in these words.
    NotThere(Message),
    /// Nothing: the record does not show what has to be known of it, in these words.
    NotShown(Message),
}

impl Would {
    /// What is said of a row for it.
    pub(super) fn finding(&self) -> Option<Finding> {
        let (code, severity, reason) = match self {
            Would::Ask(reason) => (code_of(reason), Severity::Held, reason),
            Would::Deleted(reason) => (DELETED, Severity::Refused, reason),
            Would::NotThere(reason) => ("not_found", Severity::Refused, reason),
            Would::NotShown(reason) => (NOT_SHOWN, Severity::Refused, reason),
            Would::Write | Would::MayWrite | Would::Keep | Would::Done => return None,
        };
        Some(finding(code, severity, reason))
    }
}

/// What a row makes of a record.
pub(super) fn forecast(
    entity: &Entity,
    custom: &Custom,
    operation: &WriteOperation,
    record: &Map<String, Value>,
) -> (There, Would) {
    let change = RecordChange::of(entity, custom, operation, record);
    if !change.is_empty() {
        let deleted = change.deleted(entity, record);
        return (There::Changes, deleted.map_or(Would::Write, |deleted| Would::Deleted(deleted.message)));
    }
    match change.end(None) {
        (Status::Unchanged, _) => (There::Unchanged, Would::Write),
        (Status::Refused, Some(reason)) => (There::Changes, Would::NotShown(reason.message)),
        // Where the record keeps another value the row goes on, too: before anything is written the record is read once more.
        (Status::Held, reason) => (There::Changes, Would::Ask(reason.map(|reason| reason.message).unwrap_or_default())),
        (_, Some(reason)) if [SENT_BEFORE, UNKNOWN_ELSEWHERE].contains(&&*reason.code) => (There::Changes, Would::Done),
        _ => (There::Changes, Would::Keep),
    }
}

/// The cells of a row that would be written to a record.
pub(super) fn written_cells(
    entity: &Entity,
    custom: &Custom,
    operation: &WriteOperation,
    record: &Map<String, Value>,
) -> WriteOperation {
    let change = RecordChange::of(entity, custom, operation, record);
    match operation.clone() {
        WriteOperation::Change { id, mut cells } => {
            let is_written = |cell: &SaidCell| change.members.value(&cell.field).is_some();
            cells.retain(is_written);
            for cell in &mut cells {
                cell.value = change.members.value(&cell.field).unwrap_or_default().to_owned();
            }
            WriteOperation::Change { id, cells }
        }
        operation => operation,
    }
}

/// Whether a list shows of a record all that a row says, or goes by. A member that this record lacks and others have says nothing; one that no
/// record of the list has is not shown there, whatever the record's own page has.
///
/// # Errors
/// A mirror that cannot be read.
pub(super) fn is_all_shown(
    list: &KnownList<'_>,
    custom: &Custom,
    operation: &WriteOperation,
    record: &Map<String, Value>,
) -> Result<bool> {
    let entity = list.entity;
    let is_hidden = |name: &str, is_custom: bool| match value_now(record, custom, name, is_custom) {
        Some(_) => Ok(false),
        None => list.carries(custom, name).map(|carries| !carries),
    };
    match operation {
        WriteOperation::Change { cells, .. } => {
            // What says nothing need not be seen.
            let says = |cell: &&SaidCell| !(cell.overwrite == Overwrite::Never && cell.shown.is_empty());
            for cell in cells.iter().filter(says).filter(|cell| field_of(entity, cell).is_comparable()) {
                if is_hidden(&cell.field, cell.is_custom)? {
                    return Ok(false);
                }
            }
            Ok(!RecordChange::of(entity, custom, operation, record).is_hidden())
        }
        WriteOperation::Tags(_) => {
            let is_shown = !is_hidden(entity.tags.as_deref().unwrap_or_default(), false)?;
            Ok(is_shown && !RecordChange::of(entity, custom, operation, record).is_hidden())
        }
        WriteOperation::Write { .. } | WriteOperation::Draft(_) | WriteOperation::LookedUp { .. } => Ok(true),
    }
}

/// What is said of a row for what the account has.
pub(super) fn finding(code: &'static str, severity: Severity, reason: &Message) -> Finding {
    Finding {
        column: None,
        field: None,
        code,
        severity,
        value: String::new(),
        rule: reason.clone(),
        hint: There::way_on(code, reason),
    }
}

fn code_of(reason: &Message) -> &'static str {
    match reason.code() {
        "change.origin_unknown" => ORIGIN_UNKNOWN,
        "change.respelled" => RESPELLED,
        _ => CONFLICT,
    }
}
