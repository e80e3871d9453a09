//! HOW the service is spoken to: one HTTP client, its login, its limiter, and the reading of answers. It knows endpoints of
//! the catalog and nothing of rows, files or journals.
//!
//! The order of the layers is fixed and has a reason: a [`Limiter`] permit is taken first, so that a retry never runs beside
//! what the ceiling allows; then the login is attached; then one attempt is made with its own time limit. Redirects and
//! the HTTP library's own retries are off: a redirected POST comes back as "200 OK" of another page, and a repeated one
//! makes two records. What may be repeated is decided by [`Outcome`] alone.

mod answer;
mod auth;
mod client;
mod envelope;
mod limiter;
mod outcome;
mod proxy;
mod secrets;
mod target;
mod tls;
mod transport;

pub use answer::Answer;
pub use client::{Client, Sent, denied, waits};
pub use envelope::{Document, Rejection, as_text, record, records, total};
pub use limiter::{Limiter, Permit};
pub use outcome::{Expected, Outcome};
pub use target::{Credentials, Target};
