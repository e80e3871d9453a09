//! What a spreadsheet program shows instead of a value, and saves as text: an error of a formula, or signs where a cell is too narrow.

use super::digits::all_digits;
use crate::format::{Cell, CellKind};

/// What spreadsheet programs show where a formula failed. Saved as CSV, it stands there as text.
const FORMULA_ERRORS: &[&str] = &[
    "#N/A",
    "#REF!",
    "#VALUE!",
    "#DIV/0!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#GETTING_DATA",
    "#BLOCKED!",
    "#CONNECT!",
    "#UNKNOWN!",
    "#BUSY!",
    "#EXTERNAL!",
    "#PYTHON!",
    "#TIMEOUT!",
    "#名称?",
    "#NAME？",
    "#ERROR!",
    // As LibreOffice writes them.
    "#REF",
    "#VALUE",
    "#NAME",
    "#DIV/0",
    "#NUM",
    "#NULL",
    "#N/A!",
    "#SPILL",
    "#名称？",
    "#值!",
    "#引用!",
    "#数字!",
    "#空!",
    "#溢出!",
    // As other languages have them.
    "#WERT!",
    "#BEZUG!",
    "#NV",
    "#ZAHL!",
    "#ÜBERLAUF!",
    "#VALEUR!",
    "#NOM?",
    "#NOMBRE!",
    "#PROPAGATION!",
    "#N/D",
    "#¡VALOR!",
    "#¡REF!",
    "#¿NOMBRE?",
    "#¡NUM!",
    "#¡DIV/0!",
    "#VALOR!",
    "#NOME?",
    "#VALORE!",
    "#RIF!",
    "#ЗНАЧ!",
    "#ССЫЛКА!",
    "#Н/Д",
];

/// What LibreOffice writes before the number of an error.
const ERROR_NUMBERS: [&str; 4] = ["Err:", "错误:", "错误：", "錯誤:"];

/// Whether a cell is the error of a formula.
pub(super) fn is_of_formula(cell: Cell<'_>) -> bool {
    cell.kind == CellKind::Error
        || (cell.text.as_bytes().first() == Some(&b'#') && FORMULA_ERRORS.contains(&cell.text))
        || is_error_number(cell.text)
}

/// Whether a text is an error as LibreOffice numbers them: `Err:502`.
fn is_error_number(text: &str) -> bool {
    // Nearly every text begins otherwise.
    if !matches!(text.as_bytes().first(), Some(b'E' | 0xe9)) {
        return false;
    }
    let number = ERROR_NUMBERS.iter().find_map(|word| text.strip_prefix(word));
    number.is_some_and(|number| number.len() == 3 && number.starts_with('5') && all_digits(number))
}

/// Whether a text is what a spreadsheet program shows where a cell is too narrow for its number, and saves as text.
pub(super) fn is_too_narrow(text: &str) -> bool {
    text.len() > 2 && text.bytes().all(|byte| byte == b'#')
}
