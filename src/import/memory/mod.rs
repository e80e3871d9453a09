//! What other runs say of the rows of an input: looked up once for all of them, before anything is sent, and kept in a file
//! in their order. Only writes that make something new have a memory; changes are decided against the record as it is.
//! `concerned` tells which runs those are, `noted` takes what they say row by row, `remembered` is what is kept of one,
//! `family` finds runs that retry one another's rows, and `retried_rows` what these have done.

mod concerned;
mod family;
mod noted;
mod remembered;
mod retried_rows;

use std::collections::{BTreeMap, HashMap, HashSet};

use concerned::{Concerning, by_account, has_made, makes_records};
use noted::Noted;
use retried_rows::RetriedRows;

use super::preflight::Rows;
use super::resume::each_batch;
use super::row_lines::{RowLineWriter, RowLines};
use crate::check::duplicates::NumberedHash;
use crate::entity::Entity;
use crate::error::Result;
use crate::journal::{
    GivenOldIds, IndexedRun, InputRow, Operation, OperationCursor, RunIdentity, RunIndex, SentBefore, Status,
    UNKNOWN_BEFORE, UNKNOWN_ELSEWHERE,
};
use crate::message;
use crate::message::Message;

pub(super) use concerned::{Concerned, OtherAccount};
pub(super) use family::{family, line_of, retried};
pub(super) use remembered::{Remembered, Said};

/// What other runs of the account say of the rows, row after row.
#[derive(Debug, Default)]
pub(super) struct Memory {
    lines: Option<RowLines<Remembered>>,
    runs: HashMap<i64, IndexedRun>,
    /// How many rows which run says what of.
    counts: BTreeMap<(i64, Said), u64>,
    /// How many rows are sent once more at a person's word, which a run that is gone may have sent.
    resent: u64,
    /// How many rows wait for consent because the account has their keys.
    existing: u64,
    /// Somebody looked whether the account has them.
    pub has_looked: bool,
}

/// Ids of the account's records by the hashes of their natural keys.
#[derive(Debug, Default)]
pub(super) struct Existing {
    ids: HashMap<u64, String>,
    /// Keys of records that have no stronger one.
    alone: HashSet<u64>,
}

impl Existing {
    /// Takes a record with the hashes of its natural keys, the strongest first.
    pub(super) fn add(&mut self, id: &str, keys: &[NumberedHash]) {
        self.ids.extend(keys.iter().map(|(_, hash)| (*hash, id.to_owned())));
        self.alone.extend(keys.first().filter(|(number, _)| *number > 0).map(|(_, hash)| *hash));
    }

    /// Takes what a record is known by although it is not all that it says there. Whoever says nothing else goes before it.
    pub(super) fn add_among(&mut self, id: &str, keys: &[NumberedHash]) {
        for (_, hash) in keys {
            self.ids.entry(*hash).or_insert_with(|| id.to_owned());
        }
    }

    /// The record with this key.
    pub(super) fn id(&self, key: u64) -> Option<&str> {
        self.ids.get(&key).map(String::as_str)
    }

    /// The record of a row, and whether that has only the weaker key of it, and says nothing of the stronger one.
    fn of_row(&self, row: &InputRow) -> Option<(&str, bool)> {
        let by_key = row.key.and_then(|key| self.id(key)).map(|id| (id, false));
        by_key.or_else(|| Some((self.id(row.weaker.filter(|key| self.alone.contains(key))?)?, true)))
    }
}

/// What the account itself has.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// What the command's own run is.
    pub identity: &'a RunIdentity,
    /// What the rows are.
    pub entity: &'a Entity,
    /// Ids of records by the hashes of their natural keys.
    pub existing: &'a Existing,
    /// A person consented to making such records once more.
    pub is_consented: bool,
}

impl Memory {
    /// Looks up all rows that have no end in `ended`. Runs of other hosts and logins that know some of them are told apart.
    ///
    /// # Errors
    /// A damaged index, a full disk.
    pub(super) fn look_up(
        concerned: &Concerned<'_>,
        index: &mut RunIndex,
        rows: &mut Rows,
        source: Option<&str>,
        mut ended: Option<OperationCursor>,
    ) -> Result<(Memory, Vec<OtherAccount>)> {
        if !concerned.makes_records() {
            return Ok(<(Memory, Vec<OtherAccount>)>::default());
        }
        let Concerning { own, others } = Concerning::gather(concerned, index)?;
        let retried = RetriedRows::of(concerned.own, &concerned.family, index)?;
        let target = &concerned.identity.target;
        let given = source.map(|_| index.given(target, &concerned.identity.entity)).transpose()?;
        if own.is_empty()
            && others.is_empty()
            && retried.runs.is_empty()
            && given.as_ref().is_none_or(GivenOldIds::is_empty)
        {
            return Ok(<(Memory, Vec<OtherAccount>)>::default());
        }
        let mut noted = Noted::new(concerned, &own, (given, &retried))?;
        let mut row_index = 0;
        each_batch(rows, |batch| {
            let is_own = |sent: &SentBefore| own.get(&sent.run).is_some_and(|run| has_made(run, sent));
            let own_said = index.sent_before(&batch.rows, source, is_own)?;
            let others_said = match others.is_empty() {
                true => vec![None; batch.rows.len()],
                false => {
                    let is_theirs = |sent: &SentBefore| others.get(&sent.run).is_some_and(|run| has_made(run, sent));
                    index.sent_before(&batch.rows, source, is_theirs)?
                }
            };
            for (((row, checked), sent), sent_by_others) in
                batch.rows.iter().zip(&batch.checked).zip(own_said).zip(others_said)
            {
                let end = ended.as_mut().map_or(Ok(None), |ended| ended.at(row_index))?;
                // The end of a row that was held or refused may be taken from it again.
                let has_end = end.is_some_and(|end| !may_be_reopened(end) && end.status != Status::Refused);
                if !has_end {
                    noted.row(index, row_index, (row, checked), (sent, sent_by_others))?;
                }
                row_index += 1;
            }
            Ok(())
        })?;
        let Noted { lines, counts, resent, known_to_others, .. } = noted;
        let lines = Some(lines.finish()?);
        let runs = own.into_iter().chain(retried.runs).collect();
        let memory = Memory { lines, runs, counts, resent, existing: 0, has_looked: false };
        Ok((memory, by_account(others, &known_to_others)))
    }

    /// What is remembered of the row at `row_index`; rows are asked for in their order.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn at(&mut self, row_index: u64) -> Result<Option<Remembered>> {
        self.lines.as_mut().map_or(Ok(None), |lines| lines.at(row_index))
    }

    /// Begins again with the first row.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub(super) fn begin(&mut self) -> Result<()> {
        self.lines.as_mut().map_or(Ok(()), RowLines::rewind)
    }

    /// The folder of the run that is remembered, as words name it.
    pub(super) fn folder(&self, remembered: &Remembered) -> Message {
        self.run(remembered).map(folder_of).unwrap_or_default()
    }

    /// The run that is remembered.
    pub(super) fn run(&self, remembered: &Remembered) -> Option<&IndexedRun> {
        remembered.run.and_then(|run| self.runs.get(&run))
    }

    /// Where the run lay that is remembered, if its journal is gone.
    pub(super) fn gone_folder(&self, remembered: &Remembered) -> Option<String> {
        let run = self.run(remembered).filter(|run| !run.is_there)?;
        Some(run.folder.display().to_string())
    }

    /// The run that has done all of so many rows, when it is one.
    pub(super) fn done_by_one(&self, rows: u64) -> Option<&IndexedRun> {
        let mut counts = self.counts.iter();
        match (counts.next(), counts.next()) {
            (Some(((run, Said::Done | Said::DoneInAnotherInput), done)), None) if *done == rows => self.runs.get(run),
            _ => None,
        }
    }

    /// Rows that will not be sent for what is remembered of them, unless a person consents to those that may be meant once
    /// more.
    pub(super) fn not_sent(&self) -> u64 {
        self.counts.values().sum::<u64>() + self.existing
    }

    /// What there is to say of it before anything is sent: a sentence for each run and what it says.
    pub(super) fn words(&self) -> Vec<Message> {
        let sentence = |((run, said), rows): (&(i64, Said), &u64)| {
            let folder = self.runs.get(run).map(folder_of).unwrap_or_default();
            match said {
                Said::Done => message!("memory.done", rows = rows, folder = folder),
                Said::Unknown if let Some(gone) = self.runs.get(run).filter(|run| !run.is_there) => {
                    message!("memory.unknown_gone", rows = rows, folder = gone.folder.display())
                }
                Said::Unknown => message!("memory.unknown", rows = rows, folder = folder),
                Said::DoneAndChanged => message!("memory.done_and_changed", rows = rows, folder = folder),
                Said::Given => message!("memory.given", rows = rows),
                Said::Retried => message!("memory.retried", rows = rows, folder = folder),
                Said::OnlyKey => message!("memory.only_key", rows = rows, folder = folder),
                Said::WeakerKey => message!("memory.weaker_key", rows = rows, folder = folder),
                Said::DoneInAnotherInput => message!("memory.done_in_another_input", rows = rows, folder = folder),
                // It is said by the account, and counted by itself.
                Said::ExistsInAccount => Message::default(),
            }
        };
        let resent = (self.resent > 0).then(|| message!("settle.may_double", rows = self.resent));
        self.counts.iter().map(sentence).chain(resent).collect()
    }

    /// Adds which rows have the key of a record that the account has, where no run of this account explains that record.
    /// Tells how many of them would be sent otherwise.
    ///
    /// # Errors
    /// A damaged index, a full disk.
    pub(super) fn add_existing(
        &mut self,
        found: &Found<'_>,
        index: &mut RunIndex,
        rows: &mut Rows,
        mut ended: Option<OperationCursor>,
    ) -> Result<u64> {
        let own = runs_of_account(found, index)?;
        let mut lines = RowLineWriter::new()?;
        let mut row_index = 0;
        each_batch(rows, |batch| {
            let id_of = |row: &InputRow| found.existing.of_row(row);
            let hits: Vec<InputRow> = batch.rows.iter().filter(|row| id_of(row).is_some()).copied().collect();
            let counts = |sent: &SentBefore| own.get(&sent.run).is_some_and(|run| has_made(run, sent));
            let mut explained = index.sent_before(&hits, None, counts)?.into_iter();
            for (row, checked) in batch.rows.iter().zip(&batch.checked) {
                let end = ended.as_mut().map_or(Ok(None), |ended| ended.at(row_index))?;
                let has_end = end.is_some_and(|end| !may_be_reopened(end));
                let id = id_of(row);
                let explains = |sent: SentBefore, by_weaker: bool| !sent.by_weaker || by_weaker;
                let is_explained = id.is_some_and(|(_, by_weaker)| {
                    explained.next().flatten().is_some_and(|sent| explains(sent, by_weaker))
                });
                if let Some(remembered) = self.at(row_index)? {
                    lines.add(row_index, &remembered)?;
                } else if let Some((id, by_weaker)) = id.filter(|_| !has_end && !is_explained) {
                    let would_be_sent = checked.is_sound && !checked.is_double;
                    let remembered = Remembered {
                        said: Said::ExistsInAccount,
                        id: Some(id.to_owned()),
                        is_in_doubt: false,
                        by_weaker,
                        run: None,
                    };
                    let is_confirmed = remembered.is_confirmed(&checked.confirmed, checked.is_known_by_weaker);
                    self.existing += u64::from(would_be_sent && !is_confirmed && !found.is_consented);
                    lines.add(row_index, &remembered)?;
                }
                row_index += 1;
            }
            Ok(())
        })?;
        self.lines = Some(lines.finish()?);
        self.has_looked = true;
        Ok(self.existing)
    }
}

/// Whether the end of a row may be taken from it again: it waits for consent, or for what another run finds out.
pub(super) fn may_be_reopened(end: &Operation) -> bool {
    let codes = [UNKNOWN_ELSEWHERE, UNKNOWN_BEFORE];
    let is_of_others = end.reason.as_deref().is_some_and(|reason| codes.contains(&&*reason.code));
    end.status == Status::Held || end.status == Status::Unknown && is_of_others
}

/// All runs of the kind that wrote into this account, this command's own and those it ignores included.
fn runs_of_account(found: &Found<'_>, index: &mut RunIndex) -> Result<HashMap<i64, IndexedRun>> {
    let Found { identity, entity, .. } = *found;
    let mut own = HashMap::new();
    for run in index.memory(&identity.entity)?.into_iter().filter(|run| makes_records(run, entity)) {
        if run.target == identity.target || index.is_same_account(&identity.target, &run.target)? == Some(true) {
            own.insert(run.number, run);
        }
    }
    Ok(own)
}

fn folder_of(run: &IndexedRun) -> Message {
    match run.is_there {
        true => Message::from(run.folder.display().to_string()),
        false if run.folder.is_dir() => message!("memory.gone_journal", folder = run.folder.display()),
        false => message!("memory.gone", folder = run.folder.display()),
    }
}
