//! OpenDocument spreadsheets (.ods), as LibreOffice and WPS write them. Read whole, within limits. They keep beside each
//! value what the cell shows of it, and say what is hidden and merged.

mod content;
mod reader;
mod spans;

pub(super) use reader::{is_spreadsheet, read};
