//! Slips of whoever types a command line, of which the parser only knows that something is wrong: a file without what its rows
//! are, a name with spaces and no quotation marks, a dash that an office program made of two.

use std::ffi::OsString;
use std::path::Path;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::cli;
use crate::error::Error;
use crate::language::Language;
use crate::message;
use crate::message::Message;
use crate::terminal::quoted_path;
use crate::text;

/// What office programs, chats and keyboards make of a hyphen.
const DASHES: [char; 9] = ['-', '–', '—', '―', '‐', '‑', '−', '－', '﹣'];

/// The variables of the environment that are read.
const VARIABLES: [&str; 9] = [
    "BW8_BASE_URL",
    "BW8_CLIENT_ID",
    "BW8_CLIENT_SECRET",
    "BW8_CONFIG_DIR",
    "BW8_LANG",
    "BW8_NOTIFY_URL",
    "BW8_PASSWORD",
    "BW8_STATE_DIR",
    "BW8_USER",
];
/// What people call them otherwise.
const OTHER_NAMES: [(&str, &str); 8] = [
    ("BW8_HOST", "BW8_BASE_URL"),
    ("BW8_LANGUAGE", "BW8_LANG"),
    ("BW8_LOGIN", "BW8_USER"),
    ("BW8_PASS", "BW8_PASSWORD"),
    ("BW8_PWD", "BW8_PASSWORD"),
    ("BW8_SERVER", "BW8_BASE_URL"),
    ("BW8_URL", "BW8_BASE_URL"),
    ("BW8_USERNAME", "BW8_USER"),
];
/// Letters that are wrong, left out or too many in the name of one that is meant.
const MOST_SLIPS: usize = 2;

/// Variables of the environment whose names are nearly those of some that are read: without a word the command would go elsewhere
/// than its user thinks.
pub fn variables(names: impl Iterator<Item = OsString>) -> Vec<Message> {
    let mut words: Vec<Message> = names.filter_map(|name| variable(name.to_str()?)).collect();
    words.sort_by_key(Message::to_string);
    words
}

fn variable(name: &str) -> Option<Message> {
    let is_ours = |name: &str| VARIABLES.contains(&name);
    // Windows does not tell capitals from small letters.
    let upper = name.to_uppercase();
    if is_ours(name) || cfg!(windows) && is_ours(&upper) || !upper.starts_with("BW8") {
        return None;
    }
    let plain = |name: &str| name.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    let is_near = |ours: &&&str| {
        let (ours, name) = (plain(ours), plain(&upper));
        strsim::damerau_levenshtein(&ours, &name) <= MOST_SLIPS.min(name.len() / 5)
    };
    let called = OTHER_NAMES.iter().find(|(other, _)| *other == upper).map(|(_, ours)| ours);
    let meant = called.or_else(|| VARIABLES.iter().find(is_near))?;
    Some(message!("cli.variable", name = text::part(name), meant = meant))
}

/// The slip in a command line that the parser does not take, where it is one of these.
pub fn found(error: &clap::Error, arguments: &[OsString]) -> Option<Error> {
    match error.kind() {
        ErrorKind::MissingRequiredArgument => file_without_entity(arguments),
        ErrorKind::UnknownArgument => file_like_an_option(arguments)
            .or_else(|| other_dashes(arguments))
            .or_else(|| too_many_words(&unknown(error)?, arguments)),
        _ => None,
    }
}

fn unknown(error: &clap::Error) -> Option<String> {
    match error.get(ContextKind::InvalidArg)? {
        ContextValue::String(word) => Some(word.clone()),
        _ => None,
    }
}

/// A file is named and not what its rows are: `bw8 import 客户.xlsx`.
fn file_without_entity(arguments: &[OsString]) -> Option<Error> {
    let (command, file) = (arguments.get(1)?.to_str()?, Path::new(arguments.get(2)?));
    let takes_both = ["import", "check", "map"].contains(&command);
    if !takes_both || !(file.is_file() || file.extension().is_some()) {
        return None;
    }
    let file = quoted_path(file);
    let hint = message!("cli.entity_first_hint", command = command, file = file);
    Some(Error::usage(message!("cli.entity_first", file = file)).hint(hint))
}

/// A file has a name that looks like an option: `bw8 inspect -2026.csv`.
fn file_like_an_option(arguments: &[OsString]) -> Option<Error> {
    let is_one = |word: &&OsString| word.to_string_lossy().starts_with('-') && Path::new(word).is_file();
    let file = Path::new(arguments.iter().find(is_one)?);
    let hint = message!("cli.file_like_option_hint", file = quoted_path(&Path::new(".").join(file)));
    Some(Error::usage(message!("cli.file_like_option", file = file.display())).hint(hint))
}

/// An option begins with other dashes than the two that it begins with: `—mode`, `-mode`.
fn other_dashes(arguments: &[OsString]) -> Option<Error> {
    let command = cli::command(Language::current());
    let options: Vec<&str> = std::iter::once(&command)
        .chain(command.get_subcommands())
        .flat_map(clap::Command::get_arguments)
        .filter_map(clap::Arg::get_long)
        .collect();
    arguments.iter().skip(1).find_map(|word| {
        let word = word.to_str()?;
        let rest = word.trim_start_matches(DASHES);
        let name = rest.split('=').next().unwrap_or_default();
        if rest == word || word == format!("--{rest}") || !options.contains(&name) {
            return None;
        }
        let error = Error::usage(message!("cli.dashes", argument = text::part(word)));
        Some(error.hint(message!("cli.dashes_hint", option = format!("--{name}"))))
    })
}

/// A word more than the command takes: most likely the rest of a name with spaces.
fn too_many_words(word: &str, arguments: &[OsString]) -> Option<Error> {
    if word.starts_with('-') {
        return None;
    }
    let at = arguments.iter().position(|argument| argument.to_str() == Some(word))?;
    let joined = (1..at).flat_map(|from| (at..arguments.len()).map(move |to| arguments[from..=to].join(" ".as_ref())));
    let hint = match joined.into_iter().find(|name| Path::new(name).is_file()) {
        Some(name) => message!("cli.spaces_hint", file = quoted_path(Path::new(&name))),
        None => message!("cli.extra_hint"),
    };
    Some(Error::usage(message!("cli.extra", word = text::part(word))).hint(hint))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_variables_that_are_nearly_ours_are_told_and_others_are_somebody_elses() {
        let told = |name: &str| variables([OsString::from(name)].into_iter()).len();
        for slip in [
            "BW8_BASEURL",
            "BW8_PASWORD",
            "BW8_USERS",
            "BW8-USER",
            "bw8_base_ulr",
            "BW8_STATEDIR",
            "BW8_LANGS",
            "BW8_URL",
        ] {
            assert_eq!(told(slip), 1, "{slip}");
        }
        let others =
            VARIABLES.into_iter().chain(["BW8_MODE", "BW8_FILE", "BW8_TEST_SEEDS", "BW8_UPDATE", "BW8", "USER"]);
        for other in others {
            assert_eq!(told(other), 0, "{other}");
        }
    }
}
