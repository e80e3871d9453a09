//! Whether a record's time of change tells that something was added to it which no record shows, such as a reply: not every
//! service gives a record a new time for that.

use jiff::Span;

use super::super::operation::WriteOperation;
use super::super::row_sender::RowSender;
use super::Settling;
use super::direct::{adds, changed_at};
use super::kept_rows::KeptRun;
use crate::error::Result;
use crate::journal::{JournalReader, Operation, Status};
use crate::projection::{Moment, service_time};

/// Records that are asked for.
const WITNESSES: usize = 3;
/// Rows among which they are looked for.
const ROWS: usize = 1000;
/// Minutes that the service's clock and ours may be apart.
const APART: i64 = 10;

impl Settling<'_> {
    /// Whether records to which the run is known to have added such things, and nothing else, have the time of that. No where
    /// there are none.
    ///
    /// # Errors
    /// The service cannot be reached, cells that cannot be read.
    pub(super) async fn tells_additions(
        &self,
        sender: &RowSender<'_>,
        past: &JournalReader,
        kept: &KeptRun<'_>,
    ) -> Result<bool> {
        let mut rows = kept.rows(past)?;
        let (mut next, mut told) = (0, 0);
        let is_added = |row: &Operation| {
            row.status == Status::Updated && row.reason.is_none() && row.row.added.is_some() && row.id.is_some()
        };
        for row in past.operations(0, ROWS)?.into_iter().filter(is_added) {
            while next <= row.row.row {
                if !rows.next()? {
                    return Ok(told > 0);
                }
                next += 1;
            }
            let operation = rows.operation(row.id.as_deref())?;
            let (WriteOperation::Change { id, cells, .. }, Some(access)) = (&operation, sender.access_of(&operation))
            else {
                continue;
            };
            if !cells.iter().all(|cell| adds(access, cell)) {
                continue;
            }
            let at = service_time(row.at / 1000, self.client.service());
            let [since, until] = [-APART, APART].map(|minutes| at.saturating_add(Span::new().minutes(minutes)));
            let record = sender.read_for_row(access, id).await?;
            match record.ok().and_then(|record| changed_at(access, &record)) {
                // Somebody has changed it since, which tells nothing.
                Some(Moment::Time(time)) if time > until => continue,
                Some(Moment::Time(time)) if time >= since => {}
                _ => return Ok(false),
            }
            told += 1;
            if told == WITNESSES {
                break;
            }
        }
        Ok(told > 0)
    }
}
