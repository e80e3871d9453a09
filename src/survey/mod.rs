//! What a file holds: looked over once, row by row, before anybody says what its rows are to become. What is kept of it does
//! not grow with its rows.

mod cell_look;
mod column;
mod entity_fit;
mod file_survey;
mod masked;
mod words;

pub use cell_look::Look;
pub use column::{ColumnKind, ColumnSurvey, SAMPLES};
pub use entity_fit::{AnyHeadings, EntityFit, entity_fits};
pub use file_survey::{FileSurvey, RemarkCount};
pub use masked::{masked, masked_heading, masked_message, shown};
pub use words::Words;
