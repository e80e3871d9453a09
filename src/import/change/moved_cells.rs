//! Columns of an export whose cells stand in other rows than they were exported in, as when a part of a sheet is sorted and the
//! rest is not: each record would get the values of another one. The rows cannot tell, since each may be edited; all of them
//! together can, as what is edited in a column is then what the export said there, in another order.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::message;

/// Parts of the values of a column: what somebody edits besides moves out of balance no more of them than it has values.
const PARTS: usize = 64;
/// So many values at least have changed their places: two that are exchanged are meant.
const VALUES: usize = 3;
/// From so many cells on one column tells it, else two have to.
const CELLS: u64 = 5;

/// What the edited cells of columns say, and what the export said in them.
#[derive(Debug, Default)]
pub(in crate::import) struct MovedCells {
    columns: BTreeMap<usize, Column>,
    rows: u64,
}

/// The edited cells of a column.
#[derive(Debug)]
struct Column {
    cells: u64,
    parts: Vec<Part>,
}

/// Values of a column, and those that stood in their cells: as sums, in which their order does not count.
#[derive(Debug, Default, Clone)]
struct Part {
    said: u64,
    exported: u64,
    difference: u64,
}

/// Columns whose cells stand in other rows than they were exported in.
#[derive(Debug)]
pub(in crate::import) struct MovedColumns {
    /// Their headings.
    headings: Vec<String>,
    rows: u64,
}

impl MovedCells {
    /// Takes the cells of a row that are edited: the column of each, the mark of what the export said, and that of what it says.
    pub(super) fn take(&mut self, edited: impl Iterator<Item = (usize, u64, u64)>) {
        let mut is_edited = false;
        for (column, exported, said) in edited {
            is_edited = true;
            let new = || Column { cells: 0, parts: vec![Part::default(); PARTS] };
            let column = self.columns.entry(column).or_insert_with(new);
            column.cells += 1;
            let left = column.part(exported);
            left.exported += 1;
            left.difference = left.difference.wrapping_sub(spread(exported));
            let come = column.part(said);
            come.said += 1;
            come.difference = come.difference.wrapping_add(spread(said));
        }
        self.rows += u64::from(is_edited);
    }

    /// The columns whose cells have changed their places; none where they have not.
    pub(in crate::import) fn found(&self, heading: impl Fn(usize) -> String) -> Option<MovedColumns> {
        let moved: Vec<(&usize, &Column)> = self.columns.iter().filter(|(_, column)| column.is_moved()).collect();
        let is_told = moved.len() > 1 || moved.iter().any(|(_, column)| column.cells >= CELLS);
        let headings = || moved.iter().map(|(column, _)| heading(**column)).collect();
        is_told.then(|| MovedColumns { headings: headings(), rows: self.rows })
    }
}

impl Column {
    fn part(&mut self, mark: u64) -> &mut Part {
        // What is blank is a value like others, in a part of its own.
        let part = if mark == 0 { 0 } else { 1 + usize::try_from(spread(mark) >> 32).unwrap_or(0) % (PARTS - 1) };
        &mut self.parts[part]
    }

    /// Whether most of the values that were edited in are those that were edited out.
    fn is_moved(&self) -> bool {
        let is_even = |part: &&Part| part.said > 0 && part.said == part.exported && part.difference == 0;
        let even: Vec<&Part> = self.parts.iter().skip(1).filter(is_even).collect();
        let filled: u64 = self.parts.iter().skip(1).map(|part| part.said).sum();
        even.len() >= VALUES && 2 * even.iter().map(|part| part.said).sum::<u64>() >= filled
    }
}

/// A mark whose sums with others are as good as never the same.
fn spread(mark: u64) -> u64 {
    let mut mark = mark.wrapping_add(0x9e37_79b9_7f4a_7c15);
    mark = (mark ^ (mark >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mark = (mark ^ (mark >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mark ^ (mark >> 31)
}

impl MovedColumns {
    /// Nothing of it is sent unless a person says so.
    pub(in crate::import) fn refuse(&self, file: &str) -> Error {
        let MovedColumns { headings, rows } = self;
        let columns = headings.join(", ");
        Error::usage(message!("change.moved", file = file, rows = rows, columns = columns))
            .hint(message!("change.moved_hint"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether cells of one column have moved: what the export said in them, and what they say.
    fn is_moved(cells: &[(u64, u64)]) -> bool {
        let mut moved = MovedCells::default();
        cells.iter().for_each(|(exported, said)| moved.take(std::iter::once((3, *exported, *said))));
        moved.found(|column| column.to_string()).is_some()
    }

    #[test]
    fn cells_in_another_order_have_moved_and_edited_ones_have_not() {
        let reversed: Vec<(u64, u64)> = (1..=40).map(|value| (value, 41 - value)).collect();
        assert!(is_moved(&reversed));
        let mut edited = reversed;
        edited[3].1 = 1000;
        edited[9].1 = 1001;
        assert!(is_moved(&edited));
        // Each gets a value of its own, all get the same, two are exchanged, and most of two choices change.
        assert!(!is_moved(&(1..=40).map(|value| (value, 100 + value)).collect::<Vec<_>>()));
        assert!(!is_moved(&(1..=40).map(|value| (value, 1)).collect::<Vec<_>>()));
        assert!(!is_moved(&[(1, 2), (2, 1)]));
        assert!(!is_moved(&(1..=40).map(|value| (1 + value % 2, 2 - value % 2)).collect::<Vec<_>>()));
        assert!(!is_moved(&(1..=40).map(|value| (1 + value % 3, 4 + value % 2)).collect::<Vec<_>>()));
        // Numbers are handed on by one row.
        assert!(!is_moved(&(1..=40).map(|value| (value, value + 40)).collect::<Vec<_>>()));
        assert!(!is_moved(&(1..=40).map(|value| (value, 0)).collect::<Vec<_>>()));
    }
}
