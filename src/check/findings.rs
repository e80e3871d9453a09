//! The findings of a check, kept on disk: a file may hold more mistakes than memory should.

use rusqlite::{Connection, params};
use rust_i18n::t;

use super::record::Finding;
use crate::error::{Context, Result};
use crate::format::{Row, column_letters};
use crate::mapping::Mapping;
use crate::message;
use crate::message::Message;

/// A finding of the check, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFinding {
    /// Place of the row among the rows of the input, from 0.
    pub row: u64,
    /// The row number a person sees.
    pub number: u64,
    /// Column, from 0; none for a rule over the whole row.
    pub column: Option<u64>,
    /// The field it is about.
    pub field: String,
    /// Stable name of the rule.
    pub code: String,
    /// The rule.
    pub rule: Message,
    /// What to do.
    pub hint: Message,
}

/// Findings in a temporary file that goes with the process.
#[derive(Debug)]
pub struct Findings {
    connection: Connection,
    /// Findings so far.
    pub count: u64,
    /// Rows with a finding.
    pub rows: u64,
}

/// Findings of one kind, for the terminal.
#[derive(Debug)]
pub struct FindingKind {
    /// The first of them.
    pub example: RowFinding,
    /// How many there are.
    pub count: u64,
    /// Row numbers of the first few.
    pub rows: Vec<u64>,
}

impl Findings {
    /// An empty store.
    ///
    /// # Errors
    /// No temporary file can be made.
    pub fn new() -> Result<Findings> {
        let place = || message!("import.no_temporary_file");
        // An empty name is a database on disk that is deleted when it is closed; it stays in memory while it is small.
        let connection = Connection::open("").context(place)?;
        connection
            .execute_batch(
                "PRAGMA cache_size = -2048; PRAGMA temp_store = FILE;
                 CREATE TABLE finding (row INTEGER NOT NULL, number INTEGER NOT NULL, place INTEGER, field TEXT NOT NULL,
                   code TEXT NOT NULL, rule TEXT NOT NULL, hint TEXT NOT NULL) STRICT;
                 BEGIN;",
            )
            .context(place)?;
        Ok(Findings { connection, count: 0, rows: 0 })
    }

    /// Keeps a finding of the row at `place`.
    ///
    /// # Errors
    /// A full disk.
    pub fn add(&mut self, place: u64, row: &Row, finding: &Finding) -> Result<()> {
        let rule = if finding.value.is_empty() {
            finding.rule.clone()
        } else {
            message!("import.finding_value", rule = finding.rule, value = finding.value)
        };
        self.connection
            .prepare_cached("INSERT INTO finding VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")
            .and_then(|mut statement| {
                statement.execute(params![
                    place.cast_signed(),
                    row.number.cast_signed(),
                    finding.column.map(|column| column as i64),
                    finding.field.as_deref().unwrap_or_default(),
                    finding.code,
                    rule.to_json(),
                    finding.hint.to_json()
                ])
            })
            .context(|| message!("import.no_temporary_file"))?;
        self.count += 1;
        Ok(())
    }

    /// All findings in input order.
    ///
    /// # Errors
    /// A temporary file that cannot be read.
    pub fn each(&self, mut take: impl FnMut(RowFinding) -> Result<()>) -> Result<()> {
        let place = || message!("import.no_temporary_file");
        let mut statement = self
            .connection
            .prepare("SELECT row, number, place, field, code, rule, hint FROM finding ORDER BY row, rowid")
            .context(place)?;
        let mut rows = statement.query([]).context(place)?;
        while let Some(row) = rows.next().context(place)? {
            take(read(row).context(place)?)?;
        }
        Ok(())
    }

    /// The findings by kind, the commonest first.
    ///
    /// # Errors
    /// A temporary file that cannot be read.
    pub fn kinds(&self) -> Result<Vec<FindingKind>> {
        let place = || message!("import.no_temporary_file");
        let mut statement = self
            .connection
            .prepare(
                "SELECT min(row), number, place, field, code, rule, hint, count(*) FROM finding
                 GROUP BY code, place ORDER BY count(*) DESC, min(row)",
            )
            .context(place)?;
        let kinds: Vec<(RowFinding, u64)> = statement
            .query_map([], |row| Ok((read(row)?, row.get::<_, i64>(7)?.cast_unsigned())))
            .and_then(Iterator::collect)
            .context(place)?;
        kinds
            .into_iter()
            .map(|(example, count)| {
                let rows = self
                    .connection
                    .prepare_cached(
                        "SELECT DISTINCT number FROM finding WHERE code = ?1 AND place IS ?2 ORDER BY number LIMIT 5",
                    )
                    .and_then(|mut statement| {
                        statement
                            .query_map(params![example.code, example.column.map(u64::cast_signed)], |row| {
                                Ok(row.get::<_, i64>(0)?.cast_unsigned())
                            })?
                            .collect()
                    })
                    .context(place)?;
                Ok(FindingKind { example, count, rows })
            })
            .collect()
    }
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<RowFinding> {
    Ok(RowFinding {
        row: row.get::<_, i64>(0)?.cast_unsigned(),
        number: row.get::<_, i64>(1)?.cast_unsigned(),
        column: row.get::<_, Option<i64>>(2)?.map(i64::cast_unsigned),
        field: row.get(3)?,
        code: row.get(4)?,
        rule: Message::of_json(&row.get::<_, String>(5)?),
        hint: Message::of_json(&row.get::<_, String>(6)?),
    })
}

/// Findings for the terminal: one paragraph a kind, the commonest first, at most `limit` of them.
pub fn describe(kinds: &[FindingKind], mapping: &Mapping, limit: usize) -> String {
    let mut lines = Vec::new();
    for kind in kinds.iter().take(limit) {
        let rows: Vec<String> = kind.rows.iter().map(u64::to_string).collect();
        let more = if kind.count > kind.rows.len() as u64 { "…" } else { "" };
        let rows = format!("{}{more}", rows.join(", "));
        let place = match kind.example.column {
            Some(column) => {
                let column = usize::try_from(column).unwrap_or_default();
                t!(
                    "import.finding_column",
                    letters = column_letters(column),
                    header = mapping.header(column),
                    rows = rows
                )
            }
            None => t!("import.finding_rows", rows = rows),
        };
        lines.push(t!("import.finding_kind", count = kind.count, place = place, rule = kind.example.rule).into_owned());
        if !kind.example.hint.is_empty() {
            lines.push(format!("    → {}", kind.example.hint));
        }
    }
    if kinds.len() > limit {
        lines.push(t!("import.finding_more", count = kinds.len() - limit).into_owned());
    }
    lines.join("\n")
}
