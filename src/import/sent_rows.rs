//! Which rows are sent by this command, as far as everything but the records they refer to decides: only for these is a record
//! made that they refer to.

use super::decision::There;
use super::matching::Matches;
use super::memory::{Memory, Said, may_be_reopened};
use super::options::ImportOptions;
use super::plan::is_of_write;
use super::preflight::{Preflight, Rows};
use super::spool::{RowState, SpooledRow};
use crate::check::consent::Consent;
use crate::error::Result;
use crate::journal::OperationCursor;

/// What decides whether rows are sent; asked about them in their order.
pub(super) struct SentRows<'p> {
    /// What the account has of the rows, where they are looked up there.
    pub matches: Option<&'p mut Matches>,
    /// What other runs say.
    pub memory: &'p mut Memory,
    /// What a person agreed to.
    pub consent: &'p Consent,
    /// Only the first rows, …
    pub limit: Option<u64>,
    /// … or the first that are written; …
    pub limits_written: bool,
    /// … so many of them were seen.
    pub written: u64,
}

impl<'p> SentRows<'p> {
    /// What decides it for a command, whose rows are known so far.
    pub(super) fn of(
        options: &ImportOptions<'_>,
        preflight: &'p Preflight,
        memory: &'p mut Memory,
        matches: Option<&'p mut Matches>,
    ) -> SentRows<'p> {
        SentRows {
            matches,
            memory,
            consent: &preflight.consent,
            limit: options.limit,
            limits_written: options.limits_written(),
            written: 0,
        }
    }

    /// How many rows are sent of the first ones that a limit lets through; none where there is no limit.
    ///
    /// # Errors
    /// A file or journal that cannot be read.
    pub(super) fn below_limit(mut self, rows: &mut Rows, mut ended: Option<OperationCursor>) -> Result<Option<u64>> {
        let Some(limit) = self.limit else { return Ok(None) };
        let (mut sent, mut row_index) = (0, 0);
        self.begin()?;
        rows.begin()?;
        while (self.limits_written && self.written < limit || !self.limits_written && row_index < limit)
            && let Some(row) = rows.spool.next()?
        {
            let is_sound = row.is_sound();
            let seen = rows.duplicates.see(row.number, row.keys(), &row.identity, &row.content, is_sound);
            let end = ended.as_mut().map_or(Ok(None), |ended| ended.at(row_index))?;
            let is_open = end.is_none_or(may_be_reopened) && !seen.is_double();
            let was_written = end.is_some_and(|end| is_of_write(end.status));
            let written_before = self.written;
            let is_sent = self.has(row_index, &row)?;
            if !is_open {
                // What has an end counts by that.
                self.written = written_before + u64::from(was_written);
            }
            sent += u64::from(is_sent && is_open);
            row_index += 1;
        }
        self.begin()?;
        rows.begin()?;
        Ok(Some(sent))
    }

    /// Begins again with the first row.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn begin(&mut self) -> Result<()> {
        if let Some(matches) = &mut self.matches {
            matches.begin()?;
        }
        self.written = 0;
        self.memory.begin()
    }

    /// Whether a row is sent.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn has(&mut self, row_index: u64, row: &SpooledRow) -> Result<bool> {
        let matched = self.matches.as_mut().map(|matches| matches.at(row_index)).transpose()?.flatten();
        let remembered = self.memory.at(row_index)?;
        let is_free = match &row.state {
            RowState::Sound(_) => true,
            RowState::Held { codes, .. } => row.confirms(codes, self.consent),
            _ => false,
        };
        let is_known = matched.as_ref().is_some_and(|found| found.there.is_known());
        let is_held_up = remembered
            .filter(|there| !is_known || there.said == Said::Retried)
            .is_some_and(|remembered| !remembered.is_overruled(self.consent, row));
        let is_there = matched.is_none_or(|found| matches!(found.there, There::New | There::Anew | There::Changes));
        let may_be_sent = is_free && is_there && !is_held_up;
        if !self.limits_written {
            return Ok(may_be_sent && self.limit.is_none_or(|limit| row_index < limit));
        }
        let may_write = match &row.state {
            RowState::Sound(operation) | RowState::Held { operation, .. } => operation.may_write(),
            _ => false,
        };
        let is_within = may_be_sent && self.limit.is_none_or(|limit| self.written < limit);
        self.written += u64::from(is_within && may_write);
        Ok(is_within)
    }
}
