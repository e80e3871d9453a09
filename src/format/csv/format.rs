//! Delimited text among the formats.

use super::reader::open;
use super::writer::CsvWriter;
use crate::format::file_format::FileFormat;

/// Delimited text.
pub static CSV: FileFormat = FileFormat {
    name: "csv",
    extensions: &["csv", "txt"],
    read_extensions: &["tsv"],
    related_extensions: &[],
    signatures: &[],
    keeps_types: false,
    has_sheets: false,
    is_for_programs: false,
    open: Some(open),
    create: |path, options| Ok(Box::new(CsvWriter::create(path, options)?)),
};
