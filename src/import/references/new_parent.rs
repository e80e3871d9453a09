//! Records that rows refer to and that the account does not have: they are made before the rows, each once.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::check::duplicates::push_cleaned_part;
use crate::entity::Entity;
use crate::text::{clean, shorten};

/// Most characters of what a record is called that are shown.
const SHOWN: usize = 40;

/// A record that a row refers to and that is to be made before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::import) struct NewParent {
    /// The field of the row that takes its id.
    pub field: String,
    /// Name of its entity.
    pub entity: String,
    /// What it says: fields and texts.
    pub says: Vec<(String, String)>,
}

/// What records are known by that say the same: width, case and spaces make no difference.
pub(in crate::import) type ParentKey = [u8; 16];

impl NewParent {
    /// What it is known by among those that are to be made.
    pub(in crate::import) fn key(&self, entity: &Entity) -> ParentKey {
        let mut key = self.entity.clone().into_bytes();
        for (name, text) in &self.says {
            key.push(0xff);
            key.extend_from_slice(name.as_bytes());
            key.push(0xfe);
            match entity.field(name) {
                Some(field) => push_cleaned_part(field, text.trim(), &mut key),
                None => key.extend_from_slice(text.trim().as_bytes()),
            }
        }
        let digest = Sha256::digest(&key);
        let mut short = [0; 16];
        short.copy_from_slice(&digest[..16]);
        short
    }

    /// What it is called, for a person.
    pub(in crate::import) fn shown(&self) -> String {
        let texts: Vec<&str> = self.says.iter().map(|(_, text)| text.trim()).collect();
        clean(&shorten(&texts.join(" "), SHOWN)).into_owned()
    }
}

/// The records that are there now, by what they are known by: their ids, and whether this run has made them.
#[derive(Debug, Default)]
pub(in crate::import) struct Made {
    ids: HashMap<ParentKey, (String, bool)>,
    /// Those that an earlier run has made, and that the account's list does not show: their entities and ids.
    remembered: Vec<(ParentKey, String, String)>,
}

impl Made {
    /// A record is there: made for the rows, or found.
    pub(in crate::import) fn add(&mut self, key: ParentKey, id: String, is_new: bool) {
        self.ids.insert(key, (id, is_new));
    }

    /// A record was made by an earlier run: it is there if the service shows it by its id.
    pub(in crate::import) fn remember(&mut self, key: ParentKey, entity: &str, id: String) {
        self.remembered.push((key, entity.to_owned(), id));
    }

    /// Takes those that are remembered, to be looked at.
    pub(in crate::import) fn take_remembered(&mut self) -> Vec<(ParentKey, String, String)> {
        std::mem::take(&mut self.remembered)
    }

    /// The id of a record, and whether it was made for the rows.
    pub(in crate::import) fn get(&self, key: &ParentKey) -> Option<(&str, bool)> {
        self.ids.get(key).map(|(id, is_new)| (id.as_str(), *is_new))
    }
}
