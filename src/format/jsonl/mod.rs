//! JSON Lines: one object a row, its members named after the columns. Made for programs, so texts, numbers and nothing
//! stay apart, and no cell is cut.

mod format;
mod line;
mod reader;
mod writer;

pub use format::JSONL;
