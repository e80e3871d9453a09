//! Whoever is there agrees to what is about to be sent, and what was agreed to is kept.

use super::super::agreement::{About, Agreement, Answer};
use super::super::notes::COMPANY_NOTE;
use super::super::options::ImportOptions;
use super::super::parents::Parents;
use super::super::plan::KnownRows;
use super::super::preflight::{Preflight, Rows};
use super::super::row_counts::Plan;
use super::super::sent_rows::SentRows;
use super::begin::BegunRun;
use super::input::Input;
use crate::error::{Error, Result};
use crate::journal::{Journal, OperationCursor};
use crate::message;
use crate::t;
use crate::terminal::{Console, Printer};

/// Code of consent to a file that is older than one that was imported.
const OLDER_FILE: &str = "older_file";

/// Asks whether the rows are to be sent.
///
/// # Errors
/// Nobody is there to say so, or a full disk.
pub(super) fn agree(
    options: &ImportOptions<'_>,
    input: &mut Input,
    begun: &mut BegunRun,
    (known, plan): (&mut KnownRows, Option<Plan>),
    printer: &Printer,
) -> Result<Answer> {
    printer.stage(&t!("run.stage_agree"));
    let Input { preflight, rows, agreed, .. } = input;
    let BegunRun { journal, index, ended, before, .. } = begun;
    let remembered = known.memory.not_sent();
    if ended.is_none() {
        ask_about_older(options, preflight)?;
    }
    let sent = SentRows::of(options, preflight, &mut known.memory, known.matches.as_mut());
    let first = Parents::wanted(rows, sent, options.catalog)?.words(options.catalog);
    if options.is_sandbox() {
        first.iter().for_each(|line| printer.say(line));
    }
    let sent = SentRows::of(options, preflight, &mut known.memory, known.matches.as_mut());
    let below_limit = sent.below_limit(rows, Some(OperationCursor::open(journal.folder())?))?;
    let about =
        About { below_limit, ended: *ended, remembered, plan, first, before: *before, folder: journal.folder(), index };
    let answer = Agreement::new(options, about, printer).ask(preflight, rows, agreed)?;
    if !matches!(answer, Answer::Yes(_)) {
        return Ok(answer);
    }
    if let Some(name) = agreed.name() {
        journal.set_note(COMPANY_NOTE, name)?;
    }
    if let (Some(handed_back), Some(folder)) = (&preflight.handed_back, &options.preflight.baselines) {
        handed_back.note_import(folder)?;
    }
    // No cells are kept of rows that nobody agreed to send.
    keep_cells(rows, preflight, journal)?;
    Ok(answer)
}

/// Keeps the cells of rows, by which reports name them.
///
/// # Errors
/// A full disk.
pub(super) fn keep_cells(rows: &mut Rows, preflight: &Preflight, journal: &Journal) -> Result<()> {
    match rows.cells.take() {
        Some(cells) => cells.keep(journal.folder(), journal.identity(), &preflight.sheet, preflight.format),
        None => Ok(()),
    }
}

/// Asks, when the file is an export that is older than one whose rows were imported already, whether it is meant: what was
/// changed since then would be changed back.
///
/// # Errors
/// It is not meant, or nobody is there to say so.
fn ask_about_older(options: &ImportOptions<'_>, preflight: &Preflight) -> Result<()> {
    let (Some(handed_back), Some(folder)) = (&preflight.handed_back, &options.preflight.baselines) else {
        return Ok(());
    };
    if handed_back.is_newest_imported(folder) || options.preflight.consent.names(OLDER_FILE) {
        return Ok(());
    }
    let (_, exported) = handed_back.shown();
    let refused = Error::usage(message!("change.older", file = options.preflight.input.shown, exported = exported))
        .hint(message!("change.older_hint"));
    let question = t!("change.ask_older", exported = exported);
    let is_meant = Console::open().map(|mut console| console.agrees(&question)).transpose()?;
    if is_meant == Some(true) { Ok(()) } else { Err(refused) }
}
