//! Where files of the program itself live.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use super::configuration::CONFIGURATION;
use crate::error::{Error, Result};
use crate::machine;
use crate::message;
use crate::message::Message;

/// Name of the file with corrections to what is known of the interface.
pub(super) const OVERLAY: &str = "api.toml";

/// The user's configuration folder for this program.
///
/// # Errors
/// A machine that does not tell where the user's home is.
pub fn config_folder() -> Result<PathBuf> {
    folder("BW8_CONFIG_DIR", Folder::Configuration)
}

/// Where this program keeps what it must remember between runs: the index of runs, the mirrors.
///
/// # Errors
/// As [`config_folder`].
pub fn state_folder() -> Result<PathBuf> {
    folder("BW8_STATE_DIR", Folder::State)
}

/// An error with what helps where it is about the folder in which this program remembers things: any other one does as well.
#[must_use]
pub fn with_state_hint(error: Error) -> Error {
    let is_of_writing = matches!(
        error.code(),
        "journal.cannot_write" | "journal.no_index" | "journal.cannot_lock" | "system.cannot_use"
    );
    match state_folder() {
        Ok(folder) if is_of_writing && error.message().contains(&*folder.to_string_lossy()) => {
            error.hint(message!("settings.state_hint", folder = folder.display()))
        }
        _ => error,
    }
}

/// Moves what this program remembers to where it belongs, and tells that it did. On Windows it lay in the folder that goes with
/// its user from machine to machine, where the index of one machine would take the place of the other's.
///
/// # Errors
/// Another program holds it, or there are two memories.
pub fn move_older_state() -> Result<Option<Message>> {
    if !cfg!(windows) || std::env::var_os("BW8_STATE_DIR").is_some_and(|folder| !folder.is_empty()) {
        return Ok(None);
    }
    let strategy = strategy("BW8_STATE_DIR")?;
    machine::move_state(&strategy.data_dir().join("bw8"), &state_folder()?, &[CONFIGURATION, OVERLAY])
}

enum Folder {
    Configuration,
    State,
}

fn folder(variable: &str, which: Folder) -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os(variable).filter(|folder| !folder.is_empty()) {
        return Ok(PathBuf::from(folder));
    }
    let strategy = strategy(variable)?;
    let folder = match which {
        Folder::Configuration => strategy.config_dir(),
        // On Windows the one that stays on this machine.
        Folder::State if cfg!(windows) => strategy.cache_dir(),
        Folder::State => strategy.state_dir().unwrap_or_else(|| strategy.data_dir()),
    };
    Ok(folder.join("bw8"))
}

/// Where the system keeps what belongs to its user; `variable` names a folder instead.
fn strategy(variable: &str) -> Result<impl BaseStrategy> {
    etcetera::base_strategy::choose_base_strategy().map_err(|error| {
        Error::cannot_run(message!("settings.no_home", why = error))
            .hint(message!("settings.no_home_hint", variable = variable))
    })
}
