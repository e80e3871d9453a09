//! The rows of a run held against the account before anybody is asked: what they refer to, and which of them are there.

use super::super::agreement::sendable;
use super::super::existing::Look;
use super::super::last_sent::LastSent;
use super::super::matching::{match_rows, tell_found};
use super::super::named_records::NamedRecords;
use super::super::options::ImportOptions;
use super::super::plan::KnownRows;
use super::super::referring::Referring;
use super::super::row_counts::Plan;
use super::begin::BegunRun;
use super::input::Input;
use crate::check::findings::Findings;
use crate::error::{Error, Result};
use crate::journal::OperationCursor;
use crate::message;
use crate::t;
use crate::terminal::Printer;

/// What the account has of the rows.
pub(super) struct Looked {
    /// What is known of them.
    pub known: KnownRows,
    /// What that makes of them, where they are looked up there.
    pub plan: Option<Plan>,
    /// Rows that are left to be sent, at most.
    pub left: u64,
    /// Why some of them wait.
    pub waits: Option<Error>,
}

/// Looks into the account. The inner error is why nothing can be sent.
///
/// # Errors
/// A damaged journal or index, a full disk, a list that has to be read and cannot be.
pub(super) fn look(
    options: &ImportOptions<'_>,
    input: &mut Input,
    begun: &mut BegunRun,
    printer: &Printer,
) -> Result<std::result::Result<Looked, Error>> {
    let Input { preflight, rows, .. } = input;
    let BegunRun { journal, index, memory, registered, additions, ended, .. } = begun;
    let mut memory = std::mem::take(memory);
    let done = ended.unwrap_or(0) + memory.not_sent();
    let referring = Referring { options, journal: Some(journal), past: None };
    let ended_rows = || OperationCursor::open(journal.folder()).map(Some);
    let resolved = referring.resolve(ended_rows, &mut memory, preflight, rows, printer);
    journal.replace_findings(|put| preflight.findings.each(put))?;
    let waits = match resolved {
        Ok(outcome) if options.strict && outcome.waiting + outcome.refused > 0 => {
            let error = Error::usage(message!("run.strict", rows = outcome.waiting + outcome.refused));
            return Ok(Err(match outcome.waits(journal.folder()) {
                Some(waits) => error.hint(waits.into_message()),
                None => error,
            }));
        }
        Ok(outcome) => outcome.waits(journal.folder()),
        Err(error) => return Ok(Err(error)),
    };
    if let Some(waits) = &waits {
        printer.warn(&waits.message());
    }
    let left = sendable(options, preflight, done);
    let cursor = Some(OperationCursor::open(journal.folder())?);
    printer.stage(&t!("run.stage_look", host = options.account.named_host()));
    let last_sent = LastSent::read(options, index, &journal.identity().target, preflight, printer)?;
    let matches = match preflight.mapping.is_found_by_key() {
        true => {
            let (known, mut findings) =
                ((&mut memory, cursor, (last_sent.as_ref(), additions.as_ref())), Findings::new()?);
            let matches = match_rows(options, preflight, rows, known, &mut findings, printer)?;
            tell_found(&findings, preflight, printer)?;
            Some(matches)
        }
        false => {
            let look = Look { options, preflight, identity: journal.identity(), left };
            if let Err(error) = look.add_to(&mut memory, index, rows, cursor, printer)? {
                return Ok(Err(error));
            }
            let mut findings = Findings::new()?;
            let others = match look.keys_of_others(rows, &mut findings, printer)? {
                Ok(others) => others,
                Err(error) => return Ok(Err(error)),
            };
            let ended_rows = || OperationCursor::open(journal.folder()).map(Some);
            let named = NamedRecords::new(options, preflight, (last_sent.as_ref(), additions.as_ref()));
            let matches = match named.look(rows, ended_rows, others, &mut findings, printer)? {
                Ok(matches) => matches,
                Err(error) => return Ok(Err(error)),
            };
            tell_found(&findings, preflight, printer)?;
            matches
        }
    };
    let plan = matches.as_ref().and_then(|matches| matches.plan);
    if let (Some(plan), Some(matches)) = (plan, &matches) {
        preflight.show_first(matches.first.clone());
        if options.is_sandbox() {
            printer.say(&plan.words(options, preflight).to_string());
        }
    }
    let known = KnownRows { memory, matches, last_sent, additions: additions.take(), registered: registered.take() };
    Ok(Ok(Looked { known, plan, left, waits }))
}
