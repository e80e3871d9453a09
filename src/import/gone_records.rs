//! Records that runs made and that the account has no more: somebody deleted them there. A row of one is neither done nor new, and
//! a person says which.

use std::collections::HashMap;

use jiff::Timestamp;

use super::decision::{Matched, There};
use super::memory::{Memory, Remembered};
use super::spool::SpooledRow;
use crate::check::consent::{Consent, RECORD_GONE};
use crate::error::Result;
use crate::lookup::KnownList;
use crate::message;
use crate::message::Message;

/// Tells records that were deleted from those that a list does not show yet.
#[derive(Debug)]
pub(super) struct GoneRecords<'a> {
    list: &'a KnownList<'a>,
    consent: &'a Consent,
    /// What was acknowledged before this, in milliseconds of Unix time, is in the list by now.
    shown_since: i64,
    /// When the last record of a run was acknowledged, by what the run goes by in the index.
    made_last: HashMap<i64, Option<i64>>,
}

impl<'a> GoneRecords<'a> {
    /// A list may be as late with a record as the service is with an answer.
    pub(super) fn new(list: &'a KnownList<'a>, consent: &'a Consent, server_timeout: std::time::Duration) -> Self {
        let late = i64::try_from(server_timeout.as_millis()).unwrap_or(i64::MAX);
        let shown_since = Timestamp::now().as_millisecond().saturating_sub(late);
        GoneRecords { list, consent, shown_since, made_last: HashMap::new() }
    }

    /// What was found of a row, where the record that it became is gone.
    ///
    /// # Errors
    /// A mirror or a journal that cannot be read.
    pub(super) fn look(
        &mut self,
        found: Matched,
        row: &SpooledRow,
        remembered: Option<&Remembered>,
        memory: &Memory,
    ) -> Result<Matched> {
        let Some(remembered) = remembered.filter(|remembered| remembered.said.has_made()) else { return Ok(found) };
        let (There::New | There::Lacks, Some(id)) = (found.there, &remembered.id) else { return Ok(found) };
        if !self.is_gone(id, remembered, memory)? {
            return Ok(found);
        }
        let is_anew = row.confirmed.names_record(RECORD_GONE, Some(id)) || self.consent.names(RECORD_GONE);
        Ok(match (is_anew, found.there) {
            (true, There::New) => Matched { there: There::Anew, ..found },
            (_, There::New) => of_gone(id, message!("modes.record_gone", id = id, folder = memory.folder(remembered))),
            _ => {
                let gone = message!("modes.record_gone", id = id, folder = memory.folder(remembered));
                let both = Message::joined("import.and_rule", [gone, found.reason]).unwrap_or_default();
                of_gone(id, both)
            }
        })
    }

    /// Whether a record that is not in the list is there no more: the list shows it as deleted, or it is whole, shows a later
    /// record, and was read when all of the run had to be in it.
    fn is_gone(&mut self, id: &str, remembered: &Remembered, memory: &Memory) -> Result<bool> {
        if self.list.is_marked_deleted(id)? {
            return Ok(true);
        }
        if !self.list.proof.is_whole() || self.list.record(id)?.is_some() || !self.list.has_later(id)? {
            return Ok(false);
        }
        let Some(run) = memory.run(remembered) else { return Ok(false) };
        let made_last = match self.made_last.get(&run.number) {
            Some(made_last) => *made_last,
            None => {
                let made_last = run.made_last();
                self.made_last.insert(run.number, made_last);
                made_last
            }
        };
        Ok(made_last.is_some_and(|at| at <= self.shown_since))
    }
}

fn of_gone(id: &str, reason: Message) -> Matched {
    Matched { there: There::Gone, ids: vec![id.to_owned()], reason }
}
