//! Trust the account, then verify: the first row of a run, and few others that between them fill as many columns as possible,
//! are read back and compared, field by field. What the service dropped or changed is shown before thousands of rows follow.

use serde_json::{Map, Value};

use super::change::RecordChange;
use super::operation::{Members, WriteOperation};
use super::plan::PendingWrite;
use super::route::Access;
use super::row_sender::RowSender;
use super::sent_members::{is_stored, sent_members, value_of, values};
use crate::api::as_text;
use crate::entity::Field;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{Operation, Reason, Status};
use crate::language::Language;
use crate::message;
use crate::message::Message;
use crate::t;
use crate::text::{clean, shorten};

/// The record a row is about to change, as it is now; none when the row makes a new one.
///
/// # Errors
/// The service cannot be reached.
pub(super) async fn before(sender: &RowSender<'_>, pending: &PendingWrite) -> Result<Option<Map<String, Value>>> {
    let id = match &pending.operation {
        WriteOperation::Write { .. } | WriteOperation::Draft(_) | WriteOperation::LookedUp { .. } => return Ok(None),
        WriteOperation::Change { id, .. } => id,
        WriteOperation::Tags(edit) => &edit.id,
    };
    match sender.access_of(&pending.operation) {
        Some(access) => Ok(sender.read_for_row(access, id).await?.ok()),
        None => Ok(None),
    }
}

/// What reading a row's record shows.
#[derive(Debug)]
pub(super) enum Comparison {
    /// Everything arrived; these fields were compared.
    Same { id: String, fields: Vec<String> },
    /// Nothing could be compared, and why.
    None(String),
    /// The record is another one than was sent.
    Differs { id: String, differences: Vec<Difference> },
    /// The service said that it was done, and has nothing of it.
    Missing,
}

/// A field that is not as it was sent, or changed though it was not named.
#[derive(Debug)]
pub(super) struct Difference {
    /// Its label.
    pub label: String,
    /// What was sent, or what was there before.
    pub sent: String,
    /// What is there; nothing when the field is not.
    pub got: Option<String>,
    /// Whether it was sent; else it changed besides.
    pub is_sent: bool,
}

impl Difference {
    /// For a person.
    pub(super) fn text(&self) -> String {
        let Difference { label, sent, got, is_sent } = self;
        let shown = |text: &str| clean(&shorten(text, 60)).into_owned();
        let sent = shown(sent);
        match (got.as_deref().map(shown), is_sent) {
            (None, true) => t!("canary.dropped", field = label, sent = sent),
            (None, false) => t!("canary.lost_besides", field = label, sent = sent),
            (Some(got), true) => t!("canary.changed", field = label, sent = sent, got = got),
            (Some(got), false) => t!("canary.changed_besides", field = label, sent = sent, got = got),
        }
        .into_owned()
    }
}

/// Reads a row's record back and compares it with what was sent.
///
/// # Errors
/// The service cannot be reached.
pub(super) async fn compare(
    sender: &RowSender<'_>,
    pending: &PendingWrite,
    operation: &Operation,
    before: Option<&Map<String, Value>>,
) -> Result<Comparison> {
    let row = operation.row.number;
    let Some(access) = sender.access_of(&pending.operation) else { return Ok(Comparison::None(String::new())) };
    if operation.status == Status::Unchanged || operation.status == Status::Skipped {
        return Ok(Comparison::None(String::new()));
    }
    if let WriteOperation::Write { look_up: Some(look_up), .. } = &pending.operation
        && operation.status == Status::Created
        && access.entity.id.is_none()
    {
        let named: Vec<&str> = look_up.by.iter().map(|(_, value)| value.as_str()).collect();
        let has = match sender.has(look_up).await {
            Err(error) if error.kind() == ErrorKind::Denied => None,
            has => has?,
        };
        return Ok(match has {
            Some(true) => {
                let fields = look_up.same.iter().map(|(field, _)| field.clone()).collect();
                Comparison::Same { id: clean(&named.join(" ")).into_owned(), fields }
            }
            Some(false) => Comparison::Missing,
            None => Comparison::None(t!("canary.no_id", row = row).into_owned()),
        });
    }
    let Some(id) = &operation.id else { return Ok(Comparison::None(t!("canary.no_id", row = row).into_owned())) };
    let after = match sender.read(access, id).await {
        // It could be written, and may not be read: another row would show nothing more.
        Err(error) if error.kind() == ErrorKind::Denied => {
            let why = error.message();
            return Ok(Comparison::None(t!("canary.refused", row = row, id = id, why = why).into_owned()));
        }
        after => after?,
    };
    let Ok(after) = after else {
        return Ok(Comparison::None(t!("canary.not_found", row = row, id = id).into_owned()));
    };
    sender.see_tags(&access.entity, &after);
    let sent = sent_values(access, &pending.operation, before);
    let (mut differences, mut fields) = (Vec::new(), Vec::new());
    for (name, value) in &sent {
        let field = access.entity.field(name);
        // A secret is rarely given back, and a reply is no part of its ticket, which proves nothing.
        if field.is_some_and(|field| !field.is_comparable()) {
            continue;
        }
        fields.push(name.clone());
        let got = value_of(&after, name, &access.custom);
        if !is_stored(field, value, got.as_deref()) {
            differences.push(difference(field, name, value, got, true));
        }
    }
    if let Some(before) = before {
        differences.extend(side_effects(access, before, &after, &sent));
    }
    Ok(match differences.is_empty() {
        true => Comparison::Same { id: id.clone(), fields },
        false => Comparison::Differs { id: id.clone(), differences },
    })
}

/// The error that stops a run whose record is another one than was sent.
pub(super) fn lost(row: u64, id: &str, differences: &[Difference], is_first: bool) -> Error {
    let losses = differences.iter().map(|difference| Message::from(difference.text()));
    let losses = Message::joined("canary.losses", losses).unwrap_or_default();
    let hint = if is_first { message!("canary.lost_hint") } else { message!("canary.lost_later_hint") };
    Error::stopped(message!("canary.lost", row = row, id = id, losses = losses)).hint(hint)
}

/// The error that stops a run whose row is not there although the service said that it was done.
pub(super) fn missing(row: u64) -> Error {
    Error::stopped(message!("canary.missing", row = row)).hint(message!("canary.missing_hint"))
}

/// What is said of such a row: nobody knows what becomes of it.
pub(super) fn word_of_missing() -> Reason {
    Reason { code: "not_there_yet".to_owned(), field: String::new(), message: message!("canary.not_there") }
}

/// What is said of a row whose record is another one than was sent.
pub(super) fn word_of(differences: &[Difference]) -> Reason {
    let losses = differences.iter().map(|difference| Message::from(difference.text()));
    let losses = Message::joined("import.and_rule", losses).unwrap_or_default();
    let message = message!("canary.stored_otherwise", losses = losses);
    Reason { code: "stored_otherwise".to_owned(), field: String::new(), message }
}

/// The error that stops a run when a row's record lacks tags that were sent.
pub(super) fn lost_tags(operation: &Operation, why: &Reason) -> Error {
    let (row, id) = (operation.row.number, operation.id.as_deref().unwrap_or_default());
    let losses = why.message.clone();
    Error::stopped(message!("canary.lost", row = row, id = id, losses = losses))
        .hint(message!("canary.lost_later_hint"))
}

/// Names and values a row sends; custom fields under their keys.
pub(super) fn sent_values(
    access: &Access,
    operation: &WriteOperation,
    before: Option<&Map<String, Value>>,
) -> Vec<(String, String)> {
    match operation {
        // A new record is kept as the body it was written into; one row of a run is read from it again.
        WriteOperation::Write { body, .. } => sent_members(&access.entity, body, &access.custom),
        WriteOperation::Draft(members) | WriteOperation::LookedUp { members, .. } => members.to_vec(),
        WriteOperation::Change { cells, .. } => {
            let members = match before {
                Some(record) => RecordChange::new(&access.entity, &access.custom, cells, record).members,
                None => Members::of(cells),
            };
            members.to_vec()
        }
        WriteOperation::Tags(edit) => {
            let Some(tags) = &access.entity.tags else { return Vec::new() };
            let current = before.and_then(|record| record.get(tags)).map(as_text).unwrap_or_default();
            vec![(tags.clone(), edit.apply(&current))]
        }
    }
}

fn difference(field: Option<&Field>, name: &str, sent: &str, got: Option<String>, is_sent: bool) -> Difference {
    let label = field.map_or(name, |field| field.label(Language::current()));
    Difference { label: label.to_owned(), sent: sent.to_owned(), got, is_sent }
}

/// Members that changed although they were not named; those the service keeps itself aside.
fn side_effects(
    access: &Access,
    before: &Map<String, Value>,
    after: &Map<String, Value>,
    sent: &[(String, String)],
) -> Vec<Difference> {
    values(before, &access.custom)
        .into_iter()
        .filter(|(name, _)| !sent.iter().any(|(named, _)| named == name))
        .filter(|(name, _)| access.entity.field(name).is_none_or(|field| !field.read_only))
        .filter_map(|(name, value)| {
            let field = access.entity.field(&name);
            let got = value_of(after, &name, &access.custom);
            let is_secret = field.is_some_and(|field| field.secret);
            (!is_secret && !is_stored(field, &value, got.as_deref()))
                .then(|| difference(field, &name, &value, got, false))
        })
        .collect()
}
