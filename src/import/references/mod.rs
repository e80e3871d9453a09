//! References: a name, a telephone number or a login in a row becomes the id of the record of the account that it means, or the
//! row is not sent. Nothing is left out silently, and nothing is guessed.
//!
//! `reference` says which references rows have and what tells them, `resolver` finds the record that a row means in the
//! account's lists, `resolution` what becomes of it with what a person decided, `pass` does that for all rows of an input and
//! says what came of it. What is not clear is asked about once for all rows that say it (`questions`), in a workbook of the run's
//! folder (`workbook`); `answered_rows` and `answers` are what a person decided. A record that is to be made first is a
//! `new_parent`: its rows are looked at once more when it is there.

mod answered_rows;
mod answers;
mod new_parent;
mod pass;
mod question;
mod questions;
mod reference;
mod resolution;
mod resolver;
mod telling;
mod workbook;

pub(super) use answers::{Answers, Decided, Given};
pub(super) use new_parent::{Made, NewParent, ParentKey};
#[cfg(test)]
pub(super) use pass::take_as_written;
pub(super) use pass::{Outcome, Pass, Settled, Stage, is_needed, resolve};
pub(super) use question::Question;
pub(super) use questions::Questions;
pub(super) use reference::Reference;
pub(super) use resolver::NOT_YET;
pub(super) use telling::{give, take};
pub(super) use workbook::{FILE_NAME, write};
