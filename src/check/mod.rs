//! A row made into what is sent, or into findings: plain functions without network or journal. `record` checks one row,
//! `duplicates` finds what occurs twice in a file, `findings` keeps what is wrong.

pub mod duplicates;
pub mod findings;
pub mod record;
