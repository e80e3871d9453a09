//! `bw8 runs`: which runs there were and what became of them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use super::options::FurtherRuns;
use crate::account::{self, indexes, shown_identity};
use crate::entity::Catalog;
use crate::error::{Context, Error, Exit, Result};
use crate::import::report::{exit_of, words};
use crate::import::{
    COMMAND_NOTE, COMPANY_NOTE, FoundRow, PersonalFiles, Sought, WHO_NOTE, find_in_run, is_lost_run, last_retry,
    lost_runs, places_here,
};
use crate::journal::{Counts, IndexedExport, IndexedRun, Journal, JournalReader, RunIndex};
use crate::language::Language;
use crate::message;
use crate::message::Message;
use crate::settings::{Settings, SettingsOptions};
use crate::t;
use crate::terminal::{CommandLine, Console, Global, Printer, quoted_path, words_of};
use crate::text::clean;

/// `bw8 runs`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    further: FurtherRuns,
    #[command(flatten)]
    settings: SettingsOptions,
}

/// What to do with runs.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Show one run, or the last export into a file
    Show {
        /// Its folder, its name, or the beginning of its id; of an export its file
        run: PathBuf,
    },
    /// Tell which rows of all runs held a value, and what became of each
    Find {
        /// A telephone number, a name, an id of this or another system, or a request id; the whole of it
        value: String,
    },
    /// Remove what a run keeps of persons: cells, reports, messages; what was sent stays known
    Forget {
        /// Its folder, its name, or the beginning of its id
        run: PathBuf,
    },
}

/// Lists runs and exports, shows one, or forgets one.
///
/// # Errors
/// No such run, or a journal that cannot be read.
pub fn run(arguments: &Arguments, global: &Global, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let mut indexes = indexes(&places_here(arguments.further.runs_from.as_deref())?)?;
    for word in indexes.iter_mut().flat_map(RunIndex::take_words) {
        printer.warn(&word.to_string());
    }
    indexes.iter_mut().try_for_each(RunIndex::take_over_lost)?;
    tell_unreadable(&indexes, printer)?;
    match &arguments.action {
        None => list(&indexes, &settings.catalog, printer),
        Some(Action::Show { run }) => match export_of(&indexes, run)? {
            Some(export) => show_export(&export, &settings.catalog, printer),
            None => match find_meant(&indexes, run)? {
                MeantRun::There(folder) => show(&folder, &indexes, &settings.catalog, printer),
                MeantRun::Gone(run) => show_gone(&run, &settings.catalog, printer),
                MeantRun::Lost(folder) => Err(lost_error(&folder)),
            },
        },
        Some(Action::Find { value }) => find_value(&indexes, &settings.catalog, value, printer),
        Some(Action::Forget { run }) => forget(&find_meant(&indexes, run)?, &indexes, global.yes.is_some(), printer),
    }
}

/// Says which runs lie here and cannot be read, where they are not listed.
fn tell_unreadable(indexes: &[RunIndex], printer: &Printer) -> Result<()> {
    for index in indexes {
        let listed = index.listed()?;
        for (folder, why) in
            index.unreadable().iter().filter(|(folder, _)| listed.iter().all(|run| run.folder != *folder))
        {
            printer.warn(&message!("memory.unreadable", folder = quoted_path(folder), why = why.clone()).to_string());
        }
        for folder in lost_runs(index)? {
            printer.warn(&message!("memory.lost_journal", folder = quoted_path(&folder)).to_string());
        }
    }
    Ok(())
}

/// The word people have for an entity; its name where the catalog does not know it.
fn label<'a>(catalog: &'a Catalog, name: &'a str) -> &'a str {
    catalog.get(name).map_or(name, |entity| entity.label(Language::current()))
}

/// All runs whose journals are there, newest first.
fn all(indexes: &[RunIndex]) -> Result<Vec<IndexedRun>> {
    let mut runs = listed(indexes)?;
    runs.retain(|run| run.is_there);
    Ok(runs)
}

/// All runs that are known, newest first. One of the sandbox may be known to the index of the accounts, too.
fn listed(indexes: &[RunIndex]) -> Result<Vec<IndexedRun>> {
    let mut runs: Vec<IndexedRun> = Vec::new();
    for index in indexes {
        runs.extend(index.listed()?);
    }
    runs.sort_by_key(|run| (std::cmp::Reverse(run.started), run.run, !run.is_there));
    runs.dedup_by_key(|run| run.run);
    Ok(runs)
}

fn list(indexes: &[RunIndex], catalog: &Catalog, printer: &Printer) -> Result<Exit> {
    let runs = listed(indexes)?;
    let exports = exports(indexes)?;
    if runs.is_empty() && exports.is_empty() {
        printer.result(&t!("runs.none"));
    }
    let mut older_exports = exports.iter().peekable();
    let mut documents = Vec::new();
    for run in &runs {
        while let Some(export) = older_exports.next_if(|export| export.started >= run.started) {
            printer.result(&export_line(export, catalog));
        }
        let state = JournalReader::open(&run.folder).and_then(|past| State::of(&past));
        let line = match &state {
            _ if !run.is_there => gone(run).to_string(),
            Ok(state) => state.line(),
            // One run that cannot be read does not hide the others.
            Err(error) => error.message(),
        };
        let state = state.ok().filter(|_| run.is_there);
        printer.result(&t!(
            "runs.line",
            started = started(run.started),
            host = shown_host(&run.host),
            entity = label(catalog, &run.entity),
            state = line,
            folder = quoted_path(&run.folder)
        ));
        documents.push(json!({
            "run": run.run, "folder": run.folder.display().to_string(), "host": run.host, "entity": run.entity, "mode": run.mode,
            "started": run.started, "rows": state.as_ref().map(|state| state.counts),
            "finished": state.as_ref().map(|state| state.finished), "folder_is_there": run.is_there, "remembered": run.sent,
        }));
    }
    older_exports.for_each(|export| printer.result(&export_line(export, catalog)));
    let exports: Vec<_> = exports.iter().map(export_document).collect();
    printer.json(&json!({"version": 1, "runs": documents, "exports": exports}));
    Ok(Exit::Done)
}

/// All exports, newest first.
fn exports(indexes: &[RunIndex]) -> Result<Vec<IndexedExport>> {
    let mut exports = Vec::new();
    for index in indexes {
        exports.extend(index.exports()?);
    }
    exports.sort_by_key(|export| std::cmp::Reverse(export.started));
    Ok(exports)
}

/// The last export into a file that is named; none for what names a run.
fn export_of(indexes: &[RunIndex], named: &Path) -> Result<Option<IndexedExport>> {
    let path = std::path::absolute(named).context(|| named.display().to_string())?;
    if Journal::exists(&path) {
        return Ok(None);
    }
    let is_name = named.components().count() == 1;
    let is_meant = |export: &IndexedExport| {
        let file = export.file.as_deref();
        file.is_some_and(|file| file == path || is_name && file.file_name() == Some(named.as_os_str()))
    };
    Ok(exports(indexes)?.into_iter().find(is_meant))
}

/// Where an export's records went, for people.
fn file_of(export: &IndexedExport) -> String {
    export.file.as_deref().map_or_else(|| t!("runs.export_printed").into_owned(), quoted_path)
}

/// How an export ended, for people.
fn end_of(export: &IndexedExport) -> String {
    let is_gone = export.file.as_deref().is_some_and(|file| !file.exists());
    match (export.records, export.is_complete) {
        (Some(records), true) if is_gone => t!("runs.export_gone", records = records).into_owned(),
        (Some(records), true) => message!("runs.export_complete", records = records).to_string(),
        (Some(records), false) => message!("runs.export_incomplete", records = records).to_string(),
        (None, _) => {
            let why = export.why.as_ref().map(Message::to_string).unwrap_or_default();
            t!("runs.export_failed", why = clean(&why)).into_owned()
        }
    }
}

fn export_line(export: &IndexedExport, catalog: &Catalog) -> String {
    t!(
        "runs.export_line",
        started = started(export.started),
        host = shown_host(&export.host),
        entity = label(catalog, &export.entity),
        end = end_of(export),
        file = file_of(export)
    )
    .into_owned()
}

fn export_document(export: &IndexedExport) -> serde_json::Value {
    json!({
        "file": export.file.as_ref().map(|file| file.display().to_string()), "host": export.host, "account": export.target,
        "entity": export.entity, "started": export.started, "seconds": export.lasted as f64 / 1000.0,
        "records": export.records, "complete": export.is_complete, "why": export.why.as_ref().map(Message::to_string), "exit": export.exit,
    })
}

fn show_export(export: &IndexedExport, catalog: &Catalog, printer: &Printer) -> Result<Exit> {
    printer.result(&t!(
        "runs.export_show",
        file = file_of(export),
        entity = label(catalog, &export.entity),
        account = shown_identity(&export.target),
        started = started(export.started),
        end = end_of(export),
        exit = export.exit,
        seconds = format!("{:.1}", export.lasted as f64 / 1000.0)
    ));
    let mut document = export_document(export);
    document["version"] = json!(1);
    printer.json(&document);
    Ok(Exit::Done)
}

/// What is not there any more of a run, and what is still known of it.
fn gone(run: &IndexedRun) -> Message {
    let what = what_is_gone(&run.folder);
    match run.sent > run.done {
        true => message!("runs.gone_in_doubt", what = what, rows = run.sent, done = run.done),
        false => message!("runs.gone", what = what, rows = run.sent),
    }
}

/// What is not there any more of a run that cannot be read.
fn what_is_gone(folder: &Path) -> Message {
    match (folder.is_dir(), folder.join("journal.db").exists()) {
        (false, _) => message!("runs.no_folder"),
        (true, false) => message!("runs.no_journal"),
        (true, true) => message!("runs.replaced"),
    }
}

/// Tells which rows held a value. A run that cannot be read is named: it may hold it, too.
fn find_value(indexes: &[RunIndex], catalog: &Catalog, value: &str, printer: &Printer) -> Result<Exit> {
    let sought = Sought::new(value);
    let (mut runs, mut documents, mut unread, mut gone) = (0, Vec::new(), Vec::new(), Vec::new());
    for run in all(indexes)? {
        let folder = || run.folder.display().to_string();
        if !run.is_there {
            gone.push(folder());
            printer.warn(&t!("runs.find_gone", what = what_is_gone(&run.folder), folder = quoted_path(&run.folder)));
            continue;
        }
        let found = JournalReader::open_read_only(&run.folder)
            .and_then(|past| Ok((find_in_run(&past, &sought)?, past.forgotten()?.is_some())));
        let (found, is_forgotten) = match found {
            Ok(found) => found,
            Err(error) => {
                printer.warn(&error.message());
                unread.push(folder());
                continue;
            }
        };
        runs += 1;
        if is_forgotten {
            printer.warn(&t!("runs.find_forgotten", folder = quoted_path(&run.folder)));
        }
        for row in found {
            printer.result(&found_line(&run, &row, label(catalog, &run.entity)));
            documents.push(found_document(&run, &row));
        }
    }
    if documents.is_empty() {
        printer.result(&t!("runs.found_nothing", value = clean(value), runs = runs));
    }
    printer.json(&json!({
        "version": 1, "value": value, "runs": runs, "found": documents, "unread": unread, "gone": gone,
    }));
    // "Not found" would not be true of a run that nobody could read.
    Ok(if unread.is_empty() { Exit::Done } else { Exit::CannotRun })
}

fn found_line(run: &IndexedRun, row: &FoundRow, entity: &str) -> String {
    let operation = row.operation.as_ref();
    let status =
        operation.map_or_else(|| t!("status.pending").into_owned(), |operation| words::status(operation.status));
    let id = operation.and_then(|operation| operation.id.as_ref());
    let why = operation.and_then(|operation| operation.reason.as_deref()).map(|reason| reason.message.to_string());
    let parts = [
        row.header.as_ref().map(|header| t!("runs.found_in", header = clean(header)).into_owned()),
        Some(status),
        id.map(|id| t!("runs.found_id", id = id).into_owned()),
        why.filter(|why| !why.is_empty()),
    ];
    t!(
        "runs.found",
        time = started(operation.map_or(run.started, |operation| operation.at)),
        entity = entity,
        row = row.number,
        what = parts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        folder = quoted_path(&run.folder)
    )
    .into_owned()
}

fn found_document(run: &IndexedRun, row: &FoundRow) -> serde_json::Value {
    let operation = row.operation.as_ref();
    json!({
        "run": run.run, "folder": run.folder.display().to_string(), "host": run.host, "entity": run.entity, "row": row.number,
        "column": row.header, "status": operation.map_or("pending", |operation| operation.status.as_str()),
        "id": operation.and_then(|operation| operation.id.as_ref()), "request_id": row.request_id,
        "message": operation.and_then(|operation| operation.reason.as_deref()).map(|reason| reason.message.to_string()),
        "time": operation.map(|operation| operation.at),
    })
}

/// What a run has come to.
struct State {
    counts: Counts,
    /// The counts in words.
    words: String,
    /// A process is at work on it.
    is_live: bool,
    finished: bool,
    exit: Option<Exit>,
    claimed: u64,
    /// When it was forgotten.
    forgotten: Option<i64>,
}

impl State {
    fn of(past: &JournalReader) -> Result<State> {
        let counts = past.all_counts()?;
        let ended = past.ended()?;
        Ok(State {
            words: words::counts_of(past, &counts)?,
            counts,
            is_live: Journal::is_at_work(past.folder()),
            finished: matches!(ended, Some((_, true))),
            exit: ended.map(|(exit, _)| exit),
            claimed: past.claimed()?,
            forgotten: past.forgotten()?,
        })
    }

    fn line(&self) -> String {
        let counts = &self.words;
        let line = match (self.is_live, self.finished) {
            (true, _) => t!("runs.live", counts = counts).into_owned(),
            (false, true) => counts.clone(),
            (false, false) => t!("runs.unfinished", counts = counts).into_owned(),
        };
        match self.claimed {
            0 => line,
            claimed => t!("runs.claimed", line = line, claimed = claimed).into_owned(),
        }
    }
}

fn show(folder: &Path, indexes: &[RunIndex], catalog: &Catalog, printer: &Printer) -> Result<Exit> {
    let past = JournalReader::open(folder)?;
    let state = State::of(&past)?;
    let identity = past.identity();
    let (requests, retries, seconds) = past.totals()?;
    printer.result(&t!(
        "runs.show",
        run = identity.run,
        folder = quoted_path(folder),
        entity = label(catalog, &identity.entity),
        company = past.note(COMPANY_NOTE)?.unwrap_or_else(|| t!("agreement.not_given").into_owned()),
        account = shown_identity(&identity.target),
        input = identity.input_shown,
        started = started(identity.started),
        who = past.note(WHO_NOTE)?.unwrap_or_else(|| t!("agreement.not_given").into_owned()),
        state = state.line(),
        traffic = match state.is_live {
            // They are counted at the end.
            true => t!("agreement.not_given").into_owned(),
            false => t!("runs.traffic", requests = requests, retries = retries, seconds = format!("{seconds:.1}"))
                .into_owned(),
        }
    ));
    if let Some(parent) = &identity.parent {
        printer.result(&t!("runs.parent", folder = parent.folder.display()));
    }
    if let Some(at) = state.forgotten {
        printer.result(&t!("runs.forgotten", at = started(at)));
    }
    for (status, code, message, rows) in past.reasons()? {
        printer.result(&words::reason(status, &code, &message, rows));
    }
    let command = past.note(COMMAND_NOTE)?;
    let decisions = decisions(&past, command.as_deref())?;
    if !decisions.is_empty() {
        printer.result(&t!("runs.decisions", options = decisions.join(" ")));
    }
    let has_id = catalog.get(&identity.entity).is_some_and(|entity| entity.id.is_some());
    let retried = last_retry(&past, |run| {
        let mut runs = all(indexes)?;
        runs.retain(|retry| retry.parent == Some(*run));
        Ok(runs)
    })?;
    let next = match &retried {
        // What was not done is that one's now.
        Some((retry, counts)) if state.finished && state.counts.unknown == 0 => {
            (counts.retriable() > 0).then(|| typed_of(command.as_deref()).on_same_account("retry", retry.folder()))
        }
        _ => next(&past, &state, command, has_id)?,
    };
    if state.is_live {
        printer.result(&t!("runs.wait"));
    }
    if let Some(next) = &next {
        printer.result(&t!("report.next", command = next));
    }
    let known = |count: u64| (!state.is_live).then_some(count);
    printer.json(&json!({
        "version": 1, "run": identity.run, "folder": folder.display().to_string(), "entity": identity.entity, "mode": identity.mode,
        "account": identity.target, "input": identity.input_path.display().to_string(), "started": identity.started,
        "finished": state.finished, "rows": state.counts, "claimed": state.claimed,
        "at_work": state.is_live, "requests": known(requests), "retries": known(retries),
        "seconds": (!state.is_live).then_some(seconds), "parent": identity.parent.as_ref().map(|parent| parent.run),
        "forgotten": state.forgotten, "company": past.note(COMPANY_NOTE)?, "who": past.note(WHO_NOTE)?,
        "decisions": decisions, "next": next,
        "exit": state.exit.unwrap_or_else(|| exit_of(&state.counts, (0, 0), Some(Exit::Stopped))),
    }));
    Ok(Exit::Done)
}

/// The options by which a person decided something for the run, as they were typed last.
fn decisions(past: &JournalReader, command: Option<&str>) -> Result<Vec<String>> {
    const OPTIONS: [&str; 10] = [
        "--accept-warnings",
        "--accept-changed",
        "--same-account",
        "--other-account",
        "--resend-unknown",
        "--server-dedupe",
        "--keep-going",
        "--notifications-off",
        "--no-canary",
        "--yes",
    ];
    let is_decision = |word: &&str| OPTIONS.contains(&word.split('=').next().unwrap_or_default());
    let typed = command.unwrap_or_default().split(' ').filter(is_decision).map(str::to_owned);
    let fresh = past.ignores_earlier()?.then(|| "--fresh".to_owned());
    Ok(fresh.into_iter().chain(typed).collect())
}

/// The command that began a run, for others on the same account.
fn typed_of(command: Option<&str>) -> CommandLine {
    let words = command.and_then(words_of).unwrap_or_default();
    CommandLine::new(&words.into_iter().map(OsString::from).collect::<Vec<_>>())
}

/// What whoever takes over types next; none when nothing is left to do.
fn next(past: &JournalReader, state: &State, command: Option<String>, has_id: bool) -> Result<Option<String>> {
    let typed = typed_of(command.as_deref());
    let lacks_ids = || Ok::<_, Error>(has_id && past.ids_pending()? > 0);
    Ok(match &state.counts {
        // It would only be told to wait.
        _ if state.is_live => None,
        _ if !state.finished => command,
        _ if past.counts()?.unknown > 0 || lacks_ids()? => Some(typed.on_same_account("settle", past.folder())),
        // Rows that a retry has taken over are its own.
        counts if counts.retriable() > state.claimed && state.forgotten.is_none() => {
            Some(typed.on_same_account("retry", past.folder()))
        }
        _ => None,
    })
}

/// Forgets a run, once that is agreed to. One whose journal cannot be read is given up.
fn forget(meant: &MeantRun, indexes: &[RunIndex], assumes_yes: bool, printer: &Printer) -> Result<Exit> {
    let folder = match meant {
        MeantRun::There(folder) | MeantRun::Lost(folder) => folder,
        MeantRun::Gone(run) => &run.folder,
    };
    let (identity, is_finished) = match meant {
        MeantRun::Gone(run) => {
            let (folder, rows) = (quoted_path(folder), run.sent);
            // What lies there now is another run's, or there is nothing.
            if !folder_lacks_journal(&run.folder) {
                printer.result(
                    &message!("runs.nothing_to_forget", what = what_is_gone(&run.folder), folder = folder, rows = rows)
                        .to_string(),
                );
                printer.json(&json!({"version": 1, "run": run.run, "folder": run.folder.display().to_string(),
                    "forgotten": true, "removed": [], "left": [], "exit": Exit::Done}));
                return Ok(Exit::Done);
            }
            printer.warn(&message!("runs.give_up_gone", folder = folder, rows = rows).to_string());
            (None, true)
        }
        MeantRun::Lost(folder) => {
            printer.warn(&message!("runs.give_up_lost", folder = quoted_path(folder)).to_string());
            (None, true)
        }
        // An open journal would be in the way of its being made anew.
        MeantRun::There(folder) => match JournalReader::open_whole(folder)
            .and_then(|past| Ok((past.identity().clone(), State::of(&past)?.finished)))
        {
            Ok((identity, is_finished)) => (Some(identity), is_finished),
            Err(error) => {
                printer.warn(&t!("runs.give_up", folder = quoted_path(folder), why = error.message()));
                (None, true)
            }
        },
    };
    let run = match meant {
        MeantRun::Gone(run) => Some(run.run),
        MeantRun::There(_) | MeantRun::Lost(_) => identity.as_ref().map(|identity| identity.run),
    };
    let files = PersonalFiles::of(folder, identity.as_ref(), |input| is_needed(indexes, run, input))?;
    let shown = |files: &[PathBuf]| files.iter().map(|file| quoted_path(file)).collect::<Vec<_>>().join("\n  ");
    let document = |is_forgotten: bool, exit: Exit| {
        let own = if is_forgotten { &files.own[..] } else { &[] };
        let texts = |files: &[PathBuf]| files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>();
        json!({"version": 1, "run": run, "folder": folder.display().to_string(), "forgotten": is_forgotten,
            "finished": is_finished, "removed": texts(own), "left": texts(&files.others), "exit": exit})
    };
    if !assumes_yes {
        let Some(mut console) = Console::open() else {
            return Err(Error::usage(message!("runs.forget_unasked")).hint(message!("runs.forget_unasked_hint")));
        };
        console.say(&t!("runs.forget_about", folder = quoted_path(folder), files = shown(&files.own)));
        if !is_finished {
            console.say(&t!("runs.forget_unfinished"));
        }
        if !console.agrees(&t!("runs.forget_ask"))? {
            printer.say(&t!("runs.not_forgotten"));
            printer.json(&document(false, Exit::Interrupted));
            return Ok(Exit::Interrupted);
        }
    }
    match identity {
        Some(_) => files.forget(folder)?,
        None => files.give_up(folder)?,
    }
    printer.result(&t!("runs.forgot", folder = quoted_path(folder), files = files.own.len()));
    if !is_finished {
        printer.result(&t!("runs.forget_unfinished"));
    }
    if !files.others.is_empty() {
        printer.result(&t!("runs.forget_left", files = shown(&files.others)));
    }
    printer.json(&document(true, Exit::Done));
    Ok(Exit::Done)
}

/// Whether another run has this input, too, and was not forgotten. One that cannot be read may need it.
fn is_needed(indexes: &[RunIndex], run: Option<uuid::Uuid>, input: &Path) -> Result<bool> {
    let is_forgotten = |run: &IndexedRun| JournalReader::open(&run.folder).and_then(|past| past.forgotten());
    Ok(all(indexes)?
        .iter()
        .filter(|other| Some(other.run) != run && other.input_path == input)
        .any(|other| !matches!(is_forgotten(other), Ok(Some(_)))))
}

/// Whether a folder is there and holds no journal any more.
fn folder_lacks_journal(folder: &Path) -> bool {
    folder.is_dir() && !Journal::exists(folder)
}

/// The run a user means.
enum MeantRun {
    /// Its journal is in this folder.
    There(PathBuf),
    /// Its journal is gone; the index knows it still.
    Gone(Box<IndexedRun>),
    /// Its journal is gone, and nothing but the reports in this folder tells of it.
    Lost(PathBuf),
}

/// The folder of the run a user means.
pub(super) fn find(indexes: &[RunIndex], path: &Path) -> Result<PathBuf> {
    match find_meant(indexes, path)? {
        MeantRun::There(folder) => Ok(folder),
        MeantRun::Gone(run) => Err(gone_error(&run)),
        MeantRun::Lost(folder) => Err(lost_error(&folder)),
    }
}

fn lost_error(folder: &Path) -> Error {
    let folder = quoted_path(folder);
    Error::usage(message!("memory.lost_journal", folder = folder))
        .hint(message!("memory.lost_journal_hint", folder = folder))
}

/// Why the folder of a run cannot be used whose journal is gone; none where no run was in it.
pub(super) fn why_gone(indexes: &[RunIndex], folder: &Path) -> Result<Option<Error>> {
    let folder = std::path::absolute(folder).context(|| folder.display().to_string())?;
    Ok(listed(indexes)?.iter().find(|run| run.folder == folder && !run.is_there).map(gone_error))
}

fn gone_error(run: &IndexedRun) -> Error {
    let folder = quoted_path(&run.folder);
    Error::usage(message!("runs.is_gone", what = gone(run), folder = folder))
        .hint(message!("runs.is_gone_hint", folder = folder))
}

fn find_meant(indexes: &[RunIndex], path: &Path) -> Result<MeantRun> {
    let named = path.to_string_lossy();
    let absolute = std::path::absolute(path).context(|| named.clone().into_owned())?;
    if Journal::exists(path) {
        return Ok(MeantRun::There(absolute));
    }
    let runs = listed(indexes)?;
    let (there, gone): (Vec<_>, Vec<_>) = runs.iter().filter(|run| run.is_called(path)).partition(|run| run.is_there);
    match (there.as_slice(), gone.as_slice()) {
        ([run], _) => Ok(MeantRun::There(run.folder.clone())),
        ([], [run]) => Ok(MeantRun::Gone(Box::new((*run).clone()))),
        ([], []) if is_lost_run(&absolute) => Ok(MeantRun::Lost(absolute)),
        ([], []) => Err(Error::usage(message!("runs.unknown", run = named)).hint(message!("journal.none_hint"))),
        _ => Err(Error::usage(message!("runs.several", run = named)).hint(message!("runs.several_hint"))),
    }
}

/// Shows what is known of a run whose journal is gone, and the ways on.
fn show_gone(run: &IndexedRun, catalog: &Catalog, printer: &Printer) -> Result<Exit> {
    let folder = quoted_path(&run.folder);
    printer.result(&t!(
        "runs.show_gone",
        run = run.run,
        folder = folder,
        entity = label(catalog, &run.entity),
        account = shown_identity(&run.target),
        input = run.input_path.display(),
        started = started(run.started),
        state = gone(run)
    ));
    printer.result(&t!("runs.is_gone_hint", folder = folder));
    printer.json(&json!({
        "version": 1, "run": run.run, "folder": run.folder.display().to_string(), "entity": run.entity, "mode": run.mode,
        "account": run.target, "input": run.input_path.display().to_string(), "started": run.started,
        "folder_is_there": false, "remembered": run.sent, "done": run.done, "next": null, "exit": Exit::Done,
    }));
    Ok(Exit::Done)
}

/// Where a run went, as people call it.
fn shown_host(host: &str) -> String {
    if host == account::SANDBOX_HOST { t!("menu.sandbox").into_owned() } else { host.to_owned() }
}

fn started(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map(|moment| moment.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}
