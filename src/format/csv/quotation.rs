//! What the quotation marks of a row say: text behind a closing one, rows that one swallowed.

use super::record_reader::RecordFacts;
use crate::format::row::Row;
use crate::problem::Problem;
use crate::text::{clean, shorten};

/// Longest part of a text that is shown.
const SHOWN: usize = 40;

/// Notes what is wrong with the quotations of a row, which has `columns` columns when all is well. A row that failed before
/// holds its broken quotation as text.
pub(super) fn judge(row: &mut Row, facts: &RecordFacts, delimiter: u8, columns: usize, has_failed: bool) {
    if let Some((column, line)) = facts.malformed {
        let problem = text_behind(row, column).with("line", line).with("first_line", facts.line);
        row.remark(None, problem);
        return;
    }
    if has_failed && let Some(column) = (0..row.cells.len()).find(|column| is_broken(row.cell(*column).text)) {
        let problem = text_behind(row, column).with("line", facts.line).with("first_line", facts.line);
        row.remark(None, problem);
        return;
    }
    if !facts.has_breaks || columns < 2 {
        return;
    }
    let swallowed = row
        .cells
        .iter()
        .flat_map(|cell| cell.split('\n').skip(1))
        .find(|line| looks_like_a_row(line, char::from(delimiter), columns))
        .or_else(|| rows_joined(row, char::from(delimiter), columns))
        .map(|line| clean(&shorten(line, SHOWN)).into_owned());
    if let Some(text) = swallowed {
        let problem = Problem::held("rows_in_quotation").with("line", facts.line).with("last_line", facts.last_line);
        row.remark(None, problem.with("text", text));
    }
}

fn text_behind(row: &Row, column: usize) -> Problem {
    Problem::new("text_behind_quotation").with("text", clean(&shorten(row.cell(column).text, SHOWN)))
}

/// Whether a line inside a quotation has as many cells as a row. In a sentence a space follows the comma.
fn looks_like_a_row(line: &str, delimiter: char, columns: usize) -> bool {
    let cells: Vec<&str> = line.split(delimiter).collect();
    cells.len() >= columns && !cells[0].is_empty() && (columns > 2 || !cells[1].starts_with(' '))
}

/// The line of a quotation with which the rest of a row begins, where what stands before its first line break completes
/// one row, and what stands behind its last one another: a mark that opens in one row and closes in a later one.
fn rows_joined(row: &Row, delimiter: char, columns: usize) -> Option<&str> {
    let marks = |line: &str| line.matches(delimiter).count();
    row.cells.iter().enumerate().find_map(|(column, cell)| {
        let (first, rest) = cell.split_once('\n')?;
        let last = rest.rsplit('\n').next().unwrap_or(rest);
        let (opens, closes) = (marks(first), marks(last));
        let is_joined = opens + closes > 0
            && column + 1 + opens == columns
            && closes + row.cells.len() - column == columns
            && ![first, last].iter().any(|line| line.contains(&format!("{delimiter} ")));
        is_joined.then_some(last)
    })
}

/// Whether a text is a quotation that was kept as it stood, because text stands behind its closing mark or it has none.
fn is_broken(text: &str) -> bool {
    let Some(mut rest) = text.trim().strip_prefix('"') else { return false };
    loop {
        match rest.find('"') {
            None => return true,
            Some(mark) => rest = &rest[mark + 1..],
        }
        match rest.strip_prefix('"') {
            Some(behind) => rest = behind,
            None => return !rest.trim().is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_quotation_is_known_again() {
        for text in ["\"a\"b", "\"a", " \"他说\"你好\"就走了\"", "\"x\n2,y\n3,\"z"] {
            assert!(is_broken(text), "{text}");
        }
        for text in ["a\"b", "\"a\"", "5\"", "", "\"a\"\"b\""] {
            assert!(!is_broken(text), "{text}");
        }
    }

    #[test]
    fn a_sentence_is_no_row() {
        assert!(looks_like_a_row("示例丙,13100000003,20001,无", ',', 4));
        assert!(!looks_like_a_row("要红色，不要蓝色,谢谢", ',', 4));
        assert!(looks_like_a_row("示例二公司,乙路2号", ',', 2));
        assert!(!looks_like_a_row("Room 2, Building 3", ',', 2));
    }
}
