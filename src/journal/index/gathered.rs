//! Rows on their way into the index: put in its order, so that each of its pages is written once.

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Statement};

use super::super::added::AddedRow;
use super::super::reader::JournalReader;
use super::super::rows::SentRow;
use super::super::status::Status;
use super::sorter::Sorter;
use crate::error::{Context, Result};
use crate::format::Content;
use crate::message::Message;

/// Bytes of rows of journals that are put in order in memory, by what they say and once more by their keys: 16,000 rows.
const IN_MEMORY: usize = 1 << 20;

/// Rows that runs have sent, on their way into the index. It takes them in its own order, which spares it to write each page
/// many times.
pub(super) struct Gathered<'a> {
    index: &'a Connection,
    /// The rows, as [`Gathered::add`] packs them, in the order of the tables.
    rows: Sorter,
    /// Their keys.
    keys: Sorter,
    /// Their old ids.
    old_ids: Sorter,
    /// What they added to records.
    added: Sorter,
    /// How many there are.
    count: u64,
    packed: Vec<u8>,
}

impl<'a> Gathered<'a> {
    /// None yet.
    pub(super) fn new(index: &'a Connection) -> Self {
        Gathered::with_room(index, IN_MEMORY)
    }

    fn with_room(index: &'a Connection, room: usize) -> Self {
        let sorter = || Sorter::new(room);
        Gathered {
            index,
            rows: sorter(),
            keys: sorter(),
            old_ids: sorter(),
            added: sorter(),
            count: 0,
            packed: Vec::new(),
        }
    }

    /// Adds the rows that a run has sent; how many they are.
    ///
    /// # Errors
    /// A damaged journal, a full disk.
    pub(super) fn add_all(&mut self, run: i64, past: &JournalReader, place: &Message) -> Result<u64> {
        let before = self.count;
        past.each_sent(|row| self.add(run, &row).context(|| place.clone()))?;
        let sent = self.count - before;
        past.each_added(|added| self.add_added(run, &added).context(|| place.clone()))?;
        Ok(sent)
    }

    /// Adds what a row added to a record.
    pub(super) fn add_added(&mut self, run: i64, added: &AddedRow) -> std::io::Result<()> {
        self.packed.clear();
        self.packed.extend_from_slice(&added.hash);
        push_rest(&mut self.packed, (run, self.count), added.status, &added.id);
        self.count += 1;
        self.added.add(&self.packed)
    }

    /// Adds a row, packed so that bytes are in the order of the tables: which table and its hash and copy, or its key; the run;
    /// its place among the rows, as of those that were read twice the last one counts, which is the newest; then the rest.
    fn add(&mut self, run: i64, sent: &SentRow) -> std::io::Result<()> {
        let old_id = sent.old_id.as_ref();
        let old_id = old_id.map(|old_id| (old_id.hash(), old_id.source.as_str(), old_id.id.as_str()));
        self.add_with(run, sent, old_id)
    }

    /// Adds a row with its old id: its hash, its source and itself.
    pub(super) fn add_with(
        &mut self,
        run: i64,
        sent: &SentRow,
        old_id: Option<(Content, &str, &str)>,
    ) -> std::io::Result<()> {
        let packed = &mut self.packed;
        let push_rest = |packed: &mut Vec<u8>, place: u64| push_rest(packed, (run, place), sent.status, &sent.id);
        packed.clear();
        packed.push(u8::from(sent.has_identity));
        packed.extend_from_slice(&sent.hash);
        packed.extend_from_slice(&sent.copy.to_be_bytes());
        push_rest(packed, self.count);
        self.rows.add(packed)?;
        if let Some(key) = sent.key {
            packed.clear();
            packed.extend_from_slice(&in_order_of_bytes(key.cast_signed()));
            push_rest(packed, self.count);
            self.keys.add(packed)?;
        }
        if let Some((hash, source, id)) = old_id {
            packed.clear();
            packed.extend_from_slice(&hash);
            packed.extend_from_slice(&sent.hash);
            for text in [source, id] {
                packed.extend_from_slice(&(text.len() as u64).to_be_bytes());
                packed.extend_from_slice(text.as_bytes());
            }
            push_rest(packed, self.count);
            self.old_ids.add(packed)?;
        }
        self.count += 1;
        Ok(())
    }

    /// Puts all of them into the index.
    ///
    /// # Errors
    /// A full disk.
    pub(super) fn take_over(self, place: &Message) -> Result<()> {
        let broken = || place.clone();
        let mut by_content = Inserter::new(self.index, "by_content", row_of).context(broken)?;
        let mut by_identity = Inserter::new(self.index, "by_identity", row_of).context(broken)?;
        self.rows.each(place, |packed| match packed.split_first() {
            Some((0, row)) => by_content.add(row).context(broken),
            Some((_, row)) => by_identity.add(row).context(broken),
            None => Ok(()),
        })?;
        by_content.finish().and_then(|()| by_identity.finish()).context(broken)?;
        let mut by_key = Inserter::new(self.index, "by_key", key_of).context(broken)?;
        self.keys.each(place, |packed| by_key.add(packed).context(broken))?;
        by_key.finish().context(broken)?;
        let mut by_old_id = Inserter::with(self.index, "by_old_id", old_id_of, UPDATE_OLD_ID).context(broken)?;
        self.old_ids.each(place, |packed| by_old_id.add(packed).context(broken))?;
        by_old_id.finish().context(broken)?;
        let mut by_added = Inserter::new(self.index, "by_added", added_of).context(broken)?;
        self.added.each(place, |packed| by_added.add(packed).context(broken))?;
        by_added.finish().context(broken)
    }
}

/// Appends the run, the place among the rows, the status and the id.
fn push_rest(packed: &mut Vec<u8>, (run, place): (i64, u64), status: Status, id: &Value) {
    packed.extend_from_slice(&in_order_of_bytes(run));
    packed.extend_from_slice(&place.to_be_bytes());
    packed.push(status as u8);
    match id {
        Value::Integer(id) => {
            packed.push(ID_NUMBER);
            packed.extend_from_slice(&id.to_be_bytes());
        }
        Value::Text(id) => {
            packed.push(ID_TEXT);
            packed.extend_from_slice(id.as_bytes());
        }
        // No journal holds an id of another kind.
        Value::Null | Value::Real(_) | Value::Blob(_) => {}
    }
}

/// What stands before a packed id.
const ID_NUMBER: u8 = 1;
const ID_TEXT: u8 = 2;

/// A number as bytes whose order is that of the numbers.
fn in_order_of_bytes(number: i64) -> [u8; 8] {
    (number.cast_unsigned() ^ SIGN).to_be_bytes()
}

const SIGN: u64 = 1 << 63;

/// The columns of a table of rows, of one that [`Gathered::add`] packed.
fn row_of(packed: &[u8]) -> Option<[ToSqlOutput<'_>; 5]> {
    let (hash, rest) = packed.split_at_checked(size_of::<Content>())?;
    let (copy, rest) = rest.split_first_chunk()?;
    let [run, status, id] = rest_of(rest)?;
    Some([ToSqlOutput::Borrowed(ValueRef::Blob(hash)), u32::from_be_bytes(*copy).into(), run, status, id])
}

/// The columns of the table of keys, of one that [`Gathered::add`] packed.
fn key_of(packed: &[u8]) -> Option<[ToSqlOutput<'_>; 4]> {
    let (key, rest) = packed.split_first_chunk()?;
    let [run, status, id] = rest_of(rest)?;
    Some([unpacked(key), run, status, id])
}

/// The columns of the table of what was added, of one that [`Gathered::add_added`] packed.
fn added_of(packed: &[u8]) -> Option<[ToSqlOutput<'_>; 4]> {
    let (hash, rest) = packed.split_at_checked(size_of::<Content>())?;
    let [run, status, id] = rest_of(rest)?;
    Some([ToSqlOutput::Borrowed(ValueRef::Blob(hash)), run, status, id])
}

/// The columns of the table of old ids, of one that [`Gathered::add`] packed.
fn old_id_of(packed: &[u8]) -> Option<[ToSqlOutput<'_>; 7]> {
    let (hash, rest) = packed.split_at_checked(size_of::<Content>())?;
    let (identity, rest) = rest.split_at_checked(size_of::<Content>())?;
    let (source, rest) = text_of(rest)?;
    let (old_id, rest) = text_of(rest)?;
    let [run, status, id] = rest_of(rest)?;
    let blob = |bytes| ToSqlOutput::Borrowed(ValueRef::Blob(bytes));
    Some([blob(hash), run, status, id, blob(identity), source, old_id])
}

/// A text behind its length, and what follows it.
fn text_of(packed: &[u8]) -> Option<(ToSqlOutput<'_>, &[u8])> {
    let (length, rest) = packed.split_first_chunk()?;
    let (text, rest) = rest.split_at_checked(usize::try_from(u64::from_be_bytes(*length)).ok()?)?;
    Some((ToSqlOutput::Borrowed(ValueRef::Text(text)), rest))
}

/// Run, status and id.
fn rest_of(packed: &[u8]) -> Option<[ToSqlOutput<'_>; 3]> {
    let (run, rest) = packed.split_first_chunk()?;
    let (_place, rest) = rest.split_first_chunk::<8>()?;
    let (status, id) = rest.split_first()?;
    let id = match id.split_first() {
        Some((&ID_NUMBER, number)) => i64::from_be_bytes(number.try_into().ok()?).into(),
        Some((_, text)) => ToSqlOutput::Borrowed(ValueRef::Text(text)),
        None => ToSqlOutput::Owned(Value::Null),
    };
    Some([unpacked(run), (*status).into(), id])
}

fn unpacked(number: &[u8; 8]) -> ToSqlOutput<'static> {
    (u64::from_be_bytes(*number) ^ SIGN).cast_signed().into()
}

/// Puts packed rows into a table, as many at once as one statement takes.
struct Inserter<'a, const COLUMNS: usize> {
    many: Statement<'a>,
    one: Statement<'a>,
    /// The columns of a packed row.
    columns: fn(&[u8]) -> Option<[ToSqlOutput<'_>; COLUMNS]>,
    waiting: Vec<Vec<u8>>,
    /// How many wait; memory of others is used again.
    count: usize,
}

impl<'a, const COLUMNS: usize> Inserter<'a, COLUMNS> {
    fn new(
        index: &'a Connection,
        table: &str,
        columns: fn(&[u8]) -> Option<[ToSqlOutput<'_>; COLUMNS]>,
    ) -> rusqlite::Result<Self> {
        Inserter::with(index, table, columns, UPDATE)
    }

    /// One that brings rows up to date that are there already.
    fn with(
        index: &'a Connection,
        table: &str,
        columns: fn(&[u8]) -> Option<[ToSqlOutput<'_>; COLUMNS]>,
        update: &str,
    ) -> rusqlite::Result<Self> {
        let prepare = |rows: usize| {
            let row = format!("({})", ["?"; COLUMNS].join(","));
            index.prepare(&format!("INSERT INTO {table} VALUES {} {update}", vec![row; rows].join(",")))
        };
        let waiting = vec![Vec::new(); AT_ONCE];
        Ok(Inserter { many: prepare(AT_ONCE)?, one: prepare(1)?, columns, waiting, count: 0 })
    }

    fn add(&mut self, packed: &[u8]) -> rusqlite::Result<()> {
        let waiting = &mut self.waiting[self.count];
        waiting.clear();
        waiting.extend_from_slice(packed);
        self.count += 1;
        if self.count < AT_ONCE {
            return Ok(());
        }
        self.count = 0;
        insert(&mut self.many, &self.waiting, self.columns)
    }

    fn finish(mut self) -> rusqlite::Result<()> {
        self.waiting[..self.count].chunks(1).try_for_each(|row| insert(&mut self.one, row, self.columns))
    }
}

/// Inserts as many rows as the statement takes.
fn insert<const COLUMNS: usize>(
    statement: &mut Statement<'_>,
    rows: &[Vec<u8>],
    columns: fn(&[u8]) -> Option<[ToSqlOutput<'_>; COLUMNS]>,
) -> rusqlite::Result<()> {
    let mut place = 0;
    for row in rows {
        for value in columns(row).ok_or(rusqlite::Error::InvalidQuery)? {
            place += 1;
            statement.raw_bind_parameter(place, value)?;
        }
    }
    statement.raw_execute().map(drop)
}

/// Rows that one statement takes: what it costs to begin and to end one they share.
const AT_ONCE: usize = 32;

/// Of a row that is there already the status is brought up to date; but what is known to be done is never in doubt again.
const UPDATE: &str = "ON CONFLICT DO UPDATE SET status = excluded.status, id = excluded.id
  WHERE status <> excluded.status AND excluded.status <> 7";

/// The same of an old id; and what was sent for it says more than that it was skipped later.
const UPDATE_OLD_ID: &str = "ON CONFLICT DO UPDATE SET status = excluded.status, id = excluded.id,
    identity = excluded.identity
  WHERE excluded.status <> 7 AND (excluded.status <> 4 OR status = 7)";

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::super::operation::OldId;
    use super::super::runs::RunIndex;
    use super::*;

    #[test]
    fn rows_that_do_not_fit_in_memory_are_taken_in_like_those_that_do() {
        // Rows 3 and 5 come twice, the second time as done.
        let rows = [5, 3, 9, 1, 3, 5, 2].into_iter().enumerate().map(|(place, row): (usize, u8)| SentRow {
            has_identity: row != 9,
            hash: [row; 16],
            copy: u32::from(row == 2),
            key: (row != 1).then_some(u64::MAX - u64::from(row)),
            old_id: (row > 2).then(|| OldId { source: "crm".to_owned(), id: format!("旧 {row}") }),
            status: if place < 2 { Status::Unknown } else { Status::Created },
            id: if place < 2 { Value::Null } else { Value::Text(format!("id {row}")) },
        });
        let taken_in = |room: usize| {
            let index = RunIndex::open_existing(Path::new("nowhere")).unwrap();
            let mut gathered = Gathered::with_room(&index.connection, room);
            for run in [8, 7] {
                rows.clone().for_each(|row| gathered.add(run, &row).unwrap());
            }
            gathered.take_over(&Message::from("index".to_owned())).unwrap();
            let dump = |sql: &str| -> Vec<String> {
                let mut statement = index.connection.prepare(sql).unwrap();
                statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
            };
            [
                dump("SELECT hex(hash) || copy || ' ' || run || ' ' || status || ' ' || id FROM by_identity"),
                dump("SELECT hex(hash) || copy || ' ' || run || ' ' || status || ' ' || id FROM by_content"),
                dump("SELECT run || ' ' || key || ' ' || status || ' ' || id FROM by_key"),
                dump("SELECT source || old_id || ' ' || run || ' ' || status || ' ' || id FROM by_old_id"),
            ]
        };
        let all = taken_in(IN_MEMORY);
        assert_eq!(all.each_ref().map(Vec::len), [8, 2, 8, 6]);
        assert!(all.iter().flatten().all(|row| row.contains(" 1 id ")), "{all:?}");
        for room in (0..800).step_by(50) {
            assert_eq!(taken_in(room), all, "{room}");
        }
    }
}
