//! The sandbox server: an emulator of the documented interface on this machine, at least as strict and as strange as
//! the real service, with a switch for each known variant and for faults. `docs/sandbox.md` is its manual.
//!
//! Of what the client knows of the service it shares the embedded catalog alone, so that a mistake in the client cannot
//! cancel itself out; a user's overlay never reaches it.

mod account_copy;
mod answer;
mod assume;
mod auth;
mod clock;
mod custom_fields;
mod endpoints;
mod faults;
mod handler;
mod idempotency;
mod options;
mod rate_limiter;
mod record_style;
mod records;
mod request_log;
mod response;
mod routes;
mod seed;
mod server;
mod state;
mod status;
mod variants;

pub use account_copy::{AccountCopy, COPIED};
pub use assume::{Assume, needed};
pub use auth::{AGENT, LOGIN, Login};
pub use custom_fields::{CustomField, CustomFieldOption};
pub use faults::fault::{Fault, Kind};
pub use options::Options;
pub use seed::size::Size;
pub use server::{FOLDER, Server, file_in, in_folder};
pub use variants::{Switch, Variants};
