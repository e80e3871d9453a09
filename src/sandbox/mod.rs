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
mod custom_fields;
mod defaults;
mod dispatch;
mod faults;
mod faulty_stream;
mod field_definitions;
mod get;
mod handler;
mod idempotency;
mod ids;
mod inject;
mod list;
mod options;
mod rate_limiter;
mod request_body;
mod request_log;
mod response;
mod routes;
mod seed;
mod server;
mod state;
mod status;
mod store;
mod variants;
mod write;

pub use assume::{Assume, needed};
pub use auth::{AGENT, LOGIN, Login};
pub use command::{Arguments, run};
pub use faults::{Fault, Kind};
pub use options::Options;
pub use seed::Size;
pub use server::{Server, in_folder};
pub use variants::{Switch, Variants};
