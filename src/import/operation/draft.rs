//! Drafts of new records, whose requests are made when it is their turn.

use bytes::Bytes;

use super::body::body_of;
use super::builder::name_of;
use super::members::Members;
use super::write_operation::{LookUp, WriteOperation};
use crate::entity::{Conflict, Custom, Entity};

/// Makes drafts of new records into writes.
#[derive(Debug, Clone)]
pub(in crate::import) struct DraftWriter {
    custom: Custom,
    wrap: Option<String>,
    conflict: Option<Conflict>,
    /// The fields whose values name a record that has no id.
    key: Vec<String>,
}

impl DraftWriter {
    /// What makes drafts of records of `entity` into writes.
    pub(in crate::import) fn new(entity: &Entity, custom: &Custom) -> DraftWriter {
        let wrap = entity.endpoint("create").and_then(|create| create.wrap.clone());
        let key = if entity.is_asked_for() { entity.named_by().to_vec() } else { Vec::new() };
        DraftWriter { custom: custom.clone(), wrap, conflict: entity.conflict.clone(), key }
    }

    /// How records carry custom fields.
    pub(in crate::import) fn custom(&self) -> &Custom {
        &self.custom
    }

    /// The operation as it is sent: a draft has its body now; none of one that says which records it refers to and whose
    /// references were never looked up.
    pub(in crate::import) fn ready(&self, operation: WriteOperation) -> Option<WriteOperation> {
        (!operation.is_unresolved()).then(|| self.finished(operation))
    }

    /// The operation as it is sent: a draft has its body now.
    pub(in crate::import) fn finished(&self, operation: WriteOperation) -> WriteOperation {
        let members = match operation {
            WriteOperation::Draft(members) => members,
            // What it refers to is known now.
            WriteOperation::Change { cells, .. } if !self.key.is_empty() => {
                return WriteOperation::Change { id: name_of(&self.key, &cells), cells };
            }
            operation => return operation,
        };
        let values = |fields: &[String]| {
            let pair = |field: &String| Some((field.clone(), members.value(field)?.to_owned()));
            fields.iter().filter_map(pair).collect()
        };
        let look_up = self.conflict.as_ref().map(|conflict| {
            let (by, same) = (values(&conflict.by), values(&conflict.same));
            Box::new(LookUp { by, same, is_first: members.is_given })
        });
        WriteOperation::Write { body: self.body(&members), look_up }
    }

    /// The body of the request that makes a record of these members.
    pub(in crate::import) fn body(&self, members: &Members) -> Bytes {
        body_of(members, &self.custom, self.wrap.as_ref())
    }
}
