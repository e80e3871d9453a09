//! The sheets in the content of an OpenDocument spreadsheet: values, what cells show of them, what is hidden and merged.

use std::collections::HashMap;

use jiff::civil::Date;
use quick_xml::events::{BytesStart, Event};

use super::spans::seconds;
use crate::error::Result;
use crate::format::cell::CellKind;
use crate::format::column_sum::summed_column;
use crate::format::loaded_book::{LoadedBook, LoadedSheet, MAX_CELLS, too_large};
use crate::format::row::{Row, Shown};
use crate::format::xlsx::area::Area;
use crate::format::xlsx::cell_text::{of_15_digits, push_iso};
use crate::format::xlsx::limits::{MAX_COLUMNS, MAX_ROWS};
use crate::format::xlsx::number_cell::{is_picture_text, push};
use crate::format::xlsx::xml::{Xml, attribute, resolved};
use crate::problem::Problem;

/// How messages call the form.
pub(super) const FORM: &str = "ODS";
/// Most bytes the content may inflate to.
pub(super) const MAX_CONTENT: u64 = 1 << 30;
/// The day that numbers count from where a spreadsheet does not say another one.
const USUAL_FIRST_DAY: Date = Date::constant(1899, 12, 30);
/// Seconds of a day.
const DAY: f64 = 86_400.0;

/// Reads all sheets.
///
/// # Errors
/// Content that is damaged, or has more cells than are read.
pub(super) fn read(xml: &mut Xml<'_>, shown: &str) -> Result<LoadedBook> {
    let mut content = Content { xml, shown, buffer: Vec::new(), cells: 0 };
    let mut book = LoadedBook::default();
    // Whether the sheets of a style are shown.
    let mut styles: HashMap<String, bool> = HashMap::new();
    let mut style = String::new();
    while let Some(element) = content.xml.next_start(&mut content.buffer)? {
        match element.local_name().as_ref() {
            "style" => style = attribute(&element, "style:name").unwrap_or_default().into_owned(),
            "table-properties" => {
                let is_shown = attribute(&element, "table:display").is_none_or(|display| display != "false");
                styles.insert(style.clone(), is_shown);
            }
            "table" => {
                let of_style = attribute(&element, "table:style-name").and_then(|style| styles.get(&*style).copied());
                let name = attribute(&element, "table:name").unwrap_or_default().into_owned();
                let sheet = content.read_table()?;
                book.sheets.push(LoadedSheet { name, is_visible: of_style.unwrap_or(true), ..sheet });
            }
            "null-date" => book.days_later = days_later(attribute(&element, "table:date-value").as_deref()),
            // What was changed, and was there before.
            "tracked-changes" => content.xml.skip(&mut content.buffer)?,
            _ => {}
        }
    }
    Ok(book)
}

struct Content<'x, 'a> {
    xml: &'x mut Xml<'a>,
    shown: &'x str,
    buffer: Vec<u8>,
    /// Cells that were read so far.
    cells: usize,
}

/// What an element of a cell says.
#[derive(Default)]
struct CellParts {
    kind: String,
    value: String,
    has_value: bool,
    is_error: bool,
    has_formula: bool,
    /// The column of which a formula takes several rows together.
    summed_column: Option<usize>,
    /// How often it stands there, in columns.
    repeated: u32,
    spans: (u32, u32),
}

impl Content<'_, '_> {
    /// Reads the sheet that has just begun.
    fn read_table(&mut self) -> Result<LoadedSheet> {
        let mut sheet = LoadedSheet::default();
        let (mut next_row, mut next_column) = (0u32, 0u32);
        // Groups of rows or columns that are folded, one in another.
        let mut folded: Vec<bool> = Vec::new();
        loop {
            match self.xml.next(&mut self.buffer)? {
                Event::Start(element) => {
                    let element = element.into_owned();
                    let is_hidden = folded.contains(&true) || is_hidden(&element);
                    match element.local_name().as_ref() {
                        "table-column" => {
                            let last = next_column.saturating_add(repeated(&element, "table:number-columns-repeated"));
                            if is_hidden && next_column < MAX_COLUMNS {
                                sheet.hidden_columns.push((next_column, last.min(MAX_COLUMNS) - 1));
                            }
                            next_column = last;
                        }
                        "table-row" => {
                            let times = repeated(&element, "table:number-rows-repeated");
                            let mut row = Row::default();
                            self.read_row(&mut row, next_row, &mut sheet.merges)?;
                            row.is_hidden = is_hidden;
                            if !row.is_blank() || !row.remarks.is_empty() {
                                self.repeat(&row, next_row, times, &mut sheet.rows)?;
                            }
                            next_row = next_row.saturating_add(times);
                        }
                        "table-row-group" | "table-column-group" => {
                            folded.push(attribute(&element, "table:display").is_some_and(|display| display == "false"));
                        }
                        // Drawings, forms and what a sheet was copied from.
                        "shapes" | "forms" | "table-source" | "scenario" => self.xml.skip(&mut self.buffer)?,
                        _ => {}
                    }
                }
                Event::End(element) => match element.local_name().as_ref() {
                    "table" => return Ok(sheet),
                    "table-row-group" | "table-column-group" => drop(folded.pop()),
                    _ => {}
                },
                Event::Eof => return Err(self.xml.cut_off()),
                _ => {}
            }
        }
    }

    /// Puts a row down as often as it stands there.
    fn repeat(&mut self, row: &Row, first: u32, times: u32, rows: &mut Vec<Row>) -> Result<()> {
        for index in first..first.saturating_add(times) {
            self.count(row.cells.len().max(1))?;
            if index >= MAX_ROWS {
                return Err(too_large(self.shown, FORM));
            }
            rows.push(Row { number: u64::from(index) + 1, ..row.clone() });
        }
        Ok(())
    }

    fn count(&mut self, cells: usize) -> Result<()> {
        self.cells += cells;
        if self.cells > MAX_CELLS {
            return Err(too_large(self.shown, FORM));
        }
        Ok(())
    }

    /// Reads the cells of the row that has just begun.
    fn read_row(&mut self, row: &mut Row, index: u32, merges: &mut Vec<Area>) -> Result<()> {
        let mut column = 0u32;
        loop {
            let element = match self.xml.next(&mut self.buffer)? {
                Event::Start(element) => element.into_owned(),
                Event::End(element) if element.local_name().as_ref() == "table-row" => return Ok(()),
                Event::Eof => return Err(self.xml.cut_off()),
                _ => continue,
            };
            if !matches!(element.local_name().as_ref(), "table-cell" | "covered-table-cell") {
                self.xml.skip(&mut self.buffer)?;
                continue;
            }
            let mut parts = CellParts::of(&element);
            let (text, paragraphs) = self.read_text()?;
            // A formula that has come to nothing shows an empty paragraph, and one that was never calculated none.
            parts.has_value |= parts.has_formula && paragraphs > 0;
            let (rows, columns) = parts.spans;
            if rows > 1 || columns > 1 {
                let (bottom, right) = (index.saturating_add(rows - 1), column.saturating_add(columns - 1));
                merges.push(Area { top: index, left: column, bottom, right });
            }
            row.has_column_sum |= parts.summed_column == Some(column as usize);
            let last = column.saturating_add(parts.repeated);
            if parts.has_value || parts.has_formula || !text.is_empty() {
                if last > MAX_COLUMNS {
                    return Err(too_large(self.shown, FORM));
                }
                for column in column..last {
                    push_cell(row, column as usize, &parts, &text);
                }
            }
            column = last;
        }
    }

    /// What the cell that has just begun shows, up to its end, and in how many paragraphs. Notes and drawings are no part of it.
    fn read_text(&mut self) -> Result<(String, usize)> {
        let mut text = String::new();
        let (mut depth, mut paragraphs) = (0, 0);
        loop {
            match self.xml.next(&mut self.buffer)? {
                Event::Start(element) => {
                    let spaces = repeated(&element, "text:c");
                    match element.local_name().as_ref() {
                        "annotation" | "frame" | "custom-shape" | "g" | "control" | "line" => {
                            self.xml.skip(&mut self.buffer)?;
                            continue;
                        }
                        "p" => {
                            if paragraphs > 0 {
                                text.push('\n');
                            }
                            paragraphs += 1;
                        }
                        "s" => (0..spaces.min(1 << 16)).for_each(|_| text.push(' ')),
                        "tab" => text.push('\t'),
                        "line-break" => text.push('\n'),
                        _ => {}
                    }
                    depth += 1;
                }
                Event::End(_) if depth == 0 => return Ok((text, paragraphs)),
                Event::End(_) => depth -= 1,
                // Between paragraphs stands nothing.
                Event::Text(piece) if depth > 0 => push_collapsed(&piece.xml10_content(), &mut text),
                Event::CData(piece) if depth > 0 => push_collapsed(&piece.xml10_content(), &mut text),
                Event::GeneralRef(reference) if depth > 0 => text.push_str(&resolved(&reference)),
                Event::Eof => return Err(self.xml.cut_off()),
                _ => {}
            }
        }
    }
}

impl CellParts {
    fn of(element: &BytesStart<'_>) -> CellParts {
        let mut parts = CellParts {
            repeated: repeated(element, "table:number-columns-repeated"),
            spans: (repeated(element, "table:number-rows-spanned"), repeated(element, "table:number-columns-spanned")),
            ..CellParts::default()
        };
        for (name, is_value) in [
            ("office:value-type", false),
            ("office:value", true),
            ("office:date-value", true),
            ("office:time-value", true),
            ("office:boolean-value", true),
            ("office:string-value", true),
        ] {
            match attribute(element, name) {
                Some(value) if is_value => {
                    parts.has_value = true;
                    parts.value = value.into_owned();
                }
                Some(kind) => parts.kind = kind.into_owned(),
                None => {}
            }
        }
        parts.has_value |= !parts.kind.is_empty();
        let formula = attribute(element, "table:formula");
        parts.has_formula = formula.is_some();
        parts.summed_column = formula.and_then(|formula| summed_column(&formula));
        parts.is_error = attribute(element, "calcext:value-type").is_some_and(|kind| kind == "error");
        parts
    }
}

/// Puts a cell into its column.
fn push_cell(row: &mut Row, column: usize, parts: &CellParts, text: &str) {
    if parts.has_formula && !parts.has_value && text.is_empty() {
        return row.remark(Some(column), Problem::new("formula_without_result"));
    }
    if is_picture_text(text) {
        return row.remark(Some(column), Problem::new("picture_in_cell"));
    }
    let (held, kind) = value(parts, text);
    if held.is_empty() {
        return;
    }
    while row.cells.len() < column {
        row.cells.push_field("");
        row.kinds.push(CellKind::Text);
    }
    let shows_more = match parts.kind.as_str() {
        "float" | "percentage" | "currency" | "time" => true,
        "date" => !shows_whole_day(text),
        _ => false,
    };
    if shows_more && kind != CellKind::Error && !text.is_empty() && text != held {
        row.shown.push(Shown { column, text: Some(text.to_owned()) });
    }
    let kind = push(row, &held, kind);
    row.kinds.push(kind);
}

/// Whether a text may be a whole day: three numbers, or two beside the name of a month.
fn shows_whole_day(text: &str) -> bool {
    let without_clock = text.split(' ').filter(|part| !part.contains(':')).collect::<Vec<_>>().join(" ");
    let numbers = without_clock.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty()).count();
    let has_month = without_clock.split(|c: char| !c.is_ascii_alphabetic()).any(|part| part.len() >= 3);
    numbers >= 3 || (numbers == 2 && has_month)
}

/// What a cell holds.
fn value(parts: &CellParts, text: &str) -> (String, CellKind) {
    // Programs that have no word for an error give it as a number that is shown as one.
    let is_number = matches!(parts.kind.as_str(), "float" | "percentage" | "currency");
    let shows_error = parts.has_formula && is_number && (text.starts_with('#') || text.starts_with("Err:"));
    if parts.is_error || shows_error {
        return (text.to_owned(), CellKind::Error);
    }
    let as_shown = || (text.to_owned(), CellKind::Text);
    match parts.kind.as_str() {
        "float" | "percentage" | "currency" => match parts.value.parse::<f64>() {
            Ok(number) if number.is_finite() => (of_15_digits(number), CellKind::Number),
            _ => as_shown(),
        },
        "date" => {
            let mut date = String::new();
            let kind = push_iso(&parts.value, &mut date);
            (date, kind)
        }
        "time" => match seconds(&parts.value) {
            Some(seconds) if (0.0..DAY).contains(&seconds) => {
                let whole = seconds.round() as u32;
                (format!("{:02}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60), CellKind::Text)
            }
            Some(seconds) => (of_15_digits(seconds / DAY), CellKind::Number),
            None => as_shown(),
        },
        "boolean" => (if parts.value == "true" { "TRUE" } else { "FALSE" }.to_owned(), CellKind::Bool),
        // A text is given in its paragraphs, or by itself where it has none.
        _ if text.is_empty() => (parts.value.clone(), CellKind::Text),
        _ => as_shown(),
    }
}

/// Appends text in which runs of spaces are one, as everywhere in the format: those that are meant are elements.
fn push_collapsed(piece: &str, text: &mut String) {
    for c in piece.chars() {
        if !matches!(c, ' ' | '\t' | '\r' | '\n') {
            text.push(c);
        } else if !text.ends_with([' ', '\n']) && !text.is_empty() {
            text.push(' ');
        }
    }
}

/// How many days later than usual the day is that numbers count from.
fn days_later(first: Option<&str>) -> i64 {
    let day = first.and_then(|day| day.get(..10)).and_then(|day| day.parse::<Date>().ok());
    day.map_or(0, |day| day.duration_since(USUAL_FIRST_DAY).as_hours() / 24)
}

/// A number of times or of cells; 1 where nothing is said.
fn repeated(element: &BytesStart<'_>, name: &str) -> u32 {
    attribute(element, name).and_then(|times| times.trim().parse().ok()).unwrap_or(1).max(1)
}

fn is_hidden(element: &BytesStart<'_>) -> bool {
    attribute(element, "table:visibility").is_some_and(|visibility| visibility != "visible")
}
