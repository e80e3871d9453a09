//! What a row says of the records it refers to, taken out of what it asks for, and put back with ids in its place.

use super::reference::Reference;
use crate::import::change::SaidCell;
use crate::import::operation::{Members, TagEdit, WriteOperation};
use crate::import::spool::{RowState, SpooledRow};

/// Takes what a row says of records out of what it asks for: all that a draft says, and of a change the cells that somebody
/// wrote. None of a row that refers to nothing.
pub(in crate::import) fn take(operation: &mut WriteOperation, references: &[Reference<'_>]) -> Option<Members> {
    match operation {
        WriteOperation::Draft(members) => Some(Members { is_unresolved: false, ..std::mem::take(members) }),
        WriteOperation::LookedUp { members, .. } => Some(Members { is_unresolved: false, ..std::mem::take(members) }),
        WriteOperation::Change { cells, .. } if cells.iter().any(|cell| is_telling(cell, references)) => {
            let told = cells.iter().filter(|cell| is_telling(cell, references));
            let fields = told.map(|cell| (&cell.field, &cell.value)).collect();
            Some(Members { fields, ..Members::default() })
        }
        WriteOperation::Tags(edit) if edit.id.is_empty() => {
            let (tell, old_id) = (&subject_of(edit, references)?.tells[0], edit.old_id.as_ref()?);
            let fields = std::iter::once((tell.member.as_str(), old_id.id.as_str())).collect();
            Some(Members { fields, ..Members::default() })
        }
        WriteOperation::Change { .. } | WriteOperation::Write { .. } | WriteOperation::Tags(_) => None,
    }
}

/// What an edit's record is looked for by.
fn subject_of<'r, 'a>(edit: &TagEdit, references: &'r [Reference<'a>]) -> Option<&'r Reference<'a>> {
    references.iter().find(|reference| reference.is_subject && reference.entity.name == edit.entity)
}

/// Puts back what was taken.
pub(in crate::import) fn give(operation: &mut WriteOperation, references: &[Reference<'_>], given: Members) {
    match operation {
        WriteOperation::Draft(members) => *members = given,
        WriteOperation::LookedUp { members, cells } => {
            give_cells(cells, references, &given);
            *members = given;
        }
        WriteOperation::Change { cells, .. } => give_cells(cells, references, &given),
        WriteOperation::Tags(edit) => {
            let id = subject_of(edit, references).and_then(|reference| given.value(&reference.field));
            edit.id = id.unwrap_or_default().to_owned();
        }
        WriteOperation::Write { .. } => {}
    }
}

/// Puts back what was taken as it was: it is to be looked at once more.
pub(super) fn restore(operation: &mut WriteOperation, taken: Members) {
    match operation {
        WriteOperation::Draft(members) | WriteOperation::LookedUp { members, .. } => {
            *members = Members { is_unresolved: true, ..taken };
        }
        WriteOperation::Change { .. } | WriteOperation::Write { .. } | WriteOperation::Tags(_) => {}
    }
}

fn give_cells(cells: &mut Vec<SaidCell>, references: &[Reference<'_>], given: &Members) {
    let told: Vec<SaidCell> = cells.extract_if(.., |cell| is_telling(cell, references)).collect();
    for reference in references {
        let cell = told.iter().find(|cell| reference.has(&cell.field));
        let (Some(cell), Some(value)) = (cell, given.value(&reference.field)) else { continue };
        let own = told.iter().find(|cell| cell.field == reference.field);
        cells.push(SaidCell {
            field: reference.field.clone(),
            shown: value.to_owned(),
            value: value.to_owned(),
            baseline: own.and_then(|cell| cell.baseline),
            is_unresolved: false,
            ..cell.clone()
        });
    }
}

fn is_telling(cell: &SaidCell, references: &[Reference<'_>]) -> bool {
    cell.is_unresolved && references.iter().any(|reference| reference.has(&cell.field))
}

/// What a row asks for that may be sent.
pub(super) fn operation_of(row: &mut SpooledRow) -> Option<&mut WriteOperation> {
    match &mut row.state {
        RowState::Sound(operation) | RowState::Held { operation, .. } => Some(operation),
        _ => None,
    }
}
