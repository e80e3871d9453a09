//! Records by the hashes of what they are known by: twelve bytes a record and key, and the ids once.

use sha2::{Digest, Sha256};

use crate::check::duplicates::{first_eight, push_cleaned_part};
use crate::entity::{Entity, Field};

/// The ids of a list, in one text.
#[derive(Debug, Default)]
pub(super) struct Ids {
    text: String,
    /// Where each of them ends.
    ends: Vec<u32>,
}

impl Ids {
    /// Adds one more; its place.
    pub(super) fn add(&mut self, id: &str) -> u32 {
        self.text.push_str(id);
        // A list whose ids fill four gigabytes cannot be read in the first place.
        self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        u32::try_from(self.ends.len() - 1).unwrap_or(u32::MAX)
    }

    /// The id at a place.
    fn at(&self, place: u32) -> &str {
        let place = place as usize;
        let begin = if place == 0 { 0 } else { self.ends[place - 1] as usize };
        &self.text[begin..self.ends[place] as usize]
    }
}

/// The records of a list by the values of some fields.
#[derive(Debug, Default)]
pub(super) struct KeyIndex {
    /// Hashes, each with the place of its record's id; in order once it is sorted.
    entries: Vec<Entry>,
}

/// A hash in two halves, so that an entry needs no padding, and a place.
type Entry = (u32, u32, u32);

impl KeyIndex {
    /// Adds a record.
    pub(super) fn add(&mut self, hash: u64, place: u32) {
        self.entries.push(entry(hash, place));
    }

    /// Makes it ready to find in.
    pub(super) fn sort(&mut self) {
        self.entries.sort_unstable();
        self.entries.shrink_to_fit();
    }

    /// The ids of the records with this hash, each once.
    pub(super) fn find<'a>(&'a self, hash: u64, ids: &'a Ids) -> impl Iterator<Item = &'a str> {
        let (high, low, _) = entry(hash, 0);
        let first = self.entries.partition_point(|entry| (entry.0, entry.1) < (high, low));
        self.entries[first..]
            .iter()
            .take_while(move |entry| (entry.0, entry.1) == (high, low))
            .map(|(_, _, place)| ids.at(*place))
    }
}

fn entry(hash: u64, place: u32) -> Entry {
    ((hash >> 32) as u32, (hash & u64::from(u32::MAX)) as u32, place)
}

/// The hash of these values of these fields, in which width, case and spaces make no difference, nor the signs in a telephone
/// number; none when one of the values says nothing.
pub(super) fn hash<'a>(fields: &[&Field], values: impl Iterator<Item = &'a str>) -> Option<u64> {
    let mut key = Vec::new();
    for (field, value) in fields.iter().zip(values) {
        let length = key.len();
        push_cleaned_part(field, value.trim(), &mut key);
        if key.len() == length {
            return None;
        }
        key.push(0xff);
    }
    Some(first_eight(&Sha256::digest(&key)))
}

/// The fields of these names, as long as the entity has them all.
pub(super) fn fields<'a>(entity: &'a Entity, names: &[&str]) -> Option<Vec<&'a Field>> {
    names.iter().map(|name| entity.field(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Catalog;

    fn hash_of(field: &str, value: &str) -> Option<u64> {
        let entity = Catalog::embedded().get("customers").unwrap();
        hash(&fields(entity, &[field]).unwrap(), [value].into_iter())
    }

    #[test]
    fn width_case_and_spaces_are_no_difference_and_all_else_is() {
        assert_eq!(hash_of("name", "Ａnna  Example"), hash_of("name", "anna example"));
        assert_eq!(hash_of("mobile", "+86 130-0000-0001"), hash_of("mobile", "13000000001"));
        assert_ne!(hash_of("name", "张三"), hash_of("name", "张三丰"));
        assert_eq!(hash_of("name", "  "), None);
    }

    #[test]
    fn all_records_of_a_hash_are_found() {
        let mut ids = Ids::default();
        let mut index = KeyIndex::default();
        for (id, hash) in [("7", 1), ("8", u64::MAX), ("", 3), ("900", 1)] {
            let place = ids.add(id);
            index.add(hash, place);
        }
        index.sort();
        let found = |hash| index.find(hash, &ids).collect::<Vec<_>>();
        assert_eq!(found(1), ["7", "900"]);
        assert_eq!(found(u64::MAX), ["8"]);
        assert!(found(2).is_empty());
        assert_eq!(size_of::<Entry>(), 12);
    }
}
