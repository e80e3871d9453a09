//! A value that is written into a cell.

use super::cell::{Cell, CellKind};

/// A value to write.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Empty,
    /// JSON as it stands: a line of JSON Lines, or a part of one. Elsewhere a text.
    Json(&'a str),
    /// Text, which no program may take for a number or a formula.
    Text(&'a str),
    /// A number.
    Number(f64),
    /// A day.
    Date(jiff::civil::Date),
    /// A moment without a zone.
    DateTime(jiff::civil::DateTime),
}

impl<'a> Value<'a> {
    /// The value that writes a cell back as it was read.
    pub fn of_cell(cell: Cell<'a>) -> Self {
        match cell.kind {
            _ if cell.text.is_empty() => Value::Empty,
            CellKind::Number => cell.text.parse().map_or(Value::Text(cell.text), Value::Number),
            CellKind::Date => cell.text.parse().map_or(Value::Text(cell.text), Value::Date),
            CellKind::DateTime => jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", cell.text)
                .map_or(Value::Text(cell.text), Value::DateTime),
            CellKind::Text | CellKind::Bool | CellKind::Error => Value::Text(cell.text),
        }
    }
}
