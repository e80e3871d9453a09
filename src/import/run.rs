//! One run, from a file to a report: read it all and check it, find the run that is meant, send what is left, say what
//! became of every row. `import` and `retry` are two ways to begin it.

use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Instant;

use rust_i18n::t;

use super::MappingFile;
use super::attempt::Exchange;
use super::findings;
use super::progress::Progress;
use super::recorder::{Gate, Message, Recorded, Tally, Window, record};
use super::report::{self, Issues, Report, exit_of};
use super::request::{Mode, one_writer};
use super::resume::{self, Decision, Wish, decide};
use super::signals::interrupts;
use super::steps::{Origin, Step, Steps};
use super::stop::{Cause, Stop};
use super::submit::submit;
use super::survey::{Rows, Survey};
use super::words;
use crate::api::{Client, Credentials, Target};
use crate::entity::{AccountMode, Catalog, Entity};
use crate::error::{Context, Error, Exit, Result};
use crate::format::Input;
use crate::journal::{Counts, Identity, InOrder, Journal, Lock, Parent, Past, RunIndex};
use crate::printer::Printer;
use crate::sandbox;
use crate::settings::{self, Connection, Settings};

/// Where rows go.
pub enum Place {
    /// An account of the service.
    Account(Target),
    /// The rehearsal server, with its records in this folder.
    Rehearsal(PathBuf),
}

impl Place {
    /// The place a command means.
    ///
    /// # Errors
    /// No login, or an address that cannot be used.
    pub fn of(connection: &Connection, settings: &Settings, catalog: &Catalog) -> Result<Place> {
        match connection.sandbox {
            true => Ok(Place::Rehearsal(std::path::absolute(".").context(|| ".".to_owned())?)),
            false => settings.target(connection, catalog).map(Place::Account),
        }
    }

    /// The account as part of a run's identity. The rehearsal server takes another port each time, so it goes by its folder.
    pub fn identity(&self) -> String {
        match self {
            Place::Account(target) => target.identity(),
            Place::Rehearsal(folder) => format!("sandbox {}", folder.display()),
        }
    }

    /// The host, as shown.
    pub fn host(&self) -> String {
        match self {
            Place::Account(target) => target.host(),
            Place::Rehearsal(_) => "sandbox".to_owned(),
        }
    }

    /// Where runs into this place are listed: those of the rehearsal go with its records.
    ///
    /// # Errors
    /// A folder that cannot be written.
    pub fn index(&self) -> Result<RunIndex> {
        RunIndex::open(&self.index_folder()?)
    }

    fn index_folder(&self) -> Result<PathBuf> {
        match self {
            Place::Account(_) => settings::state_folder(),
            Place::Rehearsal(folder) => Ok(folder.join(".bw8")),
        }
    }
}

/// What a command wants done.
pub struct Work<'a> {
    /// What is known of the interface.
    pub catalog: &'a Catalog,
    /// What the rows are.
    pub entity: &'a Entity,
    /// Where they come from.
    pub input: Input,
    /// How columns become fields, where headers do not say it.
    pub mapping: Option<MappingFile>,
    /// The mapping file's text.
    pub mapping_text: Option<String>,
    /// Whether contacts belong to companies.
    pub account_mode: AccountMode,
    /// Whether rows are new records.
    pub mode: Mode,
    /// Where they go.
    pub place: Place,
    /// The options of the connection.
    pub connection: &'a Connection,
    /// What the user said about going on.
    pub wish: Wish,
    /// The run that is retried.
    pub parent: Option<Parent>,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
    /// Only the first rows.
    pub limit: Option<u64>,
    /// A refused row stops the run.
    pub strict: bool,
    /// Most failed rows.
    pub max_failures: Option<u64>,
    /// The first row goes alone and is compared.
    pub canary: bool,
    /// No question is asked.
    pub yes: bool,
    /// A progress bar is wanted.
    pub bar: bool,
    /// The command that goes on with this one, as typed.
    pub command: String,
}

/// Does the work.
///
/// # Errors
/// Everything that keeps a run from beginning.
pub fn run(work: Work<'_>, printer: &Printer) -> Result<Exit> {
    let (survey, mut rows) =
        Survey::take(&work.input, work.entity, work.mapping.as_ref(), work.account_mode, work.mode)?;
    tell_survey(&work, &survey, printer)?;
    if work.strict && survey.findings.rows > 0 {
        let path = write_issues(&work.input, &survey)?;
        return Err(Error::usage(t!("run.strict", rows = survey.findings.rows))
            .hint(t!("run.strict_hint", file = path.display())));
    }
    if work.dry_run {
        return dry_run(&work, &survey, &mut rows, printer);
    }
    let index = work.place.index()?;
    let identity = identity(&work, &survey)?;
    if work.wish.fresh {
        warn_of_doubles(&work, &identity, &index, &mut rows, printer);
    }
    // Two commands at once must not both begin a run of the same rows.
    let deciding = index.hold()?;
    let (mut journal, ended) = match decide(&work.wish, identity, &index, &mut rows, work.entity)? {
        Decision::Finished(past, exit) => return tell_finished(&past, exit, printer),
        Decision::Continue(journal, ended) => (journal, Some(ended)),
        Decision::New(journal) => (journal, None),
    };
    drop(deciding);
    journal.replace_findings(|put| survey.findings.each(put))?;
    let before = journal.past()?.counts()?;
    match ended {
        None => printer.say(&t!("run.new", folder = journal.folder().display())),
        Some(_) if before.ended() > 0 => {
            printer.say(&t!("run.continue", folder = journal.folder().display(), counts = words::counts(&before)));
        }
        Some(ended) => printer.say(&t!("run.accept", folder = journal.folder().display(), rows = ended)),
    }
    if !confirm(&work, &survey, ended.unwrap_or(0), printer)? {
        return Ok(Exit::Interrupted);
    }
    let started = Instant::now();
    let sent = send(&work, &survey, rows, journal, before, printer)?;
    finish(&work, &survey, sent, started, printer)
}

fn warn_of_doubles(work: &Work<'_>, identity: &Identity, index: &RunIndex, rows: &mut Rows, printer: &Printer) {
    let doubles = resume::may_double(identity, index, rows, work.entity);
    if doubles > 0 {
        printer.warn(&t!("run.fresh", rows = doubles));
    }
}

/// Shows which columns are understood, and what is wrong with the rows, before anything is sent.
fn tell_survey(work: &Work<'_>, survey: &Survey, printer: &Printer) -> Result<()> {
    let key = if survey.sheet.name.is_some() { "run.read_sheet" } else { "run.read" };
    printer.say(&t!(
        key,
        file = work.input.shown,
        rows = survey.rows,
        reading = survey.sheet.reading,
        sheet = survey.sheet.name.as_deref().unwrap_or_default()
    ));
    if !survey.sheet.others.is_empty() {
        printer.say(&t!("run.other_sheets", sheets = survey.sheet.others.join(", ")));
    }
    printer.say(&survey.plan.report().text());
    let kinds = survey.findings.kinds()?;
    if !kinds.is_empty() {
        printer.warn(&t!("run.findings", rows = survey.findings.rows, findings = survey.findings.count));
        printer.warn(&findings::describe(&kinds, &survey.plan, 8));
    }
    Ok(())
}

/// Writes all findings to a file beside the working folder, for commands that have no run.
pub fn write_issues(input: &Input, survey: &Survey) -> Result<PathBuf> {
    let stem = input.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let path = PathBuf::from(format!("{stem}.issues.csv"));
    let mut issues = Issues::create(&path)?;
    survey.findings.each(|finding| issues.write(&finding, survey.sheet.name.as_deref(), &survey.plan))?;
    issues.finish()?;
    Ok(path)
}

/// Says what the same command would do without `--dry-run`.
fn dry_run(work: &Work<'_>, survey: &Survey, rows: &mut Rows, printer: &Printer) -> Result<Exit> {
    let identity = identity(work, survey)?;
    let folder = work.place.index_folder()?;
    let ended = match RunIndex::exists(&folder) || work.wish.folder.is_some() {
        false => 0,
        true => {
            let index = RunIndex::open(&folder)?;
            if work.wish.fresh {
                warn_of_doubles(work, &identity, &index, rows, printer);
            }
            let meant = resume::meant(&work.wish, &identity, &index, rows, work.entity)?;
            resume::ended_before(&meant, &identity, rows)?
        }
    };
    let would_send = sendable(work, survey, ended);
    let exit = if survey.findings.rows > 0 { Exit::SomeFailed } else { Exit::Done };
    printer.result(&t!(
        "run.dry",
        rows = would_send,
        entity = work.entity.label(crate::language::Language::current()),
        refused = survey.findings.rows,
        host = work.place.host()
    ));
    if ended > 0 {
        printer.result(&t!("run.dry_done", rows = ended));
    }
    printer.json(&serde_json::json!({
        "version": 1, "entity": work.entity.name, "dry_run": true, "finished": false,
        "rows": {"read": survey.rows, "would_send": would_send, "refused": survey.findings.rows,
            "ended_before": ended},
        "mapping": survey.plan.report(), "exit": exit,
    }));
    Ok(exit)
}

/// How many rows there are to send at most, `ended` of them having an end already.
fn sendable(work: &Work<'_>, survey: &Survey, ended: u64) -> u64 {
    let unsound = survey.findings.rows + u64::from(survey.sheet.example_row.is_some());
    survey.rows.saturating_sub(unsound).saturating_sub(ended).min(work.limit.unwrap_or(u64::MAX))
}

fn identity(work: &Work<'_>, survey: &Survey) -> Result<Identity> {
    let input_path = std::path::absolute(&work.input.path).context(|| work.input.shown.clone())?;
    Ok(Identity {
        run: resume::new_run_id(),
        entity: work.entity.name.clone(),
        mode: work.mode.word().to_owned(),
        target: work.place.identity(),
        host: work.place.host(),
        input: survey.fingerprint.clone(),
        mapping: survey.plan.fingerprint(),
        catalog: work.entity.fingerprint(),
        input_path: input_path.to_string_lossy().into_owned(),
        input_shown: work.input.shown.clone(),
        sheet: survey.sheet.name.clone(),
        header_row: work.input.header_row,
        encoding: work.input.encoding.clone(),
        mapping_text: work.mapping_text.clone(),
        account_mode: work.account_mode,
        rows: survey.rows,
        parent: work.parent.clone(),
        started: jiff::Timestamp::now().as_millisecond(),
    })
}

/// The run did it all before: say so, and exit as it did.
fn tell_finished(past: &Past, exit: Exit, printer: &Printer) -> Result<Exit> {
    let mut counts = past.counts()?;
    counts.read = past.identity().rows;
    printer.result(&t!("run.finished", folder = past.folder().display(), counts = words::counts(&counts)));
    let hint = if past.identity().parent.is_some() { "run.finished_retry_hint" } else { "run.finished_hint" };
    if past.identity().parent.is_none() || counts.refused + counts.failed > 0 {
        printer.say(&t!(hint));
    }
    let summary = past.folder().join("summary.json");
    let document = std::fs::read(&summary).ok().and_then(|text| serde_json::from_slice(&text).ok());
    printer.json(&document.unwrap_or_else(|| {
        serde_json::json!({"version": 1, "run": past.identity().run, "entity": past.identity().entity, "finished": true,
            "rows": counts, "exit": exit})
    }));
    Ok(exit)
}

/// On a real host a person sees the account, the counts and the first record, and is asked; without a terminal, or with
/// `--yes`, nothing is asked.
fn confirm(work: &Work<'_>, survey: &Survey, ended: u64, printer: &Printer) -> Result<bool> {
    use std::io::IsTerminal;
    let Place::Account(target) = &work.place else { return Ok(true) };
    let fields: Vec<String> = survey.first.iter().map(|(label, value)| format!("  {label}: {value}")).collect();
    let left = sendable(work, survey, ended);
    printer.say(&t!(
        "run.about",
        account = target.credentials.name(),
        host = target.base,
        rows = left,
        entity = work.entity.label(crate::language::Language::current())
    ));
    // Of a run that goes on, the first row was sent long ago.
    if !fields.is_empty() && ended == 0 {
        printer.say(&t!("run.first", fields = fields.join("\n")));
    }
    if work.yes || !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(true);
    }
    printer.warn(&t!("run.ask", rows = left));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context(|| t!("run.no_answer").into_owned())?;
    let agreed = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "是" | "好");
    if !agreed {
        printer.say(&t!("run.not_agreed"));
    }
    Ok(agreed)
}

/// What sending leaves.
struct Sent {
    recorded: Recorded,
    /// Rows the reader took.
    taken: u64,
    cause: Option<Cause>,
    requests: u64,
    retries: u64,
}

/// Sends what is left of the rows, with the reader, the recorder and the sender side by side.
fn send(
    work: &Work<'_>,
    survey: &Survey,
    rows: Rows,
    journal: Journal,
    before: Counts,
    printer: &Printer,
) -> Result<Sent> {
    let rehearsal = match &work.place {
        Place::Rehearsal(folder) => Some(sandbox::in_folder(folder)?),
        Place::Account(_) => None,
    };
    let target = match (&work.place, &rehearsal) {
        (Place::Account(target), _) => target.clone(),
        (Place::Rehearsal(_), Some(server)) => {
            printer.say(&t!("run.sandbox", assumed = server.assumed().join(", ")));
            let login = sandbox::LOGIN;
            let credentials =
                Credentials::Basic { user: login.user.into(), password: login.password.to_owned().into() };
            Settings::rehearsal(work.connection, &server.base_url(), credentials)?
        }
        (Place::Rehearsal(_), None) => return Err(Error::cannot_run(t!("run.no_sandbox"))),
    };
    let client = Client::new(target, &work.catalog.service)?;
    let stop = Stop::new(work.max_failures, before.failed);
    let gate = Gate::new(client.pace().ceiling());
    let tally = Tally::new(&before);
    let progress = Progress::new(printer, &tally, survey.rows, work.bar);
    let exchange = Exchange::new(&client, &stop, work.catalog, work.entity)?;
    let run = journal.identity().run;
    let origin = origin(work, &journal)?;
    let folder = journal.folder().to_owned();
    let past = journal.past()?;
    let has_earlier = past.has_earlier()?;
    let mut steps = Steps {
        spool: rows.spool,
        plan: &survey.plan,
        one_writer: one_writer(work.entity, work.mode),
        repeated: rows.repeated,
        past,
        has_earlier,
        origin,
        retries: retries_of(work, &run, &run)?,
        ended: InOrder::open(&folder)?,
        next: 0,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context(|| t!("run.no_runtime").into_owned())?;
    let (to_recorder, inbox) = mpsc::channel();
    let (forward, windows) = tokio::sync::mpsc::unbounded_channel();
    let alone = work.canary && rehearsal.is_none();
    let (gate, stop) = (&gate, &stop);
    let (recorded, read) = std::thread::scope(|scope| {
        let recorder = scope.spawn(|| record(journal, inbox, forward, gate, &tally, stop));
        let reader_says = to_recorder.clone();
        let reader = scope.spawn(move || {
            let _alarm = stop.alarm();
            let reader_says = LastWord(reader_says);
            if let Err(error) = read_windows(&mut steps, work.limit, gate, stop, &reader_says.0) {
                stop.set(Cause::Failed(error));
            }
            steps
        });
        runtime.block_on(async {
            let listen = interrupts(stop, &progress, &client);
            tokio::select! {
                () = submit(&exchange, stop, gate, windows, to_recorder, alone, &progress) => {}
                () = listen => {}
            }
        });
        (recorder.join(), reader.join())
    });
    progress.finish();
    let recorded = recorded.map_err(|_| Error::cannot_run(t!("run.broken")))?;
    let steps = read.map_err(|_| Error::cannot_run(t!("run.broken")))?;
    Ok(Sent {
        recorded,
        taken: steps.read(),
        cause: stop.take(),
        requests: client.requests(),
        retries: client.retries(),
    })
}

/// For a retry: the run that is retried, and others that retry it.
fn origin(work: &Work<'_>, journal: &Journal) -> Result<Option<Origin>> {
    let Some(parent) = &work.parent else { return Ok(None) };
    let lock = Lock::take(Path::new(&parent.folder))?;
    let past = Past::open(Path::new(&parent.folder))?;
    past.build_indexes()?;
    let siblings = retries_of(work, &parent.run, &journal.identity().run)?;
    let claim = crate::journal::Claim { run: journal.identity().run, folder: journal.folder().to_owned() };
    Ok(Some(Origin { past, run: parent.run.to_string(), claim, siblings, _lock: lock }))
}

/// The runs that retried a run, `but` one.
fn retries_of(work: &Work<'_>, run: &uuid::Uuid, but: &uuid::Uuid) -> Result<Vec<Past>> {
    let mut retries = Vec::new();
    for retry in work.place.index()?.of_parent(run)?.into_iter().filter(|retry| retry.run != *but) {
        // One that was killed has rows in doubt, which opening it for work brings to light.
        drop(Journal::open(&retry.folder)?);
        let past = Past::open(&retry.folder)?;
        past.build_indexes()?;
        retries.push(past);
    }
    Ok(retries)
}

/// Says that there are no more rows however the reader ends, so that nobody waits for them.
struct LastWord(mpsc::Sender<Message>);

impl Drop for LastWord {
    fn drop(&mut self) {
        let _ = self.0.send(Message::NoMoreRows);
    }
}

/// Hands the rows over in windows until there are no more, the limit is reached, or the run stops.
fn read_windows(
    steps: &mut Steps<'_>,
    limit: Option<u64>,
    gate: &Gate,
    stop: &Stop,
    to: &mpsc::Sender<Message>,
) -> Result<()> {
    let (mut more, mut failure) = (true, None);
    while more && !stop.is_set() {
        let size = gate.size();
        let first = steps.next;
        let mut window = Window::default();
        while window.send.len() < size && window.ended.len() < crate::journal::LARGEST_WINDOW && !stop.is_set() {
            if limit.is_some_and(|limit| steps.read() >= limit) {
                more = false;
                break;
            }
            match steps.next() {
                Err(error) => {
                    // The rows before it still count.
                    (more, failure) = (false, Some(error));
                    break;
                }
                Ok(None) => {
                    more = false;
                    break;
                }
                Ok(Some(Step::Ended)) => {}
                Ok(Some(Step::End(operation))) => window.ended.push(operation),
                Ok(Some(Step::Send(prepared))) => window.send.push(prepared),
            }
        }
        if let Err(error) = steps.keep_claims() {
            // None of the rows was taken then.
            steps.next = first;
            return Err(error);
        }
        gate.enter(stop);
        // The recorder listens until the sender has told it to close, which comes after this thread's last word.
        let _ = to.send(Message::Window(window));
    }
    failure.map_or(Ok(()), Err)
}

/// Closes the books: counts, reports, the journal as one file, the last words.
fn finish(work: &Work<'_>, survey: &Survey, sent: Sent, started: Instant, printer: &Printer) -> Result<Exit> {
    let Sent { recorded, taken, cause, requests, retries } = sent;
    let Recorded { journal, given_back, broken } = recorded;
    if let Some(error) = broken {
        // The journal cannot be written, so nothing more can be said than why; opening it again finds what is in doubt.
        return Err(error);
    }
    let past = journal.past()?;
    let mut counts = past.counts()?;
    counts.read = survey.rows.max(taken);
    // Two counts that know nothing of each other: what the reader took, and what the journal has an end for.
    let ended = past.ended_before(taken)?;
    if taken != ended + given_back {
        return Err(Error::cannot_run(t!(
            "run.unbalanced",
            taken = taken,
            ended = ended,
            folder = journal.folder().display()
        ))
        .hint(t!("run.unbalanced_hint")));
    }
    counts.pending = counts.read.saturating_sub(counts.ended());
    let finished = counts.pending == 0 && cause.is_none();
    let exit = exit_of(&counts, cause.as_ref().map(Cause::exit));
    journal.add_totals(requests, retries, started.elapsed().as_secs_f64())?;
    let report = Report::new(&journal, &past, &work.input, &survey.plan, counts)?;
    let mut files = report.write();
    // What could not be reported is reported by the same command, once it can be.
    let finished = finished && !files.is_incomplete;
    let next = next_command(work, &journal, &counts, finished, files.failed.as_deref());
    let mut summary = report.summary(exit, finished, &files, next.as_deref())?;
    if let Some(Cause::Halted(error) | Cause::Failed(error)) = &cause {
        summary["error"] = serde_json::json!({"message": error.message(), "hint": error.hint_text()});
    }
    if let Err(error) = report.write_summary(&summary) {
        files.warnings.push(error.message().to_owned());
    }
    journal.finish(exit, finished)?;
    // A failure is told last, as every command does.
    let halted = cause.as_ref().filter(|cause| !matches!(cause, Cause::Failed(_))).map(cause_text);
    let told = report::describe(&report, &files, halted.as_deref(), next.as_deref());
    if exit != Exit::Done || !printer.is_quiet() {
        printer.result(&told);
    }
    printer.json(&summary);
    drop(past);
    if let Err(error) = journal.close() {
        // All of it is written; only the folding into one file has to wait until nobody reads it.
        printer.detail(error.message());
    }
    if let Some(Cause::Failed(error)) = &cause {
        // Standard output has its one document already.
        printer.tell(error);
    }
    Ok(exit)
}

fn cause_text(cause: &Cause) -> String {
    match cause {
        Cause::Interrupted => t!("run.was_interrupted").into_owned(),
        Cause::Halted(error) | Cause::Failed(error) => match error.hint_text() {
            Some(hint) => format!("{}\n{hint}", error.message()),
            None => error.message().to_owned(),
        },
    }
}

/// The command to type next; none when there is nothing left to do.
fn next_command(
    work: &Work<'_>,
    journal: &Journal,
    counts: &Counts,
    finished: bool,
    failed: Option<&Path>,
) -> Option<String> {
    let sandbox = if work.connection.sandbox { " --sandbox" } else { "" };
    if !finished {
        return Some(work.command.clone());
    }
    match failed {
        Some(failed) if counts.refused + counts.failed > 0 => {
            Some(format!("bw8 retry {}{sandbox}", shown_path(failed)))
        }
        _ => Some(format!("bw8 runs show {}", shown_path(journal.folder()))),
    }
}

/// A path as short as the working folder allows, in quotation marks where a shell needs them.
pub fn shown_path(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let text = path.strip_prefix(&here).unwrap_or(path).display().to_string();
    if text.contains([' ', '(', ')', '&', ';', '\'']) { format!("\"{text}\"") } else { text }
}
