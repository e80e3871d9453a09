//! A row made into what is sent, or into findings: plain functions without network or journal. `record` checks one row,
//! `identity` hashes what it says, `duplicates` finds
//! what occurs twice in a file, `findings` keeps what is wrong.

pub mod duplicates;
pub mod findings;
pub mod identity;
pub mod record;
