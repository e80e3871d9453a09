//! The language, and where the end of a command is told: read before anything else, and whatever else is wrong.

use std::path::PathBuf;

use serde::Deserialize;

use super::configuration::CONFIGURATION;
use super::folders::{config_folder, state_folder};
use crate::files;
use crate::format::read_text;
use crate::language::Language;
use crate::message;
use crate::message::Message;

/// The variable that names the language.
const LANGUAGE_VARIABLE: &str = "BW8_LANG";
/// Name of the file in the state folder that keeps the language.
const LAST_LANGUAGE: &str = "language";

/// What a configuration file says of the language, read before anything else: what is wrong with the file is told later.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct LanguageOfFile {
    lang: Option<String>,
    notify: Option<String>,
}

/// The configuration files, the first one first.
fn configuration_files() -> Vec<PathBuf> {
    let users_own = config_folder().map(|folder| folder.join(CONFIGURATION)).ok();
    std::iter::once(PathBuf::from(CONFIGURATION)).chain(users_own).filter(|file| file.exists()).collect()
}

/// What the first file that says it has for one of the entries that concern the whole program.
fn of_files(entry: impl Fn(LanguageOfFile) -> Option<String>) -> Option<String> {
    configuration_files().iter().find_map(|file| {
        let text = read_text(file, &file.display().to_string()).ok()?;
        entry(toml::from_str(&text).unwrap_or_else(|_| LanguageOfFile::of_lines(&text)))
    })
}

impl LanguageOfFile {
    /// What single lines say of a file that is wrong as a whole: that it is wrong is to be told, and in the right language.
    fn of_lines(text: &str) -> LanguageOfFile {
        let lines = text.lines().take_while(|line| !line.trim_start().starts_with('['));
        lines.filter_map(|line| toml::from_str::<LanguageOfFile>(line).ok()).fold(
            LanguageOfFile::default(),
            |all, line| LanguageOfFile { lang: all.lang.or(line.lang), notify: all.notify.or(line.notify) },
        )
    }
}

/// The language that `BW8_LANG` names.
pub fn language_of_variable() -> Option<Language> {
    word_of_variable().and_then(|word| Language::of_word(&word))
}

fn word_of_variable() -> Option<String> {
    std::env::var_os(LANGUAGE_VARIABLE)
        .map(|word| word.to_string_lossy().trim().to_owned())
        .filter(|word| !word.is_empty())
}

/// The language that a configuration file names.
pub fn language_of_files() -> Option<Language> {
    of_files(|file| file.lang).and_then(|word| Language::of_word(&word))
}

/// What is said of a language that was asked for and is not spoken.
pub fn unknown_language() -> Option<Message> {
    let is_unknown = |word: &String| Language::of_word(word).is_none();
    let of_variable = word_of_variable().map(|word| (LANGUAGE_VARIABLE, word));
    let (place, word) = of_variable.or_else(|| of_files(|file| file.lang).map(|word| (CONFIGURATION, word)))?;
    Some(word).filter(is_unknown).map(|word| message!("settings.unknown_language", place = place, word = word))
}

/// Where the end of a command is told, if anywhere.
pub fn notify_address() -> Option<String> {
    let variable = std::env::var("BW8_NOTIFY_URL").ok().filter(|url| !url.trim().is_empty());
    variable.or_else(|| of_files(|file| file.notify)).map(|url| url.trim().to_owned())
}

/// The language of the last use at a terminal, so that a scheduler's workbook has the same heads as its user's.
pub fn last_language() -> Option<Language> {
    std::fs::read_to_string(state_folder().ok()?.join(LAST_LANGUAGE)).ok().and_then(|word| Language::of_word(&word))
}

/// Remembers the language of a use at a terminal, where that is not known yet. What cannot be kept is not missed.
pub fn remember_language() {
    let language = Language::current();
    if !std::io::IsTerminal::is_terminal(&std::io::stderr()) || last_language() == Some(language) {
        return;
    }
    if let Ok(folder) = state_folder()
        && files::create_private_folder(&folder).is_ok()
    {
        let _ = std::fs::write(folder.join(LAST_LANGUAGE), language.pick("zh", "en"));
    }
}
