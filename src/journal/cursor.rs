//! Rows read one after the other for reports, ahead of who asks for them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use super::database::damaged;
use super::operation::Operation;
use super::reader::JournalReader;
use crate::error::{Context, Result};

/// How many operations are read at a time.
const AT_A_TIME: usize = 1024;
/// Batches of them that wait for the one who asks.
const WAITING: usize = 2;

/// Operations looked up by the row_index of their row, for places that are asked for in order. They are read ahead, on a
/// thread and a connection of their own.
#[derive(Debug)]
pub struct OperationCursor {
    read: Arc<Vec<Operation>>,
    /// How many of them are behind.
    taken: usize,
    /// Nobody listens any more once it is dropped, which is before the thread is waited for.
    batches: Receiver<Result<Arc<Vec<Operation>>>>,
    _thread: Arc<ReadingThread>,
    folder: PathBuf,
    is_complete: bool,
}

/// The thread that reads ahead, waited for by the last who listened: it reads the journal until it ends, and whoever closes the
/// journal next wants it alone.
#[derive(Debug)]
struct ReadingThread(Option<JoinHandle<()>>);

impl Drop for ReadingThread {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take() {
            let _ = thread.join();
        }
    }
}

impl OperationCursor {
    /// The operations of the journal in a folder. Those that are written from now on may be missing.
    ///
    /// # Errors
    /// A system that has no room for a thread.
    pub fn open(folder: &Path) -> Result<OperationCursor> {
        let [cursor] = OperationCursor::open_several(folder)?;
        Ok(cursor)
    }

    /// The same for several who ask side by side, each on a thread of its own: the journal is read once for all of them.
    ///
    /// # Errors
    /// A system that has no room for a thread.
    pub fn open_several<const N: usize>(folder: &Path) -> Result<[OperationCursor; N]> {
        let mut listeners = Vec::new();
        let batches: [Receiver<_>; N] = std::array::from_fn(|_| {
            let (sender, batches) = sync_channel(WAITING);
            listeners.push(sender);
            batches
        });
        let of_thread = folder.to_owned();
        let thread = std::thread::Builder::new().spawn(move || read_ahead(&of_thread, listeners));
        let thread = Arc::new(ReadingThread(Some(thread.context(|| folder.display().to_string())?)));
        Ok(batches.map(|batches| OperationCursor {
            read: Arc::default(),
            taken: 0,
            batches,
            _thread: Arc::clone(&thread),
            folder: folder.to_owned(),
            is_complete: false,
        }))
    }

    /// What happened to the row at `row_index`; none when it has no end.
    ///
    /// # Errors
    /// A damaged file.
    pub fn at(&mut self, row_index: u64) -> Result<Option<&Operation>> {
        loop {
            while self.read.get(self.taken).is_some_and(|first| first.row.row < row_index) {
                self.taken += 1;
            }
            if self.taken < self.read.len() || self.is_complete {
                return Ok(self.read.get(self.taken).filter(|first| first.row.row == row_index));
            }
            self.read = self.batches.recv().unwrap_or_else(|_| Err(damaged(&self.folder)))?;
            self.taken = 0;
            self.is_complete = self.read.len() < AT_A_TIME;
        }
    }
}

/// Reads all operations of a journal for those who listen.
fn read_ahead(folder: &Path, mut listeners: Vec<SyncSender<Result<Arc<Vec<Operation>>>>>) {
    let read = JournalReader::open(folder).and_then(|past| {
        past.hold_little()?;
        let mut from = 0;
        loop {
            let operations = past.operations(from, AT_A_TIME)?;
            let is_last = operations.len() < AT_A_TIME;
            from = operations.last().map_or(from, |last| last.row.row + 1);
            let operations = Arc::new(operations);
            // Who does not listen any more does not want to know.
            listeners.retain(|listener| listener.send(Ok(Arc::clone(&operations))).is_ok());
            if listeners.is_empty() || is_last {
                return Ok(());
            }
        }
    });
    if let Err(error) = read {
        listeners.iter().for_each(|listener| drop(listener.send(Err(error.clone()))));
    }
}
