//! Sending what is left of an import's rows: the reader, the journal's writer and the sender side by side.
//!
//! ```text
//! reader ── windows ──► journal writer ── reserved rows ──► sender
//!    ▲                        ▲                               │
//!    └─ backpressure          └───────── ends of rows ────────┘
//! ```

mod backpressure;
mod journal_writer;
mod queue;
mod reader;
mod run;
mod sender;
mod stop;

pub(super) use journal_writer::Recorded;
pub(super) use run::{Sent, send};
pub(super) use stop::{Cause, Stop, down};
