//! What a file of ours said when it was written, so that a cell a person edited in it is known from one that nobody touched.
//! `normal` brings a cell and a record's value into one form: what a spreadsheet program makes of a cell when it saves it again
//! is no edit.

mod mark;
mod normal;

pub use mark::mark;
pub use normal::{normal, shows};
