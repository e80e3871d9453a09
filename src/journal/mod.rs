//! The run's checkpoint: what was intended and what happened, in one SQLite file in the run's folder. Reports, resuming,
//! retrying and settling are queries over it.
//!
//! **Rows in doubt are bounded.** Intent is durable before a request leaves: a window of rows ahead of the sender is
//! reserved in one transaction ([`Reservation`]); an outcome replaces its place in the window. A row that is reserved and
//! has no outcome when a journal is opened was perhaps sent, so it becomes `unknown` and is never sent again by itself. Marks
//! ([`Marks`]) that outlive a killed process, though not its machine, tell those that never left and those that came back.
//! A window holds what is sent in 50 ms, at least what may be in flight, at most [`LARGEST_WINDOW`]; two windows may be
//! open at a time, so a crash leaves at most twice that many rows in doubt.
//!
//! **A row is known by what it says**, not its place: the hash of it and its occurrence among rows that say the same. Its place
//! is kept too, as the file of an unchanged run has not moved.
//!
//! The journal knows no HTTP, and of spreadsheets only what a row is known by.

mod added;
mod claims;
mod cursor;
mod database;
mod earlier;
mod gone;
mod identity;
mod index;
mod lock;
mod marks;
mod operation;
mod reader;
mod references;
mod registration;
mod rows;
mod sent;
mod status;
mod writer;

pub use added::{hash_for, hash_of_added};
pub use claims::Claims;
pub use cursor::OperationCursor;
pub use earlier::Match;
pub use identity::{Parent, RunIdentity};
pub use index::{
    Given, GivenOldIds, IndexedExport, IndexedRun, InputRow, KnownOldId, OldIds, RegisteredRows, RunIndex, SentBefore,
    StrangeIds, WasSent,
};
pub use lock::Lock;
pub use marks::Marks;
pub use operation::{Claim, NextAttempt, OldId, Operation, Reason, Reservation, RowIdentity, RowKey, Settled};
pub use reader::{JournalReader, MadeLast};
pub use references::KnownReference;
pub use registration::Registration;
pub use status::{Counts, SETTLED, STORED_OTHERWISE, Status, TAGS_DROPPED, UNKNOWN_BEFORE, UNKNOWN_ELSEWHERE};
pub use writer::{Journal, LARGEST_WINDOW};
