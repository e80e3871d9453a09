//! The import path, through the binary: a file per theme.

mod accounts;
mod agreement;
mod answers;
mod bad_input;
mod campaign;
mod connection;
mod consent;
mod existing;
mod identity;
mod index;
mod journal;
mod login;
mod main_job;
mod mapping_file;
mod proof;
mod proxy;
mod records;
mod reports;
mod retries;
mod settle;
mod sheet;
mod text_files;
mod values;
mod vendors;
mod version_1;
