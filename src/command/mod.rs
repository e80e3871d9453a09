//! What `--help` lists, one file a command: its arguments, what they mean together with the settings, and the call that
//! does it.

mod options;

pub mod check;
pub mod entities;
pub mod export;
pub mod ids;
pub mod import;
pub mod inspect;
pub mod map;
pub mod mirror;
pub mod retry;
pub mod runs;
pub mod sandbox;
pub mod settle;
pub mod template;
