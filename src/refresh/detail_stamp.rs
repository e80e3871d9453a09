//! What was asked for one record is kept with what the list said of the record then, and when it was asked: that tells how long
//! it stands in for asking again.

use jiff::ToSpan;
use serde_json::Value;

use super::record_key;
use super::refresher::Refresher;
use crate::api::as_text;
use crate::entity::{Entity, Service};
use crate::mirror::List;
use crate::projection::moment::{self, Moment};
use crate::projection::service_time;

/// Hours between a record's last change and the question, before which another change may have come in the same moment or by a
/// clock that goes otherwise.
const QUIET_HOURS: i64 = 1;
/// How long an export that was broken off goes on with what it asked for of records that do not tell when they were changed, in
/// seconds.
const RESUMED_SECONDS: i64 = 24 * 60 * 60;

/// What is kept with the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailStamp {
    /// A hash of what the list said of the record.
    hash: String,
    /// When it was asked, by the service's clock (Unix seconds).
    asked: i64,
}

impl DetailStamp {
    /// Of a record that is asked for now.
    pub(super) fn new(record: &Value, now: i64) -> Self {
        DetailStamp { hash: record_key::hash(record), asked: now }
    }

    /// As it is kept. Of what an earlier state of the program kept nobody knows when it was asked.
    pub fn read(text: &str) -> Self {
        let (hash, asked) = text.split_once(' ').unwrap_or((text, ""));
        DetailStamp { hash: hash.to_owned(), asked: asked.parse().unwrap_or(0) }
    }

    /// The same as a text.
    pub(super) fn text(&self) -> String {
        format!("{} {}", self.hash, self.asked)
    }

    /// Whether the list said then what it says of the record now.
    pub fn is_of(&self, record: &Value) -> bool {
        self.hash == record_key::hash(record)
    }
}

impl Refresher<'_> {
    /// Whether what was asked for a record is still what would be answered: the list says the same of it, and it would say
    /// otherwise had the record been changed since.
    pub(super) fn still_stands(&self, entity: &Entity, list: &List, record: &Value, stamp: &DetailStamp) -> bool {
        if !stamp.is_of(record) {
            return false;
        }
        let service = self.client.service();
        let is_quiet = last_change(entity, record, service).is_some_and(|changed| {
            changed.end().saturating_add(QUIET_HOURS.hours()) < service_time(stamp.asked, service)
        });
        let now = self.by_service_clock(self.now());
        let is_resumed = list.began.is_some_and(|began| stamp.asked > self.by_service_clock(began));
        is_quiet || is_resumed && now.saturating_sub(stamp.asked) < RESUMED_SECONDS
    }
}

/// When a record says that it was changed last, or happened where it is of things that happen once.
fn last_change(entity: &Entity, record: &Value, service: &Service) -> Option<Moment> {
    let told = |member: &Option<String>| Some(as_text(record.get(member.as_ref()?)?));
    let happens_once = entity.endpoint("list").is_some_and(|endpoint| endpoint.window.is_some());
    match told(&entity.updated) {
        Some(text) if moment::is_unset(&text) => moment::read(&told(&entity.created)?, service),
        Some(text) => moment::read(&text, service),
        None if happens_once => moment::read(&told(&entity.created)?, service),
        None => None,
    }
}
