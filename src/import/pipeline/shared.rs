//! What the reader, the journal writer and the sender share.

use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use super::backpressure::Backpressure;
use super::sample::SampleFigures;
use super::stop::Stop;
use super::tally::Tally;
use crate::journal::Settled;

/// What was said to the service so far.
#[derive(Debug, Default)]
pub(super) struct Traffic {
    /// Requests that were made.
    pub requests: AtomicU64,
    /// Requests that repeated an earlier one.
    pub retries: AtomicU64,
}

/// What the three stages share.
#[derive(Debug)]
pub(super) struct Shared {
    /// Whether the run still goes on.
    pub stop: Stop,
    /// How far the reader may run ahead.
    pub backpressure: Backpressure,
    /// What is recorded so far.
    pub tally: Tally,
    /// What was said to the service.
    pub traffic: Traffic,
    /// Rows that were passed over because they wait.
    pub waiting: AtomicU64,
    /// What is said of rows that have an end, by their indexes.
    pub words: Mutex<Vec<(u64, Settled)>>,
    /// What records said that were read back at the end.
    pub sample: Mutex<Option<SampleFigures>>,
}

impl Shared {
    /// What they share before the first row.
    pub(super) fn new(backpressure: Backpressure, tally: Tally) -> Shared {
        Shared {
            stop: Stop::default(),
            backpressure,
            tally,
            traffic: Traffic::default(),
            waiting: AtomicU64::new(0),
            words: Mutex::default(),
            sample: Mutex::default(),
        }
    }
}
