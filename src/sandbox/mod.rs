//! The rehearsal server: an emulator of the documented interface on this machine, at least as strict and as strange as
//! the real service, with a switch for each known variant and for faults. `docs/sandbox.md` is its manual.
//!
//! It shares the embedded catalog with the client and nothing else, so that a mistake in the client cannot cancel itself
//! out; a user's overlay never reaches it.

mod answer;
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
mod page;
mod repeats;
mod request_body;
mod routes;
mod seed;
mod server;
mod store;
mod variants;
mod watch;
mod wire;
mod write;

pub use auth::{AGENT, LOGIN, Login};
pub use command::{Arguments, run};
pub use faults::{Fault, Kind};
pub use routes::Assume;
pub use seed::Size;
pub use server::{Options, Server, in_folder, needed};
pub use variants::{Switch, Variants};
