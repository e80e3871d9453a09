//! The local copy of an account's records: one SQLite file per account. It knows lists, records by id, how far the reading
//! of a list has come, and nothing of HTTP or files for people.
//!
//! A **list** is an entity and a query (`""` is "everything"); what was asked with a filter is a list of its own, so
//! that no export can take away or add to the records of another. A list is read in **generations**; every record
//! carries the number of the generation that saw it last, and what a finished one did not see is gone.

mod store;
mod tables;

pub use store::{DAMAGED, Mirror};
pub use tables::{Batch, Key, List, Marks, PageCursor, PageOrder, ToldTotals, Wall};
