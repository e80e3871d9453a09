//! `bw8 check`: everything an import does before its first request, offline.

use std::path::PathBuf;

use clap::Args;
use rust_i18n::t;

use super::run::write_issues;
use super::survey::Survey;
use super::{Mode, Reading, findings, importable, input, read_mapping};
use crate::error::{Exit, Result};
use crate::printer::Printer;
use crate::settings::{self, Knowledge, Settings};

/// `bw8 check`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What the rows are: customers, companies, tickets, tags, bindings, customer-groups
    pub entity: String,
    /// The file, or - for standard input
    pub file: PathBuf,
    #[command(flatten)]
    pub reading: Reading,
    #[command(flatten)]
    pub knowledge: Knowledge,
    /// Section of bw8.toml with the account the rows are meant for
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Any mistake makes the file unusable (exit code 2 instead of 3)
    #[arg(long)]
    pub strict: bool,
}

/// Checks a file.
///
/// # Errors
/// A file or mapping that cannot be used.
pub fn run(arguments: &Arguments, printer: &Printer) -> Result<Exit> {
    let settings = Settings::load(arguments.account.as_deref())?;
    let catalog = settings::catalog(&arguments.knowledge)?;
    let entity = importable(&catalog, &arguments.entity)?;
    let input = input(&arguments.file, &arguments.reading, None)?;
    let (mapping, _) = read_mapping(&arguments.reading)?;
    let mode = settings.account_mode(&arguments.knowledge);
    let (survey, _) = Survey::take(&input, entity, mapping.as_ref(), mode, Mode::Create)?;
    printer.say(&survey.plan.report().text());
    let kinds = survey.findings.kinds()?;
    let issues = if kinds.is_empty() { None } else { Some(write_issues(&input, &survey)?) };
    let exit = match (&issues, arguments.strict) {
        (None, _) => Exit::Done,
        (Some(_), true) => Exit::Usage,
        (Some(_), false) => Exit::SomeFailed,
    };
    match &issues {
        None => printer.result(&t!("check_command.good", file = input.shown, rows = survey.rows)),
        Some(path) => {
            printer.result(&t!(
                "check_command.bad",
                file = input.shown,
                rows = survey.rows,
                bad = survey.findings.rows,
                findings = survey.findings.count
            ));
            printer.result(&findings::describe(&kinds, &survey.plan, 20));
            printer.result(&t!("check_command.issues", file = path.display()));
        }
    }
    let kinds: Vec<serde_json::Value> = kinds
        .iter()
        .map(|kind| {
            serde_json::json!({"code": kind.example.code, "field": kind.example.field, "rows": kind.count,
                "rule": kind.example.rule, "hint": kind.example.hint, "first_row": kind.example.number})
        })
        .collect();
    printer.json(&serde_json::json!({
        "version": 1, "entity": entity.name, "finished": true,
        "rows": {"read": survey.rows, "refused": survey.findings.rows},
        "mapping": survey.plan.report(), "findings": kinds, "issues_file": issues, "exit": exit,
    }));
    Ok(exit)
}
