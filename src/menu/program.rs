//! This program as the menu runs it: a process of its own for each command, at the same console.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{Context, Exit, Result};
use crate::language::Language;
use crate::message;
use crate::terminal::{Signals, TYPED_LOGIN};

/// A login that was typed, for as long as the window is open. It is handed over in the environment and never as a word of a command, which others
/// can see.
#[derive(Debug, Clone)]
pub(super) struct Login {
    pub base_url: Option<String>,
    pub user: String,
    pub password: SecretString,
    /// Whether the service took it once.
    pub is_proved: bool,
}

/// A run, as `bw8 runs --format json` tells of it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Run {
    pub folder: PathBuf,
    pub host: String,
    pub entity: String,
    pub started: i64,
    pub finished: Option<bool>,
    pub folder_is_there: bool,
}

impl Run {
    /// The folder in which the command was typed: that of `bw8-runs`.
    pub(super) fn working_folder(&self) -> Option<&Path> {
        self.folder.parent()?.parent()
    }

    /// Whether it went into the sandbox.
    pub(super) fn is_sandbox(&self) -> bool {
        self.host == "sandbox"
    }
}

#[derive(Debug, Deserialize)]
struct Runs {
    runs: Vec<Run>,
}

#[derive(Debug, Deserialize)]
struct Shown {
    next: Option<String>,
}

/// The program, and what its commands are given.
#[derive(Debug)]
pub(super) struct Program {
    file: PathBuf,
    pub login: Option<Login>,
    /// Whether a command is at work, which hears Ctrl-C itself.
    is_at_work: Arc<AtomicBool>,
}

impl Program {
    /// This program. From here on Ctrl-C ends the menu only while no command is at work.
    ///
    /// # Errors
    /// A program that does not find itself.
    pub(super) fn new() -> Result<Program> {
        let file = std::env::current_exe().context(|| message!("menu.no_program"))?;
        let program = Program { file, login: None, is_at_work: Arc::default() };
        program.leave_ctrl_c_to_commands();
        Ok(program)
    }

    fn leave_ctrl_c_to_commands(&self) {
        let is_at_work = Arc::clone(&self.is_at_work);
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
        let signals = {
            let _inside = runtime.enter();
            Signals::new()
        };
        // Without a handler the system's own ends the menu, and its commands with it.
        let Ok(mut signals) = signals else { return };
        std::thread::spawn(move || {
            runtime.block_on(async {
                loop {
                    signals.next().await;
                    if !is_at_work.load(Ordering::SeqCst) {
                        std::process::exit(i32::from(u8::from(Exit::Interrupted)))
                    }
                }
            });
        });
    }

    fn command(&self, words: &[String]) -> Command {
        let mut command = Command::new(&self.file);
        command.args(words).env("BW8_LANG", Language::current().pick("zh", "en"));
        if let Some(login) = &self.login {
            command.env("BW8_USER", &login.user).env("BW8_PASSWORD", login.password.expose_secret());
            command.env(TYPED_LOGIN, "1");
            if let Some(base_url) = &login.base_url {
                command.env("BW8_BASE_URL", base_url);
            }
        }
        command
    }

    /// Runs a command at the console to its end, in this folder if one is given, and says how it ended where that is known.
    ///
    /// # Errors
    /// A program that cannot be started.
    pub(super) fn run(&self, words: &[String], folder: Option<&Path>) -> Result<Option<Exit>> {
        let mut command = self.command(words);
        if let Some(folder) = folder {
            command.current_dir(folder);
        }
        self.is_at_work.store(true, Ordering::SeqCst);
        let ended = command.status().context(|| message!("menu.no_program"));
        self.is_at_work.store(false, Ordering::SeqCst);
        ended.map(|ended| Exit::try_from(u8::try_from(ended.code()?).ok()?).ok())
    }

    /// All runs, the newest first.
    pub(super) fn runs(&self) -> Vec<Run> {
        self.document::<Runs>(&["runs"]).map(|document| document.runs).unwrap_or_default()
    }

    /// The command that goes on with a run.
    pub(super) fn next(&self, run: &Run) -> Option<String> {
        let folder = run.folder.to_string_lossy();
        self.document::<Shown>(&["runs", "show", &folder])?.next
    }

    /// The document that a command ends with.
    fn document<T: DeserializeOwned>(&self, words: &[&str]) -> Option<T> {
        let words: Vec<String> = words.iter().copied().chain(["--format", "json"]).map(str::to_owned).collect();
        let output = self.command(&words).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        serde_json::from_slice(&output.stdout).ok()
    }
}
