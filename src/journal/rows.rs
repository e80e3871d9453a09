//! How an operation, a finding and a reservation are written to and read from the journal's tables.

use std::collections::HashMap;

use rusqlite::types::{FromSql, FromSqlError, ToSqlOutput, Value, ValueRef};
use rusqlite::{CachedStatement, Connection, Row, ToSql, params};

use super::operation::{OldId, Operation, Reason, RowKey};
use super::status::Status;
use crate::check::findings::RowFinding;
use crate::format::Content;
use crate::message::Message;
use crate::problem::Severity;

/// The columns of an operation, in the order [`read_operation`] reads and [`put_operations`] writes them.
pub(super) const COLUMNS: &str =
    "row, number, content, copy, key, origin, generation, status, id, attempts, at, code, field, message, identity,
    content_copy, checksum, old_id, added";

/// The same of tables of version 1.
pub(super) const COLUMNS_OF_VERSION_1: &str =
    "row, number, content, copy, key, origin, generation, status, id, attempts, at, code, field, message, NULL, copy,
    NULL, NULL, NULL";

/// The same of tables of version 2.
pub(super) const COLUMNS_OF_VERSION_2: &str =
    "row, number, content, copy, key, origin, generation, status, id, attempts, at, code, field, message, identity,
    content_copy, NULL, NULL, NULL";

/// The same of tables of version 3.
pub(super) const COLUMNS_OF_VERSION_3: &str =
    "row, number, content, copy, key, origin, generation, status, id, attempts, at, code, field, message, identity,
    content_copy, checksum, NULL, NULL";

/// The same of tables of version 4.
pub(super) const COLUMNS_OF_VERSION_4: &str =
    "row, number, content, copy, key, origin, generation, status, id, attempts, at, code, field, message, identity,
    content_copy, checksum, old_id, NULL";

/// Whether a row of the table `operation` is one of the table `earlier`: it says the same. Where one of them is of version 1,
/// which did not know what rows say, its cells are the same.
pub(super) const SAME_ROW: &str = "(operation.identity = earlier.identity
       AND coalesce(operation.copy, 0) = coalesce(earlier.copy, 0)
     OR operation.content = earlier.content AND coalesce(operation.content_copy, 0) = coalesce(earlier.content_copy, 0)
       AND (operation.identity IS NULL OR earlier.identity IS NULL))";

/// Whether a row was sent and is not known to have failed, or was skipped as one that had been: then it has an id. Status
/// numbers are those of [`Status`].
pub(super) const SENT: &str = "(status IN (1, 2, 3, 7) OR status = 4 AND id IS NOT NULL)";

/// Whether a row is in doubt for what another run did with it.
pub(super) const SENT_BY_OTHERS: &str = "coalesce(code, '') IN ('unknown_elsewhere', 'unknown_before')";

/// Whether what became of a row in doubt is found out here: the run has sent it itself, or the journal of the one that did is
/// gone. The others say so by their codes.
pub(super) const SENT_HERE: &str =
    "coalesce(code, '') NOT IN ('unknown_elsewhere', 'retried_before', 'changed_since_sent')";

/// What makes look-ups by identity, cells and key fast, in tables of version 2.
pub(super) const INDEXES: &str = "
CREATE INDEX IF NOT EXISTS operation_by_identity ON operation (identity);
CREATE INDEX IF NOT EXISTS operation_by_content ON operation (content);
CREATE INDEX IF NOT EXISTS earlier_by_identity ON earlier (identity);
CREATE INDEX IF NOT EXISTS earlier_by_content ON earlier (content);
CREATE INDEX IF NOT EXISTS earlier_by_key ON earlier (key) WHERE key IS NOT NULL;";

/// What makes look-ups by old id fast, in tables of version 4.
pub(super) const OLD_ID_INDEX: &str =
    "CREATE INDEX IF NOT EXISTS earlier_by_old_id ON earlier (old_id) WHERE old_id IS NOT NULL;";

/// Bytes of one row in a reservation of version 1: index, number, content, copy, key with a flag, origin with a flag,
/// generation. Later versions have the identity and the occurrence of the cells after them.
const RESERVED_ROW: usize = 8 + 8 + 16 + 4 + 9 + 9 + 4;
/// Bytes of the identity with a flag, and of the occurrence.
const RESERVED_IDENTITY: usize = 17 + 4;

/// Operations that one statement writes: what it costs to begin and to end one they share.
const AT_ONCE: usize = 16;
/// Columns of an operation.
const WIDTH: usize = 19;
/// The column of its words, which may be forgotten: they are no part of its checksum.
const WORDS: usize = 13;
/// The column of its checksum.
const CHECKSUM: usize = 16;
/// The column of its old id. It counts in the checksum only where there is one: earlier versions knew of none.
const OLD_ID: usize = 17;
/// The column of what its write added, of which the same holds.
const ADDED: usize = 18;

/// Writes operations by a statement that begins with `insert`.
pub(super) fn put_operations(connection: &Connection, insert: &str, operations: &[Operation]) -> rusqlite::Result<()> {
    let prepare = |rows: usize| {
        let row = format!("({})", ["?"; WIDTH].join(","));
        connection.prepare_cached(&format!("{insert} ({COLUMNS}) VALUES {}", vec![row; rows].join(",")))
    };
    let (many, rest) = operations.as_chunks::<AT_ONCE>();
    if !many.is_empty() {
        let mut statement = prepare(AT_ONCE)?;
        many.iter().try_for_each(|operations| put(&mut statement, operations))?;
    }
    if !rest.is_empty() {
        let mut statement = prepare(1)?;
        rest.chunks(1).try_for_each(|operation| put(&mut statement, operation))?;
    }
    Ok(())
}

/// Writes as many operations as the statement takes.
fn put(statement: &mut CachedStatement<'_>, operations: &[Operation]) -> rusqlite::Result<()> {
    let zero_as_null = |number: u32| (number > 0).then_some(number);
    let mut summed = Vec::with_capacity(256);
    let mut old_id;
    for (operation, first) in operations.iter().zip((1..).step_by(WIDTH)) {
        let row = &operation.row;
        let reason = operation.reason.as_deref();
        statement.raw_bind_parameter(first, signed(row.row))?;
        statement.raw_bind_parameter(first + 1, signed(row.number))?;
        statement.raw_bind_parameter(first + 2, &row.content[..])?;
        statement.raw_bind_parameter(first + 3, zero_as_null(row.copy))?;
        statement.raw_bind_parameter(first + 4, row.key.map(u64::cast_signed))?;
        statement.raw_bind_parameter(first + 5, row.origin.map(signed))?;
        statement.raw_bind_parameter(first + 6, zero_as_null(row.generation))?;
        statement.raw_bind_parameter(first + 7, operation.status as i64)?;
        statement.raw_bind_parameter(first + 8, operation.id.as_deref().map(Id))?;
        statement.raw_bind_parameter(first + 9, operation.attempts)?;
        statement.raw_bind_parameter(first + 10, operation.at)?;
        statement.raw_bind_parameter(first + 11, reason.map(|reason| &reason.code))?;
        let field = reason.map(|reason| &reason.field).filter(|field| !field.is_empty());
        statement.raw_bind_parameter(first + 12, field)?;
        statement.raw_bind_parameter(first + 13, reason.map(|reason| reason.message.to_json()))?;
        statement.raw_bind_parameter(first + 14, row.identity.as_ref().map(|identity| &identity[..]))?;
        statement.raw_bind_parameter(first + 15, zero_as_null(row.content_copy))?;
        old_id = row.old_id.as_deref().map(OldId::to_text);
        summed.clear();
        sum_operation(operation, old_id.as_deref(), &mut summed);
        statement.raw_bind_parameter(first + CHECKSUM, crc32fast::hash(&summed))?;
        statement.raw_bind_parameter(first + OLD_ID, old_id)?;
        statement.raw_bind_parameter(first + ADDED, row.added.as_ref().map(|added| &added[..]))?;
    }
    statement.raw_execute().map(drop)
}

/// The bytes of which an operation's checksum is made, as its columns are kept.
fn sum_operation(operation: &Operation, old_id: Option<&str>, out: &mut Vec<u8>) {
    let row = &operation.row;
    let zero_as_null = |number: u32| (number > 0).then_some(i64::from(number));
    let reason = operation.reason.as_deref();
    let text = |text: &str, out: &mut Vec<u8>| sum(ValueRef::Text(text.as_bytes()), out);
    let number = |number: Option<i64>, out: &mut Vec<u8>| sum(number.map_or(ValueRef::Null, ValueRef::Integer), out);
    number(Some(signed(row.row)), out);
    number(Some(signed(row.number)), out);
    sum(ValueRef::Blob(&row.content), out);
    number(zero_as_null(row.copy), out);
    number(row.key.map(u64::cast_signed), out);
    number(row.origin.map(signed), out);
    number(zero_as_null(row.generation), out);
    number(Some(operation.status as i64), out);
    match operation.id.as_deref() {
        None => sum(ValueRef::Null, out),
        Some(id) => match plain_number(id) {
            Some(id) => number(Some(id), out),
            None => text(id, out),
        },
    }
    number(Some(i64::from(operation.attempts)), out);
    number(Some(operation.at), out);
    match reason {
        None => sum(ValueRef::Null, out),
        Some(reason) => text(&reason.code, out),
    }
    match reason.map(|reason| &reason.field).filter(|field| !field.is_empty()) {
        None => sum(ValueRef::Null, out),
        Some(field) => text(field, out),
    }
    sum(row.identity.as_ref().map_or(ValueRef::Null, |identity| ValueRef::Blob(identity)), out);
    number(zero_as_null(row.content_copy), out);
    if let Some(old_id) = old_id {
        text(old_id, out);
    }
    if let Some(added) = &row.added {
        sum(ValueRef::Blob(added), out);
    }
}

/// Appends a value to the bytes of a checksum, so that no two rows of values are the same bytes.
fn sum(value: ValueRef<'_>, out: &mut Vec<u8>) {
    match value {
        ValueRef::Null => out.push(0),
        ValueRef::Integer(number) => {
            out.push(1);
            out.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::Real(number) => {
            out.push(2);
            out.extend_from_slice(&number.to_le_bytes());
        }
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            out.push(3);
            out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            out.extend_from_slice(bytes);
        }
    }
}

/// A row that was sent and is not known to have failed.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SentRow {
    /// Whether `hash` is that of what it says; else it is that of its cells, all that journals of version 1 know.
    pub has_identity: bool,
    /// What it is found by.
    pub hash: Content,
    /// Its occurrence among rows of the same hash, from 0.
    pub copy: u32,
    /// Hash of its natural key, when it has one.
    pub key: Option<u64>,
    /// The id that its record has in another system, when the file said it.
    pub old_id: Option<OldId>,
    /// How it ended.
    pub status: Status,
    /// The record's id, as the journal keeps it; NULL when it is not known.
    pub id: Value,
}

/// The columns of an operation, selected with [`COLUMNS`], as they were written. Journals of version 1 and 2 have no checksums.
struct Columns<'r>([ValueRef<'r>; WIDTH]);

impl<'r> Columns<'r> {
    /// Reads each column once: a journal is read from one end to the other several times.
    ///
    /// # Errors
    /// It is not as it was written.
    fn of(row: &'r Row<'_>, summed: &mut Vec<u8>) -> rusqlite::Result<Columns<'r>> {
        let mut columns = [ValueRef::Null; WIDTH];
        for (index, column) in columns.iter_mut().enumerate() {
            *column = row.get_ref(index)?;
        }
        let columns = Columns(columns);
        let Some(kept) = columns.get::<Option<u32>>(CHECKSUM)? else { return Ok(columns) };
        summed.clear();
        for column in (0..CHECKSUM).filter(|column| *column != WORDS) {
            sum(columns.0[column], summed);
        }
        for column in [OLD_ID, ADDED] {
            match columns.0[column] {
                ValueRef::Null => {}
                value => sum(value, summed),
            }
        }
        if crc32fast::hash(summed) == kept { Ok(columns) } else { Err(corrupt()) }
    }

    fn get<T: FromSql>(&self, column: usize) -> rusqlite::Result<T> {
        let value = self.0[column];
        let wrong =
            |error: FromSqlError| rusqlite::Error::FromSqlConversionFailure(column, value.data_type(), error.into());
        T::column_result(value).map_err(wrong)
    }

    fn hash(&self, column: usize) -> rusqlite::Result<Option<Content>> {
        let hash = self.0[column].as_blob_or_null()?;
        hash.map(|hash| hash.try_into().map_err(|_| rusqlite::Error::InvalidQuery)).transpose()
    }

    fn old_id(&self) -> rusqlite::Result<Option<OldId>> {
        match self.0[OLD_ID].as_str_or_null()? {
            None => Ok(None),
            Some(text) => OldId::of_text(text).map(Some).ok_or(rusqlite::Error::InvalidQuery),
        }
    }

    fn status(&self) -> rusqlite::Result<Status> {
        Status::from_number(self.get(7)?).ok_or(rusqlite::Error::InvalidQuery)
    }

    /// The hash of the natural key.
    fn key(&self) -> rusqlite::Result<Option<u64>> {
        Ok(self.get::<Option<i64>>(4)?.map(i64::cast_unsigned))
    }
}

/// The error for what is not as it was written.
pub(super) fn corrupt() -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT), None)
}

/// The number that an id is kept as: only what is read back as the same text, without a sign and zeros in front.
fn plain_number(id: &str) -> Option<i64> {
    id.parse().ok().filter(|_| id.starts_with(|first: char| matches!(first, '1'..='9')))
}

/// An id, kept as a number where it is one: whole numbers nearly always, and half the size as such.
struct Id<'a>(&'a str);

impl ToSql for Id<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(plain_number(self.0).map_or_else(|| self.0.into(), ToSqlOutput::from))
    }
}

/// Reads an operation selected with [`COLUMNS`].
pub(super) fn read_operation(row: &Row<'_>) -> rusqlite::Result<Operation> {
    let columns = Columns::of(row, &mut Vec::with_capacity(256))?;
    let id = match columns.0[8] {
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        _ => None,
    };
    let code: Option<String> = columns.get(11)?;
    let reason = match code {
        None => None,
        Some(code) => Some(Box::new(Reason {
            code,
            field: columns.get::<Option<String>>(12)?.unwrap_or_default(),
            message: read_message(row, WORDS)?,
        })),
    };
    Ok(Operation {
        row: RowKey {
            row: unsigned(columns.get(0)?),
            number: unsigned(columns.get(1)?),
            identity: columns.hash(14)?,
            content: columns.hash(2)?.ok_or(rusqlite::Error::InvalidQuery)?,
            copy: columns.get::<Option<u32>>(3)?.unwrap_or(0),
            content_copy: columns.get::<Option<u32>>(15)?.unwrap_or(0),
            key: columns.key()?,
            origin: columns.get::<Option<i64>>(5)?.map(unsigned),
            generation: columns.get::<Option<u32>>(6)?.unwrap_or(0),
            old_id: columns.old_id()?.map(Box::new),
            added: columns.hash(ADDED)?,
        },
        status: columns.status()?,
        id,
        attempts: columns.get(9)?,
        at: columns.get(10)?,
        reason,
    })
}

/// Reads a row that was sent, selected with [`COLUMNS`].
pub(super) fn read_sent(row: &Row<'_>) -> rusqlite::Result<SentRow> {
    let columns = Columns::of(row, &mut Vec::with_capacity(256))?;
    let identity = columns.hash(14)?;
    let hash = if identity.is_some() { identity } else { columns.hash(2)? };
    Ok(SentRow {
        has_identity: identity.is_some(),
        hash: hash.ok_or(rusqlite::Error::InvalidQuery)?,
        copy: columns.get::<Option<u32>>(3)?.unwrap_or(0),
        key: columns.key()?,
        old_id: columns.old_id()?,
        status: columns.status()?,
        id: columns.get(8)?,
    })
}

/// Reads a message. Journals of version 1 hold its words as they were in the language of the run.
pub(super) fn read_message(row: &Row<'_>, column: usize) -> rusqlite::Result<Message> {
    let kept: Option<String> = row.get(column)?;
    Ok(kept.map(|text| Message::of_json(&text)).unwrap_or_default())
}

/// Writes a finding.
pub(super) fn put_finding(connection: &Connection, finding: &RowFinding) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO finding (row, number, place, field, code, rule, hint, severity) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)",
        )?
        .execute(params![
            signed(finding.row),
            signed(finding.number),
            finding.column.map(signed),
            finding.field,
            finding.code,
            finding.rule.to_json(),
            finding.hint.to_json(),
            finding.severity as i64
        ])?;
    Ok(())
}

/// Reads a finding selected as row, number, place, field, code, rule, hint, severity.
pub(super) fn read_finding(row: &Row<'_>) -> rusqlite::Result<RowFinding> {
    Ok(RowFinding {
        row: unsigned(row.get(0)?),
        number: unsigned(row.get(1)?),
        column: row.get::<_, Option<i64>>(2)?.map(unsigned),
        field: row.get(3)?,
        code: row.get(4)?,
        rule: read_message(row, 5)?,
        hint: read_message(row, 6)?,
        // Journals of version 1 hold mistakes only.
        severity: row.get::<_, Option<i64>>(7)?.and_then(Severity::from_number).unwrap_or(Severity::Refused),
    })
}

/// Marks the place of a row whose write adds something, where its old id would stand.
const OF_ADDED: u32 = 1 << 31;

/// The rows of a reservation as bytes: how many there are, each of them in the same number of bytes, then their old ids and what
/// their writes add.
pub(super) fn pack(rows: &[RowKey]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 + rows.len() * (RESERVED_ROW + RESERVED_IDENTITY));
    bytes.extend_from_slice(&length_of(rows.len()));
    let optional = |value: Option<u64>, bytes: &mut Vec<u8>| {
        bytes.push(u8::from(value.is_some()));
        bytes.extend_from_slice(&value.unwrap_or(0).to_be_bytes());
    };
    for row in rows {
        bytes.extend_from_slice(&row.row.to_be_bytes());
        bytes.extend_from_slice(&row.number.to_be_bytes());
        bytes.extend_from_slice(&row.content);
        bytes.extend_from_slice(&row.copy.to_be_bytes());
        optional(row.key, &mut bytes);
        optional(row.origin, &mut bytes);
        bytes.extend_from_slice(&row.generation.to_be_bytes());
        bytes.push(u8::from(row.identity.is_some()));
        bytes.extend_from_slice(&row.identity.unwrap_or_default());
        bytes.extend_from_slice(&row.content_copy.to_be_bytes());
    }
    for (place, row) in rows.iter().enumerate() {
        if let Some(old_id) = row.old_id.as_deref().map(OldId::to_text) {
            bytes.extend_from_slice(&length_of(place));
            bytes.extend_from_slice(&length_of(old_id.len()));
            bytes.extend_from_slice(old_id.as_bytes());
        }
        if let Some(added) = &row.added {
            let place = u32::try_from(place).unwrap_or(u32::MAX) | OF_ADDED;
            bytes.extend_from_slice(&place.to_be_bytes());
            bytes.extend_from_slice(&length_of(added.len()));
            bytes.extend_from_slice(added);
        }
    }
    let checksum = crc32fast::hash(&bytes);
    bytes.extend_from_slice(&checksum.to_be_bytes());
    bytes
}

/// The rows of a reservation in tables of this version.
///
/// # Errors
/// It is not as it was written.
pub(super) fn unpack(bytes: &[u8], version: i64) -> rusqlite::Result<impl Iterator<Item = RowKey> + '_> {
    let (rows, mut besides) = match version {
        ..3 => (bytes, Besides::default()),
        3 => (summed(bytes)?, Besides::default()),
        _ => {
            let (count, rest) = summed(bytes)?.split_first_chunk::<4>().ok_or_else(corrupt)?;
            let length = u32::from_be_bytes(*count) as usize * (RESERVED_ROW + RESERVED_IDENTITY);
            let (rows, besides) = rest.split_at_checked(length).ok_or_else(corrupt)?;
            (rows, Besides::unpacked(besides).ok_or_else(corrupt)?)
        }
    };
    let keys = unpacked(rows, version).enumerate();
    Ok(keys.map(move |(place, key)| {
        let old_id = besides.old_ids.remove(&place).map(Box::new);
        RowKey { old_id, added: besides.added.remove(&place), ..key }
    }))
}

/// The bytes before a checksum, where they are what they were.
fn summed(bytes: &[u8]) -> rusqlite::Result<&[u8]> {
    let (rows, checksum) = bytes.split_last_chunk::<4>().ok_or_else(corrupt)?;
    if crc32fast::hash(rows) == u32::from_be_bytes(*checksum) { Ok(rows) } else { Err(corrupt()) }
}

/// What only some rows of a reservation have, by their places.
#[derive(Default)]
struct Besides {
    old_ids: HashMap<usize, OldId>,
    added: HashMap<usize, Content>,
}

impl Besides {
    fn unpacked(mut bytes: &[u8]) -> Option<Besides> {
        let mut besides = Besides::default();
        while !bytes.is_empty() {
            let (place, rest) = bytes.split_first_chunk::<4>()?;
            let (length, rest) = rest.split_first_chunk::<4>()?;
            let (value, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
            let place = u32::from_be_bytes(*place);
            match place & OF_ADDED {
                0 => {
                    let old_id = OldId::of_text(std::str::from_utf8(value).ok()?)?;
                    besides.old_ids.insert(place as usize, old_id);
                }
                _ => drop(besides.added.insert((place ^ OF_ADDED) as usize, value.try_into().ok()?)),
            }
            bytes = rest;
        }
        Some(besides)
    }
}

/// A window holds far fewer rows than four bytes count, and a cell far fewer characters.
fn length_of(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

fn unpacked(bytes: &[u8], version: i64) -> impl Iterator<Item = RowKey> + '_ {
    let eight = |bytes: &[u8]| bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
    let four = |bytes: &[u8]| bytes.iter().fold(0u32, |number, byte| number << 8 | u32::from(*byte));
    let length = if version < 2 { RESERVED_ROW } else { RESERVED_ROW + RESERVED_IDENTITY };
    bytes.chunks_exact(length).map(move |row| {
        let mut content = [0u8; 16];
        content.copy_from_slice(&row[16..32]);
        let identity = row.get(59..75).filter(|_| row[58] == 1).map(|hash| {
            let mut identity = [0u8; 16];
            identity.copy_from_slice(hash);
            identity
        });
        RowKey {
            row: eight(&row[..8]),
            number: eight(&row[8..16]),
            identity,
            content,
            copy: four(&row[32..36]),
            // In version 1 rows were counted by their cells.
            content_copy: four(row.get(75..79).unwrap_or(&row[32..36])),
            key: (row[36] == 1).then(|| eight(&row[37..45])),
            origin: (row[45] == 1).then(|| eight(&row[46..54])),
            generation: four(&row[54..58]),
            old_id: None,
            added: None,
        }
    })
}

/// SQLite holds signed numbers; rows and ids are far below their limit.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The number that [`signed`] wrote.
pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::super::database::TABLES;
    use super::*;

    fn old_id(id: &str) -> Box<OldId> {
        Box::new(OldId { source: "zendesk".into(), id: id.into() })
    }

    #[test]
    fn an_id_is_read_back_as_it_was() {
        let connection = Connection::open_in_memory().unwrap();
        for id in ["1", "50001", "9223372036854775807", "9223372036854775808", "0", "007", "+5", "-5", "5a", "", "1.0"]
        {
            let back = connection
                .query_row("SELECT ?1", [Id(id)], |row| {
                    Ok(match row.get_ref(0)? {
                        ValueRef::Integer(number) => number.to_string(),
                        text => text.as_str()?.to_owned(),
                    })
                })
                .unwrap();
            assert_eq!(back, id);
        }
    }

    #[test]
    fn operations_are_read_back_as_they_were_however_many_one_statement_writes() {
        let reason = |row: u64| Reason { code: format!("code {row}"), field: String::new(), message: "words".into() };
        let operation = |row: u64| Operation {
            row: RowKey {
                row,
                number: row + 2,
                identity: row.is_multiple_of(2).then_some([row as u8; 16]),
                content: [7; 16],
                copy: (row % 3) as u32,
                content_copy: (row % 5) as u32,
                key: row.is_multiple_of(3).then_some(u64::MAX - row),
                origin: row.is_multiple_of(5).then_some(row),
                generation: (row % 2) as u32,
                old_id: row.is_multiple_of(9).then(|| old_id(&row.to_string())),
                added: row.is_multiple_of(8).then_some([row as u8; 16]),
            },
            status: Status::Failed,
            id: row.is_multiple_of(7).then(|| row.to_string()),
            attempts: 1,
            at: 9,
            reason: row.is_multiple_of(4).then(|| Box::new(reason(row))),
        };
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLES).unwrap();
        let operations: Vec<Operation> = (0..3 * AT_ONCE as u64 - 1).map(operation).collect();
        put_operations(&connection, "INSERT INTO operation", &operations).unwrap();
        let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM operation ORDER BY row")).unwrap();
        let back: Vec<Operation> = statement.query_map([], read_operation).unwrap().map(Result::unwrap).collect();
        assert_eq!(back, operations);
    }

    #[test]
    fn reserved_rows_are_read_back_as_they_were() {
        let key = RowKey {
            row: 1,
            number: 3,
            identity: Some([6; 16]),
            content: [5; 16],
            copy: 0,
            content_copy: 6,
            key: Some(u64::MAX),
            origin: None,
            generation: 0,
            old_id: Some(old_id("旧 7")),
            added: Some([8; 16]),
        };
        let rows = vec![
            key.clone(),
            RowKey {
                row: 9,
                key: None,
                identity: None,
                origin: Some(3),
                copy: 4,
                generation: 2,
                old_id: None,
                added: None,
                ..key.clone()
            },
            RowKey { row: 10, old_id: Some(old_id("a\tb")), added: Some([9; 16]), ..key },
        ];
        let packed = pack(&rows);
        assert_eq!(unpack(&packed, 5).unwrap().collect::<Vec<_>>(), rows);
        for bit in 0..packed.len() * 8 {
            let mut flipped = packed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(unpack(&flipped, 5).is_err(), "bit {bit}");
        }
    }
}
