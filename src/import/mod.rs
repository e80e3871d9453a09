//! From a sheet to the service, one file per stage: `mapping` decides which column feeds which field, `check` turns a
//! row into a record or into findings.

mod attempt;
mod canary;
pub mod check;
mod date;
mod draft;
mod findings;
mod identity;
pub mod mapping;
mod mapping_file;
mod phone;
mod progress;
mod recorder;
mod request;
mod resume;
mod steps;
mod stop;
mod submit;
mod survey;
mod template;
mod value;
mod words;

pub use mapping_file::MappingFile;
