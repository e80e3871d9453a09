//! One row on its way from its first request to its end: which requests it takes, what is repeated, and what their outcomes
//! mean for the row. The order of the layers a request goes through is told in [`crate::api`].

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use memchr::memmem;
use serde_json::{Map, Value};
use url::Url;

use super::before_image;
use super::caution::{Caution, GoesOn, Leave};
use super::change::RecordChange;
use super::comparison::{
    Difference, Meaning, differences, differences_shown, end_of_differing, lost, meaning, told, without_tags,
    word_of_missing,
};
use super::looks::{Look, Looks, WriteKind};
use super::operation::{DraftWriter, LookUp, Members, WriteOperation};
use super::pipeline::{Cause, Stop, down};
use super::plan::PendingWrite;
use super::route::{Access, Route};
use super::sent_members::{is_stored, sent_members, value_of};
use super::witness::{HandedOut, RowWitness, sent_member};
use crate::api::{self, Client, Document, Honours, Outcome, Permit, Rejection, Sent, Single, Verdict, Write, as_text};
use crate::entity::{Catalog, Entity, Field};
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{Marks, Operation, Reason, Status};
use crate::message;
use crate::message::Message;
use crate::text::clean;
use crate::value::tags;

/// Times a write in doubt is repeated under its request id, where the service honours that.
const REPEATS: u32 = 3;
/// Records in a row that cannot be read to look for their tags, before no more are read.
const MOST_UNREAD: u32 = 10;
/// Tags of which it is remembered that the service has them.
const MOST_KNOWN_TAGS: usize = 100_000;
/// The wait before the first repeat; it grows with each.
const REPEAT_WAIT: Duration = Duration::from_secs(1);

/// Code of a row whose record is one of several with its key.
const SEVERAL: &str = "several";
/// Writes of a kind that are asked about, where nothing is compared and no answer shows that they are done.
const MOST_CONFIRMED: u32 = 3;

/// A record as the service gives it, or why it cannot be had.
type Found = std::result::Result<Map<String, Value>, Reason>;
/// Why an answer has no one record, and those that it has where there are several.
type NotOne = (Reason, Vec<Map<String, Value>>);

/// Everything rows of one run are sent with.
#[derive(Debug)]
pub(super) struct RowSender<'a> {
    /// Speaks to the service.
    pub client: &'a Client,
    /// Why the run stops, if it does.
    pub stop: &'a Stop,
    /// How writes go on after one of which nobody knows what became.
    caution: Caution,
    create: Option<Route>,
    drafts: DraftWriter,
    /// The entity of the rows, and for tags those whose records are changed.
    access: HashMap<String, Access>,
    entity: &'a Entity,
    /// Where to look for what is there already, and the member its answer has the records in.
    there: Option<(Url, String)>,
    /// What can be asked to see whether the service is there.
    question: Url,
    /// Whether any write was accepted: until then "forbidden" means the account, not the row.
    accepted: AtomicBool,
    /// Whether any record was read: what another one's page answers is then that record's.
    has_read: Cell<bool>,
    /// Ids of records that were there before, or that rows of the run made or change.
    pub handed_out: HandedOut,
    /// Tags that some record was seen with, by entity: a service may drop others without a word.
    known_tags: RefCell<HashSet<String>>,
    /// How many records in a row could not be read to look for their tags.
    unread: Cell<u32>,
    /// Members that the service changes by itself, and whether that was said.
    own_members: RefCell<BTreeMap<String, bool>>,
    /// How many writes were seen to be done whose answers show nothing of it, by kind.
    confirmed: RefCell<HashMap<WriteKind, u32>>,
    /// Records that have the key by which a row asks for one, where there are several.
    several: RefCell<HashMap<String, Vec<Map<String, Value>>>>,
    /// A record was found to be another one than the service said.
    pub has_lied: Cell<bool>,
    /// What the service does with a request id that it has seen before.
    pub honours: Honours,
    /// Where it is marked which rows were handed to the network; nowhere on a machine on which that proves nothing.
    pub marks: Option<Marks>,
    /// Which writes go alone and are compared.
    pub looks: Looks,
    /// Rows make records and change others, so that those that are looked at first may be of one kind alone.
    pub is_mixed: bool,
}

/// How a row ended, and the record that it changed as that was before.
#[derive(Debug)]
pub(super) struct RowEnd {
    /// How it ended.
    pub operation: Operation,
    /// The record; none of a row that changed none.
    pub before: Option<Map<String, Value>>,
}

impl<'a> RowSender<'a> {
    /// What is needed to send rows of `entity`.
    pub(super) fn new(client: &'a Client, stop: &'a Stop, catalog: &Catalog, entity: &'a Entity) -> Self {
        let target = client.target();
        let edited =
            entity.edits.iter().filter_map(|edits| entity.field(&edits.entity)).flat_map(|field| &field.choices);
        let names = edited.map(|choice| choice.value.as_str()).chain([entity.name.as_str()]);
        let access = names
            .filter_map(|name| {
                let known = if name == entity.name { entity } else { catalog.get(name)? };
                Some((name.to_owned(), Access::new(target, catalog, known)?))
            })
            .collect();
        let there = entity.conflict.as_ref().and_then(|conflict| {
            let endpoint = entity.endpoint(&conflict.endpoint)?;
            Some((target.address(&endpoint.path), endpoint.answer.clone()?))
        });
        let create = entity.endpoint("create").map(|endpoint| {
            let mut route = Route::new(target, catalog, entity, endpoint);
            route.expected.conflict = entity.conflict.as_ref().map(|conflict| conflict.message.clone());
            route
        });
        let (account, paging) = (&catalog.service.account.path, &catalog.service.paging);
        let mut question = target.address(entity.endpoint("list").map_or(account.as_str(), |list| &list.path));
        question.query_pairs_mut().append_pair(&paging.page, "1").append_pair(&paging.per_page, "1");
        RowSender {
            client,
            stop,
            caution: Caution::new(client.target().patience),
            create,
            drafts: DraftWriter::new(entity, &catalog.service.custom),
            access,
            entity,
            there,
            question,
            accepted: AtomicBool::new(false),
            has_read: Cell::default(),
            handed_out: HandedOut::default(),
            known_tags: RefCell::default(),
            unread: Cell::default(),
            own_members: RefCell::default(),
            confirmed: RefCell::default(),
            several: RefCell::default(),
            has_lied: Cell::default(),
            honours: Honours::Nothing,
            marks: None,
            looks: Looks::default(),
            is_mixed: false,
        }
    }

    /// A row of the run made the record with this id or changes it: no other row makes it. Rows of tags are about records of
    /// several entities, whose ids say nothing of one another.
    pub(super) fn know_id(&self, id: &str) {
        if self.entity.edits.is_none() {
            self.handed_out.add(id);
        }
    }

    /// A record was seen, with its tags.
    pub(super) fn see_tags(&self, entity: &Entity, record: &Map<String, Value>) {
        let mut known = self.known_tags.borrow_mut();
        for tag in tags(&tags_of(entity, record)) {
            if known.len() < MOST_KNOWN_TAGS {
                known.insert(format!("{}/{tag}", entity.name));
            }
        }
    }

    /// Differences without those of members that the service changes by itself, which are kept to be said.
    pub(super) fn without_own(&self, found: Vec<Difference>) -> Vec<Difference> {
        let (own, found): (Vec<_>, Vec<_>) = found.into_iter().partition(|difference| difference.is_own);
        let mut known = self.own_members.borrow_mut();
        for difference in own {
            known.entry(difference.label).or_insert(false);
        }
        found
    }

    /// The members that the service changes by itself and that were not said yet.
    pub(super) fn own_members_to_say(&self) -> Vec<String> {
        let mut known = self.own_members.borrow_mut();
        let new = known.iter_mut().filter(|(_, is_said)| !**is_said);
        new.map(|(name, is_said)| {
            *is_said = true;
            name.clone()
        })
        .collect()
    }

    /// What the rows are.
    pub(super) fn entity(&self) -> &Entity {
        self.entity
    }

    /// How the record a row writes to is read and changed.
    pub(super) fn access_of(&self, operation: &WriteOperation) -> Option<&Access> {
        match operation {
            WriteOperation::Tags(edit) => self.access.get(&edit.entity),
            _ => self.access.get(&self.entity.name),
        }
    }

    /// Sends a row and tells how it ended; none when it was not sent and the run stops. `before` is the record it changes, where
    /// that was read just now; `is_compared` when whoever read it compares what became of it.
    pub(super) async fn send(
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

    /// The record with this id as it is now, or why it cannot be had.
    pub(super) async fn read(&self, access: &Access, id: &str) -> Result<Found> {
        self.look_for(access, id).await?.map_err(halting)
    }

    /// Like [`RowSender::read`], where nothing depends on the record but its own row: what its page answers while others can be
    /// had costs that row alone.
    pub(super) async fn read_for_row(&self, access: &Access, id: &str) -> Result<Found> {
        match self.look_for(access, id).await? {
            Ok(found) => Ok(found),
            Err(error) if self.is_of_one_record(&error) => {
                let message = error.into_message();
                let why = message.part("why").unwrap_or(message);
                let message = message!("attempt.not_readable", id = id, why = why);
                Ok(Err(Reason { code: "not_readable".to_owned(), field: String::new(), message }))
            }
            Err(error) => Err(halting(error)),
        }
    }

    /// Whether one of several records with the key of a row says already what the row says.
    pub(super) fn says_one_of_several(&self, access: &Access, operation: &WriteOperation, id: &str) -> bool {
        let several = self.several.borrow();
        let says = |record: &Map<String, Value>| {
            let change = RecordChange::of(&access.entity, &access.custom, operation, record);
            change.is_empty() && change.end(None).0 == Status::Unchanged
        };
        several.get(id).is_some_and(|records| records.iter().any(says))
    }

    /// Whether the account has what a look-up wants; none where it does not say, or has something else.
    ///
    /// # Errors
    /// The service cannot be had.
    pub(super) async fn has(&self, look_up: &LookUp) -> Result<Option<bool>> {
        let Some((address, answer)) = &self.there else { return Ok(None) };
        let nothing = self.entity.conflict.as_ref().and_then(|conflict| conflict.nothing.as_ref());
        let mut address = address.clone();
        address.query_pairs_mut().extend_pairs(&look_up.by);
        Ok(match self.client.ask(&address).await.map_err(halting)? {
            Ok(document) => {
                let found = api::records(&document, answer).map(api::Records::into_values);
                let is_there = |found: &Vec<Value>| found.iter().any(|record| agrees(record, look_up));
                found.filter(|found| found.is_empty() || is_there(found)).map(|found| !found.is_empty())
            }
            Err(rejection) => (nothing == Some(&rejection.message)).then_some(false),
        })
    }

    /// Whether an answer about one record says nothing of the others.
    fn is_of_one_record(&self, error: &Error) -> bool {
        let has_worked = self.has_read.get() || self.accepted.load(Ordering::Relaxed);
        has_worked && matches!(error.code(), "api.forbidden" | "api.read_failed" | "api.read_limited")
    }

    /// The record, why there is none, or what its page answers time and again.
    ///
    /// # Errors
    /// The service cannot be had.
    async fn look_for(&self, access: &Access, id: &str) -> Result<std::result::Result<Found, Error>> {
        let document = match self.client.ask_for_record(&access.read_address(self.client.target(), id)).await {
            Ok(Single::Failing(error)) => return Ok(Err(error)),
            Ok(Single::Document(document)) => Ok(document),
            Ok(Single::Rejected(rejection)) => Err(rejection),
            Err(error) => return Err(halting(error)),
        };
        let found = self.found_in(document, access, id);
        self.has_read.set(self.has_read.get() || found.is_ok());
        Ok(Ok(found))
    }

    /// The record of an answer about this id, or why it is not there.
    fn found_in(&self, answer: std::result::Result<Document, Rejection>, access: &Access, id: &str) -> Found {
        let reason = |code: &str, message| Reason { code: code.to_owned(), field: String::new(), message };
        let nothing = access.entity.conflict.as_ref().and_then(|conflict| conflict.nothing.as_ref());
        let document = match answer {
            Ok(document) => document,
            Err(rejection) if access.entity.is_asked_for() && nothing == Some(&rejection.message) => {
                return Err(reason("not_found", message!("attempt.not_bound", id = id)));
            }
            Err(rejection) => return Err(reason_of(rejection)),
        };
        let wrappers = &access.get.expected.wrappers;
        if access.entity.is_asked_for() {
            return asked_for(access, &document, id).map_err(|(reason, records)| {
                self.several.borrow_mut().extend((!records.is_empty()).then(|| (id.to_owned(), records)));
                reason
            });
        }
        let record = wrappers.iter().find_map(|wrapper| api::record(&document, wrapper));
        let record = record.and_then(|record| record.as_object().cloned());
        let Some(record) = record else { return Err(reason("not_found", message!("attempt.not_found", id = id))) };
        // What is written to one record must not come from another.
        let own = access.name_of(&record);
        match own == id {
            true => Ok(record),
            false => Err(reason("other_record", message!("attempt.other_record", id = id, other = clean(&own)))),
        }
    }

    /// Like [`RowSender::read_for_row`]; none when the run stops meanwhile. Nothing was written yet, so nothing is in doubt.
    async fn read_unless_stopped(&self, access: &Access, id: &str) -> Result<Option<Found>> {
        tokio::select! {
            read = self.read_for_row(access, id) => read.map(Some),
            () = self.stop.stopped() => Ok(None),
        }
    }

    /// The right to begin a write; none when the run stops meanwhile.
    async fn permit(&self) -> Option<Permit<'_>> {
        tokio::select! {
            permit = self.client.limiter().acquire() => Some(permit),
            () = self.stop.stopped() => None,
        }
    }

    /// The right to make a write after a wait.
    async fn turn_after(&self, wait: Duration) -> Result<Option<(Leave<'_>, Permit<'_>)>> {
        tokio::select! {
            () = tokio::time::sleep(wait) => self.turn().await,
            () = self.stop.stopped() => Ok(None),
        }
    }

    /// The right to make a write once no other one keeps it back; none when the run stops meanwhile. After others of which nobody
    /// knows what became, the service has to answer a question first.
    ///
    /// # Errors
    /// It is not there for longer than it is to be waited for.
    async fn turn(&self) -> Result<Option<(Leave<'_>, Permit<'_>)>> {
        loop {
            let leave = tokio::select! {
                leave = self.caution.leave() => leave,
                () = self.stop.stopped() => return Ok(None),
            };
            if leave.is_after_doubt {
                tokio::select! {
                    up = self.client.wait_until_up(&self.question) => up.map_err(halting)?,
                    () = self.stop.stopped() => return Ok(None),
                }
            }
            let Some(permit) = self.permit().await else { return Ok(None) };
            // Another one may have got lost meanwhile.
            if leave.is_alone || !self.caution.is_in_doubt() {
                return Ok(Some((leave, permit)));
            }
        }
    }

    /// The error when no connection comes about. A server that never answered is not down but somewhere else.
    fn unreachable(&self, why: Message) -> Error {
        if self.client.was_answered() {
            return down(why);
        }
        let hint = api::hint_of(&why);
        Error::cannot_run(message!("attempt.unreachable", host = self.client.target().host(), why = why)).hint(hint)
    }
}

/// One row on its way, and the requests that were made for it.
struct RowWrite<'a> {
    sender: &'a RowSender<'a>,
    pending: &'a PendingWrite,
    /// The record it changes, where that was read just now.
    before: Option<Map<String, Value>>,
    /// That record, once it was written.
    was: Option<Map<String, Value>>,
    /// What becomes of it is compared by whoever read that record.
    is_compared: bool,
    /// The service's answer has the new record without tags that were sent.
    comes_without_tags: bool,
    /// The record that was changed, as the service's answer has it.
    echo: Option<Map<String, Value>>,
    /// The service answered the write, and nothing tells what became of it.
    is_untold: bool,
    /// A write was made, and is not known to have been rejected.
    may_have_written: bool,
    /// How often its write was sent.
    attempts: u32,
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
            let written = self.write(permit, route, body, None).await?;
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
        match (self.write(permit, route, body, None).await?, access) {
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

    /// What is there of what a look-up asks for.
    async fn found(&mut self, look_up: &LookUp) -> Result<std::result::Result<Vec<Value>, Rejection>> {
        let Some((address, answer)) = &self.sender.there else { return Ok(Ok(Vec::new())) };
        let mut address = address.clone();
        address.query_pairs_mut().extend_pairs(&look_up.by);
        let asked = self.sender.client.ask(&address).await.map_err(halting)?;
        Ok(asked.map(|document| api::records(&document, answer).map(api::Records::into_values).unwrap_or_default()))
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

    /// Makes a write until its outcome is known or in doubt; none when it was not sent and the run stops. What was certainly
    /// not processed is repeated; nothing else is. `id` names the record that is changed.
    async fn write(
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
        let witness = &RowWitness {
            entity,
            body,
            id,
            handed_out: &sender.handed_out,
            lacks_tags: Cell::default(),
            echo: RefCell::default(),
        };
        let mut sent = Sent { is_repeat: self.pending.is_repeat };
        let honours = sender.honours;
        let (request_id, row) = (self.pending.request_id, self.pending.row.number);
        // Nearly always nothing keeps it back.
        let (mut leave, mut permit) = match sender.caution.leave_now().filter(|leave| !leave.is_after_doubt) {
            Some(leave) => (leave, permit),
            None => {
                drop(permit);
                let Some(turn) = sender.turn().await? else { return Ok(None) };
                turn
            }
        };
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
            self.comes_without_tags = witness.lacks_tags.get();
            self.echo = witness.echo.take();
            self.is_untold = matches!(outcome, Outcome::Unknown { is_up: true, .. });
            self.may_have_written |=
                matches!(outcome, Outcome::Done { .. } | Outcome::Unknown { .. } | Outcome::Moved(_));
            pace(&permit, &outcome);
            let goes_on = heed(&leave, &outcome);
            (leave, permit) = match outcome {
                Outcome::NotSent(_) | Outcome::Busy { .. } => {
                    let is_over = sender.client.may_repeat(&permit, &outcome) == Verdict::Over;
                    // Whatever follows, it must not wait with a right in its hand.
                    drop((leave, permit));
                    if is_over {
                        return Err(match outcome {
                            Outcome::NotSent(why) => sender.unreachable(why),
                            outcome => {
                                let asked = if let Outcome::Busy { wait } = outcome { wait } else { None };
                                let what = message!("stop.down", why = message!("attempt.busy"));
                                sender.client.limited(what, asked).and_hint(message!("stop.goes_on"))
                            }
                        });
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
                    let next = sender.turn_after(REPEAT_WAIT * repeats).await.unwrap_or_else(|error| {
                        sender.stop.set(Cause::of(error));
                        None
                    });
                    let Some(next) = next else {
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
                let why = message!("api.moved", path = write.address.path(), to = clean(&to));
                let error = Error::cannot_run(why.clone()).hint(message!("api.moved_hint"));
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

    fn compared(&self, found: &[Value], look_up: &LookUp, rejection: Rejection) -> Operation {
        if found.iter().any(|record| agrees(record, look_up)) {
            return self.ended(Status::Unchanged, None, None);
        }
        let values = found.iter().flat_map(|record| look_up.same.iter().filter_map(|(field, _)| record.get(field)));
        let there: Vec<String> = values.map(|got| as_text(got).into_owned()).collect();
        self.failed(Reason {
            code: rejection.code,
            field: look_up.same.first().map(|(field, _)| field.clone()).unwrap_or_default(),
            message: message!("attempt.conflict", message = rejection.message, there = there.join(", ")),
        })
    }

    fn failed(&self, reason: Reason) -> Operation {
        let id = match &self.pending.operation {
            WriteOperation::Change { id, .. } => Some(id.clone()),
            _ => None,
        };
        self.ended(Status::Failed, id, Some(reason))
    }

    fn ended(&self, status: Status, id: Option<String>, reason: Option<Reason>) -> Operation {
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

/// The tags of a record, as its entity keeps them.
fn tags_of<'r>(entity: &Entity, record: &'r Map<String, Value>) -> Cow<'r, str> {
    entity.tags.as_ref().and_then(|name| record.get(name)).map(as_text).unwrap_or_default()
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

/// Whether a record has the values that a look-up wants.
pub(super) fn agrees(record: &Value, look_up: &LookUp) -> bool {
    look_up.same.iter().all(|(field, value)| record.get(field).is_some_and(|got| as_text(got) == value.as_str()))
}

/// The one record of an answer that has the key it was asked for by; where there are several, they are told beside the reason.
fn asked_for(access: &Access, document: &Document, id: &str) -> std::result::Result<Map<String, Value>, NotOne> {
    let records = access.get.expected.wrappers.iter().find_map(|wrapper| api::records(document, wrapper));
    let records = records.map(api::Records::into_values).unwrap_or_default();
    let mut records: Vec<Map<String, Value>> =
        records.iter().filter_map(|record| record.as_object().cloned()).collect();
    let reason = |code: &str, message| Reason { code: code.to_owned(), field: String::new(), message };
    let other = records.iter().map(|record| access.name_of(record)).find(|name| name != id);
    match (records.pop(), other, records.is_empty()) {
        (None, ..) => Err((reason("not_found", message!("attempt.not_bound", id = id)), Vec::new())),
        // What is written to one record must not come from another.
        (_, Some(other), _) => {
            let message = message!("attempt.other_record", id = id, other = clean(&other));
            Err((reason("other_record", message), Vec::new()))
        }
        (Some(last), None, false) => {
            records.push(last);
            Err((reason(SEVERAL, message!("attempt.several", id = id)), records))
        }
        (Some(record), None, true) => Ok(record),
    }
}

/// A read that failed leaves nothing in doubt, so the run only halts.
pub(super) fn halting(error: Error) -> Error {
    match error.kind() {
        ErrorKind::CannotRun => down(error.into_message()),
        _ => error,
    }
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

fn reason_of(rejection: Rejection) -> Reason {
    Reason { code: rejection.code, field: String::new(), message: rejection.message.into() }
}

/// A change in doubt, with what its record said before.
fn with_image(operation: Operation, access: &Access, members: &Members, record: &Map<String, Value>) -> Operation {
    let reason = operation.reason.map(|reason| before_image::with_image(*reason, access, members, record));
    Operation { reason: reason.map(Box::new), ..operation }
}

fn in_doubt(why: Message) -> Reason {
    Reason { code: "in_doubt".into(), field: String::new(), message: message!("attempt.in_doubt", why = why) }
}
