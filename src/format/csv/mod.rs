//! Delimited text: CSV, TSV and their like, as people have them. Encoding, delimiter and header are found by what the bytes
//! say, and a guess that could be wrong is not made; quoted line breaks are data; a row keeps both its row number (what Excel
//! shows) and its line. What is malformed is told by its line and never repaired.
//!
//! Written files are UTF-8 with a byte order mark and CRLF, which Excel and WPS in China open without garbling. A cell that
//! a spreadsheet program would run as a formula is guarded on writing and freed of its guard on reading.

mod encoding;
mod failed_before;
mod format;
mod formula_guard;
mod layout;
mod neighbours;
mod quotation;
mod reader;
mod record_reader;
mod text_source;
mod whole_text;
mod writer;

pub use format::CSV;
pub use whole_text::read_text;
