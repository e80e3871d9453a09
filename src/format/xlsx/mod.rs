//! Excel workbooks: read cell by cell, written row by row, so that memory does not grow with rows (a workbook's shared
//! strings aside, which the format keeps apart from the cells). A workbook is inspected before it is parsed.

mod cell_text;
mod cell_value;
mod error;
mod format;
mod inspect;
pub mod layout;
pub mod limits;
mod reader;
mod save;
mod summary;
pub mod template;
mod writer;

pub use error::cannot_write;
pub use format::XLSX;
pub use save::save;
pub use writer::XlsxWriter;
