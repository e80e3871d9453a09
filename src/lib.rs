//! `bw8` moves customers, companies, tickets, tags and bindings between spreadsheets and the REST API of 帮我吧 (Bangwo8).
//! No row is lost, none is sent twice, none is misreported.

rust_i18n::i18n!("locales", fallback = "en");

pub mod account;
pub mod api;
pub mod check;
pub mod cli;
pub mod command;
pub mod entity;
pub mod error;
pub mod export;
pub mod files;
pub mod format;
pub mod import;
pub mod interrupt;
pub mod journal;
pub mod language;
pub mod mapping;
pub mod message;
pub mod mirror;
pub mod problem;
pub mod projection;
pub mod proposal;
pub mod refresh;
pub mod sandbox;
pub mod settings;
pub mod survey;
pub mod template;
pub mod terminal;
pub mod text;
pub mod toml_words;
pub mod value;
pub mod waiting;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::FromArgMatches;

use crate::cli::{Cli, Command};
use crate::error::{Error, Exit, Result};
use crate::language::Language;
use crate::terminal::{CommandLine, Printer};

/// Runs the command line and tells how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    language_of(&arguments).set();
    let matches = match cli::command(Language::current()).try_get_matches_from(&arguments) {
        Ok(matches) => matches,
        Err(error) => {
            // Help and version are asked for, everything else is wrong usage; clap says which.
            match cli::wrong_usage(&error, Language::current()) {
                Some(error) => terminal::tell(&error),
                None => drop(error.print()),
            }
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(Exit::Usage as u8));
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(Exit::Usage as u8);
        }
    };
    let printer = Printer::new(&cli.global);
    terminal::listen(&printer);
    if !matches!(cli.command, Command::Sandbox(_)) {
        terminal::break_silence(&printer);
    }
    let exit = dispatch(&cli, &CommandLine::new(&arguments), &printer).unwrap_or_else(|error: Error| {
        printer.error(&error);
        error.exit()
    });
    ExitCode::from(exit as u8)
}

fn dispatch(cli: &Cli, typed: &CommandLine, printer: &Printer) -> Result<Exit> {
    match &cli.command {
        Command::Import(arguments) => command::import::run(arguments, &cli.global, typed, printer),
        Command::Check(arguments) => command::check::run(arguments, printer),
        Command::Inspect(arguments) => command::inspect::run(arguments, printer),
        Command::Map(arguments) => command::map::run(arguments, printer),
        Command::Retry(arguments) => command::retry::run(arguments, &cli.global, typed, printer),
        Command::Settle(arguments) => command::settle::run(arguments, typed, printer),
        Command::Runs(arguments) => command::runs::run(arguments, &cli.global, printer),
        Command::Export(arguments) => command::export::run(arguments, printer),
        Command::Mirror(arguments) => command::mirror::run(arguments, printer),
        Command::Template(arguments) => command::template::run(arguments, printer),
        Command::Sandbox(arguments) => command::sandbox::run(arguments, printer),
        Command::Entities(arguments) => command::entities::run(arguments, printer),
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut cli::command(Language::current()), "bw8", &mut std::io::stdout());
            Ok(Exit::Done)
        }
    }
}

/// `--lang` decides before anything is parsed, so that the parser's own messages are in the right language.
fn language_of(arguments: &[OsString]) -> Language {
    let mut texts = arguments.iter().map(|argument| argument.to_string_lossy());
    while let Some(text) = texts.next() {
        let value = match text.strip_prefix("--lang") {
            Some("") => texts.next(),
            Some(rest) => rest.strip_prefix('=').map(|value| value.to_owned().into()),
            None => continue,
        };
        if let Some(value) = value {
            return Language::of_locale(&value);
        }
    }
    Language::of_machine()
}
