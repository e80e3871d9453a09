//! The end of a command: counts, reports, the journal as one file, the last words.

use std::path::Path;

use serde_json::json;

use super::memory::retried;
use super::not_retried::NotRetried;
use super::options::ImportOptions;
use super::pipeline::{Cause, Recorded, Sent};
use super::places::tell_index;
use super::preflight::Preflight;
use super::report::{self, Files, RunContent, SettleLine, exit_of, words};
use super::retried::last_retry;
use crate::error::{Error, Exit, Result};
use crate::files::short_path;
use crate::journal::{Counts, Journal, JournalReader};
use crate::message;
use crate::message::Message;
use crate::t;
use crate::terminal::{self, Printer, quoted_path};

/// The run did it all before: say so, and exit as it did.
pub(super) fn tell_finished(
    options: &ImportOptions<'_>,
    past: &JournalReader,
    exit: Exit,
    printer: &Printer,
) -> Result<Exit> {
    let counts = past.all_counts()?;
    let words = words::counts_of(past, &counts)?;
    printer.result(&t!("run.finished", folder = quoted_path(past.folder()), counts = words));
    for hint in ways_on(options, past, &counts)? {
        printer.say(&hint);
    }
    let summary = past.folder().join("summary.json");
    let document = std::fs::read(&summary).ok().and_then(|text| serde_json::from_slice(&text).ok());
    printer.json(&document.unwrap_or_else(|| {
        json!({"version": 1, "run": past.identity().run, "entity": past.identity().entity, "finished": true,
            "rows": counts, "exit": exit})
    }));
    Ok(exit)
}

/// What can be done about rows of a run that is over.
fn ways_on(options: &ImportOptions<'_>, past: &JournalReader, counts: &Counts) -> Result<Vec<String>> {
    let without_id = if options.entity().id.is_some() { past.ids_pending()? } else { 0 };
    // What became of rows that left the file cannot be found out without them.
    let gone = past.gone_counts()?.unknown;
    let left = (gone > 0).then(|| message!("report.gone_unknown", rows = gone).to_string());
    let line = SettleLine::of_run(past, options.entity(), (counts.unknown - gone, without_id), &options.typed)?;
    if line.is_some() || left.is_some() {
        return Ok(left.into_iter().chain(line.map(|line| line.text())).collect());
    }
    if past.forgotten()?.is_some() && counts.retriable() > 0 {
        return Ok(vec![t!("run.finished_forgotten_hint").into_owned()]);
    }
    let mut hints = Vec::new();
    let last = match counts.retriable() {
        0 => None,
        _ => {
            let index = options.account.index()?;
            last_retry(past, |run| index.of_parent(run))?
        }
    };
    match &last {
        Some((retry, counts)) => {
            let words = words::counts_of(retry, counts)?;
            let folder = short_path(retry.folder()).display().to_string();
            let left = NotRetried::of(past, None, &options.account.index()?)?;
            hints.push(match left {
                None => message!("run.finished_retried", folder = folder, counts = words).to_string(),
                Some(_) => message!("run.finished_partly_retried", folder = folder, counts = words).to_string(),
            });
            if let Some(left) = left {
                hints.push(words_of_left(options, &left, past, NotRetried::file(past)?.as_deref()).to_string());
            }
            if counts.retriable() > 0 {
                hints.push(retry_hint(options, retry, counts.retriable()));
            }
        }
        None if counts.retriable() > 0 => hints.push(retry_hint(options, past, counts.retriable())),
        None => {}
    }
    if let Some(parent) = &past.identity().parent {
        let index = options.account.index()?;
        if let Some(first) = retried(parent, &index)?
            && let Some(left) = NotRetried::of(&first, None, &index)?
        {
            hints.push(words_of_left(options, &left, &first, NotRetried::file(&first)?.as_deref()).to_string());
        }
    }
    Ok(hints)
}

/// For a retry: what there is to say of rows of the retried run that no retry has had, which are written anew.
fn left_behind(options: &ImportOptions<'_>, journal: &Journal) -> Result<Option<(u64, Message)>> {
    let Some(parent) = &journal.identity().parent else { return Ok(None) };
    let index = options.account.index()?;
    let Some(past) = retried(parent, &index)? else { return Ok(None) };
    let Some(left) = NotRetried::of(&past, Some(journal), &index)? else { return Ok(None) };
    // What cannot be written anew is named all the same.
    let file = left.write(options, &past).ok();
    Ok(Some((left.rows, words_of_left(options, &left, &past, file.as_deref()))))
}

/// What there is to say of rows that no retry has had, and which command retries them.
fn words_of_left(options: &ImportOptions<'_>, left: &NotRetried, past: &JournalReader, file: Option<&Path>) -> Message {
    let command = options.typed.on_same_account("retry", file.unwrap_or(past.folder()));
    message!("run.not_retried", rows = left.rows, numbers = left.named(), command = command)
}

/// Which command sends rows again that were not done.
fn retry_hint(options: &ImportOptions<'_>, past: &JournalReader, rows: u64) -> String {
    let command = options.typed.on_same_account("retry", past.folder());
    message!("run.finished_hint", command = command, rows = rows).to_string()
}

/// Closes the books: counts, reports, the journal as one file, the last words.
pub(super) fn finish(
    options: &ImportOptions<'_>,
    preflight: &Preflight,
    sent: Sent,
    seconds: f64,
    printer: &Printer,
) -> Result<Exit> {
    let Sent { recorded, taken, waiting, cause, requests, retries, is_unreadable } = sent;
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
    let counts = counts.and(&past.gone_counts()?);
    let cause = cause.filter(|cause| cause.stands_with(counts.pending));
    let (requests, retries) = options.account.take_requests();
    journal.set_totals(requests, retries, seconds)?;
    let mut content = RunContent::new(&journal, &past, &preflight.mapping, counts)?;
    content.left = if counts.pending == 0 { left_behind(options, &journal)? } else { None };
    let mut files = report::write(&content);
    let settle_line = SettleLine::of(&content, &options.typed)?;
    let settle_line = if is_unreadable { settle_line.map(SettleLine::unreadable) } else { settle_line };
    // Rows that were proved not done are sent by the same command.
    let is_to_go_on = given_back > 0 && counts.pending > 0;
    let mut end = End::of(options, &content, &files, (cause.as_ref(), is_to_go_on))?;
    if let Err(error) = report::write_summary(&content, &end.summary) {
        files.unwritten.push(error);
        end = End::of(options, &content, &files, (cause.as_ref(), is_to_go_on))?;
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
    remember((options, preflight.mapping.adds()), &folder, printer);
    if let Some(Cause::Halted(error) | Cause::Repeats(error)) = &cause {
        terminal::note_cause(error);
    }
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
    fn of(
        options: &ImportOptions<'_>,
        content: &RunContent<'_>,
        files: &Files,
        (cause, is_to_go_on): (Option<&Cause>, bool),
    ) -> Result<End> {
        let counts = &content.counts;
        // What could not be reported is reported by the same command, once it can be.
        let unwritten = files.unwritten.first();
        let finished = counts.pending == 0 && cause.is_none() && unwritten.is_none();
        let exit = match unwritten {
            Some(_) => Exit::CannotRun,
            None => {
                exit_of(counts, content.unproved(), cause.map(Cause::exit).or(is_to_go_on.then_some(Exit::Stopped)))
            }
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
            summary["error"] = error.json();
        }
        Ok(End { exit, finished, next, summary })
    }
}

/// Puts what was sent into the index, which knows it though the run's folder may be deleted. What fails here, the next
/// command does.
fn remember((options, adds): (&ImportOptions<'_>, bool), folder: &Path, printer: &Printer) {
    if !options.makes_records() && !adds {
        return;
    }
    let remembered = options.account.index().and_then(|mut index| {
        let remembered = JournalReader::open_read_only(folder).and_then(|past| {
            index.read_run(&past)?;
            // What is not read is still known by what the run was about to send.
            if index.unreadable().is_empty() { index.unregister(&past.identity().run) } else { Ok(()) }
        });
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
