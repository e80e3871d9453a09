//! One run, from a file to a report: read it all and check it, find the run that is meant, send what is left, say what
//! became of every row. `import` and `retry` are two ways to begin it.

use std::path::Path;
use std::time::Instant;

use super::agreed::Agreed;
use super::agreement::{About, Agreement, Answer, sendable};
use super::binding_run::{BindingRun, announce};
use super::cells::CellSpool;
use super::closing::{finish, tell_finished};
use super::existing::Look;
use super::foreseen::dry_run;
use super::known::{Known, register};
use super::last_sent::LastSent;
use super::matching::{match_rows, tell_found};
use super::notes::{BASELINE_NOTE, COMPANY_NOTE, note_command, note_fields};
use super::options::{DoubtOptions, ImportOptions};
use super::parents::{NotMade, ParentRun, Parents, waits_for_parents};
use super::pipeline::{self, Cause, Recorded, Sent};
use super::places::{hold_here, places, tell_index};
use super::plan::KnownRows;
use super::preflight::{Preflight, Purpose, Rows};
use super::references::Made;
use super::referring::Referring;
use super::report::{words, write_issues_beside};
use super::resume::{self, OpenedRun};
use super::row_sender::halting;
use super::run_identity::identity;
use super::sent_rows::SentRows;
use super::settle::{self, Found, KeptRun, Whereabouts};
use crate::api::Honours;
use crate::check::describe::{SHOWN_KINDS, describe};
use crate::check::findings::Findings;
use crate::definitions::DefinitionSource;
use crate::error::{Error, ErrorKind, Exit, Result};
use crate::files::{self, short_path};
use crate::journal::{Journal, Marks, OperationCursor, Registration, RunIndex};
use crate::machine::{Awake, shared_folder};
use crate::message;
use crate::t;
use crate::terminal::{Console, Interrupt, Printer};

/// Code of consent to a file that is older than one that was imported.
const OLDER_FILE: &str = "older_file";

/// Does the options.
///
/// # Errors
/// Everything that keeps a run from beginning.
pub fn run(options: &ImportOptions<'_>, printer: &Printer) -> Result<Exit> {
    let cells = if options.dry_run { None } else { Some(CellSpool::new()?) };
    let mut agreed = Agreed::of(&options.account)?;
    printer.stage(&t!("run.stage_read", file = options.preflight.input.shown));
    let definitions = DefinitionSource {
        catalog: options.catalog,
        account: Some(&options.account),
        asks: true,
        keeps: !options.dry_run,
    };
    let purpose = Purpose::Sending(cells.map(Box::new));
    let (mut preflight, mut rows) = Preflight::run(&options.preflight, &definitions, &agreed, purpose)?;
    tell_preflight(options, &preflight, printer)?;
    announce(options, &preflight.mapping, printer)?;
    if options.strict && preflight.findings.not_sent() > 0 {
        let path = write_issues_beside(&options.preflight.input, &preflight)?;
        return Err(Error::usage(message!("run.strict", rows = preflight.findings.not_sent()))
            .hint(message!("run.strict_hint", file = path.display())));
    }
    if options.strict
        && let Some(loss) = preflight.mapping.report().loss()
    {
        return Err(Error::usage(loss).hint(message!("mapping.taken_by_nothing_hint")));
    }
    if options.dry_run {
        return dry_run(options, &mut preflight, &mut rows, printer);
    }
    printer.stage(&t!("run.stage_memory"));
    let identity = identity(options, &preflight)?;
    let mut index = options.account.index()?;
    index.look_in(places(options, &identity));
    // Two commands at once must not both begin to send the same rows.
    let deciding = index.hold()?;
    let here = hold_here(options)?;
    let known = Known::find_out(options, &identity, &mut index, &mut rows, preflight.mapping.source());
    tell_index(&mut index, printer);
    let known = known?;
    known.tell(&preflight, printer);
    known.refuse_rows_in_work(options, &identity, &index, &mut rows)?;
    let opened = resume::open(known.meant, &options.resume, identity, known.ended, &index)?;
    let (mut journal, ended) = match opened {
        OpenedRun::Finished(past, exit) => {
            tell_finished(&past, exit, printer)?;
            drop((here, deciding));
            return bind(options, past.folder(), exit, printer);
        }
        OpenedRun::Continue(journal, ended) => (journal, Some(ended)),
        OpenedRun::New(journal) => (journal, None),
    };
    let registered = register(options, &journal, &index, (&mut rows, preflight.mapping.source()))?;
    drop((here, deciding));
    // A run that was forgotten has words again from here on.
    journal.remember()?;
    note_command(&journal, options)?;
    if let Some(handed_back) = &preflight.handed_back {
        journal.set_note(BASELINE_NOTE, &files::path_to_text(handed_back.path()))?;
    }
    note_fields(&journal, &preflight.account_fields)?;
    files::sweep(journal.folder());
    let settled = match ended {
        Some(_) => settle_before(&mut journal, options, &mut index, printer)?,
        None => Found::default(),
    };
    // What was found never to have left is sent by this command, too.
    let is_left = settled.free + settled.repeated + journal.not_sent();
    let ended = ended.map(|ended| ended.saturating_sub(is_left));
    let before = journal.reader()?.counts()?;
    match ended {
        None => {
            printer.say(&t!("run.new", folder = short_path(journal.folder()).display()));
            shared_folder(journal.folder()).iter().for_each(|word| printer.warn(&word.to_string()));
        }
        Some(_) if before.ended() > 0 => {
            let counts = words::counts_of(&journal.reader()?, &before)?;
            printer.say(&t!("run.continue", folder = short_path(journal.folder()).display(), counts = counts));
        }
        Some(0) => printer.say(&t!("run.accept_none", folder = short_path(journal.folder()).display())),
        Some(ended) => printer.say(&t!("run.accept", folder = short_path(journal.folder()).display(), rows = ended)),
    }
    let mut memory = known.memory;
    let done = ended.unwrap_or(0) + memory.not_sent();
    let referring = Referring { options, journal: Some(&journal) };
    let ended_rows = || OperationCursor::open(journal.folder()).map(Some);
    let resolved = referring.resolve(ended_rows, &mut memory, &mut preflight, &mut rows, printer);
    journal.replace_findings(|put| preflight.findings.each(put))?;
    let waits = match resolved {
        Ok(outcome) if options.strict && outcome.waiting + outcome.refused > 0 => {
            let error = Error::usage(message!("run.strict", rows = outcome.waiting + outcome.refused));
            let error = match outcome.waits(journal.folder()) {
                Some(waits) => error.hint(waits.into_message()),
                None => error,
            };
            return nothing_sent(options, &preflight, journal, error, printer);
        }
        Ok(outcome) => outcome.waits(journal.folder()),
        Err(error) => return nothing_sent(options, &preflight, journal, error, printer),
    };
    if let Some(waits) = &waits {
        printer.warn(&waits.message());
    }
    let left = sendable(options, &preflight, done);
    let cursor = Some(OperationCursor::open(journal.folder())?);
    printer.stage(&t!("run.stage_look", host = options.account.named_host()));
    let last_sent = LastSent::read(options, &index, &journal.identity().target, printer)?;
    let matches = match preflight.mapping.is_found_by_key() {
        true => {
            let (known, mut findings) = ((&mut memory, cursor, last_sent.as_ref()), Findings::new()?);
            let matches = match_rows(options, &preflight, &mut rows, known, &mut findings, printer)?;
            tell_found(&findings, &preflight, printer)?;
            preflight.show_first(matches.first.clone());
            if options.is_sandbox() {
                printer.say(&matches.plan.words(options.preflight.mode, &preflight).to_string());
            }
            Some(matches)
        }
        false => {
            let look = Look { options, preflight: &preflight, identity: journal.identity(), left };
            look.add_to(&mut memory, &mut index, &mut rows, cursor, printer)?;
            None
        }
    };
    printer.stage(&t!("run.stage_agree"));
    let remembered = memory.not_sent();
    if ended.is_none() {
        ask_about_older(options, &preflight)?;
    }
    let plan = matches.as_ref().map(|matches| matches.plan);
    let mut known = KnownRows { memory, matches, last_sent, registered };
    let parents = parents_of(options, &preflight, &mut rows, &mut known)?;
    let first = parents.words(options.catalog);
    if options.is_sandbox() {
        first.iter().for_each(|line| printer.say(line));
    }
    let about = About { ended, remembered, plan, first, before, folder: journal.folder(), index: &index };
    let answer = Agreement::new(options, about, printer).ask(&mut preflight, &mut rows, &mut agreed)?;
    let Answer::Yes(first_look) = answer else { return Ok(Exit::Interrupted) };
    if let Some(name) = agreed.name() {
        journal.set_note(COMPANY_NOTE, name)?;
    }
    if let (Some(handed_back), Some(folder)) = (&preflight.handed_back, &options.preflight.baselines) {
        handed_back.note_import(folder)?;
    }
    // What it holds in memory is of no use while rows are sent.
    drop(index);
    // No cells are kept of rows that nobody agreed to send.
    if let Some(cells) = rows.cells.take() {
        cells.keep(journal.folder(), journal.identity(), &preflight.sheet, preflight.format)?;
    }
    let started = Instant::now();
    // With what a person agreed to rows may be sent that were held back before.
    let parents = parents_of(options, &preflight, &mut rows, &mut known)?;
    let waits = match parents.is_empty() {
        true => waits,
        false => match make_first(options, &parents, &mut journal, (&mut preflight, &mut rows, &mut known), printer) {
            Ok(not_made) => waits.or(not_made),
            Err(error) => return nothing_sent(options, &preflight, journal, error, printer),
        },
    };
    let folder = journal.folder().to_owned();
    // From here on a stop is in order: what is on its way comes back, and is reported.
    let _orderly = Interrupt::of_process().orderly(None);
    let _awake = Awake::begin();
    printer.stage(&message!("run.stage_send", rows = left, host = options.account.named_host()).to_string());
    let mut sent = pipeline::send(options, &preflight, rows, known, journal, first_look, printer)?;
    Registration::end(&folder)?;
    if sent.recorded.broken.is_none() {
        Marks::end(&folder)?;
    }
    settle_after(&mut sent, options, printer);
    // Nothing else keeps it from its end.
    if let (None, Some(waits)) = (&sent.cause, waits.filter(|_| sent.waiting > 0)) {
        sent.cause = Some(Cause::Halted(waits));
    }
    let exit = finish(options, &preflight, sent, started, printer)?;
    bind(options, &folder, exit, printer)
}

/// Binds the records that a run has made or found, where that is wanted: how both ended.
///
/// # Errors
/// The run that binds them cannot begin or ended for good.
fn bind(options: &ImportOptions<'_>, folder: &Path, exit: Exit, printer: &Printer) -> Result<Exit> {
    if exit == Exit::Interrupted {
        return Ok(exit);
    }
    let Some(binding) = BindingRun::of(options, folder)? else { return Ok(exit) };
    printer.say(&binding.begins());
    let bound = run(&binding.options, &printer.muted())?;
    printer.say(&binding.ended()?);
    Ok(if exit == Exit::Done { bound } else { exit })
}

/// The records that the rows want which are sent, and which are not there.
fn parents_of(
    options: &ImportOptions<'_>,
    preflight: &Preflight,
    rows: &mut Rows,
    known: &mut KnownRows,
) -> Result<Parents> {
    Parents::wanted(rows, sent_rows(options, preflight, known), options.catalog)
}

fn sent_rows<'p>(options: &ImportOptions<'_>, preflight: &'p Preflight, known: &'p mut KnownRows) -> SentRows<'p> {
    let KnownRows { memory, matches, .. } = known;
    SentRows { matches: matches.as_mut(), memory, consent: &preflight.consent, limit: options.limit }
}

/// Makes the records that rows refer to and that are not there, by runs of their own, and puts their ids into the rows. Why
/// rows wait whose records were not made.
///
/// # Errors
/// The user stops, a list that cannot be read now, a full disk.
fn make_first(
    options: &ImportOptions<'_>,
    parents: &Parents,
    journal: &mut Journal,
    (preflight, rows, known): (&mut Preflight, &mut Rows, &mut KnownRows),
    printer: &Printer,
) -> Result<Option<Error>> {
    let mut made = Made::default();
    let mut why: Option<NotMade> = None;
    for (entity, wanted) in &parents.lists {
        let parent_run = ParentRun::of(options, journal, options.catalog.find(entity)?, wanted)?;
        let muted = printer.muted();
        let ran = parent_run.settle(&muted).and_then(|()| run(&parent_run.options, &muted));
        let (new, not_made) = parent_run.read_made(&mut made)?;
        if new > 0 {
            printer.say(&parent_run.words(new));
        }
        let failed = match ran {
            Ok(Exit::Interrupted) => return Err(Interrupt::of_process().error()),
            Ok(_) => not_made,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
            Err(error) => Some(NotMade::of(error)),
        };
        why = why.or(failed);
    }
    let consent = preflight.consent.clone();
    let KnownRows { memory, matches, .. } = known;
    let sent = SentRows { matches: matches.as_mut(), memory, consent: &consent, limit: options.limit };
    let referring = Referring { options, journal: Some(journal) };
    let outcome = referring.resolve_made(&made, sent, preflight, rows, printer)?;
    journal.replace_findings(|put| preflight.findings.each(put))?;
    Ok((outcome.waiting > 0).then(|| waits_for_parents(outcome.waiting, why)))
}

/// Closes the books of a command that could not send anything: the same command goes on.
///
/// # Errors
/// A damaged journal, a full disk.
fn nothing_sent(
    options: &ImportOptions<'_>,
    preflight: &Preflight,
    journal: Journal,
    error: Error,
    printer: &Printer,
) -> Result<Exit> {
    Registration::end(journal.folder())?;
    let recorded = Recorded { journal, given_back: 0, broken: None };
    let sent = Sent { recorded, taken: 0, waiting: 0, cause: Some(Cause::of(error)), requests: 0, retries: 0 };
    finish(options, preflight, sent, Instant::now(), printer)
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

/// Finds out what became of rows in doubt before a run goes on: it reads before it writes, so that a service that is still down
/// costs no further rows.
///
/// # Errors
/// The account cannot be read.
fn settle_before(
    journal: &mut Journal,
    options: &ImportOptions<'_>,
    index: &mut RunIndex,
    printer: &Printer,
) -> Result<Found> {
    let past = journal.reader()?;
    let (unknown, _) = past.unsettled()?;
    if unknown == 0 {
        return Ok(Found::default());
    }
    let kept = match KeptRun::of(&past, options.catalog) {
        Ok(kept) => kept,
        Err(error) => {
            printer.warn(&t!("settle.cannot", why = error.message()));
            return Ok(Found::default());
        }
    };
    drop(past);
    let about = Whereabouts { account: &options.account, catalog: options.catalog, index };
    let found = settle::settle(journal, &kept, &about, options.doubt, printer).map_err(halting)?;
    if let Some(words) = settle::words(found, unknown) {
        printer.say(&words);
    }
    if found.repeated > 0 {
        printer.warn(&settle::may_double(found.repeated, options.doubt));
    }
    Ok(found)
}

/// Finds out what became of the rows that a command leaves in doubt. What cannot be found out now, `bw8 settle` may find out
/// later.
fn settle_after(sent: &mut Sent, options: &ImportOptions<'_>, printer: &Printer) {
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
        Err(error) => printer.warn(&t!("settle.cannot", why = error.message())),
    }
}

/// Shows which columns are understood, and what is wrong with the rows, before anything is sent.
fn tell_preflight(options: &ImportOptions<'_>, preflight: &Preflight, printer: &Printer) -> Result<()> {
    let (file, rows, reading) = (&options.preflight.input.shown, preflight.rows, &preflight.sheet.reading);
    let read = match &preflight.sheet.name {
        Some(sheet) => message!("run.read_sheet", file = file, rows = rows, reading = reading, sheet = sheet),
        None => message!("run.read", file = file, rows = rows, reading = reading),
    };
    printer.say(&read.to_string());
    if !preflight.sheet.others.is_empty() {
        printer.say(&t!("run.other_sheets", sheets = preflight.sheet.others.join(", ")));
    }
    printer.say(&preflight.mapping.report().text());
    preflight.words.iter().for_each(|word| printer.warn(&word.to_string()));
    preflight.sheet.notes.iter().for_each(|note| printer.say(&note.to_string()));
    preflight.export_words().iter().for_each(|words| printer.say(words));
    let found = describe(&preflight.findings, &preflight.mapping, SHOWN_KINDS)?;
    if !found.is_empty() {
        printer.warn(&found);
    }
    for (code, date) in &preflight.agreed_earlier {
        printer.say(&t!("agreement.earlier", date = date, codes = code));
    }
    Ok(())
}
