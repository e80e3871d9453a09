//! Turns a record into cells: which columns there are, under which headers, and what stands in them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;

use jiff::civil::{Date, DateTime};
use serde_json::Value;

use crate::api::as_text;
use crate::entity::{Custom, Field, Kind};
use crate::error::Result;
use crate::export::definitions::Definitions;
use crate::export::html;
use crate::export::moment::{self, Moment};
use crate::export::names::Names;
use crate::format;
use crate::refresh::text_of;

/// A cell of a batch; texts lie in the batch's own memory.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A part of the batch's text.
    Text(Range<u32>),
    /// A number.
    Number(f64),
    /// A day.
    Date(Date),
    /// A moment.
    DateTime(DateTime),
}

/// Rows on their way to the file.
#[derive(Debug, Default)]
pub struct Rows {
    text: String,
    cells: Vec<Cell>,
    width: usize,
}

impl Rows {
    /// Room for rows of `width` cells.
    pub fn new(width: usize) -> Self {
        Rows { text: String::new(), cells: Vec::new(), width }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// The rows' cells as values of a format.
    pub fn each(&self, mut write: impl FnMut(&[format::Value<'_>]) -> Result<()>) -> Result<()> {
        let mut values = Vec::with_capacity(self.width);
        for row in self.cells.chunks_exact(self.width.max(1)) {
            values.clear();
            values.extend(row.iter().map(|cell| self.value(cell)));
            write(&values)?;
        }
        Ok(())
    }

    fn value(&self, cell: &Cell) -> format::Value<'_> {
        match cell {
            Cell::Empty => format::Value::Empty,
            Cell::Text(range) => format::Value::Text(&self.text[range.start as usize..range.end as usize]),
            Cell::Number(number) => format::Value::Number(*number),
            Cell::Date(date) => format::Value::Date(*date),
            Cell::DateTime(moment) => format::Value::DateTime(*moment),
        }
    }

    /// Adds a cell with text.
    pub fn push(&mut self, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.close(start);
    }

    /// Adds a cell with a whole number.
    pub fn push_count(&mut self, number: u64) {
        self.cells.push(Cell::Number(number as f64));
    }

    fn close(&mut self, start: usize) {
        let range = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.cells.push(match self.text.len() == start {
            true => Cell::Empty,
            false => Cell::Text(range(start)..range(self.text.len())),
        });
    }
}

/// Where a column's text comes from.
#[derive(Debug, Clone)]
pub enum From<'a> {
    /// A member of the record.
    Field(&'a Field),
    /// The names of the ids in a member.
    Names(&'a Field, &'a str),
    /// A custom field.
    Custom(String),
}

/// One column.
#[derive(Debug, Clone)]
pub struct Column<'a> {
    /// Its header.
    pub title: String,
    /// Where its text comes from.
    pub from: From<'a>,
}

impl Column<'_> {
    /// The column as a format wants it.
    pub fn format(&self) -> format::Column {
        let is_text = match &self.from {
            From::Field(field) => field.is_text_column(),
            // A custom value may be a code; what else it is its definition does not always say.
            From::Custom(_) => true,
            From::Names(..) => false,
        };
        format::Column { title: self.title.clone(), is_text, required: false }
    }
}

/// Makes the headers differ from each other by adding what the column is called in the interface.
pub fn tell_apart(columns: &mut [Column<'_>]) {
    let mut seen = HashSet::new();
    for column in columns {
        if !seen.insert(column.title.clone()) {
            let name = match &column.from {
                From::Field(field) | From::Names(field, _) => &field.name,
                From::Custom(key) => key,
            };
            column.title = format!("{}（{name}）", column.title);
            seen.insert(column.title.clone());
        }
    }
}

/// How cells are written.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Codes instead of words, HTML as it is.
    pub is_raw: bool,
    /// Numbers and dates as such; otherwise as text.
    pub is_typed: bool,
    /// The language of words.
    pub language: crate::language::Language,
}

/// Turns records into rows.
#[derive(Debug)]
pub struct Shape<'a> {
    /// The columns.
    pub columns: Vec<Column<'a>>,
    /// How cells are written.
    pub style: Style,
    /// Where custom fields are.
    pub custom: &'a Custom,
    /// What they are called.
    pub definitions: Definitions,
    /// Names of ids.
    pub names: Names<'a>,
}

impl Shape<'_> {
    /// Adds a record's row, with what its own page says before what the list said.
    ///
    /// # Errors
    /// A name that cannot be looked up.
    pub fn add(&mut self, record: &Value, detail: Option<&Value>, rows: &mut Rows) -> Result<()> {
        let (columns, style, custom, names) = (&self.columns, self.style, self.custom, &mut self.names);
        let definitions = &self.definitions;
        let get = |name: &str| detail.and_then(|detail| detail.get(name)).or_else(|| record.get(name));
        let fields = get(&custom.member).and_then(Value::as_array);
        for column in columns {
            match &column.from {
                From::Field(field) => add_field(field, get(&field.name), style, rows),
                From::Names(field, entity) => {
                    let ids = get(&field.name).map(text_of).unwrap_or_default();
                    let start = rows.text.len();
                    names.of(entity, &ids, &mut rows.text)?;
                    rows.close(start);
                }
                From::Custom(key) => {
                    let is_it = |field: &&Value| field.get(&custom.key).is_some_and(|found| as_text(found) == *key);
                    let value = fields.and_then(|fields| fields.iter().find(is_it)).and_then(|f| f.get(&custom.value));
                    let text = value.map(text_of).unwrap_or_default();
                    match style.is_raw || text.is_empty() {
                        true => rows.push(&text),
                        false => rows.push(&definitions.words(key, text.into_owned())),
                    }
                }
            }
        }
        Ok(())
    }
}

fn add_field(field: &Field, value: Option<&Value>, style: Style, rows: &mut Rows) {
    let Some(value) = value else {
        rows.cells.push(Cell::Empty);
        return;
    };
    let text: Cow<'_, str> = text_of(value);
    match field.kind {
        _ if text.is_empty() => rows.cells.push(Cell::Empty),
        Kind::Date | Kind::DateTime if moment::is_unset(&text) => rows.cells.push(Cell::Empty),
        Kind::Date | Kind::DateTime => match moment::parse(&text) {
            Some(Moment::Day(day)) => rows.cells.push(Cell::Date(day)),
            Some(Moment::Time(moment)) => rows.cells.push(Cell::DateTime(moment)),
            None => rows.push(&text),
        },
        Kind::Integer | Kind::Decimal if style.is_typed => match exact_number(&text) {
            Some(number) => rows.cells.push(Cell::Number(number)),
            None => rows.push(&text),
        },
        Kind::Choice if !style.is_raw => match field.choices.iter().find(|choice| choice.value == text) {
            Some(choice) => rows.push(choice.label(style.language)),
            None => rows.push(&text),
        },
        Kind::Html if !style.is_raw => rows.push(&html::strip(&text)),
        _ => rows.push(&text),
    }
}

/// The number a text is, when a spreadsheet keeps every digit of it.
fn exact_number(text: &str) -> Option<f64> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    (is_plain && digits <= 15).then(|| text.parse().ok()).flatten().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_a_spreadsheet_keeps_are_numbers() {
        assert_eq!(exact_number("12.50"), Some(12.5));
        assert_eq!(exact_number("-3"), Some(-3.0));
        for text in ["70%", "1e5", "1234567890123456", "1-2", "nan", ""] {
            assert_eq!(exact_number(text), None, "{text}");
        }
    }
}
