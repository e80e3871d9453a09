//! `bw8 map`: proposes which column means which field, as a mapping file that a person looks over.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::options::{ReadingOptions, importable};
use crate::entity::WriteMode;
use crate::error::{Context, Error, Exit, Result};
use crate::files::{self, Access};
use crate::format::column_letters;
use crate::format::xlsx::{cannot_write, save};
use crate::mapping::KnownHeadings;
use crate::message;
use crate::proposal::{ColumnProposal, MappingProposal, Meaning, toml_text, workbook};
use crate::settings::{Settings, SettingsOptions};
use crate::survey::{FileSurvey, masked, masked_heading, shown};
use crate::t;
use crate::terminal::{Printer, quoted_path};

/// `bw8 map`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What the rows are: customers, companies, tickets, tags, bindings, customer-groups
    entity: String,
    /// The file, or - for standard input
    file: PathBuf,
    #[command(flatten)]
    reading: ReadingOptions,
    /// Whether rows make new records, change those that are there, or either: create, skip-existing, update, upsert
    #[arg(long, value_enum, default_value_t)]
    mode: WriteMode,
    /// Where to write it: .toml, or .xlsx to fill in with Excel or WPS; without it, TOML on standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show samples as they are, personal data included
    #[arg(long)]
    show: bool,
    #[command(flatten)]
    settings: SettingsOptions,
}

/// Proposes a mapping.
///
/// # Errors
/// An entity that cannot be imported, a file that cannot be read, a mapping file that is there already or cannot be written.
pub fn run(arguments: &Arguments, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let entity = arguments.mode.entity(importable(&settings, &arguments.entity)?, &[]);
    let output = arguments.output.as_deref();
    let is_workbook = output.map_or(Ok(false), is_workbook)?;
    let headings = Arc::new(KnownHeadings::new(&entity, None));
    let (input, _kept) = arguments.reading.looked_over(&arguments.file, headings)?;
    let survey = FileSurvey::read(&input)?;
    let proposal = MappingProposal::new(&entity, &survey, settings.account_mode);
    let sample = |heading: &str, text: &str| match arguments.show {
        true => shown(text).into_owned(),
        false => masked(heading, text),
    };
    let written = output.map_or_else(|| t!("map.this_file"), |path| quoted_path(path).into());
    let mode = match arguments.mode {
        WriteMode::Create => String::new(),
        mode => format!(" --mode {}", mode.as_str()),
    };
    let command = format!("bw8 check {} {}{mode} --mapping {written}", entity.name, quoted_path(&arguments.file));
    let text = toml_text(&proposal, &command, sample);
    match output {
        None => printer.result(text.trim_end()),
        Some(path) if is_workbook => {
            let mut workbook = workbook(&proposal, &command, sample).map_err(|error| cannot_write(path, &error))?;
            save(&mut workbook, path, Access::Usual)?;
        }
        Some(path) => {
            files::whole(path, Access::Usual, |file| {
                std::io::Write::write_all(file, text.as_bytes())
                    .context(|| message!("csv.cannot_write", file = path.display()))
            })?;
        }
    }
    if let Some(path) = output {
        printer.say(&t!("map.written", file = path.display(), command = command));
    }
    printer.json(&document(&proposal, output, &text, arguments.show));
    Ok(Exit::Done)
}

/// Whether the mapping is to be a workbook. One that is there already may have been filled in and is not written over.
fn is_workbook(path: &Path) -> Result<bool> {
    let shown = path.display();
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let is_workbook = extension.eq_ignore_ascii_case("xlsx");
    if !is_workbook && !extension.eq_ignore_ascii_case("toml") {
        return Err(Error::usage(message!("map.extension", file = shown)).hint(message!("map.extension_hint")));
    }
    match path.exists() {
        true => Err(Error::usage(message!("template.exists", file = shown)).hint(message!("map.exists_hint"))),
        false => Ok(is_workbook),
    }
}

fn document(proposal: &MappingProposal<'_>, output: Option<&Path>, text: &str, show: bool) -> Value {
    let columns: Vec<Value> = proposal
        .columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let (state, confidence, is_certain) = state(column);
            let heading = &column.survey.heading;
            json!({"column": column_letters(index),
                "header": if show { shown(heading).into_owned() } else { masked_heading(heading) }, "state": state,
                "field": column.meaning.field().map(|field| &proposal.field(field).name),
                "confidence": confidence, "certain": is_certain})
        })
        .collect();
    let words: Vec<Value> = proposal
        .words
        .iter()
        .map(|words| {
            let counted: Vec<_> = words.words.iter().map(|(word, count)| (shown(word), count)).collect();
            json!({"field": proposal.field(words.field).name, "words": counted})
        })
        .collect();
    let missing: Vec<&str> = proposal.missing.iter().map(|field| &*proposal.field(*field).name).collect();
    json!({"version": 1, "entity": proposal.entity.name, "file": output.map(|path| path.display().to_string()),
        "mapping": output.is_none().then_some(text), "columns": columns, "words": words, "missing": missing,
        "exit": Exit::Done})
}

/// What is said of a column, for scripts.
fn state(column: &ColumnProposal<'_>) -> (&'static str, Option<u8>, bool) {
    match column.meaning {
        Meaning::Known { .. } => ("known", None, true),
        Meaning::Twice { .. } => ("twice", None, false),
        Meaning::NotSent { .. } | Meaning::OtherSystem => ("not_sent", None, false),
        Meaning::Proposed { confidence, is_certain, .. } => ("proposed", Some(confidence), is_certain),
        Meaning::Nothing => ("nothing", None, false),
    }
}
