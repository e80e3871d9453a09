//! The last words of a run with rows of which nobody knows: which command finds out, and what it does.

use std::path::PathBuf;

use super::content::RunContent;
use crate::entity::{Entity, WriteMode};
use crate::error::Result;
use crate::journal::{JournalReader, UNKNOWN_ELSEWHERE};
use crate::message;
use crate::terminal::CommandLine;

/// Which command finds out what became of rows, and of how many.
#[derive(Debug)]
pub struct SettleLine {
    /// Rows of which nobody knows.
    unknown: u64,
    /// Rows that were created without an id.
    ids_pending: u64,
    /// The command.
    pub command: String,
    /// It was done just now.
    is_looked: bool,
    /// The rows change records, and make none.
    has_changes_alone: bool,
}

impl SettleLine {
    /// For what a run leaves in doubt; none when that is nothing. Rows that another run sent are settled there.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub fn of(content: &RunContent<'_>, typed: &CommandLine) -> Result<Option<SettleLine>> {
        let rows = (content.counts.unknown - content.gone.unknown, content.ids_pending);
        SettleLine::of_run(content.past, content.mapping.entity(), rows, typed)
    }

    /// For a run with so many rows of which nobody knows, and so many that were created without an id; none when that is nothing.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub fn of_run(
        past: &JournalReader,
        entity: &Entity,
        (unknown, ids_pending): (u64, u64),
        typed: &CommandLine,
    ) -> Result<Option<SettleLine>> {
        if unknown + ids_pending == 0 {
            return Ok(None);
        }
        let is_settled_here = past.unsettled()? != (0, 0);
        let elsewhere = if is_settled_here { Vec::new() } else { past.rows_of(UNKNOWN_ELSEWHERE)? };
        let elsewhere = elsewhere.iter().find_map(|(_, message)| message.part("folder"));
        let folder = elsewhere.map_or_else(|| past.folder().to_owned(), |folder| PathBuf::from(folder.to_string()));
        let command = typed.on_same_account("settle", &folder);
        let has_changes_alone = !WriteMode::of(&past.identity().mode).makes_records(entity);
        Ok(Some(SettleLine { unknown, ids_pending, command, is_looked: false, has_changes_alone }))
    }

    /// The same, once that command has looked and could not tell.
    pub fn looked(self) -> SettleLine {
        SettleLine { is_looked: true, ..self }
    }

    /// The words.
    pub fn text(&self) -> String {
        let SettleLine { unknown, ids_pending, command, is_looked, has_changes_alone } = self;
        let message = match (unknown, is_looked) {
            (0, false) => message!("report.settle_ids", rows = ids_pending, command = command),
            (0, true) => message!("report.settle_ids_looked", rows = ids_pending, command = command),
            (_, false) if *has_changes_alone => message!("report.settle_changes", rows = unknown, command = command),
            (_, true) if *has_changes_alone => {
                message!("report.settle_changes_looked", rows = unknown, command = command)
            }
            (_, false) => message!("report.settle", rows = unknown, command = command),
            (_, true) => message!("report.settle_looked", rows = unknown, command = command),
        };
        message.to_string()
    }
}
