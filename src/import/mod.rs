//! From a sheet to the service, one file per stage: `survey` reads the whole input once and finds what is wrong with it
//! (`mapping` decides which column feeds which field, `check` turns a row into a record or into findings, `identity` tells
//! rows apart, `spool` keeps them as they will be sent), `resume` finds the run that is meant, `steps` makes requests of rows, `submit` sends them (`attempt` is one
//! row's exchange), `recorder` writes down what happened, `report` tells it. `run` is the story that ties them together.

mod attempt;
mod canary;
pub mod check;
pub mod check_command;
mod date;
mod draft;
mod findings;
mod identity;
pub mod mapping;
mod mapping_file;
mod phone;
mod progress;
mod recorder;
mod report;
mod request;
mod resume;
pub mod retry;
mod run;
pub mod runs;
mod signals;
mod spool;
mod stdin;
mod steps;
mod stop;
mod submit;
mod survey;
mod template;
mod value;
mod words;

use std::path::{Path, PathBuf};

use clap::Args;
use rust_i18n::t;

pub use mapping_file::MappingFile;
pub use request::Mode;

use crate::cli::Global;
use crate::entity::{Catalog, Entity};
use crate::error::{Context, Error, Exit, Result};
use crate::format::Input;
use crate::printer::Printer;
use crate::settings::{self, Connection, Knowledge, Settings};
use resume::Wish;
use run::{Place, Work};

/// Which rows of which file, and how they are read.
#[derive(Debug, Clone, Args)]
pub struct Reading {
    /// Sheet to read, where the first one is not meant
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Encoding of a text file; only UTF-8 is read so far
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Row of the header, from 1
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    pub header_row: Option<u64>,
    /// Mapping file: which column means which field
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
}

/// `bw8 import`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// What the rows are: customers, companies, tickets, tags, bindings, customer-groups
    pub entity: String,
    /// The file, or - for standard input
    pub file: PathBuf,
    #[command(flatten)]
    pub reading: Reading,
    #[command(flatten)]
    pub connection: Connection,
    #[command(flatten)]
    pub knowledge: Knowledge,
    #[command(flatten)]
    pub sending: Sending,
    /// Whether rows make new records or change those they name by id
    #[arg(long, value_enum, default_value_t)]
    pub mode: Mode,
    /// Only the first N rows now; the same command without it continues
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub limit: Option<u64>,
    /// Send nothing when any row has a mistake
    #[arg(long)]
    pub strict: bool,
    /// Begin a new run, whatever came before
    #[arg(long, conflicts_with = "accept_changed")]
    pub fresh: bool,
    /// Go on although input, mapping or catalog changed; done rows stay done
    #[arg(long)]
    pub accept_changed: bool,
}

/// Options of every command that sends rows.
#[derive(Debug, Clone, Args)]
pub struct Sending {
    /// The run's folder [default: bw8-runs/<date>-<host>-<entity>-<input name>]
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// All the reading, none of the writing; says what would be done
    #[arg(long)]
    pub dry_run: bool,
    /// Stop once N rows in all have failed
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_failures: Option<u64>,
    /// Do not send the first row alone to compare what was stored
    #[arg(long)]
    pub no_canary: bool,
}

/// `bw8 import`: reads, checks, sends, reports.
///
/// # Errors
/// Everything that keeps the run from beginning, or ended it for good.
pub fn run(arguments: &Arguments, global: &Global, printer: &Printer) -> Result<Exit> {
    let settings = Settings::load(arguments.connection.account.as_deref())?;
    let catalog = settings::catalog(&arguments.knowledge)?;
    let entity = importable(&catalog, &arguments.entity)?;
    let entity = &arguments.mode.entity(entity);
    let place = Place::of(&arguments.connection, &settings, &catalog)?;
    let input = input(&arguments.file, &arguments.reading, arguments.sending.run.as_deref())?;
    let (mapping, mapping_text) = read_mapping(&arguments.reading)?;
    let work = Work {
        catalog: &catalog,
        entity,
        input,
        mapping,
        mapping_text,
        account_mode: settings.account_mode(&arguments.knowledge),
        mode: arguments.mode,
        place,
        connection: &arguments.connection,
        wish: Wish {
            folder: arguments.sending.run.clone(),
            fresh: arguments.fresh,
            accept_changed: arguments.accept_changed,
        },
        parent: None,
        dry_run: arguments.sending.dry_run,
        limit: arguments.limit,
        strict: arguments.strict,
        max_failures: arguments.sending.max_failures,
        canary: !arguments.sending.no_canary,
        yes: global.yes,
        bar: !global.no_progress,
        command: typed(),
    };
    run::run(work, printer)
}

/// The entity a user means, when rows of it can be imported.
fn importable<'a>(catalog: &'a Catalog, word: &str) -> Result<&'a Entity> {
    let entity = catalog.find(word)?;
    match entity.is_importable() {
        true => Ok(entity),
        false => {
            Err(Error::usage(t!("import.cannot_write", entity = entity.name)).hint(t!("import.cannot_write_hint")))
        }
    }
}

/// The mapping file and its text.
fn read_mapping(reading: &Reading) -> Result<(Option<MappingFile>, Option<String>)> {
    let Some(path) = &reading.mapping else { return Ok((None, None)) };
    let shown = path.display().to_string();
    let mapping = MappingFile::read(path, &shown)?;
    let text = std::fs::read_to_string(path).context(|| shown)?;
    Ok((Some(mapping), Some(text)))
}

/// The input a user means. Standard input is kept in the run's folder, so that the run can go on.
fn input(file: &Path, reading: &Reading, run: Option<&Path>) -> Result<Input> {
    let input = |path: PathBuf, shown: String| Input {
        path,
        shown,
        sheet: reading.sheet.clone(),
        header_row: reading.header_row,
        encoding: reading.encoding.clone(),
    };
    if file.as_os_str() != "-" {
        return Ok(input(file.to_owned(), file.display().to_string()));
    }
    let path = stdin::keep(run)?;
    Ok(input(path, t!("import.standard_input").into_owned()))
}

/// The command as it was typed, to be shown as the one that goes on: what would begin anew or stop early is left out.
fn typed() -> String {
    let mut arguments: Vec<std::ffi::OsString> = std::env::args_os().skip(1).collect();
    arguments.retain(|argument| argument != "--fresh" && !argument.to_string_lossy().starts_with("--limit="));
    if let Some(limit) = arguments.iter().position(|argument| argument == "--limit") {
        arguments.drain(limit..arguments.len().min(limit + 2));
    }
    let quoted = |argument: std::ffi::OsString| {
        let text = argument.to_string_lossy().into_owned();
        if text.is_empty() || text.contains([' ', '"', '\'', '(', ')', '&', ';', '*', '?', '$']) {
            format!("\"{}\"", text.replace('"', "\\\""))
        } else {
            text
        }
    };
    std::iter::once("bw8".to_owned()).chain(arguments.into_iter().map(quoted)).collect::<Vec<_>>().join(" ")
}
