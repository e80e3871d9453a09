//! Members of records that the catalog does not know: tables have no column for them unless they are named, and say so.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use serde_json::Value;

use super::options::ExportOptions;
use crate::api::says_nothing;
use crate::entity::{Custom, Entity, Part};
use crate::projection::each_custom;
use crate::t;
use crate::text::{clean, shorten};

/// Different members that are told apart.
const MOST: usize = 1_000;
/// Members that a warning names.
const MOST_NAMED: usize = 20;

/// The members of an entity's records that the catalog does not know.
#[derive(Debug, Default)]
pub(super) struct UnknownMembers<'a> {
    custom: Option<&'a Custom>,
    known: HashSet<&'a str>,
    found: BTreeMap<String, u64>,
}

/// A member that the catalog does not know.
#[derive(Debug, Clone, Serialize)]
pub(super) struct UnknownMember {
    /// Its name.
    pub name: String,
    /// Records in which it says something.
    pub records: u64,
}

impl<'a> UnknownMembers<'a> {
    /// Looks for members that are no fields of the entity.
    pub(super) fn of(entity: &'a Entity, custom: &'a Custom) -> Self {
        let fields = entity.fields.iter().map(|field| field.name.as_str());
        UnknownMembers { custom: Some(custom), known: fields.collect(), found: BTreeMap::new() }
    }

    /// Looks for members that are no fields of the parts of an entity's records.
    pub(super) fn of_part(entity: &'a Entity, part: &'a Part) -> Self {
        let fields = part.fields.iter().map(|field| &field.name).chain(&entity.id);
        UnknownMembers { custom: None, known: fields.map(String::as_str).collect(), found: BTreeMap::new() }
    }

    /// Looks through a record.
    pub(super) fn look_through(&mut self, record: &Value, detail: Option<&Value>) {
        let members = detail.into_iter().chain([record]).filter_map(Value::as_object);
        let mut before: Option<&serde_json::Map<String, Value>> = None;
        for members in members {
            for (name, value) in members {
                let is_new = before.is_none_or(|before| !before.contains_key(name));
                if self.known.contains(name.as_str())
                    || says_nothing(value)
                    || !is_new
                    || self.is_custom_and_read(name, value)
                {
                    continue;
                }
                if let Some(records) = self.found.get_mut(name) {
                    *records += 1;
                } else if self.found.len() < MOST {
                    self.found.insert(name.clone(), 1);
                }
            }
            before = Some(members);
        }
    }

    /// Whether a member holds the custom fields, in a form in which each of them is found.
    fn is_custom_and_read(&self, name: &str, value: &Value) -> bool {
        let custom = self.custom.filter(|custom| custom.member == name);
        custom.is_some_and(|custom| each_custom(Some(value), custom, &mut |_, _| {}))
    }

    /// What was found.
    pub(super) fn found(self) -> Vec<UnknownMember> {
        self.found.into_iter().map(|(name, records)| UnknownMember { name, records }).collect()
    }
}

/// What the user of a table should know of members that are in none of its columns.
pub(super) fn warning(options: &ExportOptions<'_>, found: &[UnknownMember]) -> Option<String> {
    if found.is_empty() || options.is_as_it_came() || !options.columns.is_empty() {
        return None;
    }
    let name = |member: &UnknownMember| clean(&shorten(&member.name, 60)).into_owned();
    let mut names: Vec<String> = found.iter().take(MOST_NAMED).map(name).collect();
    if found.len() > MOST_NAMED {
        names.push("…".to_owned());
    }
    Some(t!("export.unknown_members", members = names.join(", ")).into_owned())
}
