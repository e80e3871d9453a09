//! The sender: as many workers as may be in flight, side by side in one task, take rows from one queue. The first row may go
//! alone and be looked at before the others follow. Ends are handed to the journal writer in groups; nothing here waits for
//! the disk.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashSet};
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};
use tokio::sync::mpsc::UnboundedReceiver;

use super::breaker::Breaker;
use super::journal_writer::Message;
use super::outbox::Outbox;
use super::queue::Queue;
use super::sample::Sample;
use super::shared::Shared;
use super::stop::Cause;
use super::unproved::{Unproved, Written};
use crate::api::Client;
use crate::entity::WriteMode;
use crate::error::{Error, Result};
use crate::import::comparison::{lost, word_of_missing};
use crate::import::first_look::FirstLook;
use crate::import::operation::WriteOperation;
use crate::import::options::ImportOptions;
use crate::import::plan::PendingWrite;
use crate::import::preflight::Preflight;
use crate::import::read_back::{self, Comparison};
use crate::import::row_sender::{Earlier, RowSender};
use crate::import::witness::HandedOut;
use crate::journal::{Marks, Operation, Reason, Settled, Status, TAGS_DROPPED};
use crate::language::Language;
use crate::message;
use crate::t;
use crate::terminal::Progress;
use crate::text::clean;

/// How long an end waits for others at most, and how often the rate is looked at.
const TICK: Duration = Duration::from_millis(20);

/// Sends rows until there are no more or the run stops, and tells the journal writer how they ended.
#[derive(Debug)]
pub(super) struct Sender<'a> {
    row_sender: RowSender<'a>,
    /// The first row goes alone: its end decides about the others.
    first_goes_alone: bool,
    /// It is read back and compared, too.
    reads_back: bool,
    /// Who looks at it before the others follow.
    first_look: RefCell<Option<FirstLook>>,
    breaker: RefCell<Breaker>,
    /// Somebody is asked about it; nothing is to be shown over the question.
    is_looked_at: Cell<bool>,
    /// Rows that are looked at closely and have not been sent.
    looked_at: RefCell<HashSet<u64>>,
    /// Fields that some row fills and nothing was compared of.
    unseen: RefCell<BTreeSet<String>>,
    /// How many fields some row fills.
    all_fields: usize,
    sample: RefCell<Sample>,
    unproved: RefCell<Unproved>,
    queue: Queue,
    outbox: Outbox,
    shared: &'a Shared,
    progress: &'a Progress,
}

impl<'a> Sender<'a> {
    /// A sender that has sent nothing yet.
    pub(super) fn new(
        options: &'a ImportOptions<'_>,
        preflight: &'a Preflight,
        client: &'a Client,
        to_journal: mpsc::Sender<Message>,
        shared: &'a Shared,
        progress: &'a Progress,
        first_look: Option<FirstLook>,
    ) -> Sender<'a> {
        // A sandbox is trusted.
        let reads_back = options.reads_back && !options.is_sandbox();
        let breaker = Breaker::new(options.max_failures, options.keeps_going, &shared.tally.counts());
        let mut row_sender = RowSender::new(client, &shared.stop, options.catalog, preflight.mapping.entity());
        row_sender.honours = options.doubt.honours;
        row_sender.looks.is_on = reads_back;
        row_sender.is_mixed = options.preflight.mode == WriteMode::Upsert;
        let fields = sent_fields(options, preflight);
        Sender {
            row_sender,
            first_goes_alone: reads_back || first_look.is_some() || !options.keeps_going,
            first_look: RefCell::new(first_look),
            reads_back,
            breaker: RefCell::new(breaker),
            is_looked_at: Cell::new(false),
            looked_at: RefCell::new(preflight.coverage.rows.iter().copied().filter(|_| reads_back).collect()),
            all_fields: fields.len(),
            unseen: RefCell::new(fields),
            sample: RefCell::new(Sample::of(options.sample)),
            unproved: RefCell::default(),
            queue: Queue::default(),
            outbox: Outbox::new(to_journal),
            shared,
            progress,
        }
    }

    /// Rows that are handed to the network are marked here.
    pub(super) fn mark_in(&mut self, marks: Option<Marks>) {
        self.row_sender.marks = marks;
    }

    /// The records with these ids were there before, and others.
    pub(super) fn know_ids(&mut self, ids: HandedOut, earlier: Option<Earlier>) {
        self.row_sender.handed_out = ids;
        self.row_sender.earlier.set(earlier);
    }

    /// A row of the run made the record with this id before, or was to change it.
    pub(super) fn know_id(&self, id: &str) {
        self.row_sender.know_id(id);
    }

    /// Takes a window of rows. The records that it changes are there, so that none of its rows makes them.
    fn queue(&self, rows: Vec<PendingWrite>) {
        for pending in &rows {
            if let WriteOperation::Change { id, .. } = &pending.operation {
                self.know_id(id);
            }
        }
        self.queue.push(rows);
    }

    /// Sends the rows that come in.
    pub(super) async fn run(self, reserved: UnboundedReceiver<Vec<PendingWrite>>) {
        let _guard = self.shared.stop.panic_guard();
        tokio::select! {
            () = self.send_all() => {}
            () = self.fill_queue(reserved) => {}
            () = self.tick() => {}
        }
        self.outbox.close();
    }

    async fn send_all(&self) {
        if self.first_goes_alone
            && let Err(error) = self.send_first().await
        {
            self.shared.stop.set(Cause::of(error));
        }
        let workers = (0..self.row_sender.client.limiter().ceiling()).map(|_| self.work());
        futures::future::join_all(workers).await;
        self.look_at_unproved().await;
        self.look_at_sample().await;
    }

    /// Rows that are reserved may be sent; when the run stops, those that wait are given back. Never ends by itself: a stop
    /// may come after the last window.
    async fn fill_queue(&self, mut reserved: UnboundedReceiver<Vec<PendingWrite>>) {
        let stop = &self.shared.stop;
        let (mut more, mut told) = (true, false);
        loop {
            tokio::select! {
                rows = reserved.recv(), if more => match rows {
                    Some(rows) => self.queue(rows),
                    None => {
                        more = false;
                        self.queue.close();
                    }
                },
                () = stop.stopped(), if !told => {}
                else => std::future::pending().await,
            }
            if stop.is_set() {
                while let Ok(rows) = reserved.try_recv() {
                    self.queue.push(rows);
                }
                told = true;
                // What ended already is recorded with it.
                self.outbox.flush();
                self.outbox.give_back(self.queue.drain());
            }
        }
    }

    /// Every now and then: no end waits long for others, windows follow the rate, and what is recorded is shown.
    async fn tick(&self) {
        let client = self.row_sender.client;
        let (mut last, mut requests) = (Instant::now(), client.requests());
        loop {
            tokio::time::sleep(TICK).await;
            self.outbox.flush();
            let now = client.requests();
            let rate = (now - requests) as f64 / last.elapsed().as_secs_f64();
            self.shared.backpressure.follow(rate, client.limiter().ceiling());
            (last, requests) = (Instant::now(), now);
            self.shared.traffic.requests.store(now, Ordering::Relaxed);
            self.shared.traffic.retries.store(client.retries(), Ordering::Relaxed);
            if !self.is_looked_at.get() {
                self.show(client.limiter().in_flight());
            }
        }
    }

    /// Shows what is recorded, never what is only hoped for.
    fn show(&self, in_flight: usize) {
        let counts = self.shared.tally.counts();
        let bad = counts.refused + counts.failed + counts.unknown;
        self.progress.note(&t!("progress.rows", good = counts.done(), bad = bad, in_flight = in_flight));
        self.progress.set(counts.ended(), Some(self.shared.tally.total()));
        if self.shared.stop.is_set() {
            self.progress.is_ending();
        }
    }

    async fn work(&self) {
        loop {
            // The row first: a worker that held a permit while it waits for a record that another one writes to would keep
            // that one from going on.
            let Some(pending) = self.queue.next(self.shared).await else { return };
            if self.looked_at.borrow_mut().remove(&pending.row.row) {
                if let Err(error) = self.send_and_look(&pending).await {
                    self.shared.stop.set(Cause::of(error));
                }
                continue;
            }
            let permit = tokio::select! {
                permit = self.row_sender.client.limiter().acquire() => permit,
                () = self.shared.stop.stopped() => return self.give_back(&pending),
            };
            let ended = self.row_sender.send(&pending, permit, None, false).await;
            self.queue.release(&pending);
            match ended {
                Some(end) => {
                    self.sample.borrow_mut().offer(&pending, &end);
                    if self.reads_back {
                        self.unproved.borrow_mut().offer(&pending, &end);
                    }
                    self.note_end(end.operation);
                }
                // It was certainly not processed.
                None => self.give_back(&pending),
            }
        }
    }

    fn note_end(&self, operation: Operation) {
        if let Some(marks) = &self.row_sender.marks {
            marks.ended(&operation);
        }
        let reason = operation.reason.as_deref().filter(|_| operation.status == Status::Created && self.reads_back);
        if let Some(reason) = reason.filter(|reason| reason.code == TAGS_DROPPED) {
            self.stop_for(read_back::lost_tags(&operation, reason));
        }
        if let Some(error) = self.breaker.borrow_mut().watch(&operation) {
            self.shared.stop.set(Cause::Repeats(error));
        }
        self.outbox.push(operation);
    }

    fn give_back(&self, pending: &PendingWrite) {
        if let Some(marks) = &self.row_sender.marks {
            marks.take_back(pending.row.row);
        }
        self.outbox.give_back(HashSet::from([pending.row.row]));
    }

    /// Compares what the service stored with what was sent, and lets a person look, where that is wanted.
    async fn look_at(
        &self,
        pending: &PendingWrite,
        operation: &Operation,
        before: Option<Map<String, Value>>,
    ) -> Result<()> {
        if self.reads_back {
            match read_back::compare(&self.row_sender, pending, operation, before.as_ref()).await? {
                Comparison::Same { id, fields } => {
                    self.see(&fields);
                    self.progress.say(&t!("canary.good", row = operation.row.number, id = id));
                }
                Comparison::None(why) if why.is_empty() => {}
                Comparison::None(why) => self.progress.say(&why),
                Comparison::Differs { id, differences, end } => {
                    self.put_word(operation, end);
                    self.stop_for(lost(operation.row.number, &id, &differences, true));
                    return Ok(());
                }
                Comparison::Missing => {
                    let error = self.missing(operation);
                    self.stop_for(error);
                    return Ok(());
                }
            }
        }
        self.say_own_members();
        let Some(look) = self.first_look.borrow_mut().take() else { return Ok(()) };
        self.is_looked_at.set(true);
        // A person takes time, and an interrupt is to be heard meanwhile.
        let (tell, told) = tokio::sync::oneshot::channel();
        std::thread::spawn(move || tell.send(look.may_go_on()));
        let may_go_on = told.await.unwrap_or_else(|_| Err(Error::cannot_run(message!("run.broken"))))?;
        self.is_looked_at.set(false);
        match may_go_on {
            true => Ok(()),
            false => Err(Error::stopped(message!("stop.notified")).hint(message!("stop.notified_hint"))),
        }
    }

    /// The row that stops the run says why where it stands in the results, and is not done where nothing of it was stored.
    fn put_word(&self, operation: &Operation, (status, reason): (Status, Reason)) {
        self.row_sender.has_lied.set(true);
        self.say_of(operation, Settled::Done(status, None, reason));
    }

    /// Rows that are left would fare like one that was found out; where none are left, there is nothing to stop.
    fn stop_for(&self, error: Error) {
        self.shared.stop.set(Cause::Repeats(error));
    }

    /// What became of a row is known better than when it ended.
    fn say_of(&self, operation: &Operation, word: Settled) {
        self.shared.words.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push((operation.row.row, word));
    }

    /// A row is not there although the service said so: it is in doubt, and stops the run.
    fn missing(&self, operation: &Operation) -> Error {
        self.row_sender.has_lied.set(true);
        self.say_of(operation, Settled::Unknown(word_of_missing()));
        read_back::missing(operation.row.number)
    }

    /// Says once which members the service changes by itself with every change.
    fn say_own_members(&self) {
        let own = self.row_sender.own_members_to_say();
        if !own.is_empty() {
            let fields = own.join(Language::current().pick("、", ", "));
            self.progress.say(&t!("canary.own", fields = clean(&fields)));
        }
    }

    /// Fields were compared.
    fn see(&self, fields: &[String]) {
        let mut unseen = self.unseen.borrow_mut();
        unseen.retain(|field| !fields.contains(field));
    }

    /// Sends one row while nothing else is on its way to its record, and waits for its end; none when it was not sent.
    /// `is_compared` when its record is compared afterwards.
    async fn send_alone(
        &self,
        pending: &PendingWrite,
        is_compared: bool,
    ) -> Result<Option<(Operation, Option<Map<String, Value>>)>> {
        let begun = async {
            let before = read_back::before(&self.row_sender, pending).await?;
            Ok::<_, Error>((before, self.row_sender.client.limiter().acquire().await))
        };
        let begun = tokio::select! {
            begun = begun => begun.map(Some),
            () = self.shared.stop.stopped() => Ok(None),
        };
        let (before, permit) = match begun {
            Ok(Some(begun)) => begun,
            not_begun => {
                self.queue.release(pending);
                self.give_back(pending);
                return not_begun.map(|_| None);
            }
        };
        let ended = self.row_sender.send(pending, permit, before.clone(), is_compared).await;
        self.queue.release(pending);
        let Some(end) = ended else {
            self.give_back(pending);
            return Ok(None);
        };
        self.sample.borrow_mut().offer(pending, &end);
        let operation = end.operation;
        self.note_end(operation.clone());
        self.outbox.flush();
        Ok(Some((operation, before)))
    }

    /// Sends a row that fills columns no other one did and compares what the service stored.
    async fn send_and_look(&self, pending: &PendingWrite) -> Result<()> {
        let Some((operation, before)) = self.send_alone(pending, true).await? else { return Ok(()) };
        if self.shared.stop.is_set() || !matches!(operation.status, Status::Created | Status::Updated) {
            return Ok(());
        }
        let compared = tokio::select! {
            compared = read_back::compare(&self.row_sender, pending, &operation, before.as_ref()) => compared?,
            () = self.shared.stop.stopped() => return Ok(()),
        };
        match compared {
            Comparison::Same { fields, .. } => self.see(&fields),
            Comparison::None(_) => {}
            Comparison::Differs { id, differences, end } => {
                self.put_word(&operation, end);
                self.stop_for(lost(operation.row.number, &id, &differences, false));
            }
            Comparison::Missing => self.stop_for(self.missing(&operation)),
        }
        Ok(())
    }

    /// Sends those rows that are there already and fill further columns, one after the other.
    async fn look_at_others(&self) -> Result<()> {
        if self.unseen.borrow().len() == self.all_fields {
            // What cannot be compared in one row cannot be in another.
            self.looked_at.borrow_mut().clear();
            return Ok(());
        }
        let mut others = 0;
        while !self.shared.stop.is_set() {
            let wanted = self.looked_at.borrow().clone();
            let Some(pending) = self.queue.next_of(self.shared, &wanted) else { break };
            self.looked_at.borrow_mut().remove(&pending.row.row);
            others += 1;
            self.send_and_look(&pending).await?;
        }
        if others > 0 && !self.shared.stop.is_set() {
            self.progress.say(&message!("canary.others", rows = others).to_string());
        }
        let entity = self.row_sender.entity();
        let unseen = self.unseen.borrow();
        let labels = unseen.iter().filter_map(|name| entity.field(name)).filter(|field| field.is_comparable());
        let labels: Vec<&str> = labels.map(|field| field.label(Language::current())).collect();
        if !labels.is_empty() && !self.shared.stop.is_set() {
            self.progress.say(&t!("canary.unseen", columns = labels.join(Language::current().pick("、", ", "))));
        }
        Ok(())
    }

    /// Reads the rows back that were written beside one of which the service said what was not so.
    async fn look_at_unproved(&self) {
        if !self.row_sender.has_lied.get() {
            return;
        }
        let (mut read, mut differing) = (0, 0);
        let last = self.unproved.borrow_mut().take();
        for Written { pending, operation, before } in last {
            // One that cannot be read now is told as the service said.
            let Ok(compared) = read_back::compare(&self.row_sender, &pending, &operation, before.as_ref()).await else {
                break;
            };
            read += 1;
            match compared {
                Comparison::Same { .. } | Comparison::None(_) => continue,
                Comparison::Differs { end: (status, reason), .. } => {
                    self.say_of(&operation, Settled::Done(status, None, reason));
                }
                Comparison::Missing => self.say_of(&operation, Settled::Unknown(word_of_missing())),
            }
            differing += 1;
        }
        if read > 0 {
            self.progress.say(&message!("canary.beside", rows = read, differing = differing).to_string());
        }
    }

    /// Reads some of the records back that were written, where that is wanted.
    async fn look_at_sample(&self) {
        self.say_own_members();
        if self.shared.stop.is_set() {
            return;
        }
        let sample = self.sample.take();
        let is_wanted = sample.is_wanted();
        let compared = tokio::select! {
            compared = sample.compare(&self.row_sender) => compared,
            () = self.shared.stop.stopped() => return,
        };
        match compared {
            Ok(found) => {
                if let Ok(mut sample) = self.shared.sample.lock() {
                    *sample = is_wanted.then_some(found.figures);
                }
                found.lines.iter().for_each(|line| self.progress.say(line));
                found.words.into_iter().for_each(|(operation, word)| self.say_of(&operation, word));
            }
            Err(error) => self.progress.say(&t!("canary.sample_failed", why = error.message())),
        }
    }

    /// Sends one row and waits for its end, which may stop the run. Where the first row is read back, sends rows one at a time
    /// until one is done, then compares what the service stored with what was sent, and looks at the others that fill columns
    /// it does not.
    async fn send_first(&self) -> Result<()> {
        loop {
            let Some(pending) = self.queue.next(self.shared).await else { return Ok(()) };
            self.looked_at.borrow_mut().remove(&pending.row.row);
            let Some((operation, before)) = self.send_alone(&pending, self.reads_back).await? else { return Ok(()) };
            let is_looked_at = self.reads_back || self.first_look.borrow().is_some();
            if !is_looked_at || self.shared.stop.is_set() {
                return Ok(());
            }
            // Where nothing was written, nothing can be compared.
            if matches!(operation.status, Status::Created | Status::Updated) {
                tokio::select! {
                    looked_at = self.look_at(&pending, &operation, before) => looked_at?,
                    () = self.shared.stop.stopped() => return Ok(()),
                }
                return if self.reads_back { self.look_at_others().await } else { Ok(()) };
            }
        }
    }
}

/// The fields that rows fill and that are sent: a key by which records are found that are changed is as they have it.
fn sent_fields(options: &ImportOptions<'_>, preflight: &Preflight) -> BTreeSet<String> {
    let mapping = &preflight.mapping;
    let mut fields = preflight.coverage.fields.clone();
    if mapping.is_found_by_key() && options.preflight.mode == WriteMode::Update {
        let keys = 0..u8::try_from(mapping.entity().keys.len()).unwrap_or(u8::MAX);
        let is_filled = |key: &&[String]| !key.is_empty() && key.iter().all(|name| fields.contains(name));
        let found_by: Vec<String> =
            keys.map(|key| mapping.key_fields(key)).find(is_filled).unwrap_or_default().to_vec();
        fields.retain(|name| !found_by.contains(name));
    }
    fields
}
