//! What an export did, told to the user and to scripts.

use std::time::Instant;

use serde_json::json;

use super::manifest::Manifest;
use crate::api::Client;
use crate::entity::Entity;
use crate::error::Exit;
use crate::language::Language;
use crate::message;
use crate::t;
use crate::terminal::Printer;

/// What became of an export.
#[derive(Debug)]
pub(super) struct Exported {
    /// What proves it.
    pub manifest: Manifest,
    /// The files; `-` is standard output.
    pub files: Vec<String>,
    /// Standard output carries the records themselves.
    pub is_printed: bool,
    /// The reader of a pipe left before all was written.
    pub is_cut: bool,
}

impl Exported {
    /// Tells it. What is not complete, or was not taken whole, has an exit code of its own.
    pub(super) fn tell(&self, entity: &Entity, printer: &Printer, client: &Client, began: Instant) -> Exit {
        let manifest = &self.manifest;
        for warning in &manifest.warnings {
            printer.warn(warning);
        }
        let (records, files) = (entity.counted(manifest.records, Language::current()), self.files.join(", "));
        let (text, exit) = match manifest.complete {
            // What reads the pipe cannot tell a part from the whole; the exit code can.
            _ if self.is_cut => (t!("export.reader_left", records = records, files = files), Exit::Stopped),
            true => (t!("export.done", records = records, files = files), Exit::Done),
            false => (t!("export.done_incomplete", records = records, files = files), Exit::Stopped),
        };
        if exit == Exit::Stopped {
            printer.warn(&text);
        } else if self.is_printed || printer.is_quiet() {
            printer.say(&text);
        } else {
            printer.result(&text);
        }
        let deleted = manifest.deleted_left_out;
        if deleted > 0 {
            printer.say(
                &message!("export.deleted_left_out", records = entity.counted(deleted, Language::current()))
                    .to_string(),
            );
        }
        if !self.is_printed {
            printer.json(&json!({
                "version": 1,
                "entity": manifest.entity,
                "finished": !self.is_cut,
                "complete": manifest.complete,
                "records": manifest.records,
                "server_count": manifest.server_count,
                "deleted_left_out": manifest.deleted_left_out,
                "files": self.files,
                "unknown_members": manifest.unknown_members,
                "failed_pages": manifest.failed_pages,
                "mended": manifest.mended,
                "warnings": manifest.warnings,
                "windows": manifest.lists,
                "requests": client.requests(),
                "retries": client.retries(),
                "seconds": began.elapsed().as_secs_f64(),
                "exit": exit,
            }));
        }
        exit
    }
}
