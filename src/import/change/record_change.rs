//! What the cells of a row change in a record as it is now: what is written, and what the row ends as.

use serde_json::{Map, Value};

use super::super::operation::{Members, TagEdit, WriteOperation};
use super::said_cell::{AddedBefore, CellBaseline, SaidCell};
use super::verdict::{Verdict, goes_by_record, is_masked, is_shown, value_now, verdict, written};
use crate::api::as_text;
use crate::baseline::mark;
use crate::entity::{Custom, Entity, Field, Kind};
use crate::journal::{Reason, Status};
use crate::message;
use crate::message::Message;
use crate::text::{clean, shorten};
use crate::value::is_same_value;

/// Code of a row of which the service keeps another value, because nobody edited the cell or a person wants it so.
pub(in crate::import) const KEPT: &str = "service_kept";
/// Code of a row with a cell that was edited while the service's value was changed.
pub(in crate::import) const CONFLICT: &str = "changed_meanwhile";
/// Code of a row with a cell that says something else than the service, in a file that is an export of which nobody knows what it
/// said.
pub(in crate::import) const ORIGIN_UNKNOWN: &str = "origin_unknown";
/// Code of a row with a cell that says what a spreadsheet program makes of the service's value.
pub(in crate::import) const RESPELLED: &str = "respelled";
/// Code of a row whose record is deleted.
pub(in crate::import) const DELETED: &str = "record_deleted";
/// Code of a row of which only what its record has there tells what is to be written, and the record does not show it.
pub(in crate::import) const NOT_SHOWN: &str = "not_shown";
/// Code of a row with a cell that holds the beginning of a text.
pub(in crate::import) const CUT: &str = "cell_cut";
/// Most characters of a value that are told.
const SHOWN: usize = 60;

/// What the cells of a row change in a record.
#[derive(Debug, Default)]
pub(in crate::import) struct RecordChange {
    /// What is written.
    pub members: Members,
    /// Cells of which the record keeps another value.
    kept: Vec<Difference>,
    /// Cells that a person decides on.
    conflicts: Vec<Difference>,
    /// Cells of an export of which nobody knows what it said.
    unknown: Vec<Difference>,
    /// Cells that say what a spreadsheet program makes of a value.
    respelled: Vec<Difference>,
    /// Cells that hold the beginning of a text.
    cut: Vec<Difference>,
    /// That a cell adds what was added before, or may have been.
    added_before: Option<AddedBefore>,
    /// Cells whose record does not show what they are added to, taken from or compared with. Nothing of the row is written.
    hidden: Vec<Difference>,
}

/// A cell, and what the record says instead.
#[derive(Debug)]
struct Difference {
    field: String,
    /// The mark of what the record says; none of a secret, which nothing is kept of.
    now: String,
    words: Message,
}

impl RecordChange {
    /// What a row changes in a record; nothing of one that makes a record.
    pub(in crate::import) fn of(
        entity: &Entity,
        custom: &Custom,
        operation: &WriteOperation,
        record: &Map<String, Value>,
    ) -> RecordChange {
        match operation {
            WriteOperation::Change { cells, .. } => RecordChange::new(entity, custom, cells, record),
            WriteOperation::Tags(edit) => RecordChange::of_tags(entity, custom, edit, record),
            WriteOperation::Write { .. } | WriteOperation::Draft(_) | WriteOperation::LookedUp { .. } => {
                RecordChange::default()
            }
        }
    }

    /// What a row of tags changes in a record.
    fn of_tags(entity: &Entity, custom: &Custom, edit: &TagEdit, record: &Map<String, Value>) -> RecordChange {
        let field = entity.tags.as_deref().unwrap_or_default();
        if edit.baseline.is_some() {
            let change = RecordChange::new(entity, custom, &[edit.cell(field)], record);
            if change.is_empty() {
                return change;
            }
        }
        let mut change = RecordChange::default();
        let (cell, tags) = (edit.cell(field), Field { kind: Kind::Tags, ..Field::custom_text(field) });
        let is_known = is_shown(record, custom, &tags, &cell);
        if !is_known && !edit.is_list() {
            change.hidden.push(Difference::new(entity.field(field).unwrap_or(&tags), &edit.cell_of_edits(field), None));
            return change;
        }
        let now = value_now(record, custom, field, false).unwrap_or_default();
        let wanted = edit.apply(&now);
        if !is_known || !is_same_value(Kind::Tags, &wanted, &now) {
            change.members.fields.push(field, &wanted);
        }
        change
    }

    /// What cells change in a record.
    pub(in crate::import) fn new(
        entity: &Entity,
        custom: &Custom,
        cells: &[SaidCell],
        record: &Map<String, Value>,
    ) -> RecordChange {
        let mut change = RecordChange::default();
        for cell in cells {
            if let Some(before) = &cell.added_before {
                change.added_before = Some(before.clone());
                continue;
            }
            let field = field_of(entity, cell);
            let found = value_now(record, custom, &cell.field, cell.is_custom);
            let now = found.as_deref().unwrap_or_default();
            let difference = || Difference::new(&field, cell, found.as_deref());
            let is_known = is_shown(record, custom, &field, cell);
            let is_edited = cell.baseline.is_none_or(|baseline| !baseline.is_unedited);
            match verdict(&field, cell, now) {
                _ if !is_known && goes_by_record(&field, cell) => change.hidden.push(difference()),
                // That it is blank already nobody can see.
                Verdict::Unchanged if !is_known && is_edited => change.members.push(cell, &cell.value),
                Verdict::Unchanged => {}
                Verdict::Write => change.members.push(cell, &written(&field, cell, now)),
                Verdict::Kept => change.kept.push(difference()),
                Verdict::Respelled => change.respelled.push(difference()),
                Verdict::Cut => change.cut.push(difference()),
                Verdict::Conflict if cell.baseline == Some(CellBaseline::UNKNOWN) => change.unknown.push(difference()),
                Verdict::Conflict => change.conflicts.push(difference()),
            }
        }
        let is_in_doubt = change.added_before.as_ref().is_some_and(|before| before.is_in_doubt);
        if is_in_doubt || change.is_hidden() {
            // Nothing of the row is sent before that is known.
            change.members = Members::default();
        }
        change
    }

    /// Whether the record does not show what the row is to be written by.
    pub(in crate::import) fn is_hidden(&self) -> bool {
        !self.hidden.is_empty()
    }

    /// Whether there is nothing to write.
    pub(in crate::import) fn is_empty(&self) -> bool {
        self.members.iter().next().is_none()
    }

    /// Why nothing is written: the record is deleted, and the change does not bring it back.
    pub(in crate::import) fn deleted(&self, entity: &Entity, record: &Map<String, Value>) -> Option<Reason> {
        let deleted = entity.deleted.as_ref()?;
        let is_deleted = |value: &str| deleted.values.iter().any(|deleted| deleted == value);
        let now = record.get(&deleted.field).map(as_text).filter(|now| is_deleted(now))?;
        if self.members.value(&deleted.field).is_some_and(|value| !is_deleted(value)) {
            return None;
        }
        let id = entity.id.as_ref().and_then(|id| record.get(id)).map(as_text).unwrap_or_default();
        let field = entity.field(&deleted.field);
        let label = field.map_or_else(|| deleted.field.as_str().into(), Field::labels);
        let value = match field.and_then(|field| field.choice(&now)) {
            Some(choice) => choice.labels(),
            None => clean(&now).into_owned().into(),
        };
        let message =
            message!("change.deleted", entity = entity.labels(), id = clean(&id), label = label, value = value);
        Some(Reason { code: DELETED.to_owned(), field: deleted.field.clone(), message })
    }

    /// How the row ends, where `written` is how its write ended; none where nothing is written.
    pub(in crate::import) fn end(&self, written: Option<Status>) -> (Status, Option<Reason>) {
        let all = [&self.kept, &self.conflicts, &self.unknown, &self.respelled, &self.cut].into_iter().flatten();
        let differing = all.map(|cell| format!("{}={}", cell.field, cell.now)).collect::<Vec<_>>().join(",");
        let reason = |code: &str, differences: &[Difference], words: fn(Message, &str) -> Message| {
            let first = differences.first()?;
            let cells = Message::joined("import.and_rule", differences.iter().map(|cell| cell.words.clone()))?;
            Some(Reason { code: code.to_owned(), field: first.field.clone(), message: words(cells, &differing) })
        };
        let kept =
            reason(KEPT, &self.kept, |cells, differing| message!("change.kept", cells = cells, differing = differing));
        let conflict = reason(CONFLICT, &self.conflicts, |cells, differing| {
            message!("change.conflict", cells = cells, differing = differing)
        });
        let unknown = reason(ORIGIN_UNKNOWN, &self.unknown, |cells, differing| {
            message!("change.origin_unknown", cells = cells, differing = differing)
        });
        let respelled = reason(RESPELLED, &self.respelled, |cells, differing| {
            message!("change.respelled", cells = cells, differing = differing)
        });
        let cut =
            reason(CUT, &self.cut, |cells, differing| message!("change.cut", cells = cells, differing = differing));
        let added_before = self.added_before.as_ref().map(AddedBefore::end);
        if let Some(hidden) = reason(NOT_SHOWN, &self.hidden, |cells, _| message!("change.hidden", cells = cells)) {
            return (Status::Refused, Some(hidden));
        }
        // A row of several cells ends as its weakest.
        match (written, conflict.or(unknown).or(respelled), kept) {
            (Some(status), _, _) if status != Status::Updated => (status, None),
            _ if let Some((Status::Unknown, reason)) = added_before => (Status::Unknown, Some(reason)),
            _ if let Some(cut) = cut => (Status::Held, Some(cut)),
            (_, Some(conflict), _) => (Status::Held, Some(conflict)),
            (Some(status), None, kept) => (status, kept.or(added_before.map(|(_, reason)| reason))),
            (None, None, Some(kept)) => (Status::Skipped, Some(kept)),
            (None, None, None) if let Some((status, reason)) = added_before => (status, Some(reason)),
            (None, None, None) => (Status::Unchanged, None),
        }
    }
}

impl Difference {
    /// Of a cell whose record says `found`; none where it does not show the field, which is no value.
    fn new(field: &Field, cell: &SaidCell, found: Option<&str>) -> Difference {
        let shown = |text: &str| match field.choice(text) {
            _ if field.secret => Message::from("•••"),
            Some(choice) => message!("import.label", label = choice.labels()),
            None => Message::from(&*clean(&shorten(text, SHOWN))),
        };
        let now = found.map_or_else(|| message!("change.not_shown"), shown);
        let words = match is_masked(field, cell) {
            true => message!("change.masked", label = field.labels()),
            false => message!("change.cell", label = field.labels(), said = shown(&cell.shown), now = now),
        };
        let now = if field.secret { String::new() } else { mark(field, found.unwrap_or_default()).to_string() };
        Difference { field: cell.field.clone(), now, words }
    }
}

/// The fields of which a row found another value than its own when it ended so, each with the mark of what a person was shown of
/// it.
pub(in crate::import) fn differing(reason: &Reason) -> Vec<(String, Option<u64>)> {
    let told = reason.message.part("differing").map(|told| told.to_string()).unwrap_or_default();
    let pair = |pair: &str| {
        let (field, mark) = pair.rsplit_once('=')?;
        Some((field.to_owned(), mark.parse().ok()))
    };
    told.split(',').filter_map(pair).collect()
}

/// The field of a cell; what a record carries beyond the catalog is text.
pub(in crate::import) fn field_of(entity: &Entity, cell: &SaidCell) -> Field {
    entity.field(&cell.field).cloned().unwrap_or_else(|| Field::custom_text(&cell.field))
}
