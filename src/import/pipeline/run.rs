//! The pipeline as a whole: the reader, the journal's writer and the sender side by side.

use std::path::Path;
use std::sync::mpsc;

use rust_i18n::t;

use super::backpressure::Backpressure;
use super::journal_writer::{Recorded, Tally, record};
use super::reader::{EndOfRows, read_windows};
use super::sender::submit;
use super::stop::{Cause, Stop};
use crate::api::Client;
use crate::error::{Context, Error, Result};
use crate::import::options::ImportOptions;
use crate::import::plan::{Origin, RowPlanner};
use crate::import::preflight::{Preflight, Rows};
use crate::import::row_sender::RowSender;
use crate::journal::{Claim, Claims, Counts, Journal, JournalReader, Lock, OperationCursor};
use crate::language::Language;
use crate::message;
use crate::terminal::{Printer, Progress, Signals};

/// What sending leaves.
pub(crate) struct Sent {
    /// The journal, and what was not sent.
    pub recorded: Recorded,
    /// Rows the reader took.
    pub taken: u64,
    /// Why it stopped before the end, if it did.
    pub cause: Option<Cause>,
    /// Requests that were made.
    pub requests: u64,
    /// Requests that repeated an earlier one.
    pub retries: u64,
}

/// Sends what is left of the rows.
///
/// # Errors
/// A sandbox that cannot start, a journal that cannot be read, a part that ended unexpectedly.
pub(crate) fn send(
    options: &ImportOptions<'_>,
    preflight: &Preflight,
    rows: Rows,
    journal: Journal,
    before: Counts,
    printer: &Printer,
) -> Result<Sent> {
    let connection = options.account.connect()?;
    if let Some(server) = &connection.sandbox {
        printer.say(&t!("run.sandbox", assumed = server.assumed().join(", ")));
    }
    let client = Client::new(connection.target, &options.catalog.service)?;
    let stop = Stop::new(options.max_failures, before.failed);
    let backpressure = Backpressure::new(client.limiter().ceiling());
    let tally = Tally::new(&before, preflight.rows);
    let progress = Progress::new(printer);
    progress.begin(options.entity().label(Language::current()), before.ended(), Some(preflight.rows));
    let sender = RowSender::new(&client, &stop, options.catalog, options.entity());
    let mut planner = planner(options, preflight, rows, &journal)?;
    planner.mark_present_rows()?;
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context(|| message!("run.no_runtime"))?;
    let (to_journal, inbox) = mpsc::channel();
    let (forward, windows) = tokio::sync::mpsc::unbounded_channel();
    // A sandbox is trusted.
    let alone = options.reads_back && !options.is_sandbox();
    let (backpressure, stop, tally) = (&backpressure, &stop, &tally);
    let (recorded, read) = std::thread::scope(|scope| {
        let writer = scope.spawn(|| record(journal, inbox, forward, backpressure, tally, stop));
        let reader_says = to_journal.clone();
        let reader = scope.spawn(move || {
            let _guard = stop.panic_guard();
            let reader_says = EndOfRows::new(reader_says);
            if let Err(error) = read_windows(&mut planner, options.limit, backpressure, stop, &reader_says) {
                stop.set(Cause::Failed(error));
            }
            planner
        });
        runtime.block_on(async {
            tokio::select! {
                () = submit(&sender, stop, backpressure, windows, to_journal, alone, tally, &progress) => {}
                () = interrupts(stop, &progress, &client) => {}
            }
        });
        (writer.join(), reader.join())
    });
    progress.end();
    let recorded = recorded.map_err(|_| Error::cannot_run(message!("run.broken")))?;
    let planner = read.map_err(|_| Error::cannot_run(message!("run.broken")))?;
    Ok(Sent {
        recorded,
        taken: planner.read(),
        cause: stop.take(),
        requests: client.requests(),
        retries: client.retries(),
    })
}

/// What decides about the rows.
fn planner<'a>(
    options: &ImportOptions<'_>,
    preflight: &'a Preflight,
    rows: Rows,
    journal: &Journal,
) -> Result<RowPlanner<'a>> {
    let run = journal.identity().run;
    let past = journal.reader()?;
    Ok(RowPlanner {
        spool: rows.spool,
        mapping: &preflight.mapping,
        one_writer: options.preflight.mode.has_one_writer(options.entity()),
        duplicates: rows.duplicates,
        has_earlier: past.has_earlier()?,
        past,
        origin: origin(options, journal)?,
        retries: retries_of(options, &run, &run)?,
        ended: OperationCursor::open(journal.folder())?,
        next: 0,
    })
}

/// For a retry: the run that is retried, and others that retry it.
fn origin(options: &ImportOptions<'_>, journal: &Journal) -> Result<Option<Origin>> {
    let Some(parent) = &options.parent else { return Ok(None) };
    let lock = Lock::take(Path::new(&parent.folder))?;
    let past = JournalReader::open(Path::new(&parent.folder))?;
    past.build_indexes()?;
    let siblings = retries_of(options, &parent.run, &journal.identity().run)?;
    let claim = Claim { run: journal.identity().run, folder: journal.folder().to_owned() };
    let claims = Claims::open(Path::new(&parent.folder))?;
    Ok(Some(Origin { past, claims, run: parent.run.to_string(), claim, siblings, _lock: lock }))
}

/// The runs that retried a run, `but` one.
fn retries_of(options: &ImportOptions<'_>, run: &uuid::Uuid, but: &uuid::Uuid) -> Result<Vec<JournalReader>> {
    let mut retries = Vec::new();
    for retry in options.account.index()?.of_parent(run)?.into_iter().filter(|retry| retry.run != *but) {
        // One that was killed has rows in doubt, which opening it for work brings to light.
        drop(Journal::open(&retry.folder)?);
        let past = JournalReader::open(&retry.folder)?;
        past.build_indexes()?;
        retries.push(past);
    }
    Ok(retries)
}

/// The first Ctrl-C stops taking rows; the second leaves at once, which loses nothing: what is in flight is reserved in
/// the journal.
async fn interrupts(stop: &Stop, progress: &Progress, client: &Client) {
    // A handler that cannot be set leaves the system's own, which ends the process at once.
    let Ok(mut signals) = Signals::new() else { return std::future::pending().await };
    signals.next().await;
    stop.set(Cause::Interrupted);
    stop.released().await;
    progress.say(&t!("run.interrupted", in_flight = client.limiter().in_flight()));
    signals.next().await;
    crate::terminal::leave_at_once();
}
