//! A rectangle of cells: `D2:D4`.

use std::ops::RangeInclusive;

use super::limits::{MAX_COLUMNS, MAX_ROWS};
use crate::format::column_letters::column_letters;

/// A rectangle of cells, rows and columns counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::format) struct Area {
    /// First row.
    pub top: u32,
    /// First column.
    pub left: u32,
    /// Last row.
    pub bottom: u32,
    /// Last column.
    pub right: u32,
}

impl Area {
    /// The rectangle of a reference: `D2:D4`, or `D2` for one cell.
    pub(in crate::format) fn of_reference(reference: &str) -> Option<Area> {
        let (first, last) = reference.split_once(':').unwrap_or((reference, reference));
        let ((top, left), (bottom, right)) = (cell(first)?, cell(last)?);
        Some(Area { top: top.min(bottom), left: left.min(right), bottom: top.max(bottom), right: left.max(right) })
    }

    /// Its rows.
    pub(in crate::format) fn rows(&self) -> RangeInclusive<u32> {
        self.top..=self.bottom
    }

    /// Its columns.
    pub(in crate::format) fn columns(&self) -> RangeInclusive<u32> {
        self.left..=self.right
    }
}

impl std::fmt::Display for Area {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = |column: u32, row: u32| format!("{}{}", column_letters(column as usize), row + 1);
        write!(f, "{}:{}", name(self.left, self.top), name(self.right, self.bottom))
    }
}

/// Row and column of a reference, counted from 0; none beyond the limits of a sheet.
pub(in crate::format) fn cell(reference: &str) -> Option<(u32, u32)> {
    let (mut column, mut row) = (0u32, 0u32);
    let mut digits = 0;
    for byte in reference.bytes().filter(|byte| *byte != b'$') {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' if digits == 0 => {
                column = column * 26 + u32::from(byte.to_ascii_uppercase() - b'A') + 1;
                if column > MAX_COLUMNS {
                    return None;
                }
            }
            b'0'..=b'9' => {
                row = row * 10 + u32::from(byte - b'0');
                digits += 1;
                if row > MAX_ROWS {
                    return None;
                }
            }
            _ => return None,
        }
    }
    Some((row.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_within_the_limits_of_a_sheet() {
        for (reference, expected) in [
            ("A1", Some((0, 0))),
            ("$XFD$1048576", Some((1_048_575, 16_383))),
            ("ab12", Some((11, 27))),
            ("XFE1", None),
            ("A1048577", None),
            ("AAAAAAAA1", None),
            ("A99999999999", None),
            ("A0", None),
            ("1A", None),
            ("A", None),
            ("", None),
        ] {
            assert_eq!(cell(reference), expected, "{reference}");
        }
        assert_eq!(Area::of_reference("D4:D2").unwrap().to_string(), "D2:D4");
        assert_eq!(Area::of_reference("A1:B"), None);
    }
}
