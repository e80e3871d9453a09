//! What a checked record asks of the service: which write, with which body, and what has to be
//! looked at before or after it. `builder` makes a `write_operation` of a record, of its `members` or as a `tag_edit`; `draft`
//! gives a new record its `body` when it is its turn.

mod body;
mod builder;
mod draft;
mod members;
mod tag_edit;
mod write_operation;

pub(super) use body::body_of;
pub(super) use builder::{OperationBuilder, given_column, name_of, old_id_of};
pub(super) use draft::DraftWriter;
pub(super) use members::Members;
pub(super) use tag_edit::TagEdit;
pub(super) use write_operation::{LookUp, WriteOperation};
