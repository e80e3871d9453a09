//! From a sheet to the service, one file per stage: `mapping` decides which column feeds which field, `check` turns a
//! row into a record or into findings.

pub mod check;
mod date;
mod findings;
mod identity;
pub mod mapping;
mod mapping_file;
mod phone;
mod request;
mod resume;
mod steps;
mod survey;
mod template;
mod value;
mod words;

pub use mapping_file::MappingFile;
