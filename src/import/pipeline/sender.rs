//! Sending: as many workers as may be in flight, side by side in one task, take rows from one queue. The first row may go alone
//! and be looked at before the others follow. Ends are handed to the journal writer in groups; nothing here waits for the disk.

use std::collections::HashSet;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rust_i18n::t;
use tokio::sync::mpsc::UnboundedReceiver;

use super::backpressure::Backpressure;
use super::journal_writer::{Message, Tally};
use super::queue::Queue;
use super::stop::{Cause, Stop};
use crate::import::plan::PendingWrite;
use crate::import::read_back;
use crate::import::row_sender::RowSender;
use crate::journal::Operation;
use crate::terminal::Progress;

/// Ends that are handed over together at most.
const GROUP: usize = 256;
/// How long an end waits for others at most.
const GROUP_LASTS: Duration = Duration::from_millis(20);

/// Ends on their way to the journal writer.
struct Outbox {
    ends: Mutex<Vec<Operation>>,
    to: Sender<Message>,
}

impl Outbox {
    fn push(&self, operation: Operation) {
        let mut ends = self.ends.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        ends.push(operation);
        if ends.len() >= GROUP {
            self.hand_over(std::mem::take(&mut *ends));
        }
    }

    fn flush(&self) {
        let ends = std::mem::take(&mut *self.ends.lock().unwrap_or_else(|poisoned| poisoned.into_inner()));
        if !ends.is_empty() {
            self.hand_over(ends);
        }
    }

    /// Rows that were not sent and will not be.
    fn give_back(&self, rows: HashSet<u64>) {
        let _ = self.to.send(Message::Unsent(rows));
    }

    fn hand_over(&self, ends: Vec<Operation>) {
        // The journal writer hangs up only after it was told to close, which is the last thing said.
        let _ = self.to.send(Message::Ended(ends));
    }
}

/// Sends the rows that come through `windows` until there are no more or the run stops, and tells the journal writer.
/// `alone` lets the first row go alone and be compared.
#[expect(clippy::too_many_arguments, reason = "everything sending works with, all of it different in type")]
pub(super) async fn submit(
    sender: &RowSender<'_>,
    stop: &Stop,
    backpressure: &Backpressure,
    mut windows: UnboundedReceiver<Vec<PendingWrite>>,
    to: Sender<Message>,
    alone: bool,
    tally: &Tally,
    progress: &Progress,
) {
    let queue = Arc::new(Queue::default());
    let outbox = Outbox { ends: Mutex::new(Vec::with_capacity(GROUP)), to };
    // Never ends by itself: a stop may come after the last window.
    let fill = async {
        let (mut more, mut told) = (true, false);
        loop {
            tokio::select! {
                rows = windows.recv(), if more => match rows {
                    Some(rows) => queue.push(rows),
                    None => {
                        more = false;
                        queue.close();
                    }
                },
                () = stop.stopped(), if !told => {}
                else => std::future::pending().await,
            }
            if stop.is_set() {
                while let Ok(rows) = windows.try_recv() {
                    queue.push(rows);
                }
                told = true;
                // What ended already is recorded with it.
                outbox.flush();
                outbox.give_back(queue.drain());
            }
        }
    };
    let tick = async {
        let (mut last, mut requests) = (Instant::now(), sender.client.requests());
        loop {
            tokio::time::sleep(GROUP_LASTS).await;
            outbox.flush();
            let now = sender.client.requests();
            let rate = (now - requests) as f64 / last.elapsed().as_secs_f64();
            backpressure.follow(rate, sender.client.limiter().ceiling());
            (last, requests) = (Instant::now(), now);
            show(progress, tally, sender.client.limiter().in_flight());
        }
    };
    let send = async {
        if alone && let Err(error) = first_alone(sender, &queue, stop, backpressure, &outbox, progress).await {
            stop.set(Cause::of(error));
        }
        let workers = (0..sender.client.limiter().ceiling()).map(|_| work(sender, &queue, stop, backpressure, &outbox));
        futures::future::join_all(workers).await;
    };
    tokio::select! {
        () = send => {}
        () = fill => {}
        () = tick => {}
    }
    outbox.flush();
    let _ = outbox.to.send(Message::Close);
}

/// Shows what is recorded, never what is only hoped for.
fn show(progress: &Progress, tally: &Tally, in_flight: usize) {
    let counts = tally.counts();
    let bad = counts.refused + counts.failed + counts.unknown;
    progress.note(&t!("progress.rows", good = counts.done(), bad = bad, in_flight = in_flight));
    progress.set(counts.ended(), Some(tally.total()));
}

async fn work(sender: &RowSender<'_>, queue: &Queue, stop: &Stop, backpressure: &Backpressure, outbox: &Outbox) {
    loop {
        // The row first: a worker that held a permit while it waits for a record that another one writes to would keep
        // that one from going on.
        let Some(pending) = queue.next(stop, backpressure).await else { return };
        let permit = tokio::select! {
            permit = sender.client.limiter().acquire() => permit,
            () = stop.stopped() => return outbox.give_back(HashSet::from([pending.row.row])),
        };
        let ended = sender.send(&pending, permit).await;
        queue.release(&pending);
        match ended {
            Some(operation) => {
                stop.watch(&operation);
                outbox.push(operation);
            }
            // It was certainly not processed.
            None => outbox.give_back(HashSet::from([pending.row.row])),
        }
    }
}

/// Sends rows one at a time until one is done, then compares what the service stored with what was sent.
async fn first_alone(
    sender: &RowSender<'_>,
    queue: &Queue,
    stop: &Stop,
    backpressure: &Backpressure,
    outbox: &Outbox,
    progress: &Progress,
) -> crate::error::Result<()> {
    loop {
        let Some(pending) = queue.next(stop, backpressure).await else { return Ok(()) };
        let begun = async {
            let before = read_back::before(sender, &pending).await?;
            Ok::<_, crate::error::Error>((before, sender.client.limiter().acquire().await))
        };
        let (before, permit) = tokio::select! {
            begun = begun => begun?,
            () = stop.stopped() => return Ok(()),
        };
        let ended = sender.send(&pending, permit).await;
        queue.release(&pending);
        let Some(operation) = ended else { return Ok(()) };
        stop.watch(&operation);
        outbox.push(operation.clone());
        outbox.flush();
        if operation.status.is_done() {
            return tokio::select! {
                compared = read_back::compare(sender, &pending, &operation, before, |text| progress.say(text)) => compared,
                () = stop.stopped() => Ok(()),
            };
        }
    }
}
