//! Which accounts are one, though address or login differ: because a person says so, or because records that earlier runs
//! created are read back under this login. Nothing else tells: every account of the service has the same host.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};

use super::operation::WriteOperation;
use super::options::{ImportOptions, ToldAccounts};
use super::record_reader::{RecordReader, SaidRecord};
use super::settle::KeptRun;
use super::witness::sent_member;
use crate::account::{Account, SANDBOX};
use crate::api::as_text;
use crate::check::duplicates::{is_same_key_value, key_hashes};
use crate::entity::{Catalog, Entity, WriteMode};
use crate::error::{Error, Result};
use crate::journal::{IndexedRun, Journal, JournalReader, Operation, RunIndex};
use crate::message;
use crate::projection::moment;
use crate::terminal::quoted_path;

/// Records that are read back.
const RECORDS: usize = 3;
/// Runs of an account that are tried, the newest first.
const RUNS: usize = 3;
/// How far the service's clock and ours may be apart, in seconds.
const CLOCKS_APART: i64 = 15 * 60;

/// Whether the account of another address or login is this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// It is: its records were read back.
    Same,
    /// Records that it made are not here.
    NotHere,
    /// Nothing could be read that tells.
    CannotTell,
}

/// What finds out which accounts are one.
#[derive(Debug, Clone, Copy)]
pub struct Accounts<'a> {
    /// This command's.
    pub account: &'a Account,
    /// What is known of the interface.
    pub catalog: &'a Catalog,
    /// What a person says.
    pub told: &'a ToldAccounts,
    /// How long to try, where the command can do without.
    pub patience: Option<Duration>,
}

impl<'a> Accounts<'a> {
    /// For an import.
    pub(super) fn of(options: &'a ImportOptions<'_>) -> Accounts<'a> {
        let ImportOptions { account, catalog, resume, .. } = options;
        Accounts { account, catalog, told: &resume.accounts, patience: None }
    }

    /// Keeps what a person says of runs that are named. What is seen to be otherwise is not believed.
    ///
    /// # Errors
    /// No such run, one that went to this account although another one is said, a full disk.
    pub fn keep_told(&self, index: &RunIndex) -> Result<()> {
        let told = [(&self.told.same, true), (&self.told.other, false)];
        for (named, is_same) in told.into_iter().filter_map(|(named, is_same)| Some((named.as_ref()?, is_same))) {
            let (own, there) = (self.account.identity(), account_of(named, index)?);
            if !is_same && (there == own || self.prove(index, &there)? == Proof::Same) {
                let error = message!("accounts.is_same", folder = quoted_path(named));
                return Err(Error::usage(error).hint(message!("accounts.is_same_hint")));
            }
            if there != own {
                index.put_same_account(&own, &there, is_same)?;
            }
        }
        Ok(())
    }

    /// Whether the account of another address or login is known to be this one, or proved to be.
    ///
    /// # Errors
    /// A damaged index.
    pub(super) fn is_same(&self, index: &RunIndex, other: &str) -> Result<bool> {
        Ok(match index.is_same_account(&self.account.identity(), other)? {
            Some(is_same) => is_same,
            None => self.prove(index, other)? == Proof::Same,
        })
    }

    /// Tries to read back what runs into another account have created, and keeps that it is this one where it is all here.
    ///
    /// # Errors
    /// A damaged index.
    pub(super) fn prove(&self, index: &RunIndex, other: &str) -> Result<Proof> {
        let own = self.account.identity();
        if [own.as_str(), other].iter().any(|target| target.starts_with(SANDBOX)) {
            return Ok(Proof::NotHere);
        }
        let runs = index.listed()?;
        let runs = runs.iter().filter(|run| run.target == other && run.is_there);
        // A journal that cannot be read proves nothing, nor does an account that cannot be talked to.
        let proofs = runs.filter_map(|run| self.read_back(run).unwrap_or(Some(Proof::CannotTell)));
        let mut proof = Proof::CannotTell;
        for found in proofs.take(RUNS) {
            match found {
                Proof::Same => {
                    index.put_same_account(&own, other, true)?;
                    return Ok(Proof::Same);
                }
                Proof::NotHere => proof = Proof::NotHere,
                Proof::CannotTell => {}
            }
        }
        Ok(proof)
    }

    /// The same for all accounts of which nobody has said anything and whose records rows may name by the ids that these have
    /// in other systems. Those that are this account now.
    ///
    /// # Errors
    /// A damaged index.
    pub fn prove_old_ids(&self, index: &mut RunIndex, entities: &BTreeSet<&str>) -> Result<Vec<String>> {
        if matches!(self.account, Account::Sandbox { .. }) {
            return Ok(Vec::new());
        }
        entities.iter().try_for_each(|entity| index.memory(entity).map(drop))?;
        let mut proved = Vec::new();
        for other in index.strangers_with_old_ids(&self.account.identity(), entities)? {
            if self.prove(index, &other)? == Proof::Same {
                proved.push(other);
            }
        }
        Ok(proved)
    }

    /// Refuses to go on with a run of which it is not known that it went to this account.
    ///
    /// # Errors
    /// It went to another one, or may have; a damaged index.
    pub fn refuse_other(&self, index: &RunIndex, past: &JournalReader) -> Result<()> {
        let (own, target) = (self.account.identity(), &past.identity().target);
        if *target == own || self.is_same(index, target)? {
            return Ok(());
        }
        let is_sandbox = own.starts_with(SANDBOX) || target.starts_with(SANDBOX);
        let folder = quoted_path(past.folder());
        Err(match is_sandbox || index.is_same_account(&own, target)? == Some(false) {
            true => Error::usage(message!("retry.other_target", folder = folder, target = target))
                .hint(message!("retry.other_target_hint")),
            false => Error::usage(message!("retry.other_login", folder = folder, target = target))
                .hint(message!("retry.other_login_hint", folder = folder)),
        })
    }

    /// Whether this command's login finds the records that a run created, with the same keys or texts and the same time of
    /// creation; none where it created none that can be read one by one.
    fn read_back(&self, run: &IndexedRun) -> Result<Option<Proof>> {
        let past = JournalReader::open_read_only(&run.folder)?;
        let created = past.created(RECORDS)?;
        let Some(entity) = self.catalog.get(&past.identity().entity).filter(|_| !created.is_empty()) else {
            return Ok(None);
        };
        let entity = WriteMode::of(&past.identity().mode).entity(entity, &past.identity().key);
        let Some(reader) = RecordReader::new(self.account, self.catalog, &entity, self.patience)? else {
            return Ok(None);
        };
        let texts = shown_texts(&past, self.catalog, &created).unwrap_or_default();
        for operation in &created {
            let Some(id) = &operation.id else { continue };
            let compared = Compared { operation, entity: &entity, catalog: self.catalog };
            let proof = match reader.read(id) {
                SaidRecord::There(record) => compared.with(&record, texts.get(&operation.row.row)),
                SaidRecord::NotThere => Proof::NotHere,
                SaidRecord::Unknown(_) => Proof::CannotTell,
            };
            if proof != Proof::Same {
                return Ok(Some(proof));
            }
        }
        Ok(Some(Proof::Same))
    }
}

/// A row that created a record.
struct Compared<'a> {
    operation: &'a Operation,
    entity: &'a Entity,
    catalog: &'a Catalog,
}

impl Compared<'_> {
    /// Whether a record is the one that the row became. What somebody changed since tells nothing.
    fn with(&self, record: &Map<String, Value>, shown: Option<&String>) -> Proof {
        let text =
            |name: &str| record.get(name).map(|value| as_text(value).into_owned()).filter(|text| !text.is_empty());
        let created = self.entity.created.as_deref().and_then(text).and_then(|text| moment::parse(&text));
        let sent = moment::service_time(self.operation.at / 1000, &self.catalog.service);
        let is_then = |created: moment::Moment| sent.duration_since(created.begin()).as_secs().abs() <= CLOCKS_APART;
        match created {
            None => return Proof::CannotTell,
            Some(created) if !is_then(created) => return Proof::NotHere,
            Some(_) => {}
        }
        let says_the_same = match (self.operation.row.key, shown, &self.entity.display) {
            (Some(key), ..) => key_hashes(self.entity, text).contains(&key),
            (None, Some(sent), Some(name)) => {
                text(name).is_some_and(|stored| is_same_key_value(self.entity, name, sent, &stored))
            }
            // Other accounts count their records from one, too.
            (None, ..) => false,
        };
        if says_the_same { Proof::Same } else { Proof::CannotTell }
    }
}

/// What rows without a key say by which their records are shown, by the index of the row.
fn shown_texts(past: &JournalReader, catalog: &Catalog, rows: &[Operation]) -> Result<BTreeMap<u64, String>> {
    let mut texts = BTreeMap::new();
    if rows.iter().all(|row| row.row.key.is_some()) {
        return Ok(texts);
    }
    let kept = KeptRun::of(past, catalog)?;
    let Some(name) = &kept.entity.display else { return Ok(texts) };
    let (mut cells, mut next) = (kept.rows(past)?, 0);
    for row in rows {
        while next <= row.row.row {
            if !cells.next()? {
                return Ok(texts);
            }
            next += 1;
        }
        if let WriteOperation::Write { body, .. } = cells.operation(None)?
            && let Some(text) = sent_member(&kept.entity, &body, name)
        {
            texts.insert(row.row.row, text);
        }
    }
    Ok(texts)
}

/// The account that a run went to which a person names.
fn account_of(named: &Path, index: &RunIndex) -> Result<String> {
    if Journal::exists(named) {
        return Ok(JournalReader::open_read_only(named)?.identity().target.clone());
    }
    let targets: BTreeSet<String> =
        index.listed()?.into_iter().filter(|run| run.is_called(named)).map(|run| run.target).collect();
    let mut targets = targets.into_iter();
    match (targets.next(), targets.next()) {
        (Some(target), None) => Ok(target),
        (None, _) => {
            Err(Error::usage(message!("runs.unknown", run = named.display())).hint(message!("journal.none_hint")))
        }
        (Some(_), Some(_)) => {
            Err(Error::usage(message!("runs.several", run = named.display())).hint(message!("runs.several_hint")))
        }
    }
}
