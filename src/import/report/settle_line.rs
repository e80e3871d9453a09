//! The last words of a run with rows of which nobody knows: which command finds out, and what it does.

use std::path::PathBuf;

use super::content::RunContent;
use crate::error::Result;
use crate::journal::UNKNOWN_ELSEWHERE;
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
}

impl SettleLine {
    /// For what a run leaves in doubt; none when that is nothing. Rows that another run sent are settled there.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub fn of(content: &RunContent<'_>, typed: &CommandLine) -> Result<Option<SettleLine>> {
        let (unknown, ids_pending) = (content.counts.unknown, content.ids_pending);
        if unknown + ids_pending == 0 {
            return Ok(None);
        }
        let is_settled_here = content.past.unsettled()? != (0, 0);
        let elsewhere = content.reasons.iter().filter(|(_, code, ..)| code == UNKNOWN_ELSEWHERE);
        let elsewhere =
            elsewhere.filter_map(|(.., message, _)| message.part("folder")).map(|folder| folder.to_string());
        let folder = elsewhere.map(PathBuf::from).next().filter(|_| !is_settled_here);
        let folder = folder.unwrap_or_else(|| content.journal.folder().to_owned());
        Ok(Some(SettleLine { unknown, ids_pending, command: typed.on_same_account("settle", &folder) }))
    }

    /// The words.
    pub fn text(&self) -> String {
        match self.unknown {
            0 => message!("report.settle_ids", rows = self.ids_pending, command = self.command).to_string(),
            unknown => message!("report.settle", rows = unknown, command = self.command).to_string(),
        }
    }
}
