//! Commands as text: written so that they can be pasted into the shell that is most likely there.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;

use crate::files::short_path;

/// The command line as it was typed.
#[derive(Debug, Clone, Default)]
pub struct CommandLine(Vec<OsString>);

impl CommandLine {
    /// The words of a command line, the program's name first.
    pub fn new(words: &[OsString]) -> Self {
        CommandLine(words.get(1..).unwrap_or_default().to_vec())
    }

    /// The command that goes on with this one: without what would begin anew or stop early.
    pub fn continuing(&self) -> String {
        let mut words = vec!["bw8".to_owned()];
        let mut rest = self.0.iter();
        while let Some(word) = rest.next() {
            let text = word.to_string_lossy();
            match &*text {
                "--fresh" => {}
                "--limit" => drop(rest.next()),
                text if text.starts_with("--limit=") => {}
                text => words.push(quoted(text).into_owned()),
            }
        }
        words.join(" ")
    }

    /// Another command on the same account: `words` and a path.
    pub fn on_same_account(&self, words: &str, path: &Path) -> String {
        let mut words = vec![format!("bw8 {words} {}", quoted_path(path))];
        let mut rest = self.0.iter().map(|word| word.to_string_lossy());
        while let Some(word) = rest.next() {
            let name = word.split('=').next().unwrap_or_default();
            if word == "--sandbox" || (ACCOUNT_OPTIONS.contains(&name) && name != word) {
                words.push(quoted(&word).into_owned());
            } else if ACCOUNT_OPTIONS.contains(&name) {
                words.extend([word.into_owned()]);
                words.extend(rest.next().map(|value| quoted(&value).into_owned()));
            }
        }
        words.join(" ")
    }
}

/// Options that say which account is meant, and what is known of it; those with a value.
const ACCOUNT_OPTIONS: [&str; 4] = ["--account", "--base-url", "--api", "--ca-cert"];

/// A path as short as the working folder allows, as a word of a command.
pub fn quoted_path(path: &Path) -> String {
    quoted(&short_path(path).to_string_lossy()).into_owned()
}

/// A word of a command, in quotation marks where the shell needs them.
pub fn quoted(word: &str) -> Cow<'_, str> {
    // What no shell acts on; Chinese names are to stay readable.
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:=@+,".contains(c) || (cfg!(windows) && c == '\\');
    match !word.is_empty() && word.chars().all(is_plain) {
        true => Cow::Borrowed(word),
        false => in_quotation_marks(word),
    }
}

#[cfg(not(windows))]
fn in_quotation_marks(word: &str) -> Cow<'_, str> {
    // Only a NUL cannot be quoted, and no word of a command line and no path holds one.
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
}

/// Double ones are known to both shells of Windows, and no path there holds one; PowerShell would read `$` and a back tick
/// inside them.
#[cfg(windows)]
fn in_quotation_marks(word: &str) -> Cow<'_, str> {
    match word.contains(['$', '`']) {
        true => Cow::Owned(format!("'{}'", word.replace('\'', "''"))),
        false => Cow::Owned(format!("\"{}\"", word.replace('"', "\\\""))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn continuing(words: &[&str]) -> String {
        let words: Vec<OsString> = std::iter::once("bw8").chain(words.iter().copied()).map(OsString::from).collect();
        CommandLine::new(&words).continuing()
    }

    #[test]
    fn the_command_that_goes_on_neither_begins_anew_nor_stops_early() {
        let command = continuing(&["import", "--limit", "5", "customers", "--fresh", "a.csv", "--limit=7", "--strict"]);
        assert_eq!(command, "bw8 import customers a.csv --strict");
    }

    #[test]
    fn another_command_stays_with_the_account() {
        let typed =
            ["bw8", "import", "--account", "主账号", "customers", "a.csv", "--api=b.toml", "--sandbox", "--strict"];
        let command = CommandLine::new(&typed.map(OsString::from)).on_same_account("retry", Path::new("failed.csv"));
        assert_eq!(command, "bw8 retry failed.csv --account 主账号 --api=b.toml --sandbox");
    }

    #[cfg(not(windows))]
    #[test]
    fn words_survive_a_shell() {
        for name in ["a b.csv", "客户 $5|a'b.csv", "\"q\".csv", "`id`.csv", "客户.csv", "", "a\\b", "!x", "~", "#1.csv"]
        {
            let command = continuing(&["check", "customers", name]);
            assert_eq!(shlex::split(&command).unwrap(), ["bw8", "check", "customers", name], "{command}");
        }
        assert_eq!(continuing(&["check", "customers", "客户.csv"]), "bw8 check customers 客户.csv");
    }
}
