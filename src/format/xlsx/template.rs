//! How a workbook made by `bw8 template` says what it is: the same facts in its document properties and on a very-hidden
//! sheet, because spreadsheet programs drop now the one, now the other.

use std::collections::BTreeMap;
use std::io::{Read, Seek};

use calamine::{DataType, Xlsx};

use crate::format::row::Row;

/// The sheet that explains the columns; it holds no data.
pub const EXPLANATION: &str = "填写说明";
/// The very-hidden sheet that repeats the facts, names in its first column and values in its second.
pub const HIDDEN: &str = "bw8";
/// Begins the name of every fact.
pub const PREFIX: &str = "bw8.";
/// Begins the name of a fact that holds the example of a column; the column's title follows.
pub const EXAMPLE: &str = "bw8.example.";

/// Most facts that are read from the hidden sheet.
const MAX_FACTS: u32 = 1_000;

/// The example row of a template: texts by the title of their column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Example(BTreeMap<String, String>);

impl Example {
    /// Whether this row is the example as the template brought it. Columns may have been moved or removed since; a
    /// changed or added value makes it data.
    pub fn is(&self, header: &[String], row: &Row) -> bool {
        let mut matched = 0;
        for column in 0..header.len().max(row.cells.len()) {
            let expected = header.get(column).and_then(|title| self.0.get(title)).map_or("", String::as_str);
            if row.cell(column).text != expected {
                return false;
            }
            matched += usize::from(!expected.is_empty());
        }
        matched > 0
    }
}

/// The example row a workbook says it has.
pub fn read_example<R: Read + Seek>(workbook: &mut Xlsx<R>) -> Option<Example> {
    // A program that wrote its properties badly may have kept the sheet.
    let properties = workbook.workbook_properties().map(|properties| properties.custom_properties).unwrap_or_default();
    let facts = properties.into_iter().chain(read_hidden(workbook));
    let texts: BTreeMap<_, _> =
        facts.filter_map(|(name, value)| Some((name.strip_prefix(EXAMPLE)?.to_owned(), value))).collect();
    (!texts.is_empty()).then_some(Example(texts))
}

fn read_hidden<R: Read + Seek>(workbook: &mut Xlsx<R>) -> Vec<(String, String)> {
    let mut facts: Vec<(String, String)> = Vec::new();
    let Ok(mut cells) = workbook.worksheet_cells_reader(HIDDEN) else {
        return facts;
    };
    while let Ok(Some(cell)) = cells.next_cell() {
        let ((row, column), text) = (cell.get_position(), cell.get_value().get_string().unwrap_or_default());
        match column {
            _ if row > MAX_FACTS => break,
            0 => facts.push((text.to_owned(), String::new())),
            1 => {
                if let Some((_, value)) = facts.last_mut() {
                    value.push_str(text);
                }
            }
            _ => {}
        }
    }
    facts
}
