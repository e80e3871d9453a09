//! The end of a row that is not sent, in the words of the journal: its status, and why.

use std::path::Path;

use super::known_row::{KnownRow, RowPast};
use crate::check::consent::{EXISTS, LIKELY_DOUBLE, SENT_BEFORE};
use crate::check::duplicates::{DUPLICATE, NaturalKey, Seen, duplicate_rule, old_id_duplicate_rule, sent_double_rule};
use crate::error::{Error, Result};
use crate::format::Content;
use crate::import::decision::{Decision, Matched, There};
use crate::import::memory::{Memory, Remembered, Said};
use crate::import::report::words;
use crate::import::spool::{RowState, SpooledRow};
use crate::journal::{Operation, Reason, RowKey, Status, UNKNOWN_BEFORE, UNKNOWN_ELSEWHERE};
use crate::mapping::Mapping;
use crate::message;
use crate::message::Message;

/// Code of a row that another run has sent when it said something else: its old id tells.
const CHANGED_SINCE: &str = "sent_before_changed";

/// What the ends of rows are told by.
pub(super) struct Ends<'a> {
    /// Which column feeds which field.
    pub mapping: &'a Mapping,
    /// What other runs say.
    pub memory: &'a Memory,
}

impl Ends<'_> {
    /// The end that a decision gives a row.
    ///
    /// # Errors
    /// A decision that gives it none, or does not fit what is known of the row.
    pub(super) fn of(&self, decision: Decision, row: RowKey, known: KnownRow) -> Result<Operation> {
        let KnownRow { spooled, seen, past, remembered, matched, waits } = known;
        let key = spooled.key.as_ref();
        let (there, found) = (|| remembered.ok_or_else(undecided), || matched.ok_or_else(undecided));
        Ok(match decision {
            // These are no ends.
            Decision::Nothing | Decision::Send { .. } => return Err(undecided()),
            Decision::Skip | Decision::Hold | Decision::RefuseMistakes => of_checks(decision, row, spooled.state)?,
            Decision::RefuseOldNumber => refused(row, reason("old_row_number", message!("import.old_row_number"))),
            Decision::RefuseDouble(first) => refused(row, self.double(&spooled, seen, first)),
            Decision::RefuseSentDouble(first) => refused(row, self.sent_double(&spooled, past.is_old_id_sent, first)),
            Decision::KeepEarlier => kept(row, past.earlier.ok_or_else(undecided)?),
            Decision::Edited => edited(row, &past.earlier_key.ok_or_else(undecided)?.0),
            Decision::Elsewhere => ended_elsewhere(row, past, &spooled.identity)?,
            Decision::SentBefore => self.sent_before(row, there()?),
            Decision::ChangedSinceSent => self.changed_since(row, there()?),
            Decision::UnknownElsewhere => end(row, Status::Unknown, self.unknown_elsewhere(&there()?)),
            Decision::RefuseSentKey => refused(row, self.sent_key(key, &there()?)),
            Decision::HoldSentBefore => held(row, self.sent_in_another_input(&there()?)),
            Decision::HoldExisting => match there() {
                Ok(there) => held(row, self.existing(key_of(&spooled, &there), &there, &spooled.state)),
                // Nobody can look now: it waits for what was shown.
                Err(error) => held(row, waits.ok_or(error)?),
            },
            Decision::HoldLikelyDouble => {
                let there = there()?;
                held(row, self.likely_double(key_of(&spooled, &there), &there))
            }
            Decision::HoldSeveral | Decision::HoldUnproved | Decision::HoldGone => held(row, not_sent_for(found()?)?),
            Decision::RefuseMissing | Decision::RefuseSameRecord(_) => refused(row, not_sent_for(found()?)?),
            Decision::RefuseLacks => refused(row, lacks_for_new(found()?, spooled.lacks)?),
            Decision::SkipExisting => exists(row, found()?),
            Decision::Unchanged => unchanged(row, found()?),
        })
    }

    /// The end of a row that another run has done.
    fn sent_before(&self, row: RowKey, there: Remembered) -> Operation {
        let id = there.id.as_deref().unwrap_or("?");
        let message = match there.said {
            Said::Given => message!("memory.row_given", id = id),
            _ => message!("memory.row_done", id = id, folder = self.memory.folder(&there)),
        };
        Operation { id: there.id, ..end(row, Status::Skipped, reason(SENT_BEFORE, message)) }
    }

    /// The end of a row that another run has done, when it said something else.
    fn changed_since(&self, row: RowKey, there: Remembered) -> Operation {
        let folder = self.memory.folder(&there);
        let old_id = row.old_id.as_ref().map_or("?", |old_id| &old_id.id);
        let id = there.id.as_deref().unwrap_or("?");
        let message = message!("memory.row_changed", old = old_id, id = id, folder = folder);
        Operation { id: there.id, ..end(row, Status::Skipped, reason(CHANGED_SINCE, message)) }
    }

    /// Why a row is refused whose key another run has sent.
    fn sent_key(&self, key: Option<&NaturalKey>, there: &Remembered) -> Reason {
        let ((labels, field), folder) = (self.labels_and_field(key), self.memory.folder(there));
        let gone = self.memory.gone_folder(there);
        let message = match there.is_in_doubt {
            true if let Some(folder) = gone => {
                message!("memory.row_key_in_doubt_gone", labels = labels, folder = folder)
            }
            true => message!("memory.row_key_in_doubt", labels = labels, folder = folder),
            false => {
                let id = there.id.as_deref().unwrap_or("?");
                message!("memory.row_sent_key", labels = labels, id = id, folder = folder)
            }
        };
        Reason { field, ..reason("key_sent_before", message) }
    }

    /// Why a row waits whose key a record of the account has; and what else it waits for, as consent is given to the row.
    fn existing(&self, key: Option<&NaturalKey>, there: &Remembered, state: &RowState) -> Reason {
        let (labels, field) = self.labels_and_field(key);
        let id = there.id.as_deref().unwrap_or("?");
        let message = message!("memory.row_exists", labels = labels, id = id);
        let also = match state {
            RowState::Held { reason, .. } => Some(reason.message.clone()),
            _ => None,
        };
        let message = Message::joined("import.and_rule", std::iter::once(message).chain(also)).unwrap_or_default();
        Reason { field, ..reason(EXISTS, message) }
    }

    /// Why a row waits of which another run has sent a weaker key.
    fn likely_double(&self, key: Option<&NaturalKey>, there: &Remembered) -> Reason {
        let (labels, field) = self.labels_and_field(key);
        let folder = self.memory.folder(there);
        let message = match &there.id {
            Some(id) => message!("memory.row_likely_double", labels = labels, id = id, folder = folder),
            None => message!("memory.row_likely_double_in_doubt", labels = labels, folder = folder),
        };
        Reason { field, ..reason(LIKELY_DOUBLE, message) }
    }

    /// The labels of a key's fields, and the first of them.
    fn labels_and_field(&self, key: Option<&NaturalKey>) -> (Message, String) {
        let labels = key.map(|key| self.mapping.key_labels(key.number)).unwrap_or_default();
        let field = key.and_then(|key| self.mapping.key_fields(key.number).first().cloned()).unwrap_or_default();
        (labels, field)
    }

    /// Why a row waits that says what a row of another input said.
    fn sent_in_another_input(&self, there: &Remembered) -> Reason {
        let message =
            message!("memory.row_held", id = there.id.as_deref().unwrap_or("?"), folder = self.memory.folder(there));
        reason(SENT_BEFORE, message)
    }

    /// Why nobody knows what became of a row that another run may have sent.
    fn unknown_elsewhere(&self, there: &Remembered) -> Reason {
        match self.memory.gone_folder(there) {
            Some(folder) => reason(UNKNOWN_BEFORE, message!("memory.row_unknown_gone", folder = folder)),
            None => {
                let folder = self.memory.folder(there);
                reason(UNKNOWN_ELSEWHERE, message!("memory.row_unknown", folder = folder))
            }
        }
    }

    /// Why a row is refused that is known by what an earlier row of the input is known by.
    fn double(&self, row: &SpooledRow, seen: Seen, first: u64) -> Reason {
        match row.old_id.as_ref().filter(|_| seen.first_of_old_id.is_some()) {
            Some(old_id) => reason(DUPLICATE, old_id_duplicate_rule(&old_id.id, first)),
            None => self.double_key(row.key.as_ref(), first, duplicate_rule),
        }
    }

    /// Why a row is refused that is known by what another row was sent by.
    fn sent_double(&self, row: &SpooledRow, is_old_id_sent: bool, first: u64) -> Reason {
        match row.old_id.as_ref().filter(|_| is_old_id_sent) {
            Some(old_id) => {
                let rule = message!("import.duplicate_sent_old_id", id = old_id.id, row = first);
                reason(DUPLICATE, rule)
            }
            None => self.double_key(row.key.as_ref(), first, sent_double_rule),
        }
    }

    fn double_key(&self, key: Option<&NaturalKey>, first: u64, rule: impl Fn(&Mapping, u8, u64) -> Message) -> Reason {
        let Some(key) = key else { return Reason::default() };
        let field = self.mapping.key_fields(key.number).first().cloned().unwrap_or_default();
        Reason { code: DUPLICATE.to_owned(), field, message: rule(self.mapping, key.number, first) }
    }
}

/// A decision that does not fit what is known: a mistake of ours, and no reason to send.
pub(super) fn undecided() -> Error {
    Error::cannot_run(message!("run.broken"))
}

/// The key of a row by which a record is known.
fn key_of<'r>(row: &'r SpooledRow, there: &Remembered) -> Option<&'r NaturalKey> {
    if there.by_weaker { row.weaker.first() } else { row.key.as_ref() }
}

/// The end a row had before the input changed.
fn kept(row: RowKey, earlier: Operation) -> Operation {
    let RowKey { origin, generation, added, .. } = earlier.row;
    let row = RowKey { origin, generation, added, ..row };
    Operation { row, ..earlier }
}

/// The end of a row that was edited since it was sent.
fn edited(row: RowKey, sent: &Operation) -> Operation {
    let message = message!("import.changed_since", id = sent.id.as_deref().unwrap_or("?"), row = sent.row.number);
    let status = done_or_unknown(sent.status);
    Operation { id: sent.id.clone(), ..end(row, status, reason("changed_since_sent", message)) }
}

/// The end of a row that another run took care of.
fn taken_care_of(row: RowKey, there: &Operation, folder: &Path) -> Operation {
    let message = message!(
        "import.retried_before",
        folder = folder.display(),
        status = words::status_message(there.status),
        id = there.id.as_deref().unwrap_or("")
    );
    Operation { id: there.id.clone(), ..end(row, done_or_unknown(there.status), reason("retried_before", message)) }
}

/// The end of a row that has one in another run.
fn ended_elsewhere(row: RowKey, past: RowPast, identity: &Content) -> Result<Operation> {
    let is_edited = past.is_edited(identity);
    let (there, folder) = past.elsewhere.ok_or_else(undecided)?;
    Ok(match is_edited && there.status != Status::Unknown {
        true => edited(row, &there),
        false => taken_care_of(row, &there, &folder),
    })
}

/// The end of a row that the checks say.
fn of_checks(decision: Decision, row: RowKey, state: RowState) -> Result<Operation> {
    match (decision, state) {
        (Decision::Skip, RowState::Skipped(reason)) => Ok(end(row, Status::Skipped, reason)),
        (Decision::Hold, RowState::Held { reason, .. }) => Ok(held(row, reason)),
        (Decision::RefuseMistakes, RowState::Refused(reason) | RowState::Unresolved(reason)) => {
            Ok(refused(row, reason))
        }
        _ => Err(undecided()),
    }
}

/// The end of a row whose record is there already.
fn exists(row: RowKey, found: Matched) -> Operation {
    let id = found.ids.first().cloned();
    Operation { id, ..end(row, Status::Skipped, reason(EXISTS, found.reason)) }
}

/// The end of a row whose record says all of it already.
fn unchanged(row: RowKey, mut found: Matched) -> Operation {
    let at = jiff::Timestamp::now().as_millisecond();
    Operation { row, status: Status::Unchanged, id: found.ids.pop(), attempts: 0, at, reason: None }
}

/// Why a row is not sent for what the account has, and what can be done about it.
fn not_sent_for(found: Matched) -> Result<Reason> {
    let code = found.there.code().ok_or_else(undecided)?.0;
    let way_on = There::way_on(code, &found.reason);
    Ok(reason(code, message!("import.and_rule", first = found.reason, second = way_on)))
}

/// Why a row is not sent for which there is no record, and that lacks what a new one has to say.
fn lacks_for_new(found: Matched, lacks: Option<Reason>) -> Result<Reason> {
    Ok(Reason { message: found.reason, ..lacks.ok_or_else(undecided)? })
}

/// A row that is not known to be done is not known to be done here either.
fn done_or_unknown(status: Status) -> Status {
    if status == Status::Unknown { Status::Unknown } else { Status::Skipped }
}

pub(super) fn reason(code: &str, message: Message) -> Reason {
    Reason { code: code.to_owned(), field: String::new(), message }
}

pub(super) fn refused(row: RowKey, reason: Reason) -> Operation {
    end(row, Status::Refused, reason)
}

fn held(row: RowKey, reason: Reason) -> Operation {
    end(row, Status::Held, reason)
}

/// An end without a request.
fn end(row: RowKey, status: Status, reason: Reason) -> Operation {
    let at = jiff::Timestamp::now().as_millisecond();
    Operation { row, status, id: None, attempts: 0, at, reason: Some(Box::new(reason)) }
}
