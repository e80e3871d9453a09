//! What comes of a row: it has an end, waits, or is sent.

use uuid::Uuid;

use crate::import::operation::WriteOperation;
use crate::journal::{Operation, RowKey, Status};

/// A row that is to be sent.
#[derive(Debug, Clone)]
pub(in crate::import) struct PendingWrite {
    /// Which row.
    pub row: RowKey,
    /// The id of its write.
    pub request_id: Uuid,
    /// What it asks for.
    pub operation: WriteOperation,
    /// Rows with the same mark never run at the same time.
    pub writer: Option<u64>,
    /// It may have been sent before.
    pub is_repeat: bool,
}

/// What comes of one row.
#[derive(Debug)]
pub(in crate::import) enum RowAction {
    /// It has an end already; whether that came of a write.
    Ended { was_written: bool },
    /// It has an end now, without being sent.
    End(Operation),
    /// It waits for a decision and has no end yet.
    Wait,
    /// It is to be sent.
    Send(PendingWrite),
}

impl RowAction {
    /// Whether something is written for the row, or was.
    pub(in crate::import) fn is_written(&self) -> bool {
        match self {
            RowAction::Ended { was_written } => *was_written,
            RowAction::Send(pending) => pending.operation.may_write(),
            RowAction::End(_) | RowAction::Wait => false,
        }
    }
}

/// Whether a row that ended so was sent.
pub(in crate::import) fn is_of_write(status: Status) -> bool {
    matches!(status, Status::Created | Status::Updated | Status::Failed | Status::Unknown)
}
