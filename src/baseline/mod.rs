//! What a file of ours said when it was written, so that a cell a person edited in it is known from one that nobody touched.
//! `normal` brings a cell and a record's value into one form: what a spreadsheet program makes of a cell when it saves it again
//! is no edit (`respelled` knows more of that). `mark` makes a short number of it, `store` keeps these for every export, `imported`
//! which of them was imported last.

mod imported;
mod mark;
mod normal;
mod respelled;
mod sent;
mod store;

pub use imported::{last_imported, note_import};
pub use mark::{mark, marks, unsent_mark};
pub use normal::{is_full, is_unset, normal, shows};
pub use respelled::may_be_respelled;
pub use sent::SentStore;
pub use store::{About, Baseline, BaselineWriter, CellMarks, all, find};
