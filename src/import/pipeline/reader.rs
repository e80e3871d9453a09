//! The reader: rows of the first reading become windows for the journal writer, as large and as many as backpressure allows.

use std::sync::atomic::Ordering;
use std::sync::mpsc;

use super::journal_writer::{Message, Window};
use super::shared::Shared;
use super::stop::Cause;
use crate::error::Result;
use crate::import::options::ImportOptions;
use crate::import::plan::{RowAction, RowPlanner};
use crate::journal::LARGEST_WINDOW;

/// Where the reader gets its rows.
pub(super) trait RowSource {
    /// What becomes of the next row; none at the end.
    fn next(&mut self) -> Result<Option<RowAction>>;

    /// Puts the claims on the rows so far on the disk; before that, none of them may be sent.
    fn keep_claims(&self) -> Result<()>;
}

impl RowSource for RowPlanner<'_> {
    fn next(&mut self) -> Result<Option<RowAction>> {
        RowPlanner::next(self)
    }

    fn keep_claims(&self) -> Result<()> {
        RowPlanner::keep_claims(self)
    }
}

/// Hands the rows over in windows until there are no more, the limit is reached, or the run stops.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    /// Most rows to take; none without a limit.
    limit: Option<u64>,
    /// The limit counts the rows that are written, and not all.
    limits_written: bool,
    /// Rows that count.
    counted: u64,
    /// Rows that were read.
    read: u64,
    /// Rows that were handed over.
    taken: u64,
    shared: &'a Shared,
    to_journal: ToJournal,
}

/// The reader's side of the channel. However the reader ends, it says that there are no more rows, so that nobody waits for
/// them.
#[derive(Debug)]
struct ToJournal(mpsc::Sender<Message>);

impl Drop for ToJournal {
    fn drop(&mut self) {
        let _ = self.0.send(Message::NoMoreRows);
    }
}

impl<'a> Reader<'a> {
    /// A reader that has taken nothing yet.
    pub(super) fn new(options: &ImportOptions<'_>, to_journal: mpsc::Sender<Message>, shared: &'a Shared) -> Self {
        Reader {
            limit: options.limit,
            limits_written: options.limits_written(),
            counted: 0,
            read: 0,
            taken: 0,
            shared,
            to_journal: ToJournal(to_journal),
        }
    }

    /// Hands over what there is; how many rows it took. A spool or journal that cannot be read, or claims of a retry that
    /// cannot be kept, stop the run.
    pub(super) fn run(mut self, rows: &mut impl RowSource) -> u64 {
        let _guard = self.shared.stop.panic_guard();
        if let Err(error) = self.hand_over_all(rows) {
            self.shared.stop.set(Cause::Failed(error));
        }
        self.taken
    }

    fn hand_over_all(&mut self, rows: &mut impl RowSource) -> Result<()> {
        while !self.shared.stop.is_set() {
            let (window, end) = self.next_window(rows);
            // When they cannot be kept, none of the rows was taken.
            rows.keep_claims()?;
            self.hand_over(window);
            if let Some(end) = end {
                return end;
            }
        }
        Ok(())
    }

    /// The next window and, when it is the last one, how the rows came to their end.
    fn next_window(&mut self, rows: &mut impl RowSource) -> (Window, Option<Result<()>>) {
        let size = self.shared.backpressure.size();
        let mut window = Window::default();
        while window.send.len() < size && window.ended.len() < LARGEST_WINDOW && !self.shared.stop.is_set() {
            if self.limit.is_some_and(|limit| self.counted >= limit) {
                return (window, Some(Ok(())));
            }
            let action = rows.next();
            if let Ok(Some(action)) = &action {
                self.counted += u64::from(!self.limits_written || action.is_written());
            }
            match action {
                Ok(Some(RowAction::Ended { .. })) => {}
                Ok(Some(RowAction::Wait)) => drop(self.shared.waiting.fetch_add(1, Ordering::Relaxed)),
                Ok(Some(RowAction::End(operation))) => window.ended.push(operation),
                Ok(Some(RowAction::Send(pending))) => window.send.push(pending),
                Ok(None) => return (window, Some(Ok(()))),
                // The rows before it still count.
                Err(error) => return (window, Some(Err(error))),
            }
            self.read += 1;
        }
        (window, None)
    }

    fn hand_over(&mut self, window: Window) {
        self.shared.backpressure.enter(&self.shared.stop);
        self.taken = self.read;
        // The journal writer listens until the sender has told it to close, which comes after this thread's last word.
        let _ = self.to_journal.0.send(Message::Window(window));
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{operation, pending, shared};
    use super::*;
    use crate::error::Error;
    use crate::journal::Status;

    /// Rows to send, of which something is to happen at one.
    struct Rows<'a> {
        next: u64,
        end: u64,
        fails_at: Option<u64>,
        stops_at: Option<u64>,
        keeps_claims: bool,
        shared: &'a Shared,
    }

    impl RowSource for Rows<'_> {
        fn next(&mut self) -> Result<Option<RowAction>> {
            let row = self.next;
            if self.fails_at == Some(row) {
                return Err(Error::cannot_run("no such row"));
            }
            if self.stops_at == Some(row) {
                self.shared.stop.set(Cause::Interrupted);
            }
            self.next += 1;
            Ok((row < self.end).then(|| RowAction::Send(pending(row, None))))
        }

        fn keep_claims(&self) -> Result<()> {
            if self.keeps_claims { Ok(()) } else { Err(Error::cannot_run("no claims")) }
        }
    }

    fn rows(end: u64, shared: &Shared) -> Rows<'_> {
        Rows { next: 0, end, fails_at: None, stops_at: None, keeps_claims: true, shared }
    }

    /// What the reader takes, and the sizes of the windows it hands over. Whoever reads them does nothing else, so each
    /// window leaves at once.
    fn read(rows: &mut impl RowSource, limit: Option<u64>, shared: &Shared) -> (u64, Vec<usize>) {
        let (to_journal, inbox) = mpsc::channel();
        let to_journal = ToJournal(to_journal);
        let reader = Reader { limit, limits_written: false, counted: 0, read: 0, taken: 0, shared, to_journal };
        let mut windows = Vec::new();
        let taken = std::thread::scope(|scope| {
            let windows = &mut windows;
            scope.spawn(move || {
                for message in inbox {
                    match message {
                        Message::Window(window) => windows.push(window.send.len()),
                        Message::NoMoreRows => return,
                        other => panic!("{other:?}"),
                    }
                    shared.backpressure.leave();
                }
            });
            reader.run(rows)
        });
        (taken, windows)
    }

    #[test]
    fn all_rows_go_in_windows() {
        let shared = shared(4);
        assert_eq!(read(&mut rows(10, &shared), None, &shared), (10, vec![4, 4, 2]));
        assert!(!shared.stop.is_set());
    }

    #[test]
    fn no_row_beyond_the_limit_is_taken_or_read() {
        let shared = shared(4);
        let mut rows = rows(10, &shared);
        assert_eq!(read(&mut rows, Some(6), &shared), (6, vec![4, 2]));
        assert_eq!(rows.next, 6);
    }

    #[test]
    fn a_row_that_cannot_be_read_stops_the_run_and_those_before_it_count() {
        let shared = shared(4);
        let mut rows = Rows { fails_at: Some(6), ..rows(10, &shared) };
        assert_eq!(read(&mut rows, None, &shared), (6, vec![4, 2]));
        assert!(matches!(shared.stop.take(), Some(Cause::Failed(_))));
    }

    #[test]
    fn a_stop_ends_a_window_early_and_what_was_read_is_taken() {
        let shared = shared(4);
        let mut rows = Rows { stops_at: Some(5), ..rows(10, &shared) };
        assert_eq!(read(&mut rows, None, &shared), (6, vec![4, 2]));
    }

    #[test]
    fn rows_whose_claims_cannot_be_kept_are_not_taken() {
        let shared = shared(4);
        let mut rows = Rows { keeps_claims: false, ..rows(10, &shared) };
        assert_eq!(read(&mut rows, None, &shared), (0, vec![]));
        assert!(matches!(shared.stop.take(), Some(Cause::Failed(_))));
    }

    #[test]
    fn rows_that_are_not_sent_are_taken_all_the_same() {
        struct Ended(u64);
        impl RowSource for Ended {
            fn next(&mut self) -> Result<Option<RowAction>> {
                self.0 += 1;
                Ok(match self.0 {
                    1 => Some(RowAction::Ended { was_written: true }),
                    2 => Some(RowAction::End(operation(1, Status::Skipped))),
                    _ => None,
                })
            }

            fn keep_claims(&self) -> Result<()> {
                Ok(())
            }
        }
        let shared = shared(4);
        assert_eq!(read(&mut Ended(0), None, &shared), (2, vec![0]));
    }
}
