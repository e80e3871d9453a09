//! Excel workbooks: read cell by cell, written row by row, so that memory does not grow with rows (a workbook's shared
//! strings aside, which the format keeps apart from the cells). A workbook is looked over by [`guard`] before it is parsed.

pub mod guard;
mod number;
mod reader;
mod summary_sheet;
pub mod template;
pub mod writer;

pub use reader::open;
pub use summary_sheet::{Counts, NAMES as SUMMARY_SHEET_NAMES, SummarySheet};
pub use writer::{Options, XlsxWriter};

/// Rows of a sheet.
pub const MAX_ROWS: u32 = 1_048_576;
/// Columns of a sheet.
pub const MAX_COLUMNS: u32 = 16_384;
