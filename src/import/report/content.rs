//! What there is to report of a run, read from its journal once.

use std::path::{Path, PathBuf};

use crate::entity::WriteMode;
use crate::error::{Error, Exit, Result};
use crate::import::change::KEPT;
use crate::journal::{Counts, Journal, JournalReader, Operation, RunIdentity, STORED_OTHERWISE, Status, TAGS_DROPPED};
use crate::mapping::Mapping;
use crate::message::Message;

/// What is reported and where.
pub struct RunContent<'a> {
    /// The run's journal.
    pub journal: &'a Journal,
    /// What it says.
    pub past: &'a JournalReader,
    /// Which column feeds which field.
    pub mapping: &'a Mapping,
    /// How many rows ended how.
    pub counts: Counts,
    /// Rows that were created without an id in the answer.
    pub ids_pending: u64,
    /// Rows that were sent and are no longer in the input; they are counted with the others.
    pub(super) gone: Counts,
    /// Rows of which the service keeps another value.
    pub(super) kept: u64,
    /// For a retry: how many rows of the run that is retried no retry has had, and what there is to say of them.
    pub(in crate::import) left: Option<(u64, Message)>,
    /// Rows whose records say something else than was sent.
    pub(super) otherwise: u64,
    /// New records that lack tags which were sent.
    dropped: u64,
    /// Why rows were not done: status, code, one message, how many; most first.
    pub(super) reasons: Vec<(Status, String, Message, u64)>,
}

/// What there is to say of each row, for a file that is written beside others.
pub(super) struct RowContent<'a> {
    /// The run's folder.
    pub folder: &'a Path,
    /// What makes the run the same run.
    pub identity: &'a RunIdentity,
    /// Which column feeds which field.
    pub mapping: &'a Mapping,
    /// How many rows ended how.
    pub counts: Counts,
}

/// What became of the files of a report. The journal holds all that stands in them: what could not be written the same
/// command still writes.
#[derive(Debug, Default)]
pub struct Files {
    /// The results of every row for people, when they were written.
    pub book: Option<PathBuf>,
    /// The results of every row, when they were written.
    pub results: Option<PathBuf>,
    /// The findings of the check, when there are any and they were written.
    pub issues: Option<PathBuf>,
    /// The failed rows in the input's format, when there are any and they were written.
    pub failed: Option<PathBuf>,
    /// The failed rows as a workbook, where the input is none.
    pub failed_book: Option<PathBuf>,
    /// Why files could not be written, for each of them.
    pub unwritten: Vec<Error>,
}

impl Files {
    /// What was written, or nothing and the reason kept.
    pub(super) fn written<T: Default>(&mut self, result: Result<T>) -> T {
        result.unwrap_or_else(|error| {
            self.unwritten.push(error);
            T::default()
        })
    }
}

impl<'a> RunContent<'a> {
    /// What there is to report of a run.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub fn new(
        journal: &'a Journal,
        past: &'a JournalReader,
        mapping: &'a Mapping,
        counts: Counts,
    ) -> Result<RunContent<'a>> {
        // Each of these looks at every row.
        let ids_pending = if mapping.entity().id.is_some() && counts.created > 0 { past.ids_pending()? } else { 0 };
        let tags = mapping.entity().tags.as_ref().filter(|tags| mapping.position(tags).is_some());
        let is_written = counts.created + counts.updated > 0;
        let otherwise = if is_written { past.count_of(STORED_OTHERWISE)? } else { 0 };
        let dropped = if tags.is_some() && counts.created > 0 { past.count_of(TAGS_DROPPED)? } else { 0 };
        let has_reasons = counts.done() < counts.ended() || counts.skipped > 0 || otherwise + dropped > 0;
        let reasons = if has_reasons { past.reasons()? } else { Vec::new() };
        let kept = if mapping.entity().may_change { past.count_of(KEPT)? } else { 0 };
        let gone = past.gone_counts()?;
        let left = None;
        Ok(RunContent { journal, past, mapping, counts, ids_pending, gone, kept, left, otherwise, dropped, reasons })
    }
}

impl RunContent<'_> {
    /// New records that have no id, and records that say something else than was sent.
    pub fn unproved(&self) -> (u64, u64) {
        (self.ids_pending, self.otherwise + self.dropped)
    }

    pub(super) fn identity(&self) -> &RunIdentity {
        self.journal.identity()
    }

    /// What there is to say of each row.
    pub(super) fn rows(&self) -> RowContent<'_> {
        let RunContent { journal, mapping, counts, .. } = self;
        RowContent { folder: journal.folder(), identity: journal.identity(), mapping, counts: *counts }
    }
}

impl RowContent<'_> {
    /// What is done with rows: tags are a change of the record they stand on, and what a row that is looked up came to its end
    /// tells. Of one that has none, or was never sent, it is what was asked for.
    pub(super) fn action(&self, ended: Option<&Operation>) -> &str {
        let mode = WriteMode::of(&self.identity.mode);
        let change = WriteMode::Update.as_str();
        match ended {
            _ if self.mapping.entity().edits.is_some() => change,
            Some(ended) if mode == WriteMode::Upsert => match ended.status {
                Status::Created => WriteMode::Create.as_str(),
                Status::Updated | Status::Unchanged => change,
                Status::Unknown | Status::Failed if ended.id.is_some() => change,
                Status::Unknown | Status::Failed => WriteMode::Create.as_str(),
                Status::Skipped | Status::Refused | Status::Held => mode.as_str(),
            },
            _ => mode.as_str(),
        }
    }
}

/// The exit code of a run that ended with these counts, and with so many new records that have no id and records that say
/// something else than was sent.
pub fn exit_of(counts: &Counts, (ids_pending, otherwise): (u64, u64), cause: Option<Exit>) -> Exit {
    match cause {
        Some(Exit::Denied) => Exit::Denied,
        Some(exit) => exit,
        // That a record was made which cannot be told is not proved.
        None if counts.unknown + ids_pending > 0 => Exit::SomeUnknown,
        // What is stored is not what was sent.
        None if counts.retriable() + otherwise > 0 => Exit::SomeFailed,
        None => Exit::Done,
    }
}
