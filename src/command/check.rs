//! `bw8 check`: everything an import does before its first request, offline.

use clap::Args;
use rust_i18n::t;

use super::options::InputOptions;
use crate::account::Account;
use crate::check::describe::describe;
use crate::definitions::DefinitionSource;
use crate::error::{Exit, Result};
use crate::import::{Agreed, Preflight, report};
use crate::settings::{ConnectionOptions, Settings, SettingsOptions};
use crate::terminal::Printer;

/// Kinds of findings that are shown; all of them stand in the file.
const SHOWN_KINDS: usize = 20;

/// `bw8 check`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    settings: SettingsOptions,
    /// Any mistake makes the file unusable (exit code 2 instead of 3)
    #[arg(long)]
    strict: bool,
}

/// Checks a file.
///
/// # Errors
/// A file or mapping that cannot be used.
pub fn run(arguments: &Arguments, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let (options, kept) = arguments.input.preflight_for_now(&settings)?;
    // What an account told before is known without asking it.
    let account = Account::new(&ConnectionOptions::default(), &settings).ok();
    let definitions = DefinitionSource::kept(&settings.catalog, account.as_ref());
    let (preflight, _) = Preflight::run(&options, &definitions, &Agreed::default(), None)?;
    if let Some(sheet) = &preflight.sheet.name {
        let (file, reading) = (&options.input.shown, &preflight.sheet.reading);
        printer.say(&t!("run.read_sheet", file = file, rows = preflight.rows, reading = reading, sheet = sheet));
    }
    if !preflight.sheet.others.is_empty() {
        printer.say(&t!("run.other_sheets", sheets = preflight.sheet.others.join(", ")));
    }
    printer.say(&preflight.mapping.report().text());
    preflight.words.iter().for_each(|word| printer.say(&word.to_string()));
    preflight.sheet.notes.iter().for_each(|note| printer.say(&note.to_string()));
    let kinds = preflight.findings.kinds()?;
    let issues = match (kinds.is_empty(), &kept) {
        (true, _) => None,
        (false, None) => Some(report::write_issues_beside(&options.input, &preflight)?),
        // The copy of what came through a pipe goes with the command.
        (false, Some(_)) => Some(report::write_issues_to("stdin.issues.csv".into(), &preflight)?),
    };
    let loss = preflight.mapping.report().loss();
    let exit = match (preflight.findings.not_sent(), arguments.strict) {
        (0, true) if loss.is_some() => Exit::Usage,
        (0, _) => Exit::Done,
        (_, true) => Exit::Usage,
        (_, false) => Exit::SomeFailed,
    };
    match &issues {
        None => printer.result(&t!("check_command.good", file = options.input.shown, rows = preflight.rows)),
        Some(path) => {
            printer.result(&t!("check_command.found", file = options.input.shown, rows = preflight.rows));
            printer.result(&describe(&preflight.findings, &preflight.mapping, SHOWN_KINDS)?);
            printer.result(&t!("check_command.issues", file = path.display()));
        }
    }
    if let Some(loss) = loss {
        printer.result(&loss.to_string());
    }
    let kinds: Vec<serde_json::Value> = kinds
        .iter()
        .map(|kind| {
            serde_json::json!({"code": kind.example.code, "field": kind.example.field, "rows": kind.count,
                "rule": kind.example.rule.to_string(), "hint": kind.example.hint.to_string(), "first_row": kind.example.number,
                "severity": kind.example.severity})
        })
        .collect();
    printer.json(&serde_json::json!({
        "version": 1, "entity": options.entity.name, "finished": true,
        "rows": {"read": preflight.rows, "refused": preflight.findings.refused, "held": preflight.findings.held,
            "skipped": preflight.findings.skipped},
        "mapping": preflight.mapping.report(), "findings": kinds, "issues_file": issues.map(|file| file.display().to_string()), "exit": exit,
    }));
    Ok(exit)
}
