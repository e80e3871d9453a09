//! `bw8 check`: everything an import does before its first request, offline; with the account, everything before its first write.

use clap::Args;

use super::options::{InputOptions, ReferenceArguments, account_name};
use crate::account::Account;
use crate::check::describe::describe;
use crate::definitions::DefinitionSource;
use crate::error::{Exit, Result};
use crate::import::{
    self, Agreed, Answers, DoubtOptions, Foreseen, ImportOptions, Preflight, Purpose, ResumeOptions, Rows, Words,
    report,
};
use crate::message;
use crate::settings::{ConnectionOptions, Settings, SettingsOptions};
use crate::t;
use crate::terminal::{CommandLine, Printer, quoted_path};

/// Kinds of findings that are shown; all of them stand in the file.
const SHOWN_KINDS: usize = 20;

/// `bw8 check`.
#[derive(Debug, Args)]
pub struct Arguments {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    connection: ConnectionOptions,
    #[command(flatten)]
    settings: SettingsOptions,
    /// Look into the account, too: everything that import reads before its first write; sends nothing
    #[arg(long)]
    online: bool,
    /// Take what is not in the account's list for not there, although the list could not be proved whole
    #[arg(long, requires = "online")]
    accept_incomplete: bool,
    #[command(flatten)]
    references: ReferenceArguments,
    /// Send nothing when any row has a mistake; check ends with code 2 instead of 3
    #[arg(long)]
    strict: bool,
}

impl Arguments {
    /// What the file holds.
    pub fn entity(&self) -> &str {
        &self.input.entity
    }

    /// Whether the account is looked into.
    pub fn is_online(&self) -> bool {
        self.online || self.connection.sandbox
    }
}

/// Checks a file.
///
/// # Errors
/// A file or mapping that cannot be used; with the account, a service that cannot be reached.
pub fn run(arguments: &Arguments, typed: &CommandLine, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let (options, kept) = arguments.input.preflight_for_now(&settings)?;
    let mut foreseen = None;
    let (preflight, options) = if arguments.is_online() {
        let options = online(arguments, &settings, options, typed)?;
        let definitions =
            DefinitionSource { catalog: options.catalog, account: Some(&options.account), asks: true, keeps: true };
        let agreed = Agreed::of(&options.account)?;
        let words = Words::named(&options)?;
        let (mut preflight, mut rows) =
            Preflight::run(&options.preflight, &definitions, &agreed, &words, Purpose::Sending(None))?;
        foreseen = Some(look(&options, &mut preflight, &mut rows, printer)?);
        (preflight, options.preflight)
    } else {
        // What an account told before is known without asking it.
        let account = Account::new(&ConnectionOptions::default(), &settings).ok();
        let definitions = DefinitionSource::kept(&settings.catalog, account.as_ref());
        // So is what an export of it said, where the file is one.
        let baselines = account.as_ref().and_then(|account| account.baseline_folder().ok());
        let options = import::PreflightOptions { baselines, ..options };
        let (preflight, _) =
            Preflight::run(&options, &definitions, &Agreed::default(), &Words::default(), Purpose::Findings)?;
        (preflight, options)
    };
    if let Some(sheet) = &preflight.sheet.name {
        let (file, reading) = (&options.input.shown, &preflight.sheet.reading);
        printer.say(
            &message!("run.read_sheet", file = file, rows = preflight.rows, reading = reading, sheet = sheet)
                .to_string(),
        );
    }
    if !preflight.sheet.others.is_empty() {
        printer.say(&t!("run.other_sheets", sheets = preflight.sheet.others.join(", ")));
    }
    printer.say(&preflight.mapping.report().text());
    preflight.export_words().iter().for_each(|words| printer.say(words));
    preflight.words.iter().for_each(|word| printer.say(&word.to_string()));
    preflight.replaced_words().iter().for_each(|words| printer.say(&words.to_string()));
    preflight.sheet.notes.iter().for_each(|note| printer.say(&note.to_string()));
    let kinds = preflight.findings.kinds()?;
    let issues = match (kinds.is_empty(), &kept) {
        (true, kept) => {
            // What an earlier check found would speak of rows that are fixed.
            kept.is_none().then(|| report::remove_issues_beside(&options.input)).transpose()?;
            None
        }
        (false, None) => Some(report::write_issues_beside(&options.input, &preflight)?),
        // The copy of what came through a pipe goes with the command.
        (false, Some(_)) => Some(report::write_issues_to("stdin.issues.csv".into(), &preflight)?),
    };
    let loss = preflight.mapping.report().loss();
    let waiting = foreseen.as_ref().map_or(0, |(foreseen, _)| foreseen.waiting());
    let exit = match (preflight.findings.not_sent() + waiting + preflight.waiting, arguments.strict) {
        (0, true) if loss.is_some() => Exit::Usage,
        (0, _) => Exit::Done,
        (_, true) => Exit::Usage,
        (_, false) => Exit::SomeFailed,
    };
    match &issues {
        None if preflight.findings.not_sent() + waiting + preflight.waiting == 0 => printer
            .result(&message!("check_command.good", file = options.input.shown, rows = preflight.rows).to_string()),
        None => printer.result(
            &message!("check_command.good_itself", file = options.input.shown, rows = preflight.rows).to_string(),
        ),
        Some(path) => {
            printer.result(
                &message!("check_command.found", file = options.input.shown, rows = preflight.rows).to_string(),
            );
            printer.result(&describe(&preflight.findings, &preflight.mapping, SHOWN_KINDS)?);
            printer.result(&t!("check_command.issues", file = quoted_path(path)));
        }
    }
    if let Some((_, words)) = &foreseen {
        printer.result(words);
    } else if preflight.mapping.is_found_by_key() {
        printer.result(&t!("check_command.offline"));
    }
    if let Some(loss) = loss {
        printer.result(&loss.to_string());
        if arguments.strict {
            printer.result(&format!("{}{}", t!("printer.hint"), preflight.mapping.report().loss_hint()));
        }
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
        "rows": {"read": preflight.rows, "refused": preflight.findings.refused, "held": preflight.findings.held + waiting,
            "waiting": preflight.waiting, "skipped": preflight.findings.skipped},
        "account": foreseen.map(|(foreseen, _)| foreseen.json()),
        "mapping": preflight.mapping.report(), "replaced": preflight.replaced, "findings": kinds, "issues_file": issues.map(|file| file.display().to_string()), "exit": exit,
    }));
    Ok(exit)
}

/// The import whose reads a check with the account does.
fn online<'a>(
    arguments: &Arguments,
    settings: &'a Settings,
    preflight: import::PreflightOptions<'a>,
    typed: &CommandLine,
) -> Result<ImportOptions<'a>> {
    let account = Account::new(&arguments.connection, settings)?;
    let preflight = import::PreflightOptions { baselines: Some(account.baseline_folder()?), ..preflight };
    Ok(ImportOptions {
        binds: None,
        references: arguments.references.options(),
        catalog: &settings.catalog,
        preflight,
        resume: ResumeOptions { account_name: account_name(&account, &arguments.settings), ..ResumeOptions::default() },
        account,
        parent: None,
        dry_run: true,
        as_curl: false,
        limit: None,
        strict: false,
        max_failures: None,
        reads_back: false,
        sample: 0,
        answers: Answers { accepts_incomplete: arguments.accept_incomplete, ..Answers::default() },
        keeps_going: false,
        doubt: DoubtOptions::default(),
        typed: typed.clone(),
    })
}

/// Looks into the account; what is found there stands among the other findings. The last line says what an import would do.
fn look(
    options: &ImportOptions<'_>,
    preflight: &mut Preflight,
    rows: &mut Rows,
    printer: &Printer,
) -> Result<(Foreseen, String)> {
    let foreseen = import::foresee(options, preflight, rows, printer)?;
    let words = foreseen.words(options, preflight);
    preflight.findings.take_in(&foreseen.findings)?;
    Ok((foreseen, words))
}
