//! The rows of a sheet as a person sees them: the texts of their cells, what is hidden of them, and what only looks like a
//! value.

use quick_xml::events::{BytesStart, Event};

use super::area::{self, Area};
use super::book::{Book, SheetEntry};
use super::cell_text::push_iso;
use super::limits::{MAX_COLUMNS, MAX_ROWS};
use super::number_cell::{is_picture_text, push, push_number, push_text};
use super::number_format::Meaning;
use super::package::{MAX_SHEET, Package};
use super::sight::Sight;
use super::strings::read_runs;
use super::tail::Tail;
use super::xml::{Xml, attribute, is_true};
use crate::error::{Error, Result};
use crate::format::cell::CellKind;
use crate::format::column_sum::summed_column;
use crate::format::row::{Row, Shown};
use crate::problem::Problem;
use crate::t;

/// Most ranges of columns a sheet may describe.
const MAX_COLUMN_RANGES: usize = MAX_COLUMNS as usize;
/// Most ranges that formulas fill at a time.
const MAX_ARRAYS: usize = 1000;

/// The rows of a sheet, one after another.
pub(super) struct Rows<'a> {
    xml: Xml<'a>,
    book: &'a Book,
    sight: Sight,
    /// The row that was read last, counted from 1; 0 before the first.
    number: u32,
    ended: bool,
    buffer: Vec<u8>,
    cell: CellParts,
    /// Cells further down or to the right that formulas above or before them fill.
    filled_by_formulas: Vec<Area>,
}

/// What stands in a cell.
#[derive(Debug, Default)]
struct CellParts {
    /// The type it has, as the format calls it.
    kind: CellType,
    style: usize,
    /// Whether it refers to a value that is kept elsewhere: a picture, or what a service knows of it.
    has_rich_value: bool,
    has_formula: bool,
    is_picture: bool,
    /// The column of which a formula takes several rows together.
    summed_column: Option<usize>,
    has_value: bool,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum CellType {
    #[default]
    Number,
    Shared,
    Text,
    Bool,
    Error,
    Date,
}

impl<'a> Rows<'a> {
    /// Begins with the first row of a sheet. `tail` is what was found behind its rows, if anybody looked.
    ///
    /// # Errors
    /// A sheet that is damaged.
    pub(super) fn open(package: &'a mut Package, book: &'a Book, sheet: &SheetEntry, tail: Tail) -> Result<Rows<'a>> {
        let shown = package.shown().to_owned();
        let missing = || super::error::damaged(&shown, &t!("xlsx.missing_part", part = sheet.path));
        let mut xml = package.part(&sheet.path, MAX_SHEET)?.ok_or_else(missing)?;
        let mut buffer = Vec::new();
        let mut hidden_columns = Vec::new();
        loop {
            let Some(element) = xml.next_start(&mut buffer)? else { return Err(xml.cut_off()) };
            match element.local_name().as_ref() {
                "sheetData" => break,
                "col" if hidden_columns.len() < MAX_COLUMN_RANGES => hidden_columns.extend(hidden_range(&element)),
                _ => {}
            }
        }
        Ok(Rows {
            xml,
            book,
            sight: Sight::new(tail, hidden_columns),
            number: 0,
            ended: false,
            buffer,
            cell: CellParts::default(),
            filled_by_formulas: Vec::new(),
        })
    }

    /// The same rows; cells that are merged downwards take the value of the first of them when `fills` says so.
    pub(super) fn filling(mut self, fills: bool) -> Self {
        self.sight.set_fills(fills);
        self
    }

    /// Reads the next row, blank or not; false at the end.
    ///
    /// # Errors
    /// A row that is damaged.
    pub(super) fn read(&mut self, row: &mut Row) -> Result<bool> {
        row.clear();
        if self.ended {
            return Ok(false);
        }
        let is_hidden = loop {
            match self.xml.next(&mut self.buffer)? {
                Event::Start(element) if element.local_name().as_ref() == "row" => {
                    let number = attribute(&element, "r").map(|number| number.trim().parse::<u32>().unwrap_or(0));
                    let is_hidden =
                        is_true(attribute(&element, "hidden")) || is_zero(attribute(&element, "ht").as_deref());
                    // A row that does not say its number follows the one before.
                    match number {
                        Some(number) if number > self.number && number <= MAX_ROWS => self.number = number,
                        Some(_) => return Err(self.out_of_order()),
                        None => self.number += 1,
                    }
                    self.read_cells(row, number.is_some())?;
                    break is_hidden;
                }
                Event::End(element) if element.local_name().as_ref() == "sheetData" => {
                    self.ended = true;
                    return Ok(false);
                }
                Event::Eof => return Err(self.xml.cut_off()),
                _ => {}
            }
        };
        row.number = u64::from(self.number);
        row.is_hidden = is_hidden;
        Ok(true)
    }

    /// Says of the row that was read what a person sees of it and the cells do not tell.
    pub(super) fn remark(&mut self, row: &mut Row, width: usize) {
        self.sight.remark(row, width);
    }

    /// Reads the cells of the row that has just begun.
    fn read_cells(&mut self, row: &mut Row, is_numbered: bool) -> Result<()> {
        let mut next_column = 0;
        let mut is_first = true;
        loop {
            let reference = match self.xml.next(&mut self.buffer)? {
                Event::Start(element) if element.local_name().as_ref() == "c" => self.cell.begin(&element),
                Event::End(element) if element.local_name().as_ref() == "row" => return Ok(()),
                Event::Eof => return Err(self.xml.cut_off()),
                _ => continue,
            };
            let column = match reference {
                Reference::Next => next_column,
                Reference::Wrong => return Err(self.out_of_order()),
                Reference::At(at, column) => {
                    // The first cell tells the number of a row that does not say it.
                    if is_first && !is_numbered && at + 1 >= self.number {
                        self.number = at + 1;
                    }
                    if at + 1 != self.number || column < next_column {
                        return Err(self.out_of_order());
                    }
                    column
                }
            };
            // A cell given twice or out of order could only be put in the wrong column or row.
            if column >= MAX_COLUMNS || self.number > MAX_ROWS {
                return Err(self.out_of_order());
            }
            is_first = false;
            next_column = column + 1;
            self.read_cell()?;
            self.push_cell(row, column as usize)?;
        }
    }

    /// Reads what stands in the cell that has just begun.
    fn read_cell(&mut self) -> Result<()> {
        let cell = &mut self.cell;
        loop {
            let part = match self.xml.next(&mut self.buffer)? {
                Event::Start(element) => match element.local_name().as_ref() {
                    "v" => Part::Value,
                    "is" => Part::Inline,
                    "f" => {
                        let area = attribute(&element, "ref")
                            .filter(|_| is_array(&element))
                            .and_then(|area| Area::of_reference(&area));
                        let is_larger = |area: &Area| area.bottom > area.top || area.right > area.left;
                        self.filled_by_formulas.retain(|area| area.bottom + 1 >= self.number);
                        if self.filled_by_formulas.len() < MAX_ARRAYS {
                            self.filled_by_formulas.extend(area.filter(is_larger));
                        }
                        Part::Formula
                    }
                    _ => Part::Other,
                },
                Event::End(element) if element.local_name().as_ref() == "c" => return Ok(()),
                Event::Eof => return Err(self.xml.cut_off()),
                _ => continue,
            };
            match part {
                Part::Value => {
                    cell.has_value = true;
                    self.xml.text(&mut self.buffer, &mut cell.text)?;
                }
                Part::Inline => {
                    cell.has_value = true;
                    cell.text.clear();
                    read_runs(&mut self.xml, &mut self.buffer, &mut cell.text)?;
                }
                Part::Formula => {
                    cell.has_formula = true;
                    let start = cell.text.len();
                    self.xml.text(&mut self.buffer, &mut cell.text)?;
                    cell.is_picture |= shows_picture(&cell.text[start..]);
                    cell.summed_column = summed_column(&cell.text[start..]);
                    cell.text.truncate(start);
                }
                Part::Other => self.xml.skip(&mut self.buffer)?,
            }
        }
    }

    /// Puts the cell into its column.
    fn push_cell(&mut self, row: &mut Row, column: usize) -> Result<()> {
        let (cell, book) = (&self.cell, self.book);
        row.has_column_sum |= cell.summed_column == Some(column);
        let text = cell.text.as_str();
        if cell.is_picture || is_picture_text(text) || (cell.has_rich_value && cell.kind == CellType::Error) {
            row.remark(Some(column), Problem::new("picture_in_cell"));
            return Ok(());
        }
        let at = (self.number - 1, u32::try_from(column).unwrap_or(u32::MAX));
        let is_in = |area: &Area| area.rows().contains(&at.0) && area.columns().contains(&at.1);
        if cell.has_formula || self.filled_by_formulas.iter().any(is_in) {
            // An empty text is a result, too.
            if !cell.has_value || (text.is_empty() && cell.kind != CellType::Text) {
                row.remark(Some(column), Problem::new("formula_without_result"));
                return Ok(());
            }
            if book.is_uncalculated {
                // What programs write that cannot calculate is 0, whatever the formula would give.
                row.remark(
                    Some(column),
                    match text {
                        "0" => Problem::new("formula_without_result"),
                        _ => Problem::held("formula_not_calculated"),
                    },
                );
            }
        }
        if text.is_empty() {
            return Ok(());
        }
        while row.cells.len() < column {
            row.cells.push_field("");
            row.kinds.push(CellKind::Text);
        }
        let kind = match cell.kind {
            CellType::Text => push_text(book.looks.format(cell.style), text, row, column),
            CellType::Error => push(row, text, CellKind::Error),
            CellType::Shared => {
                let shared = text.trim().parse().ok().and_then(|index| book.strings.get(index));
                let Some(shared) = shared else { return Err(self.damaged(&t!("xlsx.no_such_text"))) };
                if is_picture_text(shared) {
                    row.remark(Some(column), Problem::new("picture_in_cell"));
                    return Ok(());
                }
                push_text(book.looks.format(cell.style), shared, row, column)
            }
            CellType::Bool => {
                let is_true = text.trim() == "1" || text.trim().eq_ignore_ascii_case("true");
                push(row, if is_true { "TRUE" } else { "FALSE" }, CellKind::Bool)
            }
            CellType::Date => {
                let mut date = String::new();
                let kind = push_iso(text, &mut date);
                let format = book.looks.format(cell.style);
                if format.meaning == Meaning::Day
                    && let Some(text) = format.show_part_of_day(&date)
                {
                    row.shown.push(Shown { column, text: Some(text) });
                }
                push(row, &date, kind)
            }
            CellType::Number => push_number(book.looks.format(cell.style), book.looks.is_1904, text, row, column),
        };
        row.kinds.push(kind);
        Ok(())
    }

    fn out_of_order(&self) -> Error {
        self.xml.damaged(&t!("xlsx.order", row = self.number))
    }

    fn damaged(&self, why: &str) -> Error {
        self.xml.damaged(&t!("xlsx.after_row", row = self.number - 1, why = why))
    }
}

enum Part {
    Value,
    Inline,
    Formula,
    Other,
}

/// Where a cell says it stands.
enum Reference {
    /// It does not say: behind the one before.
    Next,
    /// Row and column, counted from 0.
    At(u32, u32),
    /// Where no cell can be.
    Wrong,
}

impl CellParts {
    /// Takes what the element of a cell says, and tells where it stands.
    fn begin(&mut self, element: &BytesStart<'_>) -> Reference {
        let text = std::mem::take(&mut self.text);
        *self = CellParts { text, ..CellParts::default() };
        self.text.clear();
        let mut reference = Reference::Next;
        let mut attributes = element.attributes();
        for attribute in attributes.with_checks(false).flatten() {
            let value = attribute.value.as_ref();
            match attribute.key.as_ref() {
                "r" => {
                    reference = area::cell(value).map_or(Reference::Wrong, |(row, column)| Reference::At(row, column));
                }
                "s" => self.style = value.parse().unwrap_or(0),
                "t" => {
                    self.kind = match value {
                        "s" => CellType::Shared,
                        "str" | "inlineStr" => CellType::Text,
                        "b" => CellType::Bool,
                        "e" => CellType::Error,
                        "d" => CellType::Date,
                        _ => CellType::Number,
                    }
                }
                "vm" => self.has_rich_value = true,
                _ => {}
            }
        }
        reference
    }
}

/// Whether a formula fills more cells than its own.
fn is_array(element: &BytesStart<'_>) -> bool {
    attribute(element, "t").is_some_and(|kind| kind == "array")
}

/// Whether a formula is a picture in the cell.
fn shows_picture(formula: &str) -> bool {
    let formula = formula.strip_prefix('=').unwrap_or(formula);
    let formula = formula.strip_prefix("_xlfn.").unwrap_or(formula);
    let begins = |name: &str| formula.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    begins("DISPIMG(") || begins("IMAGE(")
}

/// First and last column, counted from 0, of columns that nobody sees.
fn hidden_range(element: &BytesStart<'_>) -> Option<(u32, u32)> {
    let is_hidden = is_true(attribute(element, "hidden")) || is_zero(attribute(element, "width").as_deref());
    let number = |name: &str| attribute(element, name)?.trim().parse::<u32>().ok()?.checked_sub(1);
    let (first, last) = (number("min")?, number("max")?);
    (is_hidden && first <= last).then_some((first, last.min(MAX_COLUMNS - 1)))
}

fn is_zero(size: Option<&str>) -> bool {
    size.and_then(|size| size.trim().parse::<f64>().ok()) == Some(0.0)
}
