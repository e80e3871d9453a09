//! The example row of a template, known by what it says: in a text file that was saved from one, nothing else tells.

use super::headings::Headings;
use super::row::Row;
use crate::problem::Problem;

/// What the example row of the template holds in the columns of a file.
#[derive(Debug, Clone, Default)]
pub(super) struct ExampleRow {
    /// What each column may hold; nothing where the example is empty.
    cells: Vec<Vec<String>>,
}

impl ExampleRow {
    /// The example row in the columns of this header.
    pub(super) fn new(header: &[String], headings: &dyn Headings) -> ExampleRow {
        let example = |title: &String| headings.find(title).map_or(&[][..], |known| headings.example(known)).to_vec();
        ExampleRow { cells: header.iter().map(example).collect() }
    }

    /// Marks the example among these rows as no data.
    pub(super) fn mark_among(&self, rows: &mut [Row]) {
        for row in rows {
            match self.likeness(row) {
                Likeness::None => {}
                Likeness::Same => return row.remark(None, Problem::skipped("example")),
                Likeness::Changed => return row.remark(None, Problem::held("example_changed")),
            }
        }
    }

    /// Whether this row is the example as the template brought it. Columns may have been moved or removed since; a changed
    /// or added value makes it data, and so does a single one that says nothing of being an example. With most of its values
    /// and a single other one a person has to look.
    fn likeness(&self, row: &Row) -> Likeness {
        let (mut matched, mut others) = (0, 0);
        let mut is_telling = false;
        for column in 0..self.cells.len().max(row.cells.len()) {
            let (text, examples) =
                (row.cell(column).text.trim(), self.cells.get(column).map_or(&[][..], Vec::as_slice));
            match examples.iter().find(|example| is_same(text, example)) {
                None if examples.is_empty() && text.is_empty() => {}
                Some(example) => {
                    matched += 1;
                    is_telling |= example.contains("示例") || example.contains("example");
                }
                None if others == 0 => others = 1,
                None => return Likeness::None,
            }
        }
        match others {
            0 if matched > 1 || is_telling => Likeness::Same,
            1 if matched >= MOST_OF_EXAMPLE && is_telling => Likeness::Changed,
            _ => Likeness::None,
        }
    }
}

/// Values of the example that make a row with another one look like it.
const MOST_OF_EXAMPLE: usize = 3;

/// How like a row is to the example.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Likeness {
    /// It is a row of its own.
    None,
    /// One value of it is another.
    Changed,
    /// It is the example.
    Same,
}

/// The same text, the same day as another program shows it, or an id that names no record.
fn is_same(text: &str, example: &str) -> bool {
    let day = |text: &str| {
        let text = [" 00:00:00", " 0:00:00", " 0:00", "T00:00:00"]
            .iter()
            .find_map(|end| text.strip_suffix(end))
            .unwrap_or(text);
        let parts: Vec<u32> = text
            .split(['-', '/', '.', '年', '月'])
            .map(|part| part.trim_end_matches('日').parse().unwrap_or(0))
            .collect();
        (parts.len() == 3 && parts.iter().all(|part| *part > 0)).then_some(parts)
    };
    let is_zeros = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte == b'0');
    text == example
        || day(text).is_some_and(|read| day(example) == Some(read))
        // A program may have made one zero of them; and templates of earlier versions had other ids.
        || (is_zeros(example) && (is_zeros(text) || FORMER_IDS.contains(&text)))
}

/// The ids in the examples of templates of earlier versions.
const FORMER_IDS: [&str; 2] = ["20001", "50001"];
