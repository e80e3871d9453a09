//! One row checked: every value cleaned, everything found in one pass. A row with a mistake is refused as a whole; nothing of
//! it is ever sent.

use super::finding::Finding;
use super::record::Record;
use crate::format::{Cell, CellKind, Row, column_letters};
use crate::mapping::{FieldSource, Mapping, RowRule, ValueSource};
use crate::problem::{Problem, Severity};
use crate::value;

impl Mapping {
    /// Turns a row into the values of `record` and finds everything there is to say of it.
    pub fn check(&self, row: &Row, record: &mut Record) {
        record.reset(self.sources.len());
        self.take_remarks(row, record);
        for (source, index) in self.sources.iter().zip(0..) {
            let rendered;
            let cell = match &source.source {
                ValueSource::Column(column) => source.replaced(row.cell(*column)),
                ValueSource::Constant(text) => source.replaced(Cell { text, kind: CellKind::Text }),
                ValueSource::Template(template) => match template.render(row) {
                    Ok(text) => {
                        rendered = text;
                        source.replaced(Cell { text: &rendered, kind: CellKind::Text })
                    }
                    Err(problem) => {
                        record.filled[index] = true;
                        record.findings.push(Finding::new(Some(source), source.column(), "", problem));
                        continue;
                    }
                },
            };
            record.filled[index] = !cell.text.is_empty();
            if cell.text.is_empty() {
                if source.required {
                    record.findings.push(Finding::new(Some(source), source.column(), "", Problem::new("required")));
                }
                continue;
            }
            let value = &mut record.values[index];
            // The record's own id is not sent, so its form is the business of whoever looks it up.
            if !source.sent && !source.required {
                value.push_str(cell.text);
                continue;
            }
            if let Err(problem) = value::clean(&source.field, cell, value, &mut record.noticed) {
                value.clear();
                record.noticed.push(problem);
            }
            let is_refused = record.noticed.iter().any(|problem| problem.severity == Severity::Refused);
            if value.is_empty() && !is_refused {
                // What counts as nothing once a person consents.
                record.filled[index] = false;
                if source.required {
                    record.noticed.push(Problem::new("required"));
                }
            }
            for problem in record.noticed.drain(..) {
                record.findings.push(Finding::new(Some(source), source.column(), cell.text, problem));
            }
        }
        for rule in &self.rules {
            self.check_rule(rule, record);
        }
        self.check_width(row, record);
    }

    /// What the reader noticed of the row and of its cells that are sent.
    fn take_remarks(&self, row: &Row, record: &mut Record) {
        for remark in &row.remarks {
            let text = remark.column.map_or("", |column| row.cell(column).text);
            let source = remark.column.and_then(|column| self.sources.iter().find(|source| source.reads(column)));
            if remark.column.is_none() || source.is_some() {
                record.findings.push(Finding::new(source, remark.column, text, remark.problem.clone()));
            }
        }
    }

    fn check_rule(&self, rule: &RowRule, record: &mut Record) {
        match rule {
            RowRule::OneOf { sources, labels } => {
                if !sources.iter().any(|index| record.filled[*index]) {
                    let source = sources.first().map(|index| &self.sources[*index]);
                    let problem = Problem::new("one_of").with_detail("labels", labels.clone());
                    record.findings.push(Finding::new(source, source.and_then(FieldSource::column), "", problem));
                }
            }
            RowRule::Excludes { source, others } => {
                if record.filled[*source] && others.iter().any(|index| record.filled[*index]) {
                    let field = &self.sources[*source];
                    let value = record.values[*source].clone();
                    let problem = Problem::new("set_excludes");
                    record.findings.push(Finding::new(Some(field), field.column(), &value, problem));
                }
            }
        }
    }

    /// Cells beyond the header belong to no column: a value has slipped, or a comma was not quoted.
    fn check_width(&self, row: &Row, record: &mut Record) {
        if row.cells.len() <= self.width() {
            return;
        }
        let extra = (self.width()..row.cells.len()).find(|column| !row.cell(*column).text.trim().is_empty());
        if let Some(column) = extra {
            let problem = Problem::new("ragged")
                .with("line", row.line.unwrap_or(row.number))
                .with("cells", row.cells.len())
                .with("columns", self.width())
                .with("last", column_letters(self.width().saturating_sub(1)));
            record.findings.push(Finding::new(None, Some(column), row.cell(column).text.trim(), problem));
        }
    }
}

impl FieldSource {
    /// Whether the value is made of this column.
    fn reads(&self, column: usize) -> bool {
        match &self.source {
            ValueSource::Column(own) => *own == column,
            ValueSource::Constant(_) => false,
            ValueSource::Template(template) => template.columns().any(|own| own == column),
        }
    }

    /// The column a person has to look at; none for a constant, the first of a template.
    fn column(&self) -> Option<usize> {
        match &self.source {
            ValueSource::Column(column) => Some(*column),
            ValueSource::Constant(_) => None,
            ValueSource::Template(template) => template.columns().min(),
        }
    }

    /// The cell without the spaces around it; another text in its index where the mapping says so; the default when it
    /// is empty.
    fn replaced<'a>(&'a self, cell: Cell<'a>) -> Cell<'a> {
        let of_mapping = |text: &'a String| Cell { text, kind: CellKind::Text };
        let text = trimmed(cell.text);
        match (text, &self.default) {
            ("", Some(default)) => of_mapping(default),
            _ if self.values.is_empty() => Cell { text, kind: cell.kind },
            _ => self.values.get(text).map_or(Cell { text, kind: cell.kind }, of_mapping),
        }
    }
}

/// [`str::trim`], which most cells do not need.
fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}
