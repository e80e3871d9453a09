//! Everything that is tested from outside, in one binary: a file per theme.

mod format;
mod samples;
mod template;
