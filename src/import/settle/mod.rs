//! What became of rows of which nobody knows: found out by reading what the account has, and by nothing less than proof.
//!
//! Rows that make records are looked for in the account's list (`reading`): done is what a record that nobody has and that is
//! newer than the run (`highest`) says word for word; not done is what is not in a list that is proved whole, although a record
//! that was made later is in it and the service's time is over. Changes, tags and bindings are asked for themselves (`direct`);
//! whether a time of change tells of what no record shows is asked of records that have it (`additions`).
//! What rows said is made again from the run's kept cells (`kept_rows`); what the findings mean is decided by a plain function
//! (`verdict`).

mod additions;
mod command;
mod direct;
mod highest;
mod kept_rows;
mod reading;
mod verdict;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use tokio::runtime;

pub use command::{SettleCommand, run};
pub(super) use command::{may_double, words};
pub(super) use kept_rows::KeptRun;

use self::verdict::Verdict;
use super::change::KEPT;
use super::options::{DoubtOptions, ImportOptions};
use crate::account::Account;
use crate::api::Client;
use crate::entity::{Catalog, Entity};
use crate::error::{Context, Error, Result};
use crate::journal::{
    InputRow, Journal, JournalReader, NextAttempt, OldId, Operation, Reason, RowIdentity, RunIdentity, RunIndex,
    SETTLED, Settled, Status, UNKNOWN_BEFORE,
};
use crate::message;
use crate::message::Message;
use crate::terminal::{Interrupt, Printer, Progress};

/// The code of a row that the service said was made, and that its list does not have.
const UNSEEN: &str = "not_in_list";

/// Where rows went, and what is known of that.
#[derive(Clone, Copy)]
pub(super) struct Whereabouts<'a> {
    /// The account they went to.
    pub account: &'a Account,
    /// What is known of the interface.
    pub catalog: &'a Catalog,
    /// All runs.
    pub index: &'a RunIndex,
}

/// What was found out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Rows that are done after all.
    pub done: u64,
    /// Records whose ids are known now.
    pub ids: u64,
    /// Rows that were not done, and may be sent.
    pub free: u64,
    /// Rows that may be sent again although nobody knows of them: the service honours their request ids, or a person says so.
    pub repeated: u64,
    /// Changes that are given up at a person's word.
    pub left: u64,
    /// Rows of which nobody knows still.
    pub unknown: u64,
    /// Of these, rows that the service said were made, and that its list does not have.
    pub unseen: u64,
    /// Rows that the service said were made, whose records cannot be told still.
    pub without_id: u64,
    /// The account did not let anybody look.
    pub is_blind: bool,
}

impl Found {
    /// Both together.
    fn and(self, other: Found) -> Found {
        Found {
            done: self.done + other.done,
            ids: self.ids + other.ids,
            free: self.free + other.free,
            repeated: self.repeated + other.repeated,
            left: self.left + other.left,
            unknown: self.unknown + other.unknown,
            unseen: self.unseen + other.unseen,
            without_id: self.without_id + other.without_id,
            is_blind: self.is_blind || other.is_blind,
        }
    }

    /// It for programs.
    fn json(self) -> serde_json::Value {
        serde_json::json!({"done": self.done, "ids": self.ids, "free": self.free, "repeated": self.repeated,
            "left": self.left, "unknown": self.unknown, "without_id": self.without_id, "looked": !self.is_blind})
    }
}

/// Everything rows are settled with.
struct Settling<'a> {
    client: &'a Arc<Client>,
    catalog: &'a Catalog,
    entity: &'a Entity,
    index: &'a RunIndex,
    interrupt: &'a Interrupt,
    progress: &'a Progress,
    /// The highest id that there was before the run's first write, when that is known.
    highest: Option<u64>,
    /// When the first run began that is gone and may have sent rows, and the highest id that there was before.
    lost: Option<(i64, Option<u64>)>,
    doubt: DoubtOptions,
    now: i64,
}

impl Settling<'_> {
    /// The highest id that there was before a row was sent, when that is known.
    fn highest_before(&self, row: &Operation) -> Option<u64> {
        match self.lost {
            Some((_, highest)) if is_of_lost_run(row) => highest,
            _ => self.highest,
        }
    }

    /// Whether the service cannot be working on a row any more.
    fn is_time_over(&self, row: &Operation) -> bool {
        self.doubt.is_time_over(row, self.now)
    }
}

/// Writes down the highest id there is before a run makes its first record, where the service tells it. What cannot be had
/// costs the proof of some rows.
///
/// # Errors
/// A login that is rejected, a full disk.
pub(super) async fn note_highest(journal: &Journal, options: &ImportOptions<'_>, client: &Client) -> Result<()> {
    let past = journal.reader()?;
    if !options.makes_records() || past.highest_before()?.is_some() || past.has_sent()? {
        return Ok(());
    }
    drop(past);
    match highest::highest(client, options.entity()).await {
        Ok(Some(highest)) => journal.note_highest_before(highest),
        Err(error) if error.clone().into_message().code() == "api.login_rejected" => Err(error),
        // Whether the service can be reached and lets this login write, sending tells.
        Ok(None) | Err(_) => Ok(()),
    }
}

impl Settling<'_> {
    /// Finds out what became of rows in doubt, and of rows that the service said were made.
    async fn find_out(&self, past: &JournalReader, kept: &KeptRun<'_>) -> Result<(Vec<SettledRow>, Vec<SettledRow>)> {
        let of_other_reading = sent_otherwise(past, kept)?;
        if !kept.is_found_by_list() {
            let asked = self.by_asking(past, kept).await?;
            return Ok((asked.into_iter().chain(of_other_reading).collect(), Vec::new()));
        }
        let found = self.by_list(past, kept).await?;
        let (created, doubtful): (Vec<_>, Vec<_>) =
            found.into_iter().partition(|(row, _)| row.status == Status::Created);
        let settled = |found: Vec<(Operation, Verdict)>| {
            found.into_iter().filter_map(|(row, verdict)| settled_by(&row, verdict)).collect::<Vec<_>>()
        };
        let mut of_doubtful = settled(doubtful);
        of_doubtful.extend(of_other_reading);
        if kept.has_changes_besides() {
            of_doubtful.extend(self.by_asking(past, kept).await?);
        }
        Ok((of_doubtful, settled(created)))
    }
}

/// A row by its index, and what is written down of it.
type SettledRow = (u64, Settled);

/// The rows in doubt that were sent before their columns were taken for something else: what they said then cannot be made again.
fn sent_otherwise(past: &JournalReader, kept: &KeptRun<'_>) -> Result<Vec<SettledRow>> {
    let (mut found, mut from) = (Vec::new(), 0);
    loop {
        let rows = past.unsettled_rows(from, 1000)?;
        let Some(last) = rows.last() else { return Ok(found) };
        from = last.row.row + 1;
        let rows = rows.iter().filter(|row| row.status == Status::Unknown && !kept.tells_what_was_sent(row));
        found.extend(rows.map(|row| (row.row.row, still_unknown(row, message!("settle.read_otherwise")))));
    }
}

/// Finds out what became of the rows of a run of which nobody knows, and writes it down.
///
/// # Errors
/// The account cannot be read, the run's cells are gone, a full disk.
pub(super) fn settle(
    journal: &mut Journal,
    kept: &KeptRun<'_>,
    about: &Whereabouts<'_>,
    doubt: DoubtOptions,
    printer: &Printer,
) -> Result<Found> {
    let Whereabouts { account, catalog, index } = *about;
    let past = journal.reader()?;
    let (unknown, without_id) = kept.unsettled(&past)?;
    if unknown + without_id == 0 {
        return Ok(Found::default());
    }
    let started = Instant::now();
    let connection = account.connect()?;
    let client = Arc::new(Client::new(connection.target, &catalog.service)?);
    let runtime = runtime::Builder::new_current_thread().enable_all().build().context(|| message!("run.no_runtime"))?;
    let progress = Progress::new(printer);
    progress.say(&message!("settle.begins", rows = unknown + without_id).to_string());
    let settled = runtime.block_on(async {
        let settling = Settling {
            client: &client,
            catalog,
            entity: &kept.entity,
            index,
            interrupt: &Interrupt::of_process(),
            progress: &progress,
            highest: past.highest_before()?,
            lost: lost_runs(past.identity(), index)?,
            doubt,
            now: jiff::Timestamp::now().as_millisecond(),
        };
        settling.find_out(&past, kept).await
    });
    progress.end();
    let (settled, is_blind) = match settled.map_err(unless_readable) {
        // The user's word, and the service's, need no look.
        Err(error) if doubt.resends_unknown() && is_unreadable(&error) => {
            printer.warn(&message!("settle.blind", rows = unknown, why = error.into_message()).to_string());
            (Default::default(), true)
        }
        settled => (settled?, false),
    };
    let (mut settled, of_created) = settled;
    let found = count(&settled, unknown).and(count_created(&of_created, without_id));
    let mut found = Found { is_blind, ..found };
    if doubt.resends_unknown() {
        // The service knows a request again by its id, and takes what it says now for what it said then: a person's word alone
        // sends what says something else now.
        let is_free = |row: &Operation| doubt.resends || kept.tells_what_was_sent(row);
        let repeated = set_free(&past, &mut settled, is_free)?;
        // What nobody was told of as not known is not meant by that.
        found.unknown -= repeated;
        found.repeated = repeated;
    }
    if doubt.keeps_service {
        found.left = leave(&past, &mut settled, !kept.is_found_by_list(), doubt)?;
        found.unknown -= found.left;
    }
    let of_lost_runs = settled_of_lost_runs(&past, &settled)?;
    drop(past);
    settled.extend(of_created);
    journal.settle(&settled)?;
    index.forget_lost(&of_lost_runs)?;
    let (requests, retries) = account.take_requests();
    journal.add_totals(requests, retries, started.elapsed().as_secs_f64())?;
    Ok(found)
}

/// The error, which says that nobody may look where that is what it means.
fn unless_readable(error: Error) -> Error {
    match error.code() {
        "api.forbidden" | "api.moved" | "api.moved_nowhere" | "memory.no_list" => unreadable(error),
        _ => error,
    }
}

/// The error of an account that was reached and does not show what it has.
fn unreadable(error: Error) -> Error {
    let (kind, hint) = (error.kind(), error.hint_message());
    let error = Error::new(kind, message!("settle.unreadable", why = error.into_message()));
    hint.into_iter().fold(error, Error::hint)
}

/// Whether the account does not show what it has: looking again would not help.
pub(super) fn is_unreadable(error: &Error) -> bool {
    error.is_about("settle.unreadable")
}

/// Whether a row is in doubt because a run may have sent it that is gone.
fn is_of_lost_run(row: &Operation) -> bool {
    row.reason.as_deref().is_some_and(|reason| reason.code == UNKNOWN_BEFORE)
}

/// What is known of the runs into the account that are gone and left rows in doubt.
fn lost_runs(identity: &RunIdentity, index: &RunIndex) -> Result<Option<(i64, Option<u64>)>> {
    let runs = index.listed()?;
    let mut targets: HashSet<String> = HashSet::from([identity.target.clone()]);
    for run in runs {
        if index.is_same_account(&identity.target, &run.target)? == Some(true) {
            targets.insert(run.target);
        }
    }
    index.lost(&identity.entity, |run| targets.contains(&run.target))
}

/// The rows that runs may have sent that are gone, and of which it is known now what became of them.
fn settled_of_lost_runs(past: &JournalReader, settled: &[(u64, Settled)]) -> Result<Vec<InputRow>> {
    let is_known = |(row, settled): &(u64, Settled)| (!matches!(settled, Settled::Unknown(_))).then_some(*row);
    let known: HashSet<u64> = settled.iter().filter_map(is_known).collect();
    let (mut found, mut from) = (Vec::new(), 0);
    loop {
        let rows = past.unsettled_rows(from, 1000)?;
        let Some(last) = rows.last() else { return Ok(found) };
        from = last.row.row + 1;
        let rows = rows.into_iter().filter(|row| is_of_lost_run(row) && known.contains(&row.row.row));
        found.extend(rows.map(|row| InputRow {
            identity: RowIdentity {
                identity: row.row.identity.unwrap_or(row.row.content),
                copy: row.row.copy,
                content: row.row.content,
                content_copy: row.row.content_copy,
            },
            key: row.row.key,
            weaker: None,
            old_id: row.row.old_id.as_deref().map(OldId::hash),
        }));
    }
}

/// What a verdict means for the journal; nothing where nothing more is known than before.
fn settled_by(row: &Operation, verdict: Verdict) -> Option<(u64, Settled)> {
    let settled = match verdict {
        Verdict::Made(id) => {
            let said = match row.status {
                Status::Created => message!("settle.id", id = id),
                _ => message!("settle.made", id = id),
            };
            done(Status::Created, Some(id), said)
        }
        Verdict::NotMade { is_anew: true } => Settled::Free(NextAttempt::Anew),
        Verdict::NotMade { is_anew: false } => Settled::Free(NextAttempt::First),
        Verdict::Unknown(candidates) if candidates.is_empty() && row.status == Status::Created => {
            let reason = Reason { code: UNSEEN.to_owned(), field: String::new(), message: message!("settle.unseen") };
            Settled::Unknown(reason)
        }
        Verdict::Unknown(candidates) if candidates.is_empty() => return None,
        Verdict::Unknown(candidates) => {
            // A few of them are enough to look.
            let ids: Vec<String> = candidates.into_iter().take(5).collect();
            still_unknown(row, message!("settle.candidates", ids = ids.join(", ")))
        }
    };
    Some((row.row.row, settled))
}

/// A row that is done after all.
fn done(status: Status, id: Option<String>, message: Message) -> Settled {
    Settled::Done(status, id, Reason { code: SETTLED.to_owned(), field: String::new(), message })
}

/// A row of which nobody knows still, with more to say of it than before.
fn still_unknown(row: &Operation, more: Message) -> Settled {
    let before = row.reason.as_deref().cloned().unwrap_or_default();
    let first = before.message.part("before").unwrap_or(before.message);
    Settled::Unknown(Reason { message: message!("settle.also", before = first, more = more), ..before })
}

/// What was found of rows of which nobody knew.
fn count(settled: &[(u64, Settled)], unknown: u64) -> Found {
    let [done, free, _] = ends(settled);
    Found { done, free, unknown: unknown - done - free, ..Found::default() }
}

/// What was found of rows that the service said were made.
fn count_created(settled: &[(u64, Settled)], without_id: u64) -> Found {
    let [ids, free, unseen] = ends(settled);
    let without_id = without_id - ids - free - unseen;
    Found { ids, free, unknown: unseen, unseen, without_id, ..Found::default() }
}

/// How many rows are done, how many are free and of how many there is more to say and no more known.
fn ends(settled: &[(u64, Settled)]) -> [u64; 3] {
    let mut ends = [0; 3];
    for (_, settled) in settled {
        ends[match settled {
            Settled::Done(..) => 0,
            Settled::Free(_) => 1,
            Settled::Unknown(_) => 2,
        }] += 1;
    }
    ends
}

/// Gives up the changes of which nothing was found out and that cannot arrive any more; how many they are. Where other rows make records, `has_changes_alone` is
/// false, and a change is known by its record.
fn leave(
    past: &JournalReader,
    settled: &mut Vec<(u64, Settled)>,
    has_changes_alone: bool,
    doubt: DoubtOptions,
) -> Result<u64> {
    let now = jiff::Timestamp::now().as_millisecond();
    let known: HashSet<u64> =
        settled.iter().filter(|(_, settled)| !matches!(settled, Settled::Unknown(_))).map(|(row, _)| *row).collect();
    let (mut left, mut from) = (BTreeMap::new(), 0);
    loop {
        let rows = past.unsettled_rows(from, 1000)?;
        let Some(last) = rows.last() else { break };
        from = last.row.row + 1;
        let is_change = |row: &&Operation| {
            row.status == Status::Unknown && (has_changes_alone || row.id.is_some()) && doubt.is_time_over(row, now)
        };
        for row in rows.iter().filter(is_change).filter(|row| !known.contains(&row.row.row)) {
            let reason = Reason { code: KEPT.to_owned(), field: String::new(), message: message!("settle.left") };
            left.insert(row.row.row, Settled::Done(Status::Skipped, None, reason));
        }
    }
    settled.retain(|(row, _)| !left.contains_key(row));
    let count = left.len() as u64;
    settled.extend(left);
    Ok(count)
}

/// Sets the rows free of which nothing was found out, where that may be; how many they are.
fn set_free(
    past: &JournalReader,
    settled: &mut Vec<(u64, Settled)>,
    is_free: impl Fn(&Operation) -> bool,
) -> Result<u64> {
    let is_known = |(row, settled): &(u64, Settled)| (!matches!(settled, Settled::Unknown(_))).then_some(*row);
    let known: HashSet<u64> = settled.iter().filter_map(is_known).collect();
    let (mut free, mut from) = (HashSet::new(), 0);
    loop {
        let rows = past.unsettled_rows(from, 1000)?;
        let Some(last) = rows.last() else { break };
        from = last.row.row + 1;
        let unknown = rows.iter().filter(|row| row.status == Status::Unknown && !known.contains(&row.row.row));
        free.extend(unknown.filter(|row| is_free(row)).map(|row| row.row.row));
    }
    settled.retain(|(row, _)| !free.contains(row));
    settled.extend(free.iter().map(|row| (*row, Settled::Free(NextAttempt::Repeat))));
    Ok(free.len() as u64)
}
