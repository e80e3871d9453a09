//! The rows of the first reading, one after another, become the steps of the run. Rows with an end are passed over, rows
//! with mistakes are refused, and the others are sent. It runs on its own thread and hands over windows of rows; the size
//! of a window follows the rate, so that what a crash can leave in doubt stays small.

use std::path::PathBuf;

use uuid::Uuid;

use super::operation::WriteOperation;
use super::report::words;
use super::spool::{RowState, Spool};
use crate::check::duplicates::{DUPLICATE, Duplicates, Seen, duplicate_rule, sent_double_rule};
use crate::error::Result;
use crate::journal::{Claim, Claims, JournalReader, Lock, Operation, OperationCursor, Reason, RowKey, Status};
use crate::mapping::Mapping;
use crate::message;
use crate::message::Message;

/// A row that is to be sent.
#[derive(Debug)]
pub struct PendingWrite {
    /// Which row.
    pub row: RowKey,
    /// The id of its write.
    pub request_id: Uuid,
    /// What it asks for.
    pub operation: WriteOperation,
    /// Rows with the same mark never run at the same time.
    pub writer: Option<u64>,
}

/// What comes of one row.
#[derive(Debug)]
pub enum RowAction {
    /// It has an end already.
    Ended,
    /// It has an end now, without being sent.
    End(Operation),
    /// It is to be sent.
    Send(PendingWrite),
}

/// A retried run, and how its rows are known here.
#[derive(Debug)]
pub struct Origin {
    /// The run that is retried.
    pub past: JournalReader,
    /// Who has taken over its rows.
    pub claims: Claims,
    /// Its id, as the column `bw8_run` names it.
    pub run: String,
    /// This run, as a claim names it.
    pub claim: Claim,
    /// Other runs that retry it.
    pub siblings: Vec<JournalReader>,
    /// Keeps others from retrying the same run at the same time: whoever looked first would send what both claim.
    pub _lock: Lock,
}

/// Makes the steps of a run.
pub struct RowPlanner<'a> {
    /// The rows.
    pub spool: Spool,
    /// Which column feeds which field.
    pub mapping: &'a Mapping,
    /// Whether rows that write to the same record must not run at the same time.
    pub one_writer: bool,
    /// What occurs more than once.
    pub duplicates: Duplicates,
    /// The journal as it was when the command began.
    pub past: JournalReader,
    /// Whether it holds ends of an earlier input.
    pub has_earlier: bool,
    /// The run that is retried.
    pub origin: Option<Origin>,
    /// Runs that retried rows of this one.
    pub retries: Vec<JournalReader>,
    /// Rows that have an end.
    pub ended: OperationCursor,
    /// Place of the next row.
    pub next: u64,
}

impl RowPlanner<'_> {
    /// Rows taken so far.
    pub fn read(&self) -> u64 {
        self.next
    }

    /// The step of the next row; none at the end.
    ///
    /// # Errors
    /// A spool or journal that cannot be read.
    pub fn next(&mut self) -> Result<Option<RowAction>> {
        let step = self.step()?;
        // A row whose step could not be found out was not taken.
        self.next += u64::from(step.is_some());
        Ok(step)
    }

    fn step(&mut self) -> Result<Option<RowAction>> {
        let Some(spooled) = self.spool.next()? else { return Ok(None) };
        let row_index = self.next;
        let mut key = RowKey {
            row: row_index,
            number: spooled.number,
            content: spooled.content,
            copy: 0,
            key: spooled.key.map(|(key, _)| key),
            origin: None,
            generation: 0,
        };
        let is_sound = matches!(spooled.state, RowState::Sound(_));
        let seen = match spooled.state {
            RowState::Example => Seen::default(),
            _ => self.duplicates.see(key.number, key.key, &key.content, is_sound),
        };
        key.copy = seen.copy;
        if self.ended.at(row_index)?.is_some() {
            return Ok(Some(RowAction::Ended));
        }
        // What was done stays done, whatever the checks say of the row now.
        if !matches!(spooled.state, RowState::Example)
            && let Some(operation) = self.done_before(&mut key, spooled.key)?
        {
            return Ok(Some(RowAction::End(operation)));
        }
        let operation = match (spooled.state, seen.first.zip(spooled.key)) {
            (RowState::Example, _) => {
                let reason =
                    Reason { code: "example".into(), field: String::new(), message: message!("import.example") };
                return Ok(Some(RowAction::End(end(key, Status::Skipped, reason))));
            }
            (RowState::Refused(reason), _) => return Ok(Some(RowAction::End(end(key, Status::Refused, reason)))),
            (RowState::Sound(_), Some((first, (_, number)))) => {
                let reason = duplicate_reason(self.mapping, number, first);
                return Ok(Some(RowAction::End(end(key, Status::Refused, reason))));
            }
            (RowState::Sound(operation), None) => operation,
        };
        if let Some(operation) = self.retried(&key)? {
            return Ok(Some(RowAction::End(operation)));
        }
        if let Some(operation) = self.taken_over(&mut key, spooled.key, spooled.origin.as_ref())? {
            return Ok(Some(RowAction::End(operation)));
        }
        let writer = if self.one_writer { writer_of(&operation).or(key.key) } else { None };
        let request_id = key.request_id(&self.past.identity().run);
        Ok(Some(RowAction::Send(PendingWrite { row: key, request_id, operation, writer })))
    }

    /// Puts the claims of a retry on the disk; before that, none of the rows may be sent.
    ///
    /// # Errors
    /// A full disk, a damaged journal.
    pub fn keep_claims(&self) -> Result<()> {
        self.origin.as_ref().map_or(Ok(()), |origin| origin.claims.keep())
    }

    /// What became of the row before the input changed: by its content, else by its natural key. Done rows stay done, rows
    /// in doubt stay in doubt, and a proved rejection is sent again under a new request id.
    fn done_before(&self, key: &mut RowKey, natural: Option<(u64, u8)>) -> Result<Option<Operation>> {
        if !self.has_earlier {
            return Ok(None);
        }
        let by_key = key.key.map(|hash| self.past.earlier_by_key(hash)).transpose()?.flatten();
        if let Some(earlier) = self.past.earlier_by_content(key)? {
            match (earlier.status, by_key.as_ref().zip(natural)) {
                (Status::Failed, _) => key.generation = earlier.row.generation + 1,
                // It was never sent itself; the row that has its key was.
                (Status::Refused, Some((first, (_, which)))) => {
                    let reason = sent_double_reason(self.mapping, which, first.row.number);
                    return Ok(Some(end(key.clone(), Status::Refused, reason)));
                }
                (Status::Refused, None) => {}
                _ => {
                    let row = RowKey { origin: earlier.row.origin, generation: earlier.row.generation, ..key.clone() };
                    return Ok(Some(Operation { row, ..earlier }));
                }
            }
        }
        let Some(earlier) = by_key else { return Ok(None) };
        let message =
            message!("import.changed_since", id = earlier.id.as_deref().unwrap_or("?"), row = earlier.row.number);
        let reason = Reason { code: "changed_since_sent".into(), field: String::new(), message };
        let status = if earlier.status == Status::Unknown { Status::Unknown } else { Status::Skipped };
        Ok(Some(Operation { id: earlier.id, ..end(key.clone(), status, reason) }))
    }

    /// What a retry of this run made of the row, when it did not leave it open.
    fn retried(&self, key: &RowKey) -> Result<Option<Operation>> {
        if self.retries.is_empty() {
            return Ok(None);
        }
        let number = self.past.earlier_by_content(key)?.map(|earlier| earlier.row.number);
        for past in &self.retries {
            let by_number = number.map(|number| past.by_origin(number)).transpose()?.flatten();
            let by_key = key.key.map(|hash| past.by_key(hash)).transpose()?.flatten();
            let found = [by_number, by_key].into_iter().flatten().find(|operation| !is_open(operation.status));
            if let Some(operation) = found {
                return Ok(Some(skipped(key, &operation, past.folder().to_owned())));
            }
        }
        Ok(None)
    }

    /// For a retry: what another run made of the row, or none once this run has claimed it.
    fn taken_over(
        &self,
        key: &mut RowKey,
        natural: Option<(u64, u8)>,
        cells: Option<&(String, String)>,
    ) -> Result<Option<Operation>> {
        let Some(origin) = &self.origin else { return Ok(None) };
        let number = origin.number_of(cells, key)?;
        for past in &origin.siblings {
            let by_number = number.map(|number| past.by_origin(number)).transpose()?.flatten();
            let found = match by_number.filter(|operation| !is_open(operation.status)) {
                Some(operation) => Some(operation),
                None => key.key.map(|hash| past.by_key(hash)).transpose()?.flatten(),
            };
            if let Some(operation) = found.filter(|operation| !is_open(operation.status)) {
                return Ok(Some(skipped(key, &operation, past.folder().to_owned())));
            }
        }
        let Some(number) = number else { return Ok(None) };
        key.origin = Some(number);
        if let Some(operation) = origin.past.by_number(number)?.filter(|operation| !is_open(operation.status)) {
            return Ok(Some(skipped(key, &operation, origin.past.folder().to_owned())));
        }
        // The row with the same key that the first run sent is not in this file.
        if let Some((hash, which)) = natural
            && let Some(first) = origin.past.by_key(hash)?.filter(|first| !is_open(first.status))
        {
            let reason = sent_double_reason(self.mapping, which, first.row.number);
            return Ok(Some(end(key.clone(), Status::Refused, reason)));
        }
        if let Some(claim) = origin.claims.of(number)?.filter(|claim| claim.run != origin.claim.run) {
            // A claim whose folder is gone protects nothing that can still be seen.
            if let Ok(past) = JournalReader::open(&claim.folder) {
                past.build_indexes()?;
                if let Some(operation) = past.by_origin(number)?.filter(|operation| !is_open(operation.status)) {
                    return Ok(Some(skipped(key, &operation, claim.folder)));
                }
            }
        }
        origin.claims.add(number, &origin.claim)?;
        Ok(None)
    }
}

impl Origin {
    /// The row's number in the run that is retried: what its columns say, else the row with the same natural key.
    fn number_of(&self, cells: Option<&(String, String)>, key: &RowKey) -> Result<Option<u64>> {
        if let Some((number, run)) = cells
            && let Ok(number) = number.parse::<u64>()
            && (run.is_empty() || *run == self.run)
            && self.is_of(number, key)?
        {
            return Ok(Some(number));
        }
        let found = key.key.map(|hash| self.past.by_key(hash)).transpose()?.flatten();
        Ok(found.map(|operation| operation.row.number))
    }

    /// Whether the row of this number there can be this row: numbers change when a run takes a changed input as its own, and
    /// a row that was done there under another natural key is another row.
    fn is_of(&self, number: u64, key: &RowKey) -> Result<bool> {
        let there = self.past.by_number(number)?.filter(|operation| !is_open(operation.status));
        Ok(there.and_then(|operation| operation.row.key).zip(key.key).is_none_or(|(there, here)| there == here))
    }
}

/// Why a row whose key an earlier row of the file has is refused.
fn duplicate_reason(mapping: &Mapping, key: u8, first: u64) -> Reason {
    reason(mapping, key, duplicate_rule(mapping, key, first))
}

/// Why a row is refused whose key a row has that an earlier input or the retried run has sent.
fn sent_double_reason(mapping: &Mapping, key: u8, first: u64) -> Reason {
    reason(mapping, key, sent_double_rule(mapping, key, first))
}

fn reason(mapping: &Mapping, key: u8, message: Message) -> Reason {
    let field = mapping.key_fields(key).first().cloned().unwrap_or_default();
    Reason { code: DUPLICATE.to_owned(), field, message }
}

/// The end of a row that another run took care of.
fn skipped(key: &RowKey, operation: &Operation, folder: PathBuf) -> Operation {
    let message = message!(
        "import.retried_before",
        folder = folder.display(),
        status = words::status_message(operation.status),
        id = operation.id.as_deref().unwrap_or("")
    );
    let reason = Reason { code: "retried_before".into(), field: String::new(), message };
    let status = if operation.status == Status::Unknown { Status::Unknown } else { Status::Skipped };
    Operation { id: operation.id.clone(), ..end(key.clone(), status, reason) }
}

/// Whether a row that ended so may be sent again.
fn is_open(status: Status) -> bool {
    matches!(status, Status::Refused | Status::Failed)
}

/// The record a job writes to, when it names one.
fn writer_of(operation: &WriteOperation) -> Option<u64> {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
    let hash = |parts: (&str, &str)| BuildHasherDefault::<DefaultHasher>::default().hash_one(parts);
    match operation {
        WriteOperation::Write { .. } => None,
        WriteOperation::Change { id, .. } => Some(hash(("", id))),
        WriteOperation::Tags(edit) => Some(hash((&edit.entity, &edit.id))),
    }
}

/// An end without a request.
fn end(row: RowKey, status: Status, reason: Reason) -> Operation {
    let at = jiff::Timestamp::now().as_millisecond();
    Operation { row, status, id: None, attempts: 0, at, reason: Some(Box::new(reason)) }
}
