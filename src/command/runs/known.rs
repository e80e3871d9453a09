//! What is known of runs, and how they are named.

use std::path::Path;

use crate::account;
use crate::entity::Catalog;
use crate::error::Result;
use crate::journal::{IndexedRun, RunIndex};
use crate::language::Language;
use crate::message;
use crate::message::Message;
use crate::t;

/// The word people have for an entity; its name where the catalog does not know it.
pub(super) fn label<'a>(catalog: &'a Catalog, name: &'a str) -> &'a str {
    catalog.get(name).map_or(name, |entity| entity.label(Language::current()))
}

/// All runs whose journals are there, newest first.
pub(super) fn all(indexes: &[RunIndex]) -> Result<Vec<IndexedRun>> {
    let mut runs = listed(indexes)?;
    runs.retain(|run| run.is_there);
    Ok(runs)
}

/// All runs that are known, newest first. One of the sandbox may be known to the index of the accounts, too.
pub(super) fn listed(indexes: &[RunIndex]) -> Result<Vec<IndexedRun>> {
    let mut runs: Vec<IndexedRun> = Vec::new();
    for index in indexes {
        runs.extend(index.listed()?);
    }
    runs.sort_by_key(|run| (std::cmp::Reverse(run.started), run.run, !run.is_there));
    runs.dedup_by_key(|run| run.run);
    Ok(runs)
}

/// What is not there any more of a run, and what is still known of it.
pub(super) fn gone(run: &IndexedRun) -> Message {
    let what = what_is_gone(&run.folder);
    match run.sent > run.done {
        true => message!("runs.gone_in_doubt", what = what, rows = run.sent, done = run.done),
        false => message!("runs.gone", what = what, rows = run.sent),
    }
}

/// What is not there any more of a run that cannot be read.
pub(super) fn what_is_gone(folder: &Path) -> Message {
    match (folder.is_dir(), folder.join("journal.db").exists()) {
        (false, _) => message!("runs.no_folder"),
        (true, false) => message!("runs.no_journal"),
        (true, true) => message!("runs.replaced"),
    }
}

/// Where a run went, as people call it.
pub(super) fn shown_host(host: &str) -> String {
    if host == account::SANDBOX_HOST { t!("menu.sandbox").into_owned() } else { host.to_owned() }
}

pub(super) fn started(at: i64) -> String {
    jiff::Timestamp::from_millisecond(at)
        .map(|moment| moment.to_zoned_datetime(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string())
        .unwrap_or_default()
}
