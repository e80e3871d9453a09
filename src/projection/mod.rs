//! How a record looks as cells. `record`, `custom` and `moment` read what it says, `definitions` and `names` know the words for its
//! codes and ids, `html` takes the tags out of its texts, `column` says where a column's text comes from, `cells` fills a
//! row of columns, `row_batch` holds rows on their way to a file.

mod cells;
mod column;
mod custom;
mod definitions;
mod html;
pub mod moment;
mod names;
mod record;
mod row_batch;

pub use cells::{CellStyle, Projection};
pub use column::{Column, ColumnSource, tell_apart};
pub use custom::{CustomValues, custom_keys, custom_text, custom_value, each_custom, joined_custom};
pub use definitions::Definitions;
pub use html::strip as html_text;
pub use moment::{Moment, service_time};
pub use names::Names;
pub use record::{ids_of, is_deleted, is_told_deleted, remove_secrets, text_of, told};
pub use row_batch::RowBatch;
