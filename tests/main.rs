//! Everything that is tested from outside, in one binary: a file per theme.

mod architecture;
mod commands;
mod dependencies;
mod entities;
mod export;
mod format;
mod harness;
mod import;
mod samples;
mod sandbox;
mod settings;
mod snapshots;
mod template;
mod texts;
