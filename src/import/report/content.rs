//! What there is to report of a run, read from its journal once.

use std::path::PathBuf;

use crate::entity::WriteMode;
use crate::error::{Exit, Result};
use crate::format::Input;
use crate::journal::{Counts, Journal, JournalReader, RunIdentity, Status};
use crate::mapping::Mapping;
use crate::message::Message;

/// What is reported and where.
pub struct RunContent<'a> {
    /// The run's journal.
    pub journal: &'a Journal,
    /// What it says.
    pub past: &'a JournalReader,
    /// The input.
    pub input: &'a Input,
    /// Which column feeds which field.
    pub mapping: &'a Mapping,
    /// How many rows ended how.
    pub counts: Counts,
    /// Rows that were created without an id in the answer.
    pub(super) ids_pending: u64,
    /// Why rows were not done: status, code, one message, how many; most first.
    pub(super) reasons: Vec<(Status, String, Message, u64)>,
}

/// Files that were written.
#[derive(Debug, Default)]
pub struct Files {
    /// The failed rows, when there are any.
    pub failed: Option<PathBuf>,
    /// What could not be written, in words.
    pub warnings: Vec<String>,
    /// Something is missing that the same command can still write.
    pub is_incomplete: bool,
}

impl<'a> RunContent<'a> {
    /// What there is to report of a run.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub fn new(
        journal: &'a Journal,
        past: &'a JournalReader,
        input: &'a Input,
        mapping: &'a Mapping,
        counts: Counts,
    ) -> Result<RunContent<'a>> {
        // Each of these looks at every row.
        let ids_pending = if mapping.entity().id.is_some() && counts.created > 0 { past.ids_pending()? } else { 0 };
        let reasons = if counts.done() < counts.ended() { past.reasons()? } else { Vec::new() };
        Ok(RunContent { journal, past, input, mapping, counts, ids_pending, reasons })
    }
}

impl RunContent<'_> {
    /// What is done with rows: tags are a change of the record they stand on.
    pub(super) fn action(&self) -> &str {
        if self.mapping.entity().edits.is_some() { WriteMode::Update.as_str() } else { &self.identity().mode }
    }

    pub(super) fn identity(&self) -> &RunIdentity {
        self.journal.identity()
    }
}

/// The exit code of a run that ended with these counts.
pub fn exit_of(counts: &Counts, cause: Option<Exit>) -> Exit {
    match cause {
        Some(Exit::Denied) => Exit::Denied,
        Some(exit) => exit,
        None if counts.unknown > 0 => Exit::SomeUnknown,
        None if counts.refused + counts.failed > 0 => Exit::SomeFailed,
        None => Exit::Done,
    }
}
