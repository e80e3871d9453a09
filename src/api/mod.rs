//! HOW the service is spoken to: one HTTP client, its login, its limiter, and the reading of answers. It knows endpoints of
//! the catalog and nothing of rows, files or journals.
//!
//! The order of the layers is fixed, and has a reason:
//!
//! 1. **permit**: a [`Limiter`] permit is taken first and given back before any wait, so that every attempt, a repeated one
//!    too, is one of those the ceiling allows, and a row that waits keeps no other from going.
//! 2. **login**: attached after the permit, as a token may run out while a request waits for its turn. A 401 renews it once,
//!    inside the same permit, where it proves that nothing was processed.
//! 3. **attempt**: one exchange with its own time limit. Redirects and the HTTP library's own retries are off: a redirected
//!    POST comes back as "200 OK" of another page, and a repeated one makes two records.
//! 4. **classify**: an attempt becomes an [`Outcome`], here and nowhere else, by the decision table in `proof`; secrets are
//!    hidden after that, so that what is hidden does not change what an answer means.
//! 5. **retry**: outermost, as it takes a new permit each time. What may be repeated is decided by the outcome alone: writes
//!    that were certainly not processed ([`Outcome::NotSent`], [`Outcome::Busy`]), and reads.
//!
//! Reads go through all five in [`Client::read`]; [`Client::write`] is 2 to 4, and who sends a row does 1 and 5.

mod answer;
mod auth;
mod certificate;
mod client;
mod document;
mod envelope;
mod evidence;
mod history;
mod limiter;
mod log;
mod mend;
mod mended;
mod needed;
mod notice;
mod outcome;
mod page;
mod patience;
mod place;
mod proof;
mod proxy;
mod proxy_answer;
mod refusal_words;
mod secrets;
mod target;
mod tls;
mod transport;
mod trouble;

pub use client::{Client, Single, Write, asks_for_patience, denied, moved, read_rejected};
pub use document::{Document, Records};
pub use envelope::{
    Rejection, as_text, has_next, is_named, record, records, records_of, says_denied, says_nothing, total,
};
pub use evidence::Expected;
pub use history::History;
pub use limiter::{Limiter, Permit};
pub use mended::MendedAnswers;
pub use notice::notify;
pub use outcome::{Outcome, Witness};
pub use patience::{Verdict, ends_of_asked};
pub use place::Place;
pub use proof::{Honours, Sent};
pub use target::{Credentials, LogTo, Target};
pub use transport::LAST_ANSWERS;
pub use trouble::hint_of;
