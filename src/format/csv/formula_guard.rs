//! The guard against formulas: an apostrophe before a cell that a spreadsheet program would run as one, put there on
//! writing and taken off on reading. A phone number such as `+86 13000000000` needs none. Other programs keep the zeros of a
//! number by `="00123"` or `'00123`; these marks are taken off, too.

use std::borrow::Cow;

use csv::StringRecord;
use memchr::memchr2;

/// What a formula begins with, in half and full width, and what some programs pass over before one.
const FORMULA_STARTS: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

/// Puts an apostrophe before text that a spreadsheet program would run as a formula.
pub(super) fn guard(text: &str, may_be_phone: bool) -> Cow<'_, str> {
    // Nearly every cell begins with a letter, a digit or a Chinese character and needs no second look.
    if text.as_bytes().first().is_none_or(|first| first.is_ascii_alphanumeric() || (0xe1..0xef).contains(first)) {
        return Cow::Borrowed(text);
    }
    let starts_formula = text.starts_with(FORMULA_STARTS);
    // Such a text would lose its own apostrophe when it is read.
    let looks_guarded = is_guarded(text) || is_marked_text(text);
    let is_phone = may_be_phone
        && text.strip_prefix('+').is_some_and(|rest| {
            rest.starts_with(|c: char| c.is_ascii_digit())
                && rest.chars().all(|c| c.is_ascii_digit() || c == ' ' || c == '-')
        });
    if (starts_formula && !is_phone) || looks_guarded { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text of a cell without the apostrophe that [`guard`] put on, and without the marks that keep a number a text.
fn unguard(text: &str) -> Cow<'_, str> {
    if is_guarded(text) {
        return Cow::Borrowed(&text[1..]);
    }
    match wrapped(text) {
        Some(inner) => Cow::Owned(inner.replace("\"\"", "\"")),
        None => Cow::Borrowed(text),
    }
}

/// Takes the guards off all cells of a row; `spare` lends its memory.
pub(super) fn unguard_cells(cells: &mut StringRecord, spare: &mut StringRecord) {
    // Nearly no row has such a mark at all, and to look for one takes no look at each cell.
    let is_marked = |cell: &str| is_guarded(cell) || wrapped(cell).is_some();
    if memchr2(b'\'', b'=', cells.as_slice().as_bytes()).is_none() || !cells.iter().any(is_marked) {
        return;
    }
    spare.clear();
    for cell in cells.iter() {
        spare.push_field(&unguard(cell));
    }
    std::mem::swap(cells, spare);
}

/// Whether a text begins with a mark by which other programs keep texts as they are: `'示例`, `` `00123 ``. A letter behind an
/// apostrophe may be a name.
pub(super) fn is_marked_text(text: &str) -> bool {
    text.strip_prefix(['\'', '`']).is_some_and(|rest| {
        !rest.contains(['\'', '`']) && rest.starts_with(|c: char| c.is_ascii_digit() || !c.is_ascii())
    }) && !is_guarded(text)
}

/// Whether a cell holds a formula itself, as text: what it comes to is not in the file. `=)` is none.
pub(super) fn is_formula(text: &str) -> bool {
    let Some(formula) = text.strip_prefix('=') else { return false };
    let formula = formula.trim_start_matches(['+', '-', '@', '(', '{', ' ']);
    wrapped(text).is_none()
        && formula.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '"' | '\'' | '[' | '#'))
        && !goes_on_in_words(text)
}

/// Whether behind what looks like a formula, a space apart, Chinese words follow that are neither in quotation marks nor in
/// brackets, nor the name of a sheet: `=1+1 公式报错`.
fn goes_on_in_words(text: &str) -> bool {
    if text.is_ascii() || text.contains('!') {
        return false;
    }
    let (mut depth, mut is_quoted, mut before) = (0_i32, false, ' ');
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ if !c.is_ascii() && c.is_alphabetic() && depth == 0 && before == ' ' => return true,
            _ => {}
        }
        before = c;
    }
    false
}

/// Whether a formula shows a picture in its cell, as WPS and Excel write it.
pub(super) fn shows_picture(formula: &str) -> bool {
    let name = formula.trim_start_matches(['=', '@', ' ']);
    let name = name.strip_prefix("_xlfn.").unwrap_or(name);
    ["DISPIMG(", "IMAGE("]
        .iter()
        .any(|function| name.get(..function.len()).is_some_and(|start| start.eq_ignore_ascii_case(function)))
}

/// Whether a cell has the marks by which other programs keep a number a text.
pub(super) fn has_text_marks(text: &str) -> bool {
    wrapped(text).is_some() || is_marked_number(text)
}

/// Whether a text begins with an apostrophe before what a spreadsheet program would run as a formula. It is taken off, though
/// somebody else may have meant it.
pub(super) fn is_guarded_formula(text: &str) -> bool {
    text.strip_prefix('\'').is_some_and(|rest| rest.starts_with(FORMULA_STARTS))
}

/// Whether a text begins with an apostrophe that [`guard`] put before it, or that keeps a number a text.
fn is_guarded(text: &str) -> bool {
    text.strip_prefix('\'').is_some_and(|rest| rest.starts_with(FORMULA_STARTS) || rest.starts_with(['\'', '`']))
        || is_marked_number(text)
}

/// Whether a text is an apostrophe and a number: digits, and what stands between them.
fn is_marked_number(text: &str) -> bool {
    let is_of_number = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'-' | b'.' | b'/' | b':' | b' ' | b'\t');
    text.strip_prefix('\'')
        .is_some_and(|rest| rest.as_bytes().first().is_some_and(u8::is_ascii_digit) && rest.bytes().all(is_of_number))
}

/// What stands in a cell such as `="00123"`, its marks still doubled.
fn wrapped(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("=\"")?.trim_end().strip_suffix('"')?;
    (!inner.replace("\"\"", "").contains('"')).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guarded_text_comes_back_as_it_was() {
        for text in [
            "=1+1",
            "-5",
            "@a",
            "'=x",
            "''",
            "'quoted'",
            "plain",
            "'00123",
            "=\"00123\"",
            "\t1",
            "+86 13000000000",
            "＝x",
            "'示例",
            "`00123",
        ] {
            assert_eq!(unguard(&guard(text, false)), text);
            assert!(!is_marked_text(&guard(text, false)), "{text}");
            assert_eq!(unguard(&guard(text, true)), text);
        }
        assert_eq!(guard("=1", true), "'=1");
        assert_eq!(guard("+86 13000000000", true), "+86 13000000000");
        assert_eq!(guard("+1+cmd", true), "'+1+cmd");
    }

    #[test]
    fn a_formula_that_stands_as_text_is_told() {
        for text in [
            "=A1&\"x\"",
            "=VLOOKUP(A2,B:C,2,0)",
            "=-A1",
            "=0012345",
            "=T(\"0012345\")",
            "=\"a\"&\"b\"",
            "='表 2'!A1",
            "=A1&\" 元 \"&B1",
            "=SUM(A1, 数量)",
            "=A2 & 客户!B1",
        ] {
            assert!(is_formula(text), "{text}");
        }
        for text in ["=)", "==", "=", "=\"00123\"", "a=b", "'=1", "=甲", "=1+1 公式报错", "=A1 的公式不对"] {
            assert!(!is_formula(text), "{text}");
        }
        assert!(
            shows_picture("=DISPIMG(\"ID_1\",1)") && shows_picture("=_xlfn.IMAGE(A1)") && !shows_picture("=IMAGES")
        );
    }

    #[test]
    fn all_cells_of_a_row_are_freed_once() {
        let unguarded = |cells: &[&str]| {
            let (mut row, mut spare) = (StringRecord::from(cells.to_vec()), StringRecord::from(vec!["of", "before"]));
            unguard_cells(&mut row, &mut spare);
            row
        };
        assert_eq!(unguarded(&["a", "'=1", "''=2", "'", "", "it's"]), vec!["a", "=1", "'=2", "'", "", "it's"]);
        assert_eq!(unguarded(&["it's", "b"]), vec!["it's", "b"]);
        assert_eq!(unguarded(&[]), StringRecord::new());
        assert_eq!(
            unguarded(&["=\"00123\"", "'00123", "=\"a\"\"b\"", "=\"a\"&\"b\"", "'90s"]),
            vec!["00123", "00123", "a\"b", "=\"a\"&\"b\"", "'90s"]
        );
    }
}
