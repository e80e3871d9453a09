//! Rows of a file, read ahead on a thread of their own: reading and looking at rows take two cores, a format's parser may
//! borrow what it likes, and one that panics on a damaged file ends its thread and nothing else. Rows travel in batches,
//! whose memory goes back to be filled again.

use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::JoinHandle;

use super::panics;
use super::reader_event::{Batch, ReaderEvent};
use super::row::Row;
use super::row_sink::RowSink;
use super::sheet::Sheet;
use crate::error::{Error, Result};
use crate::message;
use crate::t;

/// Batches that wait for the one who reads.
const WAITING: usize = 2;
/// Name of the reading threads.
const THREAD: &str = "bw8-reader";

/// Reads the rows below a header, in order, blank ones left out.
pub struct Reader {
    shown: String,
    sheet: Sheet,
    events: Option<Receiver<ReaderEvent>>,
    used: Sender<Batch>,
    batch: Batch,
    next: usize,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Lets `produce` read on a thread of its own. `shown` is how messages call the file.
    ///
    /// # Errors
    /// Whatever `produce` says before it has told of the sheet.
    pub fn spawn(shown: &str, produce: impl FnOnce(&RowSink) -> Result<()> + Send + 'static) -> Result<Self> {
        let (sender, events) = sync_channel(WAITING);
        let (used, returned) = channel();
        let thread = std::thread::Builder::new()
            .name(THREAD.to_owned())
            .spawn(move || {
                panics::keep_quiet();
                let sink = RowSink::new(sender, returned);
                if let Err(error) = produce(&sink) {
                    sink.fail(error);
                }
            })
            .map_err(|why| Error::cannot_run(message!("format.unreadable", file = shown, why = why)))?;
        let mut reader = Reader {
            shown: shown.to_owned(),
            sheet: Sheet::default(),
            events: Some(events),
            used,
            batch: Batch::new(),
            next: 0,
            thread: Some(thread),
        };
        match reader.receive()? {
            Some(ReaderEvent::Opened(sheet)) => reader.sheet = sheet,
            _ => return Err(reader.broken()),
        }
        Ok(reader)
    }

    /// What is known before the first row.
    pub fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    /// Reads the next row into `row`; false at the end.
    ///
    /// # Errors
    /// A row that cannot be read, named by its position.
    pub fn read(&mut self, row: &mut Row) -> Result<bool> {
        while self.next == self.batch.len() {
            let Some(ReaderEvent::Rows(batch)) = self.receive()? else {
                return Ok(false);
            };
            let _ = self.used.send(std::mem::replace(&mut self.batch, batch));
            self.next = 0;
        }
        std::mem::swap(row, &mut self.batch[self.next]);
        self.next += 1;
        Ok(true)
    }

    /// What the thread says next; none when the thread ended well.
    fn receive(&mut self) -> Result<Option<ReaderEvent>> {
        match self.events.as_ref().and_then(|events| events.recv().ok()) {
            Some(ReaderEvent::Failed(error)) => Err(error),
            Some(event) => Ok(Some(event)),
            None => match self.thread.take().map(JoinHandle::join) {
                Some(Err(_)) => Err(self.broken()),
                _ => Ok(None),
            },
        }
    }

    fn broken(&self) -> Error {
        Error::usage(message!("xlsx.damaged", file = self.shown, why = t!("xlsx.parser")))
            .hint(message!("xlsx.damaged_hint"))
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // The thread holds the file open until it ends, and whoever renames the file next must find it closed.
        self.events = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::row_sink::FIRST_ROWS;
    use super::*;

    /// Gives so many rows, then the end or an error.
    fn numbers(last: u64, fails: bool) -> Reader {
        Reader::spawn("numbers.csv", move |sink| {
            let mut next = 0;
            let mut read = |row: &mut Row| {
                if next == last {
                    return if fails { Err(Error::cannot_run("broken")) } else { Ok(false) };
                }
                next += 1;
                row.clear();
                row.number = next;
                row.cells.push_field(&"x".repeat(next as usize * 7 % 3000));
                Ok(true)
            };
            let first = sink.fill(&mut read)?;
            sink.send(Sheet::default(), first, read)
        })
        .unwrap()
    }

    #[test]
    fn every_row_comes_once_and_in_order() {
        for last in [0, 1, FIRST_ROWS as u64, 3000] {
            let (mut reader, mut row) = (numbers(last, false), Row::default());
            for number in 1..=last {
                assert!(reader.read(&mut row).unwrap());
                assert_eq!((row.number, row.cells.len()), (number, 1));
            }
            assert!(!reader.read(&mut row).unwrap());
            assert!(!reader.read(&mut row).unwrap());
        }
    }

    #[test]
    fn an_error_is_told_once_the_batches_before_it_are_read() {
        let (mut reader, mut row) = (numbers(3000, true), Row::default());
        let read = std::iter::repeat_with(|| reader.read(&mut row)).take_while(Result::is_ok).count();
        assert!(read >= 2000, "{read}");
    }

    #[test]
    fn a_reader_may_be_left_at_any_row() {
        for taken in [0, 1, 5000] {
            let (mut reader, mut row) = (numbers(1_000_000, false), Row::default());
            for _ in 0..taken {
                reader.read(&mut row).unwrap();
            }
        }
    }

    #[test]
    fn a_parser_that_panics_is_a_damaged_file() {
        let before = Reader::spawn("mine.xlsx", |_| panic!("of a parser"));
        assert!(before.is_err_and(|error| error.message().contains("mine.xlsx")));
        let mut after = Reader::spawn("mine.xlsx", |sink| {
            let mut rows = 0;
            let mut read = move |row: &mut Row| {
                rows += 1;
                row.number = rows;
                assert!(rows < 2000, "of a parser");
                Ok(true)
            };
            let first = sink.fill(&mut read)?;
            sink.send(Sheet::default(), first, read)
        })
        .unwrap();
        let mut row = Row::default();
        let error = loop {
            match after.read(&mut row) {
                Ok(more) => assert!(more),
                Err(error) => break error,
            }
        };
        assert!(error.message().contains("mine.xlsx"));
    }
}
