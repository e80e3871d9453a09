//! What the reader, the journal writer and the sender share.

use super::backpressure::Backpressure;
use super::stop::Stop;
use super::tally::Tally;

/// What the three stages share.
#[derive(Debug)]
pub(super) struct Shared {
    /// Whether the run still goes on.
    pub stop: Stop,
    /// How far the reader may run ahead.
    pub backpressure: Backpressure,
    /// What is recorded so far.
    pub tally: Tally,
}
