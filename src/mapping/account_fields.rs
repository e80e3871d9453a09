//! Whether a file has columns or a mapping names that only the account's custom fields can explain.

use super::file::MappingFile;
use super::header_index::HeaderIndex;
use super::result_columns::{OwnColumns, is_result_column};
use crate::entity::{Entity, fold};
use crate::format::Sheet;

/// Whether anything of a file or its mapping may be a custom field of the account. The catalog's own fields are known by their
/// names and labels without asking; another heading for one of them may be the label of a custom field.
pub fn wants_account_fields(entity: &Entity, sheet: &Sheet, file: Option<&MappingFile>) -> bool {
    let index = HeaderIndex::new(entity);
    let is_plain = |name: &str| index.find(&fold(name)).is_some_and(|field| !entity.fields[field].custom);
    let is_named = |header: &str| {
        file.is_some_and(|file| {
            let named = file.columns.iter().chain(&file.drop).map(|entry| &entry.key);
            named.chain(file.skip.iter().map(|(column, _)| &column.key)).any(|name| fold(name) == fold(header))
        })
    };
    let own = OwnColumns::of(&sheet.header);
    let headers = sheet.header.iter().enumerate().filter(|(column, _)| !own.has(*column));
    let headers = headers.map(|(_, header)| header.trim()).filter(|header| !fold(header).is_empty());
    let is_label = |header: &str| index.is_exact(&fold(header)) && is_plain(header);
    let may_be_custom = |header: &str| !is_result_column(&fold(header)) && !is_label(header) && !is_named(header);
    let mut names = file.into_iter().flat_map(|file| {
        let values = file.columns.iter().map(|entry| &entry.value).filter(|name| !name.trim().is_empty());
        let keys = [&file.constants, &file.templates, &file.defaults].into_iter().flatten().map(|entry| &entry.key);
        values.chain(keys).chain(file.values.iter().map(|(field, _)| &field.key))
    });
    headers.into_iter().any(may_be_custom) || names.any(|name| !is_plain(name))
}
