//! What all rows of a run are sent with: where to, what was seen so far, records as they are now, and turns to write.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;

use super::earlier::Earlier;
use crate::api::{self, Client, Document, Honours, Permit, Rejection, Single, as_text};
use crate::entity::{Catalog, Entity};
use crate::error::{Error, ErrorKind, Result};
use crate::import::caution::{Caution, Leave};
use crate::import::change::RecordChange;
use crate::import::comparison::Difference;
use crate::import::looks::{Looks, WriteKind};
use crate::import::operation::{DraftWriter, LookUp, WriteOperation};
use crate::import::pipeline::{Stop, down};
use crate::import::route::{Access, Route};
use crate::import::witness::HandedOut;
use crate::journal::{Marks, Operation, Reason, Status};
use crate::message;
use crate::message::Message;
use crate::text::clean;
use crate::value::tags;

/// The code of a record whose page does not give it, time and again.
pub(in crate::import) const NOT_READABLE: &str = "not_readable";

/// Tags of which it is remembered that the service has them.
const MOST_KNOWN_TAGS: usize = 100_000;

/// Code of a row whose record is one of several with its key.
pub(super) const SEVERAL: &str = "several";

/// A record as the service gives it, or why it cannot be had.
pub(super) type Found = std::result::Result<Map<String, Value>, Reason>;
/// Why an answer has no one record, and those that it has where there are several.
type NotOne = (Reason, Vec<Map<String, Value>>);

/// Everything rows of one run are sent with.
#[derive(Debug)]
pub(in crate::import) struct RowSender<'a> {
    /// Speaks to the service.
    pub(in crate::import) client: &'a Client,
    /// Why the run stops, if it does.
    pub(in crate::import) stop: &'a Stop,
    /// How writes go on after one of which nobody knows what became.
    pub(super) caution: Caution,
    pub(super) create: Option<Route>,
    pub(super) drafts: DraftWriter,
    /// The entity of the rows, and for tags those whose records are changed.
    pub(super) access: HashMap<String, Access>,
    pub(super) entity: &'a Entity,
    /// Where to look for what is there already, and the member its answer has the records in.
    pub(super) there: Option<(Url, String)>,
    /// What can be asked to see whether the service is there.
    pub(super) question: Url,
    /// Whether any write was accepted: until then "forbidden" means the account, not the row.
    pub(super) accepted: AtomicBool,
    /// Whether any record was read: what another one's page answers is then that record's.
    pub(super) has_read: Cell<bool>,
    /// Ids of records that were there before, or that rows of the run made or change.
    pub(in crate::import) handed_out: HandedOut,
    /// What was there before the run's first write, where that is known.
    pub(in crate::import) earlier: Cell<Option<Earlier>>,
    /// Tags that some record was seen with, by entity: a service may drop others without a word.
    pub(super) known_tags: RefCell<HashSet<String>>,
    /// How many records in a row could not be read to look for their tags.
    pub(super) unread: Cell<u32>,
    /// Members that the service changes by itself, and whether that was said.
    pub(super) own_members: RefCell<BTreeMap<String, bool>>,
    /// How many writes were seen to be done whose answers show nothing of it, by kind.
    pub(super) confirmed: RefCell<HashMap<WriteKind, u32>>,
    /// Records that have the key by which a row asks for one, where there are several.
    pub(super) several: RefCell<HashMap<String, Vec<Map<String, Value>>>>,
    /// A record was found to be another one than the service said.
    pub(in crate::import) has_lied: Cell<bool>,
    /// What the service does with a request id that it has seen before.
    pub(in crate::import) honours: Honours,
    /// Where it is marked which rows were handed to the network; nowhere on a machine on which that proves nothing.
    pub(in crate::import) marks: Option<Marks>,
    /// Which writes go alone and are compared.
    pub(in crate::import) looks: Looks,
    /// Rows make records and change others, so that those that are looked at first may be of one kind alone.
    pub(in crate::import) is_mixed: bool,
}

/// How a row ended, and the record that it changed as that was before.
#[derive(Debug)]
pub(in crate::import) struct RowEnd {
    /// How it ended.
    pub operation: Operation,
    /// The record; none of a row that changed none.
    pub before: Option<Map<String, Value>>,
}

impl<'a> RowSender<'a> {
    /// What is needed to send rows of `entity`.
    pub(in crate::import) fn new(client: &'a Client, stop: &'a Stop, catalog: &Catalog, entity: &'a Entity) -> Self {
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
            earlier: Cell::default(),
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
    pub(in crate::import) fn know_id(&self, id: &str) {
        if self.entity.edits.is_none() {
            self.handed_out.add(id);
        }
    }

    /// A record was seen, with its tags.
    pub(in crate::import) fn see_tags(&self, entity: &Entity, record: &Map<String, Value>) {
        let mut known = self.known_tags.borrow_mut();
        for tag in tags(&tags_of(entity, record)) {
            if known.len() < MOST_KNOWN_TAGS {
                known.insert(format!("{}/{tag}", entity.name));
            }
        }
    }

    /// Differences without those of members that the service changes by itself, which are kept to be said.
    pub(in crate::import) fn without_own(&self, found: Vec<Difference>) -> Vec<Difference> {
        let (own, found): (Vec<_>, Vec<_>) = found.into_iter().partition(|difference| difference.is_own);
        let mut known = self.own_members.borrow_mut();
        for difference in own {
            known.entry(difference.label).or_insert(false);
        }
        found
    }

    /// The members that the service changes by itself and that were not said yet.
    pub(in crate::import) fn own_members_to_say(&self) -> Vec<String> {
        let mut known = self.own_members.borrow_mut();
        let new = known.iter_mut().filter(|(_, is_said)| !**is_said);
        new.map(|(name, is_said)| {
            *is_said = true;
            name.clone()
        })
        .collect()
    }

    /// What the rows are.
    pub(in crate::import) fn entity(&self) -> &Entity {
        self.entity
    }

    /// How the record a row writes to is read and changed.
    pub(in crate::import) fn access_of(&self, operation: &WriteOperation) -> Option<&Access> {
        match operation {
            WriteOperation::Tags(edit) => self.access.get(&edit.entity),
            _ => self.access.get(&self.entity.name),
        }
    }

    /// The record with this id as it is now, or why it cannot be had.
    pub(in crate::import) async fn read(&self, access: &Access, id: &str) -> Result<Found> {
        self.look_for(access, id).await?.map_err(halting)
    }

    /// Like [`RowSender::read`], where nothing depends on the record but its own row: what its page answers while others can be
    /// had costs that row alone.
    pub(in crate::import) async fn read_for_row(&self, access: &Access, id: &str) -> Result<Found> {
        match self.look_for(access, id).await? {
            Ok(found) => Ok(found),
            Err(error) if self.is_of_one_record(&error) => {
                let message = error.into_message();
                let why = message.part("why").unwrap_or(message);
                let message = message!("attempt.not_readable", id = id, why = why);
                Ok(Err(Reason { code: NOT_READABLE.to_owned(), field: String::new(), message }))
            }
            Err(error) => Err(halting(error)),
        }
    }

    /// Whether one of several records with the key of a row says already what the row says.
    pub(in crate::import) fn says_one_of_several(&self, access: &Access, operation: &WriteOperation, id: &str) -> bool {
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
    pub(in crate::import) async fn has(&self, look_up: &LookUp) -> Result<Option<bool>> {
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
        has_worked
            && matches!(
                error.code(),
                "api.forbidden" | "api.read_failed" | "api.read_limited" | "api.moved" | "api.moved_nowhere"
            )
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
    pub(super) async fn read_unless_stopped(&self, access: &Access, id: &str) -> Result<Option<Found>> {
        tokio::select! {
            read = self.read_for_row(access, id) => read.map(Some),
            () = self.stop.stopped() => Ok(None),
        }
    }

    /// The right to begin a write; none when the run stops meanwhile.
    pub(super) async fn permit(&self) -> Option<Permit<'_>> {
        tokio::select! {
            permit = self.client.limiter().acquire() => Some(permit),
            () = self.stop.stopped() => None,
        }
    }

    /// The right to make a write after a wait.
    pub(super) async fn turn_after(&self, wait: Duration) -> Result<Option<(Leave<'_>, Permit<'_>)>> {
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
    pub(super) async fn turn(&self) -> Result<Option<(Leave<'_>, Permit<'_>)>> {
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
    pub(super) fn unreachable(&self, why: Message) -> Error {
        if self.client.was_answered() {
            return down(why);
        }
        let hint = api::hint_of(&why);
        Error::cannot_run(message!("attempt.unreachable", host = self.client.target().host(), why = why)).hint(hint)
    }
}

/// The tags of a record, as its entity keeps them.
pub(super) fn tags_of<'r>(entity: &Entity, record: &'r Map<String, Value>) -> Cow<'r, str> {
    entity.tags.as_ref().and_then(|name| record.get(name)).map(as_text).unwrap_or_default()
}

/// Whether a record has the values that a look-up wants.
pub(in crate::import) fn agrees(record: &Value, look_up: &LookUp) -> bool {
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
pub(in crate::import) fn halting(error: Error) -> Error {
    match error.kind() {
        ErrorKind::CannotRun => match error.hint_message() {
            // Waiting does not help where something else answers.
            Some(hint) if matches!(hint.code(), "api.page_hint" | "api.moved_hint") => {
                down(error.into_message()).hint(hint).and_hint(message!("stop.goes_on"))
            }
            _ => down(error.into_message()),
        },
        _ => error,
    }
}

pub(super) fn reason_of(rejection: Rejection) -> Reason {
    Reason { code: rejection.code, field: String::new(), message: rejection.message.into() }
}
