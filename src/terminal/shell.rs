//! Commands as text: written so that they can be pasted into the shell that is most likely there.

use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;

use crate::files::short_path;
use crate::text::{clean, is_active};

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
    if cfg!(windows) { quoted_for_windows(word) } else { quoted_for_unix(word) }
}

/// The words of a command that [`quoted`] wrote; none when a quotation mark is missing.
pub fn words_of(command: &str) -> Option<Vec<String>> {
    if cfg!(windows) { words_of_windows(command) } else { shlex::split(command) }
}

fn words_of_windows(command: &str) -> Option<Vec<String>> {
    let (mut words, mut rest) = (Vec::new(), command.trim_start());
    while let Some(first) = rest.chars().next() {
        let (word, length) = match first {
            '"' | '\'' => unquoted(rest, first)?,
            _ => {
                let length = rest.find(' ').unwrap_or(rest.len());
                (rest[..length].to_owned(), length)
            }
        };
        words.push(word);
        rest = rest[length..].trim_start();
    }
    Some(words)
}

/// The word in quotation marks that a text begins with, and how many bytes of the text it takes.
fn unquoted(text: &str, mark: char) -> Option<(String, usize)> {
    let (mut word, mut characters) = (String::new(), text.char_indices().skip(1).peekable());
    while let Some((at, c)) = characters.next() {
        let next = characters.peek().map(|(_, next)| *next);
        match c {
            _ if c == mark && mark == '\'' && next == Some(mark) => drop(characters.next()),
            _ if c == mark => return Some((word, at + 1)),
            // A backslash stands for itself, unless a quotation mark comes behind it and its like.
            '\\' if mark == '"' => {
                let run = text[at..].chars().take_while(|c| *c == '\\').count();
                let is_before_mark = text[at + run..].starts_with(mark);
                let (kept, is_mark_meant) = if is_before_mark { (run / 2, run % 2 == 1) } else { (run, false) };
                word.extend(std::iter::repeat_n('\\', kept));
                characters.by_ref().take(run - 1).for_each(drop);
                if is_mark_meant {
                    characters.next();
                    word.push(mark);
                }
                continue;
            }
            _ => {}
        }
        word.push(c);
    }
    None
}

/// Whether no shell acts on any character of a word; Chinese names are to stay readable.
fn is_plain(word: &str, also: &str) -> bool {
    !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "-_./:=+".contains(c) || also.contains(c))
}

fn quoted_for_unix(word: &str) -> Cow<'_, str> {
    // Where a word begins with "=", zsh looks for a program.
    if is_plain(word, "@,") && !word.starts_with('=') {
        return Cow::Borrowed(word);
    }
    if matches!(clean(word), Cow::Borrowed(_)) {
        return Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")));
    }
    // What cannot be shown is written as its bytes, which bash and zsh read back.
    let mut quoted = String::from("$'");
    for c in word.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            c if is_active(c) => {
                quoted.extend(c.encode_utf8(&mut [0; 4]).bytes().map(|byte| format!("\\x{byte:02x}")));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    Cow::Owned(quoted)
}

/// For both shells of Windows. Double quotation marks are known to both; PowerShell would read `$` and a back tick inside them,
/// and takes a comma or an `@` outside for its own.
fn quoted_for_windows(word: &str) -> Cow<'_, str> {
    if is_plain(word, "\\") {
        return Cow::Borrowed(word);
    }
    if word.contains(['$', '`']) {
        return Cow::Owned(format!("'{}'", word.replace('\'', "''")));
    }
    // A program takes a backslash before a quotation mark for part of that mark, so that it is doubled there.
    let (mut quoted, mut backslashes) = (String::from("\""), 0);
    for c in word.chars() {
        if c == '"' {
            quoted.extend(std::iter::repeat_n('\\', backslashes + 1));
        }
        backslashes = if c == '\\' { backslashes + 1 } else { 0 };
        quoted.push(c);
    }
    quoted.extend(std::iter::repeat_n('\\', backslashes));
    quoted.push('"');
    Cow::Owned(quoted)
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

    #[test]
    fn words_survive_a_shell() {
        for name in
            ["a b.csv", "客户 $5|a'b!.csv", "\"q\".csv", "`id`.csv", "客户.csv", "", "a\\b", "!x", "~", "#1.csv", "=ls"]
        {
            let quoted = quoted_for_unix(name);
            assert_eq!(shlex::split(&quoted).unwrap(), [name], "{quoted}");
        }
        assert_eq!(continuing(&["check", "customers", "客户.csv"]), "bw8 check customers 客户.csv");
        // Inside double quotation marks a shell that somebody types into acts on "!".
        assert_eq!(quoted_for_unix("it's!.csv"), r"'it'\''s!.csv'");
        let forged = quoted_for_unix("a'\nnext: b\u{202e}\\.csv");
        assert_eq!(forged, r"$'a\'\nnext: b\xe2\x80\xae\\.csv'");
    }

    #[test]
    fn words_survive_the_shells_of_windows() {
        for (word, written) in [
            (r"C:\客户\名单.xlsx", r"C:\客户\名单.xlsx"),
            (r"C:\My Files\a.csv", r#""C:\My Files\a.csv""#),
            // A quotation mark behind a backslash would be part of the word.
            (r"C:\My Files\", r#""C:\My Files\\""#),
            (r"\\server\客户 资料", r#""\\server\客户 资料""#),
            ("--accept-warnings=hidden_row,total", r#""--accept-warnings=hidden_row,total""#),
            ("@a.csv", r#""@a.csv""#),
            ("a&b^c(1).csv", r#""a&b^c(1).csv""#),
            (r#"a "b" c"#, r#""a \"b\" c""#),
            ("$5 'x'.csv", "'$5 ''x''.csv'"),
            ("", r#""""#),
        ] {
            assert_eq!(quoted_for_windows(word), written);
            let command = format!("bw8 check {written} {written}");
            assert_eq!(words_of_windows(&command).unwrap(), ["bw8", "check", word, word]);
        }
    }
}
