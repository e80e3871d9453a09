//! The rehearsal server: an emulator of the documented interface on this machine, at least as strict and as strange as
//! the real service, with a switch for each known variant and for faults. `docs/sandbox.md` is its manual.
//!
//! It shares the embedded catalog with the client and nothing else, so that a mistake in the client cannot cancel itself
//! out; a user's overlay never reaches it.

mod answer;
mod assume;
mod auth;
mod binding;
mod call;
mod check;
mod clock;
mod command;
mod defaults;
mod definitions;
mod dispatch;
mod faults;
mod fields;
mod get;
mod handler;
mod ids;
mod inject;
mod list;
mod options;
mod page;
mod rate_limiter;
mod repeats;
mod request_body;
mod response;
mod routes;
mod seed;
mod server;
mod state;
mod store;
mod variants;
mod watch;
mod wire;
mod write;

pub use assume::{Assume, needed};
pub use auth::{AGENT, LOGIN, Login};
pub use command::{Arguments, run};
pub use faults::{Fault, Kind};
pub use options::Options;
pub use seed::Size;
pub use server::{Server, in_folder};
pub use variants::{Switch, Variants};
