//! A row made into what is sent, or into findings: plain functions without network or journal.

pub mod as_shown;
pub mod confirmed;
pub mod consent;
pub mod describe;
pub mod duplicates;
pub mod finding;
pub mod findings;
pub mod identity;
mod instructions;
pub mod record;
mod row_check;
pub mod row_shape;
#[cfg(test)]
mod tests;
