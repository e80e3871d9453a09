//! Workbooks among the formats. Those of older programs, and OpenDocument ones, are read as what they are; what is written
//! of them, as their failed rows, is written in this form.

use std::fs::File;
use std::io::Read;

use super::reader::open;
use super::writer::XlsxWriter;
use crate::error::Result;
use crate::format::file_format::FileFormat;
use crate::format::input::Input;
use crate::format::reader::Reader;
use crate::format::xls;

/// What the container of old workbooks begins with.
const OLD_WORKBOOK: &[u8] = b"\xD0\xCF\x11\xE0";

/// Excel workbooks.
pub static XLSX: FileFormat = FileFormat {
    name: "xlsx",
    extensions: &["xlsx"],
    read_extensions: &["xlsm", "xltx", "xltm", "xls", "xlt", "et", "ett", "ods", "ots"],
    related_extensions: &["xlsb", "numbers"],
    signatures: &[b"PK\x03\x04", b"PK\x05\x06", OLD_WORKBOOK],
    keeps_types: true,
    has_sheets: true,
    is_for_programs: false,
    open: Some(open_any),
    create: |path, options| Ok(Box::new(XlsxWriter::create(path, options)?)),
};

/// Opens a workbook, whatever form it is kept in.
fn open_any(input: &Input) -> Result<Reader> {
    let mut head = [0; OLD_WORKBOOK.len()];
    let is_old =
        File::open(&input.path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head == *OLD_WORKBOOK;
    if is_old { xls::open(input) } else { open(input) }
}
