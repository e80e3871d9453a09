//! Which runs concern the rows of a command, and what they have made of a row.

use std::collections::{BTreeMap, HashMap, HashSet};

use uuid::Uuid;

use super::remembered::Said;
use crate::account::SANDBOX;
use crate::check::consent::Consent;
use crate::entity::{Entity, WriteMode};
use crate::error::Result;
use crate::journal::{IndexedRun, RunIdentity, RunIndex, SentBefore, Status};

/// Which runs concern the rows of a command.
#[derive(Debug)]
pub(in crate::import) struct Concerned<'a> {
    /// What the command's own run is.
    pub identity: &'a RunIdentity,
    /// What the rows are.
    pub entity: &'a Entity,
    /// What that run was before, where it goes on.
    pub own: &'a RunIdentity,
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
    pub(super) fn makes_records(&self) -> bool {
        WriteMode::of(&self.identity.mode).makes_records(self.entity)
    }

    /// What a run has made of a row, as far as it says something about this one.
    pub(super) fn said(&self, sent: &SentBefore, run: &IndexedRun, has_key: bool) -> Said {
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

/// The runs before this one that may know its rows, by what they go by in the index.
pub(super) struct Concerning {
    /// Those of this account.
    pub own: HashMap<i64, IndexedRun>,
    /// Those of which nobody knows whether they are.
    pub others: HashMap<i64, IndexedRun>,
}

impl Concerning {
    pub(super) fn gather(concerned: &Concerned<'_>, index: &mut RunIndex) -> Result<Concerning> {
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
        Ok(Concerning { own, others })
    }
}

/// Runs of another host or login that know rows of the input.
#[derive(Debug)]
pub(in crate::import) struct OtherAccount {
    /// The last of them.
    pub run: IndexedRun,
    /// How many rows.
    pub rows: u64,
}

/// Whether rows of a run make records.
pub(super) fn makes_records(run: &IndexedRun, entity: &Entity) -> bool {
    WriteMode::of(&run.mode).makes_records(entity)
}

/// Whether a run has made a record of a row, or may have. What only changed a record, or found it there, made none: such a
/// row knows the record's id. An old id is that of its record, whoever made it.
pub(super) fn has_made(run: &IndexedRun, sent: &SentBefore) -> bool {
    match WriteMode::of(&run.mode) {
        _ if sent.by_old_id => true,
        WriteMode::Create | WriteMode::Update => true,
        WriteMode::SkipExisting | WriteMode::Upsert => {
            sent.status == Status::Created || sent.status == Status::Unknown && sent.id.is_none()
        }
    }
}

/// The last run and the number of rows for each account.
pub(super) fn by_account(runs: HashMap<i64, IndexedRun>, rows: &HashMap<i64, u64>) -> Vec<OtherAccount> {
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
