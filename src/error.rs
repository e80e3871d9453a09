//! One error type for everything that ends a command: what happened, what to do about it, and the exit code that
//! scripts see. Errors of a single row are not here: they are outcomes (see [`crate::journal`]) and never end a run.

use std::fmt;

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

/// Why a command ended early. `message` is a lowercase fragment that names the thing and its place; `hint` says what to
/// do next. Both are already in the user's language.
#[derive(Debug)]
pub struct Error {
    exit: Exit,
    message: String,
    hint: Option<String>,
}

/// What every fallible function of this program returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error that ends the command with `exit`.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Error { exit, message: message.into(), hint: None }
    }

    /// Wrong usage, or a file that cannot be used (exit code 2).
    pub fn usage(message: impl Into<String>) -> Self {
        Error::new(Exit::Usage, message)
    }

    /// Disk, network or server would not let the command run (exit code 1).
    pub fn cannot_run(message: impl Into<String>) -> Self {
        Error::new(Exit::CannotRun, message)
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The exit code this error ends the process with.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// What happened, without the hint.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it, when something can be done.
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// Adds the place to an error that does not know it: `file.read(..).context(|| "cannot read a.csv")`.
pub trait Context<T> {
    /// Turns the error into a [`Exit::CannotRun`] error that begins with `place`.
    fn context(self, place: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: fmt::Display> Context<T> for std::result::Result<T, E> {
    fn context(self, place: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| Error::cannot_run(format!("{}: {error}", place())))
    }
}
