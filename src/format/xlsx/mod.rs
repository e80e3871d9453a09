//! Excel workbooks: read and written row by row, so that memory does not grow with rows (a workbook's shared strings aside,
//! which the format keeps apart from the cells). What is read is what a person sees: a parser that gives values alone does
//! not tell what is hidden, merged, shown in another form or not calculated.

mod area;
mod book;
mod cell_text;
mod cell_value;
mod choose;
mod error;
mod escapes;
mod format;
pub mod layout;
pub mod limits;
mod looks;
mod number_format;
mod package;
mod reader;
mod rows;
mod save;
mod strings;
mod summary;
mod tail;
pub mod template;
mod writer;
mod xml;

pub use error::cannot_write;
pub use format::XLSX;
pub use save::save;
pub use writer::XlsxWriter;
