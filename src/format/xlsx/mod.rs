//! Excel workbooks: read and written row by row, so that memory does not grow with rows (a workbook's shared strings aside,
//! which the format keeps apart from the cells). What is read is what a person sees: a parser that gives values alone does
//! not tell what is hidden, merged, shown in another form or not calculated.

pub(super) mod area;
mod book;
pub(super) mod cell_text;
mod cell_value;
pub(super) mod choose;
pub(super) mod error;
mod escapes;
mod first_error;
mod format;
pub mod layout;
pub mod limits;
mod looks;
pub(super) mod number_cell;
pub(super) mod number_format;
pub(super) mod package;
mod reader;
mod row_sheet;
mod rows;
mod save;
pub(super) mod sight;
mod strings;
mod summary;
pub(super) mod tail;
pub mod template;
mod writer;
pub(super) mod xml;

pub use error::cannot_write;
pub use format::XLSX;
pub use save::save;
pub use writer::XlsxWriter;
