//! WHERE rows live: spreadsheet files, read and written as a stream. Each format is one file or folder that holds its
//! reader and its writer together, because header rules, dates and limits must agree, and one line in [`FORMATS`].
//!
//! A row keeps its position in the file from here to the last report: [`Row::number`] is the row a person sees in Excel.

mod broken_text;
mod cell;
mod column;
mod column_letters;
mod column_sum;
mod content;
mod csv;
mod detect;
mod dialect;
mod example;
mod file_format;
mod formats;
mod headings;
mod input;
mod jsonl;
mod loaded_book;
mod marking;
mod ods;
mod panics;
mod reader;
mod reader_event;
mod row;
mod row_sink;
mod sheet;
mod summary_sheet;
mod table_remarks;
mod totals;
mod value;
mod write_options;
mod writer;
mod xls;
pub mod xlsx;

pub use self::csv::{CSV, read_text};
pub use broken_text::find as broken_text;
pub use cell::{Cell, CellKind};
pub use column::Column;
pub use column_letters::{column_letters, column_number};
pub use content::{Content, ContentHasher, content_of};
pub use detect::{detect, of_first_bytes, of_signature, open};
pub use dialect::Dialect;
pub use file_format::FileFormat;
pub use formats::{FORMATS, named, of_extension, readable};
pub use headings::Headings;
pub use input::Input;
pub use jsonl::JSONL;
pub use marking::{Mark, Marking};
pub use reader::Reader;
pub use row::{Remark, Row, Shown};
pub use sheet::Sheet;
pub use summary_sheet::{Counts, Fact, SUMMARY_SHEET_NAMES, SummarySheet};
pub use table_remarks::{is_labelled, is_remark};
pub use totals::{is_line_of_totals, is_sum, is_totals, is_word_for_totals};
pub use value::Value;
pub use write_options::WriteOptions;
pub use writer::Writer;
pub use xlsx::XLSX;
pub use xlsx::limits::cut_text;
