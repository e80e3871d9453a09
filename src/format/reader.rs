//! Rows of a file, read ahead on a thread of their own: reading and looking at rows take two cores, a format's parser may
//! borrow what it likes, and one that panics on a damaged file ends its thread and nothing else. Rows travel in batches,
//! whose memory goes back to be filled again.

use std::sync::Once;
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

use rust_i18n::t;

use super::content::Contents;
use super::{Row, Sheet};
use crate::error::{Error, Result};
use crate::message;

/// Rows of a batch …
const BATCH_ROWS: usize = 512;
/// … unless their texts and fields take more bytes than this.
const BATCH_BYTES: usize = 256 << 10;
/// The memory of a row with more bytes than this is not used again: rows of that size are rare.
const LARGE_ROW: usize = 16 << 10;
/// Batches that wait for the one who reads.
const WAITING: usize = 2;
/// Name of the reading threads, whose panics are not printed.
const THREAD: &str = "bw8-reader";

/// Rows that follow one another.
pub type Batch = Vec<Row>;

enum Message {
    Opened(Sheet),
    Rows(Batch),
    Failed(Error),
}

/// Reads the rows below a header, in order, blank ones left out.
pub struct Reader {
    shown: String,
    sheet: Sheet,
    messages: Option<Receiver<Message>>,
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
    pub fn spawn(shown: &str, produce: impl FnOnce(&Sink) -> Result<()> + Send + 'static) -> Result<Self> {
        keep_panics_quiet();
        let (sender, messages) = sync_channel(WAITING);
        let (used, returned) = channel();
        let thread = std::thread::Builder::new()
            .name(THREAD.to_owned())
            .spawn(move || {
                let sink = Sink { sender, returned };
                if let Err(error) = produce(&sink) {
                    // Nobody listens any more: then nobody wants to know.
                    let _ = sink.sender.send(Message::Failed(error));
                }
            })
            .map_err(|why| Error::cannot_run(message!("format.unreadable", file = shown, why = why)))?;
        let mut reader = Reader {
            shown: shown.to_owned(),
            sheet: Sheet::default(),
            messages: Some(messages),
            used,
            batch: Batch::new(),
            next: 0,
            thread: Some(thread),
        };
        match reader.receive()? {
            Some(Message::Opened(sheet)) => reader.sheet = sheet,
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
    /// A row that cannot be read, named by its place.
    pub fn read(&mut self, row: &mut Row) -> Result<bool> {
        while self.next == self.batch.len() {
            let Some(Message::Rows(batch)) = self.receive()? else {
                return Ok(false);
            };
            let _ = self.used.send(std::mem::replace(&mut self.batch, batch));
            self.next = 0;
        }
        std::mem::swap(row, &mut self.batch[self.next]);
        self.next += 1;
        Ok(true)
    }

    /// The next message; none when the thread ended well.
    fn receive(&mut self) -> Result<Option<Message>> {
        match self.messages.as_ref().and_then(|messages| messages.recv().ok()) {
            Some(Message::Failed(error)) => Err(error),
            Some(message) => Ok(Some(message)),
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
        self.messages = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Where a thread that reads puts its rows.
pub struct Sink {
    sender: SyncSender<Message>,
    returned: Receiver<Batch>,
}

impl Sink {
    /// Fills a batch with the rows that `read` gives until it says false, using the memory of an earlier one again.
    /// False beside it when there are no more.
    ///
    /// # Errors
    /// Whatever `read` says.
    pub fn fill(&self, mut read: impl FnMut(&mut Row) -> Result<bool>) -> Result<(Batch, bool)> {
        let mut batch = self.returned.try_recv().unwrap_or_default();
        let (mut filled, mut bytes) = (0, 0);
        let mut contents = Contents::default();
        let more = loop {
            if filled == BATCH_ROWS || bytes >= BATCH_BYTES {
                break true;
            }
            if filled == batch.len() {
                batch.push(Row::default());
            }
            let row = &mut batch[filled];
            if row.cells.as_slice().len() > LARGE_ROW {
                *row = Row::default();
            }
            if !read(row)? {
                break false;
            }
            row.content = contents.of(row);
            bytes += row.cells.as_slice().len() + row.cells.len() * size_of::<usize>();
            filled += 1;
        };
        batch.truncate(filled);
        Ok((batch, more))
    }

    /// Sends the sheet, the first batch, and then all that `read` gives. Ends early when nobody receives.
    ///
    /// # Errors
    /// Whatever `read` says.
    pub fn send(
        &self,
        sheet: Sheet,
        first: (Batch, bool),
        mut read: impl FnMut(&mut Row) -> Result<bool>,
    ) -> Result<()> {
        let (mut batch, mut more) = first;
        let mut is_heard = self.sender.send(Message::Opened(sheet)).is_ok();
        while is_heard {
            is_heard = self.sender.send(Message::Rows(batch)).is_ok();
            if !more {
                break;
            }
            (batch, more) = self.fill(&mut read)?;
        }
        Ok(())
    }
}

/// A damaged file can make a parser panic. The error says so; the backtrace would only frighten.
fn keep_panics_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().name() != Some(THREAD) {
                before(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
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
        for last in [0, 1, BATCH_ROWS as u64, 3000] {
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
