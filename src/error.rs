//! One error type for everything that ends a command: of which kind it is, what happened and what to do about it, as codes
//! with details, and what caused it. The exit code that scripts see follows from the kind. Errors of a single row are not here: they are outcomes (see [`crate::journal`]) and never end a run.

use std::sync::Arc;
use std::{fmt, io};

use crate::language::Language;
use crate::message::{Detail, Message};
use crate::text::part;

/// How a command ended, as the process's exit code. The numbers are a contract with scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(into = "u8")]
#[serde(try_from = "u8")]
pub enum Exit {
    /// Everything asked for is done.
    Done = 0,
    /// It could not run: network, disk, server, or a mistake of ours.
    CannotRun = 1,
    /// Wrong usage, or an input, mapping or configuration that cannot be used.
    Usage = 2,
    /// Finished; some rows were refused or failed.
    SomeFailed = 3,
    /// Finished; what became of some rows is not known.
    SomeUnknown = 4,
    /// Stopped before the end; the same command continues.
    Stopped = 5,
    /// Login or permission refused.
    Denied = 6,
    /// Interrupted; the same command continues.
    Interrupted = 130,
}

impl From<Exit> for u8 {
    fn from(exit: Exit) -> u8 {
        exit as u8
    }
}

impl TryFrom<u8> for Exit {
    type Error = String;

    fn try_from(code: u8) -> Result<Self, String> {
        [
            Exit::Done,
            Exit::CannotRun,
            Exit::Usage,
            Exit::SomeFailed,
            Exit::SomeUnknown,
            Exit::Stopped,
            Exit::Denied,
            Exit::Interrupted,
        ]
        .into_iter()
        .find(|exit| *exit as u8 == code)
        .ok_or_else(|| format!("{code} is not an exit code of bw8"))
    }
}

/// What kind of error ended a command; the exit code follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Wrong usage, or an input, mapping or configuration that cannot be used.
    Usage,
    /// Disk, network or server would not let the command run, or a mistake of ours.
    CannotRun,
    /// Login or permission refused.
    Denied,
    /// Going on would not help for now; the same command continues.
    Stopped,
    /// The user interrupted the command; the same command continues.
    Interrupted,
}

impl ErrorKind {
    /// The exit code of an error of this kind.
    pub fn exit(self) -> Exit {
        match self {
            ErrorKind::Usage => Exit::Usage,
            ErrorKind::CannotRun => Exit::CannotRun,
            ErrorKind::Denied => Exit::Denied,
            ErrorKind::Stopped => Exit::Stopped,
            ErrorKind::Interrupted => Exit::Interrupted,
        }
    }

    /// The word in JSON for scripts.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorKind::Usage => "usage",
            ErrorKind::CannotRun => "cannot_run",
            ErrorKind::Denied => "denied",
            ErrorKind::Stopped => "stopped",
            ErrorKind::Interrupted => "interrupted",
        }
    }
}

/// Why a command ended early. `message` is a lowercase fragment that names the thing and its place; `hint` says what to
/// do next. Both become words where they are shown.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    message: Message,
    hint: Option<Message>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

/// What every fallible function of this program returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of this kind.
    pub fn new(kind: ErrorKind, message: impl Into<Message>) -> Self {
        Error { kind, message: message.into(), hint: None, source: None }
    }

    /// Wrong usage, or a file that cannot be used.
    pub fn usage(message: impl Into<Message>) -> Self {
        Error::new(ErrorKind::Usage, message)
    }

    /// Disk, network or server would not let the command run.
    pub fn cannot_run(message: impl Into<Message>) -> Self {
        Error::new(ErrorKind::CannotRun, message)
    }

    /// Login or permission refused.
    pub fn denied(message: impl Into<Message>) -> Self {
        Error::new(ErrorKind::Denied, message)
    }

    /// Going on would not help for now.
    pub fn stopped(message: impl Into<Message>) -> Self {
        Error::new(ErrorKind::Stopped, message)
    }

    /// The user interrupted the command.
    pub fn interrupted(message: impl Into<Message>) -> Self {
        Error::new(ErrorKind::Interrupted, message)
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Message>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds words to what the user can do about it.
    #[must_use]
    pub fn and_hint(mut self, words: impl Into<Message>) -> Self {
        let words = words.into();
        self.hint = match self.hint.take() {
            None => Some(words),
            Some(hint) => Message::joined("mapping.and_hint", [hint, words]),
        };
        self
    }

    /// What kind it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The exit code this error ends the process with.
    pub fn exit(&self) -> Exit {
        self.kind.exit()
    }

    /// What happened, for scripts: the key of its text.
    pub fn code(&self) -> &str {
        match &self.message {
            // The cause is a word more.
            Message::Ours { code, details } if code == "system.because" => match &details[..] {
                [(_, Detail::Message(what)), ..] => what.code(),
                _ => code,
            },
            message => message.code(),
        }
    }

    /// Whether what happened is this, or came of it.
    pub fn is_about(&self, code: &str) -> bool {
        self.message.to_json().contains(&format!("\"{code}\""))
    }

    /// What happened, in words, without the hint.
    pub fn message(&self) -> String {
        match &self.source {
            None => self.message.to_string(),
            Some(source) => {
                let colon = Language::current().pick("：", ": ");
                format!("{}{colon}{}", self.message, words_of(source.as_ref()))
            }
        }
    }

    /// What happened, in words of ours: of what the service said, its code alone.
    pub fn without_foreign_words(&self) -> String {
        // A code stands first, and is a number.
        let code = |text: &str| {
            let first = text.split_whitespace().next().unwrap_or_default();
            let is_code = (1..=6).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_digit());
            if is_code { format!("{first} …") } else { "…".to_owned() }
        };
        self.message.with_texts(&["why", "message"], &code).to_string()
    }

    /// What happened, without the hint, to be put into words later.
    pub fn into_message(self) -> Message {
        match self.source {
            None => self.message,
            Some(source) => crate::message!("system.because", what = self.message, why = words_of(source.as_ref())),
        }
    }

    /// What to do about it, to be put into words later.
    pub fn hint_message(&self) -> Option<Message> {
        self.hint.clone()
    }

    /// Whether its message, or a part of it, is this one.
    pub fn message_is_about(&self, code: &str) -> bool {
        self.message.to_json().contains(&format!("\"{code}\""))
    }

    /// It for programs.
    pub fn json(&self) -> serde_json::Value {
        let (kind, code) = (self.kind().as_str(), self.code());
        serde_json::json!({"kind": kind, "code": code, "message": self.message(), "hint": self.hint_text()})
    }

    /// What to do about it, in words, when something can be done.
    pub fn hint_text(&self) -> Option<String> {
        self.hint.as_ref().map(Message::to_string)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

/// What a source says, in words.
fn words_of(source: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    match (source.downcast_ref::<io::Error>(), source.downcast_ref::<rusqlite::Error>()) {
        (Some(error), _) => Message::of_system(error).to_string(),
        (_, Some(error)) => Message::of_database(error).to_string(),
        _ => part(source),
    }
}

/// Adds the place to an error that does not know it: `file.read(..).context(|| "cannot read a.csv")`.
pub trait Context<T> {
    /// Turns the error into one that begins with `place` and keeps the first as its source. A place without words is a path.
    fn context<M: Into<Message>>(self, place: impl FnOnce() -> M) -> Result<T>;
}

impl<T, E: std::error::Error + Send + Sync + 'static> Context<T> for std::result::Result<T, E> {
    fn context<M: Into<Message>>(self, place: impl FnOnce() -> M) -> Result<T> {
        self.map_err(|error| {
            let error: Arc<dyn std::error::Error + Send + Sync> = Arc::new(error);
            let hint = error.downcast_ref::<io::Error>().and_then(Message::hint_of_system);
            let message = match place().into() {
                Message::Verbatim(path) => crate::message!("system.cannot_use", file = path),
                ours => ours,
            };
            Error { hint, source: Some(error), ..Error::cannot_run(message) }
        })
    }
}
