//! Rows of a run that were not done and that none of its retries has had: somebody has deleted them from the file of failed rows.
//! They are named, and written anew.

use std::path::PathBuf;

use super::options::ImportOptions;
use super::report::{RunContent, write_left};
use super::settle::KeptRun;
use crate::error::Result;
use crate::journal::{Journal, JournalReader, Operation, RunIndex, Status};
use crate::language::Language;

/// Most rows that are named.
const NAMED: usize = 20;
/// Under which a journal keeps the name of the file that they were written to.
const NOTE: &str = "left";

/// Such rows of a run.
#[derive(Debug)]
pub(super) struct NotRetried {
    /// How many.
    pub rows: u64,
    /// The numbers of the first of them.
    numbers: Vec<u64>,
    /// The runs that retried others.
    retries: Vec<JournalReader>,
}

impl NotRetried {
    /// Those of a run that was retried; none where all of them were, or where nobody can tell: a retry goes on, or its file did not
    /// say which rows these are. `own` is a retry that is just over.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub(super) fn of(past: &JournalReader, own: Option<&Journal>, index: &RunIndex) -> Result<Option<NotRetried>> {
        let mut retries = Vec::new();
        for run in index.of_parent(&past.identity().run)?.into_iter().filter(|run| run.is_there) {
            let is_own = own.is_some_and(|own| own.identity().run == run.run);
            let retry = JournalReader::open(&run.folder)?;
            let is_over = is_own || matches!(retry.ended()?, Some((_, true)));
            if !is_over || retry.has_rows_of_no_origin()? {
                return Ok(None);
            }
            retry.build_indexes()?;
            retries.push(retry);
        }
        if retries.is_empty() {
            return Ok(None);
        }
        let mut found = NotRetried { rows: 0, numbers: Vec::new(), retries };
        past.each_operation(|operation| {
            if found.has(operation)? {
                found.rows += 1;
                if found.numbers.len() < NAMED {
                    found.numbers.push(operation.row.number);
                }
            }
            Ok(())
        })?;
        Ok(Some(found).filter(|found| found.rows > 0))
    }

    /// Whether a row is one of them.
    fn has(&self, operation: &Operation) -> Result<bool> {
        if !matches!(operation.status, Status::Refused | Status::Held | Status::Failed) {
            return Ok(false);
        }
        for retry in &self.retries {
            if retry.by_origin(operation.row.number)?.is_some() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Their numbers, as words name them.
    pub(super) fn named(&self) -> String {
        let numbers: Vec<String> = self.numbers.iter().map(u64::to_string).collect();
        let more = if self.rows > numbers.len() as u64 { Language::current().pick("……", ", …") } else { "" };
        numbers.join(Language::current().pick("、", ", ")) + more
    }

    /// Writes them into a file of failed rows of their own, beside those of their run, and says where it stands.
    ///
    /// # Errors
    /// Another process is at work on that run, cells that were not kept, a full disk.
    pub(super) fn write(&self, options: &ImportOptions<'_>, past: &JournalReader) -> Result<PathBuf> {
        let journal = Journal::open(past.folder())?;
        let kept = KeptRun::of(past, options.catalog)?;
        let content = RunContent::new(&journal, past, &kept.mapping, past.counts()?)?;
        let path = write_left(&content, &|operation| self.has(operation))?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        journal.set_note(NOTE, &name)?;
        Ok(path)
    }

    /// The file that they were written to.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub(super) fn file(past: &JournalReader) -> Result<Option<PathBuf>> {
        let path = past.note(NOTE)?.map(|name| past.folder().join(name));
        Ok(path.filter(|path| path.is_file()))
    }
}
