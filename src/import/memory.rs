//! What other runs say of the rows of an input: looked up once for all of them, before anything is sent, and kept in a file
//! in their order. Only writes that make something new have a memory; changes are decided against the record as it is.

use std::collections::{BTreeMap, HashMap, HashSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::preflight::Rows;
use super::resume::each_batch;
use super::row_lines::{RowLineWriter, RowLines};
use super::spool::SpooledRow;
use crate::account::SANDBOX;
use crate::check::confirmed::Confirmed;
use crate::check::consent::{Consent, EXISTS, LIKELY_DOUBLE, SENT_BEFORE};
use crate::check::duplicates::NumberedHash;
use crate::entity::{Entity, WriteMode};
use crate::error::Result;
use crate::journal::{
    GivenOldIds, IndexedRun, InputRow, Journal, JournalReader, Operation, OperationCursor, Parent, RunIdentity,
    RunIndex, SentBefore, Status, UNKNOWN_BEFORE, UNKNOWN_ELSEWHERE,
};
use crate::message;
use crate::message::Message;

/// What another run has made of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Said {
    /// It is done.
    Done,
    /// Nobody knows whether it arrived.
    Unknown,
    /// It is done: its old id tells. It says something else now.
    DoneAndChanged,
    /// It is done: somebody has brought its old id and its record from elsewhere.
    Given,
    /// Only its natural key was sent, by a row that says something else.
    OnlyKey,
    /// Only a weaker natural key of it was sent, by a row that had no stronger one.
    WeakerKey,
    /// A row without a key that says the same was done, in another input that is finished: it may be meant once more.
    DoneInAnotherInput,
    /// No run, but the account itself has a record with its natural key.
    ExistsInAccount,
}

impl Said {
    /// Whether the row is sent all the same: a person says so each time, by a code or in the row's own cell, where they were shown
    /// the record with this `id`. What is done is never done again.
    pub(super) fn is_overruled(self, consent: &Consent, confirmed: &Confirmed, id: Option<&str>) -> bool {
        let code = match self {
            Said::DoneInAnotherInput => SENT_BEFORE,
            Said::ExistsInAccount => EXISTS,
            Said::WeakerKey => LIKELY_DOUBLE,
            Said::Done | Said::Unknown | Said::DoneAndChanged | Said::Given | Said::OnlyKey => return false,
        };
        confirmed.names_record(code, id) || consent.names(code)
    }
}

#[cfg(test)]
impl Said {
    /// All of it.
    pub(super) const ALL: [Said; 8] = [
        Said::Done,
        Said::Unknown,
        Said::DoneAndChanged,
        Said::Given,
        Said::OnlyKey,
        Said::WeakerKey,
        Said::DoneInAnotherInput,
        Said::ExistsInAccount,
    ];
}

/// What is remembered of a row, or found in the account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Remembered {
    /// What the other run has made of it, or that the account has it.
    pub said: Said,
    /// The record's id, when it is known.
    pub id: Option<String>,
    /// Nobody knows whether what was sent has arrived.
    pub is_in_doubt: bool,
    /// It is only the next weaker one of the row's natural keys by which it is known.
    pub by_weaker: bool,
    /// What that run goes by in the index, when it is one.
    run: Option<i64>,
}

impl Remembered {
    /// Whether a row is sent all the same, as a person says.
    pub(super) fn is_overruled(&self, consent: &Consent, row: &SpooledRow) -> bool {
        self.said.is_overruled(consent, &row.confirmed, self.id.as_deref())
            || self.is_confirmed(&row.confirmed, row.is_known_by_weaker())
    }

    /// Whether a person was shown the record that the account has of a row, or the row that it was made of since.
    fn is_confirmed(&self, confirmed: &Confirmed, is_known_by_weaker: bool) -> bool {
        let is_of_row = (self.by_weaker || is_known_by_weaker) && confirmed.names_record(LIKELY_DOUBLE, None);
        self.said == Said::ExistsInAccount && (is_of_row || confirmed.names_record(EXISTS, self.id.as_deref()))
    }
}

/// What the number of no run is.
const NO_RUN: i64 = 0;

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

/// Runs of another host or login that know rows of the input.
#[derive(Debug)]
pub(super) struct OtherAccount {
    /// The last of them.
    pub run: IndexedRun,
    /// How many rows.
    pub rows: u64,
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

/// Which runs concern the rows of a command.
#[derive(Debug)]
pub(super) struct Concerned<'a> {
    /// What the command's own run is.
    pub identity: &'a RunIdentity,
    /// What the rows are.
    pub entity: &'a Entity,
    /// The run itself and those that retry one another's rows: they look after each other.
    pub family: HashSet<Uuid>,
    /// When the first of them began, if it was to ignore all runs before it.
    pub ignores_before: Option<i64>,
    /// A person says that rows are sent once more of which nobody knows.
    pub resends: bool,
    /// What a person agreed to.
    pub consent: &'a Consent,
}

impl Concerned<'_> {
    /// Whether a row that is sent makes something new.
    fn makes_records(&self) -> bool {
        WriteMode::of(&self.identity.mode).makes_records(self.entity)
    }

    /// What a run has made of a row, as far as it says something about this one.
    fn said(&self, sent: &SentBefore, run: &IndexedRun, has_key: bool) -> Said {
        match (sent.says_the_same, sent.status) {
            (_, Status::Unknown) if sent.by_old_id => Said::Unknown,
            (true, _) if sent.by_old_id => Said::Done,
            (false, _) if sent.by_old_id => Said::DoneAndChanged,
            (true, Status::Unknown) => Said::Unknown,
            (true, _) if !has_key && run.is_finished && run.input != self.identity.input => Said::DoneInAnotherInput,
            (true, _) => Said::Done,
            (false, _) if sent.by_weaker => Said::WeakerKey,
            (false, _) => Said::OnlyKey,
        }
    }
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
        let target = &concerned.identity.target;
        let (mut own, mut others) = (HashMap::new(), HashMap::new());
        for run in index.memory(&concerned.identity.entity)? {
            let is_sandbox = |target: &str| target.starts_with(SANDBOX);
            let is_same = match run.target == *target {
                true => Some(true),
                // What went to a sandbox is no account's.
                false if is_sandbox(target) || is_sandbox(&run.target) => Some(false),
                false => index.is_same_account(target, &run.target)?,
            };
            let is_ignored = concerned.ignores_before.is_some_and(|began| run.started < began);
            if !makes_records(&run, concerned.entity) || is_ignored || concerned.family.contains(&run.run) {
                continue;
            }
            match is_same {
                Some(true) => drop(own.insert(run.number, run)),
                None => drop(others.insert(run.number, run)),
                Some(false) => {}
            }
        }
        let given = source.map(|_| index.given(target, &concerned.identity.entity)).transpose()?;
        if own.is_empty() && others.is_empty() && given.as_ref().is_none_or(GivenOldIds::is_empty) {
            return Ok(<(Memory, Vec<OtherAccount>)>::default());
        }
        let mut lines = RowLineWriter::new()?;
        let mut counts = BTreeMap::new();
        let mut known_to_others: HashMap<i64, u64> = HashMap::new();
        let (mut row_index, mut resent) = (0, 0);
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
                let would_be_sent = checked.is_sound && !checked.is_double;
                let end = ended.as_mut().map_or(Ok(None), |ended| ended.at(row_index))?;
                // The end of a row that was held may be taken from it again.
                let has_end = end.is_some_and(|end| !may_be_reopened(end));
                let by_old_id = sent.as_ref().is_some_and(|sent| sent.by_old_id);
                if let (Some(given), Some(old_id)) = (&given, &row.old_id)
                    && !by_old_id
                    && !has_end
                    && let Some(id) = index.given_id(given, old_id)?
                {
                    if would_be_sent {
                        *counts.entry((NO_RUN, Said::Given)).or_default() += 1;
                    }
                    let remembered =
                        Remembered { said: Said::Given, id: Some(id), is_in_doubt: false, by_weaker: false, run: None };
                    lines.add(row_index, &remembered)?;
                } else if let Some(sent) = sent.filter(|_| !has_end)
                    && let Some(run) = own.get(&sent.run)
                {
                    if concerned.resends && !run.is_there && sent.status == Status::Unknown {
                        resent += u64::from(would_be_sent);
                        row_index += 1;
                        continue;
                    }
                    let said = concerned.said(&sent, run, row.key.is_some());
                    let is_overruled = said == Said::WeakerKey
                        && said.is_overruled(concerned.consent, &checked.confirmed, sent.id.as_deref());
                    if would_be_sent && !is_overruled {
                        *counts.entry((sent.run, said)).or_default() += 1;
                    }
                    let is_in_doubt = sent.status == Status::Unknown;
                    let by_weaker = sent.by_weaker;
                    let remembered = Remembered { said, id: sent.id, is_in_doubt, by_weaker, run: Some(sent.run) };
                    lines.add(row_index, &remembered)?;
                } else if let Some(sent) = sent_by_others.filter(|_| would_be_sent && !has_end) {
                    *known_to_others.entry(sent.run).or_default() += 1;
                }
                row_index += 1;
            }
            Ok(())
        })?;
        let memory = Memory { lines: Some(lines.finish()?), runs: own, counts, resent, existing: 0, has_looked: false };
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

/// Whether rows of a run make records.
fn makes_records(run: &IndexedRun, entity: &Entity) -> bool {
    WriteMode::of(&run.mode).makes_records(entity)
}

/// Whether a run has made a record of a row, or may have. What only changed a record, or found it there, made none: such a
/// row knows the record's id. An old id is that of its record, whoever made it.
fn has_made(run: &IndexedRun, sent: &SentBefore) -> bool {
    match WriteMode::of(&run.mode) {
        _ if sent.by_old_id => true,
        WriteMode::Create | WriteMode::Update => true,
        WriteMode::SkipExisting | WriteMode::Upsert => {
            sent.status == Status::Created || sent.status == Status::Unknown && sent.id.is_none()
        }
    }
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

/// The last run and the number of rows for each account.
fn by_account(runs: HashMap<i64, IndexedRun>, rows: &HashMap<i64, u64>) -> Vec<OtherAccount> {
    let mut accounts: BTreeMap<String, OtherAccount> = BTreeMap::new();
    let mut runs: Vec<IndexedRun> = runs.into_values().filter(|run| rows.contains_key(&run.number)).collect();
    runs.sort_by_key(|run| run.started);
    for run in runs {
        let here = rows.get(&run.number).copied().unwrap_or_default();
        let before = accounts.get(&run.target).map_or(0, |account| account.rows);
        accounts.insert(run.target.clone(), OtherAccount { run, rows: before + here });
    }
    accounts.into_values().collect()
}

fn folder_of(run: &IndexedRun) -> Message {
    match run.is_there {
        true => Message::from(run.folder.display().to_string()),
        false if run.folder.is_dir() => message!("memory.gone_journal", folder = run.folder.display()),
        false => message!("memory.gone", folder = run.folder.display()),
    }
}

/// The journal of a run that was retried, wherever its folder lies now; none when it is gone.
///
/// # Errors
/// A journal that cannot be read, a damaged index.
pub(super) fn retried(parent: &Parent, index: &RunIndex) -> Result<Option<JournalReader>> {
    let moved = index.of_id(&parent.run)?.filter(|run| run.is_there).map(|run| run.folder);
    for folder in moved.iter().chain([&parent.folder]).filter(|folder| Journal::exists(folder)) {
        let past = JournalReader::open_read_only(folder)?;
        // Another run may have taken the name of one that was moved.
        if past.identity().run == parent.run {
            return Ok(Some(past));
        }
    }
    Ok(None)
}

/// The run whose rows a run sends again, the one before that, and so on to the first, up to one whose folder is gone.
///
/// # Errors
/// A journal that cannot be read, a damaged index.
pub(super) fn line_of(run: &RunIdentity, index: &RunIndex) -> Result<Vec<JournalReader>> {
    let mut line: Vec<JournalReader> = Vec::new();
    while let Some(parent) = line.last().map_or(run, JournalReader::identity).parent.clone()
        && let Some(past) = retried(&parent, index)?
    {
        line.push(past);
    }
    Ok(line)
}

/// The run that a command goes on with or begins, and those that retry one another's rows with it. One whose folder is gone
/// is no help to the others: what it sent is remembered as that of any other run.
///
/// # Errors
/// A damaged index.
pub(super) fn family(run: &RunIdentity, root: Uuid, index: &RunIndex) -> Result<HashSet<Uuid>> {
    let mut family = HashSet::from([run.run, root]);
    let mut left: Vec<Uuid> = vec![root];
    while let Some(run) = left.pop() {
        for retry in index.of_parent(&run)? {
            if family.insert(retry.run) {
                left.push(retry.run);
            }
        }
    }
    Ok(family)
}
