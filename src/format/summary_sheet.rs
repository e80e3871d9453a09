//! The first sheet of a workbook, which a person reads before the rows: facts in two columns, below them counts, beside
//! them one chart.

/// Counts of one kind.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// What is counted.
    pub title: String,
    /// How the column of numbers is called.
    pub unit: String,
    /// Each value with its count.
    pub rows: Vec<(String, u64)>,
    /// Drawn as a chart; only the first such one is.
    pub is_charted: bool,
}

/// What a fact says. A number is written as one, as a spreadsheet program marks digits that are a text.
#[derive(Debug, Clone)]
pub enum Fact {
    /// A text.
    Text(String),
    /// A count.
    Number(u64),
}

impl From<String> for Fact {
    fn from(text: String) -> Fact {
        Fact::Text(text)
    }
}

impl From<u64> for Fact {
    fn from(number: u64) -> Fact {
        Fact::Number(number)
    }
}

/// What the summary sheet says.
#[derive(Debug, Clone, Default)]
pub struct SummarySheet {
    /// The headline.
    pub title: String,
    /// Facts, each with its name.
    pub facts: Vec<(String, Fact)>,
    /// Counts.
    pub counts: Vec<Counts>,
}

/// What it is called in an export and in the results of an import, in Chinese and English. A reader passes over a sheet of any
/// of these names.
pub const SUMMARY_SHEET_NAMES: [&str; 4] = ["导出概览", "Export summary", "导入概览", "Import summary"];
