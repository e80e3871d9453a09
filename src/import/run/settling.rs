//! What a run finds out of rows in doubt: before its first write, and after its last one.

use super::super::options::{DoubtOptions, ImportOptions};
use super::super::pipeline::{Cause, Sent};
use super::super::row_sender::halting;
use super::super::settle::{self, Found, KeptRun, Whereabouts};
use crate::api::Honours;
use crate::error::{ErrorKind, Result};
use crate::journal::{Journal, RunIndex};
use crate::t;
use crate::terminal::Printer;

/// Finds out what became of rows in doubt before a run goes on: it reads before it writes, so that a service that is still down
/// costs no further rows.
///
/// # Errors
/// The account cannot be read.
pub(super) fn settle_before(
    journal: &mut Journal,
    options: &ImportOptions<'_>,
    index: &RunIndex,
    printer: &Printer,
) -> Result<Found> {
    let (unknown, _) = journal.reader()?.unsettled()?;
    match unknown {
        0 => Ok(Found::default()),
        _ => find_out(journal, options, (index, options.doubt), printer),
    }
}

/// Finds out what became of rows before their columns are taken for something else: afterwards nobody can tell what was sent.
///
/// # Errors
/// The account cannot be read.
pub(super) fn settle_before_change(
    journal: &mut Journal,
    options: &ImportOptions<'_>,
    index: &RunIndex,
    printer: &Printer,
) -> Result<Found> {
    if journal.reader()?.unsettled()? == (0, 0) {
        return Ok(Found::default());
    }
    // A person's word to send once more means what the rows say from now on.
    let doubt = DoubtOptions { resends: false, honours: Honours::Nothing, keeps_service: false, ..options.doubt };
    find_out(journal, options, (index, doubt), printer)
}

fn find_out(
    journal: &mut Journal,
    options: &ImportOptions<'_>,
    (index, doubt): (&RunIndex, DoubtOptions),
    printer: &Printer,
) -> Result<Found> {
    let past = journal.reader()?;
    let kept = match KeptRun::of(&past, options.catalog) {
        Ok(kept) => kept,
        Err(error) => {
            printer.warn(&t!("settle.cannot", why = error.message()));
            return Ok(Found::default());
        }
    };
    let (unknown, without_id) = kept.unsettled(&past)?;
    drop(past);
    let about = Whereabouts { account: &options.account, catalog: options.catalog, index };
    let found = match settle::settle(journal, &kept, &about, doubt, printer) {
        // Looking would not help later either: the rows that are left need not wait for it.
        Err(error) if settle::is_unreadable(&error) => {
            printer.warn(&t!("settle.cannot", why = error.message()));
            return Ok(Found::default());
        }
        found => found.map_err(halting)?,
    };
    if let Some(words) = settle::words(found, unknown + without_id) {
        printer.say(&words);
    }
    if found.repeated > 0 {
        printer.warn(&settle::may_double(found.repeated, doubt, kept.has_changes_alone()));
    }
    Ok(found)
}

/// Finds out what became of the rows that a command leaves in doubt. What cannot be found out now, `bw8 settle` may find out
/// later.
pub(super) fn settle_after(sent: &mut Sent, options: &ImportOptions<'_>, printer: &Printer) {
    let is_of_use = match &sent.cause {
        None | Some(Cause::Repeats(_)) => sent.recorded.broken.is_none(),
        Some(Cause::Interrupted | Cause::Halted(_) | Cause::Failed(_)) => false,
    };
    if !is_of_use {
        return;
    }
    let journal = &mut sent.recorded.journal;
    let found = journal.reader().and_then(|past| {
        if past.unsettled()? == (0, 0) {
            return Ok(None);
        }
        let kept = KeptRun::of(&past, options.catalog)?;
        let (unknown, without_id) = kept.unsettled(&past)?;
        drop(past);
        if unknown + without_id == 0 {
            return Ok(None);
        }
        // Records that other runs made are theirs.
        let mut index = options.account.index()?;
        index.memory(&options.entity().name)?;
        let about = Whereabouts { account: &options.account, catalog: options.catalog, index: &index };
        // A person's word to send once more counts for what was in doubt when it was given.
        let doubt = DoubtOptions { resends: false, honours: Honours::Nothing, ..options.doubt };
        settle::settle(journal, &kept, &about, doubt, printer).map(|found| Some((found, unknown + without_id)))
    });
    match found {
        Ok(None) => {}
        Ok(Some((found, unsettled))) => {
            // They have no end any more, as if they had not been sent.
            sent.recorded.given_back += found.free;
            if let Some(words) = settle::words(found, unsettled) {
                printer.say(&words);
            }
        }
        // The command ends as one that was stopped, however much of it was done.
        Err(error) if error.kind() == ErrorKind::Interrupted => sent.cause = Some(Cause::Interrupted),
        Err(error) => {
            sent.is_unreadable = settle::is_unreadable(&error);
            printer.warn(&t!("settle.cannot", why = error.message()));
        }
    }
}
