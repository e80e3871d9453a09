//! One column of a file, as its cells say it.

use super::cell_look::Look;
use super::words::Words;
use crate::entity::fold;
use crate::format::{Cell, Shown};
use crate::text::shorten;

/// Samples that are kept of a column.
pub const SAMPLES: usize = 3;
/// Characters that are kept of a sample.
const SAMPLE_LENGTH: usize = 60;
/// The share of cells, in percent, that makes a column one of a kind.
const SHARE: u64 = 80;
/// Most different texts of a column that offers a choice.
const MOST_CHOICES: usize = 20;
/// What headings of ids hold, folded.
const ID_WORDS: [&str; 7] = ["编号", "id", "号", "编码", "代码", "单号", "code"];

/// What the cells of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ColumnKind {
    /// No cell is filled.
    Empty,
    /// Anything.
    Text,
    /// Numbers.
    Number,
    /// Days or moments.
    Date,
    /// Telephone numbers.
    Phone,
    /// Mail addresses.
    Mail,
    /// Numbers or codes that name something.
    Id,
    /// Few different texts.
    Choice,
}

/// One column, as far as it was read.
#[derive(Debug, Clone, Default)]
pub struct ColumnSurvey {
    /// Its heading, as it stands in the file.
    pub heading: String,
    /// Cells that hold something.
    pub filled: u64,
    /// Its first different texts, shortened.
    pub samples: Vec<String>,
    /// Its different texts.
    pub words: Words,
    looks: [u64; 8],
}

impl ColumnSurvey {
    /// A column with this heading, of which nothing was read yet.
    pub(super) fn new(heading: &str) -> ColumnSurvey {
        ColumnSurvey { heading: heading.to_owned(), ..ColumnSurvey::default() }
    }

    /// Takes one cell in. A sample is what a person sees in the sheet.
    pub(super) fn add(&mut self, cell: Cell<'_>, seen: Option<&Shown>) {
        let text = cell.text.trim();
        if text.is_empty() {
            return;
        }
        self.filled += 1;
        self.looks[Look::of(cell) as usize] += 1;
        self.words.add(text);
        if self.samples.len() < SAMPLES {
            let seen = seen.and_then(|seen| seen.text.as_deref()).unwrap_or(text);
            let sample = shorten(seen.trim(), SAMPLE_LENGTH);
            if !self.samples.iter().any(|had| *had == sample) {
                self.samples.push(sample.into_owned());
            }
        }
    }

    /// How many of its filled cells look like one of these, in percent; 0 of an empty column.
    pub fn share(&self, looks: &[Look]) -> u64 {
        let count: u64 = looks.iter().map(|look| self.looks[*look as usize]).sum();
        (count * 100).checked_div(self.filled).unwrap_or(0)
    }

    /// What its cells are.
    pub fn kind(&self) -> ColumnKind {
        let is = |looks: &[Look]| self.share(looks) >= SHARE;
        if self.filled == 0 {
            ColumnKind::Empty
        } else if is(&[Look::Mail]) {
            ColumnKind::Mail
        } else if is(&[Look::Mobile, Look::Landline]) {
            ColumnKind::Phone
        } else if is(&[Look::Date]) {
            ColumnKind::Date
        } else if is(&[Look::Integer, Look::Decimal, Look::Code]) {
            if self.is_of_ids() { ColumnKind::Id } else { ColumnKind::Number }
        } else if self.has_few_words() {
            ColumnKind::Choice
        } else {
            ColumnKind::Text
        }
    }

    /// Whether its numbers or codes name something: by its heading, or because they are no plain numbers.
    fn is_of_ids(&self) -> bool {
        let heading = fold(&self.heading);
        let is_named_so = ID_WORDS.iter().any(|word| heading.ends_with(word));
        let is_whole = self.share(&[Look::Decimal]) == 0;
        let is_long = self.samples.iter().all(|sample| sample.len() >= 5);
        is_whole
            && (is_named_so
                || self.share(&[Look::Code]) >= SHARE / 2
                || (self.filled > 2 && is_long && self.words.are_all_different()))
    }

    /// Whether the same few texts come again and again.
    fn has_few_words(&self) -> bool {
        let Some(words) = self.words.counted() else { return false };
        self.filled >= 4 && words.len() <= MOST_CHOICES && words.len() as u64 * 2 <= self.filled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::CellKind;

    fn kind(heading: &str, texts: &[&str]) -> ColumnKind {
        let mut column = ColumnSurvey::new(heading);
        texts.iter().for_each(|text| column.add(Cell { text, kind: CellKind::Text }, None));
        column.kind()
    }

    #[test]
    fn a_column_is_what_most_of_its_cells_are() {
        assert_eq!(kind("甲", &["", " "]), ColumnKind::Empty);
        assert_eq!(kind("甲", &["13000000001", "010-00000001", "", "13000000002"]), ColumnKind::Phone);
        assert_eq!(kind("甲", &["a@example.com", "b@example.com"]), ColumnKind::Mail);
        assert_eq!(kind("甲", &["2026-01-05", "2026/1/6"]), ColumnKind::Date);
        assert_eq!(kind("数量", &["1", "2", "30"]), ColumnKind::Number);
        assert_eq!(kind("金额", &["10001.5", "20002", "30003"]), ColumnKind::Number);
        assert_eq!(kind("公司编号", &["20001", "20001", "20001"]), ColumnKind::Id);
        assert_eq!(kind("甲", &["A-1", "A-2", "A-3"]), ColumnKind::Id);
        assert_eq!(kind("等级", &["金", "银", "金", "金", "银"]), ColumnKind::Choice);
        assert_eq!(kind("备注", &["示例一", "示例二", "示例三"]), ColumnKind::Text);
    }
}
