//! One list of the account, as this command read it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::key_index::{Ids, KeyIndex, fields, hash};
use super::shown::ShownFields;
use crate::api::as_text;
use crate::check::duplicates::each_value;
use crate::entity::{Custom, Entity, Field};
use crate::error::Result;
use crate::message::Message;
use crate::mirror::{Key, List, Mirror};
use crate::projection::{custom_keys, is_deleted};

/// Records looked at together.
const BATCH: usize = 1000;

/// Whether a list is all there is.
#[derive(Debug, Clone)]
pub enum ListProof {
    /// It is proved to be: what is not in it is not there.
    Whole,
    /// It is not, or cannot be proved to be, for this reason: what is in it is there.
    NotWhole(Message),
    /// Nobody can read it, for this reason: the service has no such list, or refuses it.
    CannotBeHad(Message),
}

impl ListProof {
    /// Whether what is not found is not there.
    pub fn is_whole(&self) -> bool {
        matches!(self, ListProof::Whole)
    }

    /// Why it is not whole.
    pub fn why(&self) -> Option<&Message> {
        match self {
            ListProof::Whole => None,
            ListProof::NotWhole(why) | ListProof::CannotBeHad(why) => Some(why),
        }
    }
}

/// One list of the account, as this command read it. Deleted records are not in it.
#[derive(Debug)]
pub struct KnownList<'a> {
    /// What it lists.
    pub entity: &'a Entity,
    /// Whether it is all there is.
    pub proof: ListProof,
    mirror: Rc<Mirror>,
    list: Option<List>,
    indexed: RefCell<Indexed>,
    /// Names of members, and keys of custom fields, that some record has; none before somebody asks.
    carried: RefCell<Option<HashSet<String>>>,
}

/// What was looked for so far.
#[derive(Debug, Default)]
struct Indexed {
    ids: Ids,
    by_fields: Vec<IndexedFields>,
}

/// Records by a set of fields.
#[derive(Debug)]
struct IndexedFields {
    names: Vec<String>,
    index: KeyIndex,
    /// Those that have several values of the one field, by each of them.
    among: KeyIndex,
    /// Why nobody can be found by these fields.
    unseen: Option<Message>,
}

impl<'a> KnownList<'a> {
    /// A list in a mirror; without one, a list that nobody can read.
    pub fn new(entity: &'a Entity, proof: ListProof, mirror: Rc<Mirror>, list: Option<List>) -> Self {
        KnownList { entity, proof, mirror, list, indexed: RefCell::default(), carried: RefCell::default() }
    }

    /// Prepares to find records by each of these sets of fields; one reading of the list serves all of them. What was not
    /// prepared is prepared when it is looked for.
    ///
    /// # Errors
    /// A mirror that cannot be read.
    pub fn index(&self, sets: &[&[&str]]) -> Result<()> {
        let mut indexed = self.indexed.borrow_mut();
        let is_new = |set: &&&[&str]| indexed.of(set).is_none();
        let new: Vec<&[&str]> = sets.iter().filter(is_new).copied().collect();
        if new.is_empty() {
            return Ok(());
        }
        let sets: Vec<Vec<&Field>> = new.iter().map(|set| fields(self.entity, set).unwrap_or_default()).collect();
        let mut indexes: Vec<[KeyIndex; 2]> = sets.iter().map(|_| Default::default()).collect();
        let mut shown: Vec<ShownFields<'_>> = sets.iter().map(|set| ShownFields::of(set)).collect();
        let mut ids = Ids::default();
        self.each(|id, record| {
            let place = ids.add(id);
            shown.iter_mut().for_each(|shown| shown.look_at(record));
            for (set, [index, among]) in sets.iter().zip(&mut indexes) {
                let texts: Option<Vec<_>> = set.iter().map(|field| record.get(&field.name).map(as_text)).collect();
                let texts = texts.filter(|texts| !texts.is_empty());
                let Some(texts) = texts else { continue };
                if let Some(hash) = hash(set, texts.iter().map(|text| &**text)) {
                    index.add(hash, place);
                }
                if let ([field], [text]) = (&set[..], &texts[..]) {
                    let each = each_value(field, text);
                    let hashes = each.into_iter().filter_map(|value| hash(set, [value].into_iter()));
                    hashes.for_each(|hash| among.add(hash, place));
                }
            }
        })?;
        // The list does not change while the command runs, so that places are the same in every reading.
        indexed.ids = ids;
        for ((set, [mut index, mut among]), shown) in new.into_iter().zip(indexes).zip(shown) {
            index.sort();
            among.sort();
            let names = set.iter().map(|name| (*name).to_owned()).collect();
            indexed.by_fields.push(IndexedFields { names, index, among, unseen: shown.unseen() });
        }
        Ok(())
    }

    /// The ids of the records whose fields have these values: width, case and spaces make no difference, nor do the signs in a
    /// telephone number. All else does.
    ///
    /// # Errors
    /// A mirror that cannot be read.
    pub fn find(&self, names: &[&str], values: &[&str]) -> Result<Vec<String>> {
        self.find_in(|of| &of.index, names, values)
    }

    /// The ids of the records that have this number or address in one field, beside others.
    ///
    /// # Errors
    /// A mirror that cannot be read.
    pub fn find_among_several(&self, names: &[&str], values: &[&str]) -> Result<Vec<String>> {
        self.find_in(|of| &of.among, names, values)
    }

    fn find_in(
        &self,
        index: impl Fn(&IndexedFields) -> &KeyIndex,
        names: &[&str],
        values: &[&str],
    ) -> Result<Vec<String>> {
        self.index(&[names])?;
        let indexed = self.indexed.borrow();
        let hash = fields(self.entity, names).and_then(|fields| hash(&fields, values.iter().copied()));
        Ok(match (indexed.of(names), hash) {
            (Some(of), Some(hash)) => index(of).find(hash, &indexed.ids).map(str::to_owned).collect(),
            _ => Vec::new(),
        })
    }

    /// What proves that nobody has these fields who is not found by them: the list's own proof, as long as it shows them.
    ///
    /// # Errors
    /// A mirror that cannot be read.
    pub fn proof_by(&self, names: &[&str]) -> Result<ListProof> {
        self.index(&[names])?;
        let indexed = self.indexed.borrow();
        let unseen = indexed.of(names).and_then(|of| of.unseen.clone());
        Ok(match (&self.proof, unseen) {
            (ListProof::Whole, Some(why)) => ListProof::NotWhole(why),
            (proof, _) => proof.clone(),
        })
    }

    /// Whether some record of the list has a member, or a custom field, of this name.
    ///
    /// # Errors
    /// A mirror that cannot be read.
    pub fn carries(&self, custom: &Custom, name: &str) -> Result<bool> {
        let mut carried = self.carried.borrow_mut();
        if let Some(carried) = &*carried {
            return Ok(carried.contains(name));
        }
        let mut names = HashSet::new();
        self.each(|_, record| {
            let members = record.as_object().into_iter().flat_map(Map::keys).map(|name| Cow::Borrowed(name.as_str()));
            for name in members.chain(custom_keys(record, custom)) {
                if !names.contains(&*name) {
                    names.insert(name.into_owned());
                }
            }
        })?;
        Ok(carried.insert(names).contains(name))
    }

    /// The record with this id, exactly as it is written.
    ///
    /// # Errors
    /// A mirror that cannot be read.
    pub fn record(&self, id: &str) -> Result<Option<Value>> {
        let Some(list) = &self.list else { return Ok(None) };
        let body = self.mirror.get(list, &Key::of(id))?;
        let record: Option<Value> = body.and_then(|body| serde_json::from_slice(&body).ok());
        Ok(record.filter(|record| !is_deleted(self.entity, record)))
    }

    /// Whether the list shows the record with this id as a deleted one.
    ///
    /// # Errors
    /// A mirror that cannot be read.
    pub fn is_marked_deleted(&self, id: &str) -> Result<bool> {
        let Some(list) = &self.list else { return Ok(false) };
        let body = self.mirror.get(list, &Key::of(id))?;
        let record: Option<Value> = body.and_then(|body| serde_json::from_slice(&body).ok());
        Ok(record.is_some_and(|record| is_deleted(self.entity, &record)))
    }

    /// Whether the list shows a record that was made after the one with this id: ids are numbers that rise.
    ///
    /// # Errors
    /// A mirror that cannot be read.
    pub fn has_later(&self, id: &str) -> Result<bool> {
        let (Some(list), true) = (&self.list, id.parse::<i64>().is_ok()) else { return Ok(false) };
        let later = self.mirror.after(list, &Key::of(id), 1)?;
        Ok(later.records.iter().any(|(key, _)| key.rank < i64::MAX))
    }

    /// Calls `with` on the id and the record of each that is not deleted, in the order of ids.
    ///
    /// # Errors
    /// A mirror that cannot be read.
    pub fn each(&self, mut with: impl FnMut(&str, &Value)) -> Result<()> {
        let Some(list) = &self.list else { return Ok(()) };
        let mut last = Key::first();
        loop {
            let batch = self.mirror.after(list, &last, BATCH)?;
            let Some((key, _)) = batch.records.last() else { return Ok(()) };
            last = key.clone();
            for (key, body) in &batch.records {
                // Nothing can refer to a record without an id.
                if self.entity.id.is_some() && !key.has_id() {
                    continue;
                }
                let record: Value = serde_json::from_slice(body).unwrap_or_default();
                if !is_deleted(self.entity, &record) {
                    with(&key.text, &record);
                }
            }
        }
    }
}

impl Indexed {
    fn of(&self, set: &[&str]) -> Option<&IndexedFields> {
        self.by_fields.iter().find(|of| of.names == set)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::entity::Catalog;
    use crate::mirror::Marks;

    fn customers(records: &[Value]) -> KnownList<'static> {
        let mirror = Rc::new(Mirror::in_memory().unwrap());
        let list = mirror.list("customers", "").unwrap();
        let list = mirror.begin_generation(&list, 1).unwrap();
        for record in records {
            let key = Key::of(record["cId"].as_str().unwrap());
            mirror.put(&list, &key, &Marks::default(), record.to_string().as_bytes()).unwrap();
        }
        KnownList::new(Catalog::embedded().get("customers").unwrap(), ListProof::Whole, mirror, Some(list))
    }

    #[test]
    fn records_are_found_by_what_they_are_known_by_and_deleted_ones_are_not_there() {
        let list = customers(&[
            json!({"cId": "50001", "name": "示例 一", "mobile": "13000000001", "email": "One@example.com"}),
            json!({"cId": "50002", "name": "示例一", "mobile": "+8613000000002", "fixnumber": "010-00000000"}),
            json!({"cId": "50003", "name": "示例三", "mobile": "13000000003", "state": "3"}),
            json!({"cId": "40001", "name": "示例四", "mobile": "13000000004，13000000005"}),
        ]);
        list.index(&[&["mobile"], &["name"]]).unwrap();
        assert_eq!(list.find(&["mobile"], &["130 0000 0001"]).unwrap(), ["50001"]);
        assert_eq!(list.find(&["mobile"], &["13000000002"]).unwrap(), ["50002"]);
        assert_eq!(list.find(&["name"], &["示例　一"]).unwrap(), ["50001", "50002"]);
        assert_eq!(list.find(&["email"], &["one@EXAMPLE.com"]).unwrap(), ["50001"]);
        assert_eq!(list.find(&["fixnumber", "name"], &["01000000000", "示例一"]).unwrap(), ["50002"]);
        for (names, values) in [(["mobile"], ["13000000003"]), (["name"], [" "]), (["nothing"], ["13000000001"])] {
            assert!(list.find(&names, &values).unwrap().is_empty(), "{names:?} {values:?}");
        }
        assert!(list.find(&["mobile"], &["13000000005"]).unwrap().is_empty());
        assert_eq!(list.find_among_several(&["mobile"], &["+86 13000000005"]).unwrap(), ["40001"]);
        assert!(list.find_among_several(&["mobile"], &["13000000002"]).unwrap().is_empty());
        assert_eq!(list.record("50002").unwrap().unwrap()["name"], "示例一");
        assert!(list.record("50003").unwrap().is_none());
        assert!(list.record("050002").unwrap().is_none());
        let shown = |id: &str| (list.is_marked_deleted(id).unwrap(), list.has_later(id).unwrap());
        assert_eq!(
            ["50002", "50003", "50000", "50009", "A7"].map(shown),
            [(false, true), (true, false), (false, true), (false, false), (false, false)]
        );
    }
}
