//! What a checked record asks of the service: which request, at which address, with which body, and what has to be looked
//! at before or after it.

use bytes::Bytes;
use http::Uri;
use rust_i18n::t;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use super::check::Record;
use super::mapping::Plan;
use crate::api::{Expected, Target, uri};
use crate::entity::{Catalog, Endpoint, Entity, Kind, Method};
use crate::error::{Error, Result};

/// Whether rows become new records or change old ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Mode {
    /// Every row becomes a new record.
    #[default]
    Create,
    /// Every row names a record by its id and changes it.
    Update,
}

impl Mode {
    /// The word in journals and on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Mode::Create => "create",
            Mode::Update => "update",
        }
    }

    /// What rows have to hold to be written so.
    pub fn entity(self, entity: &Entity) -> Entity {
        match self {
            Mode::Create => entity.clone(),
            Mode::Update => entity.for_update(),
        }
    }
}

/// What one row asks for.
#[derive(Debug, Clone)]
pub enum Job {
    /// One write with this body.
    Write {
        /// The JSON body.
        body: Bytes,
        /// What to look at when the service says "there already".
        look_up: Option<Box<LookUp>>,
    },
    /// A change of the record with this id, whose body needs members of the record as it is.
    Change {
        /// The record's id.
        id: String,
        /// Members to send.
        members: Map<String, Value>,
    },
    /// A change of a record's tags: read, changed, written back.
    Tags(Box<TagEdit>),
}

/// How to find what is there already.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LookUp {
    /// Query of the look-up.
    pub by: Vec<(String, String)>,
    /// Values that have to agree.
    pub same: Vec<(String, String)>,
}

/// A change of one record's tags.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TagEdit {
    /// Name of the record's entity.
    pub entity: String,
    /// The record's id.
    pub id: String,
    /// Tags to add.
    pub add: Vec<String>,
    /// Tags to remove.
    pub remove: Vec<String>,
    /// Tags that replace all others; nothing is replaced when it is empty.
    pub set: Vec<String>,
}

impl TagEdit {
    /// The tag text after the change, in the order the tags were in; new ones at the end.
    pub fn apply(&self, current: &str) -> String {
        let kept = split_tags(current).filter(|_| self.set.is_empty());
        let mut tags: Vec<&str> = Vec::new();
        for tag in kept.chain(self.set.iter().map(String::as_str)).chain(self.add.iter().map(String::as_str)) {
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        tags.retain(|tag| !self.remove.iter().any(|removed| removed == tag));
        tags.join(",")
    }
}

/// The tags of a record's tag text.
pub fn split_tags(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|tag| !tag.is_empty())
}

/// Whether rows that write to the same record must not run at the same time.
pub fn one_writer(entity: &Entity, mode: Mode) -> bool {
    mode == Mode::Update || entity.edits.is_some() || entity.conflict.is_some()
}

/// Makes the requests of one entity.
#[derive(Debug)]
pub struct Requests<'a> {
    entity: &'a Entity,
    mode: Mode,
    wrap: Option<String>,
    scratch: Vec<u8>,
}

impl<'a> Requests<'a> {
    /// The requests that write records of `entity`.
    ///
    /// # Errors
    /// An entity that cannot be written so.
    pub fn new(entity: &'a Entity, mode: Mode) -> Result<Self> {
        let endpoint = match mode {
            _ if entity.edits.is_some() => None,
            Mode::Create => Some(entity.endpoint("create").ok_or_else(|| cannot_write(entity))?),
            Mode::Update if entity.id.is_none() => return Err(cannot_update(entity)),
            Mode::Update => Some(entity.endpoint("update").ok_or_else(|| cannot_update(entity))?),
        };
        Ok(Requests { entity, mode, wrap: endpoint.and_then(|endpoint| endpoint.wrap.clone()), scratch: Vec::new() })
    }

    /// What a record without findings asks for.
    pub fn job(&mut self, plan: &Plan, record: &Record) -> Job {
        if let Some(edits) = &self.entity.edits {
            let value = |field: &str| record.value(plan, field).unwrap_or_default();
            let tags = |field: &str| split_tags(value(field)).map(str::to_owned).collect();
            return Job::Tags(Box::new(TagEdit {
                entity: value(&edits.entity).to_owned(),
                id: value(&edits.record).to_owned(),
                add: tags(&edits.add),
                remove: tags(&edits.remove),
                set: tags(&edits.set),
            }));
        }
        self.scratch.clear();
        if self.mode == Mode::Update {
            record.write_body(plan, None, &mut self.scratch);
            // The body was written as a JSON object a moment ago.
            let members = serde_json::from_slice(&self.scratch).unwrap_or_default();
            let id = self.entity.id.as_ref().and_then(|id| record.value(plan, id)).unwrap_or_default();
            return Job::Change { id: id.to_owned(), members };
        }
        record.write_body(plan, self.wrap.as_deref(), &mut self.scratch);
        let values = |fields: &[String]| {
            fields
                .iter()
                .filter_map(|field| record.value(plan, field).map(|value| (field.clone(), value.to_owned())))
                .collect()
        };
        let look_up = self
            .entity
            .conflict
            .as_ref()
            .map(|conflict| Box::new(LookUp { by: values(&conflict.by), same: values(&conflict.same) }));
        Job::Write { body: Bytes::copy_from_slice(&self.scratch), look_up }
    }
}

/// Where writes of one entity go and what comes back.
#[derive(Debug, Clone)]
pub struct Route {
    /// HTTP method.
    pub method: Method,
    /// Path with `{id}` in it, or without.
    pub path: String,
    /// The address, when the path needs no id.
    pub address: Uri,
    /// Member the record is wrapped in.
    pub wrap: Option<String>,
    /// What an answer looks like.
    pub expected: Expected,
    /// Members an update has to send again.
    pub resend: Vec<String>,
}

impl Route {
    /// The route of an endpoint.
    ///
    /// # Errors
    /// A path that cannot be part of an address.
    pub fn new(target: &Target, catalog: &Catalog, entity: &Entity, endpoint: &Endpoint) -> Result<Route> {
        let list = entity.endpoint("list").and_then(|list| list.answer.clone());
        let get = entity.endpoint("get").and_then(|get| get.answer.clone());
        let mut wrappers: Vec<String> =
            [endpoint.answer.clone(), endpoint.wrap.clone(), get, list].into_iter().flatten().collect();
        wrappers.dedup();
        Ok(Route {
            method: endpoint.method,
            path: endpoint.path.clone(),
            address: uri(&target.address(&endpoint.path))?,
            wrap: endpoint.wrap.clone(),
            expected: Expected {
                wrappers,
                id: entity.id.clone(),
                unknown_path_code: catalog.service.error.unknown_path_code.clone(),
                secrets: entity.fields.iter().filter(|field| field.secret).map(|field| field.name.clone()).collect(),
            },
            resend: endpoint.resend.clone(),
        })
    }

    /// The address for a record's id.
    pub fn address_of(&self, target: &Target, id: &str) -> Url {
        target.address(&self.path.replace("{id}", &encoded(id)))
    }

    /// The body that carries `members`.
    pub fn body(&self, members: Map<String, Value>) -> Bytes {
        let document = match &self.wrap {
            None => Value::Object(members),
            Some(wrap) => Value::Object(Map::from_iter([(wrap.clone(), Value::Object(members))])),
        };
        Bytes::from(document.to_string())
    }
}

/// An id as part of a path. Checked ids are digits; an overlay may allow others.
fn encoded(id: &str) -> String {
    url::form_urlencoded::byte_serialize(id.as_bytes()).collect()
}

/// Whether a value the service gives back is the one that was sent, as a person would say: order of tags and ids, spaces,
/// line ends, `.0` and a missing time of midnight aside.
pub fn is_same_value(kind: Kind, sent: &str, got: &str) -> bool {
    let list = |text: &str| {
        let mut items: Vec<String> = split_tags(text).map(str::to_owned).collect();
        items.sort();
        items
    };
    let sent = sent.trim().replace("\r\n", "\n");
    let got = got.trim().replace("\r\n", "\n");
    sent == got
        || match kind {
            Kind::Tags | Kind::Ids => list(&sent) == list(&got),
            Kind::Decimal | Kind::Integer => {
                matches!((sent.parse::<f64>(), got.parse::<f64>()), (Ok(sent), Ok(got)) if sent == got)
            }
            Kind::Date | Kind::DateTime => {
                let day = |text: &str| text.strip_suffix(" 00:00:00").unwrap_or(text).to_owned();
                day(&sent) == day(&got)
            }
            _ => false,
        }
}

fn cannot_write(entity: &Entity) -> Error {
    Error::usage(t!("import.cannot_write", entity = entity.name)).hint(t!("import.cannot_write_hint"))
}

fn cannot_update(entity: &Entity) -> Error {
    Error::usage(t!("import.cannot_update", entity = entity.name)).hint(t!("import.cannot_update_hint"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(add: &[&str], remove: &[&str], set: &[&str]) -> TagEdit {
        let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
        TagEdit { entity: "customers".into(), id: "1".into(), add: owned(add), remove: owned(remove), set: owned(set) }
    }

    #[test]
    fn tags_are_added_removed_and_set() {
        assert_eq!(edit(&["c", "a"], &[], &[]).apply("a, b"), "a,b,c");
        assert_eq!(edit(&["c"], &["a"], &[]).apply("a,b"), "b,c");
        assert_eq!(edit(&[], &["z"], &[]).apply("a,b"), "a,b");
        assert_eq!(edit(&[], &[], &["x", "y"]).apply("a,b"), "x,y");
        assert_eq!(edit(&[], &["a"], &[]).apply("a"), "");
    }

    #[test]
    fn values_are_compared_as_a_person_would() {
        assert!(is_same_value(Kind::Tags, "a,b", "b, a"));
        assert!(!is_same_value(Kind::Tags, "a,b", "a"));
        assert!(is_same_value(Kind::Decimal, "1.50", "1.5"));
        assert!(is_same_value(Kind::Date, "2026-01-05", "2026-01-05 00:00:00"));
        assert!(is_same_value(Kind::Text, "a\r\nb ", "a\nb"));
        assert!(!is_same_value(Kind::Mobile, "013000000000", "13000000000"));
    }
}
