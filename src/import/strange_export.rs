//! An export of another account of this machine: its ids name other records here, unless it is the same account by another login
//! or another name of its host. That is proved by its records, read back.

use tokio::runtime;

use super::change::{HandedBack, ORIGIN_UNKNOWN};
use super::operation::WriteOperation;
use super::options::ImportOptions;
use super::pipeline::Stop;
use super::preflight::{Preflight, Rows};
use super::row_sender::RowSender;
use super::spool::{RowState, SpooledRow};
use crate::api::Client;
use crate::check::consent::OTHER_EXPORT;
use crate::error::{Context, Error, Result};
use crate::message;
use crate::terminal::Interrupt;

/// Records that are read back at most: some of them may be gone …
const RECORDS: usize = 10;
/// … and how many of them prove it.
const PROVING: usize = 3;

/// Refuses a file that is an export of another account whose records are not those of this one, as those of the sandbox never are.
///
/// # Errors
/// Such a file, or an account that cannot be talked to.
pub(super) fn refuse_strange_export(options: &ImportOptions<'_>, preflight: &Preflight, rows: &mut Rows) -> Result<()> {
    if options.is_sandbox() && options.limits_written() && is_of_no_sandbox(options, preflight) {
        let is_meant = preflight.consent.names(ORIGIN_UNKNOWN);
        return if is_meant { Ok(()) } else { Err(not_of_sandbox(options)) };
    }
    let (Some(handed_back), Some(folder)) = (&preflight.handed_back, &options.preflight.baselines) else {
        return Ok(());
    };
    let is_meant = preflight.consent.names(OTHER_EXPORT);
    if is_meant || !handed_back.is_of_another_account(folder) || is_proved(options, preflight, handed_back, rows)? {
        return Ok(());
    }
    let (_, exported) = handed_back.shown();
    Err(Error::usage(message!("change.other_export", file = options.preflight.input.shown, exported = exported))
        .hint(message!("change.other_export_hint")))
}

/// Whether a file is an export, and none of this sandbox. What it looks like proves nothing there: records of which a sandbox is
/// made are alike.
fn is_of_no_sandbox(options: &ImportOptions<'_>, preflight: &Preflight) -> bool {
    let (input, entity) = (&options.preflight.input, options.entity());
    let is_another = |known: &HandedBack| known.is_taken_for_another(input, &preflight.sheet, entity);
    preflight.is_unknown_export || preflight.handed_back.as_deref().is_some_and(is_another)
}

/// Why an export of an account cannot be rehearsed: the sandbox has other records.
fn not_of_sandbox(options: &ImportOptions<'_>) -> Error {
    Error::usage(message!("change.sandbox_export", file = options.preflight.input.shown))
        .hint(message!("change.sandbox_export_hint", entity = options.entity().name))
}

/// Whether records of the file, read in this account, are those that the export said something of.
fn is_proved(
    options: &ImportOptions<'_>,
    preflight: &Preflight,
    handed_back: &HandedBack,
    rows: &mut Rows,
) -> Result<bool> {
    let mut named = Vec::new();
    rows.begin()?;
    while let Some(row) = rows.spool.next()?.filter(|_| named.len() < RECORDS) {
        named.extend(named_by(row));
    }
    rows.begin()?;
    let connection = options.account.connect()?;
    let client = Client::new(connection.target, &options.catalog.service)?;
    let stop = Stop::default();
    let sender = RowSender::new(&client, &stop, options.catalog, preflight.mapping.entity());
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context(|| message!("run.no_runtime"))?;
    let count = async {
        let (mut same, mut other) = (0, 0);
        for (id, name, operation) in &named {
            let Some(access) = sender.access_of(operation) else { continue };
            let is_same = match sender.read_for_row(access, id).await? {
                Ok(record) => handed_back.knows(name, &access.entity, &access.custom, &record)?,
                Err(_) => Some(false),
            };
            same += usize::from(is_same == Some(true));
            other += usize::from(is_same == Some(false));
            if same == PROVING {
                break;
            }
        }
        Ok((same, other))
    };
    let (same, other) = runtime.block_on(Interrupt::of_process().unless_set(count))?;
    Ok(same > other && same >= PROVING.min(named.len()))
}

/// The record that a row names, the name under which the export has it, and what the row asks for.
fn named_by(row: SpooledRow) -> Option<(String, String, WriteOperation)> {
    let (RowState::Sound(operation) | RowState::Held { operation, .. }) = row.state else { return None };
    let (id, name) = match &operation {
        WriteOperation::Change { id, .. } => (id.clone(), id.clone()),
        WriteOperation::Tags(edit) => (edit.id.clone(), format!("{}/{}", edit.entity, edit.id)),
        WriteOperation::LookedUp { .. } => (row.id.clone()?, row.id?),
        WriteOperation::Write { .. } | WriteOperation::Draft(_) => return None,
    };
    (!id.is_empty()).then_some((id, name, operation))
}
