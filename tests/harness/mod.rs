//! What every theme is tested with. A test is a work directory ([`Work`]), a service where one is needed ([`Server`] is
//! `bw8 sandbox`, [`Service`] answers as the test wants, [`Tls`] has a certificate), commands as people type them, and
//! what is expected of them.
//!
//! What a command did ([`Ran`]) is printed whole when an expectation fails. Its exit code must be looked at, and looked
//! at first: what it said means nothing to a test that does not know how it ended. No command may ever panic.

mod ran;
mod redact;
mod running;
mod server;
mod service;
mod table;
mod tls;
mod typed;
mod work;

pub use ran::{Ran, assert_rows};
pub use redact::{EACH_TIME, without_folder};
pub use running::Running;
pub use server::Server;
pub use service::{Request, Service, customer, page, unknown};
pub use table::{Table, add_row, customers, workbook};
pub use tls::Tls;
pub use typed::Typed;
pub use work::Work;
