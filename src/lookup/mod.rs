//! What the account has: its lists, each brought up to date once in a command, with what proves that they are whole, and their
//! records found by what a file may say of them: an id, a number, a name.
//!
//! `lists` reads, `known_list` finds, `key_index` is what is kept in memory for that: hashes and ids; `shown` tells what a
//! list shows at all. Records themselves stay
//! in the mirror.

mod key_index;
mod known_list;
mod lists;
mod shown;

pub use known_list::{KnownList, ListProof};
pub use lists::Lists;
pub use shown::ShownFields;
