//! What a change of a record writes. `said_cell` is a cell as its row has it, with what is known of where the file has it from
//! (`handed_back` finds the export of ours that a file is, `moved_cells` whether its cells stand in other rows since, `rows_of_export` one whose rows do not say any more which records
//! they are about);
//! `verdict` decides about it by the record as it is now, a plain function
//! that asks nobody. `record_change` puts the cells of a row together: what is written, and what the row ends as.

mod handed_back;
mod moved_cells;
mod record_change;
mod rows_of_export;
mod said_cell;
mod verdict;

pub(super) use handed_back::{FileOrigin, HandedBack, SaidRow, unedited};
pub(super) use moved_cells::{MovedCells, MovedColumns};
pub(super) use record_change::{
    CONFLICT, CUT, DELETED, KEPT, NOT_SHOWN, ORIGIN_UNKNOWN, RESPELLED, RecordChange, differing, field_of,
};
pub(super) use rows_of_export::RowsOfExport;
pub(super) use said_cell::{AddedBefore, CellBaseline, SaidCell};
pub(super) use verdict::{Verdict, value_now, verdict};
