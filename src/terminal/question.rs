//! Asking a person.

use std::io::IsTerminal;

use super::printer::Printer;
use crate::error::{Context, Result};
use crate::message;

/// Whether somebody is there to be asked: standard input and standard error are a terminal.
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks a question and says whether the answer was yes.
///
/// # Errors
/// An answer that cannot be read.
pub fn ask(printer: &Printer, question: &str) -> Result<bool> {
    printer.warn(question);
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).context(|| message!("run.no_answer"))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes" | "是" | "好"))
}
