//! Where words go: data to standard output, talk to standard error. One decision on quiet and verbose for the whole
//! program, and the one place where text on its way to a terminal is made safe.

use clap::{Args, ValueEnum};

use super::question::typed_number;
use super::screen::{self, stderr, stdout};
use crate::error::Error;
use crate::language::Language;
use crate::t;
use crate::text::{clean_document, clean_lines};

/// Options every command takes.
#[derive(Debug, Clone, Args)]
pub struct Global {
    /// Language of messages
    #[arg(long, global = true, value_name = "LANG")]
    pub lang: Option<Language>,
    /// Output on standard output: text, or one JSON document at the end
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub format: OutputFormat,
    /// Errors only
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more
    #[arg(long, short, global = true)]
    pub verbose: bool,
    /// No progress bar
    #[arg(long, global = true)]
    pub no_progress: bool,
    /// Agree to sending what was shown, with =N to at most N rows; answers no other question
    #[arg(long, short, global = true, value_name = "N", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "", hide_possible_values = true)]
    pub yes: Option<Yes>,
}

/// What `--yes` agrees to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Yes {
    /// What was shown.
    All,
    /// As long as it is no more than so many rows.
    AtMost(u64),
}

impl std::str::FromStr for Yes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "" => Ok(Yes::All),
            _ => typed_number(text).map(Yes::AtMost).ok_or_else(|| t!("printer.bad_yes").into_owned()),
        }
    }
}

/// What standard output carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// Text for people.
    Text,
    /// One JSON document.
    Json,
}

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Quiet,
    Normal,
    Verbose,
}

/// Says things to the user.
#[derive(Debug, Clone)]
pub struct Printer {
    level: Level,
    format: OutputFormat,
    has_progress: bool,
    /// It says what went wrong and nothing else, and leaves standard output to another.
    is_muted: bool,
}

impl Printer {
    /// The printer these options ask for.
    pub fn new(global: &Global) -> Self {
        let level = match (global.quiet, global.verbose) {
            (true, _) => Level::Quiet,
            (_, true) => Level::Verbose,
            _ => Level::Normal,
        };
        Printer {
            level,
            format: global.format,
            has_progress: !global.no_progress && level != Level::Quiet,
            is_muted: false,
        }
    }

    /// The same for a part of the work that tells no results of its own.
    pub fn muted(&self) -> Printer {
        Printer { level: Level::Quiet, has_progress: false, is_muted: true, ..self.clone() }
    }

    /// Whether standard output carries one JSON document and nothing else.
    pub fn is_json(&self) -> bool {
        self.format == OutputFormat::Json
    }

    /// Whether progress is shown.
    pub fn has_progress(&self) -> bool {
        self.has_progress
    }

    /// Whether only what went wrong is said.
    pub fn is_quiet(&self) -> bool {
        self.level == Level::Quiet
    }

    /// Talk: progress, decisions, the next command. Goes to standard error.
    pub fn say(&self, text: &str) {
        if self.level >= Level::Normal {
            stderr(text);
        }
    }

    /// Talk for those who asked for more.
    pub fn detail(&self, text: &str) {
        if self.level >= Level::Verbose {
            stderr(text);
        }
    }

    /// A stage of the work begins: told to those who asked for more, and to whoever waits longer than usual.
    pub fn stage(&self, text: &str) {
        screen::stage(text);
        if self.level >= Level::Verbose {
            stderr(&t!("printer.stage", seconds = format!("{:.1}", screen::since_begin()), text = text));
        }
    }

    /// Something the user must know even when quiet.
    pub fn warn(&self, text: &str) {
        stderr(text);
    }

    /// The result a user asked for, in text. Goes to standard output, unless that carries JSON.
    pub fn result(&self, text: &str) {
        if self.is_muted {
            return;
        }
        if self.format == OutputFormat::Text {
            stdout(&clean_lines(text));
        } else {
            self.say(text);
        }
    }

    /// The JSON document of the command.
    pub fn json(&self, document: &serde_json::Value) {
        if self.is_muted {
            return;
        }
        screen::remember(document);
        if self.format == OutputFormat::Json {
            stdout(&clean_document(document).to_string());
        }
    }

    /// What ended the command, and what to do about it, in words.
    pub fn tell(&self, error: &Error) {
        tell(error);
    }

    /// What ended the command. With JSON output, a document of the same goes to standard output.
    pub fn error(&self, error: &Error) {
        self.tell(error);
        if self.is_json() {
            json_of(error);
        }
    }
}

/// The JSON document of what ended the command.
pub fn json_of(error: &Error) {
    let document = serde_json::json!({
        "version": 1,
        "error": error.json(),
        "exit": error.exit() as u8,
    });
    stdout(&clean_document(&document).to_string());
}

/// Something the user must know, before it is known how much is to be said.
pub fn warn(text: &str) {
    stderr(text);
}

/// What ended the command, before it is known how much is to be said.
pub fn tell(error: &Error) {
    screen::note_cause(error);
    let mut text = format!("{}{}", t!("printer.error"), error.message());
    if let Some(hint) = error.hint_text() {
        text.push_str(&format!("\n{}{hint}", t!("printer.hint")));
    }
    stderr(&text);
}
