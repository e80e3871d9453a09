//! The second reading: each row of the input becomes the next step of the run. Rows with an end are passed over, rows with
//! mistakes are refused, and the others become requests. It runs on its own thread and hands over windows of rows; the
//! size of a window follows the rate, so that what a crash can leave in doubt stays small.

use std::path::PathBuf;

use rust_i18n::t;

use super::check::Record;
use super::identity::{Contents, Keys, Repeated};
use super::mapping::Plan;
use super::request::{Job, Requests};
use super::survey::{Fingerprint, duplicate};
use crate::error::{Error, Result};
use crate::format::{Reader, Row};
use crate::journal::{Claim, InOrder, Lock, Operation, Past, Reason, RowKey, Status};

/// A row that is to be sent.
#[derive(Debug)]
pub struct Prepared {
    /// Which row.
    pub row: RowKey,
    /// What it asks for.
    pub job: Job,
    /// Rows with the same mark never run at the same time.
    pub writer: Option<u64>,
}

/// What comes of one row.
#[derive(Debug)]
pub enum Step {
    /// It has an end already.
    Ended,
    /// It has an end now, without being sent.
    End(Operation),
    /// It is to be sent.
    Send(Box<Prepared>),
}

/// A retried run, and how its rows are known here.
#[derive(Debug)]
pub struct Origin {
    /// The run that is retried.
    pub past: Past,
    /// Its id, as the column `bw8_run` names it.
    pub run: String,
    /// The column with the row number a row had there.
    pub row_column: Option<usize>,
    /// The column with the id of the run.
    pub run_column: Option<usize>,
    /// This run, as a claim names it.
    pub claim: Claim,
    /// Other runs that retry it.
    pub siblings: Vec<Past>,
    /// Keeps others from retrying the same run at the same time: whoever looked first would send what both claim.
    pub _lock: Lock,
}

/// Makes the steps of a run.
pub struct Steps<'a> {
    reader: Box<dyn Reader>,
    plan: &'a Plan,
    requests: Requests<'a>,
    repeated: Repeated,
    example_row: Option<u64>,
    past: Past,
    /// Whether rows of a changed input may be found among earlier ones.
    has_earlier: bool,
    origin: Option<Origin>,
    ended: InOrder,
    contents: Contents,
    keys: Keys,
    record: Record,
    row: Row,
    /// Place of the next row.
    next: u64,
    /// The fingerprint so far, and what it is at the end while nobody changes the input meanwhile.
    fingerprint: Fingerprint,
    expected: String,
}

/// Everything a run of steps begins with.
pub struct Beginning<'a> {
    /// Reads the input.
    pub reader: Box<dyn Reader>,
    /// Which column feeds which field.
    pub plan: &'a Plan,
    /// Makes requests.
    pub requests: Requests<'a>,
    /// What occurs more than once.
    pub repeated: Repeated,
    /// Row number of the template's example row.
    pub example_row: Option<u64>,
    /// The journal as it was when the command began.
    pub past: Past,
    /// Whether it holds ends of an earlier input.
    pub has_earlier: bool,
    /// The run that is retried.
    pub origin: Option<Origin>,
    /// The input's fingerprint in the first reading.
    pub fingerprint: String,
}

impl<'a> Steps<'a> {
    /// Steps from the first row on.
    pub fn new(beginning: Beginning<'a>) -> Self {
        let Beginning { reader, plan, requests, repeated, example_row, past, has_earlier, origin, fingerprint } =
            beginning;
        Steps {
            fingerprint: Fingerprint::of_header(&reader.sheet().header),
            expected: fingerprint,
            reader,
            plan,
            requests,
            repeated,
            example_row,
            past,
            has_earlier,
            origin,
            ended: InOrder::default(),
            contents: Contents::default(),
            keys: Keys::default(),
            record: Record::default(),
            row: Row::default(),
            next: 0,
        }
    }

    /// Rows read so far.
    pub fn read(&self) -> u64 {
        self.next
    }

    /// The step of the next row; none at the end.
    ///
    /// # Errors
    /// An input or journal that cannot be read.
    pub fn next(&mut self) -> Result<Option<Step>> {
        if !self.reader.read(&mut self.row)? {
            return match std::mem::take(&mut self.fingerprint).finish() == self.expected {
                true => Ok(None),
                false => {
                    Err(Error::cannot_run(t!("import.changed_meanwhile")).hint(t!("import.changed_meanwhile_hint")))
                }
            };
        }
        let place = self.next;
        self.next += 1;
        let content = self.contents.of(&self.row);
        self.fingerprint.add(&content);
        let mut key =
            RowKey { row: place, number: self.row.number, content, copy: 0, key: None, origin: None, generation: 0 };
        if self.example_row == Some(self.row.number) {
            let has_end = self.ended.at(&self.past, place)?.is_some();
            let reason =
                Reason { code: "example".into(), field: String::new(), message: t!("import.example").into_owned() };
            return Ok(Some(if has_end { Step::Ended } else { Step::End(end(key, Status::Skipped, reason)) }));
        }
        self.plan.check(&self.row, &mut self.record);
        let natural = self.keys.of(self.plan, &self.record);
        key.key = natural.map(|(hash, _)| hash);
        let seen = self.repeated.see(key.number, key.key, &content, self.record.findings.is_empty());
        key.copy = seen.copy;
        if self.ended.at(&self.past, place)?.is_some() {
            return Ok(Some(Step::Ended));
        }
        if let (Some(first), Some((_, fields))) = (seen.first, natural) {
            let finding = duplicate(self.plan, fields, &self.record, first);
            self.record.findings.push(finding);
        }
        if !self.record.findings.is_empty() {
            return Ok(Some(Step::End(self.refused(key))));
        }
        if let Some(operation) = self.done_before(&mut key)? {
            return Ok(Some(Step::End(operation)));
        }
        if let Some(operation) = self.taken_over(&mut key)? {
            return Ok(Some(Step::End(operation)));
        }
        let job = self.requests.job(self.plan, &self.record);
        let writer = self
            .requests
            .one_writer()
            .then(|| writer_of(&job))
            .flatten()
            .or(key.key.filter(|_| self.requests.one_writer()));
        Ok(Some(Step::Send(Box::new(Prepared { row: key, job, writer }))))
    }

    fn refused(&self, key: RowKey) -> Operation {
        let first = &self.record.findings[0];
        let rules: Vec<&str> = self.record.findings.iter().map(|finding| finding.rule.as_str()).collect();
        let reason = Reason {
            code: first.code.to_owned(),
            field: first.field.clone().unwrap_or_default(),
            message: rules.join("; "),
        };
        end(key, Status::Refused, reason)
    }

    /// What became of the row before the input changed: by its content, else by its natural key. Done rows stay done, rows
    /// in doubt stay in doubt, and a proved rejection is sent again under a new request id.
    fn done_before(&self, key: &mut RowKey) -> Result<Option<Operation>> {
        if !self.has_earlier {
            return Ok(None);
        }
        if let Some(earlier) = self.past.earlier_by_content(key)? {
            match earlier.status {
                Status::Failed => key.generation = earlier.row.generation + 1,
                Status::Refused => {}
                _ => return Ok(Some(Operation { row: key.clone(), ..earlier })),
            }
        }
        let Some(earlier) = key.key.map(|hash| self.past.earlier_by_key(hash)).transpose()?.flatten() else {
            return Ok(None);
        };
        let message = t!("import.changed_since", id = earlier.id.as_deref().unwrap_or("?"), row = earlier.row.number);
        let reason = Reason { code: "changed_since_sent".into(), field: String::new(), message: message.into_owned() };
        let status = if earlier.status == Status::Unknown { Status::Unknown } else { Status::Skipped };
        Ok(Some(Operation { id: earlier.id, ..end(key.clone(), status, reason) }))
    }

    /// For a retry: what another run made of the row, or none once this run has claimed it.
    fn taken_over(&self, key: &mut RowKey) -> Result<Option<Operation>> {
        let Some(origin) = &self.origin else { return Ok(None) };
        let number = origin.number_of(&self.row, key)?;
        for past in &origin.siblings {
            let by_number = number.map(|number| past.by_origin(number)).transpose()?.flatten();
            let found = match by_number.filter(|operation| !is_open(operation.status)) {
                Some(operation) => Some(operation),
                None => key.key.map(|hash| past.by_key(hash)).transpose()?.flatten(),
            };
            if let Some(operation) = found.filter(|operation| !is_open(operation.status)) {
                return Ok(Some(origin.skipped(key, &operation, past.folder().to_owned())));
            }
        }
        let Some(number) = number else { return Ok(None) };
        key.origin = Some(number);
        if let Some(operation) = origin.past.by_number(number)?.filter(|operation| !is_open(operation.status)) {
            return Ok(Some(origin.skipped(key, &operation, origin.past.folder().to_owned())));
        }
        if let Some(claim) = origin.past.claim_of(number)?.filter(|claim| claim.run != origin.claim.run) {
            // A claim whose folder is gone protects nothing that can still be seen.
            if let Ok(past) = Past::open(&claim.folder) {
                past.build_indexes()?;
                if let Some(operation) = past.by_origin(number)?.filter(|operation| !is_open(operation.status)) {
                    return Ok(Some(origin.skipped(key, &operation, claim.folder)));
                }
            }
        }
        origin.past.claim(number, &origin.claim)?;
        Ok(None)
    }
}

impl Origin {
    /// The row's number in the run that is retried: what its columns say, else the row with the same natural key.
    fn number_of(&self, row: &Row, key: &RowKey) -> Result<Option<u64>> {
        let text = |column: Option<usize>| column.map(|column| row.cell(column).text.trim()).unwrap_or_default();
        let run = text(self.run_column);
        if let Ok(number) = text(self.row_column).parse::<u64>()
            && (run.is_empty() || run == self.run)
        {
            return Ok(Some(number));
        }
        let found = key.key.map(|hash| self.past.by_key(hash)).transpose()?.flatten();
        Ok(found.map(|operation| operation.row.number))
    }

    fn skipped(&self, key: &RowKey, operation: &Operation, folder: PathBuf) -> Operation {
        let message = t!(
            "import.retried_before",
            folder = folder.display(),
            status = super::words::status(operation.status),
            id = operation.id.as_deref().unwrap_or("")
        );
        let reason = Reason { code: "retried_before".into(), field: String::new(), message: message.into_owned() };
        let status = if operation.status == Status::Unknown { Status::Unknown } else { Status::Skipped };
        Operation { id: operation.id.clone(), ..end(key.clone(), status, reason) }
    }
}

/// Whether a row that ended so may be sent again.
fn is_open(status: Status) -> bool {
    matches!(status, Status::Refused | Status::Failed)
}

/// The record a job writes to, when it names one.
fn writer_of(job: &Job) -> Option<u64> {
    use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
    let hash = |parts: (&str, &str)| BuildHasherDefault::<DefaultHasher>::default().hash_one(parts);
    match job {
        Job::Write { .. } => None,
        Job::Change { id, .. } => Some(hash(("", id))),
        Job::Tags(edit) => Some(hash((&edit.entity, &edit.id))),
    }
}

/// An end without a request.
fn end(row: RowKey, status: Status, reason: Reason) -> Operation {
    let at = jiff::Timestamp::now().as_millisecond();
    Operation { row, status, id: None, attempts: 0, at, reason: Some(Box::new(reason)) }
}
