//! What the columns of a file may mean for an entity, as a mapping to look over: what their headings say, what headings are
//! near, and what the values look like. What is not certain is written down and never applied by itself.

mod mapping_proposal;
mod nearness;
mod toml_text;
mod value_fit;
mod workbook;

pub use mapping_proposal::{ColumnProposal, FieldWords, MappingProposal, Meaning};
pub use toml_text::toml_text;
pub use workbook::workbook;
