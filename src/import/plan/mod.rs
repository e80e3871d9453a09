//! What becomes of each row: `known_row` gathers what is known of it, `planner` decides by that (`decision`) and makes an
//! `action` of the run of it, and `ends` puts the end of a row that is not sent into the words of the journal.

mod action;
mod ends;
mod known_row;
mod planner;

pub(super) use action::{PendingWrite, RowAction, is_of_write};
pub(super) use planner::{KnownRows, RowPlanner};
