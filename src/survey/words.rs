//! The different texts of a column, as long as they are few.

use std::collections::BTreeMap;

/// Different texts that are kept; a column with more has no words.
const MOST: usize = 200;
/// Bytes of a text that may still be a word.
const LONGEST: usize = 120;

/// The different texts of a column and how often each stands there.
#[derive(Debug, Clone, Default)]
pub struct Words {
    counts: BTreeMap<String, u64>,
    /// How many cells were filled when there were too many different ones.
    overflow: Option<u64>,
    filled: u64,
}

impl Words {
    /// Counts a text that is not empty.
    pub(super) fn add(&mut self, text: &str) {
        self.filled += 1;
        if self.overflow.is_some() {
            return;
        }
        if let Some(count) = self.counts.get_mut(text) {
            *count += 1;
        } else if self.counts.len() == MOST || text.len() > LONGEST {
            self.overflow = Some(self.filled);
            if self.counts.len() == MOST {
                self.counts.clear();
            }
        } else {
            self.counts.insert(text.to_owned(), 1);
        }
    }

    /// The different texts, each with its count; none when they are too many or too long.
    pub fn counted(&self) -> Option<&BTreeMap<String, u64>> {
        self.overflow.is_none().then_some(&self.counts)
    }

    /// Whether nearly every cell differs from those before it, as far as that was looked at.
    pub(super) fn are_all_different(&self) -> bool {
        match self.overflow {
            Some(filled) => self.counts.is_empty() && (MOST as u64 + 1) * 100 >= filled * 95,
            None => self.counts.len() as u64 * 100 >= self.filled * 95,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_words_are_counted_and_many_are_not_kept() {
        let mut words = Words::default();
        ["甲", "乙", "甲"].iter().for_each(|text| words.add(text));
        assert_eq!(words.counted().unwrap().get("甲"), Some(&2));
        assert!(!words.are_all_different());
        let mut words = Words::default();
        (0..5_000).for_each(|number| words.add(&number.to_string()));
        assert!(words.counted().is_none() && words.counts.is_empty() && words.are_all_different());
    }
}
