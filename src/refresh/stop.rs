//! Ctrl-C: the first one asks to stop at the next good place, the second one leaves at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rust_i18n::t;

use crate::error::{Error, Exit, Result};

/// Whether the user asked to stop.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Listens for Ctrl-C; must be called inside the runtime.
    pub fn on_interrupt() -> Self {
        let stop = Stop::default();
        let flag = stop.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                if flag.0.swap(true, Ordering::SeqCst) {
                    std::process::exit(i32::from(u8::from(Exit::Interrupted)));
                }
                crate::printer::interrupted(&t!("refresh.stopping"));
            }
        });
        stop
    }

    /// Whether the user asked to stop.
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// An error once the user asked to stop.
    ///
    /// # Errors
    /// The user asked to stop.
    pub fn check(&self) -> Result<()> {
        match self.is_set() {
            true => Err(Error::new(Exit::Interrupted, t!("refresh.interrupted")).hint(t!("refresh.continue_hint"))),
            false => Ok(()),
        }
    }
}
