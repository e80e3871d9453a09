//! The way out: from the service through the mirror into a file, in this order. `options` says what is meant, `plan` what
//! is asked for it; `gather` asks, `filter` decides which records are written; `record_reader` reads them from the mirror,
//! `stage` writes them as tables into a staging directory, `publish` puts the files in place, `manifest` says what proves
//! that it is all. `run` is the story that ties them together.

mod baseline;
mod columns;
mod facts;
mod filter;
mod gather;
mod lost_characters;
mod manifest;
mod mended;
mod name_lists;
mod options;
mod output;
mod period;
mod plan;
mod publish;
mod record_reader;
mod report;
mod run;
mod seen_records;
mod stage;
mod summary;
mod table;
mod table_writer;
mod tags;
mod unknown_members;
mod untold;

pub use options::{
    Condition, ExportOptions, HeaderNames, MirrorUse, RecordTime, Selection, SummaryChoice, TypedFilter,
};
pub use output::{Output, TextEncoding};
pub use period::Bounds;
pub use run::run;
