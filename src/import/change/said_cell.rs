//! A cell of a row that changes a record.

use serde::{Deserialize, Serialize};

use crate::baseline::CellMarks;
use crate::entity::Overwrite;

/// A cell of a row that changes a record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaidCell {
    /// The field, by the interface's name or a custom field's key.
    pub field: String,
    /// Whether it is a custom field.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_custom: bool,
    /// What the file shows; nothing where a person says that the field is to be emptied.
    pub shown: String,
    /// What the service is told for that; not known of a cell that nobody edited.
    pub value: String,
    /// What is done where the account has another value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub overwrite: Overwrite,
    /// It tells which record is referred to, and that was not looked up yet.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_unresolved: bool,
    /// What the export said from which the file comes; none where that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<CellBaseline>,
}

/// What an export of ours said in a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CellBaseline {
    /// Whether the cell still says it.
    pub is_unedited: bool,
    /// The mark of the value that the service had then.
    pub value_mark: u64,
}

impl CellBaseline {
    /// What the cell of a file is that is an export of which nobody knows what it said: whatever the service says may have been
    /// said since. No value has this mark.
    pub const UNKNOWN: CellBaseline = CellBaseline { is_unedited: false, value_mark: u64::MAX };

    /// What an export said in a cell that shows something of this mark now.
    pub fn of(said: CellMarks, shown: u64) -> CellBaseline {
        CellBaseline { is_unedited: said.shown == shown, value_mark: said.value }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(value: &bool) -> bool {
    !value
}

fn is_default(overwrite: &Overwrite) -> bool {
    *overwrite == Overwrite::default()
}
