//! How a record looks as cells. `record` and `moment` read what it says, `definitions` and `names` know the words for its
//! codes and ids, `html` takes the tags out of its texts, `column` says where a column's text comes from, `cells` fills a
//! row of columns, `row_batch` holds rows on their way to a file.

mod cells;
mod column;
mod definitions;
mod html;
pub mod moment;
mod names;
mod record;
mod row_batch;

pub use cells::{CellStyle, Projection};
pub use column::{Column, ColumnSource, tell_apart};
pub use definitions::Definitions;
pub use html::strip as html_text;
pub use moment::{Moment, service_time};
pub use names::Names;
pub use record::{CustomValues, custom_keys, custom_text, custom_value, ids_of, is_deleted, remove_secrets, text_of};
pub use row_batch::RowBatch;
