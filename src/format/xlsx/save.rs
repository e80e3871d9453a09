//! Puts a workbook on the disk.

use std::fmt::Display;
use std::io::{Cursor, Read, Write};
use std::ops::Range;
use std::path::Path;

use rust_xlsxwriter::Workbook;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::error::{cannot_write, not_written};
use super::first_error::FirstError;
use super::row_sheet::RowSheet;
use crate::error::Result;
use crate::files::{Access, AtomicFile};
use crate::format::column_letters::column_letters;
use crate::format::panics::caught;

/// Less than half the time of the library's own choice, for a seventh more bytes.
pub(super) const COMPRESSION: u8 = 2;

/// Saves a workbook, which appears under its name when it is whole.
///
/// # Errors
/// A full disk, a folder that cannot be written, a target that another program holds.
pub fn save(workbook: &mut Workbook, path: &Path, access: Access) -> Result<()> {
    let mut file = AtomicFile::beside(path, access).map_err(|error| not_written(path, &error))?;
    workbook.save_to_writer(FirstError::of(&mut file)).map_err(|error| not_written(path, &error))?;
    file.replace(path).map_err(|error| not_written(path, &error))
}

/// The rows of a sheet of a workbook, which has one row in their place: its cells show the looks of all others, in the order of
/// their numbers.
pub(super) struct SheetRows {
    /// Which sheet it is among all, from 0.
    pub sheet_index: usize,
    /// The rows.
    pub rows: RowSheet,
    /// The number of the last of them; 1 when there are only titles.
    pub last: u32,
    /// How many columns the sheet has.
    pub columns: usize,
}

/// Saves a workbook with the rows of its sheets, which appears under its name when it is whole.
///
/// # Errors
/// A full disk, a folder that cannot be written, a target that another program holds.
pub(super) fn save_with_rows(
    workbook: &mut Workbook,
    (sheets, looks): (&mut [SheetRows], Range<usize>),
    path: &Path,
    access: Access,
) -> Result<()> {
    let failed = |why: &dyn Display| cannot_write(path, why);
    // The library panics where it cannot write to the disk.
    let package = caught(|| workbook.save_to_buffer()).map_err(|words| failed(&cause(&words)))?;
    let package = package.map_err(|error| not_written(path, &error))?;
    let mut file = AtomicFile::beside(path, access).map_err(|error| not_written(path, &error))?;
    put_rows(&package, sheets, &looks, &mut file).map_err(|error| not_written(path, error.as_ref()))?;
    file.replace(path).map_err(|error| not_written(path, &error))
}

/// Copies a package; the rows take their places.
fn put_rows(
    package: &[u8],
    sheets: &mut [SheetRows],
    looks: &Range<usize>,
    file: &mut AtomicFile,
) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let mut archive = ZipArchive::new(Cursor::new(package))?;
    let mut whole = ZipWriter::new(FirstError::of(file));
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index)?;
        let name = part.name()?.into_owned();
        let is_part = |sheet: &&mut SheetRows| name == format!("xl/worksheets/sheet{}.xml", sheet.sheet_index + 1);
        let Some(sheet) = sheets.iter_mut().find(is_part) else {
            whole.raw_copy_file(part)?;
            continue;
        };
        drop(part);
        let mut xml = String::new();
        archive.by_index(index)?.read_to_string(&mut xml)?;
        let (head, tail) = around_rows(&xml, sheet, looks).ok_or("the sheet is not as it was written")?;
        let size = sheet.rows.size() + xml.len() as u64;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .compression_level(Some(i64::from(COMPRESSION)))
            .large_file(size > u64::from(u32::MAX));
        whole.start_file(name, options)?;
        whole.write_all(head.as_bytes())?;
        sheet.rows.write_to(&mut whole)?;
        whole.write_all(tail.as_bytes())?;
    }
    whole.finish()?;
    Ok(())
}

/// What stands before and behind the rows of a sheet. None where the looks do not have the numbers that they were written with.
fn around_rows(xml: &str, sheet: &SheetRows, looks: &Range<usize>) -> Option<(String, String)> {
    let (head, rest) = xml.split_once("<row r=\"2\"")?;
    let (rest, tail) = rest.split_once("</sheetData>")?;
    let (sample, _) = rest.split_once("</row>")?;
    let (_, cells) = sample.split_once('>')?;
    let numbers = looks.clone().enumerate();
    let wanted: String =
        numbers.map(|(column, look)| format!("<c r=\"{}2\" s=\"{}\"/>", column_letters(column), look + 1)).collect();
    let (before, area) = head.split_once("<dimension ref=\"")?;
    let (_, behind) = area.split_once('"')?;
    let columns = sheet.columns.max(sheet.rows.columns()).max(1);
    let head = format!("{before}<dimension ref=\"A1:{}{}\"{behind}", column_letters(columns - 1), sheet.last);
    (cells == wanted).then(|| (head, format!("</sheetData>{tail}")))
}

/// What a panic of the library says of the disk, in the system's own words.
fn cause(words: &str) -> String {
    let code = words.split_once("code: ").and_then(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next());
    match code.and_then(|code| code.parse().ok()) {
        Some(code) => std::io::Error::from_raw_os_error(code).to_string(),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_told_in_the_words_of_the_system() {
        let words = "Couldn't write to xml file: Os { code: 2, kind: NotFound, message: \"…\" }";
        assert_eq!(cause(words), std::io::Error::from_raw_os_error(2).to_string());
        assert_eq!(cause("something else"), "something else");
    }
}
