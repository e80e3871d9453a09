//! Workbooks among the formats.

use super::reader::open;
use super::writer::XlsxWriter;
use crate::format::file_format::FileFormat;

/// Excel workbooks.
pub static XLSX: FileFormat = FileFormat {
    name: "xlsx",
    extensions: &["xlsx"],
    read_extensions: &["xlsm", "xltx", "xltm"],
    related_extensions: &["xls", "xlsb", "et", "ods"],
    signature: b"PK\x03\x04",
    keeps_types: true,
    has_sheets: true,
    is_for_programs: false,
    open: Some(open),
    create: |path, options| Ok(Box::new(XlsxWriter::create(path, options)?)),
};
