//! The one writer of the journal, on its own thread. Whatever has come in since the last commit goes into one transaction,
//! so that a sync is shared by many rows; a window of rows is passed on to be sent only after its reservation is on the
//! disk, and an end is shown only after it is.

use std::collections::HashSet;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc::UnboundedSender;

use super::shared::{Shared, Traffic};
use super::stop::Cause;
use crate::error::{Error, Result};
use crate::import::operation::WriteOperation;
use crate::import::plan::PendingWrite;
use crate::journal::{Journal, Operation, Reservation};

/// How often what was said to the service is recorded.
const TOTALS_EVERY: Duration = Duration::from_secs(1);

/// What the writer is told.
#[derive(Debug)]
pub(super) enum Message {
    /// The reader has rows: some ended without being sent, some to send.
    Window(Window),
    /// The reader has no more.
    NoMoreRows,
    /// Rows that were sent have ended.
    Ended(Vec<Operation>),
    /// Rows, by their indexes, that wait to be sent and will not be: the run stops.
    Unsent(HashSet<u64>),
    /// Nothing is in flight any more.
    Close,
}

/// Rows the reader hands over together.
#[derive(Debug, Default)]
pub(super) struct Window {
    /// Rows that ended without being sent.
    pub ended: Vec<Operation>,
    /// Rows to send.
    pub send: Vec<PendingWrite>,
}

/// Records until nothing is in flight and the reader has no more rows.
#[derive(Debug)]
pub(super) struct JournalWriter<'a> {
    journal: Journal,
    /// Where rows go whose reservation is on the disk; none after the last.
    to_sender: Option<UnboundedSender<Vec<PendingWrite>>>,
    shared: &'a Shared,
    open: Vec<OpenWindow>,
    /// The sender has nothing in flight and sends no more.
    is_closed: bool,
    /// The reader has no more rows.
    has_all_rows: bool,
    given_back: u64,
    broken: Option<Error>,
    began: Instant,
    /// When what was said to the service was last recorded.
    totals_at: Instant,
}

/// What is left when recording ends.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// The journal.
    pub journal: Journal,
    /// Rows that were handed over and given back without being sent.
    pub given_back: u64,
    /// Why the journal could not be written, if it could not.
    pub broken: Option<Error>,
}

/// A window on its way: which rows it holds and how many have no end yet.
#[derive(Debug)]
struct OpenWindow {
    first: u64,
    last: u64,
    without_end: usize,
}

/// What has come in since the last commit.
#[derive(Debug, Default)]
struct Batch {
    /// Rows to send, window by window.
    windows: Vec<Vec<PendingWrite>>,
    /// Rows that have ended.
    ended: Vec<Operation>,
    /// First rows of windows whose reservation is no longer needed.
    settled: Vec<u64>,
    /// Rows that will not be sent, when the sender has said so.
    unsent: Option<HashSet<u64>>,
}

impl<'a> JournalWriter<'a> {
    /// A writer into this journal that passes rows on `to_sender`.
    pub(super) fn new(
        journal: Journal,
        to_sender: UnboundedSender<Vec<PendingWrite>>,
        shared: &'a Shared,
    ) -> JournalWriter<'a> {
        JournalWriter {
            journal,
            to_sender: Some(to_sender),
            shared,
            open: Vec::new(),
            is_closed: false,
            has_all_rows: false,
            given_back: 0,
            broken: None,
            began: Instant::now(),
            totals_at: Instant::now(),
        }
    }

    /// Records what comes in until the end.
    pub(super) fn run(mut self, inbox: mpsc::Receiver<Message>) -> Recorded {
        let _guard = self.shared.stop.panic_guard();
        while !(self.is_closed && self.has_all_rows) {
            let Ok(first) = inbox.recv() else { break };
            let batch = self.gather(std::iter::once(first).chain(inbox.try_iter()));
            self.record(batch);
        }
        Recorded { journal: self.journal, given_back: self.given_back, broken: self.broken }
    }

    fn gather(&mut self, messages: impl Iterator<Item = Message>) -> Batch {
        let mut batch = Batch::default();
        for message in messages {
            match message {
                Message::Window(mut window) => {
                    batch.ended.append(&mut window.ended);
                    batch.windows.push(window.send);
                }
                Message::Ended(mut operations) => {
                    batch.settled.append(&mut self.settle(&operations));
                    batch.ended.append(&mut operations);
                }
                Message::Unsent(rows) => batch.unsent.get_or_insert_default().extend(rows),
                Message::NoMoreRows => self.has_all_rows = true,
                Message::Close => self.is_closed = true,
            }
        }
        if self.is_closed {
            // Everything that was sent has ended, so what is still open was reserved and never sent.
            for window in self.open.drain(..) {
                self.given_back += window.without_end as u64;
                batch.settled.push(window.first);
            }
        }
        batch
    }

    /// Counts ends of sent rows in the open windows; the first rows of windows that are complete now.
    fn settle(&mut self, ended: &[Operation]) -> Vec<u64> {
        for operation in ended {
            let row = operation.row.row;
            if let Some(window) = self.open.iter_mut().find(|window| (window.first..=window.last).contains(&row)) {
                window.without_end -= 1;
            }
        }
        self.open.extract_if(.., |window| window.without_end == 0).map(|window| window.first).collect()
    }

    /// Writes a batch and, once it is on the disk, lets others see it: ends are shown, and reserved rows go to the sender.
    fn record(&mut self, batch: Batch) {
        // Rows that come after a stop go back without having been reserved.
        let reserves = !self.is_closed && !self.shared.stop.is_set();
        if self.broken.is_none()
            && let Err(error) = self.write(&batch, reserves)
        {
            self.shared.stop.set(Cause::Failed(error.clone()));
            self.broken = Some(error);
        }
        if batch.unsent.is_some() {
            self.shared.stop.release();
        }
        if self.broken.is_none() {
            self.shared.tally.add(&batch.ended);
        }
        for rows in batch.windows {
            self.pass_on(rows, reserves && self.broken.is_none());
        }
        if self.has_all_rows {
            self.to_sender = None;
        }
    }

    fn write(&mut self, batch: &Batch, reserves: bool) -> Result<()> {
        let windows = batch.windows.iter().filter(|rows| reserves && !rows.is_empty());
        let reserved: Vec<Reservation> = windows.map(|rows| reservation(rows)).collect();
        self.journal.apply(&reserved, &batch.ended, &batch.settled)?;
        self.record_totals()?;
        // Rows that will not be sent are no longer held as perhaps sent: a process that is killed while it stops leaves only
        // what was in flight in doubt.
        match &batch.unsent {
            Some(unsent) if !unsent.is_empty() => self.journal.release(unsent),
            _ => Ok(()),
        }
    }

    /// Records what was said to the service every now and then, so that a process that is killed has not said nothing.
    fn record_totals(&mut self) -> Result<()> {
        if self.totals_at.elapsed() < TOTALS_EVERY {
            return Ok(());
        }
        self.totals_at = Instant::now();
        let Traffic { requests, retries } = &self.shared.traffic;
        let seconds = self.began.elapsed().as_secs_f64();
        self.journal.set_totals(requests.load(Ordering::Relaxed), retries.load(Ordering::Relaxed), seconds)
    }

    /// Passes a window on to be sent, or gives its rows back.
    fn pass_on(&mut self, rows: Vec<PendingWrite>, is_reserved: bool) {
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return self.shared.backpressure.leave() };
        if !is_reserved {
            self.given_back += rows.len() as u64;
            return self.shared.backpressure.leave();
        }
        self.open.push(OpenWindow { first: first.row.row, last: last.row.row, without_end: rows.len() });
        if let Some(to_sender) = &self.to_sender {
            // The other side hangs up only after it asked to close.
            let _ = to_sender.send(rows);
        }
    }
}

/// Rows that are about to be sent, and which records they change.
fn reservation(rows: &[PendingWrite]) -> Reservation {
    let targets = rows.iter().filter_map(|pending| match &pending.operation {
        WriteOperation::Change { id, .. } => Some((pending.row.row, id.clone())),
        _ => None,
    });
    Reservation { rows: rows.iter().map(|pending| pending.row.clone()).collect(), targets: targets.collect() }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tokio::sync::mpsc::UnboundedReceiver;
    use tokio::sync::mpsc::error::TryRecvError;

    use super::super::samples::{journal, operation, pending, shared};
    use super::*;
    use crate::journal::{JournalReader, Status};

    fn writer<'a>(folder: &Path, shared: &'a Shared) -> (JournalWriter<'a>, UnboundedReceiver<Vec<PendingWrite>>) {
        let (to_sender, reserved) = tokio::sync::mpsc::unbounded_channel();
        (JournalWriter::new(journal(folder), to_sender, shared), reserved)
    }

    /// Tells the writer what came in since the last commit.
    fn tell<const N: usize>(writer: &mut JournalWriter<'_>, messages: [Message; N]) {
        let batch = writer.gather(messages.into_iter());
        writer.record(batch);
    }

    fn window(rows: std::ops::Range<u64>) -> Message {
        Message::Window(Window { ended: Vec::new(), send: rows.map(|row| pending(row, None)).collect() })
    }

    fn created(rows: &[u64]) -> Message {
        Message::Ended(rows.iter().map(|row| operation(*row, Status::Created)).collect())
    }

    fn reserved_in(folder: &Path) -> Vec<u64> {
        JournalReader::open(folder).unwrap().reserved().unwrap().iter().map(|key| key.row).collect()
    }

    /// Takes the tables out of a journal, so that nothing can be written any more.
    fn break_journal(folder: &Path) {
        let connection = rusqlite::Connection::open(folder.join("journal.db")).unwrap();
        connection.execute_batch("DROP TABLE reservation; DROP TABLE operation;").unwrap();
    }

    #[test]
    fn rows_are_reserved_when_the_sender_gets_them() {
        let (folder, shared) = (tempfile::tempdir().unwrap(), shared(2));
        let (to_journal, inbox) = mpsc::channel();
        let (writer, mut reserved) = writer(folder.path(), &shared);
        std::thread::scope(|scope| {
            scope.spawn(|| writer.run(inbox));
            to_journal.send(window(0..2)).unwrap();
            let rows = reserved.blocking_recv().unwrap();
            assert_eq!(rows.iter().map(|pending| pending.row.row).collect::<Vec<_>>(), [0, 1]);
            assert_eq!(reserved_in(folder.path()), [0, 1]);
            drop(to_journal);
        });
    }

    #[test]
    fn an_end_is_in_the_journal_when_it_is_shown_and_its_window_is_settled_with_the_last() {
        let (folder, shared) = (tempfile::tempdir().unwrap(), shared(2));
        let (mut writer, _reserved) = writer(folder.path(), &shared);
        tell(&mut writer, [window(0..2)]);
        tell(&mut writer, [created(&[1])]);
        let past = JournalReader::open(folder.path()).unwrap();
        assert_eq!((shared.tally.counts(), reserved_in(folder.path())), (past.counts().unwrap(), vec![0]));
        tell(&mut writer, [created(&[0])]);
        assert_eq!((shared.tally.counts().created, reserved_in(folder.path())), (2, vec![]));
        assert!(writer.open.is_empty());
    }

    #[test]
    fn rows_that_end_without_being_sent_need_no_reservation() {
        let (folder, shared) = (tempfile::tempdir().unwrap(), shared(2));
        let (mut writer, mut reserved) = writer(folder.path(), &shared);
        shared.backpressure.enter(&shared.stop);
        tell(&mut writer, [Message::Window(Window { ended: vec![operation(0, Status::Refused)], send: Vec::new() })]);
        assert_eq!(shared.tally.counts().refused, 1);
        assert_eq!(reserved.try_recv().unwrap_err(), TryRecvError::Empty);
        assert_eq!(shared.backpressure.open(), 0);
    }

    #[test]
    fn unsent_rows_are_released_and_given_back() {
        let (folder, shared) = (tempfile::tempdir().unwrap(), shared(2));
        let (mut writer, _reserved) = writer(folder.path(), &shared);
        tell(&mut writer, [window(0..4)]);
        tell(&mut writer, [created(&[0]), Message::Unsent(HashSet::from([2, 3]))]);
        assert_eq!(reserved_in(folder.path()), [1]);
        tell(&mut writer, [created(&[1]), Message::Close, Message::NoMoreRows]);
        assert_eq!((writer.given_back, reserved_in(folder.path())), (2, vec![]));
        assert_eq!(shared.tally.counts().created, 2);
    }

    #[test]
    fn rows_that_come_after_a_stop_are_neither_reserved_nor_passed_on() {
        let (folder, shared) = (tempfile::tempdir().unwrap(), shared(2));
        let (mut writer, mut reserved) = writer(folder.path(), &shared);
        shared.stop.set(Cause::Interrupted);
        tell(&mut writer, [window(0..3)]);
        assert_eq!((writer.given_back, reserved_in(folder.path())), (3, vec![]));
        assert_eq!(reserved.try_recv().unwrap_err(), TryRecvError::Empty);
    }

    #[test]
    fn a_broken_journal_stops_the_run_shows_nothing_more_and_passes_nothing_on() {
        let (folder, shared) = (tempfile::tempdir().unwrap(), shared(2));
        let (mut writer, mut reserved) = writer(folder.path(), &shared);
        tell(&mut writer, [window(0..1)]);
        assert!(reserved.try_recv().is_ok());
        break_journal(folder.path());
        tell(&mut writer, [created(&[0]), window(1..2)]);
        assert!(writer.broken.is_some());
        assert!(matches!(shared.stop.take(), Some(Cause::Failed(_))));
        assert_eq!(shared.tally.counts().created, 0);
        assert_eq!(reserved.try_recv().unwrap_err(), TryRecvError::Empty);
    }

    #[test]
    fn the_sender_hears_of_the_end_of_rows_and_recording_ends_once_nothing_is_in_flight() {
        let (folder, shared) = (tempfile::tempdir().unwrap(), shared(2));
        let (to_journal, inbox) = mpsc::channel();
        let (writer, mut reserved) = writer(folder.path(), &shared);
        let recorded = std::thread::scope(|scope| {
            let writer = scope.spawn(|| writer.run(inbox));
            to_journal.send(window(0..1)).unwrap();
            to_journal.send(Message::NoMoreRows).unwrap();
            assert!(reserved.blocking_recv().is_some());
            assert!(reserved.blocking_recv().is_none());
            to_journal.send(created(&[0])).unwrap();
            to_journal.send(Message::Close).unwrap();
            writer.join().unwrap()
        });
        assert_eq!((recorded.given_back, recorded.broken.is_none()), (0, true));
        assert_eq!(recorded.journal.reader().unwrap().counts().unwrap().created, 1);
    }
}
