//! One record goes first, and the run waits until a person has looked whether anybody was notified of it.

use super::agreed::Agreed;
use crate::error::Result;
use crate::t;
use crate::terminal::Console;

/// Beginnings of the answer that nobody was notified.
const NOBODY: [&str; 5] = ["没", "未收到", "无人", "none", "nobody"];

/// A person who is going to look.
#[derive(Debug)]
pub(super) struct FirstLook {
    /// Where that person sits.
    pub console: Console,
    /// Where it is kept that nobody was notified …
    pub agreed: Agreed,
    /// … of these kinds of writes.
    pub kinds: Vec<&'static str>,
}

impl FirstLook {
    /// Waits for the person's answer: whether the other rows may follow.
    ///
    /// # Errors
    /// An answer that cannot be read.
    pub(super) fn may_go_on(mut self) -> Result<bool> {
        let mut question = t!("agreement.first_look");
        loop {
            let answer = self.console.ask(&question)?.to_lowercase();
            match answer.as_str() {
                // Whoever goes away stops it.
                "" => return Ok(false),
                answer if NOBODY.iter().any(|nobody| answer.starts_with(nobody)) => break,
                answer if answer.contains("收到") || answer.contains("notified") => return Ok(false),
                _ => question = t!("agreement.first_look_again"),
            }
        }
        self.agreed.keep_notifications_off(&self.kinds)?;
        Ok(true)
    }
}
