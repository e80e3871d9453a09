//! A column of a file that is written.

/// One column of a file to write.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// The header.
    pub title: String,
    /// Keep every cell as text (phones, ids, codes).
    pub is_text: bool,
    /// Mark the header as required.
    pub required: bool,
}

impl Column {
    /// Columns with these headers and nothing else to say of them.
    pub fn plain(titles: &[&str]) -> Vec<Column> {
        titles.iter().map(|title| Column { title: (*title).to_owned(), ..Column::default() }).collect()
    }
}
