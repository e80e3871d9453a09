//! What one row asks for.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::members::Members;
use super::tag_edit::TagEdit;
use crate::entity::Entity;
use crate::import::change::SaidCell;
use crate::import::looks::WriteKind;

/// What one row asks for.
#[derive(Debug, Clone)]
pub enum WriteOperation {
    /// One write with this body.
    Write {
        /// The JSON body.
        body: Bytes,
        /// What to look at when the service says "there already".
        look_up: Option<Box<LookUp>>,
    },
    /// A new record whose request is made when it is its turn.
    Draft(Members),
    /// A new record, or a change of one that is there: what the account has decides which.
    LookedUp {
        /// What a new record says.
        members: Members,
        /// What a record that is there is to say.
        cells: Vec<SaidCell>,
    },
    /// A change of the record with this id, by what it says when it is its turn.
    Change {
        /// The record's id.
        id: String,
        /// What the row says.
        cells: Vec<SaidCell>,
    },
    /// A change of a record's tags: read, changed, written back.
    Tags(Box<TagEdit>),
}

impl WriteOperation {
    /// What kind of write it is, of a record of this entity.
    pub(in crate::import) fn kind(&self, entity: &Entity) -> WriteKind {
        let is_new = matches!(self, WriteOperation::Write { .. } | WriteOperation::Draft(_));
        WriteKind { entity: entity.name.clone(), is_new }
    }

    /// Whether what it adds to its record was added before: then it need not be written for that to be so.
    pub(in crate::import) fn was_added(&self) -> bool {
        let WriteOperation::Change { cells, .. } = self else { return false };
        cells.iter().any(|cell| cell.added_before.as_ref().is_some_and(|before| !before.is_in_doubt))
    }

    /// Whether it may write something, whatever its record says: what nobody edited in an export of ours writes nothing.
    pub(in crate::import) fn may_write(&self) -> bool {
        let may_be_written = |cell: &SaidCell| cell.added_before.is_none() && cell.may_be_written();
        match self {
            WriteOperation::Change { cells, .. } | WriteOperation::LookedUp { cells, .. } => {
                cells.iter().any(may_be_written)
            }
            WriteOperation::Tags(edit) => {
                let is_unedited = edit.baseline.is_some_and(|baseline| baseline.is_unedited);
                !is_unedited || !edit.add.is_empty() || !edit.remove.is_empty()
            }
            WriteOperation::Write { .. } | WriteOperation::Draft(_) => true,
        }
    }

    /// Whether it says which records it refers to, and these were not looked up yet: it cannot be sent as it is.
    pub(in crate::import) fn is_unresolved(&self) -> bool {
        match self {
            WriteOperation::Draft(members) => members.is_unresolved,
            WriteOperation::LookedUp { members, cells } => {
                members.is_unresolved || cells.iter().any(|cell| cell.is_unresolved)
            }
            WriteOperation::Change { cells, .. } => cells.iter().any(|cell| cell.is_unresolved),
            WriteOperation::Tags(edit) => edit.id.is_empty(),
            WriteOperation::Write { .. } => false,
        }
    }

    /// Takes ids as they stand.
    #[cfg(test)]
    pub(in crate::import) fn take_as_written(&mut self) {
        match self {
            WriteOperation::Draft(members) => members.is_unresolved = false,
            WriteOperation::LookedUp { members, cells } => {
                members.is_unresolved = false;
                cells.iter_mut().for_each(|cell| cell.is_unresolved = false);
            }
            WriteOperation::Change { cells, .. } => cells.iter_mut().for_each(|cell| cell.is_unresolved = false),
            WriteOperation::Write { .. } | WriteOperation::Tags(_) => {}
        }
    }
}

/// How to find what is there already.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LookUp {
    /// Query of the look-up.
    pub by: Vec<(String, String)>,
    /// Values that have to agree.
    pub same: Vec<(String, String)>,
    /// The row says what only a record that is there has, so that is looked for before anything is sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_first: bool,
}
