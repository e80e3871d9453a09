//! One run, from a file to a report: read it all and check it, find the run that is meant, send what is left, say what
//! became of every row. `import` and `retry` are two ways to begin it.
//!
//! `input` reads the file, `begin` finds out which run is meant and what is known, `look` holds the rows against the account,
//! `agree` asks whoever is there, and what is sent goes through the pipeline.

mod agree;
mod begin;
mod clock;
mod input;
mod look;
mod settling;

use std::path::Path;

use super::agreement::Answer;
use super::binding_run::BindingRun;
use super::closing::{finish, tell_finished};
use super::foreseen::dry_run;
use super::options::ImportOptions;
use super::parents::{NotMade, ParentRun, Parents, waits_for_parents};
use super::pipeline::{self, Cause, Recorded, Sent, write_down_requests};
use super::plan::KnownRows;
use super::preflight::{Preflight, Rows};
use super::references::Made;
use super::referring::Referring;
use super::sent_rows::SentRows;
use crate::error::{Error, ErrorKind, Exit, Result};
use crate::journal::{Journal, Marks, Registration};
use crate::machine::Awake;
use crate::message;
use crate::terminal::{Interrupt, Printer};
use agree::{agree, keep_cells};
use begin::{Begun, begin};
use clock::Clock;
use input::Input;
use look::look;
use settling::settle_after;

/// Does the options.
///
/// # Errors
/// Everything that keeps a run from beginning.
pub fn run(options: &ImportOptions<'_>, printer: &Printer) -> Result<Exit> {
    let mut input = Input::read(options, printer)?;
    let mut clock = Clock::start();
    if options.dry_run {
        return dry_run(options, &mut input.preflight, &mut input.rows, printer);
    }
    let mut begun = match begin(options, &mut input, printer)? {
        Begun::Before(past, exit) => {
            tell_finished(options, &past, exit, printer)?;
            return bind(options, past.folder(), exit, printer);
        }
        Begun::Run(begun) => *begun,
    };
    let looked = match look(options, &mut input, &mut begun, printer)? {
        Ok(looked) => looked,
        Err(error) => {
            let Input { preflight, mut rows, .. } = input;
            // They name the rows in the reports.
            keep_cells(&mut rows, &preflight, &begun.journal)?;
            return nothing_sent(options, &preflight, begun.journal, (error, clock), printer);
        }
    };
    let (mut waits, left, mut known) = (looked.waits, looked.left, looked.known);
    // Nobody's time counts but that of the program.
    clock.stop();
    let answer = agree(options, &mut input, &mut begun, (&mut known, looked.plan), printer)?;
    clock.go_on();
    let Answer::Yes(first_look) = answer else { return Ok(Exit::Interrupted) };
    let mut journal = begun.into_journal();
    let Input { mut preflight, mut rows, .. } = input;
    // With what a person agreed to rows may be sent that were held back before.
    let sent = SentRows::of(options, &preflight, &mut known.memory, known.matches.as_mut());
    let parents = Parents::wanted(&mut rows, sent, options.catalog)?;
    if !parents.is_empty() {
        match make_first(options, &parents, &mut journal, (&mut preflight, &mut rows, &mut known), printer) {
            Ok(not_made) => waits = waits.or(not_made),
            Err(error) => return nothing_sent(options, &preflight, journal, (error, clock), printer),
        }
    }
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
    let exit = finish(options, &preflight, sent, clock.seconds(), printer)?;
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
    // What follows is counted by runs of their own.
    write_down_requests(journal, options)?;
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
    let sent = SentRows {
        matches: matches.as_mut(),
        memory,
        consent: &consent,
        limit: options.limit,
        limits_written: options.limits_written(),
        written: 0,
    };
    let referring = Referring { options, journal: Some(journal), past: None };
    let outcome = referring.resolve_made(&mut made, sent, preflight, rows, printer)?;
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
    (error, clock): (Error, Clock),
    printer: &Printer,
) -> Result<Exit> {
    Registration::end(journal.folder())?;
    let recorded = Recorded { journal, given_back: 0, broken: None };
    let sent = Sent {
        recorded,
        taken: 0,
        waiting: 0,
        cause: Some(Cause::of(error)),
        requests: 0,
        retries: 0,
        is_unreadable: false,
    };
    finish(options, preflight, sent, clock.seconds(), printer)
}
