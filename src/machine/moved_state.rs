//! What is remembered between runs, moved from where an older program kept it. It is in one place or the other and never in two:
//! rows that one of them knows would be sent again by whoever reads the other.

use std::io;
use std::path::Path;

use crate::error::{Error, Result};
use crate::message;
use crate::message::Message;

/// What moved, or could not be.
const INDEX: &str = "runs.db";

/// Moves what `older` holds to `newer`, but for files of these names, which belong there. Tells that it moved something. What was
/// broken off is done by the next command.
///
/// # Errors
/// Another program holds what is to be moved, or both folders remember runs.
pub fn move_state(older: &Path, newer: &Path, but_for: &[&str]) -> Result<Option<Message>> {
    let (shown_older, shown_newer) = (older.display(), newer.display());
    let stays = |name: &str| but_for.contains(&name) || newer.join(name).exists();
    let Ok(entries) = std::fs::read_dir(older) else { return Ok(None) };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    if names.iter().any(|name| name == INDEX) && newer.join(INDEX).exists() {
        return Err(Error::usage(message!("machine.two_states", older = shown_older, newer = shown_newer))
            .hint(message!("machine.two_states_hint")));
    }
    names.retain(|name| !stays(name));
    if names.is_empty() {
        return Ok(None);
    }
    // The log of a database before the database: without its log it would be taken for whole.
    names.sort_by(|one, other| other.cmp(one));
    let move_all = || -> io::Result<()> {
        std::fs::create_dir_all(newer)?;
        names.iter().try_for_each(|name| std::fs::rename(older.join(name), newer.join(name)))
    };
    match move_all() {
        Ok(()) => Ok(Some(message!("machine.state_moved", older = shown_older, newer = shown_newer))),
        Err(why) => {
            Err(Error::cannot_run(message!("machine.state_held", older = shown_older, newer = shown_newer, why = why))
                .hint(message!("machine.state_held_hint", older = shown_older)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// A folder as an older program left it, and where its memory goes.
    fn left() -> (tempfile::TempDir, std::path::PathBuf, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let (older, newer) = (folder.path().join("Roaming"), folder.path().join("Local"));
        std::fs::create_dir_all(older.join("mirrors")).unwrap();
        for name in ["bw8.toml", "runs.db", "runs.db-journal", "language", "mirrors/a.db"] {
            std::fs::write(older.join(name), name).unwrap();
        }
        (folder, older, newer)
    }

    #[test]
    fn what_is_remembered_moves_and_what_is_configured_stays() {
        let (_folder, older, newer) = left();
        assert!(move_state(&older, &newer, &["bw8.toml"]).unwrap().is_some());
        assert_eq!(names(&older), ["bw8.toml"]);
        assert_eq!(names(&newer), ["language", "mirrors", "runs.db", "runs.db-journal"]);
        assert!(newer.join("mirrors/a.db").exists());
        assert!(move_state(&older, &newer, &["bw8.toml"]).unwrap().is_none());
        assert!(move_state(&older.join("nowhere"), &newer, &[]).unwrap().is_none());
    }

    #[test]
    fn what_was_broken_off_goes_on() {
        let (_folder, older, newer) = left();
        std::fs::create_dir_all(&newer).unwrap();
        std::fs::rename(older.join("runs.db-journal"), newer.join("runs.db-journal")).unwrap();
        std::fs::write(newer.join("language"), "zh").unwrap();
        assert!(move_state(&older, &newer, &["bw8.toml"]).unwrap().is_some());
        assert_eq!(names(&newer), ["language", "mirrors", "runs.db", "runs.db-journal"]);
        assert_eq!(std::fs::read_to_string(newer.join("language")).unwrap(), "zh");
    }

    #[test]
    fn two_memories_are_never_one_forgotten() {
        let (_folder, older, newer) = left();
        std::fs::create_dir_all(&newer).unwrap();
        std::fs::write(newer.join("runs.db"), "other").unwrap();
        let error = move_state(&older, &newer, &["bw8.toml"]).unwrap_err();
        assert_eq!(error.code(), "machine.two_states");
        assert_eq!(std::fs::read_to_string(older.join("runs.db")).unwrap(), "runs.db");
    }
}
