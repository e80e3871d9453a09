//! What a row is known by, beside the hash of its cells: its occurrence among equal rows and the hash of its natural key.
//!
//! Rows that share a key are found without holding the file in memory: the first reading keeps eight bytes a row and
//! sorts them, so that the second one has to watch only the few keys that occur more than once.

use sha2::{Digest, Sha256};

use super::record::Record;
use crate::format::Content;
use crate::mapping::Mapping;
use crate::message;
use crate::message::Message;

/// Makes the hash of a row's natural key.
#[derive(Debug, Default)]
pub struct Keys {
    buffer: Vec<u8>,
}

impl Keys {
    /// The hash of the first natural key whose fields are all filled, and which of the entity's keys that is.
    pub fn of(&mut self, mapping: &Mapping, record: &Record) -> Option<(u64, u8)> {
        let number = record.key(mapping, &mut self.buffer)?;
        let digest = Sha256::digest(&self.buffer);
        Some((first_eight(&digest), number))
    }
}

/// What a row is watched by: its key, or its content when it has none.
pub fn watched(key: Option<u64>, content: &Content) -> u64 {
    key.unwrap_or_else(|| first_eight(content))
}

fn first_eight(bytes: &[u8]) -> u64 {
    bytes.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Code of the finding for a row whose key an earlier row has.
pub const DUPLICATE: &str = "duplicate";

/// The rule for a row whose key the row `first` of the file has.
pub fn duplicate_rule(mapping: &Mapping, key: u8, first: u64) -> Message {
    message!("import.duplicate", labels = mapping.key_labels(key), row = first)
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
    fn repeated(mut self) -> Vec<u64> {
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

/// The keys and contents that occur more than once, and what was seen of them so far in this reading. Two flat lists: a
/// file in which every key occurs twice is no reason to need much memory.
#[derive(Debug, Default)]
pub struct Duplicates {
    /// What more than one row is watched by, in order.
    watched: Vec<u64>,
    /// For each of them, the row number that has the key; 0 before there is one.
    first: Vec<u64>,
    /// Contents of more than one row, in order.
    contents: Vec<u64>,
    /// For each of them, how many of its rows were seen.
    copies: Vec<u32>,
}

/// What the rows before this one say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Seen {
    /// Its occurrence among equal rows, from 0.
    pub copy: u32,
    /// The row number of the first row with its key, when this is a later one.
    pub first: Option<u64>,
}

impl Duplicates {
    /// What more than one row is watched by.
    pub fn new(watched: KeyCounter) -> Self {
        let watched = watched.repeated();
        Duplicates { first: vec![0; watched.len()], watched, ..Duplicates::default() }
    }

    /// Adds what more than one row holds.
    pub fn tell_apart(&mut self, contents: KeyCounter) {
        self.contents = contents.repeated();
        self.copies = vec![0; self.contents.len()];
    }

    /// Whether no key and no content occurs twice.
    pub fn is_empty(&self) -> bool {
        self.watched.is_empty()
    }

    /// Forgets what was seen: a reading begins.
    pub fn begin(&mut self) {
        self.first.fill(0);
        self.copies.fill(0);
    }

    /// Sees one more row. `holds_key` is false for rows that will not be sent: they do not take the key from a later one.
    pub fn see(&mut self, number: u64, key: Option<u64>, content: &Content, holds_key: bool) -> Seen {
        let Ok(position) = self.watched.binary_search(&watched(key, content)) else {
            return Seen::default();
        };
        let mut seen = Seen::default();
        if let Ok(position) = self.contents.binary_search(&first_eight(content)) {
            seen.copy = self.copies[position];
            self.copies[position] += 1;
        }
        if key.is_some() {
            let first = &mut self.first[position];
            seen.first = (*first > 0).then_some(*first);
            if *first == 0 && holds_key {
                *first = number;
            }
        }
        seen
    }

    /// The hash of a row's content, when the row may not be the only one of its kind.
    pub fn content(&self, key: Option<u64>, content: &Content) -> Option<u64> {
        self.watched.binary_search(&watched(key, content)).is_ok().then(|| first_eight(content))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_that_is_sent_has_the_key() {
        let mut counter = KeyCounter::default();
        for watched in [1, 2, 1, 1, 3] {
            counter.add(watched);
        }
        let mut repeated = Duplicates::new(counter);
        assert_eq!(repeated.see(2, Some(1), &[1; 16], false).first, None);
        assert_eq!(repeated.see(3, Some(2), &[2; 16], true).first, None);
        assert_eq!(repeated.see(4, Some(1), &[3; 16], true).first, None);
        assert_eq!(repeated.see(5, Some(1), &[4; 16], true), Seen { copy: 0, first: Some(4) });
        assert_eq!(repeated.watched, [1]);
        repeated.begin();
        assert_eq!(repeated.see(2, Some(1), &[1; 16], true).first, None);
    }

    #[test]
    fn equal_rows_without_a_key_are_told_apart_by_their_occurrence() {
        let content = [9; 16];
        let mut counter = KeyCounter::default();
        counter.add(watched(None, &content));
        counter.add(watched(None, &content));
        let mut repeated = Duplicates::new(counter);
        let mut contents = KeyCounter::default();
        contents.add(repeated.content(None, &content).unwrap());
        contents.add(repeated.content(None, &content).unwrap());
        repeated.tell_apart(contents);
        assert_eq!(repeated.see(2, None, &content, true), Seen { copy: 0, first: None });
        assert_eq!(repeated.see(3, None, &content, true), Seen { copy: 1, first: None });
    }
}
