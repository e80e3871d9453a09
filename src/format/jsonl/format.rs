//! JSON Lines among the formats.

use super::reader::open;
use super::writer::JsonlWriter;
use crate::format::file_format::FileFormat;

/// JSON Lines.
pub static JSONL: FileFormat = FileFormat {
    name: "jsonl",
    extensions: &["jsonl", "ndjson"],
    read_extensions: &[],
    related_extensions: &["json"],
    signatures: &[],
    keeps_types: true,
    has_sheets: false,
    is_for_programs: true,
    open: Some(open),
    create: |path, options| Ok(Box::new(JsonlWriter::create(path, options)?)),
};
