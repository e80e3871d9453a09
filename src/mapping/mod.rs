//! Which column feeds which field. A header means a field by the field's name, label or alias, or because a mapping file
//! says so; what the mapping file says goes before what a header says. Nothing is lost silently: every column that feeds
//! nothing is in the [`MappingReport`] with its reason.

mod account_fields;
mod assemble;
mod builder;
mod expression;
mod fallbacks;
mod file;
mod from_file;
mod header_index;
mod known_headings;
mod mobile_routing;
mod numbered_columns;
mod old_ids;
mod presets;
mod report;
mod result_columns;
mod sendable;
mod sources;
#[cfg(test)]
mod tests;
mod toml_quoted;
mod vendors;
mod word_answers;
pub mod workbook;

pub use account_fields::wants_account_fields;
pub use file::{MappingFile, source_name};
pub use known_headings::KnownHeadings;
pub use report::{MappingReport, column_place};
pub use result_columns::{
    OwnColumns, RESULT_COLUMNS, is_confirmation, is_reserved, is_result_column, is_titled_as_confirmation,
    is_titled_as_reason, reason_columns,
};
pub use sendable::unsendable;
pub(crate) use sources::{FieldSource, KeySources, RowRule, ValueSource};
pub use sources::{LeftOutColumn, Mapping, OldIdColumn, OldReference};
pub use toml_quoted::toml_quoted;
pub use word_answers::{WordAnswers, is_word_key, word_key};
