//! Which rows of a run held a value, and what became of each: looked for in its kept cells and in its journal.

use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::cells::CellReader;
use crate::error::Result;
use crate::format::Row;
use crate::journal::{JournalReader, Operation, OperationCursor};
use crate::value::push_number;

/// Digits that a number has to have to be looked for whatever stands between them.
const DIGITS: usize = 7;

/// A value that is looked for.
#[derive(Debug)]
pub struct Sought {
    text: String,
    digits: Option<String>,
    id: String,
    request_id: Option<Uuid>,
}

/// A row that held it.
#[derive(Debug)]
pub struct FoundRow {
    /// The row number a person sees.
    pub number: u64,
    /// The header of the column it stood in; none where the journal alone knows it.
    pub header: Option<String>,
    /// What became of the row; none when it has no end.
    pub operation: Option<Operation>,
    /// The id of its write, when it was sent.
    pub request_id: Option<Uuid>,
}

impl Sought {
    /// A telephone number, a name, an id of this or another system, or a request id.
    pub fn new(value: &str) -> Sought {
        let text = folded(value);
        Sought { digits: digits(&text), id: value.trim().to_owned(), request_id: value.trim().parse().ok(), text }
    }

    fn is_in(&self, cell: &str) -> bool {
        if cell.is_empty() {
            return false;
        }
        let cell = folded(cell);
        cell == self.text || self.digits.is_some() && digits(&cell) == self.digits
    }
}

/// Width, case and the spaces around it do not make another value.
fn folded(text: &str) -> String {
    text.trim().nfkc().flat_map(char::to_lowercase).collect()
}

/// What a telephone number is known by, however it is written; none of anything else.
fn digits(text: &str) -> Option<String> {
    let mut number = Vec::new();
    push_number(text, &mut number);
    let digits = number.strip_prefix(b"+").unwrap_or(&number);
    let is_number = digits.len() >= DIGITS && digits.iter().all(u8::is_ascii_digit);
    is_number.then(|| String::from_utf8(number).ok()).flatten()
}

/// The rows of a run that held a value, in their order. Of a run whose cells are gone only ids are known.
///
/// # Errors
/// A journal that cannot be read.
pub fn find_in_run(past: &JournalReader, sought: &Sought) -> Result<Vec<FoundRow>> {
    let run = past.identity().run;
    let mut cells = CellReader::open(past.folder(), past.identity()).ok();
    let mut operations = OperationCursor::open(past.folder())?;
    let mut row = Row::default();
    let mut found = Vec::new();
    for row_index in 0..past.identity().rows {
        if let Some(kept) = &mut cells
            && !kept.read(&mut row).unwrap_or(false)
        {
            (cells, row) = (None, Row::default());
        }
        let operation = operations.at(row_index)?.cloned();
        let request_id = operation
            .as_ref()
            .filter(|operation| operation.attempts > 0)
            .map(|operation| operation.row.request_id(&run));
        let column = (0..row.cells.len()).find(|column| sought.is_in(row.cell(*column).text));
        let is_known = operation.as_ref().is_some_and(|operation| operation.id.as_ref() == Some(&sought.id))
            || request_id.is_some() && request_id == sought.request_id;
        if column.is_none() && !is_known {
            continue;
        }
        let header = column.and_then(|column| cells.as_ref()?.header().get(column).cloned());
        let number = operation.as_ref().map_or(row.number, |operation| operation.row.number);
        found.push(FoundRow { number, header, operation, request_id });
    }
    let is_found = |id: &str, found: &[FoundRow]| {
        found.iter().any(|row| row.operation.as_ref().and_then(|operation| operation.id.as_deref()) == Some(id))
    };
    if !is_found(&sought.id, &found) {
        // Rows that were sent and are no longer in the file.
        found.extend(past.earlier_of_record(&sought.id)?.into_iter().map(|operation| FoundRow {
            number: operation.row.number,
            header: None,
            request_id: Some(operation.row.request_id(&run)),
            operation: Some(operation),
        }));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_however_it_is_written() {
        let is_found = |value: &str, cell: &str| Sought::new(value).is_in(cell);
        for (value, cell) in [
            ("13100000001", "131 0000 0001"),
            ("13100000001", "+86 131-0000-0001"),
            ("+8613100000001", "13100000001"),
            ("示例（一）", "示例(一)"),
            ("ABC-7", " abc-7 "),
            ("１３１０００００００１", "13100000001"),
        ] {
            assert!(is_found(value, cell), "{value} {cell}");
        }
        for (value, cell) in
            [("13100000001", "13100000002"), ("示例", "示例一"), ("7", "70"), ("", ""), ("123", "1-23")]
        {
            assert!(!is_found(value, cell), "{value} {cell}");
        }
    }
}
