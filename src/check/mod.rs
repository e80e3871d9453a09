//! A row made into what is sent, or into findings: plain functions without network or journal.

pub mod as_shown;
pub mod consent;
pub mod describe;
pub mod duplicates;
pub mod finding;
pub mod findings;
pub mod identity;
mod instructions;
pub mod record;
mod row_check;
mod row_shape;
mod table_remarks;
#[cfg(test)]
mod tests;
mod totals;
