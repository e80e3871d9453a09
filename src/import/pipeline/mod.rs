//! Sending what is left of an import's rows: the reader, the journal writer and the sender side by side.
//!
//! ```text
//! reader ── windows ──► journal writer ── reserved rows ──► sender
//!    ▲                        ▲                               │
//!    └─ backpressure          └───────── ends of rows ────────┘
//! ```
//!
//! Each is a struct whose `run` takes what comes in; `run` joins them. The reader and the journal writer have a thread each,
//! as they wait for the disk; the sender is one task with as many workers as may be in flight. Whoever finds that the run
//! cannot go on sets [`Stop`], which all three look at.

mod backpressure;
mod breaker;
mod journal_writer;
mod outbox;
mod queue;
mod reader;
mod run;
mod sample;
#[cfg(test)]
mod samples;
mod sender;
mod shared;
mod stop;
mod tally;
mod unproved;

pub(super) use breaker::down;
pub(super) use journal_writer::Recorded;
pub(super) use run::{Sent, send, write_down_requests};
pub(super) use stop::{Cause, Stop};
