//! What a run keeps of the command that works on it, for whoever goes on with it or settles it.

use super::options::ImportOptions;
use crate::error::Result;
use crate::journal::Journal;
use crate::text::{clean, shorten};

/// Name of the note with the command that goes on with the run.
pub const COMMAND_NOTE: &str = "command";
/// Name of the note with who ran the command last.
pub const WHO_NOTE: &str = "who";
/// Name of the note with what the service calls the account.
pub const COMPANY_NOTE: &str = "company";

/// Keeps what is known of a command that begins to work on a run.
///
/// # Errors
/// A full disk.
pub(super) fn note_command(journal: &Journal, options: &ImportOptions<'_>) -> Result<()> {
    journal.set_note(COMMAND_NOTE, &options.typed.continuing())?;
    match who() {
        Some(who) => journal.set_note(WHO_NOTE, &who),
        None => Ok(()),
    }
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
