//! One run, from a file to a report: read it all and check it, find the run that is meant, send what is left, say what
//! became of every row. `import` and `retry` are two ways to begin it.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rust_i18n::t;
use serde_json::json;

use super::agreed::Agreed;
use super::agreement::{About, Agreement, Answer, is_change, left_out, sendable};
use super::cells::CellSpool;
use super::existing::Look;
use super::first_request::FirstRequest;
use super::known::{Known, cursor_of, register};
use super::matching::{Plan, match_rows, tell_found};
use super::memory::Memory;
use super::notes::{BASELINE_NOTE, COMPANY_NOTE, note_command, note_fields};
use super::operation::WriteOperation;
use super::options::{DoubtOptions, ImportOptions};
use super::pipeline::{self, Cause, Recorded, Sent};
use super::plan::KnownRows;
use super::preflight::{Preflight, Rows};
use super::references::{self, Outcome, Pass, Reference, Settled};
use super::report::{self, Files, RunContent, SettleLine, exit_of, words, write_issues_beside};
use super::resume::{self, OpenedRun};
use super::row_sender::halting;
use super::settle::{self, Found, KeptRun, Whereabouts};
use crate::account::Account;
use crate::api::Honours;
use crate::check::describe::describe;
use crate::check::findings::Findings;
use crate::definitions::DefinitionSource;
use crate::error::{Context, Error, Exit, Result};
use crate::files;
use crate::journal::{Counts, Journal, JournalReader, Marks, OperationCursor, Registration, RunIdentity, RunIndex};
use crate::language::Language;
use crate::lookup::Lists;
use crate::machine::{Awake, shared_folder};
use crate::mapping::MappingFile;
use crate::message;
use crate::terminal::{Console, Interrupt, Printer, quoted_path};

/// Name of the folder that holds the folders of runs.
const RUNS: &str = "bw8-runs";
/// Code of consent to a file that is older than one that was imported.
const OLDER_FILE: &str = "older_file";
/// Kinds of findings that are shown before anything is sent.
const SHOWN_KINDS: usize = 8;

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
    let (mut preflight, mut rows) = Preflight::run(&options.preflight, &definitions, &agreed, cells)?;
    tell_preflight(options, &preflight, printer)?;
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
    tell_known(&known, &preflight, printer);
    known.refuse_rows_in_work(options, &identity, &index, &mut rows)?;
    let opened = resume::open(known.meant, &options.resume, identity, known.ended, &index)?;
    let (mut journal, ended) = match opened {
        OpenedRun::Finished(past, exit) => return tell_finished(&past, exit, printer),
        OpenedRun::Continue(journal, ended) => (journal, Some(ended)),
        OpenedRun::New(journal) => (journal, None),
    };
    register(options, journal.folder(), &mut rows)?;
    drop((here, deciding));
    // A run that was forgotten has words again from here on.
    journal.remember()?;
    note_command(&journal, options)?;
    if let Some(handed_back) = &preflight.handed_back {
        journal.set_note(BASELINE_NOTE, &files::path_to_text(handed_back.path()))?;
    }
    note_fields(&journal, &preflight.account_fields)?;
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
            printer.say(&t!("run.new", folder = shown(journal.folder())));
            shared_folder(journal.folder()).iter().for_each(|word| printer.warn(&word.to_string()));
        }
        Some(_) if before.ended() > 0 => {
            let counts = words::counts_of(&journal.reader()?, &before)?;
            printer.say(&t!("run.continue", folder = shown(journal.folder()), counts = counts));
        }
        Some(0) => printer.say(&t!("run.accept_none", folder = shown(journal.folder()))),
        Some(ended) => printer.say(&t!("run.accept", folder = shown(journal.folder()), rows = ended)),
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
    printer.stage(&t!("run.stage_look", host = options.account.host()));
    let matches = match preflight.mapping.is_found_by_key() {
        true => {
            let (known, mut findings) = ((&mut memory, cursor), Findings::new()?);
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
    let about = About { ended, remembered, plan, before, folder: journal.folder(), index: &index };
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
    let folder = journal.folder().to_owned();
    // From here on a stop is in order: what is on its way comes back, and is reported.
    let _orderly = Interrupt::of_process().orderly(None);
    let _awake = Awake::begin();
    printer.stage(&message!("run.stage_send", rows = left, host = options.account.host()).to_string());
    let known = KnownRows { memory, matches };
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
    finish(options, &preflight, sent, started, printer)
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

/// Rows that refer to records of the account.
struct Referring<'a> {
    options: &'a ImportOptions<'a>,
    /// The run, once it has begun.
    journal: Option<&'a Journal>,
}

impl Referring<'_> {
    /// Finds the records that rows refer to in the account's lists.
    ///
    /// # Errors
    /// A list that cannot be read now.
    fn resolve(
        &self,
        ended: impl Fn() -> Result<Option<OperationCursor>>,
        memory: &mut Memory,
        preflight: &mut Preflight,
        rows: &mut Rows,
        printer: &Printer,
    ) -> Result<Outcome> {
        let options = self.options;
        let references = Reference::all(&preflight.mapping, options.catalog);
        // Nothing is made where there is nothing.
        let is_there = !options.dry_run || !options.is_sandbox() || options.account.index_folder()?.exists();
        let changes_done = preflight.mapping.is_found_by_key();
        if references.is_empty() || !is_there {
            return Ok(Outcome::default());
        }
        if !references::is_needed(Settled { ended: ended()?, memory, changes_done }, rows)? {
            return Ok(Outcome::default());
        }
        printer.stage(&t!("run.stage_look", host = options.account.host()));
        let mut lists = Lists::new(&options.account, options.catalog, !options.dry_run, printer)?;
        let pass = Pass { options, references: &references, lists: &mut lists, journal: self.journal };
        // A server that never answered is not down but somewhere else.
        let settled = Settled { ended: ended()?, memory, changes_done };
        let told = describe(&preflight.findings, &preflight.mapping, SHOWN_KINDS)?;
        let outcome = references::resolve(pass, settled, preflight, rows, printer)
            .map_err(|error| if lists.was_answered() { halting(error) } else { error })?;
        drop(lists);
        let found = describe(&preflight.findings, &preflight.mapping, SHOWN_KINDS)?;
        // What the file itself says was told before.
        if found != told {
            printer.warn(&found);
        }
        Ok(outcome)
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
    printer.say(&settle::words(found, unknown));
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
            printer.say(&settle::words(found, unsettled));
        }
        Err(error) => printer.warn(&t!("settle.cannot", why = error.message())),
    }
}

/// Folders in which runs may lie that the index does not know. The sandbox forgets its runs with its records.
fn places(options: &ImportOptions<'_>, identity: &RunIdentity) -> Vec<PathBuf> {
    let parent = options.parent.as_ref().and_then(|parent| parent.folder.parent()).map(Path::to_owned);
    let mut places = run_places(&options.account, &identity.input_path, options.resume.runs_from.as_deref());
    places.extend(parent.filter(|_| !options.is_sandbox()));
    places.dedup();
    places
}

/// Folders in which runs may lie: `bw8-runs` here and beside an input, the input's own folder, and one that was named.
pub fn run_places(account: &Account, input: &Path, named: Option<&Path>) -> Vec<PathBuf> {
    if matches!(account, Account::Sandbox { .. }) {
        return Vec::new();
    }
    let absolute = |path: &Path| std::path::absolute(path).ok();
    let beside = absolute(input).and_then(|input| input.parent().map(Path::to_owned));
    let mut places = Vec::from_iter(absolute(Path::new(RUNS)));
    places.extend(beside.iter().map(|folder| folder.join(RUNS)));
    places.extend(beside);
    places.extend(named.and_then(absolute));
    places
}

/// Keeps commands that use another state folder from beginning in this folder meanwhile, until it is dropped.
fn hold_here(options: &ImportOptions<'_>) -> Result<Option<std::fs::File>> {
    if options.is_sandbox() {
        return Ok(None);
    }
    let folder = Path::new(RUNS);
    let place = || folder.display().to_string();
    let begun = std::fs::create_dir_all(folder).and_then(|()| {
        std::fs::File::options().create(true).truncate(false).write(true).open(folder.join("begin.lock"))
    });
    let file = match begun {
        Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => {
            // Where nobody can write, nobody begins a run; one of another folder has no part in that.
            return match options.resume.folder {
                Some(_) => Ok(None),
                None => Err(error).context(place).map_err(|error| error.hint(message!("run.read_only_hint"))),
            };
        }
        begun => begun.context(place)?,
    };
    files::lock(&file, &folder.join("begin.lock")).context(place)?;
    Ok(Some(file))
}

/// Says what there is to say of the index.
fn tell_index(index: &mut RunIndex, printer: &Printer) {
    for word in index.take_words() {
        printer.warn(&word.to_string());
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
    if let Some(handed_back) = &preflight.handed_back {
        let (file, exported) = handed_back.shown();
        printer.say(&t!("change.handed_back", file = file, exported = exported));
    }
    let found = describe(&preflight.findings, &preflight.mapping, SHOWN_KINDS)?;
    if !found.is_empty() {
        printer.warn(&found);
    }
    for (code, date) in &preflight.agreed_earlier {
        printer.say(&t!("agreement.earlier", date = date, codes = code));
    }
    Ok(())
}

/// What a command would do.
#[derive(Debug)]
pub struct Foreseen {
    /// What the account has of the rows, where they are looked up there.
    plan: Option<Plan>,
    /// Rows that would be sent at most.
    would_send: u64,
    /// Rows that were sent before, and would not be sent again.
    ended: u64,
    /// Rows that would wait or be refused for what the account has.
    not_sent: Counts,
    /// What was found of them in the account.
    pub findings: Findings,
    /// What the first row that is sent asks for.
    first: Option<WriteOperation>,
}

/// Reads what the real run reads before its first write, and tells what it would do.
///
/// # Errors
/// Everything that keeps a run from beginning.
pub fn foresee(
    options: &ImportOptions<'_>,
    preflight: &mut Preflight,
    rows: &mut Rows,
    printer: &Printer,
) -> Result<Foreseen> {
    let identity = identity(options, preflight)?;
    // Nothing is made where there is nothing.
    let mut index = RunIndex::open_existing(&options.account.index_folder()?)?;
    index.look_in(places(options, &identity));
    let known = Known::find_out(options, &identity, &mut index, rows, preflight.mapping.source());
    tell_index(&mut index, printer);
    let mut known = known?;
    tell_known(&known, preflight, printer);
    if !known.is_finished() {
        let Known { meant, memory, .. } = &mut known;
        let referring = Referring { options, journal: None };
        let outcome = referring.resolve(|| cursor_of(meant), memory, preflight, rows, printer)?;
        if outcome.waiting > 0 {
            printer
                .warn(&message!("lookup.waiting", rows = outcome.waiting, questions = outcome.questions).to_string());
        }
    }
    let (mut not_sent, mut findings) = (Counts::default(), Findings::new()?);
    let cursor = cursor_of(&known.meant)?;
    if preflight.mapping.is_found_by_key() && !known.is_finished() {
        let (ended, mut memory) = (known.ended, known.memory);
        let matches = match_rows(options, preflight, rows, (&mut memory, cursor), &mut findings, printer)?;
        let plan = matches.plan;
        (not_sent.held, not_sent.refused) = (plan.held, plan.refused);
        let would_send = plan.sent().min(options.limit.unwrap_or(u64::MAX));
        let first = matches.first;
        return Ok(Foreseen { plan: Some(plan), would_send, ended, not_sent, findings, first });
    }
    let ended = known.not_sent();
    let left = sendable(options, preflight, ended);
    let mut memory = known.memory;
    let look = Look { options, preflight, identity: &identity, left };
    not_sent.held = look.add_to(&mut memory, &mut index, rows, cursor, printer)?;
    let would_send = sendable(options, preflight, ended + not_sent.held);
    let first = preflight.first_operation.clone();
    Ok(Foreseen { plan: None, would_send, ended, not_sent, findings, first })
}

/// What other runs say of the rows. What is done to records that are there is decided by those records.
fn tell_known(known: &Known, preflight: &Preflight, printer: &Printer) {
    if !preflight.mapping.is_found_by_key() {
        known.words.iter().for_each(|word| printer.warn(&word.to_string()));
    }
}

impl Foreseen {
    /// Rows that would wait because the account has them, which no finding says.
    pub fn waiting(&self) -> u64 {
        if self.plan.is_some() { 0 } else { self.not_sent.held }
    }

    /// It in words.
    pub fn words(&self, options: &ImportOptions<'_>, preflight: &Preflight) -> String {
        match self.plan {
            Some(plan) => plan.words(options.preflight.mode, preflight).to_string(),
            None => dry_words(
                options,
                self.would_send,
                preflight.findings.refused + self.not_sent.refused,
                preflight.findings.held + self.not_sent.held,
            ),
        }
    }

    /// It for scripts.
    pub fn json(&self) -> serde_json::Value {
        json!({"would_send": self.would_send, "ended_before": self.ended, "plan": self.plan.map(|plan| plan.json()),
            "refused": self.not_sent.refused, "held": self.not_sent.held})
    }
}

/// Says what the same command would do without `--dry-run`.
fn dry_run(options: &ImportOptions<'_>, preflight: &mut Preflight, rows: &mut Rows, printer: &Printer) -> Result<Exit> {
    let foreseen = foresee(options, preflight, rows, printer)?;
    tell_found(&foreseen.findings, preflight, printer)?;
    let Foreseen { would_send, ended, not_sent, plan, .. } = &foreseen;
    let (would_send, ended, plan) = (*would_send, *ended, *plan);
    let held = preflight.findings.held + not_sent.held;
    let refused = preflight.findings.refused + not_sent.refused;
    let exit = if refused + held + preflight.waiting > 0 { Exit::SomeFailed } else { Exit::Done };
    printer.result(&foreseen.words(options, preflight));
    if plan.is_some() {
        printer.result(&t!("run.dry_nothing_sent"));
    }
    if ended > 0 {
        printer.result(&message!("run.dry_done", rows = ended).to_string());
    }
    if let Some(loss) = preflight.mapping.report().loss() {
        printer.result(&loss.to_string());
    }
    let account = options.account.shown_target();
    let account = account.as_ref().map_or("", |target| target.credentials.name());
    left_out(options, preflight, account).iter().for_each(|line| printer.result(line));
    let first = foreseen.first.as_ref().filter(|_| would_send > 0);
    let first = first.and_then(|operation| FirstRequest::of(options, operation));
    if let Some(first) = &first {
        printer.result(&t!("run.first_request"));
        printer.result(&if options.as_curl { first.curl() } else { first.text() });
    }
    printer.json(&json!({
        "version": 1, "entity": options.entity().name, "dry_run": true, "finished": false,
        "first_request": first.as_ref().map(FirstRequest::json),
        "rows": {"read": preflight.rows, "would_send": would_send, "refused": refused, "held": held,
            "waiting": preflight.waiting,
            "ended_before": ended},
        "plan": plan.map(|plan| plan.json()),
        "left_out": preflight.left_out, "mapping": preflight.mapping.report(), "exit": exit,
    }));
    Ok(exit)
}

/// What would be done, and with how many rows not; nothing is said of those that are none.
fn dry_words(options: &ImportOptions<'_>, would_send: u64, refused: u64, held: u64) -> String {
    let key = if is_change(options) { "run.dry_change" } else { "run.dry_new" };
    let records = options.entity().counted(would_send, Language::current());
    let would = match would_send {
        0 => t!("run.dry_none"),
        _ => t!(key, records = records, host = options.account.host()),
    };
    let besides =
        [(refused, message!("run.dry_refused", rows = refused)), (held, message!("run.dry_held", rows = held))];
    let besides = besides.iter().filter(|(rows, _)| *rows > 0).map(|(_, words)| words.to_string());
    t!("run.dry", would = would, besides = besides.collect::<String>()).into_owned()
}

/// A folder as short as the working folder allows.
fn shown(folder: &Path) -> std::path::Display<'_> {
    files::short_path(folder).display()
}

/// What makes the run the command means the same run as another.
///
/// # Errors
/// A working folder that is gone.
pub(super) fn identity(options: &ImportOptions<'_>, preflight: &Preflight) -> Result<RunIdentity> {
    let input_path =
        std::path::absolute(&options.preflight.input.path).context(|| options.preflight.input.shown.clone())?;
    Ok(RunIdentity {
        run: resume::new_run_id(),
        entity: options.entity().name.clone(),
        mode: options.preflight.mode.as_str().to_owned(),
        key: options.preflight.key.clone(),
        target: options.account.identity(),
        host: options.account.host(),
        input: preflight.fingerprint.clone(),
        mapping: preflight.mapping.fingerprint(),
        catalog: options.entity().fingerprint(),
        input_path,
        input_shown: options.preflight.input.shown.clone(),
        sheet: preflight.sheet.name.clone(),
        header_row: options.preflight.input.header_row,
        encoding: options.preflight.input.encoding.clone(),
        mapping_text: MappingFile::text_with(options.preflight.mapping_file.as_ref(), options.preflight.values),
        account_mode: options.preflight.account_mode,
        rows: preflight.rows,
        parent: options.parent.clone(),
        started: jiff::Timestamp::now().as_millisecond(),
    })
}

/// The run did it all before: say so, and exit as it did.
fn tell_finished(past: &JournalReader, exit: Exit, printer: &Printer) -> Result<Exit> {
    let mut counts = past.counts()?;
    counts.read = past.identity().rows;
    let words = words::counts_of(past, &counts)?;
    printer.result(&t!("run.finished", folder = shown(past.folder()), counts = words));
    let hint = match (past.forgotten()?, &past.identity().parent) {
        (Some(_), _) => "run.finished_forgotten_hint",
        (None, Some(_)) => "run.finished_retry_hint",
        (None, None) => "run.finished_hint",
    };
    if past.identity().parent.is_none() || counts.retriable() > 0 {
        printer.say(&t!(hint));
    }
    let summary = past.folder().join("summary.json");
    let document = std::fs::read(&summary).ok().and_then(|text| serde_json::from_slice(&text).ok());
    printer.json(&document.unwrap_or_else(|| {
        json!({"version": 1, "run": past.identity().run, "entity": past.identity().entity, "finished": true,
            "rows": counts, "exit": exit})
    }));
    Ok(exit)
}

/// Closes the books: counts, reports, the journal as one file, the last words.
fn finish(
    options: &ImportOptions<'_>,
    preflight: &Preflight,
    sent: Sent,
    started: Instant,
    printer: &Printer,
) -> Result<Exit> {
    let Sent { recorded, taken, waiting, cause, requests, retries } = sent;
    let Recorded { journal, given_back, broken } = recorded;
    if let Some(error) = broken {
        // The journal cannot be written, so nothing more can be said than why; opening it again finds what is in doubt.
        return Err(error);
    }
    printer.stage(&t!("run.stage_report", requests = requests, retries = retries));
    let past = journal.reader()?;
    let mut counts = past.counts()?;
    counts.read = preflight.rows.max(taken);
    // Two counts that know nothing of each other: what the reader took, and what the journal has an end for.
    let ended = past.ended_before(taken)?;
    if taken != ended + given_back + waiting {
        return Err(Error::cannot_run(message!(
            "run.unbalanced",
            taken = taken,
            ended = ended,
            folder = journal.folder().display()
        ))
        .hint(message!("run.unbalanced_hint")));
    }
    counts.pending = counts.read.saturating_sub(counts.ended());
    let cause = cause.filter(|cause| cause.stands_with(counts.pending));
    journal.set_totals(requests, retries, started.elapsed().as_secs_f64())?;
    let content = RunContent::new(&journal, &past, &preflight.mapping, counts)?;
    let mut files = report::write(&content);
    let settle_line = SettleLine::of(&content, &options.typed)?;
    let mut end = End::of(options, &content, &files, cause.as_ref())?;
    if let Err(error) = report::write_summary(&content, &end.summary) {
        files.unwritten.push(error);
        end = End::of(options, &content, &files, cause.as_ref())?;
    }
    let End { exit, finished, next, summary } = end;
    journal.finish(exit, finished)?;
    // A failure is told last, as every command does.
    let halted = cause.as_ref().filter(|cause| !matches!(cause, Cause::Failed(_))).map(cause_text);
    let told = report::describe(&content, &files, halted.as_deref(), next.as_deref(), settle_line.as_ref());
    if exit != Exit::Done || !printer.is_quiet() {
        printer.result(&told);
    }
    printer.json(&summary);
    drop(past);
    let folder = journal.folder().to_owned();
    if let Err(error) = journal.close() {
        // All of it is written; only the folding into one file has to wait until nobody reads it.
        printer.detail(&error.message());
    }
    remember(options, &folder, printer);
    if let Some(Cause::Failed(error)) = &cause {
        // Standard output has its one document already.
        printer.tell(error);
    }
    Ok(exit)
}

/// How a run ended, with what could be said of it.
struct End {
    exit: Exit,
    finished: bool,
    /// The command to type next.
    next: Option<String>,
    /// The summary, as it stands in `summary.json` and on standard output.
    summary: serde_json::Value,
}

impl End {
    fn of(options: &ImportOptions<'_>, content: &RunContent<'_>, files: &Files, cause: Option<&Cause>) -> Result<End> {
        let counts = &content.counts;
        // What could not be reported is reported by the same command, once it can be.
        let unwritten = files.unwritten.first();
        let finished = counts.pending == 0 && cause.is_none() && unwritten.is_none();
        let exit = match unwritten {
            Some(_) => Exit::CannotRun,
            None => exit_of(counts, cause.map(Cause::exit)),
        };
        // Either of two files may be the one that somebody fixes.
        let folder = files.failed_book.as_ref().map(|_| content.journal.folder());
        let failed = folder.or(files.failed.as_deref());
        let next = next_command(options, content.journal, counts, finished, failed);
        let mut summary = report::summary(content, exit, finished, files, next.as_deref())?;
        let halted = match cause {
            Some(Cause::Halted(error) | Cause::Repeats(error) | Cause::Failed(error)) => Some(error),
            _ => None,
        };
        if let Some(error) = halted.or(unwritten) {
            summary["error"] = json!({"message": error.message(), "hint": error.hint_text()});
        }
        Ok(End { exit, finished, next, summary })
    }
}

/// Puts what was sent into the index, which knows it though the run's folder may be deleted. What fails here, the next
/// command does.
fn remember(options: &ImportOptions<'_>, folder: &Path, printer: &Printer) {
    if !options.preflight.mode.makes_records(options.entity()) {
        return;
    }
    let remembered = options.account.index().and_then(|mut index| {
        let remembered = JournalReader::open_read_only(folder).and_then(|past| index.read_run(&past));
        tell_index(&mut index, printer);
        remembered
    });
    if let Err(error) = remembered {
        printer.detail(&error.message());
    }
}

fn cause_text(cause: &Cause) -> String {
    match cause {
        Cause::Interrupted => t!("run.was_interrupted").into_owned(),
        Cause::Halted(error) | Cause::Repeats(error) | Cause::Failed(error) => match error.hint_text() {
            Some(hint) => format!("{}\n{hint}", error.message()),
            None => error.message(),
        },
    }
}

/// The command to type next; none when there is nothing left to do.
fn next_command(
    options: &ImportOptions<'_>,
    journal: &Journal,
    counts: &Counts,
    finished: bool,
    failed: Option<&Path>,
) -> Option<String> {
    if !finished {
        return Some(options.typed.continuing());
    }
    match failed {
        Some(failed) if counts.retriable() > 0 => Some(options.typed.on_same_account("retry", failed)),
        _ => Some(format!("bw8 runs show {}", quoted_path(journal.folder()))),
    }
}
