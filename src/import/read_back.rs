//! Trust the account, then verify: the first row of a run, and few others that between them fill as many columns as possible,
//! are read back and compared, field by field. What the service dropped or changed is shown before thousands of rows follow.

use serde_json::{Map, Value};

use super::comparison::{Difference, comparable, differences, end_of_differing, sent_values, told};
use super::operation::WriteOperation;
use super::plan::PendingWrite;
use super::row_sender::{NOT_READABLE, RowSender};
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{Operation, Reason, Status};
use crate::message;
use crate::t;
use crate::text::clean;

/// The record a row is about to change, as it is now; none when the row makes a new one.
///
/// # Errors
/// The service cannot be reached.
pub(super) async fn before(sender: &RowSender<'_>, pending: &PendingWrite) -> Result<Option<Map<String, Value>>> {
    let id = match &pending.operation {
        WriteOperation::Write { .. } | WriteOperation::Draft(_) | WriteOperation::LookedUp { .. } => return Ok(None),
        WriteOperation::Change { id, .. } => id,
        WriteOperation::Tags(edit) => &edit.id,
    };
    match sender.access_of(&pending.operation) {
        Some(access) => Ok(sender.read_for_row(access, id).await?.ok()),
        None => Ok(None),
    }
}

/// What reading a row's record shows.
#[derive(Debug)]
pub(super) enum Comparison {
    /// Everything arrived; these fields were compared.
    Same { id: String, fields: Vec<String> },
    /// Nothing could be compared, and why.
    None(String),
    /// The record is another one than was sent, and how the row ends for it.
    Differs { id: String, differences: Vec<Difference>, end: (Status, Reason) },
    /// The service said that it was done, and has nothing of it.
    Missing,
}

/// Reads a row's record back and compares it with what was sent.
///
/// # Errors
/// The service cannot be reached.
pub(super) async fn compare(
    sender: &RowSender<'_>,
    pending: &PendingWrite,
    operation: &Operation,
    before: Option<&Map<String, Value>>,
) -> Result<Comparison> {
    let row = operation.row.number;
    let Some(access) = sender.access_of(&pending.operation) else { return Ok(Comparison::None(String::new())) };
    if operation.status == Status::Unchanged || operation.status == Status::Skipped {
        return Ok(Comparison::None(String::new()));
    }
    if let WriteOperation::Write { look_up: Some(look_up), .. } = &pending.operation
        && operation.status == Status::Created
        && access.entity.id.is_none()
    {
        let named: Vec<&str> = look_up.by.iter().map(|(_, value)| value.as_str()).collect();
        let has = match sender.has(look_up).await {
            Err(error) if error.kind() == ErrorKind::Denied => None,
            has => has?,
        };
        return Ok(match has {
            Some(true) => {
                let fields = look_up.same.iter().map(|(field, _)| field.clone()).collect();
                Comparison::Same { id: clean(&named.join(" ")).into_owned(), fields }
            }
            Some(false) => Comparison::Missing,
            None => Comparison::None(t!("canary.no_id", row = row).into_owned()),
        });
    }
    let Some(id) = &operation.id else { return Ok(Comparison::None(t!("canary.no_id", row = row).into_owned())) };
    let kind = pending.operation.kind(&access.entity);
    // A page that breaks, while others do not, shows no more of another row.
    let after = match sender.read_for_row(access, id).await {
        // It could be written, and may not be read: another row would show nothing more.
        Err(error) if error.kind() == ErrorKind::Denied => {
            sender.looks.cannot_see(&kind);
            let why = error.message();
            return Ok(Comparison::None(t!("canary.refused", row = row, id = id, why = why).into_owned()));
        }
        // So does a page of something in between, which took the write: it minds questions.
        Err(error) if error.message_is_about("api.not_json") => {
            sender.looks.cannot_see(&kind);
            let why = message!("api.not_json");
            return Ok(Comparison::None(t!("canary.refused", row = row, id = id, why = why).into_owned()));
        }
        after => after?,
    };
    let after = match after {
        Ok(after) => after,
        Err(reason) => {
            sender.looks.cannot_see(&kind);
            let why = reason.message.part("why").filter(|_| reason.code == NOT_READABLE);
            return Ok(Comparison::None(match why {
                Some(why) => t!("canary.refused", row = row, id = id, why = why).into_owned(),
                None => t!("canary.not_found", row = row, id = id).into_owned(),
            }));
        }
    };
    sender.see_tags(&access.entity, &after);
    let sent = sent_values(access, &pending.operation, before);
    let differences = sender.without_own(differences(access, &sent, before, &after));
    Ok(match differences.is_empty() {
        true => {
            sender.looks.see(&kind, told(access, &sent, before));
            let fields = comparable(access, &sent).map(|(_, name, _)| name.to_owned()).collect();
            Comparison::Same { id: id.clone(), fields }
        }
        false => {
            let end = end_of_differing(access, operation.status, &differences, &after);
            Comparison::Differs { id: id.clone(), differences, end }
        }
    })
}

/// The error that stops a run whose row is not there although the service said that it was done.
pub(super) fn missing(row: u64) -> Error {
    Error::stopped(message!("canary.missing", row = row)).hint(message!("canary.missing_hint"))
}

/// The error that stops a run when a row's record lacks tags that were sent.
pub(super) fn lost_tags(operation: &Operation, why: &Reason) -> Error {
    let (row, id) = (operation.row.number, operation.id.as_deref().unwrap_or_default());
    let losses = why.message.clone();
    Error::stopped(message!("canary.lost", row = row, id = id, losses = losses))
        .hint(message!("canary.lost_later_hint"))
}
