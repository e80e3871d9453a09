//! Other runs that concern a row: the run that is retried, and runs that retried rows of this one or of that one.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::decision::PastEnd;
use super::options::ImportOptions;
use crate::error::Result;
use crate::format::Content;
use crate::journal::{Claim, Claims, Journal, JournalReader, Lock, Operation};

/// A retried run, and how its rows are known here.
#[derive(Debug)]
pub(super) struct Origin {
    /// The run that is retried.
    past: JournalReader,
    /// Who has taken over its rows.
    claims: Claims,
    /// Its id, as the column `bw8_run` names it.
    run: String,
    /// This run, as a claim names it.
    claim: Claim,
    /// Other runs that retry it.
    pub siblings: Vec<Retry>,
    /// Keeps others from retrying the same run at the same time: whoever looked first would send what both claim.
    _lock: Lock,
}

impl Origin {
    /// The run that is retried; none when the run is no retry.
    ///
    /// # Errors
    /// Another process retries it, or a journal that cannot be read.
    pub(super) fn open(options: &ImportOptions<'_>, journal: &Journal) -> Result<Option<Origin>> {
        let Some(parent) = &options.parent else { return Ok(None) };
        let folder = Path::new(&parent.folder);
        let lock = Lock::take(folder)?;
        let past = JournalReader::open(folder)?;
        past.build_indexes()?;
        let siblings = retries_of(options, &parent.run, &journal.identity().run)?;
        let claim = Claim { run: journal.identity().run, folder: journal.folder().to_owned() };
        let claims = Claims::open(folder)?;
        Ok(Some(Origin { past, claims, run: parent.run.to_string(), claim, siblings, _lock: lock }))
    }

    /// Takes over the row of this number. It stands once [`Origin::keep_claims`] has been called.
    ///
    /// # Errors
    /// A full disk, a damaged journal.
    pub(super) fn claim(&self, number: u64) -> Result<()> {
        self.claims.add(number, &self.claim)
    }

    /// Puts the claims so far on the disk.
    ///
    /// # Errors
    /// A full disk, a damaged journal.
    pub(super) fn keep_claims(&self) -> Result<()> {
        self.claims.keep()
    }

    /// The row's number in the run that is retried: what its columns say, else the row with the same natural key.
    pub(super) fn number_of(&self, cells: Option<&(String, String)>, key: Option<u64>) -> Result<Option<u64>> {
        if let Some((number, run)) = cells
            && let Ok(number) = number.parse::<u64>()
            && (run.is_empty() || *run == self.run)
            && self.is_of(number, key)?
        {
            return Ok(Some(number));
        }
        let found = key.map(|hash| self.past.by_key(hash)).transpose()?.flatten();
        Ok(found.map(|operation| operation.row.number))
    }

    /// Whether the row of this number there can be this row: numbers change when a run takes a changed input as its own, and
    /// a row that was done there under another natural key is another row.
    fn is_of(&self, number: u64, key: Option<u64>) -> Result<bool> {
        let there = self.past.by_number(number)?.filter(|operation| !PastEnd::of(operation).is_open());
        Ok(there.and_then(|operation| operation.row.key).zip(key).is_none_or(|(there, here)| there == here))
    }

    /// Whether what another run did may have been done to another row than this one: row numbers change when a run takes a
    /// changed input as its own, and a row without a key is known by nothing else but what it says.
    pub(super) fn may_be_another(&self, there: &Operation, row: RetriedRow<'_>) -> Result<bool> {
        let says_the_same = there.row.identity.as_ref() == Some(row.identity.0);
        Ok(!says_the_same && row.key.is_none() && self.past.has_earlier()?)
    }

    /// What became of the row of this number, in the first run or in one that has claimed it, unless it is open.
    pub(super) fn end_of(&self, number: u64) -> Result<Option<(Operation, PathBuf)>> {
        let closed = |found: Option<Operation>| found.filter(|operation| !PastEnd::of(operation).is_open());
        if let Some(operation) = closed(self.past.by_number(number)?) {
            return Ok(Some((operation, self.past.folder().to_owned())));
        }
        let Some(claim) = self.claims.of(number)?.filter(|claim| claim.run != self.claim.run) else { return Ok(None) };
        // A claim whose folder is gone protects nothing that can still be seen.
        let Ok(past) = JournalReader::open(&claim.folder) else { return Ok(None) };
        past.build_indexes()?;
        Ok(closed(past.by_origin(number)?).map(|operation| (operation, claim.folder)))
    }

    /// The number of the row with this key that the first run has sent.
    pub(super) fn sent_key(&self, key: Option<u64>) -> Result<Option<u64>> {
        let sent = key.map(|hash| self.past.by_key(hash)).transpose()?.flatten();
        Ok(sent.filter(|sent| !PastEnd::of(sent).is_open()).map(|sent| sent.row.number))
    }
}

/// A run that retried rows of another one.
#[derive(Debug)]
pub(super) struct Retry {
    past: JournalReader,
    /// Whether the numbers of its origins are those of the run in question, and not of another retry.
    is_direct: bool,
}

/// What a row is known by in runs that retried it.
#[derive(Debug, Clone, Copy)]
pub(super) struct RetriedRow<'a> {
    /// Its number in the run that was retried.
    pub number: Option<u64>,
    /// The hash of its natural key.
    pub key: Option<u64>,
    /// The hash of what it says, and its occurrence among rows that say the same.
    pub identity: (&'a Content, u32),
}

/// The runs that retried a run, `but` one, and those that retried these.
///
/// # Errors
/// A journal that cannot be read.
pub(super) fn retries_of(options: &ImportOptions<'_>, run: &Uuid, but: &Uuid) -> Result<Vec<Retry>> {
    let index = options.account.index()?;
    let mut retries: Vec<Retry> = Vec::new();
    let mut parents = VecDeque::from([*run]);
    while let Some(parent) = parents.pop_front() {
        for retry in index.of_parent(&parent)?.into_iter().filter(|retry| retry.run != *but) {
            // One that was killed has rows in doubt, which opening it for work brings to light.
            drop(Journal::open(&retry.folder)?);
            let past = JournalReader::open(&retry.folder)?;
            past.build_indexes()?;
            retries.push(Retry { past, is_direct: parent == *run });
            parents.push_back(retry.run);
        }
    }
    Ok(retries)
}

/// What other runs made of a row, unless they left it open.
///
/// # Errors
/// A journal that cannot be read.
pub(super) fn of_others(retries: &[Retry], row: RetriedRow<'_>) -> Result<Option<(Operation, PathBuf)>> {
    for Retry { past, is_direct } in retries {
        let by_number = row.number.filter(|_| *is_direct).map(|number| past.by_origin(number)).transpose()?.flatten();
        let by_key = row.key.map(|hash| past.by_key(hash)).transpose()?.flatten();
        let by_identity = past.by_identity(row.identity.0, row.identity.1)?;
        let found =
            [by_number, by_key, by_identity].into_iter().flatten().find(|operation| !PastEnd::of(operation).is_open());
        if let Some(operation) = found {
            return Ok(Some((operation, past.folder().to_owned())));
        }
    }
    Ok(None)
}
