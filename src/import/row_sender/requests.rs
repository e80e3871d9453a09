//! Which requests a row takes, one after the other: what is asked before its write, and what is looked at after it.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use memchr::memmem;
use serde_json::{Map, Value};

use super::sender::{Found, RowEnd, RowSender, SEVERAL, reason_of, tags_of};
use super::write::RowWrite;
use crate::api::{Permit, Rejection, as_text};
use crate::entity::Field;
use crate::error::{Error, Result};
use crate::import::before_image;
use crate::import::change::RecordChange;
use crate::import::comparison::{
    Meaning, differences, differences_shown, end_of_differing, lost, meaning, told, without_tags, word_of_missing,
};
use crate::import::looks::{Look, WriteKind};
use crate::import::operation::{LookUp, Members, WriteOperation};
use crate::import::pipeline::Cause;
use crate::import::plan::PendingWrite;
use crate::import::route::Access;
use crate::import::sent_members::{is_stored, sent_members, value_of};
use crate::import::witness::sent_member;
use crate::journal::{Operation, Reason, Status};
use crate::message;
use crate::text::clean;
use crate::value::tags;

/// Records in a row that cannot be read to look for their tags, before no more are read.
const MOST_UNREAD: u32 = 10;
/// Writes of a kind that are asked about, where nothing is compared and no answer shows that they are done.
const MOST_CONFIRMED: u32 = 3;

impl RowSender<'_> {
    /// Sends a row and tells how it ended; none when it was not sent and the run stops. `before` is the record it changes, where
    /// that was read just now; `is_compared` when whoever read it compares what became of it.
    pub(in crate::import) async fn send(
        &self,
        pending: &PendingWrite,
        permit: Permit<'_>,
        before: Option<Map<String, Value>>,
        is_compared: bool,
    ) -> Option<RowEnd> {
        let mut row = RowWrite {
            sender: self,
            pending,
            before,
            was: None,
            is_compared,
            comes_without_tags: false,
            echo: None,
            is_untold: false,
            may_have_written: false,
            attempts: 0,
        };
        let ended = match &pending.operation {
            // What nobody has looked up is not sent.
            operation if operation.is_unresolved() => Err(Error::cannot_run(message!("run.broken"))),
            WriteOperation::LookedUp { .. } => Err(Error::cannot_run(message!("run.broken"))),
            WriteOperation::Write { body, .. } => row.create(permit, body).await,
            WriteOperation::Draft(members) => row.create(permit, &self.drafts.body(members)).await,
            // They ask several questions, and each row that is sent would carry the room for that.
            WriteOperation::Change { id, .. } => Box::pin(row.change(permit, id)).await,
            WriteOperation::Tags(edit) => Box::pin(row.change(permit, &edit.id)).await,
        };
        let ended = ended.unwrap_or_else(|error| {
            self.stop.set(Cause::of(error));
            None
        });
        let has_added = row.may_have_written || pending.operation.was_added();
        ended.map(|mut operation| {
            operation.row.added = operation.row.added.filter(|_| has_added);
            RowEnd { operation, before: row.was }
        })
    }
}

impl<'a> RowWrite<'a> {
    async fn create(&mut self, permit: Permit<'a>, body: &Bytes) -> Result<Option<Operation>> {
        let Some(route) = &self.sender.create else { return Ok(None) };
        let permit = match &self.pending.operation {
            WriteOperation::Write { look_up: Some(look_up), .. } if look_up.is_first => {
                permit.give_back();
                if let Some(ended) = Box::pin(self.is_there(look_up)).await? {
                    return Ok(Some(ended));
                }
                let Some(permit) = self.sender.permit().await else { return Ok(None) };
                permit
            }
            _ => permit,
        };
        let access = self.sender.access.get(&self.sender.entity.name).filter(|_| self.sender.is_mixed);
        let sent = access.map(|access| sent_members(&access.entity, body, &access.custom)).unwrap_or_default();
        let told = access.map(|access| told(access, &sent, None)).unwrap_or_default();
        let kind = self.pending.operation.kind(self.sender.entity);
        if self.is_compared || !self.sender.looks.wants(&kind, &told) {
            let mut written = self.write(permit, route, body, None).await?;
            if self.is_of_before(written.as_ref()) {
                written = Box::pin(self.unless_of_before(written, body)).await;
            }
            return match written {
                Some(operation) if self.is_to_confirm(&kind) && operation.id.is_none() => {
                    Box::pin(self.confirmed_by_key(kind, operation)).await.map(Some)
                }
                Some(operation) => Ok(Some(self.with_word_of_tags(operation, body).await)),
                None => Ok(None),
            };
        }
        // A row that waits holds no right to write.
        drop(permit);
        let Some(look) = self.turn_to_look(&kind, &told).await else { return Ok(None) };
        let Some(permit) = self.sender.permit().await else { return Ok(None) };
        let mut written = self.write(permit, route, body, None).await?;
        if self.is_of_before(written.as_ref()) {
            written = Box::pin(self.unless_of_before(written, body)).await;
        }
        match (written, access) {
            (Some(operation), Some(access)) if operation.status == Status::Created => {
                Ok(Some(Box::pin(self.compare_record(operation, access, &sent, None, look.as_ref())).await))
            }
            (written, _) => Ok(written),
        }
    }

    /// The turn of a write that goes alone, or none; nothing when the run stops meanwhile.
    async fn turn_to_look(&self, kind: &WriteKind, told: &[String]) -> Option<Option<Look<'a>>> {
        if self.is_compared {
            return Some(None);
        }
        tokio::select! {
            look = self.sender.looks.turn(kind, told) => Some(look).filter(|_| !self.sender.stop.is_set()),
            () = self.sender.stop.stopped() => None,
        }
    }

    /// The end of a row whose record is compared with what was sent, because its write went alone, or because the answer to it
    /// shows something else.
    async fn compare_record(
        &mut self,
        operation: Operation,
        access: &Access,
        sent: &[(String, String)],
        before: Option<&Map<String, Value>>,
        look: Option<&Look<'_>>,
    ) -> Operation {
        let (sender, entity, row) = (self.sender, &access.entity, self.pending.row.number);
        let kind = self.pending.operation.kind(entity);
        let Some(id) = operation.id.clone() else {
            sender.looks.cannot_see(&kind);
            return operation;
        };
        let operation = Operation { attempts: self.attempts, ..operation };
        // The write is done, whatever can be seen of it.
        let Ok(Some(Ok(after))) = sender.read_unless_stopped(access, &id).await else {
            if look.is_some() {
                sender.looks.cannot_see(&kind);
            }
            return operation;
        };
        sender.see_tags(entity, &after);
        let found = sender.without_own(differences(access, sent, before, &after));
        if let (Some(before), Some(echo)) = (before, self.echo.take()) {
            let shown = differences_shown(access, sent, before, &echo);
            let is_found = |name: &str| found.iter().any(|difference| difference.name == name);
            shown.iter().filter(|shown| !is_found(&shown.name)).for_each(|shown| sender.looks.disbelieve(&shown.name));
        }
        if found.is_empty() {
            if look.is_some() {
                sender.looks.see(&kind, told(access, sent, before));
            }
            return operation;
        }
        let alone = look.map(|look| look.is_first).filter(|_| sender.looks.is_on);
        if sender.looks.is_on && meaning(access, &found, &after, alone) == Meaning::Loss {
            // It means nothing when no rows are left.
            sender.stop.set(Cause::Repeats(lost(row, &id, &found, false)));
            sender.has_lied.set(true);
        }
        let (status, reason) = end_of_differing(access, operation.status, &found, &after);
        Operation { status, reason: Some(Box::new(reason)), ..operation }
    }

    /// Whether a write that is said to be done is asked about although nobody wants it compared: no answer of its kind has shown
    /// that yet, and a service may say so of everything.
    fn is_to_confirm(&self, kind: &WriteKind) -> bool {
        let confirmed = self.sender.confirmed.borrow().get(kind).copied().unwrap_or_default();
        !self.sender.looks.is_on && !self.is_compared && self.echo.is_none() && confirmed < MOST_CONFIRMED
    }

    fn confirm(&self, kind: WriteKind, is_done: bool) {
        *self.sender.confirmed.borrow_mut().entry(kind).or_default() += u32::from(is_done);
    }

    /// The end of a row whose record has no id and is asked for by its key: whether it is there at all.
    async fn confirmed_by_key(&mut self, kind: WriteKind, operation: Operation) -> Result<Operation> {
        let WriteOperation::Write { look_up: Some(look_up), .. } = &self.pending.operation else {
            return Ok(operation);
        };
        if operation.status != Status::Created {
            return Ok(operation);
        }
        let has = self.sender.has(look_up).await.unwrap_or_default();
        self.confirm(kind, has != Some(false));
        Ok(match has {
            Some(false) => self.ended(Status::Unknown, None, Some(word_of_missing())),
            _ => Operation { attempts: self.attempts, ..operation },
        })
    }

    /// The end of a row that made a record, with a word of the tags that the service dropped.
    async fn with_word_of_tags(&mut self, operation: Operation, body: &Bytes) -> Operation {
        let entity = self.sender.entity;
        let (Some(name), Some(access)) = (&entity.tags, self.sender.access.get(&entity.name)) else { return operation };
        let Some(id) = operation.id.clone().filter(|_| operation.status == Status::Created) else { return operation };
        let is_said = memmem::find(body, name.as_bytes()).is_some();
        let Some(sent) = is_said.then(|| sent_member(entity, body, name)).flatten() else { return operation };
        let dropped = self.dropped_tags(access, &id, &sent).await;
        if dropped.is_empty() {
            return Operation { attempts: self.attempts, ..operation };
        }
        let message = message!("attempt.tags_dropped_new", tags = clean(&dropped.join(", ")));
        self.ended(Status::Created, Some(id), Some(without_tags(entity, message)))
    }

    /// Which of these tags a record lacks that was just written. It is read where it gets tags that no record was seen with, or
    /// where the answer has it without some: a service may drop tags that it does not know.
    async fn dropped_tags(&mut self, access: &Access, id: &str, sent: &str) -> Vec<String> {
        let (sender, entity) = (self.sender, &access.entity);
        let is_known = |tag: &str| sender.known_tags.borrow().contains(&format!("{}/{tag}", entity.name));
        let is_plain = !self.comes_without_tags && tags(sent).all(is_known);
        if self.is_compared || is_plain || sender.unread.get() >= MOST_UNREAD {
            return Vec::new();
        }
        // The write is done, whatever can be seen of it.
        let Ok(Some(Ok(after))) = sender.read_unless_stopped(access, id).await else {
            sender.unread.set(sender.unread.get() + 1);
            return Vec::new();
        };
        sender.unread.set(0);
        sender.see_tags(entity, &after);
        let there = tags_of(entity, &after);
        tags(sent).filter(|tag| !tags(&there).any(|there| there == *tag)).map(str::to_owned).collect()
    }

    /// How a row ends whose record is there; none where there is none.
    async fn is_there(&mut self, look_up: &LookUp) -> Result<Option<Operation>> {
        let Some(conflict) = &self.sender.entity.conflict else { return Ok(None) };
        let ours = Rejection { code: "bound".to_owned(), message: conflict.message.clone(), is_page: false };
        Ok(match self.found(look_up).await? {
            Ok(found) if found.is_empty() => None,
            Ok(found) => Some(self.compared(&found, look_up, ours)),
            Err(rejection) if conflict.nothing.as_ref() == Some(&rejection.message) => None,
            Err(rejection) => Some(self.failed(reason_of(rejection))),
        })
    }

    /// Changes a record by what it says right before: only what differs is written, and nothing where nothing does.
    async fn change(&mut self, permit: Permit<'a>, id: &str) -> Result<Option<Operation>> {
        let Some(access) = self.sender.access_of(&self.pending.operation) else { return Ok(None) };
        permit.give_back();
        let record = match self.read(access, id).await? {
            None => return Ok(None),
            Some(Ok(record)) => record,
            Some(Err(reason)) => return Ok(Some(self.not_read(access, id, reason))),
        };
        let change = RecordChange::of(&access.entity, &access.custom, &self.pending.operation, &record);
        if change.is_empty() {
            let (status, reason) = change.end(None);
            return Ok(Some(self.ended(status, Some(id.to_owned()), reason)));
        }
        if let Some(deleted) = change.deleted(&access.entity, &record) {
            return Ok(Some(self.ended(Status::Refused, Some(id.to_owned()), Some(deleted))));
        }
        let written = self.put_known(access, id, &change.members, &record).await?;
        self.was = Some(record);
        Ok(written.map(|operation| {
            let (status, reason) = change.end(Some(operation.status));
            Operation { status, reason: operation.reason.or(reason.map(Box::new)), ..operation }
        }))
    }

    /// How a row ends whose record is not to be had. Of several with its key it may still say what one of them says; which one a
    /// change would be made to nobody can tell.
    fn not_read(&self, access: &Access, id: &str, reason: Reason) -> Operation {
        if reason.code != SEVERAL {
            return self.failed(reason);
        }
        match self.sender.says_one_of_several(access, &self.pending.operation, id) {
            true => self.ended(Status::Unchanged, Some(id.to_owned()), None),
            false => self.ended(Status::Refused, Some(id.to_owned()), Some(reason)),
        }
    }

    async fn read(&mut self, access: &Access, id: &str) -> Result<Option<Found>> {
        if let Some(record) = self.before.take() {
            return Ok(Some(Ok(record)));
        }
        self.sender.read_unless_stopped(access, id).await
    }

    /// Changes a record that was read first, and looks for the tags it gets.
    async fn put_known(
        &mut self,
        access: &Access,
        id: &str,
        members: &Members,
        record: &Map<String, Value>,
    ) -> Result<Option<Operation>> {
        let entity = &access.entity;
        self.sender.see_tags(entity, record);
        let (sent, kind) = (members.to_vec(), self.pending.operation.kind(entity));
        let told = told(access, &sent, Some(record));
        let Some(look) = self.turn_to_look(&kind, &told).await else { return Ok(None) };
        let resent = with_resent(members.clone(), &access.update.resend, record);
        let mut written = self.put(access, id, &resent).await?;
        if written.is_some() && self.is_untold && self.has_arrived(access, id, members, record).await {
            self.sender.accepted.store(true, Ordering::Relaxed);
            written = Some(self.ended(Status::Updated, Some(id.to_owned()), None));
        }
        let Some(operation) = written.take_if(|operation| operation.status == Status::Updated) else {
            return Ok(written.map(|operation| match operation.status {
                Status::Unknown => with_image(operation, access, members, record),
                _ => operation,
            }));
        };
        let is_shown_otherwise = |echo: &Map<String, Value>| {
            let mut shown = differences_shown(access, &sent, record, echo).into_iter();
            shown.any(|difference| self.sender.looks.believes(&difference.name))
        };
        if look.is_some() || !self.is_compared && self.echo.as_ref().is_some_and(is_shown_otherwise) {
            return Ok(Some(self.compare_record(operation, access, &sent, Some(record), look.as_ref()).await));
        }
        if self.is_to_confirm(&kind) {
            // What the record did not show before may be what its page never shows, which proves nothing.
            let shown = |(name, _): &(String, String)| value_of(record, name, &access.custom).is_some();
            let sent: Vec<(String, String)> = sent.into_iter().filter(shown).collect();
            let operation = self.compare_record(operation, access, &sent, Some(record), None).await;
            self.confirm(kind, operation.reason.is_none());
            return Ok(Some(operation));
        }
        let written = Some(operation);
        let sent = entity.tags.as_ref().and_then(|name| members.value(name)).unwrap_or_default();
        let dropped = self.dropped_tags(access, id, sent).await;
        if dropped.is_empty() {
            return Ok(written);
        }
        let message = message!("attempt.tags_dropped", tags = clean(&dropped.join(", ")));
        Ok(Some(self.ended(Status::Failed, Some(id.to_owned()), Some(without_tags(entity, message)))))
    }

    /// Whether the record has what was just written to it and had not before. What it does not show, such as a reply, it does
    /// not prove.
    async fn has_arrived(&mut self, access: &Access, id: &str, members: &Members, before: &Map<String, Value>) -> bool {
        let Ok(Some(Ok(after))) = self.sender.read_unless_stopped(access, id).await else { return false };
        let is_in = |record: &Map<String, Value>, (name, value): (&str, &str)| {
            let field = access.entity.field(name);
            is_stored(field, value, value_of(record, name, &access.custom).as_deref())
        };
        let is_shown = |name: &str| access.entity.field(name).is_none_or(Field::is_comparable);
        members.iter().all(|member| is_shown(member.0) && is_in(&after, member))
            && members.iter().any(|member| !is_in(before, member))
    }

    /// Changes a record that was read first.
    async fn put(&mut self, access: &Access, id: &str, members: &Members) -> Result<Option<Operation>> {
        match self.sender.permit().await {
            Some(permit) => self.write(permit, &access.update, &access.body(members), Some(id)).await,
            None => Ok(None),
        }
    }
}

/// The members of a change, and those of the record that have to be sent again with them.
fn with_resent(mut members: Members, fields: &[String], record: &Map<String, Value>) -> Members {
    for field in fields {
        let value = record.get(field).map(as_text).unwrap_or_default();
        if !members.has(field) && !value.is_empty() && value != "0" {
            members.fields.push(field, &value);
        }
    }
    members
}

/// A change in doubt, with what its record said before.
fn with_image(operation: Operation, access: &Access, members: &Members, record: &Map<String, Value>) -> Operation {
    let reason = operation.reason.map(|reason| before_image::with_image(*reason, access, members, record));
    Operation { reason: reason.map(Box::new), ..operation }
}
