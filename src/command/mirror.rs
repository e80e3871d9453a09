//! `bw8 mirror`: what the local copy holds and how old it is; `bw8 mirror clear` forgets it.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::account;
use crate::entity::Catalog;
use crate::error::{Context, Error, Exit, Result};
use crate::language::Language;
use crate::message;
use crate::mirror::{DAMAGED, List, Mirror};
use crate::projection::service_time;
use crate::settings::{Settings, SettingsOptions};
use crate::t;
use crate::terminal::Printer;

/// Options of `bw8 mirror`.
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// What to do; without it, what the copies hold is shown
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    settings: SettingsOptions,
}

/// What to do with the copies.
#[derive(Debug, Clone, Subcommand)]
pub enum Action {
    /// Forget the local copies of all accounts, or of those named
    Clear {
        /// Only the copies whose file name contains this, such as the host
        #[arg(value_name = "HOST")]
        host: Option<String>,
    },
}

/// Shows or forgets the local copies: those of the state folder, and the sandbox's in the working folder.
///
/// # Errors
/// A folder or file that cannot be read.
pub fn run(arguments: &Arguments, printer: &Printer) -> Result<Exit> {
    let settings = Settings::read(&arguments.settings)?;
    let files = account::mirror_files()?;
    match &arguments.action {
        None => show(&files, &settings.catalog, printer),
        Some(Action::Clear { host }) => clear(&files, host.as_deref(), printer),
    }
}

fn show(files: &[PathBuf], catalog: &Catalog, printer: &Printer) -> Result<Exit> {
    if files.is_empty() {
        printer.result(&t!("mirror.none"));
    }
    let mut shown = Vec::new();
    for file in files {
        match show_one(file, catalog, printer) {
            Err(error) if Mirror::is_damage(&error) => printer.warn(&t!("mirror.damaged", file = file.display())),
            one => shown.push(one?),
        }
    }
    printer.json(&json!({"version": 1, "mirrors": shown, "exit": 0}));
    Ok(Exit::Done)
}

fn show_one(file: &Path, catalog: &Catalog, printer: &Printer) -> Result<Value> {
    let mirror = Mirror::open(file)?;
    let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    printer.result(&t!("mirror.file", file = file.display(), size = size(bytes)));
    let mut lists = Vec::new();
    for list in mirror.lists()?.iter().filter(|list| list.query.is_empty()) {
        let records = mirror.held(list)?;
        printer.result(&line(list, records, catalog));
        let complete = list.complete.map(|at| moment(at, catalog));
        lists.push(json!({"entity": list.entity, "records": records, "complete": complete}));
    }
    for (entity, read) in mirror.defined()? {
        let known = catalog.get(&entity);
        let label = known.map_or(entity.as_str(), |entity| entity.label(Language::current()));
        printer.result(&t!("mirror.definitions", entity = label, read = moment(read, catalog)));
    }
    Ok(json!({"file": file.display().to_string(), "bytes": bytes, "lists": lists}))
}

fn line(list: &List, records: u64, catalog: &Catalog) -> String {
    let entity = catalog.get(&list.entity);
    let label = entity.map_or(list.entity.as_str(), |entity| entity.label(Language::current()));
    match list.complete {
        Some(complete) => {
            message!("mirror.list", entity = label, records = records, complete = moment(complete, catalog)).to_string()
        }
        None => t!("mirror.list_partial", entity = label, records = records).into_owned(),
    }
}

fn clear(files: &[PathBuf], host: Option<&str>, printer: &Printer) -> Result<Exit> {
    let is_meant = |file: &&PathBuf| {
        host.is_none_or(|host| file.file_name().is_some_and(|name| name.to_string_lossy().contains(host)))
    };
    let mut cleared = Vec::new();
    for file in files.iter().filter(is_meant) {
        let mirror = match Mirror::open(file) {
            // Nobody can use a damaged one.
            Err(error) if Mirror::is_damage(&error) => None,
            opened => Some(opened?),
        };
        let lock = mirror.as_ref().map(Mirror::lock).transpose()?;
        if matches!(lock, Some(None)) {
            return Err(Error::cannot_run(message!("mirror.locked", file = file.display()))
                .hint(message!("mirror.locked_hint")));
        }
        drop(mirror);
        for extra in ["db-wal", "db-shm", "lock", DAMAGED] {
            // They are there only while a command is running or was killed.
            let _ = std::fs::remove_file(file.with_extension(extra));
        }
        std::fs::remove_file(file).context(|| file.display().to_string())?;
        printer.result(&t!("mirror.cleared", file = file.display()));
        cleared.push(file.display().to_string());
    }
    if cleared.is_empty() {
        printer.result(&t!("mirror.none"));
    }
    printer.json(&json!({"version": 1, "cleared": cleared, "exit": 0}));
    Ok(Exit::Done)
}

/// A moment of Unix time where the service is.
fn moment(seconds: i64, catalog: &Catalog) -> String {
    service_time(seconds, &catalog.service).strftime("%Y-%m-%d %H:%M").to_string()
}

fn size(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1_000_000.0)
}
