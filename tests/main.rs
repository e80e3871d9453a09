//! Everything that is tested from outside, in one binary: a file per theme.

mod architecture;
mod entities;
mod export;
mod format;
mod import;
mod samples;
mod sandbox;
mod template;
mod texts;
