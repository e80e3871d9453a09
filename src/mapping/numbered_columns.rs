//! Columns that a mapping file names by their numbers.

use std::borrow::Cow;

use super::file::MappingFile;
use super::result_columns::OwnColumns;
use crate::format::Sheet;

/// The sheet with as many columns as the mapping file names by number: behind the last heading there may be others without one.
pub(super) fn with_columns_of<'a>(sheet: &'a Sheet, file: &MappingFile) -> Cow<'a, Sheet> {
    let own = OwnColumns::of(&sheet.header);
    let most = sheet.width.max(sheet.header.len() + FURTHER);
    let named = file.columns.iter().chain(&file.drop).filter_map(|entry| number_of(&entry.key));
    match named.map(|number| own.column_of(number) + 1).filter(|number| *number <= most).max() {
        Some(width) if width > sheet.header.len() => {
            let mut wider = sheet.clone();
            wider.header.resize(width, String::new());
            Cow::Owned(wider)
        }
        _ => Cow::Borrowed(sheet),
    }
}

/// How many columns without a heading may stand right of the last one where the first rows do not show them.
const FURTHER: usize = 3;

/// The number, from 1, by which a mapping file names a column; none where it names it otherwise.
pub(super) fn number_of(name: &str) -> Option<usize> {
    name.trim().strip_prefix('#')?.parse().ok().filter(|number| *number > 0)
}
