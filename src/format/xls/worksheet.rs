//! The cells of a sheet, and what a person sees of them.

use std::collections::HashSet;

use super::compound_file::{u16_at, u32_at};
use super::globals::Globals;
use super::records::{Record, Records, kind};
use super::text::Cursor;
use crate::format::cell::CellKind;
use crate::format::loaded_book::{LoadedSheet, MAX_CELLS};
use crate::format::row::Row;
use crate::format::xlsx::area::Area;
use crate::format::xlsx::cell_text::shortest;
use crate::format::xlsx::number_cell::{is_picture_text, push, push_number, push_text};
use crate::problem::Problem;

/// Columns of a sheet.
const MAX_COLUMNS: u16 = 256;

/// What stands in a cell.
enum Content {
    Number(f64),
    Text(String),
    Bool(bool),
    Error(u8),
    /// A formula without a result.
    Nothing,
}

struct Cell {
    row: u16,
    column: u16,
    style: u16,
    content: Content,
}

/// Why a sheet is not read.
pub(super) enum Unread {
    /// It is damaged.
    Damaged,
    /// It has more cells than are read.
    TooLarge,
}

/// Reads the sheet that begins at a place of the stream.
pub(super) fn read(stream: &[u8], start: usize, globals: &Globals) -> Result<LoadedSheet, Unread> {
    let mut sheet = LoadedSheet::default();
    let mut hidden = HashSet::new();
    let mut cells: Vec<Cell> = Vec::new();
    let mut records = Records::new(stream, start);
    for record in &mut records {
        let bytes = record.bytes();
        match record.kind {
            kind::COLUMNS => sheet.hidden_columns.extend(hidden_columns(bytes)),
            kind::ROW => {
                if let (Some(row), Some(flags)) = (u16_at(bytes, 0), u16_at(bytes, 12))
                    && flags & 0x20 != 0
                {
                    hidden.insert(row);
                }
            }
            kind::MERGES => merges(bytes, &mut sheet.merges),
            kind::TEXT_OF_FORMULA => {
                let text = Cursor::new(&record.pieces, 0).text(false).ok_or(Unread::Damaged)?;
                cells.last_mut().ok_or(Unread::Damaged)?.content = Content::Text(text);
            }
            _ => read_cells(&record, globals, &mut cells).ok_or(Unread::Damaged)?,
        }
        if cells.len() > MAX_CELLS {
            return Err(Unread::TooLarge);
        }
    }
    if !records.is_whole || cells.iter().any(|cell| cell.column >= MAX_COLUMNS) {
        return Err(Unread::Damaged);
    }
    cells.sort_by_key(|cell| (cell.row, cell.column));
    // A cell that is given twice could be either.
    if cells.windows(2).any(|pair| (pair[0].row, pair[0].column) == (pair[1].row, pair[1].column)) {
        return Err(Unread::Damaged);
    }
    for of_row in cells.chunk_by(|one, next| one.row == next.row) {
        let mut row = Row { number: u64::from(of_row[0].row) + 1, ..Row::default() };
        row.is_hidden = hidden.contains(&of_row[0].row);
        of_row.iter().for_each(|cell| push_cell(cell, globals, &mut row));
        if !row.is_blank() || !row.remarks.is_empty() {
            sheet.rows.push(row);
        }
    }
    Ok(sheet)
}

/// The cells of a record; there are none in most kinds of records.
fn read_cells(record: &Record<'_>, globals: &Globals, cells: &mut Vec<Cell>) -> Option<()> {
    let bytes = record.bytes();
    let is_cell = matches!(
        record.kind,
        kind::FORMULA
            | kind::NUMBERS
            | kind::RICH_TEXT
            | kind::SHARED_TEXT
            | kind::NUMBER
            | kind::TEXT
            | kind::BOOL_OR_ERROR
            | kind::SHORT_NUMBER
    );
    if !is_cell {
        return Some(());
    }
    let (row, column, style) = (u16_at(bytes, 0)?, u16_at(bytes, 2)?, u16_at(bytes, 4)?);
    let content = match record.kind {
        kind::NUMBERS => {
            for (column, cell) in (column..=u16::MAX).zip(bytes.get(4..bytes.len().checked_sub(2)?)?.chunks_exact(6)) {
                let content = Content::Number(short_number(u32_at(cell, 2)?));
                cells.push(Cell { row, column, style: u16_at(cell, 0)?, content });
            }
            return Some(());
        }
        kind::NUMBER => Content::Number(number(bytes, 6)?),
        kind::SHORT_NUMBER => Content::Number(short_number(u32_at(bytes, 6)?)),
        kind::SHARED_TEXT => Content::Text(globals.texts.get(u32_at(bytes, 6)? as usize)?.clone()),
        kind::BOOL_OR_ERROR if *bytes.get(7)? == 0 => Content::Bool(bytes[6] != 0),
        kind::BOOL_OR_ERROR => Content::Error(bytes[6]),
        kind::FORMULA => result(bytes, globals.is_calculated)?,
        _ => Content::Text(Cursor::new(&record.pieces, 6).text(false)?),
    };
    cells.push(Cell { row, column, style, content });
    Some(())
}

/// The result of a formula. A text follows in a record of its own.
fn result(bytes: &[u8], is_calculated: bool) -> Option<Content> {
    if u16_at(bytes, 12)? != 0xFFFF {
        let number = number(bytes, 6)?;
        // What programs write that did not calculate is 0, whatever the formula would give.
        let is_result = number != 0.0 || !gives_text(bytes.get(22..).unwrap_or_default());
        return Some(if is_result { Content::Number(number) } else { Content::Nothing });
    }
    let value = *bytes.get(8)?;
    Some(match bytes[6] {
        1 => Content::Bool(value != 0),
        2 => Content::Error(value),
        // An empty text is a result, where somebody calculated: programs that cannot write it for whatever there is.
        3 if is_calculated => Content::Text(String::new()),
        _ => Content::Nothing,
    })
}

/// Whether a formula ends in what can only give a text: texts put together, or a function of texts.
fn gives_text(tokens: &[u8]) -> bool {
    /// REPT, MID, TEXT, CHAR, LOWER, UPPER, PROPER, LEFT, RIGHT, TRIM, REPLACE, SUBSTITUTE, T, CONCATENATE.
    const OF_TEXTS: [u16; 14] = [30, 31, 48, 111, 112, 113, 114, 115, 116, 118, 119, 120, 130, 336];
    match tokens {
        [.., 0x08] => true,
        [.., 0x22 | 0x42 | 0x62, _, low, high] | [.., 0x21 | 0x41 | 0x61, low, high] => {
            OF_TEXTS.contains(&u16::from_le_bytes([*low, *high]))
        }
        _ => false,
    }
}

/// Puts a cell into its row.
fn push_cell(cell: &Cell, globals: &Globals, row: &mut Row) {
    let column = usize::from(cell.column);
    match &cell.content {
        Content::Nothing => return row.remark(Some(column), Problem::new("formula_without_result")),
        Content::Text(text) if is_picture_text(text) => {
            return row.remark(Some(column), Problem::new("picture_in_cell"));
        }
        Content::Text(text) if text.is_empty() => return,
        _ => {}
    }
    while row.cells.len() < column {
        row.cells.push_field("");
        row.kinds.push(CellKind::Text);
    }
    let kind = match &cell.content {
        Content::Number(number) => {
            push_number(globals.format(cell.style), globals.is_1904, &shortest(*number), row, column)
        }
        Content::Text(text) => push_text(globals.format(cell.style), text, row, column),
        Content::Bool(is_true) => push(row, if *is_true { "TRUE" } else { "FALSE" }, CellKind::Bool),
        Content::Error(code) => push(row, error_text(*code), CellKind::Error),
        Content::Nothing => return,
    };
    row.kinds.push(kind);
}

fn number(bytes: &[u8], at: usize) -> Option<f64> {
    let (low, high) = (u32_at(bytes, at)?, u32_at(bytes, at + 4)?);
    Some(f64::from_bits(u64::from(high) << 32 | u64::from(low)))
}

/// A number that is kept in 30 bits and two flags: whether it is whole, and whether it is a hundred times too large.
fn short_number(bits: u32) -> f64 {
    let number = match bits & 2 {
        0 => f64::from_bits(u64::from(bits & !3) << 32),
        _ => f64::from(bits.cast_signed() >> 2),
    };
    if bits & 1 == 0 { number } else { number / 100.0 }
}

fn error_text(code: u8) -> &'static str {
    match code {
        0x00 => "#NULL!",
        0x07 => "#DIV/0!",
        0x0F => "#VALUE!",
        0x17 => "#REF!",
        0x1D => "#NAME?",
        0x24 => "#NUM!",
        _ => "#N/A",
    }
}

fn hidden_columns(bytes: &[u8]) -> Option<(u32, u32)> {
    let (first, last) = (u16_at(bytes, 0)?, u16_at(bytes, 2)?);
    let is_hidden = u16_at(bytes, 8)? & 1 != 0 || u16_at(bytes, 4)? == 0;
    (is_hidden && first <= last).then_some((u32::from(first), u32::from(last)))
}

fn merges(bytes: &[u8], merges: &mut Vec<Area>) {
    for area in bytes.get(2..).unwrap_or_default().chunks_exact(8) {
        let number = |at: usize| u32::from(u16_at(area, at).unwrap_or(0));
        merges.push(Area { top: number(0), bottom: number(2), left: number(4), right: number(6) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_numbers_are_whole_or_the_first_bits_of_one() {
        assert_eq!(short_number(0x3ff0_0000), 1.0);
        assert_eq!(short_number((12_345 << 2) | 2), 12_345.0);
        assert_eq!(short_number((12_345 << 2) | 3), 123.45);
        assert_eq!(short_number((-7i32 << 2).cast_unsigned() | 2), -7.0);
    }
}
