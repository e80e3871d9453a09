//! One row on its way from its first request to its end: which requests it takes, what is repeated, and what their outcomes
//! mean for the row. The order of the layers a request goes through is told in [`crate::api`].
//!
//! `sender` holds what all rows of a run are sent with, reads records, and gives out turns. `write` makes one write until its
//! outcome is known or in doubt. `requests` puts the two together: what is asked before a row's write, and what is looked at
//! after it; `new_record` doubts an id that was there before, as `earlier` tells it.

mod earlier;
mod new_record;
mod requests;
mod sender;
mod write;

pub(super) use earlier::Earlier;
pub(super) use sender::{NOT_READABLE, RowEnd, RowSender, agrees, halting};
