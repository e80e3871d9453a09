//! The import path, through the binary: a file per theme.

mod accounts;
mod answers;
mod bad_input;
mod campaign;
mod consent;
mod identity;
mod index;
mod journal;
mod login;
mod main_job;
mod proxy;
mod records;
mod reports;
mod retries;
mod version_1;
