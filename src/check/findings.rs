//! The findings of a check, kept on disk: a file may hold more mistakes than memory should.

use rusqlite::{Connection, params};

use super::finding::Finding;
use crate::error::{Context, Result};
use crate::message;
use crate::message::Message;
use crate::problem::Severity;

/// A finding of the check, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFinding {
    /// Index of the row among the rows of the input, from 0.
    pub row: u64,
    /// The row number a person sees.
    pub number: u64,
    /// Column, from 0; none for a rule over the whole row.
    pub column: Option<u64>,
    /// The field it is about.
    pub field: String,
    /// Stable name of the rule.
    pub code: String,
    /// What it means for the row.
    pub severity: Severity,
    /// The rule.
    pub rule: Message,
    /// What to do.
    pub hint: Message,
}

/// Keeps one finding.
const INSERT: &str = "INSERT INTO finding VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";

/// Findings in a temporary file that goes with the process.
#[derive(Debug)]
pub struct Findings {
    connection: Connection,
    /// Findings so far.
    pub count: u64,
    /// Rows that are refused.
    pub refused: u64,
    /// Rows that wait for consent.
    pub held: u64,
    /// Rows that are provably no data.
    pub skipped: u64,
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
        // An empty name is a database on disk that is deleted when it is closed; it stays in memory while it is small.
        let connection = Connection::open("").context(no_temporary_file)?;
        connection
            .execute_batch(
                "PRAGMA cache_size = -2048; PRAGMA temp_store = FILE;
                 CREATE TABLE finding (row INTEGER NOT NULL, number INTEGER NOT NULL, column_index INTEGER, field TEXT NOT NULL,
                   code TEXT NOT NULL, rule TEXT NOT NULL, hint TEXT NOT NULL, severity INTEGER NOT NULL) STRICT;
                 BEGIN;",
            )
            .context(no_temporary_file)?;
        Ok(Findings { connection, count: 0, refused: 0, held: 0, skipped: 0 })
    }

    /// Keeps a finding of the row at `row_index`.
    ///
    /// # Errors
    /// A full disk.
    pub fn add(&mut self, row_index: u64, number: u64, finding: &Finding) -> Result<()> {
        // What was understood says how it was written.
        let rule = if finding.value.is_empty() || finding.rule.part("written").is_some() {
            finding.rule.clone()
        } else {
            message!("import.finding_value", rule = finding.rule, value = finding.value)
        };
        self.connection
            .prepare_cached(INSERT)
            .and_then(|mut statement| {
                statement.execute(params![
                    row_index.cast_signed(),
                    number.cast_signed(),
                    finding.column.map(|column| column as i64),
                    finding.field.as_deref().unwrap_or_default(),
                    finding.code,
                    rule.to_json(),
                    finding.hint.to_json(),
                    finding.severity as i64
                ])
            })
            .context(no_temporary_file)?;
        self.count += 1;
        Ok(())
    }

    /// Takes in all findings of another store.
    ///
    /// # Errors
    /// A full disk.
    pub fn take_in(&mut self, other: &Findings) -> Result<()> {
        other.each(|finding| {
            let RowFinding { row, number, column, field, code, severity, rule, hint } = finding;
            let rule = rule.to_json();
            let values = params![
                row.cast_signed(),
                number.cast_signed(),
                column.map(u64::cast_signed),
                field,
                code,
                rule,
                hint.to_json(),
                severity as i64
            ];
            let mut insert = self.connection.prepare_cached(INSERT).context(no_temporary_file)?;
            insert.execute(values).context(no_temporary_file).map(drop)
        })?;
        self.count += other.count;
        self.refused += other.refused;
        self.held += other.held;
        Ok(())
    }

    /// Counts a row by the weightiest of its findings.
    pub fn count_row(&mut self, severity: Severity) {
        match severity {
            Severity::Refused => self.refused += 1,
            Severity::Held => self.held += 1,
            Severity::Skipped => self.skipped += 1,
            Severity::Word => {}
        }
    }

    /// Rows that will not be sent without something being done about them.
    pub fn not_sent(&self) -> u64 {
        self.refused + self.held
    }

    /// All findings in input order.
    ///
    /// # Errors
    /// A temporary file that cannot be read.
    pub fn each(&self, mut take: impl FnMut(RowFinding) -> Result<()>) -> Result<()> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT row, number, column_index, field, code, rule, hint, severity FROM finding
                 ORDER BY row, column_index, rowid",
            )
            .context(no_temporary_file)?;
        let mut rows = statement.query([]).context(no_temporary_file)?;
        while let Some(row) = rows.next().context(no_temporary_file)? {
            take(read(row).context(no_temporary_file)?)?;
        }
        Ok(())
    }

    /// The findings by kind, the weightiest first, of these the commonest.
    ///
    /// # Errors
    /// A temporary file that cannot be read.
    pub fn kinds(&self) -> Result<Vec<FindingKind>> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT min(row), number, column_index, field, code, rule, hint, severity, count(*) FROM finding
                 GROUP BY severity, code, column_index, CASE code WHEN 'choice_understood' THEN rule END
                 ORDER BY severity DESC, count(*) DESC, min(row)",
            )
            .context(no_temporary_file)?;
        let kinds: Vec<(RowFinding, u64)> = statement
            .query_map([], |row| Ok((read(row)?, row.get::<_, i64>(8)?.cast_unsigned())))
            .and_then(Iterator::collect)
            .context(no_temporary_file)?;
        kinds
            .into_iter()
            .map(|(example, count)| {
                let rows = self
                    .connection
                    .prepare_cached(
                        "SELECT DISTINCT number FROM finding WHERE code = ?1 AND column_index IS ?2 AND severity = ?3
                         AND (code <> 'choice_understood' OR rule = ?4) ORDER BY number LIMIT 5",
                    )
                    .and_then(|mut statement| {
                        statement
                            .query_map(
                                params![
                                    example.code,
                                    example.column.map(u64::cast_signed),
                                    example.severity as i64,
                                    example.rule.to_json()
                                ],
                                |row| Ok(row.get::<_, i64>(0)?.cast_unsigned()),
                            )?
                            .collect()
                    })
                    .context(no_temporary_file)?;
                Ok(FindingKind { example, count, rows })
            })
            .collect()
    }
}

impl Findings {
    /// The first findings with this code that wait for consent.
    ///
    /// # Errors
    /// A temporary file that cannot be read.
    pub fn first_held(&self, code: &str, most: u32) -> Result<Vec<RowFinding>> {
        self.connection
            .prepare_cached(
                "SELECT row, number, column_index, field, code, rule, hint, severity FROM finding
                 WHERE code = ?1 AND severity = ?2 ORDER BY row, rowid LIMIT ?3",
            )
            .and_then(|mut statement| statement.query_map(params![code, Severity::Held as i64, most], read)?.collect())
            .context(no_temporary_file)
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
        severity: Severity::from_number(row.get(7)?).unwrap_or(Severity::Refused),
    })
}

fn no_temporary_file() -> Message {
    message!("import.no_temporary_file", folder = std::env::temp_dir().display())
}
