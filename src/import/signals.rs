//! Ctrl-C and its like.

use rust_i18n::t;

use super::progress::Progress;
use super::stop::{Cause, Stop};
use crate::api::Client;
use crate::error::Exit;

/// The first Ctrl-C stops taking rows; the second leaves at once, which loses nothing: what is in flight is reserved in
/// the journal.
pub async fn interrupts(stop: &Stop, progress: &Progress<'_>, client: &Client) {
    // A handler that cannot be set leaves the system's own, which ends the process at once.
    let Ok(mut signals) = Signals::new() else { return std::future::pending().await };
    signals.next().await;
    stop.set(Cause::Interrupted);
    stop.released().await;
    progress.say(&t!("run.interrupted", in_flight = client.pace().in_flight()));
    signals.next().await;
    std::process::exit(Exit::Interrupted as i32);
}

/// What asks the program to end. None is missed between two calls of `next`.
#[cfg(unix)]
struct Signals([tokio::signal::unix::Signal; 3]);

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Signals([signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?, signal(SignalKind::hangup())?]))
    }

    async fn next(&mut self) {
        let [interrupt, terminate, hangup] = &mut self.0;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

#[cfg(windows)]
struct Signals(tokio::signal::windows::CtrlC, tokio::signal::windows::CtrlBreak);

#[cfg(windows)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Signals(tokio::signal::windows::ctrl_c()?, tokio::signal::windows::ctrl_break()?))
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.0.recv() => {}
            _ = self.1.recv() => {}
        }
    }
}
