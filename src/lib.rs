//! `bw8` moves customers, companies, tickets, tags and bindings between spreadsheets and the REST API of 帮我吧 (Bangwo8).
//! No row is lost, none is sent twice, none is misreported.

rust_i18n::i18n!("locales", fallback = "en");

pub mod account;
pub mod api;
pub mod baseline;
pub mod check;
pub mod cli;
pub mod command;
pub mod definitions;
pub mod entity;
pub mod error;
pub mod export;
pub mod file_names;
pub mod files;
pub mod format;
pub mod import;
pub mod interrupt;
pub mod journal;
pub mod language;
pub mod lookup;
pub mod machine;
pub mod mapping;
pub mod menu;
pub mod message;
pub mod mirror;
pub mod notice;
pub mod pipes;
pub mod problem;
pub mod projection;
pub mod proposal;
pub mod refresh;
pub mod rehearsal;
pub mod sandbox;
pub mod settings;
pub mod slips;
pub mod survey;
pub mod template;
pub mod terminal;
pub mod text;
pub mod toml_words;
pub mod value;
pub mod waiting;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::FromArgMatches;

use crate::cli::{Cli, Command};
use crate::error::{Error, Exit, Result};
use crate::language::Language;
use crate::terminal::{CommandLine, Console, Printer};

/// Runs the command line and tells how it ended.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    machine::give_back_what_is_free();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    language_of(&arguments).set();
    say_where_it_broke();
    let ended = std::panic::catch_unwind(|| match menu_for(&arguments) {
        Some((console, given)) => Ended { exit: run_menu(console, given), told_as: None },
        None => run_command(&arguments),
    });
    // The words were said where it broke.
    let broken = |_| Ended { exit: Exit::CannotRun, told_as: cli::typed_as(&arguments) };
    let Ended { mut exit, told_as } = ended.unwrap_or_else(broken);
    terminal::finish_writing(None);
    if let Some(error) = terminal::unwritten() {
        terminal::tell(&error);
        if exit == Exit::Done {
            exit = error.exit();
        }
    }
    terminal::over(exit);
    if let Some(what) = told_as {
        notice::tell(&what, exit);
    }
    terminal::finish_writing(None);
    ExitCode::from(exit as u8)
}

/// How a command ended.
struct Ended {
    exit: Exit,
    /// What a notice calls it; none where nobody waits for one.
    told_as: Option<String>,
}

/// A double click on the program, or a file dragged onto its icon, opens a console that closes when the program ends: there the
/// help would only flash by.
fn menu_for(arguments: &[OsString]) -> Option<(Console, Option<PathBuf>)> {
    let given = match arguments {
        [] | [_] => None,
        [_, file] => Some(PathBuf::from(file)).filter(|file| file.is_absolute() && file.is_file()),
        _ => return None,
    };
    if arguments.len() > 1 && given.is_none() {
        return None;
    }
    Some((Console::own()?, given))
}

fn run_menu(console: Console, given: Option<PathBuf>) -> Exit {
    leave_the_system_s_folder();
    match menu::run(console, given) {
        Ok(exit) => exit,
        Err(error) => {
            terminal::tell(&error);
            // Whoever double-clicked is to read it before the window closes.
            let _ = Console::own().map(|mut console| console.ask(&t!("menu.close")));
            error.exit()
        }
    }
}

/// Windows starts what runs as administrator, or takes a file that was dropped on its icon, in a folder of its own, where nobody looks
/// for files: the menu works in the program's, as after a double click.
fn leave_the_system_s_folder() {
    let (Some(system), Ok(here), Ok(program)) =
        (std::env::var_os("SystemRoot"), std::env::current_dir(), std::env::current_exe())
    else {
        return;
    };
    let lower = |path: &Path| PathBuf::from(path.to_string_lossy().to_lowercase());
    if let Some(folder) = program.parent().filter(|_| lower(&here).starts_with(lower(Path::new(&system)))) {
        // Where it may not go there, it stays where it is.
        let _ = std::env::set_current_dir(folder);
    }
}

fn run_command(arguments: &[OsString]) -> Ended {
    let command = cli::command(Language::current());
    let command = if cli::wants_all(arguments) { command } else { cli::brief(command) };
    let parse = |words: &[OsString]| {
        let matches = command.clone().try_get_matches_from(cli::help_as_option(words))?;
        Cli::from_arg_matches(&matches)
    };
    // The parser repeats what was typed as it is: what is wrong is told of words that are safe to show.
    let parsed = parse(arguments).map_err(|error| parse(&shown(arguments)).err().unwrap_or(error));
    let cli = match parsed {
        Ok(cli) => cli,
        // Help and version are asked for, everything else is wrong usage; the parser says which.
        Err(error) if !error.use_stderr() => {
            terminal::write_out(cli::help_text(&error, Language::current()).as_bytes());
            return Ended { exit: Exit::Done, told_as: None };
        }
        Err(error) => {
            let told_as = cli::typed_as(arguments).filter(|_| !cli::is_help(&error));
            return Ended { exit: tell_usage(&error, arguments), told_as };
        }
    };
    let printer = Printer::new(&cli.global);
    let told_as = cli.command.told_as();
    let what = told_as.clone();
    terminal::listen(&printer, move || what.iter().for_each(|what| notice::tell(what, Exit::Interrupted)));
    match settings::move_older_state() {
        Ok(word) => word.iter().for_each(|word| printer.warn(&word.to_string())),
        Err(error) => {
            printer.error(&error);
            return Ended { exit: error.exit(), told_as };
        }
    }
    if let Some(word) = settings::unknown_language().filter(|_| cli.global.lang.is_none()) {
        printer.warn(&word.to_string());
    }
    slips::variables(std::env::vars_os().map(|(name, _)| name)).iter().for_each(|word| printer.warn(&word.to_string()));
    settings::remember_language();
    files::sweep_temporary();
    // A server waits for others and says nothing of that.
    if !matches!(&cli.command, Command::Sandbox(arguments) if arguments.like.is_none()) {
        terminal::break_silence(&printer);
    }
    let ended = dispatch(&cli, &CommandLine::new(arguments), &printer).map_err(settings::with_state_hint);
    if let Err(error) = &ended {
        // Whoever was told that the program is left is not told once more.
        terminal::over(error.exit());
        printer.error(error);
    }
    Ended { exit: ended.unwrap_or_else(|error| error.exit()), told_as }
}

/// Words as they may be shown.
fn shown(words: &[OsString]) -> Vec<OsString> {
    words.iter().map(|word| text::part(&word.to_string_lossy()).into()).collect()
}

/// Says what is wrong with a command line; as JSON too, where that is wanted.
fn tell_usage(error: &clap::Error, arguments: &[OsString]) -> Exit {
    let slip = slips::found(error, arguments);
    // In English the parser says more, and shows the usage.
    let is_told = slip.is_some() || Language::current() == Language::Zh && !cli::is_help(error);
    let wrong = slip.unwrap_or_else(|| cli::wrong_usage(error));
    if is_told {
        terminal::tell(&wrong);
    } else {
        let help = cli::help_text(error, Language::current());
        drop(std::io::Write::write_all(&mut std::io::stderr(), help.as_bytes()));
    }
    terminal::note_cause(&wrong);
    if wants_json(arguments) {
        terminal::json_of(&wrong);
    }
    Exit::Usage
}

/// Whether `--format json` is typed, right or wrong as the rest may be.
fn wants_json(arguments: &[OsString]) -> bool {
    let is_json = |pair: &[OsString]| pair[0] == "--format" && pair[1] == "json";
    arguments.iter().any(|argument| argument == "--format=json") || arguments.windows(2).any(is_json)
}

/// A mistake of ours is said in words. What a library says of itself, and where it lies on somebody's disk, helps nobody.
fn say_where_it_broke() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |location| {
            let file = location.file().rsplit(['/', '\\']).next().unwrap_or_default();
            format!("{file}:{}", location.line())
        });
        terminal::tell(
            &Error::cannot_run(message!("printer.broken", place = place)).hint(message!("printer.broken_hint")),
        );
    }));
}

fn dispatch(cli: &Cli, typed: &CommandLine, printer: &Printer) -> Result<Exit> {
    match &cli.command {
        Command::Import(arguments) => command::import::run(arguments, &cli.global, typed, printer),
        Command::Check(arguments) => command::check::run(arguments, typed, printer),
        Command::Inspect(arguments) => command::inspect::run(arguments, printer),
        Command::Map(arguments) => command::map::run(arguments, printer),
        Command::Retry(arguments) => command::retry::run(arguments, &cli.global, typed, printer),
        Command::Settle(arguments) => command::settle::run(arguments, typed, printer),
        Command::Runs(arguments) => command::runs::run(arguments, &cli.global, printer),
        Command::Export(arguments) => command::export::run(arguments, printer),
        Command::Mirror(arguments) => command::mirror::run(arguments, printer),
        Command::Ids(arguments) => command::ids::run(arguments, printer),
        Command::Template(arguments) => command::template::run(arguments, &cli.global, printer),
        Command::Sandbox(arguments) => command::sandbox::run(arguments, printer),
        Command::Entities(arguments) => command::entities::run(arguments, printer),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut cli::command(Language::current()), "bw8", &mut script);
            terminal::write_out(&script);
            Ok(Exit::Done)
        }
    }
}

/// The language is decided before anything is parsed, so that the parser's own messages are in the right one: by `--lang`,
/// `BW8_LANG`, `lang` in `bw8.toml`, the machine where it names one, the last use at a terminal.
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
    let chosen = settings::language_of_variable().or_else(settings::language_of_files).or_else(Language::of_machine);
    chosen.or_else(settings::last_language).unwrap_or(Language::En)
}
