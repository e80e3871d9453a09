//! Sending: as many workers as may be in flight, each on its own task, take rows from one queue. The first row may go alone
//! and be looked at before the others follow. Ends are handed to the recorder in groups; nothing here waits for the disk.

use std::collections::{HashSet, VecDeque};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;

use super::attempt::Exchange;
use super::canary;
use super::progress::Progress;
use super::recorder::{Gate, Message};
use super::steps::Prepared;
use super::stop::{Cause, Stop};
use crate::journal::Operation;

/// Ends that are handed over together at most.
const GROUP: usize = 256;
/// How long an end waits for others at most.
const GROUP_LASTS: Duration = Duration::from_millis(20);

/// Rows that may be sent now, in input order.
#[derive(Debug, Default)]
struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    rows: VecDeque<Prepared>,
    /// Rows left of each window that is not all on its way.
    windows: VecDeque<usize>,
    /// Records that are being written.
    busy: HashSet<u64>,
    is_closed: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn push(&self, rows: Vec<Prepared>) {
        let mut state = self.lock();
        state.windows.push_back(rows.len());
        state.rows.extend(rows);
        drop(state);
        self.changed.notify_waiters();
    }

    /// The places of the rows that wait; none of them is given out any more.
    fn drain(&self) -> HashSet<u64> {
        self.lock().rows.drain(..).map(|prepared| prepared.row.row).collect()
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_waiters();
    }

    /// The next row whose record nobody writes to; none at the end or when the run stops.
    async fn next(&self, stop: &Stop, gate: &Gate) -> Option<Prepared> {
        loop {
            if stop.is_set() {
                return None;
            }
            // Nearly always there is a row, and no need to prepare for waiting.
            if let Some(prepared) = self.lock().take(gate) {
                return Some(prepared);
            }
            let changed = self.changed.notified();
            {
                let mut state = self.lock();
                if let Some(prepared) = state.take(gate) {
                    return Some(prepared);
                }
                if state.is_closed && state.rows.is_empty() {
                    return None;
                }
            }
            tokio::select! {
                () = changed => {}
                () = stop.stopped() => {}
            }
        }
    }

    fn release(&self, prepared: &Prepared) {
        if let Some(writer) = prepared.writer {
            self.lock().busy.remove(&writer);
            self.changed.notify_waiters();
        }
    }
}

impl State {
    fn take(&mut self, gate: &Gate) -> Option<Prepared> {
        let is_free = |prepared: &Prepared| prepared.writer.is_none_or(|writer| !self.busy.contains(&writer));
        let place = self.rows.iter().position(is_free)?;
        let prepared = self.rows.remove(place)?;
        self.busy.extend(prepared.writer);
        // Windows are counted, not matched: rows leave nearly in order.
        if let Some(left) = self.windows.front_mut() {
            *left -= 1;
            if *left == 0 {
                self.windows.pop_front();
                gate.leave();
            }
        }
        Some(prepared)
    }
}

/// Ends on their way to the recorder.
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
        // The recorder hangs up only after it was told to close, which is the last thing said.
        let _ = self.to.send(Message::Ended(ends));
    }
}

/// Sends the rows that come through `windows` until there are no more or the run stops, and tells the recorder.
/// `alone` lets the first row go alone and be compared.
pub async fn submit(
    exchange: &Exchange<'_>,
    stop: &Stop,
    gate: &Gate,
    mut windows: UnboundedReceiver<Vec<Prepared>>,
    to: Sender<Message>,
    alone: bool,
    progress: &Progress<'_>,
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
        let (mut last, mut requests) = (Instant::now(), exchange.client.requests());
        loop {
            tokio::time::sleep(GROUP_LASTS).await;
            outbox.flush();
            let now = exchange.client.requests();
            let rate = (now - requests) as f64 / last.elapsed().as_secs_f64();
            gate.follow(rate, exchange.client.pace().ceiling());
            (last, requests) = (Instant::now(), now);
            progress.show(exchange.client.pace().in_flight());
        }
    };
    let send = async {
        if alone && let Err(error) = first_alone(exchange, &queue, stop, gate, &outbox, progress).await {
            stop.set(Cause::of(error));
        }
        let workers = (0..exchange.client.pace().ceiling()).map(|_| work(exchange, &queue, stop, gate, &outbox));
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

async fn work(exchange: &Exchange<'_>, queue: &Queue, stop: &Stop, gate: &Gate, outbox: &Outbox) {
    loop {
        // The row first: a worker that held a permit while it waits for a record that another one writes to would keep
        // that one from going on.
        let Some(prepared) = queue.next(stop, gate).await else { return };
        let permit = tokio::select! {
            permit = exchange.client.pace().acquire() => permit,
            () = stop.stopped() => return outbox.give_back(HashSet::from([prepared.row.row])),
        };
        let ended = exchange.send(&prepared, permit).await;
        queue.release(&prepared);
        match ended {
            Some(operation) => {
                stop.watch(&operation);
                outbox.push(operation);
            }
            // It was certainly not processed.
            None => outbox.give_back(HashSet::from([prepared.row.row])),
        }
    }
}

/// Sends rows one at a time until one is done, then compares what the service stored with what was sent.
async fn first_alone(
    exchange: &Exchange<'_>,
    queue: &Queue,
    stop: &Stop,
    gate: &Gate,
    outbox: &Outbox,
    progress: &Progress<'_>,
) -> crate::error::Result<()> {
    loop {
        let Some(prepared) = queue.next(stop, gate).await else { return Ok(()) };
        let begun = async {
            let before = canary::before(exchange, &prepared).await?;
            Ok::<_, crate::error::Error>((before, exchange.client.pace().acquire().await))
        };
        let (before, permit) = tokio::select! {
            begun = begun => begun?,
            () = stop.stopped() => return Ok(()),
        };
        let ended = exchange.send(&prepared, permit).await;
        queue.release(&prepared);
        let Some(operation) = ended else { return Ok(()) };
        stop.watch(&operation);
        outbox.push(operation.clone());
        outbox.flush();
        if operation.status.is_done() {
            return tokio::select! {
                compared = canary::compare(exchange, &prepared, &operation, before, |text| progress.say(text)) => compared,
                () = stop.stopped() => Ok(()),
            };
        }
    }
}
