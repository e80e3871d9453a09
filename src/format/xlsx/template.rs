//! How a workbook of ours, a template or an export, says what it is: the same facts in its document properties and on a very-hidden
//! sheet, because spreadsheet programs drop now the one, now the other.

use std::collections::BTreeMap;

use super::book::Book;
use super::package::{MAX_SMALL, Package};
use super::rows::Rows;
use super::tail::Tail;
use super::xml::{Xml, attribute};
use crate::error::Result;
use crate::format::row::Row;

/// The sheet that explains the columns, in Chinese and English; it holds no data.
pub const EXPLANATION: [&str; 2] = ["填写说明", "How to fill in"];
/// The very-hidden sheet that repeats the facts, names in its first column and values in its second.
pub const HIDDEN: &str = "bw8";
/// Begins the name of every fact.
pub const PREFIX: &str = "bw8.";
/// Begins the name of a fact that holds the example of a column; the column's title follows.
pub const EXAMPLE: &str = "bw8.example.";

/// The fact that names the export a workbook is of.
pub const EXPORT: &str = "bw8.export";

/// Most facts that are read from the hidden sheet.
const MAX_FACTS: usize = 1_000;

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

/// What a workbook of ours says of itself, names and values.
pub(super) struct Facts(Vec<(String, String)>);

impl Facts {
    /// Reads them; none of another program's workbook.
    pub(super) fn read(package: &mut Package, book: &Book) -> Facts {
        // A program that wrote its properties badly may have kept the sheet. Neither needs to be sound.
        let mut facts = read_properties(package).unwrap_or_default();
        facts.extend(read_hidden(package, book).unwrap_or_default());
        Facts(facts)
    }

    /// The example row it has.
    pub(super) fn example(&self) -> Option<Example> {
        let example = |(name, value): &(String, String)| Some((name.strip_prefix(EXAMPLE)?.to_owned(), value.clone()));
        let texts: BTreeMap<_, _> = self.0.iter().filter_map(example).collect();
        (!texts.is_empty()).then_some(Example(texts))
    }

    /// The export it is of.
    pub(super) fn export(&self) -> Option<String> {
        self.0.iter().find(|(name, _)| name == EXPORT).map(|(_, value)| value.trim().to_owned())
    }
}

/// The names and values of the document's own properties.
fn read_properties(package: &mut Package) -> Result<Vec<(String, String)>> {
    let parts = package.relationships("")?;
    let is_meant = |kind: &str| matches!(kind, "custom-properties" | "customProperties");
    let Some(part) = parts.iter().find(|part| is_meant(&part.kind)) else { return Ok(Vec::new()) };
    let Some(mut xml) = package.part(&part.path, MAX_SMALL)? else { return Ok(Vec::new()) };
    let mut buffer = Vec::new();
    let mut facts = Vec::new();
    while let Some(element) = xml.next_start(&mut buffer)? {
        if element.local_name().as_ref() == "property" && facts.len() < MAX_FACTS {
            let name = attribute(&element, "name").unwrap_or_default().into_owned();
            facts.push((name, read_value(&mut xml, &mut buffer)?));
        }
    }
    Ok(facts)
}

/// The text of the one value in a property.
fn read_value(xml: &mut Xml<'_>, buffer: &mut Vec<u8>) -> Result<String> {
    let mut value = String::new();
    if xml.next_start(buffer)?.is_some() {
        xml.text(buffer, &mut value)?;
    }
    Ok(value)
}

fn read_hidden(package: &mut Package, book: &Book) -> Result<Vec<(String, String)>> {
    let Some(sheet) = book.sheets.iter().find(|sheet| sheet.name == HIDDEN) else { return Ok(Vec::new()) };
    let mut rows = Rows::open(package, book, sheet, Tail::default())?;
    let (mut facts, mut row) = (Vec::new(), Row::default());
    while facts.len() < MAX_FACTS && rows.read(&mut row)? {
        if !row.cell(0).text.is_empty() {
            facts.push((row.cell(0).text.to_owned(), row.cell(1).text.to_owned()));
        }
    }
    Ok(facts)
}
