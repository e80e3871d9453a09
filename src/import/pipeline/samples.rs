//! Rows that the tests of the stages send and record.

use std::path::Path;

use bytes::Bytes;
use uuid::Uuid;

use super::backpressure::Backpressure;
use super::shared::{Shared, Traffic};
use super::stop::Stop;
use super::tally::Tally;
use crate::entity::AccountMode;
use crate::import::operation::WriteOperation;
use crate::import::plan::PendingWrite;
use crate::journal::{Counts, Journal, Operation, RowKey, RunIdentity, Status};

/// What the stages of a run of ten rows share, of which `in_flight` may be in flight.
pub(super) fn shared(in_flight: usize) -> Shared {
    Shared {
        stop: Stop::default(),
        backpressure: Backpressure::new(in_flight),
        tally: Tally::new(&Counts::default(), 10),
        waiting: Default::default(),
        words: Default::default(),
        sample: Default::default(),
        traffic: Traffic::default(),
    }
}

/// The row at this place.
pub(super) fn row(row: u64) -> RowKey {
    let mut content = [0; 16];
    content[..8].copy_from_slice(&row.to_be_bytes());
    RowKey { row, number: row + 2, identity: Some(content), content, ..RowKey::default() }
}

/// The row at this place, to be sent; rows of the same `writer` write to the same record.
pub(super) fn pending(place: u64, writer: Option<u64>) -> PendingWrite {
    let operation = WriteOperation::Write { body: Bytes::from_static(b"{}"), look_up: None };
    PendingWrite { row: row(place), request_id: Uuid::from_u128(place.into()), operation, writer, is_repeat: false }
}

/// The row at this place, which ended so.
pub(super) fn operation(place: u64, status: Status) -> Operation {
    Operation { row: row(place), status, id: None, attempts: 1, at: 0, reason: None }
}

/// The journal of a new run in a folder.
pub(super) fn journal(folder: &Path) -> Journal {
    let identity = RunIdentity {
        run: Uuid::from_u128(5),
        entity: "customers".into(),
        mode: "create".into(),
        key: Vec::new(),
        target: "https://www.example.com me@example.com".into(),
        host: "www.example.com".into(),
        input: "i".into(),
        mapping: "m".into(),
        catalog: "c".into(),
        input_path: "/mine.csv".into(),
        input_shown: "mine.csv".into(),
        sheet: None,
        header_row: None,
        encoding: None,
        mapping_text: None,
        account_mode: AccountMode::Business,
        rows: 10,
        parent: None,
        started: 1,
    };
    Journal::create(folder, &identity).unwrap()
}
