//! What is known of the sheet that rows come from.

use crate::message::Message;

/// What a reader knows before its first row.
#[derive(Debug, Clone, Default)]
pub struct Sheet {
    /// Name of the sheet; none for formats without sheets.
    pub name: Option<String>,
    /// Names of other sheets that hold rows and are not read.
    pub others: Vec<String>,
    /// Names of sheets that nobody sees, hold rows, and are not read.
    pub hidden: Vec<String>,
    /// The header row's texts, trailing empty ones left out.
    pub header: Vec<String>,
    /// Row number of the header.
    pub header_row: u64,
    /// The encoding of a text file.
    pub encoding: Option<String>,
    /// What stands between the cells of a text file.
    pub delimiter: Option<u8>,
    /// What a user should know of how the file was read: `UTF-8, comma`.
    pub reading: String,
    /// How many days later than usual the first day is that its numbers count from: 1462 where that is in 1904.
    pub days_later: i64,
    /// How many columns its first rows reach, where that is more than the header has.
    pub width: usize,
    /// Whether blank cells at the ends of its rows are missing, as some programs write a text file.
    pub cuts_blanks: bool,
    /// Whether most of its first rows have more than one filled cell, and it does not show that others have no more to say.
    pub lone_cells_are_rare: bool,
    /// The export of ours that it is of, where it says so.
    pub export: Option<String>,
    /// What else a person should know of it: what was found or left out by itself.
    pub notes: Vec<Message>,
}
