//! From a sheet to the service, one file per stage: `mapping` decides which column feeds which field, `check` turns a
//! row into a record or into findings.

pub mod check;
mod date;
pub mod mapping;
mod mapping_file;
mod phone;
mod template;
mod value;

pub use mapping_file::MappingFile;
