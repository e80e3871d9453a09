//! What is known of a row when it is its turn: what runs have made of it before, what others remember and what the account has
//! of it.

use std::path::PathBuf;

use crate::check::consent::{Consent, EXISTS};
use crate::check::duplicates::Seen;
use crate::error::Result;
use crate::format::Content;
use crate::import::decision::{Checked, KeyMatch, Matched, PastEnd, RowFacts};
use crate::import::memory::{Remembered, Said};
use crate::import::origin::{NumberNow, Origin, RetriedRow, Retry, of_others};
use crate::import::spool::{RowState, SpooledRow};
use crate::journal::{JournalReader, Operation, Reason, RunIdentity, Status};

/// A row, and all that is known of it.
pub(super) struct KnownRow {
    /// The row.
    pub spooled: SpooledRow,
    /// What the rows before it say about it.
    pub seen: Seen,
    /// What runs have made of it.
    pub past: RowPast,
    /// What other runs say of it, whatever their input was.
    pub remembered: Option<Remembered>,
    /// What the account has of it, where it is looked up there.
    pub matched: Option<Matched>,
    /// Why it waited before, when that was for a record that the account has and nobody can look now.
    pub waits: Option<Reason>,
}

impl KnownRow {
    /// What is decided by.
    pub(super) fn facts(&self, consent: &Consent, changes_done: bool) -> RowFacts {
        let KnownRow { spooled: row, seen, past, remembered, matched, waits } = self;
        let said = remembered.as_ref().map(|remembered| remembered.said);
        RowFacts {
            checked: checked(row, consent),
            has_end: false,
            double_of: seen.is_double_of(),
            earlier: past.earlier.as_ref().map(PastEnd::of),
            earlier_key: past
                .earlier_key
                .as_ref()
                .map(|(sent, is_in_input)| KeyMatch { end: PastEnd::of(sent), is_in_input: *is_in_input }),
            elsewhere: past.elsewhere.as_ref().map(|(there, _)| PastEnd::of(there)),
            remembered: said.or(waits.as_ref().map(|_| Said::ExistsInAccount)),
            there: matched.as_ref().map(|found| found.there),
            changes_done,
            // Consent to sending twice is given each time, by its code or for the row.
            may_be_sent_again: match remembered {
                Some(there) => there.is_overruled(consent, row),
                // Nobody can look now: it is the record that was shown.
                None => waits.is_some() && (consent.names(EXISTS) || row.confirmed.names(EXISTS)),
            },
            first_run_key: past.first_run_key,
            has_old_number: past.has_old_number,
        }
    }
}

/// What the checks made of a row, and a person's consent.
fn checked(row: &SpooledRow, consent: &Consent) -> Checked {
    match &row.state {
        RowState::Skipped(_) => Checked::Skipped,
        RowState::Held { codes, .. } if !row.confirms(codes, consent) => match consent.waits_in_any_case(codes) {
            true => Checked::HeldInAnyCase,
            false => Checked::Held,
        },
        RowState::Refused(_) | RowState::Unresolved(_) => Checked::Refused,
        RowState::Sound(_) | RowState::Held { .. } | RowState::Waiting => Checked::Sound,
    }
}

/// What runs have made of a row before.
#[derive(Debug, Default)]
pub(super) struct RowPast {
    /// What this run made of it before the input changed.
    pub earlier: Option<Operation>,
    /// What this run sent then by its old id or key, and whether that row is still in the input.
    pub earlier_key: Option<(Operation, bool)>,
    /// What another run made of it, and the folder of that run.
    pub elsewhere: Option<(Operation, PathBuf)>,
    /// For a retry: the row's number in the run that is retried.
    pub origin: Option<u64>,
    /// For a retry: how it ended there.
    pub first_run: Option<Operation>,
    /// For a retry: the number of another row with its key or old id that was sent there.
    pub first_run_key: Option<u64>,
    /// For a retry: that other row has its old id.
    pub is_old_id_sent: bool,
    /// For a retry: the number it names there may be that of another row.
    pub has_old_number: bool,
}

impl RowPast {
    /// For a retry: the row says something else than when another run sent it, and than when it failed.
    pub(super) fn is_edited(&self, identity: &Content) -> bool {
        let is_said = |known: &Operation| known.row.identity.is_none_or(|there| there == *identity);
        let said_before = || self.first_run.iter().chain(&self.earlier).any(is_said);
        let is_sent_otherwise = self.elsewhere.as_ref().is_some_and(|(there, _)| !is_said(there));
        self.first_run.is_some() && is_sent_otherwise && !said_before()
    }

    /// For a retry: how the row ended in the run that is retried, as a person was shown it.
    pub(super) fn shown(self) -> Option<Reason> {
        self.first_run.and_then(|before| before.reason).map(|reason| *reason)
    }

    /// Why the row waited for consent, when that was because the account has its record.
    pub(super) fn waits_for_existing(&self) -> Option<Reason> {
        self.earlier.iter().chain(&self.first_run).find_map(waits_for_existing)
    }
}

/// Why a row waited for consent, when that was because the account has its record.
fn waits_for_existing(before: &Operation) -> Option<Reason> {
    let reason = before.reason.as_deref().filter(|_| before.status == Status::Held)?;
    (reason.code == EXISTS).then(|| reason.clone())
}

/// What tells of the past of rows.
pub(super) struct PastRuns {
    /// The journal as it was when the command began.
    pub past: JournalReader,
    /// Whether it holds ends of an earlier input.
    pub has_earlier: bool,
    /// The run that is retried.
    pub origin: Option<Origin>,
    /// Runs that retried rows of this one.
    pub retries: Vec<Retry>,
}

impl PastRuns {
    /// Looks up what runs have made of a row.
    ///
    /// # Errors
    /// A journal that cannot be read.
    pub(super) fn of_row(&self, row_index: u64, row: &SpooledRow, seen: Seen) -> Result<RowPast> {
        let earlier = if self.has_earlier { self.past.earlier(row_index)? } else { None };
        let earlier_key = if self.has_earlier { self.earlier_of_same_key(row, earlier.is_some())? } else { None };
        let RunIdentity { run, started: since, .. } = *self.past.identity();
        let numbers: Vec<_> = earlier.iter().map(|earlier| (run, earlier.row.number)).collect();
        let identity = (&row.identity, seen.copy);
        // A row that waited, or was refused, and was sent since by a retry, as somebody edited it there.
        let now = Some(NumberNow { run, since, number: row.number });
        let (key, old_id) = (row.key_hash(), row.old_id.as_deref());
        let retried = RetriedRow { numbers: &numbers, now, key, identity, old_id };
        let elsewhere = of_others(&self.retries, retried)?;
        let past = RowPast { earlier, earlier_key, elsewhere, ..RowPast::default() };
        match &self.origin {
            Some(first_run) => in_first_run(first_run, row, seen, past),
            None => Ok(past),
        }
    }

    /// What this run sent, before the input changed, by the old id or key of a row, and whether that row is still in the input.
    fn earlier_of_same_key(&self, row: &SpooledRow, was_there: bool) -> Result<Option<(Operation, bool)>> {
        let old_id = row.old_id.as_deref();
        let mut sent = old_id.map(|old_id| self.past.earlier_by_old_id(old_id)).transpose()?.flatten();
        if sent.is_none() {
            sent = row.key_hash().map(|hash| self.past.earlier_by_key(hash)).transpose()?.flatten();
        }
        if sent.is_none() && !was_there {
            sent = self.sent_for(row)?.map(|sent| (sent, false));
        }
        Ok(sent)
    }

    /// For a retry: what this run has sent, before its input changed, for the row of the first run that a row names as its own. It
    /// is that row, edited, whatever it says now.
    pub(super) fn sent_for(&self, row: &SpooledRow) -> Result<Option<Operation>> {
        let Some(first_run) = &self.origin else { return Ok(None) };
        let number = first_run.number_of(row.origin.as_ref(), row.key_hash())?;
        Ok(number.map(|number| self.past.earlier_by_origin(number)).transpose()?.flatten())
    }
}

/// For a retry: what the first run and others like this one have made of a row, too.
fn in_first_run(first_run: &Origin, row: &SpooledRow, seen: Seen, past: RowPast) -> Result<RowPast> {
    let RowPast { mut elsewhere, mut first_run_key, mut has_old_number, mut is_old_id_sent, .. } = past;
    let (key, old_id) = (row.key_hash(), row.old_id.as_deref());
    let origin = first_run.number_of(row.origin.as_ref(), key)?;
    let numbers = first_run.numbers(origin)?;
    let row = RetriedRow { numbers: &numbers, now: None, key, identity: (&row.identity, seen.copy), old_id };
    if elsewhere.is_none() {
        elsewhere = of_others(&first_run.siblings, row)?;
    }
    if origin.is_some() {
        elsewhere = elsewhere.map_or_else(|| first_run.end_of(&numbers), |found| Ok(Some(found)))?;
        first_run_key = first_run.sent_key(key)?;
    }
    if let Some(old_id) = old_id.filter(|_| first_run_key.is_none()) {
        first_run_key = first_run.sent_old_id(old_id)?;
        is_old_id_sent = first_run_key.is_some();
    }
    if let Some((there, _)) = &elsewhere {
        has_old_number = first_run.may_be_another(there, row)?;
    }
    let ended_there = first_run.by_number(origin)?;
    Ok(RowPast { elsewhere, origin, first_run: ended_there, first_run_key, is_old_id_sent, has_old_number, ..past })
}
