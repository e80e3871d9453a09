//! What a run keeps of the command that works on it, for whoever goes on with it or settles it.

use super::options::ImportOptions;
use crate::entity::Field;
use crate::error::Result;
use crate::journal::{Journal, JournalReader};
use crate::text::{clean, shorten};

/// Name of the note with the command that goes on with the run.
pub const COMMAND_NOTE: &str = "command";
/// Name of the note with who ran the command last.
pub const WHO_NOTE: &str = "who";
/// Name of the note with the system to whose ids the records of a run are bound.
pub const BINDS_NOTE: &str = "binds";
/// Name of the note with what the service calls the account.
pub const COMPANY_NOTE: &str = "company";

/// Name of the note with the place of what the export said that the run's file is.
pub const BASELINE_NOTE: &str = "baseline";
/// Name of the note with what records said that were read back at the end.
pub(super) const SAMPLE_NOTE: &str = "sample";
/// Name of the note with the account's custom fields.
const FIELDS_NOTE: &str = "fields";

/// Name of the note with the folder, beside the run's, of the run that makes an entity's records for its rows.
pub(super) fn parent_note(entity: &str) -> String {
    format!("parents.{entity}")
}

/// Keeps what is known of a command that begins to work on a run.
///
/// # Errors
/// A full disk.
pub(super) fn note_command(journal: &Journal, options: &ImportOptions<'_>) -> Result<()> {
    journal.set_note(COMMAND_NOTE, &options.typed.continuing())?;
    if let Some(system) = &options.binds {
        journal.set_note(BINDS_NOTE, system)?;
    }
    match who() {
        Some(who) => journal.set_note(WHO_NOTE, &who),
        None => Ok(()),
    }
}

/// Keeps the account's custom fields as the rows of a run were read with them.
///
/// # Errors
/// A full disk.
pub(super) fn note_fields(journal: &Journal, fields: &[Field]) -> Result<()> {
    if fields.is_empty() {
        return Ok(());
    }
    // Plain structs of texts always serialise.
    let text = serde_json::to_string(fields).unwrap_or_default();
    journal.set_note(FIELDS_NOTE, &text)
}

/// The account's custom fields as the rows of a run were read with them.
///
/// # Errors
/// A damaged journal.
pub(super) fn noted_fields(past: &JournalReader) -> Result<Vec<Field>> {
    let text = past.note(FIELDS_NOTE)?;
    let mut fields: Vec<Field> = text.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    fields.iter_mut().for_each(|field| field.learned = true);
    Ok(fields)
}

/// Who works on this machine, as far as the system says.
fn who() -> Option<String> {
    let said = |names: &[&str]| {
        let value = names.iter().find_map(|name| std::env::var(name).ok())?;
        Some(clean(&shorten(value.trim(), 60)).into_owned()).filter(|value| !value.is_empty())
    };
    let machine = said(&["HOSTNAME", "COMPUTERNAME"])
        .or_else(|| std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned()));
    match (said(&["USER", "LOGNAME", "USERNAME"]), machine) {
        (Some(user), Some(machine)) => Some(format!("{user} @ {machine}")),
        (user, machine) => user.or(machine),
    }
}
