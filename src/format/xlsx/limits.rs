//! What the format holds.

/// Rows of a sheet.
pub const MAX_ROWS: u32 = 1_048_576;
/// Columns of a sheet.
pub const MAX_COLUMNS: u32 = 16_384;
/// UTF-16 units a cell holds.
const MAX_TEXT: usize = 32_767;
/// Characters a sheet's name may have.
const MAX_NAME: usize = 31;

/// The beginning of a text that fits into a cell.
pub fn cut_text(text: &str) -> &str {
    if text.len() <= MAX_TEXT {
        return text;
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > MAX_TEXT
    });
    end.map_or(text, |(end, _)| &text[..end])
}

/// A name a sheet may have.
pub fn sheet_name(name: &str) -> String {
    let allowed = |c: &char| !matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\') && !c.is_control();
    let name: String = name.chars().filter(allowed).take(MAX_NAME).collect();
    let name = name.trim().trim_matches('\'').trim();
    if name.is_empty() { "Sheet1".to_owned() } else { name.to_owned() }
}

/// The name of the `number`-th sheet of a table.
pub fn continued(name: &str, number: usize) -> String {
    let end = format!("_{number}");
    let kept: String = name.chars().take(MAX_NAME - end.len()).collect();
    kept + &end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_between_characters() {
        assert_eq!(cut_text("abc"), "abc");
        assert_eq!(cut_text(&"字".repeat(40_000)).chars().count(), 32_767);
        assert_eq!(cut_text(&"😀".repeat(20_000)).chars().count(), 16_383);
    }

    #[test]
    fn names_of_sheets_are_allowed_ones() {
        assert_eq!(sheet_name("联系人"), "联系人");
        assert_eq!(sheet_name("a/b:[c]"), "abc");
        assert_eq!(sheet_name("''"), "Sheet1");
        assert_eq!(sheet_name(&"长".repeat(40)).chars().count(), 31);
        assert_eq!(continued(&"长".repeat(31), 12).chars().count(), 31);
    }
}
