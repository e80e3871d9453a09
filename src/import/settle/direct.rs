//! Rows whose record is known before they are sent, settled by asking for it: changes, tags, bindings.

use futures::{StreamExt, stream};
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::super::before_image;
use super::super::change::{SaidCell, Verdict, field_of, value_now, verdict};
use super::super::operation::{LookUp, WriteOperation};
use super::super::pipeline::Stop;
use super::super::route::Access;
use super::super::row_sender::{RowSender, agrees};
use super::kept_rows::KeptRun;
use super::{Settling, done, still_unknown};
use crate::api::{self, as_text};
use crate::entity::Kind;
use crate::error::Result;
use crate::journal::{JournalReader, NextAttempt, Operation, Settled, Status};
use crate::message;
use crate::projection::{Moment, moment, service_time};
use crate::text::clean;
use crate::value::is_same_value;

/// Rows looked at together.
const BATCH: usize = 1000;

impl Settling<'_> {
    /// Settles the rows that change records or bind them.
    ///
    /// # Errors
    /// The service cannot be reached, cells that cannot be read.
    pub(super) async fn by_asking(&self, past: &JournalReader, kept: &KeptRun<'_>) -> Result<Vec<(u64, Settled)>> {
        let stop = Stop::default();
        let sender = RowSender::new(self.client, &stop, self.catalog, self.entity);
        let mut rows = kept.rows(past)?;
        let (mut next, mut from) = (0, 0);
        let mut settled = Vec::new();
        let mut tells_additions = None;
        loop {
            let unsettled = past.unsettled_rows(from, BATCH)?;
            let Some(last) = unsettled.last() else { return Ok(settled) };
            from = last.row.row + 1;
            let mut asked = Vec::new();
            let is_asked = |row: &Operation| {
                row.status == Status::Unknown
                    && (row.id.is_some() || !kept.has_changes_besides())
                    && kept.tells_what_was_sent(row)
            };
            for row in unsettled.into_iter().filter(is_asked) {
                while next <= row.row.row {
                    if !rows.next()? {
                        return Ok(settled);
                    }
                    next += 1;
                }
                let operation = rows.operation(row.id.as_deref())?;
                asked.push((row, operation));
            }
            if tells_additions.is_none() && asked.iter().any(|(row, _)| row.row.added.is_some()) {
                tells_additions = Some(self.tells_additions(&sender, past, kept).await?);
            }
            let is_told = tells_additions == Some(true);
            let answers = asked.iter().map(|(row, operation)| async {
                let settled = self.ask(&sender, past, row, (operation, is_told)).await;
                settled.map(|settled| (row.row.row, settled))
            });
            let mut answers = stream::iter(answers).buffer_unordered(self.client.limiter().ceiling());
            while let Some(answer) = answers.next().await {
                let (row, answer) = answer?;
                settled.extend(answer.map(|answer| (row, answer)));
            }
        }
    }

    async fn ask(
        &self,
        sender: &RowSender<'_>,
        past: &JournalReader,
        row: &Operation,
        (operation, tells_additions): (&WriteOperation, bool),
    ) -> Result<Option<Settled>> {
        let id = match operation {
            WriteOperation::Write { look_up, .. } => {
                return match look_up {
                    Some(look_up) => self.ask_for_binding(row, look_up).await,
                    None => Ok(None),
                };
            }
            // What makes a record is looked for in the list.
            WriteOperation::Draft(_) | WriteOperation::LookedUp { .. } => return Ok(None),
            WriteOperation::Change { id, .. } => id,
            WriteOperation::Tags(edit) if edit.id.is_empty() => row.id.as_deref().unwrap_or_default(),
            WriteOperation::Tags(edit) => &edit.id,
        };
        let Some(access) = sender.access_of(operation) else { return Ok(None) };
        let record = match sender.read_for_row(access, id).await? {
            Ok(record) => record,
            Err(why) => return Ok(Some(still_unknown(row, message!("settle.no_record", why = why.message)))),
        };
        // What was added shows in no record; a time of change that stayed proves that it was not only where one tells of it.
        let mut may_be_unseen = false;
        let (is_done, does_no_harm) = match operation {
            WriteOperation::Write { .. } | WriteOperation::Draft(_) | WriteOperation::LookedUp { .. } => (false, false),
            WriteOperation::Change { cells, .. } => {
                let of_now = |cell: &SaidCell| {
                    let field = field_of(&access.entity, cell);
                    let now = value_now(&record, &access.custom, &cell.field, cell.is_custom).unwrap_or_default();
                    // What nobody can see proves nothing, in neither direction.
                    (!field.secret).then(|| verdict(&field, cell, &now))
                };
                let is_there =
                    |cell: &SaidCell| matches!(of_now(cell), None | Some(Verdict::Unchanged | Verdict::Kept));
                // Where somebody else has filled what was blank, nothing that was sent is seen.
                let is_seen =
                    |cell: &SaidCell| cell.may_be_written() && matches!(of_now(cell), Some(Verdict::Unchanged));
                let has_additions = cells.iter().any(|cell| adds(access, cell));
                let is_missing = |cell: &SaidCell| !adds(access, cell) && matches!(of_now(cell), Some(Verdict::Write));
                may_be_unseen = has_additions && !tells_additions && !cells.iter().any(is_missing);
                // A record does not say whether a reply was added to it.
                (cells.iter().all(is_there) && cells.iter().any(is_seen) && !has_additions, false)
            }
            WriteOperation::Tags(edit) => {
                let tags = access.entity.tags.as_ref().and_then(|tags| record.get(tags)).map(as_text);
                // What nobody can see proves nothing. What is added or taken away once more is the same as once.
                let is_there = tags.is_some_and(|tags| is_same_value(Kind::Tags, &edit.apply(&tags), &tags));
                (is_there, !edit.replaces())
            }
        };
        if is_done {
            return Ok(Some(done(Status::Updated, Some(id.to_owned()), message!("settle.read", id = id))));
        }
        let is_as_it_was = || row.reason.as_deref().is_some_and(|why| before_image::is_as_before(why, access, &record));
        let is_as_before = does_no_harm || is_as_it_was() || self.is_untouched(access, &record, past);
        Ok(Some(match (is_as_before, self.is_time_over(row)) {
            (true, _) if may_be_unseen => still_unknown(row, message!("settle.addition_unseen", id = id)),
            (true, true) => Settled::Free(NextAttempt::First),
            (true, false) => still_unknown(row, message!("settle.as_before", id = id)),
            (false, _) => still_unknown(row, message!("settle.says_otherwise", id = id)),
        }))
    }

    /// A binding is known by its own key, so what is there now says it all.
    async fn ask_for_binding(&self, row: &Operation, look_up: &LookUp) -> Result<Option<Settled>> {
        let Some(conflict) = &self.entity.conflict else { return Ok(None) };
        let Some(endpoint) = self.entity.endpoint(&conflict.endpoint) else { return Ok(None) };
        let mut address = self.client.target().address(&endpoint.path);
        address.query_pairs_mut().extend_pairs(&look_up.by);
        let document = match self.client.ask(&address).await? {
            Ok(document) => Some(document),
            // A record without a binding may be answered so. Any other no says nothing of bindings.
            Err(rejection) if conflict.nothing.as_ref() == Some(&rejection.message) => None,
            Err(rejection) => {
                let why = format!("{} {}", rejection.code, rejection.message);
                return Ok(Some(still_unknown(row, message!("settle.no_record", why = clean(&why)))));
            }
        };
        let answer = endpoint.answer.as_deref().unwrap_or_default();
        let found = document.as_ref().and_then(|document| api::records(document, answer));
        let found = found.map(api::Records::into_values).unwrap_or_default();
        if found.iter().any(|record| agrees(record, look_up)) {
            return Ok(Some(done(Status::Created, None, message!("settle.bound"))));
        }
        let there: Vec<String> = found
            .iter()
            .flat_map(|record| look_up.same.iter().filter_map(|(field, _)| record.get(field)))
            .map(|value| clean(&as_text(value)).into_owned())
            .collect();
        Ok(Some(match there.is_empty() {
            true if self.is_time_over(row) => Settled::Free(NextAttempt::First),
            true => return Ok(None),
            false => still_unknown(row, message!("settle.bound_otherwise", there = there.join(", "))),
        }))
    }

    /// Whether a record was last changed before the run began, whatever our clock and the service's differ by within a day.
    fn is_untouched(&self, access: &Access, record: &Map<String, Value>, past: &JournalReader) -> bool {
        let Some(changed) = changed_at(access, record) else { return false };
        let day: Date = match changed {
            Moment::Day(day) => day,
            Moment::Time(time) => time.date(),
        };
        let began = service_time(past.identity().started / 1000, self.client.service()).date();
        day < began.saturating_sub(jiff::Span::new().days(1))
    }
}

/// When a record was changed last, as it says itself.
pub(super) fn changed_at(access: &Access, record: &Map<String, Value>) -> Option<Moment> {
    let changed = access.entity.updated.as_ref().and_then(|updated| record.get(updated)).map(as_text);
    changed.and_then(|text| moment::parse(&text))
}

/// Whether a cell adds something to its record that no record shows.
pub(super) fn adds(access: &Access, cell: &SaidCell) -> bool {
    field_of(&access.entity, cell).write_only
}
