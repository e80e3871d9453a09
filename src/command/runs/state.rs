//! What a run has come to.

use crate::error::{Exit, Result};
use crate::import::report::words;
use crate::journal::{Counts, Journal, JournalReader};
use crate::t;

/// What a run has come to.
pub(super) struct State {
    pub counts: Counts,
    /// The counts in words.
    pub words: String,
    /// A process is at work on it.
    pub is_live: bool,
    pub finished: bool,
    pub exit: Option<Exit>,
    pub claimed: u64,
    /// When it was forgotten.
    pub forgotten: Option<i64>,
}

impl State {
    pub(super) fn of(past: &JournalReader) -> Result<State> {
        let counts = past.all_counts()?;
        let ended = past.ended()?;
        Ok(State {
            words: words::counts_of(past, &counts)?,
            counts,
            is_live: Journal::is_at_work(past.folder()),
            finished: matches!(ended, Some((_, true))),
            exit: ended.map(|(exit, _)| exit),
            claimed: past.claimed()?,
            forgotten: past.forgotten()?,
        })
    }

    pub(super) fn line(&self) -> String {
        let counts = &self.words;
        let line = match (self.is_live, self.finished) {
            (true, _) => t!("runs.live", counts = counts).into_owned(),
            (false, true) => counts.clone(),
            (false, false) => t!("runs.unfinished", counts = counts).into_owned(),
        };
        match self.claimed {
            0 => line,
            claimed => t!("runs.claimed", line = line, claimed = claimed).into_owned(),
        }
    }
}
