//! One row's sender with the service, from its first request to its end. What may be repeated is repeated here: only
//! writes that were certainly not processed (no connection, "too many requests", a login that was renewed).

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value};
use url::Url;

use super::operation::{LookUp, TagEdit, WriteOperation};
use super::pipeline::{Cause, Stop, down};
use super::plan::PendingWrite;
use super::route::Route;
use crate::api::{self, Client, Expected, Outcome, Permit, Rejection, Sent, as_text, waits};
use crate::entity::{Catalog, Conflict, Custom, Entity, Kind, Method};
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{Operation, Reason, Status};
use crate::message;
use crate::message::Message;
use crate::value::is_same_value;

/// Attempts to reach a server before a run is stopped.
const CONNECTION_ATTEMPTS: usize = 6;
/// Times a write is put off by "too many requests" before a run is stopped.
const BUSY_ATTEMPTS: usize = 30;
/// The wait after "too many requests" without a word of how long.
const BUSY_WAIT: Duration = Duration::from_secs(2);

/// How records of one entity are read and changed.
#[derive(Debug, Clone)]
pub(super) struct Access {
    /// The entity.
    pub entity: Entity,
    /// How its records carry custom fields.
    pub custom: Custom,
    /// Reads one record.
    pub get: Route,
    /// Changes one record.
    pub update: Route,
}

/// Everything rows of one run are sent with.
#[derive(Debug)]
pub(super) struct RowSender<'a> {
    /// Speaks to the service.
    pub client: &'a Client,
    /// Why the run stops, if it does.
    pub stop: &'a Stop,
    create: Option<Route>,
    /// The entity of the rows, and for tags those whose records are changed.
    access: HashMap<String, Access>,
    entity: &'a Entity,
    conflict: Option<(Conflict, Url, String)>,
    /// Whether any write was accepted: until then "forbidden" means the account, not the row.
    accepted: AtomicBool,
}

/// How one row ended.
#[derive(Debug)]
struct End {
    status: Status,
    id: Option<String>,
    reason: Option<Box<Reason>>,
}

impl<'a> RowSender<'a> {
    /// What is needed to send rows of `entity`.
    pub(super) fn new(client: &'a Client, stop: &'a Stop, catalog: &Catalog, entity: &'a Entity) -> Self {
        let target = client.target();
        let access_of = |entity: &Entity| {
            let (get, update) = (entity.endpoint("get")?, entity.endpoint("update")?);
            let route = |endpoint| Route::new(target, catalog, entity, endpoint);
            let custom = catalog.service.custom.clone();
            Some(Access { entity: entity.clone(), custom, get: route(get), update: route(update) })
        };
        let edited =
            entity.edits.iter().filter_map(|edits| entity.field(&edits.entity)).flat_map(|field| &field.choices);
        let names = edited.map(|choice| choice.value.as_str()).chain([entity.name.as_str()]);
        let access = names.filter_map(|name| Some((name.to_owned(), access_of(catalog.get(name)?)?))).collect();
        let conflict = entity.conflict.clone().and_then(|conflict| {
            let endpoint = entity.endpoint(&conflict.endpoint)?;
            Some((conflict, target.address(&endpoint.path), endpoint.answer.clone()?))
        });
        let create = entity.endpoint("create").map(|endpoint| Route::new(target, catalog, entity, endpoint));
        RowSender { client, stop, create, access, entity, conflict, accepted: AtomicBool::new(false) }
    }

    /// How the record a job writes to is read and changed.
    pub(super) fn access_of(&self, operation: &WriteOperation) -> Option<&Access> {
        match operation {
            WriteOperation::Tags(edit) => self.access.get(&edit.entity),
            _ => self.access.get(&self.entity.name),
        }
    }

    /// Sends a row and tells how it ended; none when it was not sent and the run stops.
    pub(super) async fn send(&self, pending: &PendingWrite, permit: Permit<'_>) -> Option<Operation> {
        let mut attempts = 0;
        let end = match &pending.operation {
            WriteOperation::Write { body, look_up } => {
                self.create(pending, permit, body, look_up.as_deref(), &mut attempts).await
            }
            WriteOperation::Change { id, members } => self.change(pending, permit, id, members, &mut attempts).await,
            WriteOperation::Tags(edit) => self.edit_tags(pending, permit, edit, &mut attempts).await,
        };
        match end {
            Ok(Some(End { status, id, reason })) => Some(Operation {
                row: pending.row.clone(),
                status,
                id,
                attempts: attempts.max(1),
                at: jiff::Timestamp::now().as_millisecond(),
                reason,
            }),
            Ok(None) => None,
            Err(error) => {
                self.stop.set(Cause::of(error));
                None
            }
        }
    }

    async fn create(
        &self,
        pending: &PendingWrite,
        permit: Permit<'_>,
        body: &Bytes,
        look_up: Option<&LookUp>,
        attempts: &mut u32,
    ) -> Result<Option<End>> {
        let Some(route) = &self.create else { return Ok(None) };
        let outcome =
            self.write(pending, permit, route.method, &route.address, body, &route.expected, attempts).await?;
        Ok(match outcome {
            None => None,
            Some(Written::Done(id)) => Some(End { status: Status::Created, id, reason: None }),
            Some(Written::Rejected(rejection)) => match (look_up, &self.conflict) {
                (Some(look_up), Some((conflict, address, answer))) if rejection.message == conflict.message => {
                    *attempts += 1;
                    Some(self.compare(look_up, address, answer, rejection).await?)
                }
                _ => Some(failed(rejection)),
            },
            Some(Written::InDoubt(why)) => Some(in_doubt(why)),
        })
    }

    /// The service says "there already": the same values mean that nothing has to change.
    async fn compare(&self, look_up: &LookUp, address: &Url, answer: &str, rejection: Rejection) -> Result<End> {
        let mut address = address.clone();
        address.query_pairs_mut().extend_pairs(&look_up.by);
        let found = match self.client.ask(&address).await.map_err(halting)? {
            Ok(document) => api::records(&document, answer).cloned().unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        let agrees = |record: &Value| {
            look_up
                .same
                .iter()
                .all(|(field, value)| record.get(field).is_some_and(|got| as_text(got) == value.as_str()))
        };
        if found.iter().any(agrees) {
            return Ok(End { status: Status::Unchanged, id: None, reason: None });
        }
        let there: Vec<String> = found
            .iter()
            .flat_map(|record| {
                look_up.same.iter().filter_map(|(field, _)| record.get(field)).map(|got| as_text(got).into_owned())
            })
            .collect();
        let field = look_up.same.first().map(|(field, _)| field.clone()).unwrap_or_default();
        let message = message!("attempt.conflict", message = rejection.message, there = there.join(", "));
        Ok(End {
            status: Status::Failed,
            id: None,
            reason: Some(Box::new(Reason { code: rejection.code, field, message })),
        })
    }

    async fn change(
        &self,
        pending: &PendingWrite,
        permit: Permit<'_>,
        id: &str,
        members: &Map<String, Value>,
        attempts: &mut u32,
    ) -> Result<Option<End>> {
        let Some(access) = self.access.get(&self.entity.name) else { return Ok(None) };
        let mut members = members.clone();
        let missing: Vec<&String> = access.update.resend.iter().filter(|field| !members.contains_key(*field)).collect();
        let permit = if missing.is_empty() {
            permit
        } else {
            drop(permit);
            *attempts += 1;
            let record = match self.read_unless_stopped(access, id).await? {
                None => return Ok(None),
                Some(Ok(record)) => record,
                Some(Err(reason)) => return Ok(Some(failed_for(reason))),
            };
            resend(&mut members, &access.update.resend, &record);
            match self.permit_unless_stopped().await {
                Some(permit) => permit,
                None => return Ok(None),
            }
        };
        self.put(pending, permit, access, id, members, attempts).await
    }

    async fn edit_tags(
        &self,
        pending: &PendingWrite,
        permit: Permit<'_>,
        edit: &TagEdit,
        attempts: &mut u32,
    ) -> Result<Option<End>> {
        drop(permit);
        let Some((access, tags)) =
            self.access.get(&edit.entity).and_then(|access| Some((access, access.entity.tags.clone()?)))
        else {
            return Ok(None);
        };
        *attempts += 1;
        let record = match self.read_unless_stopped(access, &edit.id).await? {
            None => return Ok(None),
            Some(Ok(record)) => record,
            Some(Err(reason)) => return Ok(Some(failed_for(reason))),
        };
        let current = record.get(&tags).map(as_text).unwrap_or_default();
        let wanted = edit.apply(&current);
        if is_same_value(Kind::Tags, &wanted, &current) {
            return Ok(Some(End { status: Status::Unchanged, id: Some(edit.id.clone()), reason: None }));
        }
        let mut members = Map::from_iter([(tags, Value::String(wanted))]);
        resend(&mut members, &access.update.resend, &record);
        let Some(permit) = self.permit_unless_stopped().await else { return Ok(None) };
        self.put(pending, permit, access, &edit.id, members, attempts).await
    }

    async fn put(
        &self,
        pending: &PendingWrite,
        permit: Permit<'_>,
        access: &Access,
        id: &str,
        members: Map<String, Value>,
        attempts: &mut u32,
    ) -> Result<Option<End>> {
        let route = &access.update;
        let address = route.address_of(self.client.target(), id);
        let body = route.body(members);
        let written = self.write(pending, permit, route.method, &address, &body, &route.expected, attempts).await?;
        Ok(written.map(|written| match written {
            Written::Done(_) => End { status: Status::Updated, id: Some(id.to_owned()), reason: None },
            Written::Rejected(rejection) => failed(rejection),
            Written::InDoubt(why) => End { id: Some(id.to_owned()), ..in_doubt(why) },
        }))
    }

    /// Like [`RowSender::read`]; none when the run stops meanwhile. Nothing was written yet, so nothing is in doubt.
    async fn read_unless_stopped(
        &self,
        access: &Access,
        id: &str,
    ) -> Result<Option<std::result::Result<Map<String, Value>, Reason>>> {
        tokio::select! {
            read = self.read(access, id) => read.map(Some),
            () = self.stop.stopped() => Ok(None),
        }
    }

    /// The right to begin a write; none when the run stops meanwhile.
    async fn permit_unless_stopped(&self) -> Option<Permit<'_>> {
        tokio::select! {
            permit = self.client.limiter().acquire() => Some(permit),
            () = self.stop.stopped() => None,
        }
    }

    /// The record with this id as it is now, or why it cannot be had.
    pub(super) async fn read(
        &self,
        access: &Access,
        id: &str,
    ) -> Result<std::result::Result<Map<String, Value>, Reason>> {
        let address = access.get.address_of(self.client.target(), id);
        let document = match self.client.ask(&address).await.map_err(halting)? {
            Ok(document) => document,
            Err(rejection) => return Ok(Err(reason_of(rejection))),
        };
        let wrappers = &access.get.expected.wrappers;
        let record = wrappers.iter().find_map(|wrapper| api::record(&document, wrapper)).and_then(Value::as_object);
        Ok(record.cloned().ok_or_else(|| Reason {
            code: "not_found".into(),
            field: String::new(),
            message: message!("attempt.not_found", id = id),
        }))
    }

    /// Makes a write until its outcome is known or in doubt; none when it was not sent and the run stops.
    #[expect(clippy::too_many_arguments, reason = "what a request is made of, all of it different in type")]
    async fn write(
        &self,
        pending: &PendingWrite,
        mut permit: Permit<'_>,
        method: Method,
        address: &Url,
        body: &Bytes,
        expected: &Expected,
        attempts: &mut u32,
    ) -> Result<Option<Written>> {
        let mut connection_waits = waits(CONNECTION_ATTEMPTS - 1);
        let mut busy = 0;
        loop {
            *attempts += 1;
            let sent = self.client.write(method, address, body.clone(), pending.request_id).await?;
            let wait = match sent {
                Sent::Lost(why) => {
                    permit.on_overload();
                    return Ok(Some(Written::InDoubt(why)));
                }
                Sent::NotSent(why) => {
                    permit.on_overload();
                    match connection_waits.next() {
                        Some(wait) => wait,
                        // A server that never answered is not down but somewhere else.
                        None if !self.client.was_answered() => {
                            return Err(Error::cannot_run(message!(
                                "attempt.unreachable",
                                host = self.client.target().host(),
                                why = why
                            ))
                            .hint(message!("api.unreachable_hint")));
                        }
                        None => return Err(down(why)),
                    }
                }
                Sent::Answered(answer) => match self.client.classify(&answer, expected, body) {
                    Outcome::Busy { wait } => {
                        permit.on_overload();
                        busy += 1;
                        if busy > BUSY_ATTEMPTS {
                            return Err(down(message!("attempt.busy")));
                        }
                        // Whoever is next waits as well, not this row alone.
                        self.client.limiter().hold(wait.unwrap_or(BUSY_WAIT));
                        Duration::ZERO
                    }
                    outcome => return self.settle(outcome, &permit, method, address),
                },
            };
            drop(permit);
            let again = async {
                tokio::time::sleep(wait).await;
                self.client.limiter().acquire().await
            };
            permit = tokio::select! {
                permit = again => permit,
                // The last attempt was certainly not processed, so the row is as if it had never been sent.
                () = self.stop.stopped() => return Ok(None),
            };
            self.client.count_retry();
        }
    }

    fn settle(&self, outcome: Outcome, permit: &Permit<'_>, method: Method, address: &Url) -> Result<Option<Written>> {
        let stopped = |error: Error| Err(error);
        match outcome {
            Outcome::Done { id } => {
                permit.on_success();
                self.accepted.store(true, Ordering::Relaxed);
                Ok(Some(Written::Done(id)))
            }
            Outcome::Rejected(rejection) => {
                permit.on_success();
                Ok(Some(Written::Rejected(rejection)))
            }
            Outcome::Unknown(why) => {
                permit.on_overload();
                Ok(Some(Written::InDoubt(why)))
            }
            Outcome::Forbidden(rejection) if self.accepted.load(Ordering::Relaxed) => {
                Ok(Some(Written::Rejected(rejection)))
            }
            Outcome::Forbidden(rejection) => {
                stopped(api::denied(403, &format!("{} {}", rejection.code, rejection.message)))
            }
            Outcome::LoginRejected(rejection) => {
                stopped(api::denied(401, &format!("{} {}", rejection.code, rejection.message)))
            }
            Outcome::NoSuchPath(rejection) => stopped(
                Error::cannot_run(message!(
                    "attempt.no_such_path",
                    method = format!("{method:?}").to_uppercase(),
                    path = address.path(),
                    message = rejection.message
                ))
                .hint(message!("attempt.no_such_path_hint")),
            ),
            Outcome::Moved(to) => stopped(
                Error::cannot_run(message!("api.moved", path = address.path(), to = to))
                    .hint(message!("api.moved_hint")),
            ),
            // Waited for and sent again by the caller.
            Outcome::Busy { .. } => Ok(None),
        }
    }
}

/// What came of a write.
enum Written {
    Done(Option<String>),
    Rejected(Rejection),
    InDoubt(Message),
}

fn resend(members: &mut Map<String, Value>, fields: &[String], record: &Map<String, Value>) {
    for field in fields {
        let value = record.get(field).map(as_text).unwrap_or_default();
        if !members.contains_key(field) && !value.is_empty() && value != "0" {
            members.insert(field.clone(), Value::String(value.into_owned()));
        }
    }
}

/// A read that failed leaves nothing in doubt, so the run only halts.
fn halting(error: Error) -> Error {
    match error.kind() {
        ErrorKind::CannotRun => down(error.into_message()),
        _ => error,
    }
}

fn reason_of(rejection: Rejection) -> Reason {
    Reason { code: rejection.code, field: String::new(), message: rejection.message.into() }
}

fn failed_for(reason: Reason) -> End {
    End { status: Status::Failed, id: None, reason: Some(Box::new(reason)) }
}

fn failed(rejection: Rejection) -> End {
    failed_for(reason_of(rejection))
}

fn in_doubt(why: Message) -> End {
    let reason =
        Reason { code: "in_doubt".into(), field: String::new(), message: message!("attempt.in_doubt", why = why) };
    End { status: Status::Unknown, id: None, reason: Some(Box::new(reason)) }
}
