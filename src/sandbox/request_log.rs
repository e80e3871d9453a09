//! What happened so far: counters and the last requests, for people and for tests.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

/// How many requests are remembered one by one.
const CAPACITY: usize = 100;

/// One request that was answered, or that a fault left without an answer.
#[derive(Debug, Clone, Serialize)]
pub(super) struct LoggedRequest {
    /// When, in the service's zone.
    pub time: String,
    /// Method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// The endpoint it was for.
    pub endpoint: String,
    /// HTTP status; 0 when the connection was cut instead.
    pub status: u16,
    /// Its `Requestid`.
    pub request_id: String,
    /// Milliseconds until the answer was ready.
    pub milliseconds: u64,
    /// The fault that was played on it, a delay only when there was no other.
    pub fault: Option<String>,
    /// Whether it changed a record.
    pub stored: bool,
}

/// Counts since the start.
#[derive(Debug, Default, Clone, Serialize)]
pub(super) struct Counts {
    /// Requests to the interface; looking at the sandbox itself does not count.
    pub requests: u64,
    /// Connections that were accepted.
    pub connections: u64,
    /// Requests by endpoint, then by status.
    pub by_endpoint: BTreeMap<String, BTreeMap<u16, u64>>,
    /// Faults that were played, by kind; a delay beside another fault of the same request is not counted.
    pub faults: BTreeMap<String, u64>,
    /// Creates, changes and removals that were stored.
    pub writes_stored: u64,
    /// Stored writes by endpoint.
    pub writes_by_endpoint: BTreeMap<String, u64>,
    /// Writes whose `Requestid` had been used before.
    pub repeated_request_ids: u64,
    /// Most requests in flight at once.
    pub most_in_flight: usize,
}

/// Counts, and the last requests one by one.
#[derive(Debug, Default)]
pub(super) struct RequestLog {
    in_flight: AtomicUsize,
    most: AtomicUsize,
    inner: Mutex<(Counts, VecDeque<LoggedRequest>)>,
}

/// A request that is being worked on; it counts as in flight until this is dropped.
#[derive(Debug)]
pub(super) struct InFlight<'a>(&'a RequestLog);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl RequestLog {
    fn lock(&self) -> MutexGuard<'_, (Counts, VecDeque<LoggedRequest>)> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request begins.
    pub(super) fn begin(&self) -> InFlight<'_> {
        let now = self.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.most.fetch_max(now, Ordering::Relaxed);
        InFlight(self)
    }

    /// A connection was accepted.
    pub(super) fn count_connection(&self) {
        self.lock().0.connections += 1;
    }

    /// A write came with a `Requestid` that was used before.
    pub(super) fn count_repeated_request_id(&self) {
        self.lock().0.repeated_request_ids += 1;
    }

    /// A fault was played on a connection, before there was a request.
    pub(super) fn count_fault(&self, kind: &str) {
        *self.lock().0.faults.entry(kind.to_owned()).or_default() += 1;
    }

    /// A request ended.
    pub(super) fn end(&self, request: LoggedRequest) {
        let (counts, last) = &mut *self.lock();
        counts.requests += 1;
        *entry(&mut counts.by_endpoint, &request.endpoint).entry(request.status).or_default() += 1;
        if request.stored {
            counts.writes_stored += 1;
            *entry(&mut counts.writes_by_endpoint, &request.endpoint) += 1;
        }
        if let Some(fault) = &request.fault {
            *entry(&mut counts.faults, fault) += 1;
        }
        if last.len() == CAPACITY {
            last.pop_front();
        }
        last.push_back(request);
    }

    /// The counts, and the last requests, oldest first.
    pub(super) fn snapshot(&self) -> (Counts, Vec<LoggedRequest>) {
        let (counts, last) = &*self.lock();
        let counts = Counts { most_in_flight: self.most.load(Ordering::Relaxed), ..counts.clone() };
        (counts, last.iter().cloned().collect())
    }
}

/// The value of `key`, without making a text of it for each request.
fn entry<'a, T: Default>(map: &'a mut BTreeMap<String, T>, key: &str) -> &'a mut T {
    if !map.contains_key(key) {
        map.insert(key.to_owned(), T::default());
    }
    // It was put there when it was missing.
    map.get_mut(key).expect("the key is in the map")
}
