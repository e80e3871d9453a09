//! Which fields can be sent at all.

use crate::entity::{AccountMode, Entity, Field};
use crate::t;

/// Why a field is never sent, if so. The record's own id is not sent either, but an update needs to know it.
pub fn unsendable(entity: &Entity, field: &Field, mode: AccountMode) -> Option<String> {
    if field.read_only && field.learned {
        return Some(t!("mapping.no_room").into_owned());
    }
    if field.read_only && entity.id.as_ref() != Some(&field.name) {
        return Some(t!("mapping.read_only").into_owned());
    }
    match field.mode {
        Some(only) if only != mode => Some(match mode {
            AccountMode::Business => t!("mapping.only_2c").into_owned(),
            AccountMode::Consumer => t!("mapping.only_2b").into_owned(),
        }),
        _ => None,
    }
}
