//! Columns that say what became of a row and are no part of it.

use super::vendors::Vendors;
use crate::entity::fold;
use crate::language::Language;
use crate::text::trimmed;

/// Columns that our file of failed rows has beside the input's own: the row's number there, the run, the end, the reason.
pub const RESULT_COLUMNS: [&str; 4] = ["bw8_row", "bw8_run", "bw8_status", "bw8_error"];

/// The column of the file of failed rows in which a person consents to a row that was held back, in either language.
const CONFIRM_COLUMNS: [&str; 2] = ["确认导入", "confirm import"];

/// The first columns of the workbook of failed rows: why a row failed, and what to do. In Chinese and English.
const REASON_COLUMNS: [[&str; 2]; 2] = [["原因", "建议"], ["reason", "what to do"]];

/// How the first two columns of the workbook of failed rows are called.
pub fn reason_columns(language: Language) -> [&'static str; 2] {
    let [zh, en] = &REASON_COLUMNS;
    [0, 1].map(|column| language.pick(zh[column], en[column]))
}

/// Which columns of a file are ours: those that our file of failed rows adds to the input's. Only a file that names the run
/// its rows come from has any, as the other titles are words that any table may have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OwnColumns {
    /// In their order.
    all: Vec<usize>,
    /// Why a row failed, and what to do.
    pub reasons: Vec<usize>,
    /// In which a person consents to a row.
    pub confirmation: Option<usize>,
    /// Those of [`RESULT_COLUMNS`].
    results: [Option<usize>; 4],
}

impl OwnColumns {
    /// The columns of a header that are ours. In front of the others they are known by where they stand; elsewhere, where a
    /// person has moved them, by their titles, if no other column has these.
    pub fn of(header: &[String]) -> OwnColumns {
        let at = |title: &str| header.iter().position(|own| trimmed(own) == title);
        let results = RESULT_COLUMNS.map(at);
        let [_, Some(_), ..] = results else { return OwnColumns::default() };
        let only = |title: &&str| {
            let mut columns = (0..header.len()).filter(|column| trimmed(&header[*column]) == *title);
            columns.next().filter(|_| columns.next().is_none())
        };
        let begins = |titles: &[&str; 2]| header.iter().zip(titles).all(|(title, own)| trimmed(title) == *own);
        let reasons = match REASON_COLUMNS.iter().any(begins) {
            true => vec![0, 1],
            false => {
                let of_pair = |titles: &[&str; 2]| titles.iter().map(only).collect::<Option<Vec<_>>>();
                REASON_COLUMNS.iter().find_map(of_pair).unwrap_or_default()
            }
        };
        let is_confirmation =
            |column: &usize| header.get(*column).is_some_and(|title| is_titled_as_confirmation(title));
        // Behind the reasons in a workbook, before what is for programs in a text file.
        let places = [(reasons == [0, 1]).then_some(2), results[0].and_then(|column| column.checked_sub(1))];
        let confirmation = places.into_iter().flatten().find(is_confirmation);
        let confirmation = confirmation.or_else(|| CONFIRM_COLUMNS.iter().find_map(only));
        let mut all: Vec<usize> =
            reasons.iter().copied().chain(confirmation).chain(results.iter().flatten().copied()).collect();
        all.sort_unstable();
        all.dedup();
        OwnColumns { all, reasons, confirmation, results }
    }

    /// Whether a column is one of them.
    pub fn has(&self, column: usize) -> bool {
        self.all.binary_search(&column).is_ok()
    }

    /// The columns with a row's number and run, and with why it failed; none in a file that is not ours.
    pub fn origin(&self) -> Option<(usize, usize)> {
        self.results[0].zip(self.results[1])
    }

    /// The column with the reason as programs read it.
    pub fn error(&self) -> Option<usize> {
        self.results[3]
    }

    /// Which column of the input's own a column is, counted from 1.
    pub fn number_of(&self, column: usize) -> usize {
        column + 1 - self.all.iter().filter(|own| **own < column).count()
    }

    /// Where the column of the input's own of this number stands, from 0; there may be more of them than headings.
    pub fn column_of(&self, number: usize) -> usize {
        self.all.iter().fold(number.saturating_sub(1), |column, own| column + usize::from(*own <= column))
    }
}

/// Whether a column is called as one of those that say why a row failed.
pub fn is_titled_as_reason(header: &str) -> bool {
    REASON_COLUMNS.iter().flatten().any(|title| trimmed(header) == *title)
}

/// Whether a column is called as the one in which a person consents.
pub fn is_titled_as_confirmation(header: &str) -> bool {
    CONFIRM_COLUMNS.contains(&trimmed(header))
}

/// Whether a cell of the column for consent says yes.
pub fn is_confirmation(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "是" | "确认" | "对" | "√" | "✓" | "1" | "y" | "yes" | "true")
}

/// Whether a file with a column called so would be read as if that said what became of its rows.
pub fn is_reserved(header: &str) -> bool {
    let folded = fold(header);
    let titles = CONFIRM_COLUMNS.iter().chain(REASON_COLUMNS.iter().flatten());
    is_result_column(&folded) || titles.into_iter().any(|title| fold(title) == folded)
}

/// Whether a folded header is that of a column of results, in whatever file.
pub fn is_result_column(folded: &str) -> bool {
    RESULT_COLUMNS.iter().any(|name| fold(name) == folded) || Vendors::embedded().is_result(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(header: &str) -> (Vec<usize>, Option<usize>) {
        let header: Vec<String> = header.split(',').map(str::to_owned).collect();
        let own = OwnColumns::of(&header);
        (own.all, own.confirmation)
    }

    #[test]
    fn only_a_file_that_names_its_run_has_columns_of_ours() {
        assert_eq!(own("原因,建议,确认导入,标题"), (vec![], None));
        assert_eq!(own("原因,建议,确认导入,标题,bw8_row,bw8_run"), (vec![0, 1, 2, 4, 5], Some(2)));
        // Moved behind the others.
        assert_eq!(own("标题,建议,原因,bw8_run,确认导入"), (vec![1, 2, 3, 4], Some(4)));
        // The input has columns of these names as well: ours stand where we put them.
        assert_eq!(own("原因,建议,确认导入,原因,确认导入,bw8_row,bw8_run"), (vec![0, 1, 2, 5, 6], Some(2)));
        assert_eq!(own("确认导入,标题,confirm import,bw8_row,bw8_run"), (vec![2, 3, 4], Some(2)));
        // Nobody can tell which of them are ours.
        assert_eq!(own("标题,原因,建议,原因,建议,bw8_run"), (vec![5], None));
    }

    #[test]
    fn the_columns_of_the_input_are_counted_without_ours() {
        let header: Vec<String> = "原因,建议,甲,bw8_run,乙".split(',').map(str::to_owned).collect();
        let own = OwnColumns::of(&header);
        for (number, column) in [(1, 2), (2, 4), (3, 5)] {
            assert_eq!((own.column_of(number), own.number_of(column)), (column, number));
        }
    }
}
