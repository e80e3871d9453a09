//! What a workbook says of itself before its sheets: their names and places, the texts they share, how numbers look, how
//! days are counted.

use std::collections::HashMap;

use super::compound_file::{u16_at, u32_at};
use super::records::{Records, kind};
use super::text::Cursor;
use crate::format::xlsx::number_format::NumberFormat;

/// What records of Excel 97 and later begin with.
const VERSION: u16 = 0x0600;

/// A sheet, and where it begins.
pub(super) struct SheetEntry {
    pub name: String,
    pub start: usize,
    pub is_visible: bool,
}

/// What a workbook says of itself.
#[derive(Default)]
pub(super) struct Globals {
    /// Its sheets with cells, in the order of their tabs.
    pub sheets: Vec<SheetEntry>,
    /// The texts that cells share.
    pub texts: Vec<String>,
    /// Whether days are counted from 1904.
    pub is_1904: bool,
    /// Whether it was saved by a program that calculates.
    pub is_calculated: bool,
    codes: HashMap<u16, NumberFormat>,
    styles: Vec<u16>,
}

/// Why a workbook is not read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unread {
    /// It is older than Excel 97.
    Old,
    /// It has a password.
    Encrypted,
    /// It is damaged.
    Damaged,
}

impl Globals {
    /// Reads the beginning of the stream.
    pub(super) fn read(stream: &[u8]) -> Result<Globals, Unread> {
        let mut globals = Globals::default();
        let mut records = Records::new(stream, 0);
        let first = records.next().ok_or(Unread::Damaged)?;
        if first.kind != kind::BEGIN || u16_at(first.bytes(), 0) != Some(VERSION) {
            return Err(Unread::Old);
        }
        for record in &mut records {
            let bytes = record.bytes();
            match record.kind {
                kind::PASSWORD => return Err(Unread::Encrypted),
                kind::CALENDAR => globals.is_1904 = u16_at(bytes, 0) == Some(1),
                kind::CALCULATED_BY => globals.is_calculated = true,
                kind::FORMAT => {
                    let format = u16_at(bytes, 0).zip(Cursor::new(&record.pieces, 2).text(false));
                    let (id, code) = format.ok_or(Unread::Damaged)?;
                    globals.codes.insert(id, NumberFormat::of_code(&code));
                }
                kind::STYLE => globals.styles.push(u16_at(bytes, 2).unwrap_or(0)),
                kind::SHEET => {
                    // Charts and macros hold no cells.
                    if bytes.get(5) == Some(&0) {
                        let name = Cursor::new(&record.pieces, 6).text(true);
                        let (start, name) = u32_at(bytes, 0).zip(name).ok_or(Unread::Damaged)?;
                        let is_visible = bytes[4] & 3 == 0;
                        globals.sheets.push(SheetEntry { name, start: start as usize, is_visible });
                    }
                }
                kind::SHARED_TEXTS => globals.texts = shared_texts(&record.pieces).ok_or(Unread::Damaged)?,
                _ => {}
            }
        }
        if !records.is_whole || globals.sheets.is_empty() {
            return Err(Unread::Damaged);
        }
        // Formats that are named by their number alone.
        for id in globals.styles.clone() {
            globals.codes.entry(id).or_insert_with(|| {
                NumberFormat::built_in(u32::from(id)).map_or_else(NumberFormat::general, NumberFormat::of_code)
            });
        }
        globals.codes.entry(0).or_insert_with(NumberFormat::general);
        Ok(globals)
    }

    /// The number format of a style.
    pub(super) fn format(&self, style: u16) -> &NumberFormat {
        let id = self.styles.get(usize::from(style)).copied().unwrap_or(0);
        // The general format is always there.
        self.codes.get(&id).unwrap_or_else(|| &self.codes[&0])
    }
}

/// How many there are is said, and not believed.
fn shared_texts(pieces: &[&[u8]]) -> Option<Vec<String>> {
    let mut cursor = Cursor::new(pieces, 4);
    let count = cursor.u32()?;
    let mut texts = Vec::new();
    for _ in 0..count {
        texts.push(cursor.text(false)?);
    }
    Some(texts)
}
