//! `bw8` moves customers, companies, tickets, tags and bindings between spreadsheets and the REST API of 帮我吧 (Bangwo8).
//! No row is lost, none is sent twice, none is misreported.

rust_i18n::i18n!("locales", fallback = "en");

pub mod entity;
pub mod error;
pub mod format;
pub mod language;
pub mod text;

/// Runs the command line and tells how it ended.
pub fn run(_arguments: impl IntoIterator<Item = std::ffi::OsString>) -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
