//! What a row is known by, beside what it says: its occurrence among equal rows and the hash of its natural key.
//!
//! Rows that share a key are found without holding the file in memory: the first reading keeps eight bytes a row and
//! sorts them, so that the second one has to watch only the few keys that occur more than once.

use sha2::{Digest, Sha256};

use super::record::{Record, push_key_part};
use crate::entity::{Entity, Field};
use crate::format::{Cell, CellKind, Content};
use crate::mapping::Mapping;
use crate::message;
use crate::message::Message;
use crate::value::{self, ValueOptions};

/// A row's natural key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NaturalKey {
    /// Its hash.
    pub hash: u64,
    /// Which of the entity's keys it is.
    pub number: u8,
    /// Its values, to be shown.
    pub text: String,
}

/// Finds the natural keys of rows.
#[derive(Debug, Default)]
pub struct Keys {
    buffer: Vec<u8>,
}

impl Keys {
    /// All natural keys whose fields are filled, the strongest first.
    pub fn of<'r>(&'r mut self, mapping: &'r Mapping, record: &'r Record) -> impl Iterator<Item = NaturalKey> + 'r {
        record.keys(mapping).map(|key| {
            record.write_key(mapping, key, &mut self.buffer);
            let hash = first_eight(&Sha256::digest(&self.buffer));
            let values: Vec<&str> = key.sources.iter().map(|index| record.value_at(*index)).collect();
            NaturalKey { hash, number: key.number, text: values.join(" ") }
        })
    }
}

/// Whether two texts of a field are one value in a natural key.
pub fn is_same_key_value(entity: &Entity, field: &str, one: &str, other: &str) -> bool {
    let part = |text: &str| {
        let field = entity.field(field)?;
        let mut part = Vec::new();
        push_cleaned_part(field, text, &mut part);
        Some(part)
    };
    part(one) == part(other)
}

/// The values of a field that holds several numbers or addresses, each of which its record is known by; none where it holds one.
pub fn each_value<'a>(field: &Field, text: &'a str) -> Vec<&'a str> {
    value::each_of_several(field.kind, text)
}

/// Whether a text of a field holds several numbers or addresses, and this value is one of them.
pub fn holds_beside_others(field: &Field, value: &str, text: &str) -> bool {
    let part = |text: &str| {
        let mut part = Vec::new();
        push_cleaned_part(field, text, &mut part);
        part
    };
    !value.is_empty() && each_value(field, text).into_iter().any(|there| part(there) == part(value))
}

/// Appends a text to a key as the checks leave it, or as it stands where they find fault with it.
pub fn push_cleaned_part(field: &Field, text: &str, key: &mut Vec<u8>) {
    let mut cleaned = String::new();
    let cell = Cell { text, kind: CellKind::Text };
    let is_clean = value::clean(field, cell, &ValueOptions::default(), &mut cleaned, &mut Vec::new()).is_ok();
    push_key_part(field.kind, if is_clean { &cleaned } else { text }, key);
}

/// A natural key's number among those of its entity, and its hash.
pub type NumberedHash = (u8, u64);

/// The hashes of all natural keys of a record whose fields have these texts, the strongest first.
pub fn numbered_key_hashes(entity: &Entity, text: impl Fn(&str) -> Option<String>) -> Vec<NumberedHash> {
    let hash = |(number, fields): (u8, &Vec<String>)| {
        let mut key = vec![number];
        for name in fields {
            push_cleaned_part(entity.field(name)?, &text(name)?, &mut key);
            key.push(0xff);
        }
        Some((number, first_eight(&Sha256::digest(&key))))
    };
    (0u8..).zip(&entity.keys).filter_map(hash).collect()
}

/// The hashes of the natural keys of one field that a record has several values of, with each of them: whose number stands beside
/// another one in the same field is known by it, too.
pub fn hashes_of_several(entity: &Entity, text: impl Fn(&str) -> Option<String>) -> Vec<NumberedHash> {
    let mut hashes = Vec::new();
    for (number, fields) in (0u8..).zip(&entity.keys) {
        let [name] = &fields[..] else { continue };
        let (Some(field), Some(text)) = (entity.field(name), text(name)) else { continue };
        for value in each_value(field, &text) {
            let mut key = vec![number];
            push_cleaned_part(field, value, &mut key);
            key.push(0xff);
            hashes.push((number, first_eight(&Sha256::digest(&key))));
        }
    }
    hashes
}

/// The hashes of all natural keys of a record, without their numbers.
pub fn key_hashes(entity: &Entity, text: impl Fn(&str) -> Option<String>) -> Vec<u64> {
    numbered_key_hashes(entity, text).into_iter().map(|(_, hash)| hash).collect()
}

/// The hash of the text by which records of the entity are shown, where their keys do not tell them apart.
pub fn shown_hash(entity: &Entity, text: impl Fn(&str) -> Option<String>) -> Option<u64> {
    let name = entity.display.as_ref()?;
    // No entity has so many keys.
    let mut part = vec![u8::MAX];
    push_cleaned_part(entity.field(name)?, &text(name)?, &mut part);
    Some(first_eight(&Sha256::digest(&part)))
}

/// What a row is watched by: its key, or its identity when it has none.
pub fn watched(key: Option<u64>, identity: &Content) -> u64 {
    key.unwrap_or_else(|| first_eight(identity))
}

/// The first half of a hash, to be counted.
pub fn first_eight(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Code of the finding for a row whose key an earlier row has.
pub const DUPLICATE: &str = "duplicate";

/// The rule for a row whose key the row `first` of the file has.
pub fn duplicate_rule(mapping: &Mapping, key: u8, first: u64) -> Message {
    message!("import.duplicate", labels = mapping.key_labels(key), row = first)
}

/// The rule for a row whose old id the row `first` of the file has.
pub fn old_id_duplicate_rule(id: &str, first: u64) -> Message {
    message!("import.duplicate_old_id", id = id, row = first)
}

/// The rule for a row whose key a row has that was sent before, as row `first`.
pub fn sent_double_rule(mapping: &Mapping, key: u8, first: u64) -> Message {
    message!("import.duplicate_sent", labels = mapping.key_labels(key), row = first)
}

/// Gathers hashes, eight bytes each, to find those that occur more than once.
#[derive(Debug, Default)]
pub struct KeyCounter {
    seen: Vec<u64>,
}

impl KeyCounter {
    /// Counts one more.
    pub fn add(&mut self, hash: u64) {
        self.seen.push(hash);
    }

    /// Those that occur more than once, in their order.
    pub fn repeated(mut self) -> Vec<u64> {
        self.seen.sort_unstable();
        let mut repeated: Vec<u64> = Vec::new();
        for pair in self.seen.windows(2) {
            if pair[0] == pair[1] && repeated.last() != Some(&pair[0]) {
                repeated.push(pair[0]);
            }
        }
        repeated.shrink_to_fit();
        repeated
    }
}

/// The keys and rows that occur more than once, and what was seen of them so far in this reading. Flat lists: a file in
/// which every key occurs twice is no reason to need much memory.
#[derive(Debug, Default)]
pub struct Duplicates {
    /// What more than one row is watched by, in order.
    watched: Vec<u64>,
    /// For each of them, the row number that has the key; 0 before there is one.
    first: Vec<u64>,
    /// Rows that say the same.
    identities: Copies,
    /// Rows whose cells are the same.
    contents: Copies,
    /// Old ids that more than one row has, in order.
    old_ids: Vec<u64>,
    /// For each of them, the row number that has it; 0 before there is one.
    first_of_old_id: Vec<u64>,
}

/// How often what occurs more than once was seen.
#[derive(Debug, Default)]
struct Copies {
    /// Hashes of more than one row, in order.
    hashes: Vec<u64>,
    /// For each of them, how many of its rows were seen.
    seen: Vec<u32>,
}

impl Copies {
    fn new(counter: KeyCounter) -> Self {
        let hashes = counter.repeated();
        Copies { seen: vec![0; hashes.len()], hashes }
    }

    /// The occurrence of one more, from 0.
    fn see(&mut self, hash: &Content) -> u32 {
        let Ok(position) = self.hashes.binary_search(&first_eight(hash)) else { return 0 };
        self.seen[position] += 1;
        self.seen[position] - 1
    }
}

/// What the rows before this one say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Its occurrence among rows that say the same, from 0.
    pub copy: u32,
    /// Its occurrence among rows with the same cells, from 0.
    pub content_copy: u32,
    /// The row number of the first row with its key, when this is a later one.
    pub first: Option<u64>,
    /// The same of its old id.
    pub first_of_old_id: Option<u64>,
}

impl Seen {
    /// The row number of the first row that is known by the same, when this is a later one.
    pub fn is_double_of(&self) -> Option<u64> {
        self.first_of_old_id.or(self.first)
    }
}

impl Duplicates {
    /// What more than one row is watched by, and old ids that more than one row has.
    pub fn new(watched: KeyCounter, old_ids: KeyCounter) -> Self {
        let (watched, old_ids) = (watched.repeated(), old_ids.repeated());
        let (first, first_of_old_id) = (vec![0; watched.len()], vec![0; old_ids.len()]);
        Duplicates { watched, first, old_ids, first_of_old_id, ..Duplicates::default() }
    }

    /// Adds which rows say the same, and which have the same cells: those of them that are watched.
    pub fn tell_apart(&mut self, identities: KeyCounter, contents: KeyCounter) {
        self.identities = Copies::new(identities);
        self.contents = Copies::new(contents);
    }

    /// Whether no key, no old id and no row occurs twice.
    pub fn is_empty(&self) -> bool {
        self.watched.is_empty() && self.old_ids.is_empty()
    }

    /// Whether an old id occurs twice.
    pub fn has_old_ids(&self) -> bool {
        !self.old_ids.is_empty()
    }

    /// Whether a row may not be the only one of its kind.
    pub fn watches(&self, key: Option<u64>, identity: &Content) -> bool {
        self.watched.binary_search(&watched(key, identity)).is_ok()
    }

    /// Forgets what was seen: a reading begins.
    pub fn begin(&mut self) {
        self.first.fill(0);
        self.first_of_old_id.fill(0);
        self.identities.seen.fill(0);
        self.contents.seen.fill(0);
    }

    /// Sees one more row. `holds_key` is false for rows that will not be sent: they do not take the key from a later one.
    pub fn see(&mut self, number: u64, keys: RowKeys, identity: &Content, content: &Content, holds_key: bool) -> Seen {
        let mut seen = Seen::default();
        if let Some(position) = keys.old_id.and_then(|old_id| self.old_ids.binary_search(&old_id).ok()) {
            seen.first_of_old_id = hold(&mut self.first_of_old_id[position], number, holds_key);
        }
        let Ok(position) = self.watched.binary_search(&watched(keys.natural, identity)) else { return seen };
        seen.copy = self.identities.see(identity);
        seen.content_copy = self.contents.see(content);
        if keys.natural.is_some() {
            // What another row has by its old id, it has by its key.
            let holds_key = holds_key && seen.first_of_old_id.is_none();
            seen.first = hold(&mut self.first[position], number, holds_key);
        }
        seen
    }
}

impl Seen {
    /// Whether an earlier row has its key or its old id.
    pub fn is_double(&self) -> bool {
        self.first.is_some() || self.first_of_old_id.is_some()
    }
}

/// Hashes of what a row is known by, beside what it says.
#[derive(Debug, Clone, Copy, Default)]
pub struct RowKeys {
    /// Of its natural key.
    pub natural: Option<u64>,
    /// Of its old id.
    pub old_id: Option<u64>,
}

/// The row that has what this one has too; where none has it, this one takes it.
fn hold(first: &mut u64, number: u64, holds: bool) -> Option<u64> {
    let before = (*first > 0).then_some(*first);
    if *first == 0 && holds {
        *first = number;
    }
    before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(natural: Option<u64>, old_id: Option<u64>) -> RowKeys {
        RowKeys { natural, old_id }
    }

    fn counter(hashes: &[u64]) -> KeyCounter {
        let mut counter = KeyCounter::default();
        hashes.iter().for_each(|hash| counter.add(*hash));
        counter
    }

    #[test]
    fn the_first_row_that_is_sent_has_the_key() {
        let mut duplicates = Duplicates::new(counter(&[1, 2, 1, 1, 3]), KeyCounter::default());
        let mut first = |number, key, is_sent| {
            let hash = [number as u8; 16];
            duplicates.see(number, keys(Some(key), None), &hash, &hash, is_sent).first
        };
        assert_eq!(first(2, 1, false), None);
        assert_eq!(first(3, 2, true), None);
        assert_eq!(first(4, 1, true), None);
        assert_eq!(first(5, 1, true), Some(4));
        assert_eq!(duplicates.watched, [1]);
        duplicates.begin();
        assert_eq!(duplicates.see(2, keys(Some(1), None), &[1; 16], &[1; 16], true).first, None);
    }

    #[test]
    fn the_first_row_that_is_sent_has_the_old_id_and_a_double_of_it_takes_no_key() {
        let mut duplicates = Duplicates::new(counter(&[1, 2, 2]), counter(&[7, 8, 7]));
        let mut see = |number, keys| duplicates.see(number, keys, &[number as u8; 16], &[0; 16], true);
        assert_eq!(see(2, keys(Some(1), Some(7))), Seen::default());
        assert_eq!(see(3, keys(Some(2), Some(7))), Seen { first_of_old_id: Some(2), ..Seen::default() });
        assert_eq!(see(4, keys(Some(2), Some(8))), Seen::default());
    }

    #[test]
    fn equal_rows_without_a_key_are_told_apart_by_their_occurrence() {
        // They say the same, and the cells of two of them are the same, too.
        let (identity, cells, others) = ([9; 16], [5; 16], [6; 16]);
        let mut duplicates = Duplicates::new(counter(&[watched(None, &identity); 3]), KeyCounter::default());
        assert!(duplicates.watches(None, &identity));
        duplicates.tell_apart(
            counter(&[first_eight(&identity); 3]),
            counter(&[first_eight(&cells), first_eight(&others), first_eight(&cells)]),
        );
        let mut see = |number, content: &Content| duplicates.see(number, RowKeys::default(), &identity, content, true);
        assert_eq!(see(2, &cells), Seen::default());
        assert_eq!(see(3, &others), Seen { copy: 1, ..Seen::default() });
        assert_eq!(see(4, &cells), Seen { copy: 2, content_copy: 1, ..Seen::default() });
    }
}
