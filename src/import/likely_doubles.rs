//! Rows of one file that are likely about the same record: one of them is known by a weaker natural key alone, and another one
//! has that key beside a stronger one. Both would be new. Rows that have different values for the stronger key are different
//! records, whatever else they share.

use std::collections::BTreeSet;

use super::spool::{RowState, Spool, SpoolWriter, SpooledRow};
use crate::check::consent::{Consent, LIKELY_DOUBLE};
use crate::check::duplicates::NaturalKey;
use crate::check::finding::Finding;
use crate::check::findings::Findings;
use crate::error::Result;
use crate::journal::Reason;
use crate::mapping::Mapping;
use crate::message::{Detail, Message};
use crate::problem::{Problem, Severity};

/// What a first reading sees of the keys of its rows.
#[derive(Debug, Default)]
pub(super) struct KeysSeen {
    /// Rows that are known by another key than the entity's strongest.
    alone: u64,
    /// Rows that have a weaker key beside the one that they are known by.
    beside: u64,
}

impl KeysSeen {
    /// Sees one more row.
    pub(super) fn see(&mut self, row: &SpooledRow) {
        self.alone += u64::from(alone(row).is_some());
        self.beside += u64::from(!row.weaker.is_empty());
    }

    fn has_both(&self) -> bool {
        self.alone > 0 && self.beside > 0
    }
}

/// The first rows that have a key which some rows have alone and others beside a stronger one; 0 before there is one.
#[derive(Debug, Clone, Copy, Default)]
struct Firsts {
    alone: u64,
    beside: u64,
}

/// Holds back the later one of two rows that are likely the same, or says so of it where a person consented.
///
/// # Errors
/// A spool that cannot be read, a full disk.
pub(super) fn hold_likely_doubles(
    spool: &mut Spool,
    mapping: &Mapping,
    seen: &KeysSeen,
    (consent, consented): (&Consent, &mut BTreeSet<&'static str>),
    findings: &mut Findings,
) -> Result<()> {
    let shared = if seen.has_both() { shared_keys(spool, seen)? } else { Vec::new() };
    if shared.is_empty() {
        return Ok(());
    }
    let mut firsts = vec![Firsts::default(); shared.len()];
    let mut kept = SpoolWriter::new()?;
    let mut row_index = 0;
    while let Some(mut row) = spool.next()? {
        if row.is_sound()
            && let Some((key, first)) = double_of(&row, &shared, &mut firsts)
        {
            let mut finding = finding_of(mapping, key, first);
            if row.confirmed.names(LIKELY_DOUBLE) || consent.covers(LIKELY_DOUBLE) {
                if consent.covers(LIKELY_DOUBLE) {
                    consented.insert(LIKELY_DOUBLE);
                }
                finding.severity = Severity::Word;
            } else {
                if matches!(row.state, RowState::Sound(_)) {
                    findings.count_row(Severity::Held);
                }
                row.state = held(row.state, &finding);
            }
            findings.add(row_index, row.number, &finding)?;
        }
        kept.add(&row)?;
        row_index += 1;
    }
    *spool = kept.finish()?;
    Ok(())
}

/// The key by which a row is known where that is not the strongest one of its entity.
fn alone(row: &SpooledRow) -> Option<&NaturalKey> {
    row.key.as_ref().filter(|key| key.number > 0)
}

/// The keys that some rows have alone and others beside a stronger one, in order. Those of the fewer rows are held in memory.
fn shared_keys(spool: &mut Spool, seen: &KeysSeen) -> Result<Vec<u64>> {
    let is_alone_fewer = seen.alone <= seen.beside;
    let mut fewer = Vec::new();
    each_key(spool, is_alone_fewer, |hash| fewer.push(hash))?;
    fewer.sort_unstable();
    fewer.dedup();
    let mut is_shared = vec![false; fewer.len()];
    each_key(spool, !is_alone_fewer, |hash| {
        if let Ok(position) = fewer.binary_search(&hash) {
            is_shared[position] = true;
        }
    })?;
    let mut is_shared = is_shared.into_iter();
    fewer.retain(|_| is_shared.next() == Some(true));
    fewer.shrink_to_fit();
    Ok(fewer)
}

/// Hands over the keys that rows have alone, or those that they have beside a stronger one.
fn each_key(spool: &mut Spool, is_alone: bool, mut take: impl FnMut(u64)) -> Result<()> {
    spool.rewind()?;
    while let Some(row) = spool.next_known()? {
        match is_alone {
            _ if !row.is_sound() => {}
            true => alone(&row).into_iter().for_each(|key| take(key.hash)),
            false => row.weaker.iter().for_each(|key| take(key.hash)),
        }
    }
    spool.rewind()
}

/// The key by which a row is likely the record of an earlier one, and the number of that row.
fn double_of<'r>(row: &'r SpooledRow, shared: &[u64], firsts: &mut [Firsts]) -> Option<(&'r NaturalKey, u64)> {
    let position = |key: &NaturalKey| shared.binary_search(&key.hash).ok();
    if let Some(key) = alone(row)
        && let Some(position) = position(key)
    {
        let first = &mut firsts[position];
        // What another row has alone, too, is a duplicate without any doubt.
        let is_double = first.alone == 0 && first.beside > 0;
        first.alone = if first.alone == 0 { row.number } else { first.alone };
        return is_double.then_some((key, first.beside));
    }
    let mut double = None;
    for key in &row.weaker {
        let Some(position) = position(key) else { continue };
        let first = &mut firsts[position];
        if first.alone > 0 {
            double = double.or(Some((key, first.alone)));
        } else if first.beside == 0 {
            first.beside = row.number;
        }
    }
    double
}

fn finding_of(mapping: &Mapping, key: &NaturalKey, first: u64) -> Finding {
    let fields = mapping.key_fields(key.number);
    let labels = Detail::from(mapping.key_labels(key.number));
    let problem = Problem::held(LIKELY_DOUBLE).with_detail("labels", labels).with("row", first);
    let finding = Finding::new(None, fields.first().and_then(|field| mapping.column(field)), &key.text, problem);
    Finding { field: fields.first().cloned(), ..finding }
}

/// The state of a row that can be sent or is held back already, with one more reason to hold it back.
fn held(state: RowState, finding: &Finding) -> RowState {
    let code = finding.code.to_owned();
    match state {
        RowState::Sound(operation) => {
            let (field, message) = (finding.field.clone().unwrap_or_default(), finding.rule.clone());
            RowState::Held { codes: vec![code.clone()], reason: Reason { code, field, message }, operation }
        }
        RowState::Held { mut codes, mut reason, operation } => {
            codes.push(code);
            let messages = [reason.message, finding.rule.clone()];
            reason.message = Message::joined("import.and_rule", messages).unwrap_or_default();
            RowState::Held { codes, reason, operation }
        }
        state => state,
    }
}
