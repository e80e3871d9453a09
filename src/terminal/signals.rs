//! Ctrl-C and its like: the first one asks a command to stop at the next good place, the second one leaves at once.

use rust_i18n::t;
use tokio::sync::watch;

use super::printer::interrupted;
use crate::error::{Error, Exit, Result};
use crate::files;
use crate::message;

/// What asks the program to end. None is missed between two calls of `next`.
#[cfg(unix)]
#[derive(Debug)]
pub struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    /// Listens from now on; must be called inside the runtime.
    ///
    /// # Errors
    /// A handler that cannot be set: the system's own stays, which ends the process at once.
    pub fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

/// What asks the program to end. None is missed between two calls of `next`.
#[cfg(windows)]
#[derive(Debug)]
pub struct Signals(tokio::signal::windows::CtrlC, tokio::signal::windows::CtrlBreak);

#[cfg(windows)]
impl Signals {
    /// Listens from now on; must be called inside the runtime.
    ///
    /// # Errors
    /// A handler that cannot be set: the system's own stays, which ends the process at once.
    pub fn new() -> std::io::Result<Self> {
        Ok(Signals(tokio::signal::windows::ctrl_c()?, tokio::signal::windows::ctrl_break()?))
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}

/// Ends the process at once. What is on the disk is whole: only files in the making go.
pub fn leave_at_once() -> ! {
    files::discard_staging();
    std::process::exit(i32::from(u8::from(Exit::Interrupted)))
}

/// Whether the user asked to stop.
#[derive(Debug, Clone, Default)]
pub struct Interrupt(watch::Sender<bool>);

impl Interrupt {
    /// Listens from now on; must be called inside the runtime.
    pub fn listen() -> Self {
        let interrupt = Interrupt::default();
        // Without a handler the system's own ends the process at once.
        if let Ok(mut signals) = Signals::new() {
            let flag = interrupt.clone();
            tokio::spawn(async move {
                signals.next().await;
                flag.0.send_replace(true);
                interrupted(&t!("refresh.stopping"));
                signals.next().await;
                leave_at_once();
            });
        }
        interrupt
    }

    /// Whether the user asked to stop.
    pub fn is_set(&self) -> bool {
        *self.0.borrow()
    }

    /// What `work` comes to, unless the user asks to stop before: then it is given up where it waits.
    ///
    /// # Errors
    /// What `work` says; the user asked to stop.
    pub async fn unless_set<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        let mut asked = self.0.subscribe();
        tokio::select! {
            done = work => done,
            // The sender lives as long as this.
            _ = asked.wait_for(|is_asked| *is_asked) => Err(interrupted_error()),
        }
    }

    /// An error once the user asked to stop.
    ///
    /// # Errors
    /// The user asked to stop.
    pub fn check(&self) -> Result<()> {
        match self.is_set() {
            true => Err(interrupted_error()),
            false => Ok(()),
        }
    }
}

fn interrupted_error() -> Error {
    Error::interrupted(message!("refresh.interrupted")).hint(message!("refresh.continue_hint"))
}
