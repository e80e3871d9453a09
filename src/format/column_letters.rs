//! How spreadsheet programs name columns.

/// The letters a spreadsheet program gives a column, counted from 0: A, B, …, Z, AA.
pub fn column_letters(column: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(b'A' + u8::try_from(rest % 26).unwrap_or(0));
        rest /= 26;
    }
    letters.reverse();
    String::from_utf8(letters).unwrap_or_default()
}

/// The column, counted from 0, that has these letters; none when they are no column's.
pub fn column_number(letters: &str) -> Option<usize> {
    let letters = letters.trim();
    if letters.is_empty() || letters.len() > 3 || !letters.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return None;
    }
    let digit = |byte: u8| usize::from(byte.to_ascii_uppercase() - b'A') + 1;
    Some(letters.bytes().fold(0, |number, byte| number * 26 + digit(byte)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_lettered_as_in_a_spreadsheet() {
        assert_eq!(column_letters(0), "A");
        assert_eq!(column_letters(25), "Z");
        assert_eq!(column_letters(26), "AA");
        assert_eq!(column_letters(701), "ZZ");
        assert_eq!(column_letters(702), "AAA");
        assert_eq!(column_letters(16_383), "XFD");
        for column in [0, 25, 26, 701, 702, 16_383] {
            assert_eq!(column_number(&column_letters(column)), Some(column));
        }
        assert_eq!((column_number(""), column_number("1"), column_number("甲")), (None, None, None));
    }
}
