//! A record compared with what was sent to it: what the service dropped, what it changed, and what changed though it was not
//! named.

use serde_json::{Map, Value};

use super::change::RecordChange;
use super::operation::{Members, WriteOperation};
use super::route::Access;
use super::sent_members::{is_blank, is_stored, sent_members, value_of, values};
use crate::api::as_text;
use crate::entity::{Entity, Field};
use crate::error::Error;
use crate::journal::{Reason, STORED_OTHERWISE, Status, TAGS_DROPPED};
use crate::language::Language;
use crate::message;
use crate::message::Message;
use crate::t;
use crate::text::{clean, shorten};
use crate::value::tags;

/// A field that is not as it was sent, or changed though it was not named.
#[derive(Debug)]
pub(super) struct Difference {
    /// Its name.
    pub name: String,
    /// Its label.
    pub label: String,
    /// What was sent, or what was there before.
    pub sent: String,
    /// What is there; nothing when the field is not.
    pub got: Option<String>,
    /// Whether it was sent; else it changed besides.
    pub is_sent: bool,
    /// It says what the record said before: nothing was made of what was sent.
    pub is_as_before: bool,
    /// It changed by itself, as a version or a counter does: a member that nobody can write, and no row asked for what it says now.
    pub is_own: bool,
}

impl Difference {
    /// For a person.
    pub(super) fn text(&self) -> String {
        let Difference { label, sent, got, is_sent, .. } = self;
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

    /// Whether something was there that nobody sent anything for, and is gone.
    pub(super) fn is_loss(&self) -> bool {
        !self.is_sent && self.got.as_deref().is_none_or(|got| got.trim().is_empty())
    }
}

/// What it means for a row that its record is another one than was sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The run stops: others would be harmed like it.
    Loss,
    /// The record lacks these of the tags that were sent, comma-separated.
    TagsDropped(String),
    /// Nothing was made of what was sent for these fields, of which the first one is named.
    NotStored { field: String, labels: Message },
    /// It has values of its own.
    Otherwise,
}

/// What differences mean for a row; `alone` whether it is the first of its kind that is looked at, where it went alone for that.
pub(super) fn meaning(
    access: &Access,
    found: &[Difference],
    after: &Map<String, Value>,
    alone: Option<bool>,
) -> Meaning {
    let tags_field = access.entity.tags.as_deref().unwrap_or_default();
    let is_of_tags = |difference: &&Difference| difference.is_sent && difference.name == tags_field;
    let is_tags_alone = found.iter().all(|difference| is_of_tags(&difference));
    if found.iter().any(Difference::is_loss) || alone.is_some_and(|is_first| is_first || !is_tags_alone) {
        return Meaning::Loss;
    }
    let there = after.get(tags_field).map(as_text).unwrap_or_default();
    let sent = found.iter().find(is_of_tags).map_or("", |difference| difference.sent.as_str());
    let dropped: Vec<&str> = tags(sent).filter(|tag| !tags(&there).any(|there| there == *tag)).collect();
    if !dropped.is_empty() {
        return Meaning::TagsDropped(dropped.join(", "));
    }
    let same = || found.iter().filter(|difference| difference.is_as_before);
    let labels = Message::joined("import.and_rule", same().map(|same| Message::from(same.label.clone())));
    match (same().next(), labels) {
        (Some(first), Some(labels)) => Meaning::NotStored { field: first.name.clone(), labels },
        _ => Meaning::Otherwise,
    }
}

/// How a row ends whose record is another one than was sent, and what is said of it: what was not written at all, or lacks tags
/// that were sent, is not done.
pub(super) fn end_of_differing(
    access: &Access,
    status: Status,
    found: &[Difference],
    after: &Map<String, Value>,
) -> (Status, Reason) {
    let entity = &access.entity;
    match meaning(access, found, after, None) {
        Meaning::TagsDropped(tags) if status == Status::Created => {
            (status, without_tags(entity, message!("attempt.tags_dropped_new", tags = clean(&tags))))
        }
        Meaning::TagsDropped(tags) => {
            (Status::Failed, without_tags(entity, message!("attempt.tags_dropped", tags = clean(&tags))))
        }
        // What is new and lacks something is there all the same.
        Meaning::NotStored { field, labels } if status != Status::Created => {
            let message = message!("attempt.not_stored", fields = labels);
            (Status::Failed, Reason { code: "not_stored".to_owned(), field, message })
        }
        Meaning::NotStored { .. } | Meaning::Loss | Meaning::Otherwise => (status, word_of(found)),
    }
}

/// That a record lacks tags that were sent.
pub(super) fn without_tags(entity: &Entity, message: Message) -> Reason {
    Reason { code: TAGS_DROPPED.to_owned(), field: entity.tags.clone().unwrap_or_default(), message }
}

/// The error that stops a run whose record is another one than was sent.
pub(super) fn lost(row: u64, id: &str, differences: &[Difference], is_first: bool) -> Error {
    let losses = differences.iter().map(|difference| Message::from(difference.text()));
    let losses = Message::joined("canary.losses", losses).unwrap_or_default();
    let hint = if is_first { message!("canary.lost_hint") } else { message!("canary.lost_later_hint") };
    Error::stopped(message!("canary.lost", row = row, id = id, losses = losses)).hint(hint)
}

/// What is said of a row whose record is another one than was sent.
pub(super) fn word_of(differences: &[Difference]) -> Reason {
    let losses = differences.iter().map(|difference| Message::from(difference.text()));
    let losses = Message::joined("import.and_rule", losses).unwrap_or_default();
    let message = message!("canary.stored_otherwise", losses = losses);
    Reason { code: STORED_OTHERWISE.to_owned(), field: String::new(), message }
}

/// What is said of a row whose record is not there although the service said so: nobody knows what becomes of it.
pub(super) fn word_of_missing() -> Reason {
    Reason { code: "not_there_yet".to_owned(), field: String::new(), message: message!("canary.not_there") }
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

/// The fields of what was sent that can be compared. A secret is rarely given back, and a reply is no part of its ticket, which
/// proves nothing.
pub(super) fn comparable<'s>(
    access: &'s Access,
    sent: &'s [(String, String)],
) -> impl Iterator<Item = (Option<&'s Field>, &'s str, &'s str)> {
    sent.iter()
        .map(|(name, value)| (access.entity.field(name), name.as_str(), value.as_str()))
        .filter(|(field, ..)| field.is_none_or(Field::is_comparable))
}

/// What is not in a record `after` as it was sent, and what changed besides where it is known what was there before.
pub(super) fn differences(
    access: &Access,
    sent: &[(String, String)],
    before: Option<&Map<String, Value>>,
    after: &Map<String, Value>,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    for (field, name, value) in comparable(access, sent) {
        let got = value_of(after, name, &access.custom);
        if !is_stored(field, value, got.as_deref()) {
            let was = before.map(|before| value_of(before, name, &access.custom).unwrap_or_default());
            let is_as_before = was.is_some_and(|was| is_stored(field, &was, got.as_deref()));
            differences.push(Difference { is_as_before, ..difference(field, name, value, got, true) });
        }
    }
    if let Some(before) = before {
        differences.extend(besides(access, before, sent).filter_map(|(field, name, value)| {
            let got = value_of(after, &name, &access.custom);
            let is_changed = !is_stored(field, &value, got.as_deref());
            // What the catalog does not know, and no custom field is.
            let is_unknown = field.is_none() && (before.contains_key(&name) || name.contains('.'));
            let is_filled = got.as_deref().is_some_and(|got| !got.trim().is_empty());
            let is_asked_for = sent.iter().any(|(_, sent)| !sent.is_empty() && got.as_deref() == Some(sent.as_str()));
            let is_own = is_unknown && is_filled && !is_asked_for;
            is_changed.then(|| Difference { is_own, ..difference(field, &name, &value, got, false) })
        }));
    }
    differences
}

/// What an answer to a change that holds the record, or some of it, shows of the same: what it does not show says nothing.
pub(super) fn differences_shown(
    access: &Access,
    sent: &[(String, String)],
    before: &Map<String, Value>,
    shown: &Map<String, Value>,
) -> Vec<Difference> {
    let has_custom = shown.get(&access.custom.member).is_some_and(Value::is_array);
    let is_shown = |name: &str| match access.entity.field(name) {
        Some(field) if !field.custom => shown.contains_key(name),
        None if name.contains('.') => name.split('.').next().is_some_and(|parent| shown.contains_key(parent)),
        // A custom field, or a member of one.
        _ => shown.contains_key(name) || has_custom && !before.contains_key(name),
    };
    let mut differences = differences(access, sent, Some(before), shown);
    differences.retain(|difference| is_shown(&difference.name) && !difference.is_own);
    differences
}

/// What a write shows of the service: each field that is set or emptied, and each that has something to lose.
pub(super) fn told(access: &Access, sent: &[(String, String)], before: Option<&Map<String, Value>>) -> Vec<String> {
    let of_sent = comparable(access, sent)
        .map(|(field, name, value)| format!("{}{name}", if is_blank(field, value) { '!' } else { '=' }));
    let kept = before.into_iter().flat_map(|before| besides(access, before, sent));
    let kept = kept.filter(|(field, _, value)| !is_blank(*field, value)).map(|(_, name, _)| format!("~{name}"));
    of_sent.chain(kept).collect()
}

/// What is there before a change and not named by it; what the service keeps itself and secrets aside.
pub(super) fn besides<'a>(
    access: &'a Access,
    before: &Map<String, Value>,
    sent: &'a [(String, String)],
) -> impl Iterator<Item = (Option<&'a Field>, String, String)> {
    values(before, &access.custom)
        .into_iter()
        .filter(|(name, _)| !sent.iter().any(|(named, _)| named == name))
        .map(|(name, value)| (access.entity.field(&name), name, value))
        .filter(|(field, ..)| field.is_none_or(|field| !field.read_only && !field.secret))
}

fn difference(field: Option<&Field>, name: &str, sent: &str, got: Option<String>, is_sent: bool) -> Difference {
    let label = field.map_or(name, |field| field.label(Language::current()));
    Difference {
        name: name.to_owned(),
        label: label.to_owned(),
        sent: sent.to_owned(),
        got,
        is_sent,
        is_as_before: false,
        is_own: false,
    }
}
