//! The index of runs: which run did what, by account, and which rows it sent. It finds the unfinished run of an input and
//! recognises rows that were sent before, wherever the run's folder lies, without opening its journal. It lives in the
//! state folder. Beside them it lists exports, which have no folders of their own.
//!
//! It is a cache of the journals: it reads the rows of one that is new or grew, once, and is made anew from them when it is
//! lost. What it has read it keeps: rows of a run whose folder is gone stay known. What a run is about to send is kept beside it
//! until it has read what became of it: of a run that was killed and whose folder is gone, all of that may have been sent.

mod database;
mod exports;
mod gathered;
mod memory;
mod old_ids;
mod registered;
mod retried;
mod runs;
mod sorter;

pub use exports::IndexedExport;
pub use memory::{InputRow, SentBefore, WasSent};
pub use old_ids::{Given, GivenOldIds, KnownOldId, OldIds, StrangeIds};
pub use registered::RegisteredRows;
pub use runs::{IndexedRun, RunIndex};
