//! `bw8 check`: everything an import does before its first request, offline; with the account, everything before its first write.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value as Json, json};

use super::options::{InputOptions, ReferenceArguments, account_name};
use crate::account::Account;
use crate::check::describe::describe;
use crate::check::findings::FindingKind;
use crate::definitions::DefinitionSource;
use crate::error::{Exit, Result};
use crate::import::{
    self, Agreed, Answers, DoubtOptions, Foreseen, ImportOptions, Preflight, PreflightOptions, Purpose, ResumeOptions,
    Rows, Words, report,
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
    let checked = match arguments.is_online() {
        true => Checked::online(online(arguments, &settings, options, typed)?, printer)?,
        false => Checked::offline(options, &settings)?,
    };
    checked.say_what_was_read(printer);
    let kinds = checked.preflight.findings.kinds()?;
    let issues = checked.write_issues(&kinds, kept.is_some())?;
    let exit = checked.exit(arguments.strict);
    checked.say_what_was_found(issues.as_deref(), printer)?;
    checked.say_what_follows(arguments.strict, printer);
    printer.json(&checked.document(&kinds, issues.as_deref(), exit));
    Ok(exit)
}

/// A file that was checked.
struct Checked<'a> {
    options: PreflightOptions<'a>,
    preflight: Preflight,
    /// What an import would do, and that in words, where the account was looked into.
    foreseen: Option<(Foreseen, String)>,
}

impl<'a> Checked<'a> {
    fn online(options: ImportOptions<'a>, printer: &Printer) -> Result<Self> {
        let definitions =
            DefinitionSource { catalog: options.catalog, account: Some(&options.account), asks: true, keeps: true };
        let agreed = Agreed::of(&options.account)?;
        let words = Words::named(&options)?;
        let (mut preflight, mut rows) =
            Preflight::run(&options.preflight, &definitions, &agreed, &words, Purpose::Sending(None))?;
        let foreseen = Some(look(&options, &mut preflight, &mut rows, printer)?);
        Ok(Checked { options: options.preflight, preflight, foreseen })
    }

    fn offline(options: PreflightOptions<'a>, settings: &Settings) -> Result<Self> {
        // What an account told before is known without asking it.
        let account = Account::new(&ConnectionOptions::default(), settings).ok();
        let definitions = DefinitionSource::kept(&settings.catalog, account.as_ref());
        // So is what an export of it said, where the file is one.
        let baselines = account.as_ref().and_then(|account| account.baseline_folder().ok());
        let options = PreflightOptions { baselines, ..options };
        let (preflight, _) =
            Preflight::run(&options, &definitions, &Agreed::default(), &Words::default(), Purpose::Findings)?;
        Ok(Checked { options, preflight, foreseen: None })
    }

    fn say_what_was_read(&self, printer: &Printer) {
        let Checked { options, preflight, .. } = self;
        if let Some(sheet) = &preflight.sheet.name {
            let (file, reading) = (&options.input.shown, &preflight.sheet.reading);
            let read = message!("run.read_sheet", file = file, rows = preflight.rows, reading = reading, sheet = sheet);
            printer.say(&read.to_string());
        }
        if !preflight.sheet.others.is_empty() {
            printer.say(&t!("run.other_sheets", sheets = preflight.sheet.others.join(", ")));
        }
        printer.say(&preflight.mapping.report().text());
        preflight.export_words().iter().for_each(|words| printer.say(words));
        preflight.words.iter().for_each(|word| printer.say(&word.to_string()));
        preflight.replaced_words().iter().for_each(|words| printer.say(&words.to_string()));
        preflight.sheet.notes.iter().for_each(|note| printer.say(&note.to_string()));
    }

    /// Writes the findings beside the file, or here where it `came_through_pipe`: its copy goes with the command.
    fn write_issues(&self, kinds: &[FindingKind], came_through_pipe: bool) -> Result<Option<PathBuf>> {
        let Checked { options, preflight, .. } = self;
        Ok(match (kinds.is_empty(), came_through_pipe) {
            (true, true) => None,
            (true, false) => {
                // What an earlier check found would speak of rows that are fixed.
                report::remove_issues_beside(&options.input)?;
                None
            }
            (false, false) => Some(report::write_issues_beside(&options.input, preflight)?),
            (false, true) => Some(report::write_issues_to("stdin.issues.csv".into(), preflight)?),
        })
    }

    /// Rows that an import would not send, as far as is known.
    fn not_sent(&self) -> u64 {
        let waiting = self.foreseen.as_ref().map_or(0, |(foreseen, _)| foreseen.waiting());
        self.preflight.findings.not_sent() + waiting + self.preflight.waiting
    }

    fn exit(&self, is_strict: bool) -> Exit {
        match (self.not_sent(), is_strict) {
            (0, true) if self.preflight.mapping.report().loss().is_some() => Exit::Usage,
            (0, _) => Exit::Done,
            (_, true) => Exit::Usage,
            (_, false) => Exit::SomeFailed,
        }
    }

    fn say_what_was_found(&self, issues: Option<&Path>, printer: &Printer) -> Result<()> {
        let Checked { options, preflight, .. } = self;
        let (file, rows) = (&options.input.shown, preflight.rows);
        let Some(path) = issues else {
            let words = match self.not_sent() {
                0 => message!("check_command.good", file = file, rows = rows),
                _ => message!("check_command.good_itself", file = file, rows = rows),
            };
            printer.result(&words.to_string());
            return Ok(());
        };
        printer.result(&message!("check_command.found", file = file, rows = rows).to_string());
        printer.result(&describe(&preflight.findings, &preflight.mapping, SHOWN_KINDS)?);
        printer.result(&t!("check_command.issues", file = quoted_path(path)));
        Ok(())
    }

    /// What an import would do, and what would not come over.
    fn say_what_follows(&self, is_strict: bool, printer: &Printer) {
        let mapping = &self.preflight.mapping;
        if let Some((_, words)) = &self.foreseen {
            printer.result(words);
        } else if mapping.is_found_by_key() {
            printer.result(&t!("check_command.offline"));
        }
        if let Some(loss) = mapping.report().loss() {
            printer.result(&loss.to_string());
            if is_strict {
                printer.result(&format!("{}{}", t!("printer.hint"), mapping.report().loss_hint()));
            }
        }
    }

    fn document(&self, kinds: &[FindingKind], issues: Option<&Path>, exit: Exit) -> Json {
        let Checked { options, preflight, foreseen } = self;
        let findings = &preflight.findings;
        let waiting = foreseen.as_ref().map_or(0, |(foreseen, _)| foreseen.waiting());
        let kind = |FindingKind { example, count, .. }: &FindingKind| {
            json!({"code": example.code, "field": example.field, "rows": count, "rule": example.rule.to_string(),
                "hint": example.hint.to_string(), "first_row": example.number, "severity": example.severity})
        };
        json!({
            "version": 1, "entity": options.entity.name, "finished": true,
            "rows": {"read": preflight.rows, "refused": findings.refused, "held": findings.held + waiting,
                "waiting": preflight.waiting, "skipped": findings.skipped},
            "account": foreseen.as_ref().map(|(foreseen, _)| foreseen.json()),
            "mapping": preflight.mapping.report(), "replaced": preflight.replaced,
            "findings": kinds.iter().map(kind).collect::<Vec<_>>(),
            "issues_file": issues.map(|file| file.display().to_string()), "exit": exit,
        })
    }
}

/// The import whose reads a check with the account does.
fn online<'a>(
    arguments: &Arguments,
    settings: &'a Settings,
    preflight: PreflightOptions<'a>,
    typed: &CommandLine,
) -> Result<ImportOptions<'a>> {
    let account = Account::new(&arguments.connection, settings)?;
    let preflight = PreflightOptions { baselines: Some(account.baseline_folder()?), ..preflight };
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
