//! Something that a person has to decide, and the columns in which it is asked.

/// The title of the column that a person fills in, in Chinese and in English.
pub(super) const ANSWER: [&str; 2] = ["处理", "answer"];
/// The title of the column by which an answer is known again.
pub(super) const KEY: &str = "bw8_key";
/// The other titles.
pub(super) const TITLES: [[&str; 2]; 5] = [
    ["字段", "field"],
    ["表格里写的", "in the file"],
    ["行数", "rows"],
    ["原因", "why"],
    ["账号里的候选", "candidates in the account"],
];

/// Something to decide.
#[derive(Debug, Clone)]
pub(in crate::import) struct Question {
    /// What it is known by.
    pub key: String,
    /// The label of the field.
    pub label: String,
    /// What the file says.
    pub text: String,
    /// How many rows say it.
    pub rows: u64,
    /// Why it is not clear.
    pub why: String,
    /// Records that may be meant: ids, and what tells them apart.
    pub candidates: Vec<(String, String)>,
    /// Whether the record may be made.
    pub may_be_made: bool,
    /// Whether the field may stay empty.
    pub may_be_blank: bool,
    /// Whether it is about a column, and the other columns may tell what that does not.
    pub has_others: bool,
    /// What was answered; nothing as long as nothing was.
    pub answer: String,
}
