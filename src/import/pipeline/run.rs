//! The pipeline as a whole: the reader, the journal writer and the sender side by side.

use std::sync::{PoisonError, mpsc};

use tokio::runtime;

use super::backpressure::Backpressure;
use super::journal_writer::{JournalWriter, Recorded};
use super::reader::Reader;
use super::sender::Sender;
use super::shared::Shared;
use super::stop::{Cause, Stop};
use super::tally::Tally;
use crate::api::{Client, LAST_ANSWERS};
use crate::error::{Context, Error, Result};
use crate::import::first_look::FirstLook;
use crate::import::notes::SAMPLE_NOTE;
use crate::import::operation::WriteOperation;
use crate::import::options::ImportOptions;
use crate::import::plan::{KnownRows, RowPlanner};
use crate::import::preflight::{Preflight, Rows};
use crate::import::row_sender::Earlier;
use crate::import::settle::note_highest;
use crate::import::witness::HandedOut;
use crate::journal::{Journal, Marks};
use crate::language::Language;
use crate::message;
use crate::t;
use crate::terminal::{Interrupt, Printer, Progress};

/// Rows among which those are looked for that go before all others.
const LOOKAHEAD: u64 = 200;

/// What sending leaves.
pub(crate) struct Sent {
    /// The journal, and what was not sent.
    pub recorded: Recorded,
    /// Rows the reader took.
    pub taken: u64,
    /// Rows among them that wait for a decision.
    pub waiting: u64,
    /// Why it stopped before the end, if it did.
    pub cause: Option<Cause>,
    /// Requests that were made.
    pub requests: u64,
    /// Requests that repeated an earlier one.
    pub retries: u64,
    /// What became of rows in doubt could not be found out, as the account does not show what it has.
    pub is_unreadable: bool,
}

/// Sends what is left of the rows.
///
/// # Errors
/// A sandbox that cannot start, a journal that cannot be read, a part that ended unexpectedly.
pub(crate) fn send(
    options: &ImportOptions<'_>,
    preflight: &Preflight,
    mut rows: Rows,
    mut known: KnownRows,
    mut journal: Journal,
    first_look: Option<FirstLook>,
    printer: &Printer,
) -> Result<Sent> {
    let connection = options.account.connect()?;
    if let Some(server) = &connection.sandbox {
        printer.say(&t!("run.sandbox", count = server.assumed().len()));
    }
    let client = Client::new(connection.target, &options.catalog.service)?;
    write_down_requests(&mut journal, options)?;
    let past = journal.reader()?;
    let before = past.counts()?;
    let total =
        preflight.rows.min(options.limit.filter(|_| !options.limits_written()).unwrap_or(u64::MAX)).max(before.ended());
    let backpressure = Backpressure::new(client.limiter().ceiling()).beginning_with(reach(options, preflight));
    let shared = Shared::new(backpressure, Tally::new(&before, total));
    let progress = Progress::new(printer);
    progress.begin(options.entity().label(Language::current()), before.ended(), Some(total));
    let registered = known.registered.take();
    let there = records_of_rows(options, &mut rows, &mut known)?;
    // It outlives the sender, as it keeps others from retrying the same run.
    let mut planner = RowPlanner::open(options, preflight, rows, known, &journal)?;
    let (to_journal, inbox) = mpsc::channel();
    let (to_sender, reserved) = tokio::sync::mpsc::unbounded_channel();
    let reader = Reader::new(options, to_journal.clone(), &shared);
    let runtime = runtime::Builder::new_current_thread().enable_all().build().context(|| message!("run.no_runtime"))?;
    // It reads before it writes: a login that is rejected here costs no row.
    if let Err(error) = runtime.block_on(note_highest(&journal, options, &client)) {
        shared.stop.set(Cause::of(error));
    }
    let highest = journal.reader()?.highest_before()?;
    if let Some(registered) = registered {
        registered.keep(highest)?;
    }
    let began = journal.identity().started;
    let earlier = highest.map(|highest| Earlier::new(highest, began, client.service()));
    let marks = Marks::begin(journal.folder(), &journal.identity().run, journal.identity().rows)?;
    let journal_writer = JournalWriter::new(journal, to_sender, &shared);
    let mut sender = Sender::new(options, preflight, &client, to_journal, &shared, &progress, first_look);
    sender.know_ids(there, earlier.filter(|_| options.makes_records()));
    sender.mark_in(marks);
    past.each_known(|id| sender.know_id(id))?;
    drop(past);
    let (taken, recorded) = std::thread::scope(|scope| {
        let reader = scope.spawn(|| reader.run(&mut planner));
        let journal_writer = scope.spawn(|| journal_writer.run(inbox));
        runtime.block_on(async {
            tokio::select! {
                () = sender.run(reserved) => {}
                () = interrupts(&shared.stop, &progress, &client) => {}
            }
        });
        (reader.join(), journal_writer.join())
    });
    progress.end();
    let broken = |_| Error::cannot_run(message!("run.broken"));
    let (taken, mut recorded) = (taken.map_err(broken)?, recorded.map_err(broken)?);
    keep_words(&shared, &mut recorded)?;
    let waiting = shared.waiting.into_inner();
    Ok(Sent {
        recorded,
        taken,
        waiting,
        cause: shared.stop.take(),
        requests: client.requests(),
        retries: client.retries(),
        is_unreadable: false,
    })
}

/// The records that rows name or find in the account: they are there before the first row is sent, and each belongs to its rows
/// alone. Rows of tags are about records of several entities, whose ids say nothing of one another.
fn records_of_rows(options: &ImportOptions<'_>, rows: &mut Rows, known: &mut KnownRows) -> Result<HandedOut> {
    let there = HandedOut::default();
    if options.entity().edits.is_some() {
        return Ok(there);
    }
    if let Some(matches) = known.matches.as_mut() {
        matches.each_record(|id| there.add(id))?;
    }
    if options.changes_records() {
        rows.each_operation(|operation| {
            if let WriteOperation::Change { id, .. } = operation {
                there.add(id);
            }
            Ok(())
        })?;
    }
    Ok(there)
}

/// Writes down what was said at the end of rows that have one, and what records said that were read back, while the journal can
/// be written.
fn keep_words(shared: &Shared, recorded: &mut Recorded) -> Result<()> {
    if recorded.broken.is_some() {
        return Ok(());
    }
    let words = shared.words.lock().unwrap_or_else(PoisonError::into_inner);
    if !words.is_empty() {
        recorded.journal.settle(&words)?;
    }
    if let Some(sample) = &*shared.sample.lock().unwrap_or_else(PoisonError::into_inner) {
        // Plain structs of numbers and texts always serialise.
        recorded.journal.set_note(SAMPLE_NOTE, &serde_json::to_string(sample).unwrap_or_default())?;
    }
    Ok(())
}

/// Writes down the requests that were made before rows are sent: those of the first looks.
///
/// # Errors
/// A full disk, a damaged file.
pub(crate) fn write_down_requests(journal: &mut Journal, options: &ImportOptions<'_>) -> Result<()> {
    let (requests, retries) = options.account.take_requests();
    journal.add_totals(requests, retries, 0.0)
}

/// How many rows the first window has to hold for the rows in it that are looked at before all others.
fn reach(options: &ImportOptions<'_>, preflight: &Preflight) -> usize {
    let near = preflight.coverage.rows.iter().filter(|row| **row < LOOKAHEAD && options.reads_back);
    near.max().map_or(0, |last| usize::try_from(*last + 1).unwrap_or(0))
}

/// The first Ctrl-C stops taking rows. The second leaves at once, which loses nothing: what is in flight is reserved in the
/// journal.
async fn interrupts(stop: &Stop, progress: &Progress, client: &Client) {
    Interrupt::of_process().interrupted().await;
    stop.set(Cause::Interrupted);
    stop.released().await;
    let (in_flight, seconds) = (client.limiter().in_flight(), LAST_ANSWERS.as_secs());
    progress.say(&t!("run.interrupted", in_flight = in_flight, seconds = seconds));
    std::future::pending::<()>().await;
}
