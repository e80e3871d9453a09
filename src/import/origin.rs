//! Other runs that concern a row: the run that is retried, and runs that retried rows of this one or of that one.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::decision::PastEnd;
use super::memory::retried;
use super::options::ImportOptions;
use crate::error::Result;
use crate::format::Content;
use crate::journal::{Claim, Claims, Journal, JournalReader, Lock, OldId, Operation};

/// A retried run, and how its rows are known here.
#[derive(Debug)]
pub(super) struct Origin {
    /// The run that is retried.
    past: JournalReader,
    /// When that is a retry itself: the run it retried, and so on to the first one.
    before: Vec<JournalReader>,
    /// Who has taken over its rows.
    claims: Claims,
    /// Its id, as the column `bw8_run` names it.
    run: String,
    /// This run, as a claim names it.
    claim: Claim,
    /// Other runs that retry it or one before it.
    pub siblings: Vec<Retry>,
    /// Keep others from retrying the same run at the same time: whoever looked first would send what both claim.
    _locks: Vec<Lock>,
}

impl Origin {
    /// The run that is retried; none when the run is no retry.
    ///
    /// # Errors
    /// Another process retries it, or a journal that cannot be read.
    pub(super) fn open(options: &ImportOptions<'_>, journal: &Journal) -> Result<Option<Origin>> {
        let Some(parent) = &options.parent else { return Ok(None) };
        let folder = Path::new(&parent.folder);
        let past = settled(folder)?;
        let mut locks = vec![Lock::take(folder)?];
        let mut before: Vec<JournalReader> = Vec::new();
        let index = options.account.index()?;
        // What one whose folder is gone has sent is remembered as that of any other run.
        while let Some(parent) = before.last().unwrap_or(&past).identity().parent.clone()
            && let Some(retried) = retried(&parent, &index)?
        {
            let folder = retried.folder().to_owned();
            drop(retried);
            before.push(settled(&folder)?);
            locks.push(Lock::take(&folder)?);
        }
        let first = before.last().unwrap_or(&past).identity().run;
        let line = before.iter().chain([&past]).map(|past| past.identity().run);
        let siblings = retries_of(options, &first, &journal.identity().run, &line.collect::<Vec<_>>())?;
        let claim = Claim { run: journal.identity().run, folder: journal.folder().to_owned() };
        let claims = Claims::open(folder)?;
        Ok(Some(Origin { past, before, claims, run: parent.run.to_string(), claim, siblings, _locks: locks }))
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

    /// What became of the row of this number in the run that is retried.
    pub(super) fn by_number(&self, number: Option<u64>) -> Result<Option<Operation>> {
        number.map(|number| self.past.by_number(number)).transpose().map(Option::flatten)
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
        if says_the_same || row.key.is_some() {
            return Ok(false);
        }
        for past in self.line() {
            if past.has_earlier()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The run that is retried, and those before it.
    fn line(&self) -> impl Iterator<Item = &JournalReader> {
        std::iter::once(&self.past).chain(&self.before)
    }

    /// The numbers of a row in the run that is retried and in those before it, where it has this one in the first of them.
    pub(super) fn numbers(&self, number: Option<u64>) -> Result<Vec<(Uuid, u64)>> {
        let mut numbers = Vec::new();
        let mut next = number;
        for past in self.line() {
            let Some(number) = next else { break };
            numbers.push((past.identity().run, number));
            next = past.by_number(number)?.and_then(|operation| operation.row.origin);
        }
        Ok(numbers)
    }

    /// What became of the row of these numbers, in the runs before this one or in one that has claimed it, unless it is open.
    pub(super) fn end_of(&self, numbers: &[(Uuid, u64)]) -> Result<Option<(Operation, PathBuf)>> {
        let closed = |found: Option<Operation>| found.filter(|operation| !PastEnd::of(operation).is_open());
        for (past, (_, number)) in self.line().zip(numbers) {
            if let Some(operation) = closed(past.by_number(*number)?) {
                return Ok(Some((operation, past.folder().to_owned())));
            }
        }
        let Some((_, number)) = numbers.first() else { return Ok(None) };
        let Some(claim) = self.claims.of(*number)?.filter(|claim| claim.run != self.claim.run) else { return Ok(None) };
        // A claim whose folder is gone, or has another run in it, protects nothing that can still be seen.
        let Some(past) = JournalReader::open(&claim.folder).ok().filter(|past| past.identity().run == claim.run) else {
            return Ok(None);
        };
        past.build_indexes()?;
        Ok(closed(past.by_origin(*number)?).map(|operation| (operation, claim.folder)))
    }

    /// The number of the row with this old id that the run that is retried has sent, or one before it.
    pub(super) fn sent_old_id(&self, old_id: &OldId) -> Result<Option<u64>> {
        for past in self.line() {
            if let Some(sent) = past.by_old_id(old_id)?.filter(|sent| !PastEnd::of(sent).is_open()) {
                return Ok(Some(sent.row.number));
            }
        }
        Ok(None)
    }

    /// The number of the row with this key that the run that is retried has sent, or one before it.
    pub(super) fn sent_key(&self, key: Option<u64>) -> Result<Option<u64>> {
        let Some(hash) = key else { return Ok(None) };
        for past in self.line() {
            if let Some(sent) = past.by_key(hash)?.filter(|sent| !PastEnd::of(sent).is_open()) {
                return Ok(Some(sent.row.number));
            }
        }
        Ok(None)
    }
}

/// The journal of a run whose rows are sent again. Of one that was killed, opening it for work brings rows in doubt to light.
fn settled(folder: &Path) -> Result<JournalReader> {
    let mut past = JournalReader::open(folder)?;
    if !past.reserved()?.is_empty() {
        drop(past);
        drop(Journal::open(folder)?);
        past = JournalReader::open(folder)?;
    }
    past.build_indexes()?;
    Ok(past)
}

/// A run that retried rows of another one.
#[derive(Debug)]
pub(super) struct Retry {
    past: JournalReader,
    /// That run.
    parent: Uuid,
}

/// What a row is known by in runs that retried it.
#[derive(Debug, Clone, Copy)]
pub(super) struct RetriedRow<'a> {
    /// Its numbers in runs that may have been retried.
    pub numbers: &'a [(Uuid, u64)],
    /// Its number in the input that its own run has now.
    pub now: Option<NumberNow>,
    /// The hash of its natural key.
    pub key: Option<u64>,
    /// The hash of what it says, and its occurrence among rows that say the same.
    pub identity: (&'a Content, u32),
    /// Its old id.
    pub old_id: Option<&'a OldId>,
}

/// The number of a row in the input that a run has now: what retried the run before it had that knows another number of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct NumberNow {
    /// The run.
    pub run: Uuid,
    /// When it began with that input.
    pub since: i64,
    /// The number.
    pub number: u64,
}

/// The runs that retried a run, `but` one, and those that retried these; those of `line` are passed by.
///
/// # Errors
/// A journal that cannot be read.
pub(super) fn retries_of(options: &ImportOptions<'_>, run: &Uuid, but: &Uuid, line: &[Uuid]) -> Result<Vec<Retry>> {
    let index = options.account.index()?;
    let mut retries: Vec<Retry> = Vec::new();
    let mut parents = VecDeque::from([*run]);
    while let Some(parent) = parents.pop_front() {
        for retry in index.of_parent(&parent)?.into_iter().filter(|retry| retry.run != *but) {
            parents.push_back(retry.run);
            if line.contains(&retry.run) {
                continue;
            }
            // One that was killed has rows in doubt, which opening it for work brings to light.
            drop(Journal::open(&retry.folder)?);
            let past = JournalReader::open(&retry.folder)?;
            past.build_indexes()?;
            retries.push(Retry { past, parent });
        }
    }
    Ok(retries)
}

/// What other runs made of a row, unless they left it open.
///
/// # Errors
/// A journal that cannot be read.
pub(super) fn of_others(retries: &[Retry], row: RetriedRow<'_>) -> Result<Option<(Operation, PathBuf)>> {
    let mut numbers = row.numbers.to_vec();
    // Each comes after the one whose rows it retried.
    for Retry { past, parent } in retries {
        let is_of_now = |now: &NumberNow| now.run == *parent && past.identity().started >= now.since;
        let before = || numbers.iter().find(|(run, _)| run == parent).map(|(_, number)| *number);
        let number = row.now.filter(is_of_now).map(|now| now.number).or_else(before);
        let by_number = number.map(|number| past.by_origin(number)).transpose()?.flatten();
        numbers.extend(by_number.as_ref().map(|operation| (past.identity().run, operation.row.number)));
        let by_key = row.key.map(|hash| past.by_key(hash)).transpose()?.flatten();
        let by_old_id = row.old_id.map(|old_id| past.by_old_id(old_id)).transpose()?.flatten();
        // What says the same and has another old id is another row.
        let is_another = |found: &Operation| found.row.old_id.as_deref().is_some_and(|there| row.old_id != Some(there));
        let by_identity = past.by_identity(row.identity.0, row.identity.1)?.filter(|found| !is_another(found));
        let found = [by_number, by_key, by_old_id, by_identity]
            .into_iter()
            .flatten()
            .find(|operation| !PastEnd::of(operation).is_open());
        if let Some(operation) = found {
            return Ok(Some((operation, past.folder().to_owned())));
        }
    }
    Ok(None)
}
