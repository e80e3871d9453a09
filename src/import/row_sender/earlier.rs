//! What an account had before a run's first write, as far as that tells a new record from an older one.

use jiff::Span;
use jiff::civil::DateTime;
use serde_json::{Map, Value};

use crate::api::as_text;
use crate::entity::Service;
use crate::import::route::Access;
use crate::projection::{Moment, moment, service_time};

/// Minutes that the service's clock and ours may be apart.
const CLOCKS_APART: i64 = 15;

/// What was there before the run's first write.
#[derive(Debug, Clone, Copy)]
pub(in crate::import) struct Earlier {
    highest: u64,
    began: DateTime,
}

impl Earlier {
    /// The highest id, and when the run began, in milliseconds of Unix time.
    pub(in crate::import) fn new(highest: u64, began: i64, service: &Service) -> Earlier {
        let began = service_time(began / 1000, service).saturating_sub(Span::new().minutes(CLOCKS_APART));
        Earlier { highest, began }
    }

    pub(super) fn may_have(self, id: &str) -> bool {
        id.parse::<u64>().is_ok_and(|id| id <= self.highest)
    }

    /// Whether a record says that it was made since; none where it does not say when.
    pub(super) fn is_behind(self, access: &Access, record: &Map<String, Value>) -> Option<bool> {
        let created = access.entity.created.as_ref().and_then(|created| record.get(created)).map(as_text)?;
        moment::parse(&created).map(|created| match created {
            Moment::Day(day) => day >= self.began.date(),
            Moment::Time(time) => time >= self.began,
        })
    }
}
