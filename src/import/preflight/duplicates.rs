//! Rows that have the key or the old id of an earlier one, and those that say the same.

use crate::check::duplicates::{
    DUPLICATE, Duplicates, KeyCounter, NaturalKey, duplicate_rule, first_eight, old_id_duplicate_rule,
};
use crate::check::finding::Finding;
use crate::check::findings::Findings;
use crate::error::Result;
use crate::import::spool::{RowState, Spool};
use crate::mapping::Mapping;
use crate::message;
use crate::problem::Severity;
use crate::text::clean;

/// Finds the rows whose key an earlier row has and, among those that share what they are watched by, which say the same and
/// which have the same cells. Of all other rows no more is read than what tells that they are alone.
pub(super) fn find_duplicates(
    spool: &mut Spool,
    mapping: &Mapping,
    duplicates: &mut Duplicates,
    findings: &mut Findings,
) -> Result<()> {
    let (mut identities, mut contents) = (KeyCounter::default(), KeyCounter::default());
    // What is passed over shows no old id.
    let reads_all = duplicates.has_old_ids();
    while let Some((row_index, row)) = spool.next_of(|key, identity| reads_all || duplicates.watches(key, identity))? {
        if matches!(row.state, RowState::Skipped(_)) {
            continue;
        }
        if duplicates.watches(row.key_hash(), &row.identity) {
            identities.add(first_eight(&row.identity));
            contents.add(first_eight(&row.content));
        }
        let seen = duplicates.see(row.number, row.keys(), &row.identity, &row.content, row.is_sound());
        let finding = match (seen.first_of_old_id, &row.old_id, seen.first, &row.key) {
            (Some(first), Some(old_id), ..) => Some(old_id_duplicate(mapping, &old_id.id, first)),
            (_, _, Some(first), Some(key)) => Some(duplicate(mapping, key, first)),
            _ => None,
        };
        if let Some(finding) = finding {
            match row.state {
                RowState::Refused(_) | RowState::Unresolved(_) | RowState::Waiting | RowState::Skipped(_) => {}
                RowState::Held { .. } => {
                    findings.held -= 1;
                    findings.refused += 1;
                }
                RowState::Sound(_) => findings.refused += 1,
            }
            findings.add(row_index, row.number, &finding)?;
        }
    }
    duplicates.tell_apart(identities, contents);
    duplicates.begin();
    spool.rewind()
}

/// The finding for a row whose old id an earlier row of the file has.
fn old_id_duplicate(mapping: &Mapping, id: &str, first: u64) -> Finding {
    Finding {
        column: mapping.old_id.as_ref().map(|old_id| old_id.column),
        field: None,
        code: DUPLICATE,
        severity: Severity::Refused,
        value: clean(id).into_owned(),
        rule: old_id_duplicate_rule(id, first),
        hint: message!("import.duplicate_old_id_hint"),
    }
}

/// The finding for a row whose key an earlier row of the file has.
fn duplicate(mapping: &Mapping, key: &NaturalKey, first: u64) -> Finding {
    let fields = mapping.key_fields(key.number);
    Finding {
        column: fields.first().and_then(|field| mapping.column(field)),
        field: fields.first().cloned(),
        code: DUPLICATE,
        severity: Severity::Refused,
        value: clean(&key.text).into_owned(),
        rule: duplicate_rule(mapping, key.number, first),
        hint: message!("import.duplicate_hint"),
    }
}
