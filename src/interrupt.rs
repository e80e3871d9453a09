//! Whether the user asked the program to stop: one answer for the whole process, from its first wait to its last.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use tokio::sync::Notify;

use crate::error::{Error, Result};
use crate::message;
use crate::message::Message;

/// Whether the user asked to stop.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(Arc<State>);

#[derive(Debug, Default)]
struct State {
    is_set: AtomicBool,
    was_set: Notify,
    /// How many parts of the program end in order by themselves.
    orderly: AtomicUsize,
    /// What is said when one of them is asked to.
    word: Mutex<Option<Message>>,
}

/// Somebody ends in order by itself when the user asks to stop, until this is dropped.
#[derive(Debug)]
pub struct Orderly(Interrupt);

impl Interrupt {
    /// That of this process.
    pub fn of_process() -> Interrupt {
        static PROCESS: OnceLock<Interrupt> = OnceLock::new();
        PROCESS.get_or_init(Interrupt::default).clone()
    }

    /// Says that whoever calls this ends in order by itself, and what the user is told at once.
    pub fn orderly(&self, word: Option<Message>) -> Orderly {
        *self.word() = word;
        self.0.orderly.fetch_add(1, Ordering::SeqCst);
        Orderly(self.clone())
    }

    /// Whether somebody ends in order by itself.
    pub fn is_orderly(&self) -> bool {
        self.0.orderly.load(Ordering::SeqCst) > 0
    }

    /// What the user is told at once.
    pub fn told(&self) -> Option<Message> {
        self.word().clone()
    }

    /// The user asks to stop.
    pub fn set(&self) {
        self.0.is_set.store(true, Ordering::SeqCst);
        self.0.was_set.notify_waiters();
    }

    /// Whether the user asked to stop.
    pub fn is_set(&self) -> bool {
        self.0.is_set.load(Ordering::SeqCst)
    }

    /// Waits until the user asks to stop.
    pub async fn interrupted(&self) {
        let was_set = self.0.was_set.notified();
        if !self.is_set() {
            was_set.await;
        }
    }

    /// What `work` comes to, unless the user asks to stop before: then it is given up where it waits.
    ///
    /// # Errors
    /// What `work` says; the user asked to stop.
    pub async fn unless_set<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            done = work => done,
            () = self.interrupted() => Err(self.error()),
        }
    }

    /// An error once the user asked to stop.
    ///
    /// # Errors
    /// The user asked to stop.
    pub fn check(&self) -> Result<()> {
        match self.is_set() {
            true => Err(self.error()),
            false => Ok(()),
        }
    }

    /// The error of a command that the user stopped.
    pub fn error(&self) -> Error {
        Error::interrupted(message!("refresh.interrupted")).hint(message!("refresh.continue_hint"))
    }

    fn word(&self) -> std::sync::MutexGuard<'_, Option<Message>> {
        self.0.word.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl Drop for Orderly {
    fn drop(&mut self) {
        self.0.0.orderly.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn everybody_who_waits_hears_of_it_and_whoever_asks_later() {
        let interrupt = Interrupt::default();
        let mut waiting = Box::pin(interrupt.interrupted());
        assert!(waiting.as_mut().now_or_never().is_none() && interrupt.check().is_ok());
        interrupt.set();
        assert!(waiting.now_or_never().is_some() && interrupt.interrupted().now_or_never().is_some());
        assert!(interrupt.check().is_err());
    }

    #[test]
    fn it_is_orderly_for_as_long_as_somebody_is() {
        let interrupt = Interrupt::default();
        let (first, second) = (interrupt.orderly(None), interrupt.orderly(None));
        drop(first);
        assert!(interrupt.is_orderly());
        drop(second);
        assert!(!interrupt.is_orderly());
    }
}
