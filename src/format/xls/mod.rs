//! Workbooks of Excel 97 to 2003 (.xls), and of WPS (.et), which keeps them in the same form: records in a stream of a
//! compound file. Read whole; the form has at most 65,536 rows. As with .xlsx, what is read is what a person sees, which
//! takes more than the values: what is hidden, merged, shown in another form or not calculated.

mod compound_file;
mod globals;
mod reader;
mod records;
mod text;
mod worksheet;

pub(super) use reader::open;
