//! What a person sees and types: where words go, how far a command has come, Ctrl-C, and how a command is written so that
//! it can be pasted into a shell. One of each for the whole program.

mod printer;
mod progress;
mod question;
mod screen;
mod shell;
mod signals;
mod silence;
mod step;
mod typed_login;

pub use crate::interrupt::Interrupt;
pub use printer::{Global, OutputFormat, Printer, Yes, json_of, tell, warn};
pub use progress::{Progress, break_silence};
pub use question::{Console, is_yes, typed_number};
pub use screen::{finish_writing, last_cause, last_document, note_cause, unwritten, write_out};
pub use shell::{CommandLine, quoted, quoted_path, words_of};
pub use signals::{Signals, listen, over};
pub use typed_login::TYPED_LOGIN;
