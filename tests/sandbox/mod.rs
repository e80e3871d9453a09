//! The sandbox, driven by a plain HTTP client of the tests' own: nothing of the program's client is used.

mod command;
mod documentation;
mod faults;
mod host;
mod like;
mod lists;
mod transcripts;
mod variants;
mod writes;
