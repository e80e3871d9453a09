//! Names beside ids: who an agent, a group, a customer or a company is, read from the lists of the mirror.

use std::collections::HashMap;

use serde_json::Value;

use super::record::{ids_of, is_deleted};
use crate::api::as_text;
use crate::entity::Entity;
use crate::error::Result;
use crate::mirror::{Key, List, Mirror};
use crate::t;

/// Names kept at hand for each entity; beyond it they are looked up again, so that memory does not grow.
const AT_HAND: usize = 20_000;

/// Names of the records of several entities.
#[derive(Debug)]
pub struct Names<'a> {
    mirror: &'a Mirror,
    lists: HashMap<String, NameList<'a>>,
}

#[derive(Debug)]
struct NameList<'a> {
    entity: &'a Entity,
    list: List,
    at_hand: HashMap<String, String>,
}

impl<'a> Names<'a> {
    /// Names out of these lists.
    pub fn new(mirror: &'a Mirror, lists: Vec<(&'a Entity, List)>) -> Self {
        let named = |(entity, list): (&'a Entity, List)| {
            (entity.name.clone(), NameList { entity, list, at_hand: HashMap::new() })
        };
        Names { mirror, lists: lists.into_iter().map(named).collect() }
    }

    /// Whether names of this entity are known at all.
    pub fn knows(&self, entity: &str) -> bool {
        self.lists.contains_key(entity)
    }

    /// The names of one or several ids, comma-separated.
    ///
    /// # Errors
    /// A mirror that cannot be read.
    pub fn of(&mut self, entity: &str, ids: &str, into: &mut String) -> Result<()> {
        let mirror = self.mirror;
        let Some(list) = self.lists.get_mut(entity) else {
            return Ok(());
        };
        let mut is_first = true;
        for id in ids_of(ids) {
            if !std::mem::take(&mut is_first) {
                into.push(',');
            }
            if let Some(name) = list.at_hand.get(id) {
                into.push_str(name);
                continue;
            }
            let name = list.look_up(mirror, id)?;
            into.push_str(&name);
            if list.at_hand.len() >= AT_HAND {
                list.at_hand.clear();
            }
            list.at_hand.insert(id.to_owned(), name);
        }
        Ok(())
    }
}

impl NameList<'_> {
    /// The name of an id; of one who left, with a word about it; of one who is not known, the id and that.
    fn look_up(&self, mirror: &Mirror, id: &str) -> Result<String> {
        let Some(body) = mirror.get(&self.list, &Key::of(id))? else {
            return Ok(t!("projection.name_unknown", id = id).into_owned());
        };
        let record: Value = serde_json::from_slice(&body).unwrap_or_default();
        let name = self.entity.display.as_ref().and_then(|name| record.get(name)).map(as_text).unwrap_or_default();
        let name = if name.trim().is_empty() { id } else { name.trim() };
        Ok(match is_deleted(self.entity, &record) {
            true => t!("projection.name_left", name = name).into_owned(),
            false => name.to_owned(),
        })
    }
}
