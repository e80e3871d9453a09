//! Which rows are looked at closely: few that between them fill as many columns as possible.

use std::collections::BTreeSet;

use crate::check::record::Record;
use crate::mapping::Mapping;

/// Most rows that are looked at.
const MOST_ROWS: usize = 10;

/// Rows that are looked at after they are sent: each fills columns that none before it fills.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    /// Their indexes among the rows, in their order; the first row that is sent is always one of them.
    pub rows: Vec<u64>,
    /// Names of fields that some row fills.
    pub fields: BTreeSet<String>,
}

/// Finds the rows, while all are read once.
#[derive(Debug, Default)]
pub(super) struct CoverageFinder {
    /// Rows that were the first to fill a field, and the one that fills the most, each with the fields it fills.
    candidates: Vec<(u64, BTreeSet<usize>)>,
    seen: BTreeSet<usize>,
    most: usize,
}

impl CoverageFinder {
    /// Looks at a row that will be sent.
    pub(super) fn see(&mut self, row_index: u64, mapping: &Mapping, record: &Record) {
        let filled = || record.sent_indexes(mapping);
        let count = filled().count();
        // Few rows of a file bring a new field, or more of them than any before.
        if count > self.most || filled().any(|field| !self.seen.contains(&field)) {
            let fields: BTreeSet<usize> = filled().collect();
            self.most = self.most.max(count);
            self.seen.extend(&fields);
            self.candidates.push((row_index, fields));
        }
    }

    /// The rows: of those that fill the most that is not filled yet the earliest, one after the other.
    pub(super) fn finish(self, mapping: &Mapping) -> Coverage {
        let CoverageFinder { candidates, seen, .. } = self;
        let (mut rows, mut covered) = (BTreeSet::new(), BTreeSet::new());
        if let Some((first, fields)) = candidates.first() {
            rows.insert(*first);
            covered.extend(fields);
        }
        // Tags are what services drop: of them one is looked at, however many columns there are.
        let tags = mapping.entity().tags.as_ref().and_then(|name| mapping.position(name));
        if let Some(tags) = tags.filter(|tags| !covered.contains(tags)) {
            let tagged = candidates.iter().rev().filter(|(_, fields)| fields.contains(&tags));
            if let Some((row, fields)) = tagged.max_by_key(|(_, fields)| fields.len()) {
                rows.insert(*row);
                covered.extend(fields);
            }
        }
        while rows.len() < MOST_ROWS {
            let gain = |fields: &BTreeSet<usize>| fields.difference(&covered).count();
            // Of those that are as good the earliest: it is the one found last from behind.
            let best = candidates.iter().rev().max_by_key(|(_, fields)| gain(fields));
            let Some((row, fields)) = best.filter(|(_, fields)| gain(fields) > 0) else { break };
            rows.insert(*row);
            covered.extend(fields);
        }
        let name = |index: usize| mapping.sources.get(index).map(|source| source.field.name.clone());
        Coverage { rows: rows.into_iter().collect(), fields: seen.into_iter().filter_map(name).collect() }
    }
}
