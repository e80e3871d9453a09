//! What every theme is tested with. A test is a work directory ([`Work`]), a service where one is needed ([`Server`] is
//! `bw8 sandbox`, [`Service`] answers as the test wants, [`Tls`] has a certificate), commands as people type them, and
//! what is expected of them.
//!
//! What a command did ([`Ran`]) is printed whole when an expectation fails. Its exit code must be looked at, and looked
//! at first: what it said means nothing to a test that does not know how it ended. No command may ever panic.

mod colleague;
mod ran;
mod redact;
mod running;
mod server;
mod service;
mod sheet;
mod table;
#[cfg(unix)]
mod terminal;
mod tls;
mod typed;
mod work;

pub use ran::{Ran, as_printed, assert_rows};
pub use redact::{EACH_TIME, without_folder};
pub use running::{A_MOMENT, Running};
pub use server::Server;
pub use service::{Request, Service, customer, page, unknown};
pub use sheet::{Sheets, sheet_row};
pub use table::{Table, add_row, all_sheets, customers, part_of, workbook};
#[cfg(unix)]
pub use terminal::{END_OF_INPUT, GO_ON, HALT, Terminal};
pub use tls::Tls;
pub use typed::Typed;
pub use work::Work;

#[test]
#[should_panic(expected = "nobody looked at the exit code")]
fn an_exit_code_nobody_looks_at_fails_the_test() {
    drop(Work::new().bw8("--version"));
}

#[test]
#[should_panic(expected = "the exit code comes first")]
fn what_was_said_is_not_read_before_the_exit_code() {
    Work::new().bw8("--version").says("bw8");
}

#[cfg(unix)]
#[test]
#[should_panic(expected = "it panicked")]
fn a_command_that_panics_fails_the_test() {
    let work = Work::new();
    let mut shell = work.program("sh");
    shell.args(["-c", "echo \"thread 'main' panicked at src/main.rs:1:1\" >&2"]);
    work.run(shell).exits(0);
}
