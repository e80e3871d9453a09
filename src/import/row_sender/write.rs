//! One write, made until its outcome is known or in doubt, and what the outcome means for the row.

use std::cell::{Cell, RefCell};
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::sender::{RowSender, agrees, halting, reason_of};
use crate::api::{self, Honours, Outcome, Permit, Rejection, Sent, Verdict, Write, as_text};
use crate::entity::Entity;
use crate::error::{Error, Result};
use crate::import::caution::{GoesOn, Leave};
use crate::import::operation::{LookUp, WriteOperation};
use crate::import::pipeline::{Cause, down};
use crate::import::plan::PendingWrite;
use crate::import::route::Route;
use crate::import::witness::RowWitness;
use crate::journal::{Operation, Reason, Status};
use crate::message;
use crate::message::Message;

/// Times a write in doubt is repeated under its request id, where the service honours that.
const REPEATS: u32 = 3;
/// The wait before the first repeat; it grows with each.
const REPEAT_WAIT: Duration = Duration::from_secs(1);

/// One row on its way, and the requests that were made for it.
pub(super) struct RowWrite<'a> {
    pub(super) sender: &'a RowSender<'a>,
    pub(super) pending: &'a PendingWrite,
    /// The record it changes, where that was read just now.
    pub(super) before: Option<Map<String, Value>>,
    /// That record, once it was written.
    pub(super) was: Option<Map<String, Value>>,
    /// What becomes of it is compared by whoever read that record.
    pub(super) is_compared: bool,
    /// The service's answer has the new record without tags that were sent.
    pub(super) comes_without_tags: bool,
    /// The record that was changed, as the service's answer has it.
    pub(super) echo: Option<Map<String, Value>>,
    /// The service answered the write, and nothing tells what became of it.
    pub(super) is_untold: bool,
    /// A write was made, and is not known to have been rejected.
    pub(super) may_have_written: bool,
    /// How often its write was sent.
    pub(super) attempts: u32,
}

impl<'a> RowWrite<'a> {
    /// What is there of what a look-up asks for.
    pub(super) async fn found(&mut self, look_up: &LookUp) -> Result<std::result::Result<Vec<Value>, Rejection>> {
        let Some((address, answer)) = &self.sender.there else { return Ok(Ok(Vec::new())) };
        let mut address = address.clone();
        address.query_pairs_mut().extend_pairs(&look_up.by);
        let asked = self.sender.client.ask(&address).await.map_err(halting)?;
        Ok(asked.map(|document| api::records(&document, answer).map(api::Records::into_values).unwrap_or_default()))
    }

    /// Makes a write until its outcome is known or in doubt; none when it was not sent and the run stops. What was certainly
    /// not processed is repeated; nothing else is. `id` names the record that is changed.
    pub(super) async fn write(
        &mut self,
        permit: Permit<'a>,
        route: &Route,
        body: &Bytes,
        id: Option<&str>,
    ) -> Result<Option<Operation>> {
        let sender = self.sender;
        let address = &route.address(sender.client.target(), id);
        let Route { method, expected, .. } = route;
        let entity = sender.access_of(&self.pending.operation).map_or(sender.entity, |access| &access.entity);
        let witness = &RowWitness { id, ..self.witness(entity, body) };
        let mut sent = Sent { is_repeat: self.pending.is_repeat };
        let honours = sender.honours;
        let (request_id, row) = (self.pending.request_id, self.pending.row.number);
        let Some((mut leave, mut permit)) = self.first_turn(permit).await? else { return Ok(None) };
        if let Some(marks) = &sender.marks {
            // What cannot be marked is not sent.
            marks.hand_over(self.pending.row.row)?;
        }
        let mut repeats = 0;
        loop {
            self.attempts += 1;
            let write = Write { method: *method, address, body, request_id, row, expected, sent, honours, witness };
            let outcome = match sender.client.write(write).await {
                // The first attempt is in doubt, whatever keeps the next one from leaving.
                Err(error) if sent.is_repeat => {
                    let why = error.clone().into_message();
                    sender.stop.set(Cause::of(error));
                    return Ok(Some(self.ended(Status::Unknown, id.map(str::to_owned), Some(in_doubt(why)))));
                }
                outcome => outcome?,
            };
            self.note(witness, &outcome);
            pace(&permit, &outcome);
            let goes_on = heed(&leave, &outcome);
            (leave, permit) = match outcome {
                Outcome::NotSent(_) | Outcome::Busy { .. } => {
                    let is_over = sender.client.may_repeat(&permit, &outcome) == Verdict::Over;
                    // Whatever follows, it must not wait with a right in its hand.
                    drop((leave, permit));
                    if is_over {
                        return Err(not_processed(sender, outcome));
                    }
                    // The last attempt was certainly not processed: when the run stops, the row is as if it had never been sent.
                    let Some(next) = sender.turn().await? else { return Ok(None) };
                    next
                }
                // Where the service knows its request id again, repeating it does no harm and may tell more.
                Outcome::Unknown { why, is_up: false, .. }
                    if honours != Honours::Nothing && repeats < REPEATS && goes_on == GoesOn::Later =>
                {
                    drop((leave, permit));
                    sent.is_repeat = true;
                    repeats += 1;
                    let Some(next) = turn_to_repeat(sender, repeats).await else {
                        return Ok(Some(self.ended(Status::Unknown, id.map(str::to_owned), Some(in_doubt(why)))));
                    };
                    next
                }
                outcome => {
                    if let (Outcome::Unknown { why, .. }, GoesOn::No) = (&outcome, goes_on) {
                        sender.stop.set(Cause::Repeats(down(in_doubt(why.clone()).message)));
                    }
                    // What is there already is asked for, which takes a right of its own.
                    drop((leave, permit));
                    return self.end_of(outcome, write, id).await;
                }
            };
            sender.client.count_retry();
        }
    }

    /// The right to make the first write; none when the run stops before.
    async fn first_turn(&self, permit: Permit<'a>) -> Result<Option<(Leave<'a>, Permit<'a>)>> {
        // Nearly always nothing keeps it back.
        match self.sender.caution.leave_now().filter(|leave| !leave.is_after_doubt) {
            Some(leave) => Ok(Some((leave, permit))),
            None => {
                drop(permit);
                self.sender.turn().await
            }
        }
    }

    /// Notes what an attempt tells, whatever becomes of the row.
    fn note(&mut self, witness: &RowWitness<'_>, outcome: &Outcome) {
        self.comes_without_tags = witness.lacks_tags.get();
        self.echo = witness.echo.take();
        self.is_untold = matches!(outcome, Outcome::Unknown { is_up: true, .. });
        self.may_have_written |= matches!(outcome, Outcome::Done { .. } | Outcome::Unknown { .. } | Outcome::Moved(_));
    }

    /// Knows what the row has sent.
    pub(super) fn witness<'w>(&self, entity: &'w Entity, body: &'w Bytes) -> RowWitness<'w>
    where
        'a: 'w,
    {
        let handed_out = &self.sender.handed_out;
        RowWitness { entity, body, id: None, handed_out, lacks_tags: Cell::default(), echo: RefCell::default() }
    }

    /// What an outcome means for the row.
    ///
    /// # Errors
    /// It means the whole run.
    async fn end_of(&mut self, outcome: Outcome, write: Write<'_>, id: Option<&str>) -> Result<Option<Operation>> {
        let known_id = id.map(str::to_owned);
        let ended = match outcome {
            Outcome::Done { id: new_id } => {
                self.sender.accepted.store(true, Ordering::Relaxed);
                if let Some(new_id) = new_id.as_ref().filter(|_| known_id.is_none()) {
                    self.sender.know_id(new_id);
                }
                match known_id {
                    Some(id) => self.ended(Status::Updated, Some(id), None),
                    None => self.ended(Status::Created, new_id, None),
                }
            }
            Outcome::AlreadyThere(rejection) => self.compare(rejection).await?,
            Outcome::Rejected(rejection) => self.failed(reason_of(rejection)),
            Outcome::Forbidden(rejection) if self.sender.accepted.load(Ordering::Relaxed) => {
                self.failed(reason_of(rejection))
            }
            Outcome::Unknown { why, .. } => self.ended(Status::Unknown, known_id, Some(in_doubt(why))),
            Outcome::Forbidden(rejection) => return Err(api::denied(403, &words(&rejection))),
            Outcome::LoginRejected(rejection) => return Err(api::denied(401, &words(&rejection))),
            // The record was just read: it is this one that cannot be changed, or the first row tells it of all.
            Outcome::NoSuchPath(rejection) if known_id.is_some() => {
                let Rejection { code, message, .. } = rejection;
                let message = message!("attempt.not_changeable", id = id.unwrap_or_default(), why = message);
                self.failed(Reason { code, field: String::new(), message })
            }
            Outcome::NoSuchPath(rejection) => return Err(no_such_path(write, rejection)),
            // Whoever sends elsewhere may have passed it on before; all others would go the same way.
            Outcome::Moved(to) => {
                let error = api::moved(write.address.path(), &to);
                let why = error.clone().into_message();
                self.sender.stop.set(Cause::of(error));
                self.ended(Status::Unknown, known_id, Some(in_doubt(why)))
            }
            // Certainly not processed.
            Outcome::NotSent(_) | Outcome::Busy { .. } => return Ok(None),
        };
        Ok(Some(ended))
    }

    /// The service says "there already": the same values mean that nothing has to change.
    async fn compare(&mut self, rejection: Rejection) -> Result<Operation> {
        let WriteOperation::Write { look_up: Some(look_up), .. } = &self.pending.operation else {
            return Ok(self.failed(reason_of(rejection)));
        };
        let found = self.found(look_up).await?.unwrap_or_default();
        Ok(self.compared(&found, look_up, rejection))
    }

    pub(super) fn compared(&self, found: &[Value], look_up: &LookUp, rejection: Rejection) -> Operation {
        if found.iter().any(|record| agrees(record, look_up)) {
            return self.ended(Status::Unchanged, None, None);
        }
        let values = found.iter().flat_map(|record| look_up.same.iter().filter_map(|(field, _)| record.get(field)));
        let there: Vec<String> = values.map(|got| as_text(got).into_owned()).collect();
        let message = match there.is_empty() {
            true => message!("attempt.conflict_elsewhere", message = rejection.message),
            false => message!("attempt.conflict", message = rejection.message, there = there.join(", ")),
        };
        let field = look_up.same.first().map(|(field, _)| field.clone()).unwrap_or_default();
        self.failed(Reason { code: rejection.code, field, message })
    }

    pub(super) fn failed(&self, reason: Reason) -> Operation {
        let id = match &self.pending.operation {
            WriteOperation::Change { id, .. } => Some(id.clone()),
            _ => None,
        };
        self.ended(Status::Failed, id, Some(reason))
    }

    pub(super) fn ended(&self, status: Status, id: Option<String>, reason: Option<Reason>) -> Operation {
        Operation {
            row: self.pending.row.clone(),
            status,
            id,
            attempts: self.attempts,
            at: jiff::Timestamp::now().as_millisecond(),
            reason: reason.map(Box::new),
        }
    }
}

/// The right to repeat a write in doubt; none when the run stops, for whatever keeps it from being repeated.
async fn turn_to_repeat<'s>(sender: &'s RowSender<'_>, repeats: u32) -> Option<(Leave<'s>, Permit<'s>)> {
    sender.turn_after(REPEAT_WAIT * repeats).await.unwrap_or_else(|error| {
        sender.stop.set(Cause::of(error));
        None
    })
}

/// The error when a write was certainly not processed and is not to be repeated any more.
fn not_processed(sender: &RowSender<'_>, outcome: Outcome) -> Error {
    match outcome {
        Outcome::NotSent(why) => sender.unreachable(why),
        outcome => {
            let asked = if let Outcome::Busy { wait } = outcome { wait } else { None };
            let what = message!("stop.down", why = message!("attempt.busy"));
            sender.client.limited(what, asked).and_hint(message!("stop.goes_on"))
        }
    }
}

/// Tells the limiter what an outcome says of the service's strength.
fn pace(permit: &Permit<'_>, outcome: &Outcome) {
    match outcome {
        Outcome::Done { .. } | Outcome::AlreadyThere(_) | Outcome::Rejected(_) => permit.on_success(),
        Outcome::Unknown { is_up: false, .. } => permit.on_overload(),
        // Whether these may be repeated is decided with them.
        Outcome::NotSent(_) | Outcome::Busy { .. } => {}
        // These say something of the account or the address.
        Outcome::LoginRejected(_)
        | Outcome::Forbidden(_)
        | Outcome::NoSuchPath(_)
        | Outcome::Moved(_)
        | Outcome::Unknown { is_up: true, .. } => permit.on_answer(),
    }
}

/// What an outcome says of the writes to come.
fn heed(leave: &Leave<'_>, outcome: &Outcome) -> GoesOn {
    match outcome {
        Outcome::Unknown { why, wait, is_up: false } => return leave.on_doubt(why, *wait),
        // It was not processed, or the run stops for it.
        Outcome::NotSent(_) | Outcome::Busy { .. } | Outcome::Moved(_) => {}
        Outcome::Done { .. }
        | Outcome::AlreadyThere(_)
        | Outcome::Rejected(_)
        | Outcome::LoginRejected(_)
        | Outcome::Forbidden(_)
        | Outcome::NoSuchPath(_)
        | Outcome::Unknown { is_up: true, .. } => leave.on_answer(),
    }
    GoesOn::Later
}

fn no_such_path(write: Write<'_>, rejection: Rejection) -> Error {
    Error::cannot_run(message!(
        "attempt.no_such_path",
        method = format!("{:?}", write.method).to_uppercase(),
        path = write.address.path(),
        message = rejection.message
    ))
    .hint(message!("attempt.no_such_path_hint"))
}

fn words(rejection: &Rejection) -> String {
    format!("{} {}", rejection.code, rejection.message)
}

pub(super) fn in_doubt(why: Message) -> Reason {
    Reason { code: "in_doubt".into(), field: String::new(), message: message!("attempt.in_doubt", why = why) }
}
