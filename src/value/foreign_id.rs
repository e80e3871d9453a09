//! Ids of other systems, which are looked up and never sent.

use super::digits::{Digits, digits};
use super::half_width::half_width;
use super::null_word::is_no_name;
use crate::format::{Cell, CellKind};
use crate::problem::Problem;

/// The id in a cell as it is remembered, in plain width; empty where there is none.
///
/// # Errors
/// An id that is not whole: it would be that of other records, too.
pub fn foreign_id(cell: Cell<'_>) -> Result<String, Problem> {
    let text = cell.text.trim();
    if text.is_empty() || is_no_name(text) {
        return Ok(String::new());
    }
    let is_shown_error = text.starts_with('#') && text.len() > 1 && !text[1..].contains(char::is_alphanumeric);
    if cell.kind == CellKind::Error || is_shown_error || text.contains(char::is_control) {
        return Err(Problem::held("old_id_damaged"));
    }
    let text = half_width(text);
    match digits(Cell { text: &text, kind: cell.kind }) {
        Digits::Kept => Ok(text.into_owned()),
        Digits::Restored(whole) => Ok(whole),
        Digits::Lost => Err(Problem::held("old_id_damaged")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> Result<String, String> {
        foreign_id(Cell { text, kind: CellKind::Text }).map_err(|problem| problem.code.to_owned())
    }

    #[test]
    fn an_id_is_any_text_as_long_as_it_is_whole() {
        for (text, expected) in [
            (" 360012345678 ", "360012345678"),
            ("0015g00000AbCdE", "0015g00000AbCdE"),
            ("１２３", "123"),
            ("客-7", "客-7"),
            ("007", "007"),
            ("", ""),
            ("-", ""),
        ] {
            assert_eq!(id(text).as_deref(), Ok(expected), "{text}");
        }
        for text in ["3.60012E+11", "####", "a\tb"] {
            assert_eq!(id(text), Err("old_id_damaged".to_owned()), "{text}");
        }
    }
}
