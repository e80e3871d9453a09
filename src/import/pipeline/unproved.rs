//! The last rows that the service said to have written and that nobody has looked at: where one is found out not to be as it was
//! said, these may be like it, and are read back before the run ends.

use std::collections::VecDeque;

use serde_json::{Map, Value};

use crate::import::plan::PendingWrite;
use crate::import::row_sender::RowEnd;
use crate::journal::{Operation, Status};

/// Most rows that are kept in mind: more than are ever on their way together.
const MOST: usize = 50;

/// A row that was written.
#[derive(Debug)]
pub(super) struct Written {
    pub pending: PendingWrite,
    pub operation: Operation,
    /// The record that it changed, as that was before.
    pub before: Option<Map<String, Value>>,
}

/// The last rows that were written.
#[derive(Debug, Default)]
pub(super) struct Unproved {
    rows: VecDeque<Written>,
}

impl Unproved {
    /// A row has ended that nobody compares.
    pub(super) fn offer(&mut self, pending: &PendingWrite, end: &RowEnd) {
        let is_written = matches!(end.operation.status, Status::Created | Status::Updated);
        if !is_written || end.operation.reason.is_some() {
            return;
        }
        if self.rows.len() == MOST {
            self.rows.pop_front();
        }
        let (pending, operation, before) = (pending.clone(), end.operation.clone(), end.before.clone());
        self.rows.push_back(Written { pending, operation, before });
    }

    /// All of them.
    pub(super) fn take(&mut self) -> VecDeque<Written> {
        std::mem::take(&mut self.rows)
    }
}
