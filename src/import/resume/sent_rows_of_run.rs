//! The rows of an input that a run has sent, as the index knows; and how rows are looked up in it.

use uuid::Uuid;

use crate::check::confirmed::Confirmed;
use crate::check::duplicates::first_eight;
use crate::error::Result;
use crate::format::Content;
use crate::import::preflight::Rows;
use crate::journal::{InputRow, JournalReader, OldId, Operation, RowIdentity, RunIndex, Status, WasSent};

/// How a row is known to have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// By what it says.
    ByIdentity,
    /// By that, or by its natural key: it may have been edited since.
    ByKeyToo,
}

/// How many of the rows a run has sent whose journal is there.
pub(super) fn sent_by(rows: &mut Rows, index: &mut RunIndex, past: &JournalReader, known: Known) -> Result<u64> {
    index.read_run(past)?;
    let mut sent = 0;
    each(rows, index, (&past.identity().run, &SentCells::default()), |row, was_sent| {
        // A later row with the same key is a double, and was never sent.
        let may_be_edited = known == Known::ByKeyToo && !row.is_double;
        sent += u64::from(was_sent.as_it_is || may_be_edited && was_sent.by_key);
    })?;
    Ok(sent)
}

/// How many of the rows a run has sent, edited ones included, and those whose columns it took for something else.
pub(super) fn sent_somehow(rows: &mut Rows, index: &mut RunIndex, past: &JournalReader) -> Result<u64> {
    index.read_run(past)?;
    let mut sent = 0;
    each(rows, index, (&past.identity().run, &SentCells::of(past)?), |row, was_sent| {
        sent += u64::from(was_sent.as_it_is || !row.is_double && was_sent.by_key);
    })?;
    Ok(sent)
}

/// How many of the rows that could be sent now a run has sent, edited ones included, and those whose columns it took for
/// something else.
pub(super) fn sound_and_sent(rows: &mut Rows, index: &mut RunIndex, past: &JournalReader) -> Result<u64> {
    index.read_run(past)?;
    let mut sent = 0;
    each(rows, index, (&past.identity().run, &SentCells::of(past)?), |row, was_sent| {
        sent += u64::from(row.is_sound && !row.is_double && (was_sent.as_it_is || was_sent.by_key));
    })?;
    Ok(sent)
}

/// Whether every row that a run has sent, or may have sent, is in the input.
pub(super) fn has_all_sent(rows: &mut Rows, index: &mut RunIndex, past: &JournalReader) -> Result<bool> {
    Ok(sent_by(rows, index, past, Known::ByIdentity)? == past.sent()?)
}

/// The cells of the rows that a run has sent or may have sent, as hashes in order.
#[derive(Debug, Default)]
struct SentCells(Vec<u64>);

impl SentCells {
    fn of(past: &JournalReader) -> Result<SentCells> {
        let mut cells: Vec<u64> =
            past.reserved()?.iter().map(|row| hash_of_cells(&row.content, row.content_copy)).collect();
        past.each_operation(|Operation { status, row, .. }| {
            if matches!(status, Status::Created | Status::Updated | Status::Unchanged | Status::Unknown) {
                cells.push(hash_of_cells(&row.content, row.content_copy));
            }
            Ok(())
        })?;
        cells.sort_unstable();
        Ok(SentCells(cells))
    }

    fn have(&self, row: &RowIdentity) -> bool {
        self.0.binary_search(&hash_of_cells(&row.content, row.content_copy)).is_ok()
    }
}

/// Equal rows differ by their occurrence.
fn hash_of_cells(content: &Content, copy: u32) -> u64 {
    first_eight(content).wrapping_add(u64::from(copy))
}

/// What the first reading says of a row, beside what it is found by.
#[derive(Debug)]
pub(in crate::import) struct CheckedRow {
    /// It can be sent.
    pub is_sound: bool,
    /// An earlier row has its key.
    pub is_double: bool,
    /// What a person consented to in its own cell.
    pub confirmed: Confirmed,
    /// It is known by another natural key than the strongest.
    pub is_known_by_weaker: bool,
}

/// Rows that are looked up together: the more of them, the fewer parts of the index are read for each.
#[derive(Debug, Default)]
pub(in crate::import) struct Batch {
    /// What they are found by.
    pub rows: Vec<InputRow>,
    /// What the first reading says of them.
    pub checked: Vec<CheckedRow>,
}

/// Rows of a batch.
const BATCH: usize = 1 << 16;

/// Calls `look` with all rows in batches, in their order.
///
/// # Errors
/// A spool that cannot be read, or whatever `look` says.
pub(in crate::import) fn each_batch(rows: &mut Rows, mut look: impl FnMut(&Batch) -> Result<()>) -> Result<()> {
    rows.begin()?;
    let mut batch = Batch::default();
    while let Some(row) = rows.spool.next_known()? {
        let is_sound = row.is_sound();
        let seen = rows.duplicates.see(row.number, row.keys(), &row.identity, &row.content, is_sound);
        let old_id = row.old_id.as_deref().map(OldId::hash);
        let weaker = row.weaker.first().map(|key| key.hash);
        batch.rows.push(InputRow { identity: row.known_by(seen), key: row.key_hash(), weaker, old_id });
        let is_double = seen.is_double_of().is_some();
        let is_known_by_weaker = row.is_known_by_weaker();
        batch.checked.push(CheckedRow { is_sound, is_double, confirmed: row.confirmed, is_known_by_weaker });
        if batch.rows.len() == BATCH {
            look(&batch)?;
            batch.rows.clear();
            batch.checked.clear();
        }
    }
    look(&batch)?;
    rows.begin()
}

/// Calls `look` with every row and whether a run has sent it.
fn each(
    rows: &mut Rows,
    index: &RunIndex,
    (run, cells): (&Uuid, &SentCells),
    mut look: impl FnMut(&CheckedRow, WasSent),
) -> Result<()> {
    each_batch(rows, |batch| {
        let sent = index.sent_by(run, &batch.rows)?;
        for ((row, known_by), was_sent) in batch.checked.iter().zip(&batch.rows).zip(sent) {
            look(row, WasSent { as_it_is: was_sent.as_it_is || cells.have(&known_by.identity), ..was_sent });
        }
        Ok(())
    })
}
