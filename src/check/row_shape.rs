//! Rows that are no data by the look of them: totals and remarks around a table, what to fill in below its header, its
//! headings once more, a lone text where other rows have more.

use super::finding::Finding;
use super::record::Record;
use super::table_remarks::is_remark;
use super::totals::is_totals;
use crate::entity::Kind;
use crate::format::Row;
use crate::mapping::{FieldSource, Mapping, ValueSource};
use crate::problem::{Problem, Severity};
use crate::value;

/// Most filled cells of a row that is a remark.
const REMARK_CELLS: usize = 6;

impl Mapping {
    /// Notes when a row looks like no record. It waits for a person; where it could not be sent anyway, that is one more
    /// reason.
    pub(super) fn check_shape(&self, row: &Row, record: &mut Record) {
        let Some(code) = self.look(row) else { return };
        if self.has_contact(record) || self.names_record(record) {
            return;
        }
        let is_refused = record.severity() == Some(Severity::Refused);
        if is_refused && code == "lone_cell" {
            return;
        }
        let problem = if is_refused { Problem::new(code) } else { Problem::held(code) };
        record.findings.insert(0, Finding::new(None, None, first_text(row), problem));
    }

    /// What a row looks like, if not like a record.
    fn look(&self, row: &Row) -> Option<&'static str> {
        if is_totals(row) {
            return Some("totals_row_by_words");
        }
        if self.is_instruction(row) {
            return Some("instruction_row");
        }
        if self.repeats_headings(row) {
            return Some("headings_row");
        }
        let mut texts = [""; REMARK_CELLS];
        let mut filled = 0;
        for text in row.cells.iter().map(str::trim).filter(|text| !text.is_empty()) {
            *texts.get_mut(filled)? = text;
            filled += 1;
        }
        if is_remark(&texts[..filled]) {
            return Some("remark_row");
        }
        (filled == 1 && self.lone_cells_are_rare && self.width() > 2).then_some("lone_cell")
    }

    /// Whether all that stands in the columns that are sent are headings of these columns.
    fn repeats_headings(&self, row: &Row) -> bool {
        let (mut found, mut are_near) = (0, true);
        for source in &self.sources {
            let ValueSource::Column(column) = source.source else { continue };
            let text = row.cell(column).text.trim();
            if text.is_empty() {
                continue;
            }
            let text = text.trim_end_matches([':', '：', '*']);
            let is_heading = source.is_heading(text) || text == self.header(column);
            if !is_heading && !source.is_nearly_heading(text) {
                return false;
            }
            are_near &= !is_heading;
            found += 1;
        }
        found > 1 || (found == 1 && !are_near)
    }

    /// Whether a row names the record it changes.
    fn names_record(&self, record: &Record) -> bool {
        let id = self.entity.id.as_ref().filter(|_| self.entity.is_looked_up);
        id.and_then(|id| record.value(self, id)).is_some_and(|id| id.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// Whether a row names somebody who can be reached: it is data then, whatever he is called.
    fn has_contact(&self, record: &Record) -> bool {
        self.sources.iter().zip(&record.values).any(|(source, value)| match (&source.source, source.field.kind) {
            (ValueSource::Constant(_), _) => false,
            (_, Kind::Mobile | Kind::Phone) => value::is_mainland_mobile(value),
            (_, Kind::Email) => !value.is_empty(),
            _ => false,
        })
    }
}

impl FieldSource {
    /// Whether a text is nearly a name of the field: `公司名` for 公司名称, `公司地址` for 地址.
    fn is_nearly_heading(&self, text: &str) -> bool {
        let label = self.field.zh.as_str();
        !text.is_ascii()
            && (2..=LONGEST_HEADING).contains(&text.chars().count())
            && (label.contains(text) || text.contains(label))
    }

    /// Whether a text is a name of the field.
    fn is_heading(&self, text: &str) -> bool {
        let field = &self.field;
        [&field.name, &field.zh, &field.en].into_iter().chain(&field.aliases).any(|name| name == text)
    }
}

/// The longest text that may be another wording of a heading, in characters.
const LONGEST_HEADING: usize = 8;

fn first_text(row: &Row) -> &str {
    row.cells.iter().map(str::trim).find(|cell| !cell.is_empty()).unwrap_or_default()
}
