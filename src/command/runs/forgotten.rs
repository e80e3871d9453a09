//! What a run keeps of persons is removed; what was sent stays known.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::known::{all, what_is_gone};
use super::meant::MeantRun;
use super::state::State;
use crate::error::{Error, Exit, Result};
use crate::import::PersonalFiles;
use crate::journal::{IndexedRun, Journal, JournalReader, RunIndex};
use crate::message;
use crate::t;
use crate::terminal::{Console, Printer, quoted_path};

/// Forgets a run, once that is agreed to. One whose journal cannot be read is given up.
pub(super) fn forget(meant: &MeantRun, indexes: &[RunIndex], assumes_yes: bool, printer: &Printer) -> Result<Exit> {
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
