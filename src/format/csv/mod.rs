//! Delimited text: CSV, TSV and their like, in UTF-8. A delimiter is detected from the first lines; quoted line breaks
//! are data; a row keeps both its row number (what Excel shows) and its line.
//!
//! Written files are UTF-8 with a byte order mark and CRLF, which Excel and WPS in China open without garbling. A cell that
//! a spreadsheet program would run as a formula is guarded on writing and freed of its guard on reading.

mod delimiter;
mod format;
mod formula_guard;
mod line_feeds;
mod reader;
mod writer;

pub use format::CSV;
