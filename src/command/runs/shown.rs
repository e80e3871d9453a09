//! One run: what whoever takes over needs.

use std::ffi::OsString;
use std::path::Path;

use serde_json::json;

use super::known::{all, gone, label, started};
use super::state::State;
use crate::account::shown_identity;
use crate::entity::Catalog;
use crate::error::{Error, Exit, Result};
use crate::import::report::{exit_of, words};
use crate::import::{COMMAND_NOTE, COMPANY_NOTE, WHO_NOTE, last_retry};
use crate::journal::{IndexedRun, JournalReader, RunIndex};
use crate::t;
use crate::terminal::{CommandLine, Printer, quoted_path, words_of};

pub(super) fn show(folder: &Path, indexes: &[RunIndex], catalog: &Catalog, printer: &Printer) -> Result<Exit> {
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

/// Shows what is known of a run whose journal is gone, and the ways on.
pub(super) fn show_gone(run: &IndexedRun, catalog: &Catalog, printer: &Printer) -> Result<Exit> {
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
