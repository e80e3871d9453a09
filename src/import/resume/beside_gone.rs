//! Rows that came while rows that were sent went: each may be one of those, edited.

use std::collections::{HashMap, HashSet};

use super::sent_rows_of_run::{each_batch, has_all_sent};
use crate::error::{Error, Result};
use crate::format::{Content, Row, content_of};
use crate::import::cells::CellReader;
use crate::import::preflight::Rows;
use crate::journal::{JournalReader, RowKey, RunIdentity, RunIndex, Status};
use crate::message;
use crate::message::{Detail, Message};
use crate::terminal::quoted_path;
use crate::text::clean;

/// Most rows that are named.
const NAMED: usize = 5;

/// Refuses rows that came while rows that were sent went: each may be one of those, edited, and would be there twice. Rows with
/// a key are known again by that, unless nobody knows what became of them. Rows that came are those that the earlier input did
/// not have, however many others went.
///
/// # Errors
/// Such rows, or a journal that cannot be read.
pub(super) fn refuse_beside_gone(
    identity: &RunIdentity,
    index: &mut RunIndex,
    rows: &mut Rows,
    past: &JournalReader,
) -> Result<()> {
    if has_all_sent(rows, index, past)? {
        return Ok(());
    }
    let said = SaidNow::gather(index, rows, past)?;
    let gone = GoneRows::find(past, &said)?;
    if gone.count == 0 || !has_new_rows(past, identity, said.unsent)? {
        return Ok(());
    }
    let (folder, named) = (past.folder(), Detail::List(gone.named.into_iter().map(Detail::Message).collect()));
    let error = Error::usage(message!("resume.gone", rows = gone.count, named = named, folder = folder.display()));
    Err(error.hint(match gone.in_doubt {
        0 => message!("resume.gone_hint"),
        _ => message!("resume.gone_unknown_hint", rows = gone.in_doubt, folder = quoted_path(folder)),
    }))
}

/// What the input says now.
#[derive(Default)]
struct SaidNow {
    /// How often it has rows that say this …
    said: HashMap<Content, u32>,
    /// … and rows with these cells.
    cells: HashMap<Content, u32>,
    /// The keys of its rows.
    keys: HashSet<u64>,
    /// How often it has rows with these cells that could be sent and were not.
    unsent: HashMap<Content, u32>,
}

impl SaidNow {
    fn gather(index: &RunIndex, rows: &mut Rows, past: &JournalReader) -> Result<SaidNow> {
        let mut now = SaidNow::default();
        each_batch(rows, |batch| {
            let sent = index.sent_by(&past.identity().run, &batch.rows)?;
            for ((row, checked), was_sent) in batch.rows.iter().zip(&batch.checked).zip(sent) {
                *now.said.entry(row.identity.identity).or_default() += 1;
                *now.cells.entry(row.identity.content).or_default() += 1;
                now.keys.extend(row.key);
                if checked.is_sound && !checked.is_double && !was_sent.as_it_is {
                    *now.unsent.entry(row.identity.content).or_default() += 1;
                }
            }
            Ok(())
        })?;
        Ok(now)
    }

    /// Whether a row of the earlier input is none of these.
    fn is_gone(&self, row: &RowKey) -> bool {
        let is_there = |hash: &Content, copy: u32, times: &HashMap<Content, u32>| {
            times.get(hash).is_some_and(|times| *times > copy)
        };
        let is_said = row.identity.is_some_and(|identity| is_there(&identity, row.copy, &self.said))
            || is_there(&row.content, row.content_copy, &self.cells);
        !is_said && row.key.is_none_or(|key| !self.keys.contains(&key))
    }
}

/// Rows that a run has sent, or may have sent, and that are not in the input any more.
#[derive(Default)]
struct GoneRows {
    /// The first of them, in words.
    named: Vec<Message>,
    count: u64,
    /// Those of which nobody knows what became.
    in_doubt: u64,
}

impl GoneRows {
    fn find(past: &JournalReader, said: &SaidNow) -> Result<GoneRows> {
        let mut gone = GoneRows::default();
        past.reserved()?.iter().filter(|row| said.is_gone(row)).for_each(|row| gone.add(row, None, true));
        past.each_operation(|operation| {
            let is_unknown = operation.status == Status::Unknown;
            let is_sent =
                is_unknown || matches!(operation.status, Status::Created | Status::Updated | Status::Unchanged);
            // A key that was changed is another one; what became of its row is known, and the new one is another row.
            if is_sent && said.is_gone(&operation.row) && (is_unknown || operation.row.key.is_none()) {
                gone.add(&operation.row, operation.id.as_deref().filter(|_| !is_unknown), is_unknown);
            }
            Ok(())
        })?;
        Ok(gone)
    }

    fn add(&mut self, row: &RowKey, id: Option<&str>, is_unknown: bool) {
        self.count += 1;
        self.in_doubt += u64::from(is_unknown);
        if self.named.len() < NAMED {
            self.named.push(match id {
                Some(id) => message!("resume.gone_row", row = row.number, id = clean(id)),
                None => message!("resume.gone_row_unknown", row = row.number),
            });
        }
    }
}

/// Whether the input has rows that the earlier one had not, by their cells: `cells` tells how often it has each that was not
/// sent. Where nobody knows the earlier cells any more, or the columns are read in another way, any of them may be one.
fn has_new_rows(past: &JournalReader, identity: &RunIdentity, mut cells: HashMap<Content, u32>) -> Result<bool> {
    if cells.is_empty() {
        return Ok(false);
    }
    if past.identity().mapping != identity.mapping {
        return Ok(true);
    }
    let Ok(mut kept) = CellReader::open(past.folder(), past.identity()) else { return Ok(true) };
    let mut row = Row::default();
    while kept.read(&mut row)? {
        let content = content_of(&row.cells);
        if let Some(times) = cells.get_mut(&content) {
            *times -= 1;
            if *times == 0 {
                cells.remove(&content);
            }
        }
    }
    Ok(!cells.is_empty())
}
