//! Everything that is tested from outside, in one binary: a file per theme.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests say what they expect by failing, and nobody outside uses them"
)]

mod architecture;
mod commands;
mod corpus;
mod dependencies;
mod entities;
mod export;
mod format;
mod handbook;
mod harness;
mod ids;
mod import;
mod inspect;
#[cfg(unix)]
mod look;
mod map;
#[cfg(unix)]
mod menu;
mod migration;
mod notices;
mod patience;
mod places;
mod samples;
mod sandbox;
mod settings;
mod snapshots;
mod template;
mod texts;
mod waits;
#[cfg(windows)]
mod windows;
