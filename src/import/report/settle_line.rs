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
    /// The rows change records, and make none.
    has_changes_alone: bool,
    /// Whether that was tried just now.
    tried: Tried,
}

/// What came of looking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tried {
    /// Nobody has looked.
    No,
    /// It cannot be told for now.
    InVain,
    /// The account does not let anybody look.
    Unreadable,
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
        Ok(Some(SettleLine { unknown, ids_pending, command, has_changes_alone, tried: Tried::No }))
    }

    /// The same, once that command has looked and could not tell.
    pub fn looked(self) -> SettleLine {
        SettleLine { tried: Tried::InVain, ..self }
    }

    /// The same, where the account does not show what it has.
    pub fn unreadable(self) -> SettleLine {
        SettleLine { tried: Tried::Unreadable, ..self }
    }

    /// The words.
    pub fn text(&self) -> String {
        let SettleLine { unknown, ids_pending, command, has_changes_alone, tried } = self;
        let message = match (unknown, tried) {
            (0, Tried::No) => message!("report.settle_ids", rows = ids_pending, command = command),
            (0, Tried::InVain | Tried::Unreadable) => {
                message!("report.settle_ids_looked", rows = ids_pending, command = command)
            }
            (_, Tried::No) if *has_changes_alone => {
                message!("report.settle_changes", rows = unknown, command = command)
            }
            (_, Tried::InVain) if *has_changes_alone => {
                message!("report.settle_changes_looked", rows = unknown, command = command)
            }
            (_, Tried::No) => message!("report.settle", rows = unknown, command = command),
            (_, Tried::InVain) => message!("report.settle_looked", rows = unknown, command = command),
            (_, Tried::Unreadable) => message!("report.settle_unreadable", rows = unknown, command = command),
        };
        message.to_string()
    }
}
